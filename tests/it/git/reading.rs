//! Trees, blobs and commits as they were committed.

use std::fs;

use sluice::model::ids::CommitId;
use sluice::repo::{EntryId, EntryKind, Repo, RepoError, SkippedEntry};

use super::assert_refused;
use test_support::git::{TestRepo, blob_of, git, to_oid};

#[test]
fn files_are_listed_by_path_and_everything_else_is_named_or_counted() {
    let repo = TestRepo::new();
    let commit = repo
        .on("main")
        .file("apps/a/x.yaml", "1")
        .file("apps-b.yaml", "2")
        .file("apps.yaml", "3")
        .file("README.md", "4")
        .executable("run.yaml", "5")
        .symlink("link.yaml", "apps.yaml")
        .symlink("link.md", "README.md")
        .submodule("vendor/charts")
        .raw(b"bad\xff.yaml", 0o100_644, b"6")
        .raw(b"dir\xff/y.yaml", 0o100_644, b"7")
        .done();
    let listing = repo
        .open()
        .files(&commit, &|path| path.ends_with(".yaml"))
        .unwrap();
    let paths: Vec<_> = listing
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.executable))
        .collect();
    assert_eq!(
        paths,
        [
            ("apps-b.yaml", false),
            ("apps.yaml", false),
            ("apps/a/x.yaml", false),
            ("run.yaml", true)
        ]
    );
    assert_eq!(listing.files[2].blob, blob_of("1"));
    assert_eq!(listing.passed_over, 1);
    let skipped = |path: &str, kind| SkippedEntry {
        path: path.to_owned(),
        kind,
    };
    assert_eq!(
        listing.skipped,
        [
            skipped("link.yaml", EntryKind::Symlink),
            skipped("vendor/charts", EntryKind::Submodule)
        ]
    );
    assert_eq!(listing.non_utf8, ["bad\u{fffd}.yaml", "dir\u{fffd}"]);
}

#[test]
fn folders_that_are_not_entered_are_not_read() {
    let repo = TestRepo::new();
    let commit = repo.commit("main", &[(".github/a.yaml", "1"), ("apps/a.yaml", "2")]);
    let listing = repo
        .open()
        .files_in(&commit, &|folder| folder != ".github", &|_| true)
        .unwrap();
    assert_eq!(listing.files.len(), 1);
    assert_eq!(listing.passed_over, 0);
}

#[test]
fn a_tree_that_holds_a_name_twice_is_an_error() {
    let repo = TestRepo::new();
    let odb = repo.git().odb().unwrap();
    let mut data = Vec::new();
    for text in [b"1", b"2"] {
        data.extend_from_slice(b"100644 a.yaml\0");
        data.extend_from_slice(repo.git().blob(text).unwrap().as_bytes());
    }
    let tree = odb.write(git2::ObjectType::Tree, &data).unwrap();
    let text = format!("tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx");
    let commit = odb
        .write(git2::ObjectType::Commit, text.as_bytes())
        .unwrap();
    let commit = CommitId::from_bytes(commit.as_bytes()).unwrap();
    assert!(matches!(
        repo.open().files(&commit, &|_| true),
        Err(RepoError::Git { .. })
    ));
}

#[test]
fn a_path_leads_to_a_file_a_folder_a_link_a_submodule_or_nothing() {
    let repo = TestRepo::new();
    let commit = repo
        .on("main")
        .file("apps/a.yaml", "1")
        .symlink("link", "apps")
        .submodule("sub")
        .done();
    let opened = repo.open();
    let at = |path: &str| opened.entry_at(&commit, path).unwrap();
    assert_eq!(at("apps/a.yaml"), Some(EntryId::File(blob_of("1"))));
    assert_eq!(at("link"), Some(EntryId::Symlink(blob_of("apps"))));
    assert!(matches!(at("sub"), Some(EntryId::Submodule(_))));
    assert_eq!(
        (at("apps/b.yaml"), at("link/a.yaml"), at("apps/a.yaml/x")),
        (None, None, None)
    );

    let tree = repo
        .git()
        .find_commit(to_oid(&commit))
        .unwrap()
        .tree_id()
        .to_string();
    for root in ["", ".", "/"] {
        assert_eq!(folder_at(&opened, &commit, root), tree);
    }
    let apps = git(repo.path(), &["rev-parse", "main:apps"]);
    for folder in ["apps", "./apps/", "/apps"] {
        assert_eq!(folder_at(&opened, &commit, folder), apps.trim());
    }
    assert!(matches!(
        opened.entry_at(&commit, "apps/a.yaml").unwrap(),
        Some(EntryId::File(_))
    ));
    assert_refused(opened.entry_at(&commit, "apps/../.."), "contains `..`");

    let file = opened.blob_at(&commit, "apps/a.yaml").unwrap().unwrap();
    assert_eq!(file, (blob_of("1"), b"1".to_vec()));
    for no_file in ["apps", "link", "sub", "nowhere"] {
        assert_eq!(opened.blob_at(&commit, no_file).unwrap(), None, "{no_file}");
    }
}

#[test]
fn an_id_of_another_kind_of_object_is_not_found() {
    let repo = TestRepo::new();
    let commit = repo.commit("main", &[("a.yaml", "1")]);
    let opened = repo.open();
    let as_blob = commit.to_string().parse().unwrap();
    assert!(matches!(
        opened.blob(&as_blob),
        Err(RepoError::NotFound { .. })
    ));
    let as_commit: CommitId = blob_of("1").to_string().parse().unwrap();
    assert!(!opened.has_commit(&as_commit));
    assert!(matches!(
        opened.files(&as_commit, &|_| true),
        Err(RepoError::NotFound { .. })
    ));
    let sha256: CommitId = "ab".repeat(32).parse().unwrap();
    assert!(matches!(
        opened.commit_info(&sha256),
        Err(RepoError::NotFound { .. })
    ));
}

#[test]
fn bytes_that_do_not_hash_to_their_id_are_never_returned() {
    let repo = TestRepo::new();
    repo.commit("main", &[("a.yaml", "good"), ("b.yaml", "evil")]);
    let object = |text: &str| {
        let id = blob_of(text).to_string();
        repo.path()
            .join(".git/objects")
            .join(&id[..2])
            .join(&id[2..])
    };
    let evil = fs::read(object("evil")).unwrap();
    fs::remove_file(object("good")).unwrap();
    fs::write(object("good"), evil).unwrap();
    assert!(matches!(
        repo.open().blob(&blob_of("good")),
        Err(RepoError::Git { .. })
    ));
}

#[test]
fn a_hashed_blob_has_gits_own_id() {
    assert_eq!(Repo::hash_blob(b"1").unwrap(), blob_of("1"));
    assert_eq!(
        Repo::hash_blob(b"").unwrap().to_string(),
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    );
}

#[test]
fn a_commit_says_who_when_and_why() {
    let repo = TestRepo::new();
    let first = repo.commit("main", &[("a.yaml", "1")]);
    let second = repo
        .on("main")
        .file("a.yaml", "2")
        .message("Promote\nprod\n\nSluice-Stage: prod\n")
        .done();
    let info = repo.open().commit_info(&second).unwrap();
    assert_eq!(
        (info.author_name.as_str(), info.author_email.as_str()),
        ("Test", "test@example.com")
    );
    assert_eq!(
        (
            info.author_time.unix_seconds,
            info.author_time.offset_minutes
        ),
        (1_700_000_120, 60)
    );
    assert_eq!(info.committer_time, info.author_time);
    assert_eq!(info.subject, "Promote prod");
    assert_eq!(info.message, "Promote\nprod\n\nSluice-Stage: prod\n");
    assert_eq!(info.parents, [first]);
    assert_eq!(info.tree.to_string(), folder_at(&repo.open(), &second, ""));
}

#[test]
fn a_diff_names_every_path_without_guessing_at_renames() {
    let repo = TestRepo::new();
    let old = repo
        .on("main")
        .file("keep/a.yaml", "1")
        .file("was/a.yaml", "2")
        .file("mode.sh", "3")
        .file("swap", "4")
        .file("kind", "5")
        .done();
    let new = repo
        .on("main")
        .rename("was/a.yaml", "now/a.yaml")
        .executable("mode.sh", "3")
        .remove("swap")
        .file("swap/inner", "4")
        .symlink("kind", "5")
        .submodule("sub")
        .done();
    let opened = repo.open();
    let changes = opened.changed_files(Some(&old), &new).unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            (
                change.path.as_str(),
                change.old,
                change.old_kind,
                change.new,
                change.new_kind,
            )
        })
        .collect();
    let file = Some(EntryKind::File);
    assert_eq!(
        told,
        [
            (
                "kind",
                Some(blob_of("5")),
                file,
                Some(blob_of("5")),
                Some(EntryKind::Symlink)
            ),
            (
                "mode.sh",
                Some(blob_of("3")),
                file,
                Some(blob_of("3")),
                Some(EntryKind::Executable)
            ),
            ("now/a.yaml", None, None, Some(blob_of("2")), file),
            ("sub", None, None, None, Some(EntryKind::Submodule)),
            ("swap", Some(blob_of("4")), file, None, None),
            ("swap/inner", None, None, Some(blob_of("4")), file),
            ("was/a.yaml", Some(blob_of("2")), file, None, None),
        ]
    );
    assert_eq!(opened.changed_files(None, &old).unwrap().len(), 5);
    assert_eq!(opened.changed_files(Some(&old), &old).unwrap(), []);
}

/// The id of the folder at a path.
fn folder_at(repo: &Repo, commit: &CommitId, path: &str) -> String {
    match repo.entry_at(commit, path).unwrap() {
        Some(EntryId::Folder(tree)) => tree.to_string(),
        other => panic!("{path} is {other:?}"),
    }
}
