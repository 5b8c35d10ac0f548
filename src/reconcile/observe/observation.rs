//! What one round read of the repository and its pull requests.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::evaluation::evaluate::{Evaluation, ReadyAnswers};
use crate::evaluation::repository_state::RepositoryState;
use crate::forge::ClosedPage;
use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::ids::PipelineId;
use crate::model::plan::Plan;
use crate::model::promotion_id::{PipelineKey, PromotionId};
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::Snapshot;

/// What one round read.
pub(crate) struct Observation {
    /// The tip of the base, the branches and the pull requests.
    pub(crate) snapshot: Snapshot,
    /// The pull requests that were closed last, if they came with the snapshot.
    pub(crate) closed: Option<ClosedPage>,
    /// Permissions that came with other reads.
    pub(crate) permissions: BTreeMap<UserId, Permission>,
    /// The files and the policy at the tip.
    pub(crate) repository: Rc<RepositoryState>,
    /// The manifests, revisions and history.
    pub(crate) evaluation: Rc<Evaluation>,
    /// What is known about the content of sources.
    pub(crate) ready: Option<Rc<ReadyAnswers>>,
    /// GitHub's time at the snapshot.
    pub(crate) now: Timestamp,
}

impl Observation {
    /// The namespace and name of a pipeline.
    pub(crate) fn pipeline_key(&self, id: PipelineId) -> PipelineKey {
        self.evaluation.catalog.pipeline(id).pipeline_key()
    }

    /// The ID of a promotion, which is the same in every plan.
    pub(crate) fn promotion_id(&self, plan: &Plan, at: PromotionIndex) -> PromotionId {
        let promotion = plan.promotion(at);
        let pipeline = self.pipeline_key(plan.pipeline_of(at).id);
        PromotionId::new(pipeline, promotion.stage.clone(), promotion.edges.clone())
    }
}
