//! Every commit along first parents with what it says, newest first.

use std::ops::ControlFlow;

use super::commit::CommitInfo;
use super::error::RepoError;
use super::objects::{commit_id, oid};
use super::repository::Repo;
use crate::model::ids::CommitId;

/// What is before a commit on the first-parent history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentState {
    /// Its first parent.
    Parent(CommitId),
    /// Nothing: history begins with it.
    Nothing,
    /// A parent that is not here: the clone is shallow and ends with it.
    Cut,
}

/// Called for each commit, with its message and what is before it; returns whether to continue.
pub(crate) type EachCommit<'a> =
    dyn FnMut(&CommitId, &CommitInfo, ParentState) -> Result<ControlFlow<()>, RepoError> + 'a;

impl Repo {
    /// Calls `each` with every commit on the first-parent history of `tip`, newest first, until it breaks off, history
    /// begins, or a shallow clone ends.
    ///
    /// # Errors
    /// Those of `each`; [`RepoError::NotFound`] if `tip` or a commit of its history is not here although the clone is
    /// not shallow there; [`RepoError::Git`] if one is broken.
    pub fn walk_commits(&self, tip: &CommitId, each: &mut EachCommit<'_>) -> Result<(), RepoError> {
        let objects = self.objects()?;
        let mut at = Some(*tip);
        while let Some(commit) = at {
            let id = oid(commit.as_bytes(), || format!("the commit {commit}"))?;
            let (raw, data) = objects.whole_commit(id)?;
            let before = match objects.first_parent(id, &raw) {
                Ok(Some(parent)) => ParentState::Parent(commit_id(parent)?),
                Ok(None) => ParentState::Nothing,
                Err(RepoError::Shallow { .. }) => ParentState::Cut,
                Err(error) => return Err(error),
            };
            if each(&commit, &CommitInfo::parse(&raw, &data)?, before)?.is_break() {
                break;
            }
            at = match before {
                ParentState::Parent(parent) => Some(parent),
                ParentState::Nothing | ParentState::Cut => None,
            };
        }
        Ok(())
    }
}
