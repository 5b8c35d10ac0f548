//! Sources that live in another repository of the same GitHub, read through the API alone.

use end_to_end::site::Site;
use github_stand_in::Role;
use sluice::error::Exit;

const APP: &str = "acme/app";

fn manifests(reference: &str, pinned: &str) -> String {
    let service = |name: &str, reference: &str, folder: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: api-{name}, namespace: apps }}\n\
             spec:\n  git:\n    url: https://github.com/acme/app.git\n    ref: {reference}\n    folder: {folder}\n---\n"
        )
    };
    format!(
        "{}{}apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: api, namespace: apps }}\nspec:\n  stages:\n    \
         - {{ name: dev, services: [{{ serviceRef: {{ name: api-dev }} }}] }}\n    - name: prod\n      services:\n        \
         - serviceRef: {{ name: api-prod }}\n          criteria: {{ serviceRef: {{ name: api-dev }} }}\n  edges:\n    \
         - {{ from: dev, to: prod, gates: [{{ name: release, type: APPROVAL }}] }}\n",
        service("dev", reference, "deploy"),
        service("prod", pinned, "deploy"),
    )
}

/// Another repository whose `deploy` folder changed once and was left alone for `quiet` commits; gives the first and
/// the changing commit.
async fn two_repositories(quiet: usize) -> (Site, String, String) {
    let site = Site::empty().await;
    let app = site.hub.repo(APP);
    let first = app.files(
        "main",
        &[("deploy/app.yaml", "v: 1\n"), ("README.md", "app\n")],
    );
    let changed = app.files("main", &[("deploy/app.yaml", "v: 2\n")]);
    for number in 0..quiet {
        app.files("main", &[("README.md", &format!("{number}\n"))]);
    }
    (site, first, changed)
}

#[tokio::test]
async fn a_branch_elsewhere_stands_for_the_newest_commit_that_touched_the_folder() {
    let (site, first, changed) = two_repositories(3).await;
    let repo = site.repo();
    repo.files("main", &[("api.yaml", &manifests("main", &first))]);
    let opened = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", opened.text);
    repo.by("carol").approves(1);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    let file = repo.file("main", "api.yaml").unwrap();
    assert!(
        file.contains(&format!("ref: {changed} # sluice: main 2026-03-0")),
        "{file}"
    );
    site.hub
        .repo(APP)
        .files("main", &[("README.md", "unrelated\n")]);
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(
        (site.writes(), quiet.lines().len()),
        (Vec::new(), 0),
        "{}",
        quiet.text
    );
    site.requests_hold();
}

#[tokio::test]
async fn a_folder_that_was_quiet_for_hundreds_of_commits_is_still_found() {
    let (site, first, changed) = two_repositories(230).await;
    let repo = site.repo();
    repo.files("main", &[("api.yaml", &manifests("main", &first))]);
    let opened = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", opened.text);
    assert!(
        repo.file(&repo.head(1), "api.yaml")
            .unwrap()
            .contains(&changed)
    );
}

#[tokio::test]
async fn a_tag_elsewhere_is_its_commit_and_its_name_stands_behind_it() {
    let (site, first, changed) = two_repositories(1).await;
    site.hub.repo(APP).role("carol", Role::Write);
    site.hub
        .repo(APP)
        .by("carol")
        .annotates("v1.4.0", &changed, "The fourth");
    let repo = site.repo();
    repo.files("main", &[("api.yaml", &manifests("v1.4.0", &first))]);
    let opened = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", opened.text);
    let file = repo.file(&repo.head(1), "api.yaml").unwrap();
    assert!(
        file.contains(&format!("ref: {changed} # sluice: v1.4.0")),
        "{file}"
    );
}

#[tokio::test]
async fn a_private_repository_is_an_error_without_a_token_for_it_and_read_with_one() {
    let (mut site, first, changed) = two_repositories(1).await;
    site.hub.repo(APP).private().role("rob", Role::Read);
    let repo = site.repo();
    repo.files("main", &[("api.yaml", &manifests("main", &first))]);
    let unread = site.run().await;
    assert_ne!(unread.exit, Exit::Done, "{}", unread.text);
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    let reader = site.hub.repo(APP).reader_token();
    site.environment
        .insert("INPUT_READ-TOKEN".to_owned(), reader);
    let opened = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", opened.text);
    assert!(
        repo.file(&repo.head(1), "api.yaml")
            .unwrap()
            .contains(&changed)
    );
}

#[tokio::test]
async fn a_hotfix_of_a_pinned_commit_stays_until_the_source_moves() {
    let (mut site, first, _) = two_repositories(1).await;
    let repo = site.repo();
    repo.files("main", &[("api.yaml", &manifests("main", &first))]);
    site.run().await;
    repo.by("carol").approves(1);
    site.run().await;
    // A person goes back by hand.
    let file = repo.file("main", "api.yaml").unwrap();
    let back: String = file
        .lines()
        .map(|line| match line.split_once("# sluice:") {
            Some(_) => format!("    ref: {first}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    assert_ne!(file, back);
    repo.files("main", &[("api.yaml", &back)]);
    site.hub.forget_calls();
    let ahead = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", ahead.text);
    assert_eq!(
        ahead.json["ahead"][0]["service"], "api-prod",
        "{}",
        ahead.text
    );

    // Only a person who asks for the source's value takes it back, and what was asked for is in later runs too.
    let promote = [
        "promote",
        "--pipeline=api",
        "--to=prod",
        "--take=source",
        "--reason=INC-1 is over",
    ];
    let nobody = site.call(&promote).await;
    assert_eq!(
        nobody.exit,
        Exit::Blocked,
        "the App is no person: {}",
        nobody.text
    );
    site.adds_workflow();
    let asked = site.asks("carol", &promote).await;
    assert!(asked.lines()[0].starts_with("opened"), "{}", asked.text);
    let number = repo.pulls(true)[0];
    site.run().await;
    assert_eq!(repo.pulls(true), [number]);
    assert!(
        repo.message(&repo.head(number))
            .contains("Sluice-Reason: \"INC-1 is over\"")
    );
}
