//! Facts: everything that the planner may look at, and how it asks for them.
//!
//! The planner names what it needs as queries, and other modules answer them. An answer that could not be had is an
//! answer of its own kind, never a missing entry that could be mistaken for "does not exist".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::catalog::Catalog;
use super::change::Text;
use super::commit_range::Direction;
use super::fetched::Fetched;
use super::ids::{CommitId, PipelineId, PlanId, ServiceId};
use super::name::EdgeName;
use super::origin::Origin;
use super::policy::Policy;
use super::resolved::{ResolvedPipeline, StageIndex};
use super::rollback::{Rollback, RolledBack};
use super::roster::Roster;
use super::signal::ContentEvidence;
use crate::yaml::FieldPath;

/// Asks what a `git.ref` resolves to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionQuery {
    /// In which repository.
    pub origin: Origin,
    /// The ref as the manifest writes it.
    pub reference: String,
    /// Watched folders, sorted; `""` is the whole repository.
    pub folders: Vec<String>,
    /// Files to which values files lead, sorted; `None` is one that leads out of the repository.
    pub values_files_outside: Vec<Option<String>>,
    /// The commit that the target holds now, if it holds one: are the watched trees the same there?
    pub target: Option<CommitId>,
}

/// The answer to a [`RevisionQuery`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// It resolves to a commit.
    Resolved(ResolvedRevision),
    /// There is no GitHub to ask, so it was not read.
    Unread,
    /// It could not be read, or must not be taken.
    Failed {
        /// Why, in plain words.
        why: String,
        /// What to do.
        help: Option<String>,
    },
}

/// A commit that a ref resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRevision {
    /// The commit: for a branch the newest one that touched a watched tree; the target's own if the branch was not read
    /// that far because it contains the same.
    pub commit: CommitId,
    /// The human name: a tag's name, or a branch's with the commit's date. `None` for a full id.
    pub name: Option<String>,
    /// It is a branch, which moves.
    pub moving: bool,
    /// The watched trees are the same at the target's commit.
    pub same_as_target: bool,
    /// Folders that a kustomization or values file leads to outside the watched ones; watched too.
    pub outside: Vec<String>,
    /// Why it cannot be determined what is watched, so that the whole repository is.
    pub everything: Option<String>,
}

/// Asks how the commit that a target would take relates to the one it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WayQuery {
    /// What the target holds: a commit ID, or a branch or tag that is resolved first.
    pub old: RevisionQuery,
    /// The commit that it would take.
    pub new: CommitId,
}

/// The answers to some [`WayQuery`]s: `None` if the target already has the same content, and an error if it cannot be
/// determined.
pub(crate) type Ways = BTreeMap<WayQuery, Fetched<Option<Direction>>>;

/// One promotable field of a service, independent of the manifest that contains it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// `spec.git.ref`.
    GitRef,
    /// `spec.helm.version`.
    HelmVersion,
    /// `spec.helm.chart`.
    HelmChart,
    /// A configuration key, wherever it is kept.
    Key(String),
    /// A path of the policy's `fields`.
    Field(FieldPath),
}

impl Slot {
    /// Its path in a service's own manifest; `None` for a key, which may be stored elsewhere.
    pub fn own_path(&self) -> Option<FieldPath> {
        let keys = |keys: &[&str]| Some(FieldPath::keys(keys));
        match self {
            Self::GitRef => keys(&["spec", "git", "ref"]),
            Self::HelmVersion => keys(&["spec", "helm", "version"]),
            Self::HelmChart => keys(&["spec", "helm", "chart"]),
            Self::Key(_) => None,
            Self::Field(path) => Some(path.clone()),
        }
    }
}

/// Values of a service by slot. A slot without a value is missing.
pub(crate) type Values = BTreeMap<Slot, Text>;

/// Asks who set a target's promoted fields last. One per target service of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServiceRef {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The stage.
    pub stage: StageIndex,
    /// Index of the service in the stage.
    pub service: usize,
}

/// The answer to a [`ServiceRef`].
#[derive(Clone, Debug)]
pub(crate) enum LastSet {
    /// There is no history: a plain folder.
    NoHistory,
    /// No commit changed a promoted field since the manifest was created.
    Never,
    /// This commit did, last.
    Set(Box<SetAt>),
    /// It could not be determined.
    Failed {
        /// Why, in plain words.
        why: String,
        /// What to do.
        help: Option<String>,
    },
}

impl LastSet {
    /// Why it could not be determined.
    pub(crate) fn into_why(self) -> String {
        match self {
            Self::Failed { why, .. } => why,
            _ => "its history could not be read".to_owned(),
        }
    }
}

/// The newest commit on the first-parent history that changed a promoted field of a target.
#[derive(Clone, Debug)]
pub(crate) struct SetAt {
    /// The commit.
    pub commit: CommitId,
    /// Its author's name; foreign text.
    pub author: String,
    /// Its author date.
    pub date: Timestamp,
    /// The promoted values that it changed.
    pub slots: BTreeSet<Slot>,
    /// What it was.
    pub by: SetBy,
    /// The rollback after which nothing else landed, if a person set the target since; `Err` says why that is unknown.
    pub rolled_back: Fetched<Option<RolledBack>>,
    /// Why it counts as the commit that set the target although it created the manifest, if it cannot be determined
    /// what preceded it.
    pub untold: Option<String>,
}

/// Whether a landing or a person set it.
#[derive(Clone, Debug)]
pub(crate) enum SetBy {
    /// A landing of Sluice: its plan id recomputes from its own difference.
    Landing {
        /// When it was committed.
        at: Timestamp,
        /// The edges along which it was promoted, sorted; `None` for a rollback and an emergency.
        along: Option<Vec<EdgeName>>,
        /// It took its stage back to what it had held before.
        rollback: Option<RolledBack>,
    },
    /// Anything else.
    Hand(SourceThen),
}

/// The source as it was when a person set the target.
#[derive(Clone, Debug)]
pub(crate) struct SourceThen {
    /// Its values then, the git ref as [`GitThen`] says.
    pub values: Values,
    /// Its git revision then.
    pub git: GitThen,
    /// Whether its git revision **now** descends from the commit that the target has; `None` if that cannot be
    /// determined, or one of them is not a commit.
    pub descends: Option<bool>,
}

/// The source's git revision when a person set the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GitThen {
    /// It had none.
    None,
    /// It pointed to this commit.
    Commit(CommitId),
    /// An unknown repository: its text.
    Text(String),
    /// A moving ref whose former commit is not recorded. Moved means: the hand edit moved the target forward, and the
    /// source now descends from it.
    Elsewhere {
        /// Whether the source is taken to have moved since.
        moved: bool,
    },
}

/// Asks whether the content of a source is ready to leave its stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ReadyQuery {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The stage whose `ready` rule asks.
    pub from: StageIndex,
    /// The source.
    pub source: ServiceId,
    /// Stage and service that take from it; `None` for a service of a stage that only guards.
    pub target: Option<(StageIndex, usize)>,
}

/// Approvals given on the command line, for commands without a forge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Approvals {
    /// Distinct names, as given.
    pub names: BTreeSet<String>,
    /// What cannot be known without GitHub is assumed, and the output says so: that a name is in the required team, and
    /// wrote none of the changes. Only a simulation may do this.
    pub assumed: bool,
}

/// Everything that the planner may look at.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    /// The manifests.
    pub catalog: &'a Catalog,
    /// The policy.
    pub policy: &'a Policy,
    /// The pipelines with their references looked up, by [`PipelineId`].
    pub resolved: &'a [ResolvedPipeline],
    /// Pipelines that an error stops, with its words: one text, shared by all of their stages.
    pub stopped: &'a BTreeMap<PipelineId, Arc<str>>,
    /// Answers about revisions.
    pub revisions: &'a BTreeMap<RevisionQuery, Revision>,
    /// Answers about history.
    pub history: &'a BTreeMap<ServiceRef, LastSet>,
    /// Answers about what would go back, read only if no person has to approve it.
    pub ways: &'a Ways,
    /// Approvals given on the command line; `None` if it has no such option.
    pub approvals: Option<Approvals>,
    /// This is a run on GitHub: gates are judged by the evidence about a pull request, not by `approvals`.
    pub on_forge: bool,
    /// With a forge, or a simulated one: what is known about the content of sources, as far as `ready` rules ask.
    pub ready: Option<&'a BTreeMap<ReadyQuery, ContentEvidence>>,
    /// In a simulation: when each plan was proposed.
    pub proposed: &'a BTreeMap<PlanId, Timestamp>,
    /// Teams, people and code owners, as far as the rules ask for them.
    pub roster: &'a Roster,
    /// Why this run may land nothing, if the person who started it said so.
    pub frozen: Option<String>,
    /// The time of this evaluation.
    pub now: Timestamp,
    /// Lower-case `owner/name`, or `""` without a forge.
    pub repository: String,
    /// The base branch, or `""`.
    pub base: String,
    /// What landed earlier in this run: no source in it, unless its own rules say so.
    pub landed: BTreeSet<(PipelineId, StageIndex)>,
    /// Stages that a person asked for by name, so that `trigger: manual` moves: one in a run, any number in a simulation.
    pub asked: BTreeSet<(PipelineId, StageIndex)>,
    /// The person asked for it as an emergency.
    pub emergency: bool,
    /// The person asked for failed jobs of that stage to be started again.
    pub retry: bool,
    /// The person requested the source's values even if the target was set by hand (`take: source`).
    pub take_source: bool,
    /// Stages that go back to what they held before, or why it could not be determined what that was.
    pub rollbacks: &'a BTreeMap<(PipelineId, StageIndex), Fetched<Rollback>>,
}
