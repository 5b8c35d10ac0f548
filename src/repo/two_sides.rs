//! A walk down from two sides of history at once, newest first, which marks what each side has.
//!
//! Times only order the walk: if a clock was wrong, a commit is marked again as soon as the other side reaches it, and so is everything
//! below it. When to stop is up to the caller.

use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use git2::Oid;

use super::error::RepoError;
use super::objects::Objects;
use super::raw_commit::RawCommit;

/// One side of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// Which sides have a commit.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    old: bool,
    new: bool,
}

impl Marks {
    fn of(side: Side) -> Self {
        Self {
            old: side == Side::Old,
            new: side == Side::New,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            old: self.old || other.old,
            new: self.new || other.new,
        }
    }

    /// The one side that has it.
    fn alone(self) -> Option<Side> {
        match (self.old, self.new) {
            (true, false) => Some(Side::Old),
            (false, true) => Some(Side::New),
            _ => None,
        }
    }
}

struct Seen {
    commit: Arc<RawCommit>,
    marks: Marks,
    /// Its parents are still to be marked.
    queued: bool,
}

/// The walk.
pub(super) struct Walk<'a> {
    objects: &'a Objects<'a>,
    seen: HashMap<Oid, Seen>,
    queue: BinaryHeap<(i64, Oid)>,
    /// How many queued commits only the old side has, and only the new one.
    open: [usize; 2],
    /// Commits at which a shallow clone ends.
    ended: Vec<(Oid, RepoError)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            seen: HashMap::new(),
            queue: BinaryHeap::new(),
            open: [0; 2],
            ended: Vec::new(),
        }
    }

    /// Lets a side begin at a commit.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if it is not here.
    pub(super) fn begin(&mut self, side: Side, id: Oid) -> Result<(), RepoError> {
        self.mark(id, Marks::of(side))
    }

    fn mark(&mut self, id: Oid, marks: Marks) -> Result<(), RepoError> {
        let seen = match self.seen.entry(id) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(free) => free.insert(Seen {
                commit: self.objects.commit(id)?,
                marks: Marks::default(),
                queued: false,
            }),
        };
        let all = seen.marks.and(marks);
        if all == seen.marks {
            return Ok(());
        }
        if let (true, Some(side)) = (seen.queued, seen.marks.alone()) {
            self.open[side as usize] -= 1;
        }
        seen.marks = all;
        if let Some(side) = all.alone() {
            self.open[side as usize] += 1;
        }
        if !seen.queued {
            seen.queued = true;
            self.queue.push((seen.commit.time, id));
        }
        Ok(())
    }

    /// Whether commits that only this side has are still queued.
    pub(super) fn is_open(&self, side: Side) -> bool {
        self.open[side as usize] > 0
    }

    /// Whether a side is known to have a commit.
    pub(super) fn has(&self, side: Side, id: Oid) -> bool {
        self.seen.get(&id).is_some_and(|seen| match side {
            Side::Old => seen.marks.old,
            Side::New => seen.marks.new,
        })
    }

    /// The one side that has a commit, as far as is known.
    pub(super) fn alone(&self, id: Oid) -> Option<Side> {
        self.seen.get(&id).and_then(|seen| seen.marks.alone())
    }

    /// The time of the newest queued commit.
    pub(super) fn newest(&self) -> Option<i64> {
        self.queue.peek().map(|(time, _)| *time)
    }

    /// Takes the newest queued commit, and marks its parents.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if a parent is not here, unless a shallow clone ends there.
    pub(super) fn step(&mut self) -> Result<Option<Oid>, RepoError> {
        let Some((_, id)) = self.queue.pop() else {
            return Ok(None);
        };
        let Some(seen) = self.seen.get_mut(&id) else {
            return Ok(None);
        };
        seen.queued = false;
        let (marks, commit) = (seen.marks, Arc::clone(&seen.commit));
        if let Some(side) = marks.alone() {
            self.open[side as usize] -= 1;
        }
        match self.objects.parents(id, &commit) {
            Ok(parents) => {
                for parent in parents {
                    self.mark(*parent, marks)?;
                }
            }
            Err(error @ RepoError::Shallow { .. }) => self.ended.push((id, error)),
            Err(error) => return Err(error),
        }
        Ok(Some(id))
    }

    /// The error of a shallow clone's end at a commit that only one of these sides has. Below what both have, no one misses the past.
    ///
    /// # Errors
    /// [`RepoError::Shallow`].
    pub(super) fn whole(&mut self, sides: &[Side]) -> Result<(), RepoError> {
        let ended = std::mem::take(&mut self.ended).into_iter();
        let mut missed = ended.filter(|(id, _)| {
            let alone = self.alone(*id);
            alone.is_some_and(|side| sides.contains(&side))
        });
        missed.next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// How many commits were read.
    #[cfg(test)]
    pub(super) fn read(&self) -> usize {
        self.seen.len()
    }
}
