//! Who made commits, and who pushed them: asked for like everything else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::question::{Answer, Question, SignalAnswer, SignalQuestion};
use super::repository::RemoteRepo;
use crate::forge::{Forge, Push};
use crate::model::actor::Actor;
use crate::model::authors::Makers;
use crate::model::ids::CommitId;
use crate::repo::RepoError;

/// Pages of a hundred pushes that are read, one after the other as they are needed.
const PAGES: [usize; 2] = [1, 5];

/// A branch and its tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gather) struct Tip {
    /// The branch's short name.
    pub branch: String,
    /// Its commit.
    pub commit: CommitId,
}

impl RemoteRepo {
    pub(super) async fn fetch_makers(&self, forge: &Forge, commits: Vec<CommitId>) {
        let found = forge.makers(&commits).await.into_iter();
        let found = found.map(|(commit, makers)| (commit, makers.map(Rc::new)));
        self.known.borrow_mut().makers.extend(found);
    }

    /// Who made a commit.
    ///
    /// # Errors
    /// If that could not be read.
    pub(in crate::gather) fn makers(&self, commit: &CommitId) -> Result<Rc<Makers>, RepoError> {
        match self.known.borrow().makers.get(commit) {
            Some(Ok(makers)) => return Ok(Rc::clone(makers)),
            Some(Err(why)) => return self.failed(why),
            None => {}
        }
        self.wants.borrow_mut().makers.insert(*commit);
        self.pending()
    }

    /// The base branch, if it is known; otherwise the default branch.
    ///
    /// # Errors
    /// If it could not be read.
    pub(in crate::gather) fn default_tip(&self) -> Result<Tip, RepoError> {
        if let Some((branch, commit)) = &*self.base.borrow() {
            return Ok(Tip {
                branch: branch.clone(),
                commit: *commit,
            });
        }
        match self.signal(SignalQuestion::DefaultBranch)? {
            SignalAnswer::Branch(branch, commit) => Ok(Tip { branch, commit }),
            _ => self.another(),
        }
    }

    /// Who made the pushes to a branch that brought in each of these commits; `None` for a deleted account. Empty for a
    /// commit that the log does not list. `before`: the commit that all of them come after; `None` if nothing does.
    ///
    /// # Errors
    /// If the log, or the commits in between, could not be read.
    pub(in crate::gather) fn pushers(
        &self,
        tip: &Tip,
        before: Option<&CommitId>,
        commits: &[CommitId],
    ) -> Result<BTreeMap<CommitId, Vec<Option<Actor>>>, RepoError> {
        let ahead = match before {
            Some(before) => match self.ahead_at_hand(before, &tip.commit) {
                Some(ahead) => Rc::new(ahead),
                None => match self.answer(Question::Ahead(*before, tip.commit))? {
                    Answer::Ahead(ahead) => ahead,
                    _ => return self.another(),
                },
            },
            None => Rc::default(),
        };
        let mut found = BTreeMap::new();
        for pages in PAGES {
            let answer = self.pushes(&tip.branch, &tip.commit, pages)?;
            let (pushes, more) = (&answer.0, answer.1);
            found = match before {
                Some(_) => brought_by(commits, &ahead, pushes),
                None => made_by(commits, pushes),
            };
            if !more || !found.values().any(Vec::is_empty) {
                break;
            }
        }
        Ok(found)
    }
}

/// Who made the pushes by which each of these commits came onto a branch. `ahead`: the commits among which they are,
/// with their parents. If it is lost where the branch was before a push, that does not count as containing anything.
fn brought_by(
    commits: &[CommitId],
    ahead: &[(CommitId, Vec<CommitId>)],
    pushes: &[Push],
) -> BTreeMap<CommitId, Vec<Option<Actor>>> {
    let mut children: HashMap<CommitId, Vec<CommitId>> = HashMap::new();
    for (commit, parents) in ahead {
        for parent in parents {
            children.entry(*parent).or_default().push(*commit);
        }
    }
    let each = commits.iter().map(|commit| {
        // The commits from which this one is reached, itself included.
        let mut holding: BTreeSet<String> = BTreeSet::new();
        let mut open = vec![*commit];
        while let Some(at) = open.pop() {
            if holding.insert(at.to_string()) {
                open.extend(children.get(&at).into_iter().flatten());
            }
        }
        let brings =
            |push: &&Push| holding.contains(&push.after) && !holding.contains(&push.before);
        let by = pushes.iter().filter(brings).map(|push| push.by.clone());
        (*commit, by.collect())
    });
    each.collect()
}

/// Who made the branch, to which nothing but that push can have brought its first commit.
fn made_by(commits: &[CommitId], pushes: &[Push]) -> BTreeMap<CommitId, Vec<Option<Actor>>> {
    let from_nothing = |push: &&Push| push.before.bytes().all(|digit| digit == b'0');
    let by = pushes.iter().filter(from_nothing);
    let by: Vec<Option<Actor>> = by.map(|push| push.by.clone()).collect();
    commits.iter().map(|commit| (*commit, by.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::actor::ActorKind;

    fn id(digit: u8) -> CommitId {
        format!("{digit:02}").repeat(20).parse().unwrap()
    }

    /// A push by the account `by` from one commit to another; 0 is nothing.
    fn push(by: u64, before: u8, after: u8) -> Push {
        Push {
            before: format!("{before:02}").repeat(20),
            after: format!("{after:02}").repeat(20),
            forced: false,
            at: jiff::Timestamp::UNIX_EPOCH,
            by: (by > 0).then(|| Actor {
                id: Some(by),
                login: format!("p{by}"),
                kind: ActorKind::User,
            }),
        }
    }

    fn brought(commit: u8, ahead: &[(u8, &[u8])], pushes: &[Push]) -> Vec<u64> {
        let ahead: Vec<(CommitId, Vec<CommitId>)> = ahead
            .iter()
            .map(|(commit, parents)| (id(*commit), parents.iter().map(|one| id(*one)).collect()))
            .collect();
        let found = brought_by(&[id(commit)], &ahead, pushes);
        let by = found[&id(commit)].iter();
        by.map(|by| by.as_ref().and_then(|by| by.id).unwrap_or(0))
            .collect()
    }

    #[test]
    fn a_commit_came_by_the_pushes_after_which_the_branch_held_it_and_before_not() {
        // 1 was there before; 2 and 3 came one by one, then 4 and 5 together.
        let line: &[(u8, &[u8])] = &[(2, &[1]), (3, &[2]), (4, &[3]), (5, &[4])];
        let log = [push(13, 3, 5), push(12, 2, 3), push(11, 1, 2)];
        for (commit, by) in [(2, 11), (3, 12), (4, 13), (5, 13)] {
            assert_eq!(brought(commit, line, &log), [by], "{commit}");
        }
        // The log does not go back that far, or does not have the push yet.
        assert_eq!(brought(2, line, &log[..2]), [0; 0]);
        assert_eq!(brought(5, line, &log[1..]), [0; 0]);
        // The account is gone.
        assert_eq!(brought(2, line, &[push(0, 1, 2)]), [0]);
    }

    #[test]
    fn a_merged_branch_came_by_the_merge_and_not_by_what_lies_beside_it() {
        // 5 merges 3, which was made on 1 beside 4.
        let merge: &[(u8, &[u8])] = &[(3, &[1]), (4, &[1]), (5, &[4, 3])];
        let log = [push(12, 4, 5), push(11, 1, 4)];
        assert_eq!(brought(3, merge, &log), [12]);
        assert_eq!(brought(4, merge, &log), [11]);
        // The other way round: a person who pulls first makes their own work the first parent.
        let pulled: &[(u8, &[u8])] = &[(3, &[1]), (4, &[1]), (5, &[3, 4])];
        assert_eq!(brought(3, pulled, &log), [12]);
        assert_eq!(brought(4, pulled, &log), [11]);
    }

    #[test]
    fn what_was_pushed_over_counts_as_brought_again() {
        // 2 was pushed, replaced by 9, which is lost, and brought back with 3.
        let line: &[(u8, &[u8])] = &[(2, &[1]), (3, &[2])];
        let log = [push(13, 9, 3), push(12, 2, 9), push(11, 1, 2)];
        assert_eq!(brought(2, line, &log), [13, 11]);
    }

    #[test]
    fn the_first_commit_came_with_the_branch() {
        let log = [push(12, 1, 2), push(11, 0, 1)];
        let found = made_by(&[id(1)], &log);
        assert_eq!(found[&id(1)], [push(11, 0, 1).by]);
        assert!(made_by(&[id(1)], &log[..1])[&id(1)].is_empty());
    }
}
