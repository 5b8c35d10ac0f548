//! A pull request and what belongs to it: reviews, comments, events.

use super::ids::{AppId, RepoId, UserId};
use git2::Oid;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A review.
#[derive(Debug, Clone)]
pub struct Review {
    /// Its number.
    pub id: u64,
    /// Who gave it; None for an account that is gone.
    pub user: Option<UserId>,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED` or `PENDING`.
    pub state: String,
    /// Its text.
    pub body: String,
    /// The head at submission.
    pub commit: Option<Oid>,
    /// When it was submitted; None while pending.
    pub at: Option<Timestamp>,
}

/// A comment.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub user: UserId,
    /// The App it was written through.
    pub app: Option<AppId>,
    /// Its text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

/// What an event is about.
#[derive(Debug, Clone)]
pub enum What {
    /// `labeled`, with name and colour.
    Labeled(String, String),
    /// `unlabeled`, with name and colour.
    Unlabeled(String, String),
    /// `closed`.
    Closed,
    /// `reopened`.
    Reopened,
    /// `merged`, with the commit.
    Merged(Oid),
    /// `head_ref_force_pushed`, before and after.
    HeadForcePushed(Oid, Oid),
    /// `base_ref_force_pushed`, before and after.
    BaseForcePushed(Oid, Oid),
    /// `head_ref_deleted`.
    HeadDeleted,
    /// `head_ref_restored`.
    HeadRestored,
    /// `base_ref_deleted`, with the name of the branch.
    BaseDeleted(String),
    /// `base_ref_changed`, from and to.
    BaseChanged(String, String),
    /// `renamed`, from and to.
    Renamed(String, String),
    /// `review_requested` of a person.
    ReviewRequested(UserId),
    /// `review_request_removed` of a person.
    ReviewRequestRemoved(UserId),
    /// `review_dismissed`: review, its state before, the reason.
    ReviewDismissed(u64, String, String),
    /// `ready_for_review`.
    Ready,
    /// `convert_to_draft`.
    Draft,
    /// `auto_merge_enabled`.
    AutoMergeOn,
    /// `auto_merge_disabled`.
    AutoMergeOff,
    /// `added_to_merge_queue`.
    Enqueued,
    /// `removed_from_merge_queue`.
    Dequeued {
        /// Why: `failed_checks`, `manual`, `merged`, …
        reason: String,
        /// The commit of its group, which its branch led to.
        group: Oid,
        /// Who had put it in.
        enqueuer: UserId,
    },
}

impl What {
    /// The `event` word of REST.
    pub fn word(&self) -> &'static str {
        self.names().0
    }

    /// The GraphQL type of the event.
    pub fn typename(&self) -> &'static str {
        self.names().1
    }

    fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::Labeled(..) => ("labeled", "LabeledEvent"),
            Self::Unlabeled(..) => ("unlabeled", "UnlabeledEvent"),
            Self::Closed => ("closed", "ClosedEvent"),
            Self::Reopened => ("reopened", "ReopenedEvent"),
            Self::Merged(_) => ("merged", "MergedEvent"),
            Self::HeadForcePushed(..) => ("head_ref_force_pushed", "HeadRefForcePushedEvent"),
            Self::BaseForcePushed(..) => ("base_ref_force_pushed", "BaseRefForcePushedEvent"),
            Self::HeadDeleted => ("head_ref_deleted", "HeadRefDeletedEvent"),
            Self::HeadRestored => ("head_ref_restored", "HeadRefRestoredEvent"),
            Self::BaseDeleted(_) => ("base_ref_deleted", "BaseRefDeletedEvent"),
            Self::BaseChanged(..) => ("base_ref_changed", "BaseRefChangedEvent"),
            Self::Renamed(..) => ("renamed", "RenamedTitleEvent"),
            Self::ReviewRequested(_) => ("review_requested", "ReviewRequestedEvent"),
            Self::ReviewRequestRemoved(_) => {
                ("review_request_removed", "ReviewRequestRemovedEvent")
            }
            Self::ReviewDismissed(..) => ("review_dismissed", "ReviewDismissedEvent"),
            Self::Ready => ("ready_for_review", "ReadyForReviewEvent"),
            Self::Draft => ("convert_to_draft", "ConvertToDraftEvent"),
            Self::AutoMergeOn => ("auto_merge_enabled", "AutoMergeEnabledEvent"),
            Self::AutoMergeOff => ("auto_merge_disabled", "AutoMergeDisabledEvent"),
            Self::Enqueued => ("added_to_merge_queue", "AddedToMergeQueueEvent"),
            Self::Dequeued { .. } => ("removed_from_merge_queue", "RemovedFromMergeQueueEvent"),
        }
    }
}

/// One line of a pull request's history.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number.
    pub id: u64,
    /// What happened.
    pub what: What,
    /// Who did it; None for an account that is gone.
    pub actor: Option<UserId>,
    /// The App it was done through.
    pub app: Option<AppId>,
    /// When.
    pub at: Timestamp,
}

/// An armed auto-merge.
#[derive(Debug, Clone)]
pub struct AutoMerge {
    /// Who armed it.
    pub by: UserId,
    /// `merge`, `squash` or `rebase`.
    pub method: String,
    /// Title of the commit to come.
    pub title: String,
    /// Message of the commit to come.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// How a pull request was merged.
#[derive(Debug, Clone)]
pub struct Merged {
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What the base branch got.
    pub commit: Oid,
}

/// The test merge of a head into a base tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestMerge {
    /// The head.
    pub head: Oid,
    /// What head and base had in common when it was made.
    pub merge_base: Option<Oid>,
    /// When it was made.
    pub at: Timestamp,
    /// The merge commit; None on conflict.
    pub commit: Option<Oid>,
}

/// Whether a head merges into a base tip without a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fits {
    /// The base tip.
    pub base: Oid,
    /// The head.
    pub head: Oid,
    /// It does.
    pub fits: bool,
}

/// A pull request.
#[derive(Debug, Clone)]
pub struct Pull {
    /// Its number in the repository.
    pub number: u64,
    /// Its number in the whole API.
    pub id: u64,
    /// Title.
    pub title: String,
    /// Body.
    pub body: Option<String>,
    /// Who opened it.
    pub author: UserId,
    /// Not closed and not merged.
    pub open: bool,
    /// How it was merged.
    pub merged: Option<Merged>,
    /// Not ready yet.
    pub draft: bool,
    /// Short name of the branch it goes to.
    pub base: String,
    /// The base tip when it was opened or last moved.
    pub base_sha: Oid,
    /// The repository of the head; None if it is gone.
    pub head_repo: Option<RepoId>,
    /// Short name of the head branch.
    pub head: String,
    /// The head as GitHub last saw it; does not change while closed.
    pub head_sha: Oid,
    /// The head that readers still see, and how many reads more.
    pub lag: Option<(Oid, u32)>,
    /// Label numbers.
    pub labels: BTreeSet<u64>,
    /// Reviews, oldest first.
    pub reviews: Vec<Review>,
    /// People who were asked.
    pub requested: Vec<UserId>,
    /// Teams that were asked (slugs).
    pub requested_teams: Vec<String>,
    /// People it is assigned to.
    pub assignees: Vec<UserId>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// Events, oldest first.
    pub events: Vec<Event>,
    /// Armed auto-merge.
    pub auto_merge: Option<AutoMerge>,
    /// The newest test merge, which may be into a base tip of hours ago.
    pub test: Option<TestMerge>,
    /// Whether it merges into the base tip, as last computed.
    pub fits: Option<Fits>,
    /// The newest test merge that succeeded: what `merge_commit_sha` names until there is another, also while the head
    /// conflicts.
    pub merge_ref: Option<Oid>,
    /// Who last edited the body, and when.
    pub edited: Option<(UserId, Timestamp)>,
    /// Reads that still see it as not computed, and the last request that was one.
    pub unknown_reads: (u32, u64),
    /// List reads that still miss it, and the last request that was one.
    pub hidden_lists: (u32, u64),
    /// Who pushed the head last.
    pub pusher: UserId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When anything last changed.
    pub updated_at: Timestamp,
    /// When it was closed or merged.
    pub closed_at: Option<Timestamp>,
    /// Who closed or merged it.
    pub closed_by: Option<UserId>,
}

impl Pull {
    /// The head as readers see it, which may be behind for a while.
    pub fn seen_head(&self) -> Oid {
        self.lag.map_or(self.head_sha, |(old, _)| old)
    }

    /// `MERGED`, `CLOSED` or `OPEN`.
    pub fn state(&self) -> &'static str {
        match (&self.merged, self.open) {
            (Some(_), _) => "MERGED",
            (None, true) => "OPEN",
            (None, false) => "CLOSED",
        }
    }

    /// Each person's last review that approves, rejects or was dismissed; COMMENTED and PENDING replace nothing.
    pub fn opinions(&self) -> BTreeMap<UserId, &Review> {
        let mut given: Vec<&Review> = self.reviews.iter().collect();
        // One that was begun early may have been submitted late.
        given.sort_by_key(|review| (review.at, review.id));
        let mut last = BTreeMap::new();
        for review in given {
            if let (Some(user), "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED") =
                (review.user, review.state.as_str())
            {
                last.insert(user, review);
            }
        }
        last
    }
}
