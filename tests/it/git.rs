//! The local repository on real ones: opening and refs here, the rest by subject.

mod ancestry;
mod commit_ranges;
mod in_memory;
mod local_landing;
mod reading;
mod shallow;
mod walking;
mod writing;

use std::fs;
use std::path::Path;

use sluice::repo::{Author, GitTime, Head, Location, RefHits, Repo, RepoError};

use test_support::git::{TestRepo, git, to_oid};

/// An author at a fixed time.
pub(crate) fn author() -> Author {
    Author {
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        time: GitTime {
            unix_seconds: 1_800_000_000,
            offset_minutes: 0,
        },
    }
}

/// Files as `write_commit` takes them.
pub(crate) fn files(files: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect()
}

pub(crate) fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(answer: Result<T, RepoError>, says: &str) {
    match answer {
        Err(RepoError::Refused { why }) => assert!(why.contains(says), "{why}"),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn only_the_top_of_a_work_tree_or_a_bare_directory_is_a_repository() {
    let repo = TestRepo::new();
    repo.commit("main", &[("apps/a.yaml", "1")]);
    repo.check_out("main");
    assert!(Repo::at(repo.path()).unwrap().is_some());
    assert!(Repo::at(&repo.path().join("apps")).unwrap().is_none());
    assert!(Repo::at(&repo.path().join(".git")).unwrap().is_none());
    let bare = TestRepo::bare();
    assert!(Repo::at(bare.path()).unwrap().unwrap().is_bare());
    assert!(Repo::at(&bare.path().join("refs")).unwrap().is_none());
    let plain = tempfile::tempdir().unwrap();
    assert!(Repo::at(plain.path()).unwrap().is_none());
}

#[test]
fn a_path_that_does_not_exist_or_is_a_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Repo::at(&dir.path().join("nowhere"));
    assert!(matches!(missing, Err(RepoError::NotFound { what }) if what.contains("nowhere")));
    fs::write(dir.path().join("file"), "x").unwrap();
    assert_refused(
        Repo::at(&dir.path().join("file")).map(|_| ()),
        "is not a folder",
    );
}

#[test]
fn a_git_file_that_leads_nowhere_is_an_error_and_no_plain_folder() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".git"), "gitdir: /nowhere/at/all\n").unwrap();
    assert!(matches!(Repo::at(dir.path()), Err(RepoError::Git { .. })));
}

#[test]
fn a_linked_work_tree_has_its_own_head_and_the_same_objects() {
    let repo = TestRepo::new();
    let first = repo.commit("main", &[("a.yaml", "1")]);
    repo.check_out("main");
    repo.branch("other", &first);
    let dir = tempfile::tempdir().unwrap();
    let linked = dir.path().join("linked");
    git(
        repo.path(),
        &["worktree", "add", "-q", linked.to_str().unwrap(), "other"],
    );
    let second = repo.commit("other", &[("a.yaml", "2")]);
    let opened = Repo::at(&linked).unwrap().unwrap();
    let head = Head {
        commit: Some(second),
        branch: Some("other".to_owned()),
    };
    assert_eq!(opened.head().unwrap(), head);
    assert_eq!(opened.reopen().unwrap().head().unwrap(), head);
    assert!(opened.has_commit(&first));
    assert_eq!(
        opened.work_dir().map(Path::canonicalize).unwrap().unwrap(),
        linked.canonicalize().unwrap()
    );
}

#[test]
fn the_folder_of_a_bare_repository_with_linked_work_trees_counts_as_bare() {
    let repo = TestRepo::bare();
    let first = repo.commit("main", &[("a.yaml", "1")]);
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join(".git"),
        format!("gitdir: {}\n", repo.path().display()),
    )
    .unwrap();
    let opened = Repo::at(dir.path()).unwrap().unwrap();
    assert!(opened.is_bare() && opened.has_commit(&first));
}

#[test]
fn head_is_told_on_a_branch_unborn_and_detached() {
    let repo = TestRepo::new();
    let head = |commit, branch: Option<&str>| Head {
        commit,
        branch: branch.map(str::to_owned),
    };
    assert_eq!(repo.open().head().unwrap(), head(None, Some("main")));
    let first = repo.commit("main", &[("a.yaml", "1")]);
    assert_eq!(repo.open().head().unwrap(), head(Some(first), Some("main")));
    repo.git().set_head_detached(to_oid(&first)).unwrap();
    assert_eq!(repo.open().head().unwrap(), head(Some(first), None));
}

#[test]
fn remotes_are_shown_without_user_and_password() {
    let repo = TestRepo::new();
    repo.git()
        .remote(
            "origin",
            "https://x-access-token:ghs_secret@github.com/acme/fleet.git",
        )
        .unwrap();
    repo.git().remote("side", "../other").unwrap();
    let remotes = repo.open().remotes().unwrap();
    assert!(!format!("{remotes:?}").contains("ghs_secret"));
    assert_eq!(remotes[0].name, "origin");
    assert_eq!(
        remotes[0].url.as_ref().unwrap().to_string(),
        "github.com/acme/fleet"
    );
    let beside = repo
        .path()
        .parent()
        .unwrap()
        .canonicalize()
        .unwrap()
        .join("other");
    assert_eq!(remotes[1].url, Some(Location::Local(beside)));
}

#[test]
fn another_users_repository_is_refused_with_the_command_that_trusts_it() {
    let repo = TestRepo::new();
    // Only root can give a folder away; elsewhere the text alone is tested, in the module.
    #[cfg(unix)]
    if std::os::unix::fs::chown(repo.path(), Some(65_534), None).is_ok()
        && std::os::unix::fs::chown(repo.path().join(".git"), Some(65_534), None).is_ok()
    {
        assert_refused(
            Repo::at(repo.path()).map(|_| ()),
            "git config --global --add safe.directory /",
        );
    }
}

#[test]
fn a_partial_clone_is_refused_by_name() {
    let repo = TestRepo::new();
    repo.configure("core.repositoryformatversion", "1");
    repo.configure("extensions.partialclone", "origin");
    assert_refused(Repo::at(repo.path()).map(|_| ()), "--filter");
}

#[test]
fn a_name_can_mean_a_branch_a_remote_branch_a_tag_and_all_are_told() {
    let repo = TestRepo::new();
    let [a, b, c] = ["1", "2", "3"].map(|text| repo.commit("main", &[("a.yaml", text)]));
    repo.branch("v1", &a);
    repo.reference("refs/remotes/origin/v1", &b);
    repo.reference("refs/remotes/elsewhere/v1", &a);
    repo.annotated_tag("v1", to_oid(&c));
    let opened = repo.open();
    let all = RefHits {
        branch: Some(a),
        remote_branch: Some(b),
        tag: Some(c),
        commit: None,
    };
    assert_eq!(opened.resolve("v1", Some("origin")).unwrap(), all);
    assert_eq!(
        opened.resolve("v1", None).unwrap(),
        RefHits {
            remote_branch: None,
            ..all
        }
    );
    let branch = RefHits {
        branch: Some(a),
        ..RefHits::default()
    };
    assert_eq!(opened.resolve("refs/heads/v1", None).unwrap(), branch);
    let tag = RefHits {
        tag: Some(c),
        ..RefHits::default()
    };
    assert_eq!(opened.resolve("refs/tags/v1", Some("origin")).unwrap(), tag);
    assert_eq!(
        opened.resolve("nothing", Some("origin")).unwrap(),
        RefHits::default()
    );
    assert_refused(
        opened.resolve("refs/pull/1/head", Some("origin")),
        "refs/pull",
    );
    assert_refused(opened.resolve("main", Some("..")), "remote");
}

#[test]
fn a_full_id_is_a_commit_unless_a_branch_bears_its_name_too() {
    let repo = TestRepo::new();
    let [a, b] = ["1", "2"].map(|text| repo.commit("main", &[("a.yaml", text)]));
    let opened = repo.open();
    let by_id = RefHits {
        commit: Some(a),
        ..RefHits::default()
    };
    assert_eq!(opened.resolve(&a.to_string(), None).unwrap(), by_id);
    assert_eq!(
        opened.resolve(&a.to_string().to_uppercase(), None).unwrap(),
        by_id
    );
    assert_eq!(
        opened.resolve(&a.short(), None).unwrap(),
        RefHits::default()
    );
    assert_eq!(
        opened.resolve(&"1".repeat(40), None).unwrap(),
        RefHits::default()
    );
    assert_eq!(
        opened.resolve(&"1".repeat(64), None).unwrap(),
        RefHits::default()
    );
    let tree = to_oid(&a);
    let tree = repo.git().find_commit(tree).unwrap().tree_id();
    assert_eq!(
        opened.resolve(&tree.to_string(), None).unwrap(),
        RefHits::default()
    );
    repo.branch(&a.to_string(), &b);
    let both = RefHits {
        branch: Some(b),
        ..by_id
    };
    assert_eq!(opened.resolve(&a.to_string(), None).unwrap(), both);
}

#[test]
fn tags_peel_through_tags_and_a_tag_of_no_commit_is_refused() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("a.yaml", "1")]);
    let inner = repo.annotated_tag("inner", to_oid(&a));
    repo.annotated_tag("outer", inner);
    let blob = repo.git().blob(b"x").unwrap();
    repo.annotated_tag("blob", blob);
    repo.light_tag("light", &a);
    let opened = repo.open();
    assert_eq!(opened.resolve("outer", None).unwrap().tag, Some(a));
    assert_refused(
        opened.resolve("blob", None),
        "does not point to a commit, but to a tag",
    );
    let tags: Vec<_> = opened
        .tags()
        .unwrap()
        .into_iter()
        .map(|tag| (tag.name, tag.commit))
        .collect();
    assert_eq!(
        tags,
        ["inner", "light", "outer"].map(|name| (name.to_owned(), a))
    );
    git(repo.path(), &["pack-refs", "--all"]);
    assert_eq!(repo.open().tags().unwrap().len(), 3);
}

#[test]
fn branches_are_listed_with_their_remote_and_symbolic_ones_left_out() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("a.yaml", "1")]);
    repo.git()
        .remote("team/fork", "https://example.com/a/b")
        .unwrap();
    repo.reference("refs/remotes/team/fork/fix/1", &a);
    repo.reference("refs/remotes/origin/main", &a);
    let head = "refs/remotes/origin/HEAD";
    repo.git()
        .reference_symbolic(head, "refs/remotes/origin/main", true, "test")
        .unwrap();
    let branches: Vec<_> = repo
        .open()
        .branches()
        .unwrap()
        .into_iter()
        .map(|branch| (branch.remote, branch.name))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        branches,
        [
            (None, "main".to_owned()),
            (some("origin"), "main".to_owned()),
            (some("team/fork"), "fix/1".to_owned())
        ]
    );
}

#[test]
fn a_repository_can_be_sent_to_another_thread() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("a.yaml", "1")]);
    let sent = repo.open().reopen().unwrap();
    assert!(
        std::thread::spawn(move || sent.has_commit(&a))
            .join()
            .unwrap()
    );
}
