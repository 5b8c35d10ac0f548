//! The status of every pipeline: what each stage runs and since when, which promotion into it waits, for whom and until
//! when.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::facts::Slot;
use super::finding::Finding;
use super::ids::{CommitId, PlanId, PullNumber};
use super::name::{StageName, full_name};
use super::plan::Promotion;
use super::workflow::Installation;

/// All pipelines that were asked for, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// `owner/name`, or the name of the folder.
    pub repository: String,
    /// The branch that is read; `None` in a plain folder or if none is checked out.
    pub base: Option<String>,
    /// Its tip; `None` without a commit.
    pub tip: Option<CommitId>,
    /// The moment.
    pub now: Timestamp,
    /// How many promotions there are of each status, those of pipelines that are left out too.
    pub counts: BTreeMap<StatusKind, usize>,
    /// The pipelines, what needs a person first.
    pub pipelines: Vec<PipelineStatus>,
    /// What is wrong with manifests and policy.
    pub findings: Vec<Finding>,
    /// The workflow that reconciles; `None` if GitHub is not asked.
    pub installation: Option<Installation>,
}

/// The status of a promotion, or of a pipeline by its worst promotion. What needs a person comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StatusKind {
    /// A person has to do something before it can continue: a refusal, a failed job.
    NeedsPerson,
    /// Stopped for safety until a person looks at it.
    Blocked,
    /// Something could not be read or must not be done.
    Error,
    /// A person has to approve.
    WaitsForPeople,
    /// A workflow or a check has to come to its end.
    WaitsForChecks,
    /// Only time has to pass.
    WaitsForTime,
    /// GitHub merges it when its turn comes in the merge queue.
    Queued,
    /// A freeze holds it.
    Frozen,
    /// Something else holds it, for an unknown time.
    Held,
    /// The next run takes it up.
    Due,
    /// A service of it was set by hand, and stays until its source moves.
    Ahead,
    /// No service of it takes anything: nothing here promotes it.
    NotMoved,
    /// Nothing differs.
    InSync,
}

impl Status {
    /// Leaves out pipelines in which nothing waits, is held or has gone wrong.
    pub(crate) fn only_waiting(&mut self) {
        self.pipelines.retain(|pipeline| pipeline.state.waits());
    }
}

impl StatusKind {
    /// Whether it waits for someone or something, or has gone wrong.
    fn waits(self) -> bool {
        match self {
            Self::NeedsPerson
            | Self::Blocked
            | Self::Error
            | Self::WaitsForPeople
            | Self::WaitsForChecks
            | Self::WaitsForTime
            | Self::Queued
            | Self::Frozen
            | Self::Held
            | Self::Due => true,
            Self::Ahead | Self::NotMoved | Self::InSync => false,
        }
    }
}

/// One pipeline.
#[derive(Clone, Debug)]
pub(crate) struct PipelineStatus {
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The status of its worst promotion.
    pub state: StatusKind,
    /// Why nothing of it moves, if a finding stops it.
    pub stopped: Option<Arc<str>>,
    /// Its stages, sources before targets.
    pub stages: Vec<StageStatus>,
}

impl PipelineStatus {
    /// As people name it: NAMESPACE/NAME, or NAME.
    pub(crate) fn full_name(&self) -> String {
        full_name(self.namespace.as_deref(), &self.name)
    }

    /// The promotion that matters most.
    pub(crate) fn worst(&self) -> Option<&PromotionStatus> {
        let all = self.stages.iter().flat_map(|stage| &stage.promotions);
        // If several are equal, the first: min_by_key takes it.
        all.min_by_key(|promotion| promotion.state)
    }
}

/// One stage.
#[derive(Clone, Debug)]
pub(crate) struct StageStatus {
    /// Its name.
    pub stage: StageName,
    /// Its services that were found, in the order of the manifest.
    pub services: Vec<ServiceStatus>,
    /// What its services run, as far as promotions read or write it.
    pub values: Vec<Running>,
    /// Some service of it takes something from another.
    pub takes: bool,
    /// Since when; of its services the newest.
    pub since: Since,
    /// The promotions into it: one, none if no edge leads into it, one per edge with `join: any`.
    pub promotions: Vec<PromotionStatus>,
}

/// A service of a stage.
#[derive(Clone, Debug)]
pub(crate) struct ServiceStatus {
    /// Its name.
    pub service: String,
    /// The name of the service that it is promoted from.
    pub source: Option<String>,
    /// Since when it has held what it holds.
    pub since: Since,
}

/// A promoted value of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// The service's name.
    pub service: String,
    /// Which value.
    pub slot: Slot,
    /// The value: for a git ref the commit ID if it is known, otherwise its text. `None` is a secret.
    pub value: Option<String>,
    /// The human name of a commit: the branch or tag that it was taken from.
    pub name: Option<String>,
}

/// Since when content has been on the base branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// There is no history: a plain folder.
    NoHistory,
    /// It could not be determined, and why.
    Unknown(String),
    /// The newest first-parent commit of the base that set a promoted value.
    Set(SetOnBase),
}

/// The commit that set a value on the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetOnBase {
    /// The commit.
    pub commit: CommitId,
    /// Its committer date. The committer chose it, so it is only displayed and never decides anything.
    pub at: Timestamp,
    /// Its author's name; foreign text.
    pub by: String,
    /// It is a landing of Sluice: its own difference proves its plan.
    pub landed: bool,
    /// The pull request of a landing, if GitHub was asked.
    pub pull: Option<PullNumber>,
}

/// A promotion and its status.
#[derive(Clone, Debug)]
pub(crate) struct PromotionStatus {
    /// How.
    pub state: StatusKind,
    /// The one thing that it waits for, in plain words.
    pub reason: String,
    /// What to do about it, if anything.
    pub help: Option<String>,
    /// When it continues without anyone doing something; `None` if someone has to.
    pub next: Option<Timestamp>,
    /// Which of its gates that is about, by its place among them.
    pub deciding: Option<usize>,
    /// Its active pull request.
    pub pull: Option<PullNumber>,
    /// The plan that waits behind the active one.
    pub newer: Option<PlanId>,
    /// Why a person asked for it as an emergency.
    pub emergency: Option<String>,
    /// The active plan, judged now; otherwise the one that would be made now.
    pub promotion: Promotion,
}
