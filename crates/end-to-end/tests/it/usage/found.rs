//! What a call does not say: the remote `origin`, and the token of GitHub's own command line.

use crate::SLUICE;
use end_to_end::site::{REPO, Site};
use test_support::git::{TestRepo, git};
use test_support::{chart, repo, web};

fn clone_with_origin(url: &str) -> TestRepo {
    let clone = repo(&[("a.md", "x")]);
    git(clone.path(), &["remote", "add", "origin", url]);
    clone
}

const ORIGIN: &str = "git@github.com:acme/gitops.git";

#[tokio::test]
async fn what_only_reads_finds_the_repository_by_origin_and_what_writes_does_not() {
    let site = Site::of("k3s-upgrade-version").await;
    let clone = clone_with_origin(ORIGIN);
    let url = site.hub.url();
    let variables = [
        ("GITHUB_API_URL", url.as_str()),
        ("GITHUB_TOKEN", site.token.as_str()),
    ];
    let ran = |arguments: &[&str]| SLUICE.run_in(clone.path(), &variables, arguments);
    ran(&["reconcile", "--dry-run"])
        .exits(0)
        .says(&["Using acme/gitops, the remote `origin`", "k3s-upgrade"]);
    ran(&["doctor"]).says(&["Using acme/gitops, the remote `origin`"]);
    ran(&["status"])
        .exits(0)
        .says(&["Using acme/gitops, the remote `origin`", "k3s-upgrade"]);
    assert_eq!(site.hub.writes(), 0);
    // The folder, if it is given, or if no one could ask GitHub.
    let here = ["There is no Pipeline here"];
    ran(&["status", "."]).exits(0).says(&here);
    SLUICE
        .run_in(clone.path(), &variables[..1], &["status"])
        .exits(0)
        .says(&here);
    for arguments in [
        &["reconcile"][..],
        &["promote", "--pipeline=k3s-upgrade", "--to=prod"],
        &["rollback", "--pipeline=k3s-upgrade", "--to=prod"],
        &["retry", "--pipeline=k3s-upgrade", "--to=prod"],
    ] {
        ran(arguments)
            .exits(64)
            .says(&["no repository given", "--repository OWNER/NAME"]);
    }
    assert_eq!(site.hub.writes(), 0);
    let elsewhere = clone_with_origin("git@example.com:acme/gitops.git");
    let ran = SLUICE.run_in(elsewhere.path(), &variables, &["reconcile", "--dry-run"]);
    ran.exits(64).says(&["no repository given"]);
}

#[tokio::test]
async fn gh_token_counts_last_for_what_only_reads_and_never_in_a_workflow() {
    let site = Site::of("k3s-upgrade-version").await;
    let empty = tempfile::tempdir().unwrap();
    let url = site.hub.url();
    let ran = |more: &[(&str, &str)], arguments: &[&str]| {
        let mut variables = vec![
            ("GITHUB_API_URL", url.as_str()),
            ("GITHUB_REPOSITORY", REPO),
        ];
        variables.extend(more);
        SLUICE.run_in(empty.path(), &variables, arguments)
    };
    let token = site.token.as_str();
    let reads = ["reconcile", "--dry-run"];
    ran(&[("GH_TOKEN", token)], &reads).exits(0);
    ran(&[("GH_TOKEN", token)], &["status"]).exits(0);
    ran(&[("GH_TOKEN", token)], &["reconcile"])
        .exits(64)
        .says(&["there is no token"]);
    // The other one counts, though it is wrong.
    ran(&[("GH_TOKEN", token), ("GITHUB_TOKEN", "wrong")], &reads).exits(1);
    let in_workflow = [("GH_TOKEN", token), ("GITHUB_ACTIONS", "true")];
    ran(&in_workflow, &reads)
        .exits(64)
        .says(&["there is no token"]);
    assert_eq!(site.hub.writes(), 0);
}

#[tokio::test]
async fn status_looks_at_the_repository_that_the_environment_names_unless_a_path_is_given() {
    let site = Site::of("k3s-upgrade-version").await;
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let here = repo(&[("web.yaml", &services)]);
    let url = site.hub.url();
    let variables = [
        ("GITHUB_API_URL", url.as_str()),
        ("GITHUB_REPOSITORY", REPO),
        ("GITHUB_TOKEN", site.token.as_str()),
    ];
    let ran = |arguments: &[&str]| SLUICE.run_in(here.path(), &variables, arguments);
    let on_github = ran(&["status"]).exits(0).says(&["k3s-upgrade"]);
    assert!(!on_github.out.contains("web"), "{}", on_github.out);
    let here = ran(&["status", "."]).exits(0).says(&["web"]);
    assert!(!here.out.contains("k3s-upgrade"), "{}", here.out);
}
