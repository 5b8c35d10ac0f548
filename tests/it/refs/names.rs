//! The human name behind a commit id: `# sluice: NAME`, in our comment only.

use super::manifests;
use sluice::model::ids::CommitId;
use test_support::git::{TestRepo, to_oid};
use test_support::{PROMOTE, run};

const HERE: &str = "https://github.com/acme/gitops.git";
/// `app` twice on `main`, tagged v1 and v2.
fn tagged() -> (TestRepo, CommitId, CommitId) {
    let repo = TestRepo::new();
    let one = repo.commit("main", &[("app/x.yaml", "a: 1\n")]);
    let two = repo.commit("main", &[("app/x.yaml", "a: 2\n")]);
    repo.light_tag("v1", &one);
    repo.annotated_tag("v2", to_oid(&two));
    repo.git().remote("origin", HERE).unwrap();
    (repo, one, two)
}

/// The line of prod's ref after a promotion.
fn promoted(repo: &TestRepo, source: &str, target: &str) -> String {
    let mut commit = repo.on("main");
    for (path, text) in manifests(HERE, source, target) {
        commit = commit.file(&path, &text);
    }
    commit.done();
    repo.check_out("main");
    run(repo.path(), &PROMOTE).exits(0);
    let text = repo.read("gitops/prod.yaml").unwrap();
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with("ref:"))
        .unwrap();
    line.trim_start().to_owned()
}

#[test]
fn a_tag_stands_behind_the_id_and_a_branch_with_the_commits_date() {
    let (repo, one, two) = tagged();
    assert_eq!(
        promoted(&repo, "v2", "v1"),
        format!("ref: {two} # sluice: v2")
    );
    let (repo, ..) = tagged();
    assert_eq!(
        promoted(&repo, "main", "v1"),
        format!("ref: {two} # sluice: main 2023-11-14")
    );
    let (repo, ..) = tagged();
    assert_eq!(
        promoted(&repo, "refs/tags/v1", "v0"),
        format!("ref: {one} # sluice: v1")
    );
}

#[test]
fn ours_is_replaced_or_removed_with_the_blanks_before_it() {
    let (repo, one, two) = tagged();
    assert_eq!(
        promoted(&repo, "v2", &format!("{one}   # sluice: v1")),
        format!("ref: {two}   # sluice: v2")
    );
    let (repo, one, two) = tagged();
    assert_eq!(
        promoted(&repo, &two.to_string(), &format!("{one}   # sluice: v1")),
        format!("ref: {two}")
    );
}

#[test]
fn a_persons_comment_stays_and_the_name_is_left_out() {
    let (repo, one, two) = tagged();
    assert_eq!(
        promoted(&repo, "v2", &format!("{one} # do not touch")),
        format!("ref: {two} # do not touch")
    );
}

#[test]
fn a_source_id_that_carries_our_comment_passes_its_name_on() {
    let (repo, one, two) = tagged();
    assert_eq!(
        promoted(
            &repo,
            &format!("{two} # sluice: v2"),
            &format!("{one} # sluice: v1")
        ),
        format!("ref: {two} # sluice: v2")
    );
    let (repo, one, two) = tagged();
    assert_eq!(
        promoted(
            &repo,
            &format!("{two} # somebody's words"),
            &one.to_string()
        ),
        format!("ref: {two}")
    );
}

#[test]
fn in_an_unknown_repository_too_an_id_passes_its_name_on() {
    let (one, two) = ("1a".repeat(20), "2b".repeat(20));
    let spec = |reference: &str| {
        let spec =
            format!("repositoryRef: {{ name: api }}\ngit:\n  folder: app\n  ref: {reference}");
        test_support::service("x", &spec)
    };
    let all = |source: &str, target: &str| {
        [
            spec(source).replace("name: x", "name: web-dev"),
            spec(target).replace("name: x", "name: web-prod"),
            test_support::web(),
        ]
        .join("---\n")
    };
    let repo = test_support::repo(&[("all.yaml", &all(&format!("{two} # sluice: v2"), &one))]);
    run(repo.path(), &PROMOTE).exits(0);
    assert!(
        repo.read("all.yaml")
            .unwrap()
            .matches(&format!("ref: {two} # sluice: v2\n"))
            .count()
            == 2
    );
}
