//! What is already available of a history, in the local clone or in earlier answers. Nothing is requested.

use std::collections::{BTreeMap, BTreeSet};
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

    /// The commits that `new` has and `old` does not, with parents, if that follows from what is available: every way back from
    /// `new` leads to `old`. Nothing is requested.
    pub(super) fn ahead_at_hand(
        &self,
        old: &CommitId,
        new: &CommitId,
    ) -> Option<Vec<(CommitId, Vec<CommitId>)>> {
        let mut ahead = BTreeMap::new();
        let mut open = vec![*new];
        while let Some(at) = open.pop() {
            if at == *old || ahead.contains_key(&at) {
                continue;
            }
            // What comes before `old` is also reached on a way that does not lead to it, and ends at a commit without parents.
            let (info, true) = self.commit_at_hand(&at).ok()?? else {
                return None;
            };
            if info.parents.is_empty() || ahead.len() == MAX_COMMITS {
                return None;
            }
            open.extend(&info.parents);
            ahead.insert(at, info.parents.clone());
        }
        Some(ahead.into_iter().collect())
    }

    /// Whether it is known of a later commit in which commits a path changed, and all of these come after this one. Nothing is
    /// requested.
    pub(super) fn touched_only_later(&self, tip: &CommitId, path: &str) -> bool {
        let known = self.known.borrow();
        let later: Vec<(CommitId, Vec<CommitId>)> = known
            .touched_in
            .iter()
            .filter(|((from, of), _)| of == path && from != tip)
            .map(|((from, _), commits)| (*from, commits.clone()))
            .collect();
        drop(known);
        later.into_iter().any(|(from, commits)| {
            self.ahead_at_hand(tip, &from).is_some_and(|ahead| {
                let ahead: BTreeSet<CommitId> = ahead.into_iter().map(|(one, _)| one).collect();
                commits.iter().all(|commit| ahead.contains(commit))
            })
        })
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::pull::RemoteCommit;

    fn id(digit: u8) -> CommitId {
        format!("{digit:02}").repeat(20).parse().unwrap()
    }

    /// The commits that `new` has and `old` does not, if each of these commits is available with its parents.
    fn ahead(known: &[(u8, &[u8])], old: u8, new: u8) -> Option<Vec<CommitId>> {
        let found = repo(known).ahead_at_hand(&id(old), &id(new))?;
        Some(found.into_iter().map(|(commit, _)| commit).collect())
    }

    fn repo(known: &[(u8, &[u8])]) -> RemoteRepo {
        let repo = RemoteRepo::new("acme/gitops".parse().unwrap(), None);
        for (commit, parents) in known {
            repo.know_commit(&RemoteCommit {
                id: id(*commit),
                tree: "0".repeat(40).parse().unwrap(),
                parents: parents.iter().map(|parent| id(*parent)).collect(),
                message: String::new(),
                author: String::new(),
                authored: Timestamp::UNIX_EPOCH,
                committed: Timestamp::UNIX_EPOCH,
            });
        }
        repo
    }

    #[test]
    fn what_one_commit_has_and_another_has_not_is_known_if_every_way_back_leads_there() {
        let line: &[(u8, &[u8])] = &[(2, &[1]), (3, &[2]), (4, &[3])];
        assert_eq!(ahead(line, 1, 4), Some(vec![id(2), id(3), id(4)]));
        assert_eq!(ahead(line, 4, 4), Some(Vec::new()));
        // 5 merges 3, which was made on 1 beside 4.
        let merge: &[(u8, &[u8])] = &[(3, &[1]), (4, &[1]), (5, &[4, 3])];
        assert_eq!(ahead(merge, 1, 5), Some(vec![id(3), id(4), id(5)]));
    }

    #[test]
    fn what_may_lie_before_the_old_commit_is_asked_for() {
        // A commit is not available.
        assert_eq!(ahead(&[(2, &[1]), (4, &[3])], 1, 4), None);
        // 3 was made on 1, which is older than 2: whether 2 has it too does not show.
        let older: &[(u8, &[u8])] = &[(1, &[]), (2, &[1]), (3, &[1]), (4, &[2, 3])];
        assert_eq!(ahead(older, 2, 4), None);
        // Nothing leads there.
        assert_eq!(ahead(&[(1, &[]), (2, &[1])], 7, 2), None);
    }

    #[test]
    fn a_path_that_changed_only_in_later_commits_was_not_touched_before() {
        let line: &[(u8, &[u8])] = &[(2, &[1]), (3, &[2]), (4, &[3])];
        let repo = repo(line);
        let touched = |from: u8, path: &str, commits: &[u8]| {
            let ids = commits.iter().map(|commit| id(*commit)).collect();
            let mut known = repo.known.borrow_mut();
            known.touched_in.insert((id(from), path.to_owned()), ids);
        };
        touched(4, "a.yaml", &[4, 3]);
        touched(4, "b.yaml", &[4, 2]);
        touched(4, "c.yaml", &[]);
        assert!(repo.touched_only_later(&id(2), "a.yaml"));
        assert!(!repo.touched_only_later(&id(2), "b.yaml"));
        assert!(repo.touched_only_later(&id(1), "b.yaml"));
        assert!(repo.touched_only_later(&id(1), "c.yaml"));
        // Nothing is known of it, or of the commits in between.
        assert!(!repo.touched_only_later(&id(2), "d.yaml"));
        assert!(!repo.touched_only_later(&id(7), "a.yaml"));
    }
}
