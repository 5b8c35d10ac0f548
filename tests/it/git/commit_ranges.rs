//! The commits between two: what only one side has, over all parents, by what it touches.

use git2::{Oid, Signature, Time};
use proptest::prelude::*;
use sluice::model::commit_range::Direction;
use sluice::model::ids::CommitId;
use sluice::repo::{CommitRange, RangeQuery, Repo, RepoError};

use super::strings;
use test_support::git::{TestRepo, git, to_commit};

fn ask(
    repo: &Repo,
    old: &CommitId,
    new: &CommitId,
    folders: &[&str],
) -> Result<CommitRange, RepoError> {
    let stretch = RangeQuery {
        old: *old,
        new: *new,
        folders: strings(folders),
    };
    let mut found = repo.between(&[stretch]).unwrap();
    assert_eq!(found.len(), 1);
    found.pop().unwrap()
}

#[track_caller]
fn between(
    repo: &TestRepo,
    old: &CommitId,
    new: &CommitId,
    folder: &str,
) -> (Direction, Vec<CommitId>) {
    let found = ask(&repo.open(), old, new, &[folder]).unwrap();
    assert!(!found.cut);
    (found.way, found.commits)
}

#[test]
fn it_names_what_touches_the_folder_and_which_way_it_goes() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("app/x", "1"), ("docs/x", "1")]);
    let b = repo.commit("main", &[("app/x", "2")]);
    repo.commit("main", &[("docs/x", "2")]);
    let d = repo.commit("main", &[("app/y", "1"), ("docs/x", "3")]);
    repo.branch("side", &b);
    let s = repo.commit("side", &[("app/x", "3")]);
    assert_eq!(
        between(&repo, &a, &d, "app"),
        (Direction::Forward, vec![d, b])
    );
    assert_eq!(
        between(&repo, &d, &a, "./app/"),
        (Direction::Back, vec![d, b])
    );
    assert_eq!(
        between(&repo, &d, &s, "app"),
        (Direction::Sideways, vec![s])
    );
    assert_eq!(between(&repo, &a, &a, "app"), (Direction::Forward, vec![]));
    assert_eq!(
        between(&repo, &b, &d, "nowhere"),
        (Direction::Forward, vec![])
    );
    assert_eq!(between(&repo, &a, &d, "").1.len(), 3);
    let both = ask(&repo.open(), &a, &d, &["docs", "app/x"]).unwrap();
    assert_eq!(both.commits.len(), 3);
    // Many are answered as each alone, whatever folders the others ask for.
    let opened = repo.open();
    let stretch = |old: &CommitId, new: &CommitId, folder: &str| RangeQuery {
        old: *old,
        new: *new,
        folders: strings(&[folder]),
    };
    let all = [
        stretch(&a, &d, "app"),
        stretch(&a, &d, "app/y"),
        stretch(&d, &s, "docs/x"),
        stretch(&a, &d, "../x"),
    ];
    let mut found = opened.between(&all).unwrap().into_iter();
    assert_eq!(found.next().unwrap().unwrap().commits, [d, b]);
    assert_eq!(found.next().unwrap().unwrap().commits, [d]);
    assert_eq!(found.next().unwrap().unwrap().way, Direction::Sideways);
    assert!(found.next().unwrap().is_err());
}

#[test]
fn a_merge_counts_only_where_it_is_none_of_its_sides() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("app/x", "1"), ("app/y", "1")]);
    repo.branch("side", &a);
    let s = repo.commit("side", &[("app/x", "2")]);
    // The merge takes the file as the side has it.
    let plain = repo.on("main").merging("side").file("app/x", "2").done();
    assert_eq!(between(&repo, &a, &plain, "app").1, [s]);
    let t = repo.commit("side", &[("app/x", "3")]);
    let m = repo.commit("main", &[("app/y", "2")]);
    let both = repo.on("main").merging("side").file("app/x", "3").done();
    let (way, found) = between(&repo, &plain, &both, "app");
    assert_eq!((way, found), (Direction::Forward, vec![both, m, t]));
}

#[test]
fn a_shallow_clone_says_where_it_ends_and_what_is_not_here_is_not_found() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("app/x", "1")]);
    repo.commit("main", &[("app/x", "2")]);
    let c = repo.commit("main", &[("app/x", "3")]);
    let d = repo.commit("main", &[("app/x", "4")]);
    let dir = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repo.path().display());
    git(dir.path(), &["clone", "-q", "--depth=2", &from, "clone"]);
    let clone = Repo::at(&dir.path().join("clone"));
    let clone = clone.unwrap().unwrap();
    assert_eq!(ask(&clone, &c, &d, &["app"]).unwrap().commits, [d]);
    assert_eq!(ask(&clone, &d, &c, &["app"]).unwrap().way, Direction::Back);
    let gone = ask(&clone, &a, &d, &["app"]).unwrap_err();
    assert!(matches!(gone, RepoError::NotFound { .. }), "{gone}");
}

#[test]
fn what_is_longer_than_it_looks_through_is_cut_and_says_so() {
    let repo = TestRepo::new();
    let git = repo.git();
    let who = Signature::new("A", "a@b", &Time::new(0, 0)).unwrap();
    let mut chain: Vec<Oid> = Vec::new();
    for number in 0..2_102 {
        let blob = git.blob(format!("{number}").as_bytes()).unwrap();
        let mut tree = git.treebuilder(None).unwrap();
        tree.insert("x", blob, 0o100_644).unwrap();
        let tree = git.find_tree(tree.write().unwrap()).unwrap();
        let parent = chain.last().map(|id| git.find_commit(*id).unwrap());
        let parents: Vec<_> = parent.iter().collect();
        let commit = git.commit(None, &who, &who, "", &tree, &parents);
        chain.push(commit.unwrap());
    }
    let (old, new) = (to_commit(chain[0]), to_commit(chain[2_101]));
    let found = ask(&repo.open(), &old, &new, &["x"]).unwrap();
    assert!(found.cut);
    assert_eq!(
        (found.way, found.commits.len()),
        (Direction::Forward, 2_000)
    );
    assert_eq!(found.commits[0], new);
    let back = ask(&repo.open(), &new, &old, &["x"]).unwrap();
    assert_eq!(back.way, Direction::Back);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Against git's own `rev-list`, over random histories. The direction does not depend on any clock; which commits there
    /// are is only compared if no child is older than its parent.
    #[test]
    fn it_finds_what_git_finds(
        shape in prop::collection::vec((any::<u8>(), any::<u8>(), 0_u8..3, -2_i64..3), 2..14),
        ends in (any::<u8>(), any::<u8>()),
    ) {
        let repo = TestRepo::new();
        let inner = repo.git();
        let mut made: Vec<(Oid, i64)> = Vec::new();
        let mut clocks_hold = true;
        for (number, (first, second, kind, later)) in shape.iter().enumerate() {
            let pick = |from: &u8| made[usize::from(*from) % made.len()];
            let mut parents: Vec<(Oid, i64)> = Vec::new();
            if !made.is_empty() && *kind > 0 {
                parents.push(pick(first));
            }
            if !made.is_empty() && *kind > 1 && pick(second).0 != pick(first).0 {
                parents.push(pick(second));
            }
            let time = parents.iter().map(|(_, time)| *time).max().unwrap_or(100) + later;
            clocks_hold &= *later >= 0 || parents.is_empty();
            let who = Signature::new("A", "a@b", &Time::new(time, 0)).unwrap();
            let blob = inner.blob(format!("{number}").as_bytes()).unwrap();
            let mut tree = inner.treebuilder(None).unwrap();
            tree.insert("x", blob, 0o100_644).unwrap();
            let tree = inner.find_tree(tree.write().unwrap()).unwrap();
            let parents: Vec<_> = parents.iter().map(|(id, _)| inner.find_commit(*id).unwrap()).collect();
            let parents: Vec<_> = parents.iter().collect();
            made.push((inner.commit(None, &who, &who, "", &tree, &parents).unwrap(), time));
        }
        let end = |at: u8| to_commit(made[usize::from(at) % made.len()].0);
        let (old, new) = (end(ends.0), end(ends.1));
        let found = ask(&repo.open(), &old, &new, &[""]).unwrap();
        let only = |of: &CommitId, without: &CommitId| -> Vec<String> {
            let said = git(repo.path(), &["rev-list", &of.to_string(), &format!("^{without}")]);
            let mut ids: Vec<String> = said.lines().map(str::to_owned).collect();
            ids.sort();
            ids
        };
        let (there, back) = (only(&new, &old), only(&old, &new));
        let (way, wanted) = match (there.is_empty(), back.is_empty()) {
            (_, true) => (Direction::Forward, there),
            (true, false) => (Direction::Back, back),
            (false, false) => (Direction::Sideways, there),
        };
        let mut ids: Vec<String> = found.commits.iter().map(CommitId::to_string).collect();
        ids.sort();
        prop_assert_eq!(found.way, way);
        if clocks_hold {
            prop_assert_eq!(ids, wanted);
        }
    }
}
