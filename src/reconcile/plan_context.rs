//! What a run remembers, and what it was asked to do, as far as that affects a plan.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::evaluation::evaluate::{PlanInputs, ReadyAnswers};
use crate::model::ids::{PipelineId, PullNumber};
use crate::model::promotion_id::StageKey;
use crate::model::resolved::StageIndex;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::request::{PromoteRequest, ResolvedRequest, RunOptions};

/// What affects a plan besides the observation and the evidence.
pub(crate) struct PlanContext<'a> {
    /// Stages that landed in this run.
    pub landed: &'a BTreeSet<StageKey>,
    /// The person's request, with its names resolved.
    pub request: Option<&'a ResolvedRequest>,
    /// What the run was asked to do.
    pub options: &'a RunOptions,
    /// What is known about the content of sources.
    pub ready: Option<Rc<ReadyAnswers>>,
    /// Only the evidence of this pull request is read.
    pub only: Option<PullNumber>,
}

impl PlanContext<'_> {
    /// The planner's inputs.
    pub(crate) fn plan_inputs(&self, observation: &Observation) -> PlanInputs {
        let mut landed: BTreeSet<(PipelineId, StageIndex)> = BTreeSet::new();
        for (index, resolved) in observation.evaluation.resolved.iter().enumerate() {
            let pipeline = observation.pipeline_key(resolved.id);
            let stages = &observation.evaluation.catalog.pipeline(resolved.id).stages;
            for (stage, entry) in stages.iter().enumerate() {
                let key = pipeline.stage(&entry.name.value);
                if self.landed.contains(&key) {
                    landed.insert((PipelineId(index), stage));
                }
            }
        }
        let take_source = self
            .options
            .request
            .as_ref()
            .is_some_and(|asked| asked.take_source);
        let said =
            |what: fn(&PromoteRequest) -> bool| self.options.request.as_ref().is_some_and(what);
        PlanInputs {
            on_forge: true,
            frozen: self.options.freeze.clone(),
            take_source,
            landed,
            asked: self
                .request
                .iter()
                .map(|asked| (asked.pipeline, asked.stage))
                .collect(),
            emergency: said(|asked| asked.emergency),
            retry: said(|asked| asked.retry),
            ready: self.ready.clone(),
            ..PlanInputs::default()
        }
    }
}
