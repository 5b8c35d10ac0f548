//! What a gate judges, and what it says to it.

use crate::model::change::Change;
use crate::model::evidence::Evidence;
use crate::model::facts::Facts;
use crate::model::fetched::Fetched;
use crate::model::ids::PlanId;
use crate::model::name::{PipelineName, StageName};
use crate::model::plan::JobStart;
use crate::model::policy::{Emergency, GateRule};
use crate::model::verdict::{Judgement, Verdict};

/// What a gate is asked about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Everything that is known.
    pub facts: &'a Facts<'a>,
    /// The pipeline.
    pub pipeline: &'a PipelineName,
    /// The stage that is promoted into.
    pub stage: &'a StageName,
    /// The plan.
    pub plan: Option<&'a PlanId>,
    /// The evidence about the open pull request that proposes the plan, or why it could not be read. `None` if no pull
    /// request proposes it.
    pub evidence: Option<&'a Fetched<Evidence>>,
    /// What it changes.
    pub changes: &'a [Change],
    /// A person asked for it as an emergency, and this is what the policy allows then.
    pub emergency: Option<&'a Emergency>,
    /// A person asked for failed jobs to be started again.
    pub retry: bool,
}

/// A gate's judgement, who already approved it, and the workflow that it needs to be started.
pub(super) struct Judged {
    pub(super) judgement: Judgement,
    pub(super) approvals: Vec<String>,
    pub(super) start: Option<JobStart>,
    pub(super) link: Option<String>,
    pub(super) stale_label: bool,
}

impl Judged {
    pub(super) fn of(judgement: Judgement) -> Self {
        Self {
            judgement,
            approvals: Vec::new(),
            start: None,
            link: None,
            stale_label: false,
        }
    }
}

/// An entry of the policy that is for another type of gate.
pub(super) fn other_kind(rule: &GateRule) -> Judgement {
    Judgement::new(
        Verdict::Error,
        format!(
            "its entry in the policy is for a gate of type {}",
            rule.meant_for()
        ),
    )
}
