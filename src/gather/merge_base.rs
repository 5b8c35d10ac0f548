//! The merge base of two commits, proved from the commits that are known and their parents.
//!
//! A merge is computed against it, so a wrong one would judge a merge that never happens. Committers choose their
//! commits' dates: dates determine the order of the walk and never decide. The answer is one commit only if no commit
//! that is not known could be another one.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use crate::model::ids::CommitId;
use crate::repo::RepoError;

/// At most this many commits are walked for one answer.
const MAX_WALKED: usize = 10_000;

/// What two commits have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MergeBase {
    /// Exactly this commit.
    One(CommitId),
    /// None: their histories are unrelated.
    Unrelated,
    /// Several of which none is known to be an ancestor of another; sorted.
    Several(Vec<CommitId>),
    /// It depends on commits that are not known yet.
    Unknown(Missing),
    /// There are more commits between them than are walked.
    TooFar,
    /// It depends on the parents of this commit, not all of which are listed.
    CutOff(CommitId),
}

/// Commits that have to be read before the merge base can be determined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Ancestors of the base's tip.
    pub of_tip: BTreeSet<CommitId>,
    /// Ancestors of the head.
    pub of_head: BTreeSet<CommitId>,
    /// How many commits only the tip is known to have.
    pub tip_alone: usize,
    /// How many commits only the head is known to have.
    pub head_alone: usize,
}

/// A commit as the walk needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Its parents.
    pub parents: Vec<CommitId>,
    /// These are all of its parents.
    pub all_parents: bool,
    /// Its committer's date, in unix seconds.
    pub time: i64,
}

/// The merge base of a branch's tip and the head of a pull request. `node` returns a commit, or `None` while it is not
/// known.
///
/// # Errors
/// What `node` fails with.
pub(super) fn merge_base(
    tip: CommitId,
    head: CommitId,
    node: impl FnMut(&CommitId) -> Result<Option<Node>, RepoError>,
) -> Result<MergeBase, RepoError> {
    let mut walk = Walk {
        node,
        seen: HashMap::new(),
        queue: BinaryHeap::new(),
        open: 0,
        common: BTreeSet::new(),
    };
    walk.mark(tip, Marks::TIP)?;
    walk.mark(head, Marks::HEAD)?;
    walk.walk()
}

/// From where a commit was reached.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    tip: bool,
    head: bool,
    /// From a commit that both have.
    below: bool,
}

impl Marks {
    const TIP: Self = Self {
        tip: true,
        head: false,
        below: false,
    };
    const HEAD: Self = Self {
        tip: false,
        head: true,
        below: false,
    };

    fn and(self, other: Self) -> Self {
        Self {
            tip: self.tip | other.tip,
            head: self.head | other.head,
            below: self.below | other.below,
        }
    }

    fn both(self) -> bool {
        self.tip && self.head
    }
}

struct Seen {
    marks: Marks,
    /// `None` while it is not known.
    node: Option<Node>,
    queued: bool,
}

/// Walks down from both, newest first. A commit whose marks change is walked again, so the order changes only how much is walked.
struct Walk<F> {
    node: F,
    seen: HashMap<CommitId, Seen>,
    queue: BinaryHeap<(i64, CommitId)>,
    /// How many queued commits only one side has: below these there may be a common one.
    open: usize,
    /// What both have and is not known to be below another such commit.
    common: BTreeSet<CommitId>,
}

impl<F: FnMut(&CommitId) -> Result<Option<Node>, RepoError>> Walk<F> {
    fn mark(&mut self, id: CommitId, marks: Marks) -> Result<(), RepoError> {
        let seen = match self.seen.entry(id) {
            Entry::Occupied(slot) => slot.into_mut(),
            Entry::Vacant(slot) => slot.insert(Seen {
                marks: Marks::default(),
                node: (self.node)(&id)?,
                queued: false,
            }),
        };
        let marks = seen.marks.and(marks);
        if marks == seen.marks {
            return Ok(());
        }
        if seen.queued && !seen.marks.both() {
            self.open -= 1;
        }
        seen.marks = marks;
        if let Some(node) = &seen.node {
            if !marks.both() {
                self.open += 1;
            }
            if !seen.queued {
                seen.queued = true;
                self.queue.push((node.time, id));
            }
        }
        if marks.both() && !marks.below {
            self.common.insert(id);
        } else {
            self.common.remove(&id);
        }
        Ok(())
    }

    fn walk(&mut self) -> Result<MergeBase, RepoError> {
        // With one common commit left, anything below it changes nothing.
        while self.open > 0 || self.common.len() > 1 {
            let Some((_, id)) = self.queue.pop() else {
                break;
            };
            if self.seen.len() > MAX_WALKED {
                // The head's side may only be waiting to be read: the tip's side then walks on for nothing.
                return Ok(match self.missing() {
                    missing if missing.of_head.is_empty() => MergeBase::TooFar,
                    missing => MergeBase::Unknown(missing),
                });
            }
            let Some(seen) = self.seen.get_mut(&id) else {
                break;
            };
            seen.queued = false;
            let marks = seen.marks;
            if !marks.both() {
                self.open -= 1;
            }
            let parents = seen.node.as_ref().map(|node| node.parents.clone());
            let down = Marks {
                below: marks.both(),
                ..marks
            };
            for parent in parents.unwrap_or_default() {
                self.mark(parent, down)?;
            }
        }
        let one_side = || self.seen.iter().filter(|(_, seen)| !seen.marks.both());
        let cut_off = one_side().filter(|(_, seen)| {
            let node = seen.node.as_ref();
            node.is_some_and(|node| !node.all_parents)
        });
        if let Some(id) = cut_off.map(|(id, _)| *id).min() {
            return Ok(MergeBase::CutOff(id));
        }
        let missing = self.missing();
        if !missing.of_tip.is_empty() || !missing.of_head.is_empty() {
            return Ok(MergeBase::Unknown(missing));
        }
        let common: Vec<CommitId> = self.common.iter().copied().collect();
        Ok(match common[..] {
            [] => MergeBase::Unrelated,
            [one] => MergeBase::One(one),
            _ => MergeBase::Several(common),
        })
    }

    /// What is not known and only one side is known to have: it may lead to another common commit.
    fn missing(&self) -> Missing {
        let mut missing = Missing::default();
        for (id, seen) in &self.seen {
            let side = match (seen.marks.tip, seen.marks.head) {
                (true, false) => {
                    missing.tip_alone += 1;
                    &mut missing.of_tip
                }
                (false, true) => {
                    missing.head_alone += 1;
                    &mut missing.of_head
                }
                _ => continue,
            };
            if seen.node.is_none() {
                side.insert(*id);
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests;
