//! Which commit descends from which, over all parents.

use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};

use git2::Oid;

use super::error::RepoError;
use super::objects::{Objects, RawCommit, oid};
use super::repository::Repo;
use crate::model::ids::CommitId;

impl Repo {
    /// Whether `ancestor` is `of` or reachable from it over any parents.
    ///
    /// # Errors
    /// As [`Repo::reachable_from_any`].
    pub fn is_ancestor(&self, ancestor: &CommitId, of: &CommitId) -> Result<bool, RepoError> {
        self.reachable_from_any(ancestor, std::slice::from_ref(of))
    }

    /// Whether `commit` is one of `tips` or reachable from any of them over any parents. One walk serves all tips.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] where a commit is not here. [`RepoError::Shallow`] where the walk ended at the boundary
    /// of a shallow clone without finding it: then nothing is known.
    pub fn reachable_from_any(
        &self,
        commit: &CommitId,
        tips: &[CommitId],
    ) -> Result<bool, RepoError> {
        let objects = self.objects()?;
        let id = |commit: &CommitId| oid(commit.as_bytes(), || format!("the commit {commit}"));
        let wanted = id(commit)?;
        let mut walk = Walk::new(&objects);
        walk.mark(wanted, Marks::BELOW)?;
        for tip in tips {
            walk.mark(id(tip)?, Marks::FROM_TIP)?;
        }
        walk.reaches(wanted)
    }
}

/// From where a commit was reached.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    /// From the wanted commit: it is that commit or an ancestor of it, so nothing beyond it can lead there.
    below: bool,
    /// From one of the tips.
    from_tip: bool,
}

impl Marks {
    const BELOW: Self = Self {
        below: true,
        from_tip: false,
    };
    const FROM_TIP: Self = Self {
        below: false,
        from_tip: true,
    };

    /// Whether the wanted commit may still be found further down from here.
    fn is_open(self) -> bool {
        self.from_tip && !self.below
    }
}

/// Walks down from the wanted commit and from the tips at once, newest first. The wanted commit's own ancestors are
/// walked only to know where the tips' side need not go on, so a miss does not read all of history. Times only order
/// the walk: the answer does not depend on clocks, since no descendant of the wanted commit is ever marked as below it.
struct Walk<'a> {
    objects: &'a Objects<'a>,
    seen: HashMap<Oid, Seen>,
    queue: BinaryHeap<(i64, Oid)>,
    /// How many queued commits are on the tips' side only. Without any the answer is no.
    open: usize,
}

struct Seen {
    marks: Marks,
    commit: RawCommit,
    /// Its parents are still to be marked. Marks that come later change nothing in the answer.
    queued: bool,
}

impl<'a> Walk<'a> {
    fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            seen: HashMap::new(),
            queue: BinaryHeap::new(),
            open: 0,
        }
    }

    fn mark(&mut self, id: Oid, marks: Marks) -> Result<(), RepoError> {
        let seen = match self.seen.entry(id) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(free) => {
                let commit = self.objects.commit(id)?;
                self.queue.push((commit.time, id));
                free.insert(Seen {
                    marks: Marks::default(),
                    commit,
                    queued: true,
                })
            }
        };
        let before = seen.marks;
        seen.marks.below |= marks.below;
        seen.marks.from_tip |= marks.from_tip;
        if seen.queued {
            self.open -= usize::from(before.is_open());
            self.open += usize::from(seen.marks.is_open());
        }
        Ok(())
    }

    fn reaches(&mut self, wanted: Oid) -> Result<bool, RepoError> {
        let is_hit =
            |seen: &HashMap<Oid, Seen>| seen.get(&wanted).is_some_and(|seen| seen.marks.from_tip);
        let mut cut_off = None;
        while !is_hit(&self.seen) && self.open > 0 {
            let Some((_, id)) = self.queue.pop() else {
                break;
            };
            let Some(seen) = self.seen.get_mut(&id) else {
                break;
            };
            seen.queued = false;
            let marks = seen.marks;
            self.open -= usize::from(marks.is_open());
            match self.objects.parents(id, &seen.commit).map(<[Oid]>::to_vec) {
                Ok(parents) => {
                    for parent in parents {
                        self.mark(parent, marks)?;
                    }
                }
                // Below the wanted commit a missing past only costs speed; on the tips' side it costs the answer.
                Err(error @ RepoError::Shallow { .. }) if marks.is_open() => cut_off = Some(error),
                Err(RepoError::Shallow { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        match cut_off {
            _ if is_hit(&self.seen) => Ok(true),
            Some(shallow) => Err(shallow),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Author, GitTime};

    /// A commit on top of `parent`, made so many minutes after 2020.
    fn commit(repo: &Repo, parent: Option<&CommitId>, minute: i64) -> CommitId {
        let time = GitTime {
            unix_seconds: 1_577_836_800 + 60 * minute,
            offset_minutes: 0,
        };
        let (name, email) = ("A".to_owned(), "a@example.com".to_owned());
        let author = Author { name, email, time };
        repo.write_commit(parent, &[], "", &author).unwrap()
    }

    /// The answer, and how many commits were read for it.
    fn ask(repo: &Repo, wanted: &CommitId, tip: &CommitId) -> (bool, usize) {
        let objects = repo.objects().unwrap();
        let id = |commit: &CommitId| Oid::from_bytes(commit.as_bytes()).unwrap();
        let mut walk = Walk::new(&objects);
        walk.mark(id(wanted), Marks::BELOW).unwrap();
        walk.mark(id(tip), Marks::FROM_TIP).unwrap();
        (walk.reaches(id(wanted)).unwrap(), walk.seen.len())
    }

    #[test]
    fn neither_a_hit_nor_a_miss_reads_history_that_cannot_matter() {
        let repo = Repo::virtual_empty().unwrap();
        let mut chain = vec![commit(&repo, None, 0)];
        for minute in 1..200 {
            chain.push(commit(&repo, chain.last(), minute));
        }
        let fork = commit(&repo, Some(&chain[190]), 300);
        let (tip, near) = (&chain[199], &chain[195]);
        assert_eq!(ask(&repo, near, tip), (true, 5));
        let (found, read) = ask(&repo, &fork, tip);
        assert!(!found && read <= 15, "{read}");
        let (found, read) = ask(&repo, tip, near);
        assert!(!found && read <= 10, "{read}");
    }
}
