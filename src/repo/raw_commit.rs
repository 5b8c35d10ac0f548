//! A commit as walks see it: without its message.

use git2::Oid;

/// The part of a commit that walking needs.
pub(super) struct RawCommit {
    pub(super) tree: Oid,
    /// The real parents, also if a shallow clone cuts them off.
    pub(super) parents: Box<[Oid]>,
    /// Committer time in unix seconds; 0 if it cannot be read. Only the order of a walk, never evidence.
    pub(super) time: i64,
}
