//! Shallow clones: answers up to the boundary, and an error if only what lies beyond could decide.

use std::path::PathBuf;

use sluice::repo::{Repo, RepoError};

use super::strings;
use super::walking::{changes, watch};
use test_support::git::{TestRepo, git};

/// A shallow clone of `repo` with this many commits, made by git itself.
fn shallow_clone(repo: &TestRepo, depth: usize) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repo.path().display());
    git(
        dir.path(),
        &[
            "clone",
            "-q",
            "--no-local",
            &format!("--depth={depth}"),
            &from,
            "clone",
        ],
    );
    let path = dir.path().join("clone");
    (dir, path)
}

#[test]
fn a_shallow_clone_answers_up_to_its_boundary_and_never_guesses_beyond() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("a", "1"), ("b", "1")]);
    let b = repo.commit("main", &[("a", "2")]);
    let c = repo.commit("main", &[("c", "1")]);
    let d = repo.commit("main", &[("b", "2")]);
    let (_dir, path) = shallow_clone(&repo, 2);
    let clone = Repo::at(&path).unwrap().unwrap();
    assert!(clone.is_shallow() && !repo.open().is_shallow());
    assert!(clone.has_commit(&c) && !clone.has_commit(&b));
    assert_eq!(clone.blob_at(&c, "a").unwrap().unwrap().1, b"2");
    assert_eq!(clone.commit_info(&c).unwrap().parents, [b]);
    assert_eq!(
        clone.newest_change(&d, &watch(&["b"], &[])).unwrap(),
        Some(d)
    );
    let ends_at_c =
        |error: RepoError| matches!(error, RepoError::Shallow { boundary } if boundary == c);
    assert!(ends_at_c(
        clone.newest_change(&d, &watch(&["a"], &[])).unwrap_err()
    ));
    assert!(ends_at_c(changes(&clone, &d, &["b"]).unwrap_err()));
    let mut seen = 0;
    clone
        .walk_changes(&d, &strings(&["b"]), usize::MAX, &mut |_| {
            seen += 1;
            Ok(vec![0])
        })
        .unwrap();
    assert_eq!(seen, 1);
    assert!(clone.is_ancestor(&c, &d).unwrap());
    // An ancestor's own descendant is not one of its ancestors, whatever lies beyond the boundary.
    assert!(!clone.is_ancestor(&d, &c).unwrap());
    assert!(matches!(
        clone.is_ancestor(&a, &d),
        Err(RepoError::NotFound { .. })
    ));
}

#[test]
fn a_shallow_clone_does_not_deny_an_ancestor_that_it_cannot_see() {
    let repo = TestRepo::new();
    let base = repo.commit("main", &[("a", "1")]);
    repo.branch("side", &base);
    let side = repo.commit("side", &[("a", "2")]);
    repo.on("main").merging("side").file("a", "2").done();
    let tip = repo.commit("main", &[("b", "1")]);
    assert!(repo.open().is_ancestor(&side, &tip).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repo.path().display());
    git(
        dir.path(),
        &[
            "clone",
            "-q",
            "--depth=1",
            "--no-single-branch",
            &from,
            "clone",
        ],
    );
    let clone = Repo::at(&dir.path().join("clone")).unwrap().unwrap();
    assert!(clone.has_commit(&side) && clone.has_commit(&tip));
    let answer = clone.is_ancestor(&side, &tip);
    assert!(matches!(answer, Err(RepoError::Shallow { boundary }) if boundary == tip));
}

#[test]
fn a_linked_work_tree_of_a_shallow_clone_is_shallow_too() {
    let repo = TestRepo::new();
    repo.commit("main", &[("a", "1")]);
    let tip = repo.commit("main", &[("b", "1")]);
    let (dir, path) = shallow_clone(&repo, 1);
    let linked = dir.path().join("linked");
    git(
        &path,
        &["worktree", "add", "-q", "-b", "x", linked.to_str().unwrap()],
    );
    let linked = Repo::at(&linked).unwrap().unwrap();
    assert!(linked.is_shallow());
    assert!(matches!(
        changes(&linked, &tip, &["a"]),
        Err(RepoError::Shallow { .. })
    ));
    assert!(matches!(
        changes(&linked.virtual_over().unwrap(), &tip, &["a"]),
        Err(RepoError::Shallow { .. })
    ));
}
