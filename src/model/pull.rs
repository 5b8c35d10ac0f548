//! Pull requests and branches of the forge, as they were read in one answer.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::actor::{Actor, ActorKind, UserId};
use super::evidence::{Evidence, LabelEvent};
use super::fetched::Fetched;
use super::ids::{CommitId, PullNumber, TreeId};
use super::label::approves;
use super::merge_state::{Mergeable, ReviewDecision};
use super::settings::Rule;

/// A commit of the forge, as far as promotions look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteCommit {
    /// Its id.
    pub id: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// Its parents, the first one first.
    pub parents: Vec<CommitId>,
    /// Its whole message; foreign text.
    pub message: String,
    /// Its author's name; foreign text, and empty if GitHub does not report it.
    pub author: String,
    /// When its author says it was written: for display only.
    pub authored: Timestamp,
    /// When its committer says it was committed: for display, and for sweeping what lost runs left.
    pub committed: Timestamp,
}

/// The state of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullState {
    /// Open.
    Open,
    /// Closed without having been merged.
    Closed {
        /// When.
        at: Timestamp,
        /// By whom; `None` if GitHub does not say.
        by: Option<Actor>,
    },
    /// Merged; this does not prove that its content landed.
    Merged {
        /// When.
        at: Timestamp,
        /// By whom; `None` if GitHub does not say.
        by: Option<Actor>,
        /// The commit that the forge names for it.
        commit: Option<CommitId>,
    },
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: PullNumber,
    /// Its id in GraphQL.
    pub node: String,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// Its page.
    pub url: String,
    /// Its state.
    pub state: PullState,
    /// It is a draft.
    pub draft: bool,
    /// Who opened it.
    pub author: Option<Actor>,
    /// It was opened with this very token's account. Anyone can make a branch that looks like ours in every way, plan id
    /// included, but not open a pull request in our name.
    pub own: bool,
    /// The short name of its base branch.
    pub base: String,
    /// The short name of its head branch.
    pub branch: String,
    /// The commit at its head.
    pub head: CommitId,
    /// Its head is in another repository: never ours (A9).
    pub foreign: bool,
    /// When it was opened.
    pub created: Timestamp,
    /// How many commits it has over its base.
    pub commits: u64,
    /// Its head was force-pushed.
    pub head_force_pushed: bool,
    /// Its base branch was force-pushed while it was open.
    pub base_force_pushed: bool,
    /// Whether it can be merged.
    pub mergeable: Mergeable,
    /// The state of the reviews that GitHub's own rules require.
    pub review: Option<ReviewDecision>,
    /// The names of its labels.
    pub labels: BTreeSet<String>,
    /// How many reviews it has.
    pub reviews: u64,
    /// A label was removed from it.
    pub unlabeled: bool,
    /// All that was done with its labels, in the forge's order; `Err` says why that is not known.
    pub label_events: Fetched<Vec<LabelEvent>>,
    /// All reviews and events on it, without people's permissions; `None` if the answer was incomplete, or if it is not
    /// open.
    pub said: Option<Box<Evidence>>,
    /// Auto-merge is armed (A30).
    pub auto_merge: bool,
    /// It waits in the merge queue.
    pub queued: bool,
}

impl Pull {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.state == PullState::Open
    }

    /// Whether people did anything on it that may be evidence: a review, an approval label, or a label that was removed.
    pub fn was_spoken_about(&self) -> bool {
        self.reviews > 0 || self.unlabeled || self.labels.iter().any(|label| approves(label))
    }

    /// Whether it has a label with that name; labels are compared case-insensitively.
    pub fn has_label(&self, name: &str) -> bool {
        self.labels
            .iter()
            .any(|label| label.eq_ignore_ascii_case(name))
    }
}

/// A pull request that was closed without a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedPull {
    /// Its number.
    pub number: PullNumber,
    /// The short name of its head branch.
    pub branch: String,
    /// The short name of its base branch.
    pub base: String,
    /// Its head is in another repository.
    pub foreign: bool,
    /// Who opened it.
    pub author: Option<Actor>,
    /// When it was closed last.
    pub at: Timestamp,
    /// Who closed it last; `None` if the forge does not say.
    pub by: Option<Actor>,
}

impl ClosedPull {
    /// `None` for one that is open or merged.
    pub fn of(pull: &Pull) -> Option<Self> {
        let PullState::Closed { at, by } = &pull.state else {
            return None;
        };
        Some(Self {
            number: pull.number,
            branch: pull.branch.clone(),
            base: pull.base.clone(),
            foreign: pull.foreign,
            author: pull.author.clone(),
            at: *at,
            by: by.clone(),
        })
    }

    /// Whether its author closed it.
    pub fn by_its_author(&self) -> bool {
        is_author(self.by.as_ref(), self.author.as_ref())
    }
}

/// A closed pull request with the history of its labels, no matter who opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedLabels {
    /// Which, and who closed it when.
    pub pull: ClosedPull,
    /// Sluice's own account closed it.
    pub by_us: bool,
    /// All that was done with its labels, in the forge's order; `Err` says why that is not known.
    pub events: Fetched<Vec<LabelEvent>>,
}

impl ClosedLabels {
    /// `None` for one that is open or merged.
    pub fn of(pull: &Pull) -> Option<Self> {
        Some(Self::new(
            ClosedPull::of(pull)?,
            pull.own,
            pull.label_events.clone(),
        ))
    }

    /// `own` says whether Sluice's own account opened it.
    pub fn new(pull: ClosedPull, own: bool, events: Fetched<Vec<LabelEvent>>) -> Self {
        Self {
            by_us: own && pull.by_its_author(),
            pull,
            events,
        }
    }
}

impl Snapshot {
    /// Our branch at the head of a pull request, if it is still there.
    pub fn branch_of(&self, pull: &Pull) -> Option<&PromotionBranch> {
        let mut branches = self.branches.iter();
        branches.find(|branch| branch.name == pull.branch && branch.tip.id == pull.head)
    }
}

/// Whether the person who did something is the author.
pub(crate) fn is_author(who: Option<&Actor>, author: Option<&Actor>) -> bool {
    let id = |actor: Option<&Actor>| actor.and_then(|actor| actor.id);
    id(who).is_some() && id(who) == id(author)
}

/// A pull request that this account opened from this repository and that was merged into the base branch, whether or
/// not its branch still exists. Its head commit is foreign text: anyone can push to the branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedPull {
    /// Its number.
    pub number: PullNumber,
    /// The short name of its head branch.
    pub branch: String,
    /// The commit at its head.
    pub head: CommitId,
    /// The message of that commit; foreign text.
    pub message: String,
    /// The status `sluice` of that commit is `success`.
    pub success: bool,
    /// And the account that opened the pull request set it: anyone with write access can.
    pub gates_passed: bool,
    /// The description of that status; empty if there is none.
    pub status: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// When it was merged.
    pub at: Timestamp,
    /// By whom; `None` if the forge does not say.
    pub by: Option<Actor>,
    /// The commit that the forge names for the merge.
    pub commit: Option<CommitId>,
}

/// One of our branches and the pull requests that were opened from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionBranch {
    /// The short name of the branch: `sluice/…`.
    pub name: String,
    /// The commit at its tip.
    pub tip: RemoteCommit,
    /// The status `sluice` of that commit.
    pub status: Option<OwnStatus>,
    /// Its pull requests, newest first.
    pub pulls: Vec<Pull>,
    /// It has more pull requests than these. One that was not read may have a hold or a refusal.
    pub has_more_pulls: bool,
}

/// The status `sluice` of a commit. Anyone with write access can set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnStatus {
    /// Its state.
    pub state: StatusState,
    /// Its description; foreign text.
    pub description: String,
    /// When the forge recorded it.
    pub at: Timestamp,
    /// Who set it.
    pub creator: Option<UserId>,
}

impl OwnStatus {
    /// Whether it is `success`.
    pub fn is_success(&self) -> bool {
        self.state == StatusState::Success
    }

    /// Whether this account set it. An account that is not known set nothing.
    pub fn is_by(&self, account: Option<&Actor>) -> bool {
        let account = account.and_then(|account| account.id);
        account.is_some() && self.creator == account
    }
}

/// The state of a commit's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusState {
    /// `success`.
    Success,
    /// `pending`.
    Pending,
    /// `failure`.
    Failure,
    /// `error`, and whatever GitHub may add.
    Error,
}

impl StatusState {
    /// As REST writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pending => "pending",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }
}

impl Snapshot {
    /// Counts what an App opened from one of our branches as opened by this account.
    pub fn count_pulls_of_apps(&mut self) {
        for pull in self
            .branches
            .iter_mut()
            .flat_map(|branch| &mut branch.pulls)
        {
            let by_app = |author: &Actor| author.kind == ActorKind::Bot;
            pull.own |= !pull.foreign && pull.author.as_ref().is_some_and(by_app);
        }
    }
}

/// What classic branch protection requires of a merge, as far as it is shown to this token. Rulesets are not part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Names of required statuses and checks.
    pub contexts: BTreeSet<String>,
    /// It requires reviews.
    pub reviews: bool,
}

/// Everything about promotions that one query of the repository returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The repository's numeric id.
    pub repository: u64,
    /// Its id in GraphQL.
    pub node: String,
    /// The base branch's short name.
    pub base: String,
    /// Its tip.
    pub tip: RemoteCommit,
    /// Our branches, by name.
    pub branches: Vec<PromotionBranch>,
    /// Our pull requests among the last twenty that were merged or changed since, the newest first.
    pub merged: Vec<MergedPull>,
    /// The repository deletes head branches as soon as their pull request is merged.
    pub deletes_merged: bool,
    /// The closed, unmerged pull requests that carry the label `sluice/hold`; `Err` says why not all of them are known.
    pub held_closed: Fetched<Vec<ClosedLabels>>,
    /// Names of the repository's labels that begin with `approve/` or `sluice/`.
    pub labels: BTreeSet<String>,
    /// Merging by the method that the policy asks for is allowed: squash, merge commit.
    pub allows: Allows,
    /// The base branch has a merge queue.
    pub queue: bool,
    /// What classic protection of the base branch requires.
    pub protection: Fetched<Protection>,
    /// The rulesets' rules for the base branch; `None` if the look does not show all of them.
    pub rules: Option<Vec<Rule>>,
    /// The server's time at the answer.
    pub now: Timestamp,
}

/// Which methods of merging the repository allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allows {
    /// Squash.
    pub squash: bool,
    /// A merge commit.
    pub merge: bool,
}
