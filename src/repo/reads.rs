//! How often commits are read, for tests.

use std::cell::RefCell;
use std::collections::BTreeMap;

use git2::Oid;

use crate::model::ids::CommitId;

thread_local! {
    static READ: RefCell<BTreeMap<CommitId, usize>> = RefCell::default();
}

/// Counts that a commit was read.
pub(super) fn count(id: Oid) {
    let id = CommitId::from_bytes(id.as_bytes()).unwrap();
    READ.with_borrow_mut(|read| *read.entry(id).or_default() += 1);
}

/// How often `work` reads each commit from an object database, on this thread.
pub(crate) fn counted(work: impl FnOnce()) -> BTreeMap<CommitId, usize> {
    READ.take();
    work();
    READ.take()
}
