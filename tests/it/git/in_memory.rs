//! Repositories whose writes stay in memory.

use sluice::repo::{Head, Repo, RepoError, WatchedPaths};

use super::{assert_refused, author, files, strings};
use test_support::git::{TestRepo, git, listing};

#[test]
fn nothing_on_disk_changes_not_even_a_time_stamp() {
    for packed in [false, true] {
        let repo = TestRepo::new();
        let parent = repo.commit("main", &[("apps/a.yaml", "1"), ("apps/b.yaml", "1")]);
        repo.check_out("main");
        if packed {
            git(repo.path(), &["repack", "-adq"]);
            git(repo.path(), &["prune-packed"]);
        }
        // Old enough that a touched file cannot hide in the clock's resolution.
        for (path, (bytes, _)) in listing(&repo.path().join(".git")) {
            if bytes.is_some() {
                let long_ago = std::time::SystemTime::UNIX_EPOCH
                    + std::time::Duration::from_secs(1_000_000_000);
                set_time(&path, long_ago);
            }
        }
        let before = listing(repo.path());
        let in_memory = repo.open().virtual_over().unwrap();
        // One blob that exists on disk already, one that does not.
        let edits = files(&[
            ("apps/a.yaml", "2"),
            ("apps/b.yaml", "1"),
            ("new/x.yaml", "3"),
        ]);
        let commit = in_memory
            .write_commit(Some(&parent), &edits, "m", &author())
            .unwrap();
        let watch = WatchedPaths {
            folders: strings(&["apps"]),
            except: Vec::new(),
        };
        assert_eq!(
            in_memory.newest_change(&commit, &watch).unwrap(),
            Some(commit)
        );
        assert_eq!(
            in_memory
                .blob_at(&commit, "apps/a.yaml")
                .unwrap()
                .unwrap()
                .1,
            b"2"
        );
        assert!(in_memory.is_ancestor(&parent, &commit).unwrap());
        assert!(in_memory.resolve("main", None).unwrap().branch == Some(parent));
        assert_eq!(in_memory.branches().unwrap().len(), 1);
        assert!(in_memory.uncommitted(None).unwrap().is_empty());
        drop(in_memory);
        assert!(listing(repo.path()) == before, "packed: {packed}");
        assert!(!repo.open().has_commit(&commit));
    }
}

fn set_time(path: &std::path::Path, time: std::time::SystemTime) {
    use std::fs;
    let permissions = fs::metadata(path).unwrap().permissions();
    let mut writable = permissions.clone();
    #[allow(
        clippy::permissions_set_readonly_false,
        reason = "restored right after"
    )]
    writable.set_readonly(false);
    fs::set_permissions(path, writable).unwrap();
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn a_commit_in_memory_has_the_id_that_it_would_have_on_disk() {
    let repo = TestRepo::new();
    let parent = repo.commit("main", &[("a", "1")]);
    let opened = repo.open();
    let write = |repo: &Repo| {
        repo.write_commit(Some(&parent), &files(&[("a", "2")]), "m", &author())
            .unwrap()
    };
    assert_eq!(write(&opened.virtual_over().unwrap()), write(&opened));
}

#[test]
fn a_repository_from_nothing_has_objects_and_no_refs() {
    let empty = Repo::virtual_empty().unwrap();
    let first = empty
        .write_commit(None, &files(&[("a/x.yaml", "1")]), "m", &author())
        .unwrap();
    let second = empty
        .write_commit(Some(&first), &files(&[("a/x.yaml", "2")]), "m", &author())
        .unwrap();
    let mut seen = Vec::new();
    empty
        .walk_changes(
            &second,
            &strings(&["a/x.yaml"]),
            usize::MAX,
            &mut |change| {
                seen.push(change.commit);
                Ok(Vec::new())
            },
        )
        .unwrap();
    assert_eq!(seen, [second, first]);
    assert_eq!(
        empty.head().unwrap(),
        Head {
            commit: None,
            branch: None
        }
    );
    assert!(empty.remotes().unwrap().is_empty() && empty.branches().unwrap().is_empty());
    assert_eq!(
        empty.resolve(&first.to_string(), None).unwrap().commit,
        Some(first)
    );
    assert!(empty.is_bare() && !empty.is_shallow() && empty.work_dir().is_none());
}

#[test]
fn a_copy_for_another_thread_holds_what_was_written_until_then() {
    let repo = TestRepo::new();
    let parent = repo.commit("main", &[("a", "1")]);
    let write = |repo: &Repo, text: &str| {
        repo.write_commit(Some(&parent), &files(&[("a", text)]), "m", &author())
            .unwrap()
    };
    let one = repo.open().virtual_over().unwrap();
    let before = write(&one, "before");
    let two = one.reopen().unwrap();
    let after = write(&one, "after");
    assert!(two.has_commit(&before) && two.has_commit(&parent) && !two.has_commit(&after));
    let three = two.reopen().unwrap();
    assert_eq!(three.blob_at(&before, "a").unwrap().unwrap().1, b"before");
}

#[test]
fn a_repository_in_memory_lands_nothing() {
    let repo = TestRepo::new();
    let parent = repo.commit("main", &[("a", "1")]);
    repo.check_out("main");
    let in_memory = repo.open().virtual_over().unwrap();
    let commit = in_memory
        .write_commit(Some(&parent), &files(&[("a", "2")]), "m", &author())
        .unwrap();
    assert_refused(
        in_memory.land_on_current_branch(&parent, &commit, &strings(&["a"])),
        "in memory",
    );
    assert!(matches!(
        repo.open()
            .land_on_current_branch(&parent, &commit, &strings(&["a"])),
        Err(RepoError::NotFound { .. })
    ));
}
