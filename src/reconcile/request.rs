//! What a run was asked to do, and what that means in the repository.

use crate::forge::{Forge, Writer};
use crate::gather::GoBack;
use crate::model::actor::Actor;
use crate::model::ids::{CommitId, PipelineId, PlanId};
use crate::model::plan_prefix::PlanPrefix;
use crate::model::promotion_id::PipelineKey;
use crate::model::resolved::StageIndex;

/// Whether a run may write.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    /// It may.
    Writes,
    /// It only observes, for this reason, which its report says.
    Observes(String),
}

impl Mode {
    /// Whether nothing is written.
    pub(crate) fn observes(&self) -> bool {
        self.why_not().is_some()
    }

    /// Why nothing is written; `None` if the run may write.
    pub(crate) fn why_not(&self) -> Option<&str> {
        match self {
            Self::Writes => None,
            Self::Observes(why) => Some(why),
        }
    }
}

/// What a run was asked to do.
#[derive(Clone, Debug)]
pub(crate) struct RunOptions {
    /// Only this pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: Option<String>,
    /// Whether it may write.
    pub mode: Mode,
    /// Land nothing, for this reason.
    pub freeze: Option<String>,
    /// A person's request for one stage.
    pub request: Option<PromoteRequest>,
}

impl RunOptions {
    /// The right to write to this repository, if the run may write. A run gets it nowhere else, so one that only
    /// observes cannot write.
    pub(crate) fn writer(&self, forge: &Forge) -> Option<Writer> {
        match self.mode {
            Mode::Writes => Some(Writer::new(forge)),
            Mode::Observes(_) => None,
        }
    }

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

/// A person's request for one stage: a promotion, a rollback or a retry.
#[derive(Clone, Debug, Default)]
pub(crate) struct PromoteRequest {
    /// The pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: String,
    /// The stage.
    pub to: String,
    /// Take the source's values even if the target was set by hand.
    pub take_source: bool,
    /// Only this plan. A run that writes needs the whole plan ID.
    pub plan: Option<PlanPrefix>,
    /// The request also approves the plan.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// It is an emergency: the stage's `emergency` rules apply.
    pub emergency: bool,
    /// Start failed workflows of its gates again.
    pub retry: bool,
    /// Roll the stage back to this.
    pub rollback: Option<GoBack>,
    /// The ID of the dispatched workflow run, if there is one.
    pub run: Option<u64>,
}

impl PromoteRequest {
    /// Whether the request approves this plan: only if it names the whole plan ID.
    pub(crate) fn approves(&self, plan: &PlanId) -> bool {
        self.approve && self.plan.as_ref().and_then(PlanPrefix::whole) == Some(*plan)
    }
}

/// The request, with its names resolved.
pub(crate) struct ResolvedRequest {
    /// The requested pipeline.
    pub pipeline: PipelineId,
    /// The requested stage.
    pub stage: StageIndex,
    /// The person who made the request.
    pub by: Option<Actor>,
    /// The landing that the stage is to be rolled back to.
    pub back_to: Option<CommitId>,
}
