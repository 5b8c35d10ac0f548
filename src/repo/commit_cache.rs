//! The commits that one repository has read: a command often walks the same history for several questions, and reads each commit once.
//!
//! What is kept was read by its ID, and hashed, and an object cannot change under its ID, so it is never out of date. Where a shallow clone ends can
//! change, so it is not kept. A commit that could not be read is not kept either: it may be fetched later.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use git2::Oid;

use super::raw_commit::RawCommit;

/// What walks need is kept of at most this many commits, about 20 MB; a further parent of a merge counts as one. When they are full, nothing is
/// replaced: walks begin at the newest commits, and these are kept. What is older is read again by each walk.
const MAX_COMMITS: usize = 1 << 17;

/// With their messages, only this many commits that were read last are kept: the message is mostly wanted right after a walk has read the commit, or
/// right before it does.
const MAX_WHOLE: usize = 8;

/// A commit object with more bytes than this is not kept with its message.
const MAX_WHOLE_BYTES: usize = 1 << 16;

/// A commit, and the object that it was read from: headers, an empty line, the message.
pub(super) type WholeCommit = (Arc<RawCommit>, Arc<[u8]>);

/// The commits that were read.
#[derive(Default)]
pub(super) struct CommitCache {
    commits: RefCell<HashMap<Oid, Arc<RawCommit>>>,
    /// How many commits and further parents `commits` holds.
    size: Cell<usize>,
    /// The oldest first.
    whole: RefCell<VecDeque<(Oid, WholeCommit)>>,
}

impl CommitCache {
    /// A commit that was read.
    pub(super) fn get(&self, id: Oid) -> Option<Arc<RawCommit>> {
        self.commits.borrow().get(&id).cloned()
    }

    /// A commit that was read just now, with its message.
    pub(super) fn whole(&self, id: Oid) -> Option<WholeCommit> {
        let whole = self.whole.borrow();
        let found = whole.iter().find(|(known, _)| *known == id);
        found.map(|(_, commit)| commit.clone())
    }

    /// Keeps a commit that was read, as far as there is room.
    pub(super) fn keep(&self, id: Oid, commit: &WholeCommit) {
        let size = self.size.get() + commit.0.parents.len().max(1);
        if size <= MAX_COMMITS {
            let commit = Arc::clone(&commit.0);
            if self.commits.borrow_mut().insert(id, commit).is_none() {
                self.size.set(size);
            }
        }
        if commit.1.len() <= MAX_WHOLE_BYTES {
            let mut whole = self.whole.borrow_mut();
            if whole.len() == MAX_WHOLE {
                whole.pop_front();
            }
            whole.push_back((id, commit.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A commit with these parents, and its ID.
    fn commit(number: usize, parents: usize, bytes: usize) -> (Oid, WholeCommit) {
        let id = Oid::from_str(&format!("{number:040x}")).unwrap();
        let raw = RawCommit {
            tree: id,
            parents: vec![id; parents].into(),
            time: 0,
        };
        (id, (Arc::new(raw), vec![0; bytes].into()))
    }

    fn keep(cache: &CommitCache, number: usize, parents: usize, bytes: usize) -> Oid {
        let (id, whole) = commit(number, parents, bytes);
        cache.keep(id, &whole);
        id
    }

    #[test]
    fn a_full_cache_keeps_what_it_has() {
        let cache = CommitCache::default();
        let first = keep(&cache, 1, 0, 0);
        let many = keep(&cache, 2, MAX_COMMITS - 2, 0);
        let last = keep(&cache, 3, 1, 0);
        assert!([first, many, last].map(|id| cache.get(id).is_some()) == [true; 3]);
        let beyond = keep(&cache, 4, 1, 0);
        assert!(cache.get(beyond).is_none() && cache.get(first).is_some());
    }

    #[test]
    fn messages_are_kept_of_the_last_few_commits_unless_they_are_huge() {
        let cache = CommitCache::default();
        let huge = keep(&cache, 1, 1, MAX_WHOLE_BYTES + 1);
        let ids: Vec<Oid> = (2..3 + MAX_WHOLE)
            .map(|number| keep(&cache, number, 1, MAX_WHOLE_BYTES))
            .collect();
        let kept = ids.iter().map(|id| cache.whole(*id).is_some());
        let expected = (0..ids.len()).map(|at| at > 0);
        assert!(kept.eq(expected));
        assert!(cache.whole(huge).is_none() && cache.get(huge).is_some());
    }
}
