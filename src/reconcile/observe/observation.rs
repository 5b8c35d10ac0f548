//! What one look at the repository and its pull requests read.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::evaluation::evaluate::{Evaluation, ReadyAnswers};
use crate::evaluation::repository_state::RepositoryState;
use crate::forge::ClosedPage;
use crate::model::catalog::PipelineId;
use crate::model::evidence::{Permission, UserId};
use crate::model::plan::Plan;
use crate::model::promotion_id::{PipelineKey, PromotionId};
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::Snapshot;

/// What one turn read.
pub(crate) struct Observation {
    pub(crate) snapshot: Snapshot,
    /// The pull requests that were closed last, where they came along.
    pub(crate) closed: Option<ClosedPage>,
    /// What some people may do, as it came along.
    pub(crate) permissions: BTreeMap<UserId, Permission>,
    pub(crate) repository: Rc<RepositoryState>,
    pub(crate) evaluation: Rc<Evaluation>,
    /// What is known about the content of sources.
    pub(crate) ready: Option<Rc<ReadyAnswers>>,
    pub(crate) now: Timestamp,
}

impl Observation {
    /// What a pipeline is called.
    pub(crate) fn pipeline_key(&self, id: PipelineId) -> PipelineKey {
        self.evaluation.catalog.pipeline(id).pipeline_key()
    }

    /// What a promotion of a plan made from this is called in every other plan.
    pub(crate) fn promotion_id(&self, plan: &Plan, at: PromotionIndex) -> PromotionId {
        let promotion = plan.promotion(at);
        let pipeline = self.pipeline_key(plan.pipeline_of(at).id);
        PromotionId::new(pipeline, promotion.stage.clone(), promotion.edges.clone())
    }
}
