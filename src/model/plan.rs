//! A plan: for every stage with a way into it, what would change, and why it does or does not move.

use std::sync::Arc;

use jiff::Timestamp;

use super::change::Change;
use super::ids::{BlobId, CommitId, PipelineId, PlanId};
use super::name::{EdgeName, GateName, StageName};
use super::pipeline::GateKind;
use super::reference::ManifestKey;
use super::resolved::StageIndex;
use super::rollback::{BackTo, RolledBack};
use super::verdict::{Judgement, Verdict};
use crate::yaml::Position;

/// The plan of one evaluation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// One per pipeline of the catalog, in its order.
    pub pipelines: Vec<PipelinePlan>,
}

/// The plan of one pipeline.
#[derive(Clone, Debug)]
pub(crate) struct PipelinePlan {
    /// Which pipeline.
    pub id: PipelineId,
    /// Why nothing of it moves, if a finding stops it.
    pub stopped: Option<Arc<str>>,
    /// One per stage with inbound edges (per edge with `join: any`), in topological order.
    pub promotions: Vec<Promotion>,
}

/// The first that applies, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Something could not be read or must not be done.
    Error,
    /// Something holds it: a hold, a freeze, a source that is not ready, a trigger.
    Held,
    /// It may be promoted once its gates pass.
    Due,
    /// It was set by hand after its sources moved last.
    Ahead,
    /// No service of it takes anything: whatever runs there, nothing here promotes it.
    NotMoved,
    /// Nothing differs.
    InSync,
}

impl State {
    /// Whether there is nothing to promote, now or once something else happens: it is in sync, or nothing ever promotes it.
    pub(crate) fn is_at_rest(self) -> bool {
        matches!(self, Self::NotMoved | Self::InSync)
    }
}

/// All changes that bring one stage up to its sources along its inbound edges; lands whole or not at all.
#[derive(Clone, Debug)]
pub(crate) struct Promotion {
    /// The stage.
    pub stage: StageName,
    /// Its index in the manifest.
    pub index: StageIndex,
    /// The edges along which it is promoted.
    pub edges: Vec<EdgeName>,
    /// The plan id; set exactly when `changes` is not empty.
    pub plan: Option<PlanId>,
    /// Its state.
    pub state: State,
    /// Why it is in that state, in plain words. Stages of a stopped pipeline share one text.
    pub reason: Arc<str>,
    /// What to do about it, if anything.
    pub help: Option<String>,
    /// The line of the policy that decided, if one did.
    pub rule_at: Option<Position>,
    /// The next instant at which time alone can change the state: a freeze or a hold ends, a soak is over.
    pub next: Option<Timestamp>,
    /// It may be opened for approval: due, or held only by a freeze.
    pub proposable: bool,
    /// A person asked for it as an emergency.
    pub emergency: Option<EmergencyUse>,
    /// It is a rollback: the landing that the stage goes back to.
    pub rollback: Option<BackTo>,
    /// When a landing set any of what it changes last.
    pub landed: Option<Timestamp>,
    /// When an ordinary landing along the same edges set any of what it changes last: no rollback, and no emergency.
    pub landed_along: Option<Timestamp>,
    /// The stage was rolled back, and this would undo that: it lands only once a person with write access has released it.
    pub after_rollback: Option<RolledBack>,
    /// It goes back, or overwrites what was set by hand, no APPROVAL gate must pass, and a person requested it: only a
    /// pull request that names that person may carry it.
    pub on_request: bool,
    /// Its gates, in the order of the edges.
    pub gates: Vec<GateReport>,
    /// What would change, in the order of the stage's services and the fields.
    pub changes: Vec<Change>,
    /// Services that stay behind.
    pub skipped_services: Vec<SkippedService>,
    /// Services of `changes` that were set by hand to what their source has not caught up with: this overwrites it.
    pub overwritten_hotfixes: Vec<SkippedService>,
    /// Fields that are not copied, and why; they are reported.
    pub skipped: Vec<String>,
    /// What each service takes from where, for the records of a landing.
    pub takes: Vec<Take>,
}

impl Promotion {
    /// Whether it may land now: due, and every gate passes. There are always changes then.
    pub(crate) fn may_land(&self) -> bool {
        self.state == State::Due
            && !self.changes.is_empty()
            && self
                .gates
                .iter()
                .all(|gate| gate.judgement.verdict == Verdict::Pass)
    }
}

/// What a gate says to a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GateReport {
    /// Its edge.
    pub edge: EdgeName,
    /// Its name.
    pub name: GateName,
    /// Its type.
    pub kind: GateKind,
    /// Its position.
    pub at: Position,
    /// What it says.
    pub judgement: Judgement,
    /// Who gave an approval that counts, with the way it was given.
    pub approvals: Vec<String>,
    /// What has to be started so that it can ever pass.
    pub start: Option<JobStart>,
    /// The page with its evidence.
    pub link: Option<String>,
    /// Its label was added before the head arrived: it does not count, and is removed.
    pub stale_label: bool,
    /// The line of the policy that gives its rule; `None` is the default.
    pub rule_at: Option<Position>,
}

/// A workflow that is to be started for a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobStart {
    /// Its file under `.github/workflows/`.
    pub workflow: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The containers of the gate's `spec.job`, as JSON.
    pub job: Option<String>,
}

/// That a promotion skips some rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmergencyUse {
    /// What the policy lets it skip.
    pub skips: Vec<&'static str>,
}

/// A service that stays behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SkippedService {
    /// The service's namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The commit that set it by hand, if that is the reason.
    pub by: Option<SkippedBy>,
}

impl SkippedService {
    /// A service that stays behind, for this reason.
    pub(crate) fn new(service: &ManifestKey, reason: String) -> Self {
        Self {
            namespace: service.namespace.clone(),
            name: service.name.clone(),
            reason,
            by: None,
        }
    }
}

/// The commit that set a service by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SkippedBy {
    /// The commit.
    pub commit: CommitId,
    /// Its author's name; foreign text.
    pub author: String,
    /// Its author date.
    pub date: Timestamp,
}

/// A value that is taken, as it may be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The value.
    Plain(String),
    /// A secret that changes: the id of the file that holds it at the source.
    Secret(BlobId),
    /// A secret that does not change.
    Unchanged,
}

/// What a target takes from a source, for the record of a landing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// The target: namespace/name.
    pub target: String,
    /// The source: namespace/name.
    pub source: String,
    /// What is taken, by slot.
    pub values: Vec<(String, Taken)>,
}
