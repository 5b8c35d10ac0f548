//! What the body of a pull request is made of.

use jiff::Timestamp;
use minijinja::Value;

use super::super::link::Link;
use crate::model::commit_range::CommitRangeSummary;
use crate::model::ids::PlanId;
use crate::model::plan::Promotion;
use crate::model::policy::{ApprovalChannel, Land};
use crate::model::rollback::RolledBack;

/// Everything that the body of a pull request is made of. [`PullRequest::new`] has what is always known; the rest is
/// set as far as it is.
#[derive(Clone, Debug)]
pub(crate) struct PullRequest<'a> {
    /// The pipeline, as NAME or NAMESPACE/NAME: what a dispatch calls it.
    pub pipeline: &'a str,
    /// The repository that holds it, as `gh --repo` takes it; without one `gh` asks the clone it is started in.
    pub repository: Option<&'a str>,
    /// The promotion with its gates as they are judged now.
    pub promotion: &'a Promotion,
    /// More about the gates, by their place in `promotion.gates`.
    pub gates: Vec<GateDetail<'a>>,
    /// The compare page of each change, by its index in `promotion.changes`.
    pub compare: Vec<Option<Link>>,
    /// What each change brings, by its place in `promotion.changes`.
    pub brought: Vec<Option<&'a CommitRangeSummary>>,
    /// The commits that are promoted.
    pub commits: Vec<Commits<'a>>,
    /// Logins of those who could still approve, if they are known.
    pub can_approve: Vec<String>,
    /// How it lands.
    pub land: Land,
    /// The label that holds it.
    pub hold_label: &'a str,
    /// That label does not exist in the repository, and cannot be created.
    pub hold_label_missing: bool,
    /// Since when its sources are ready, by the server's records.
    pub ready_since: Option<Timestamp>,
    /// The number of the pull request that this one replaced.
    pub replaces: Option<u64>,
    /// A newer plan that waits behind this one, which a person has reviewed.
    pub newer: Option<PlanId>,
    /// What holds it, and what lets it go on, if it is neither its gates nor an earlier rollback.
    pub held: Option<HeldFor<'a>>,
    /// The policy's note, as [`note`](crate::render::texts::note) makes it.
    pub note: Option<&'a str>,
    /// Why someone requested it; foreign text.
    pub reason: Option<&'a str>,
    /// The rollback that it would undo, while no one has released it.
    pub held_back: Option<&'a RolledBack>,
    /// It landed: then it says who approved it and how to undo it, and asks for nothing.
    pub landed: Option<Landed>,
}

/// As what a pull request landed.
#[derive(Clone, Debug)]
pub(crate) struct Landed {
    /// The first digits of the commit.
    pub commit: String,
    /// Its page.
    pub link: Option<Link>,
}

/// More about a gate than its judgement.
#[derive(Clone, Debug, Default)]
pub(crate) struct GateDetail<'a> {
    /// What is still missing, in a few words for the first line: `1 approval`, `Mon 09:00`. Default: the gate's name.
    pub missing: Option<String>,
    /// How an approval may be given; empty if people do not open it.
    pub ways: &'a [ApprovalChannel],
    /// The label that approves it.
    pub label: Option<String>,
    /// That label does not exist in the repository, and cannot be created.
    pub label_missing: bool,
    /// That label is on, and counts as the approval of the person who added it.
    pub label_counts: bool,
    /// The run or check that it is about.
    pub link: Option<Link>,
}

/// The commits between a service's old and new revision.
#[derive(Clone, Debug)]
pub(crate) struct Commits<'a> {
    /// The service.
    pub service: &'a str,
    /// They are taken back: the service has them, and would not have them any more.
    pub back: bool,
    /// How many there are; may be more than are listed.
    pub total: usize,
    /// There are more than were counted.
    pub more: bool,
    /// The newest first.
    pub listed: Vec<Commit<'a>>,
}

/// One commit.
#[derive(Clone, Debug)]
pub(crate) struct Commit<'a> {
    /// Its first digits.
    pub id: &'a str,
    /// Its subject; foreign text.
    pub subject: &'a str,
    /// Its author; foreign text.
    pub author: &'a str,
    /// The pull request that brought it.
    pub number: Option<u64>,
    /// The page of that pull request.
    pub link: Option<Link>,
}

/// A link for a template.
pub(super) fn address(link: Option<&Link>) -> Value {
    link.map_or(Value::from(()), Link::value)
}

/// What holds a pull request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldFor<'a> {
    /// Why, in plain words.
    pub why: &'a str,
    /// What someone has to do to let it go on.
    pub next: &'a str,
}
