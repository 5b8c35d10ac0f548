//! Which commit descends from which, over all parents.

use git2::Oid;

use super::error::RepoError;
use super::objects::oid;
use super::repository::Repo;
use super::two_sides::{Side, Walk};
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
    /// [`RepoError::NotFound`] if a commit is not here. [`RepoError::Shallow`] if the walk ended at the boundary of a
    /// shallow clone without finding it: then nothing is known.
    pub fn reachable_from_any(
        &self,
        commit: &CommitId,
        tips: &[CommitId],
    ) -> Result<bool, RepoError> {
        let objects = self.objects()?;
        let id = |commit: &CommitId| oid(commit.as_bytes(), || format!("the commit {commit}"));
        let wanted = id(commit)?;
        let mut walk = Walk::new(&objects);
        walk.begin(BELOW, wanted)?;
        for tip in tips {
            walk.begin(TIPS, id(tip)?)?;
        }
        reaches(&mut walk, wanted)
    }
}

/// The side of the wanted commit: it and its ancestors, so nothing beyond them can lead to it.
const BELOW: Side = Side::Old;
/// The side of the tips.
const TIPS: Side = Side::New;

/// Whether the tips' side has the wanted commit. The wanted commit's own ancestors are walked only to know where the tips' side need not go
/// on, so a miss does not read all of history. The answer does not depend on clocks, since no descendant of the wanted commit is ever marked
/// as below it.
fn reaches(walk: &mut Walk<'_>, wanted: Oid) -> Result<bool, RepoError> {
    while !walk.has(TIPS, wanted) && walk.is_open(TIPS) {
        walk.step()?;
    }
    if walk.has(TIPS, wanted) {
        return Ok(true);
    }
    // Below the wanted commit a missing past only costs speed; on the tips' side it costs the answer.
    walk.whole(&[TIPS])?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Author, GitTime};

    /// A commit on top of `parent`, made this many minutes after 2020.
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
        walk.begin(BELOW, id(wanted)).unwrap();
        walk.begin(TIPS, id(tip)).unwrap();
        (reaches(&mut walk, id(wanted)).unwrap(), walk.read())
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
