//! First-parent history: which commit changed a tree or a file.

use sluice::model::ids::CommitId;
use sluice::repo::{Change, Repo, RepoError, WatchedPaths};

use super::{assert_refused, strings};
use test_support::git::{TestRepo, blob_of, to_commit};

pub(super) fn watch(folders: &[&str], except: &[&str]) -> WatchedPaths {
    WatchedPaths {
        folders: strings(folders),
        except: strings(except),
    }
}

/// All changes of all paths, newest first.
pub(super) fn changes(
    repo: &Repo,
    tip: &CommitId,
    paths: &[&str],
) -> Result<Vec<Change>, RepoError> {
    let mut found = Vec::new();
    repo.walk_changes(tip, &strings(paths), usize::MAX, &mut |change| {
        found.push(change.clone());
        Ok(Vec::new())
    })?;
    Ok(found)
}

fn commits(repo: &Repo, tip: &CommitId, path: &str) -> Vec<CommitId> {
    changes(repo, tip, &[path])
        .unwrap()
        .iter()
        .map(|change| change.commit)
        .collect()
}

#[test]
fn each_change_tells_the_commit_its_parent_the_paths_and_the_blobs() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("x/one.yaml", "1"), ("x/two.yaml", "1")]);
    let b = repo.commit("main", &[("other.txt", "1")]);
    let c = repo.commit("main", &[("x/two.yaml", "2")]);
    let d = repo
        .on("main")
        .remove("x/one.yaml")
        .file("x/two.yaml", "3")
        .done();
    let found = changes(&repo.open(), &d, &["x/two.yaml", "x/one.yaml", "nowhere"]).unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|change| (change.commit, change.parent, change.paths.as_slice()))
        .collect();
    assert_eq!(
        told,
        [
            (d, Some(c), [0, 1].as_slice()),
            (c, Some(b), &[0]),
            (a, None, &[0, 1])
        ]
    );
    let blobs: Vec<_> = found[0]
        .blobs
        .iter()
        .map(|blob| (blob.old, blob.new))
        .collect();
    assert_eq!(
        blobs,
        [
            (Some(blob_of("2")), Some(blob_of("3"))),
            (Some(blob_of("1")), None)
        ]
    );
    assert_eq!(
        (found[2].blobs[0].old, found[2].blobs[0].new),
        (None, Some(blob_of("1")))
    );
}

#[test]
fn a_path_no_longer_wanted_is_not_reported_and_the_walk_ends_with_the_last() {
    let repo = TestRepo::new();
    let mut all = Vec::new();
    for text in ["1", "2", "3", "4"] {
        all.push(repo.commit("main", &[("a/x", text), ("a/y", text)]));
    }
    let mut seen = Vec::new();
    let paths = strings(&["a/x", "a/y"]);
    repo.open()
        .walk_changes(&all[3], &paths, usize::MAX, &mut |change| {
            seen.push((change.commit, change.paths.clone()));
            Ok(match seen.len() {
                1 => vec![0],
                2 => Vec::new(),
                _ => vec![1, 1, 99],
            })
        })
        .unwrap();
    assert_eq!(
        seen,
        [(all[3], vec![0, 1]), (all[2], vec![1]), (all[1], vec![1])]
    );
}

#[test]
fn an_error_of_the_callback_ends_the_walk() {
    let repo = TestRepo::new();
    let tip = repo.commit("main", &[("a", "1")]);
    let answer = repo
        .open()
        .walk_changes(&tip, &strings(&["a"]), usize::MAX, &mut |_| {
            Err(RepoError::Refused {
                why: "enough".to_owned(),
            })
        });
    assert_refused(answer, "enough");
}

#[test]
fn equal_paths_are_reported_each() {
    let repo = TestRepo::new();
    let tip = repo.commit("main", &[("a/b", "1")]);
    let found = changes(&repo.open(), &tip, &["a/b", "./a//b"]).unwrap();
    assert_eq!(found[0].paths, [0, 1]);
}

#[test]
fn a_change_that_came_by_a_merge_belongs_to_the_merge() {
    let repo = TestRepo::new();
    let base = repo.commit("main", &[("a", "1"), ("b", "1")]);
    repo.branch("side", &base);
    let on_side = repo.commit("side", &[("a", "2")]);
    repo.commit("main", &[("b", "2")]);
    let merge = repo.on("main").merging("side").file("a", "2").done();
    let opened = repo.open();
    assert_eq!(commits(&opened, &merge, "a"), [merge, base]);
    assert_eq!(
        opened.newest_change(&merge, &watch(&["a"], &[])).unwrap(),
        Some(merge)
    );
    assert!(opened.is_ancestor(&on_side, &merge).unwrap());
}

#[test]
fn a_merge_that_kept_the_first_parents_file_is_no_change() {
    let repo = TestRepo::new();
    let base = repo.commit("main", &[("a", "1")]);
    repo.branch("side", &base);
    repo.commit("side", &[("a", "2")]);
    repo.commit("main", &[("b", "1")]);
    let merge = repo.on("main").merging("side").done();
    assert_eq!(commits(&repo.open(), &merge, "a"), [base]);
}

#[test]
fn modes_alone_are_no_change_of_a_file_but_of_its_tree_and_links_are_no_files() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("x/a", "t")]);
    let b = repo.on("main").executable("x/a", "t").done();
    let c = repo.on("main").symlink("x/a", "t").done();
    let opened = repo.open();
    assert_eq!(commits(&opened, &b, "x/a"), [a]);
    assert_eq!(commits(&opened, &c, "x/a"), [c, a]);
    assert_eq!(
        opened.newest_change(&b, &watch(&["x"], &[])).unwrap(),
        Some(b)
    );
}

#[test]
fn a_name_that_stands_twice_in_a_tree_hides_no_other() {
    let repo = TestRepo::new();
    let odb = repo.git().odb().unwrap();
    let mut data = Vec::new();
    for name in ["a", "a", "b"] {
        data.extend(format!("100644 {name}\0").into_bytes());
        data.extend_from_slice(repo.git().blob(name.as_bytes()).unwrap().as_bytes());
    }
    let tree = odb.write(git2::ObjectType::Tree, &data).unwrap();
    let text = format!("tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx");
    let commit = odb
        .write(git2::ObjectType::Commit, text.as_bytes())
        .unwrap();
    let found = changes(&repo.open(), &to_commit(commit), &["a", "b"]).unwrap();
    assert_eq!(found[0].paths, [0, 1]);
}

#[test]
fn a_renamed_file_ends_at_its_new_name() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("old/a", "1")]);
    let b = repo.on("main").rename("old/a", "new/a").done();
    let opened = repo.open();
    assert_eq!(commits(&opened, &b, "new/a"), [b]);
    assert_eq!(commits(&opened, &b, "old/a"), [b, a]);
}

#[test]
fn the_newest_change_is_that_of_any_watched_tree() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("dev/a", "1"), ("prod/a", "1")]);
    let b = repo.commit("main", &[("prod/a", "2")]);
    let c = repo.commit("main", &[("docs", "1")]);
    let opened = repo.open();
    let newest = |folders: &[&str]| opened.newest_change(&c, &watch(folders, &[])).unwrap();
    assert_eq!(newest(&["dev"]), Some(a));
    assert_eq!(newest(&["dev", "prod"]), Some(b));
    assert_eq!(newest(&["./prod/"]), Some(b));
    assert_eq!(newest(&["dev", ""]), Some(c));
    assert_eq!(newest(&["docs"]), Some(c));
    assert_eq!(newest(&["nowhere"]), None);
    assert_eq!(newest(&[]), None);
    let d = repo.on("main").remove("dev/a").done();
    assert_eq!(
        opened.newest_change(&d, &watch(&["dev"], &[])).unwrap(),
        Some(d)
    );
}

#[test]
fn excepted_files_neither_make_nor_hide_a_change() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("prod/a", "1"), ("prod/svc.yaml", "1")]);
    let b = repo.commit("main", &[("prod/svc.yaml", "2")]);
    let opened = repo.open();
    let except = ["prod/svc.yaml", "only/svc.yaml"];
    for folder in ["prod", ""] {
        assert_eq!(
            opened
                .newest_change(&b, &watch(&[folder], &except))
                .unwrap(),
            Some(a),
            "{folder:?}"
        );
        assert!(
            opened
                .same_trees(&a, &b, &watch(&[folder], &except))
                .unwrap()
        );
        assert!(!opened.same_trees(&a, &b, &watch(&[folder], &[])).unwrap());
    }
    let c = repo.commit("main", &[("prod/svc.yaml", "3"), ("prod/a", "2")]);
    assert_eq!(
        opened
            .newest_change(&c, &watch(&["prod"], &except))
            .unwrap(),
        Some(c)
    );
    assert!(
        !opened
            .same_trees(&b, &c, &watch(&["prod"], &except))
            .unwrap()
    );
    // A folder that appears with an excepted file alone is not a change; one that takes the file's place is.
    let d = repo.commit("main", &[("only/svc.yaml", "1")]);
    assert!(
        opened
            .same_trees(&c, &d, &watch(&["", "only"], &except))
            .unwrap()
    );
    assert_eq!(
        opened
            .newest_change(&d, &watch(&["only"], &except))
            .unwrap(),
        None
    );
    let e = repo
        .on("main")
        .remove("only/svc.yaml")
        .file("only/svc.yaml/x", "1")
        .done();
    assert!(
        !opened
            .same_trees(&d, &e, &watch(&["only"], &except))
            .unwrap()
    );
}

#[test]
fn trees_that_are_absent_at_both_are_equal() {
    let repo = TestRepo::new();
    let a = repo.commit("main", &[("a", "1")]);
    let b = repo.commit("main", &[("new/a", "1")]);
    let opened = repo.open();
    assert!(
        opened
            .same_trees(&a, &b, &watch(&["a", "nowhere"], &[]))
            .unwrap()
    );
    assert!(!opened.same_trees(&a, &b, &watch(&["new"], &[])).unwrap());
    assert_refused(
        opened.same_trees(&a, &b, &watch(&["../x"], &[])),
        "contains `..`",
    );
}
