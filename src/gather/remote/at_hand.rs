//! What is already available of a history, in the local clone or in earlier answers. Nothing is requested.

use std::rc::Rc;

use super::repository::RemoteRepo;
use super::walk::MAX_COMMITS;
use crate::forge::MAX_PARENTS;
use crate::model::ids::CommitId;
use crate::repo::{CommitInfo, RepoError};

impl RemoteRepo {
    /// A commit, if it is available, and whether all of its parents are listed. Nothing is requested.
    ///
    /// # Errors
    /// If it was asked for and could not be had.
    pub(in crate::gather) fn commit_at_hand(
        &self,
        commit: &CommitId,
    ) -> Result<Option<(Rc<CommitInfo>, bool)>, RepoError> {
        if !self.known.borrow().commits.contains_key(commit) && !self.is_local(commit) {
            return Ok(None);
        }
        let info = self.info_of(commit)?;
        if info.parents.len() < MAX_PARENTS {
            return Ok(Some((info, true)));
        }
        Ok(Some(match self.clone_with(commit) {
            Some(local) => (Rc::new(local.commit_info(commit)?), true),
            None => (info, false),
        }))
    }

    /// Whether the clone at hand holds a commit.
    pub(in crate::gather) fn is_local(&self, commit: &CommitId) -> bool {
        self.clone_with(commit).is_some()
    }

    /// The first parent of a commit whose trees are available; `None` if they are not, or it has none.
    pub(super) fn parent_at_hand(&self, commit: &CommitId) -> Option<CommitId> {
        if let Some(local) = self.clone_with(commit) {
            return local.commit_info(commit).ok()?.parents.first().copied();
        }
        let known = self.known.borrow();
        let Some(Ok(Some(info))) = known.commits.get(commit) else {
            return None;
        };
        let whole = known.trees.contains_key(&info.tree);
        info.parents.first().filter(|_| whole).copied()
    }

    /// Whether the whole first-parent history of a commit is available, and nothing was ever at a path. Nothing is
    /// requested.
    pub(super) fn never_at_hand(&self, tip: &CommitId, path: &str) -> bool {
        let known = self.known.borrow();
        let mut at = *tip;
        for _ in 0..MAX_COMMITS {
            if !matches!(known.entries.get(&(at, path.to_owned())), Some(None)) {
                return false;
            }
            let Some(Ok(Some(info))) = known.commits.get(&at) else {
                return false;
            };
            match info.parents.first() {
                Some(parent) => at = *parent,
                None => return true,
            }
        }
        false
    }
}
