//! What a run was asked to do, and what that means in the repository as it is.

use crate::gather::GoBack;
use crate::model::catalog::PipelineId;
use crate::model::evidence::Actor;
use crate::model::ids::{CommitId, PlanId};
use crate::model::plan_prefix::PlanPrefix;
use crate::model::promotion_id::PipelineKey;
use crate::model::resolved::StageIndex;

/// What a run was asked to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunOptions {
    /// Only this pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: Option<String>,
    /// Say what would be done, and write nothing.
    pub dry_run: bool,
    /// Land nothing, for this reason.
    pub freeze: Option<String>,
    /// A stage that a person asked for.
    pub request: Option<PromoteRequest>,
}

impl RunOptions {
    /// Whether the run is about this pipeline.
    pub(crate) fn includes(&self, pipeline: &PipelineKey) -> bool {
        let request = self.request.as_ref();
        let named = self.pipeline.as_deref();
        match named.or(request.map(|request| request.pipeline.as_str())) {
            None => true,
            Some(wanted) => match wanted.split_once('/') {
                Some((namespace, name)) => {
                    pipeline.namespace.as_deref() == Some(namespace)
                        && pipeline.name.as_str() == name
                }
                None => pipeline.name.as_str() == wanted,
            },
        }
    }
}

/// A stage that a person asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct PromoteRequest {
    /// The pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: String,
    /// The stage.
    pub to: String,
    /// The source's values are taken even where the target was set by hand.
    pub take_source: bool,
    /// Only this plan. Where the run writes, all of its digits.
    pub plan: Option<PlanPrefix>,
    /// The dispatch approves it.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// It is an emergency: the stage's own rules for that hold.
    pub emergency: bool,
    /// Failed workflows of its gates are started again.
    pub retry: bool,
    /// The stage goes back to this.
    pub rollback: Option<GoBack>,
    /// The run that was dispatched, where there is one.
    pub run: Option<u64>,
}

impl PromoteRequest {
    /// Whether the dispatch approves this plan: only if it gives the whole plan ID.
    pub(crate) fn approves(&self, plan: &PlanId) -> bool {
        self.approve && self.plan.as_ref().and_then(PlanPrefix::whole) == Some(*plan)
    }
}

/// The order, with its names looked up.
pub(crate) struct ResolvedRequest {
    pub pipeline: PipelineId,
    pub stage: StageIndex,
    /// Who asked.
    pub by: Option<Actor>,
    /// The landing that the stage is to go back to.
    pub back_to: Option<CommitId>,
}
