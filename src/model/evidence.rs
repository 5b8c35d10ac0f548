//! Evidence: what was read from the forge for one promotion. What could not be read is an entry of its own kind, never
//! a missing one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::actor::{Actor, UserId};
use super::authors::ChangeAuthors;
use super::fetched::Fetched;
use super::ids::{CommitId, PullNumber};
use super::label::HOLD;
use super::policy::CheckOf;
use super::signal::{JobEvidence, Signal};
use super::wire_words::{APPROVALS, LABELS};

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// APPROVED.
    Approved,
    /// CHANGES_REQUESTED.
    ChangesRequested,
    /// DISMISSED.
    Dismissed,
    /// COMMENTED, PENDING, or a word that is not known here: no opinion.
    None,
}

/// One review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Its id, by which equal times are ordered.
    pub id: u64,
    /// Who gave it; `None` for a deleted account.
    pub by: Option<Actor>,
    /// What it says.
    pub opinion: Opinion,
    /// The head for which it was given; `None` if GitHub lost it.
    pub commit: Option<CommitId>,
    /// The time; `None` if it was not submitted.
    pub at: Option<Timestamp>,
}

/// A label was added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelEvent {
    /// Its place in the forge's own order, by which equal times are ordered.
    pub order: u64,
    /// The label's name as the forge shows it now: the name when it was added, or the one that the label has by now.
    pub label: String,
    /// When the label was changed last: renamed, coloured, described. `None` if the forge does not say.
    pub changed: Option<Timestamp>,
    /// The forge shows this event under different names in different places.
    pub renamed: bool,
    /// Added, or removed.
    pub set: bool,
    /// By whom.
    pub by: Option<Actor>,
    /// When.
    pub at: Timestamp,
}

impl LabelEvent {
    /// Whether it is about this label; labels are compared case-insensitively.
    pub fn is_of(&self, label: &str) -> bool {
        self.label.eq_ignore_ascii_case(label)
    }

    /// Whether it is certain that the label had this name when the event happened.
    pub fn is_by_its_name(&self) -> bool {
        !self.renamed && self.changed.is_some_and(|changed| changed < self.at)
    }

    /// Whether this adds `sluice/hold`, or a label that may have been that one under another name. Approvals and
    /// Sluice's other labels are taken at face value: anyone who can rename a label may lift holds.
    pub fn may_hold(&self) -> bool {
        let changed = self.changed.is_some_and(|changed| changed > self.at);
        let name = self.label.to_ascii_lowercase();
        let known = name.starts_with(APPROVALS) || name.starts_with(LABELS);
        self.set && (self.is_of(HOLD) || (changed && !known))
    }
}

/// What a person may do in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Write or more.
    Write,
    /// Triage: may label, no more.
    Triage,
    /// Anything less, or a word that is not known here.
    Less,
}

/// The evidence about one open pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The pull request.
    pub pull: PullNumber,
    /// Its head when all of this was read.
    pub head: CommitId,
    /// Its author.
    pub author: Option<Actor>,
    /// When this head arrived; `Err` if nothing certain is known.
    pub arrived: Fetched<Timestamp>,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// All its reviews; `Err` if a page could not be read.
    pub reviews: Fetched<Vec<Review>>,
    /// All its label events; `Err` if a page could not be read.
    pub label_events: Fetched<Vec<LabelEvent>>,
    /// Authors and committers of its commits, and everyone who pushed to its branch. `Err` if one of them could
    /// not be identified.
    pub pushers: Fetched<BTreeSet<UserId>>,
    /// Who asked for it by a dispatch, as its record says.
    pub requester: Option<UserId>,
    /// What the people who gave an opinion or added a label may do.
    pub permissions: BTreeMap<UserId, Fetched<Permission>>,
    /// The person of this run's dispatch, if it has `approve: true` for this plan.
    pub dispatched: Option<Actor>,
    /// Who made what is promoted; `None` if no rule asks.
    pub change_authors: Option<Fetched<ChangeAuthors>>,
    /// Check runs on exactly this head, as far as gates ask.
    pub checks: BTreeMap<CheckOf, Fetched<Vec<Signal>>>,
    /// Workflow runs for this head; `None` if no gate needs them.
    pub jobs: Option<JobEvidence>,
}

#[cfg(test)]
impl Evidence {
    /// Of pull request 1 at the head `abab…`, which arrived at second 0; everything else is empty.
    pub(crate) fn sample() -> Self {
        Self {
            pull: PullNumber(1),
            head: "ab".repeat(20).parse().unwrap(),
            author: None,
            arrived: Ok(Timestamp::UNIX_EPOCH),
            labels: BTreeSet::new(),
            reviews: Ok(Vec::new()),
            label_events: Ok(Vec::new()),
            pushers: Ok(BTreeSet::new()),
            requester: None,
            permissions: BTreeMap::new(),
            dispatched: None,
            change_authors: None,
            checks: BTreeMap::new(),
            jobs: None,
        }
    }
}

impl Evidence {
    /// Everyone whose permission decides something.
    pub fn people(&self) -> BTreeMap<UserId, String> {
        let reviews = self
            .reviews
            .iter()
            .flatten()
            .filter_map(|review| review.by.as_ref());
        let events = self
            .label_events
            .iter()
            .flatten()
            .filter_map(|event| event.by.as_ref());
        reviews
            .chain(events)
            .chain(&self.dispatched)
            .filter_map(|actor| Some((actor.person()?, actor.login.clone())))
            .collect()
    }
}
