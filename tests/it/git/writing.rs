//! Commits made in the object database, before any branch names them.

use sluice::repo::{EntryKind, RepoError};

use super::{assert_refused, author, files};
use test_support::git::{TestRepo, blob_of, git};

#[test]
fn a_commit_replaces_whole_files_keeps_modes_and_leaves_the_rest() {
    let repo = TestRepo::new();
    let parent = repo
        .on("main")
        .file("apps/prod/svc.yaml", "1")
        .file("apps/dev/svc.yaml", "1")
        .executable("run.sh", "1")
        .symlink("link", "run.sh")
        .submodule("sub")
        .raw(b"bad\xff", 0o100_644, b"x")
        .done();
    let opened = repo.open();
    let edits = files(&[
        ("apps/prod/svc.yaml", "2"),
        ("run.sh", "2"),
        ("apps-new/a.yaml", "3"),
    ]);
    let commit = opened
        .write_commit(Some(&parent), &edits, "Promote\n\nbody\n", &author())
        .unwrap();
    let changes = opened.changed_files(Some(&parent), &commit).unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.path.as_str(), change.new, change.new_kind))
        .collect();
    assert_eq!(
        told,
        [
            ("apps-new/a.yaml", Some(blob_of("3")), Some(EntryKind::File)),
            (
                "apps/prod/svc.yaml",
                Some(blob_of("2")),
                Some(EntryKind::File)
            ),
            ("run.sh", Some(blob_of("2")), Some(EntryKind::Executable)),
        ]
    );
    let info = opened.commit_info(&commit).unwrap();
    assert_eq!(
        (info.parents.as_slice(), info.message.as_str()),
        ([parent].as_slice(), "Promote\n\nbody\n")
    );
    assert_eq!(
        (info.author_name.as_str(), info.author_time),
        ("Ada", author().time)
    );
    assert_eq!(repo.tip("main"), Some(parent));
    // git itself finds nothing to object to: order of names, modes, headers.
    git(repo.path(), &["branch", "check", &commit.to_string()]);
    git(repo.path(), &["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn equal_input_makes_an_equal_commit() {
    let repo = TestRepo::new();
    let parent = repo.commit("main", &[("a", "1")]);
    let write = || {
        repo.open()
            .write_commit(Some(&parent), &files(&[("a", "2")]), "m", &author())
            .unwrap()
    };
    assert_eq!(write(), write());
}

#[test]
fn a_root_commit_starts_from_nothing() {
    let repo = TestRepo::new();
    let opened = repo.open();
    let commit = opened
        .write_commit(
            None,
            &files(&[("a/b.yaml", "1"), ("a.yaml", "2")]),
            "m",
            &author(),
        )
        .unwrap();
    assert_eq!(opened.commit_info(&commit).unwrap().parents, []);
    assert_eq!(opened.files(&commit, &|_| true).unwrap().files.len(), 2);
    git(repo.path(), &["branch", "check", &commit.to_string()]);
    git(repo.path(), &["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn what_is_not_a_plain_file_is_never_written_to_or_through() {
    let repo = TestRepo::new();
    let parent = repo
        .on("main")
        .file("apps/a.yaml", "1")
        .symlink("link", "apps")
        .symlink("apps/link.yaml", "a.yaml")
        .submodule("sub")
        .done();
    let opened = repo.open();
    let write =
        |path: &str| opened.write_commit(Some(&parent), &files(&[(path, "2")]), "m", &author());
    for path in [
        "link",
        "link/a.yaml",
        "apps/link.yaml",
        "sub",
        "sub/a.yaml",
        "apps",
        "apps/a.yaml/b",
    ] {
        assert_refused(write(path), "must not be written");
    }
    for path in [
        ".git/config",
        ".github/x.yaml",
        "a/../b",
        "/a",
        "GIT~1/a",
        "a\\b",
        "sub/.gitmodules",
    ] {
        assert_refused(write(path), "must not be written");
    }
}

#[test]
fn two_contents_for_one_path_are_refused() {
    let repo = TestRepo::new();
    let opened = repo.open();
    for pair in [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["x/a", "x/a"]] {
        let edits = files(&[(pair[0], "1"), (pair[1], "2")]);
        assert_refused(
            opened.write_commit(None, &edits, "m", &author()),
            "written twice",
        );
    }
}

#[test]
fn nothing_is_written_where_anything_is_refused() {
    let repo = TestRepo::new();
    let opened = repo.open();
    let edits = files(&[("a.yaml", "never stored"), (".git/x", "2")]);
    assert!(opened.write_commit(None, &edits, "m", &author()).is_err());
    assert!(matches!(
        opened.blob(&blob_of("never stored")),
        Err(RepoError::NotFound { .. })
    ));
}

#[test]
fn an_author_or_message_that_git_cannot_hold_is_refused() {
    let repo = TestRepo::new();
    let opened = repo.open();
    for (name, email) in [
        ("", "a@b"),
        ("A\nparent 0", "a@b"),
        ("A", "a@b>\ncommitter X"),
        ("A <x", "a@b"),
        ("A\0", "a"),
    ] {
        let mut who = author();
        who.name = name.to_owned();
        who.email = email.to_owned();
        assert_refused(
            opened.write_commit(None, &files(&[("a", "1")]), "m", &who),
            "author",
        );
    }
    assert_refused(
        opened.write_commit(None, &files(&[("a", "1")]), "m\0n", &author()),
        "NUL",
    );
}

#[test]
fn a_parent_that_is_not_here_is_not_found() {
    let repo = TestRepo::new();
    let missing = "1".repeat(40).parse().unwrap();
    let answer = repo
        .open()
        .write_commit(Some(&missing), &files(&[("a", "1")]), "m", &author());
    assert!(matches!(answer, Err(RepoError::NotFound { .. })));
}

#[test]
fn the_author_is_the_one_that_git_is_configured_with() {
    let repo = TestRepo::new();
    let who = repo.open().author_from_config(7).unwrap();
    assert_eq!(
        (who.name.as_str(), who.email.as_str(), who.time.unix_seconds),
        ("Test", "test@example.com", 7)
    );
}
