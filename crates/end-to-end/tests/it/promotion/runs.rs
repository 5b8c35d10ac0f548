//! Many runs: at once, and over many commits.

use end_to_end::site::{REPO, Site};

/// How many commits the base's first-parent history has.
fn commits(site: &Site) -> usize {
    let repo = site.repo();
    let mut count = 0;
    let mut at = repo.tip("main");
    while let Some(commit) = at {
        count += 1;
        at = repo.by("carol").does(
            "GET",
            &format!("/git/commits/{commit}"),
            serde_json::Value::Null,
        )["parents"][0]["sha"]
            .as_str()
            .map(str::to_owned);
    }
    count
}

#[tokio::test]
async fn ten_runs_at_once_open_one_pull_request_and_land_it_once() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let runs: Vec<_> = (0..10).map(|_| site.run()).collect();
    futures_util::future::join_all(runs).await;
    let settled = site.run().await;
    assert_eq!(repo.pulls(true).len(), 1, "{}", settled.text);
    let number = repo.pulls(true)[0];
    repo.by("carol").approves(number);
    let before = commits(&site);
    let runs: Vec<_> = (0..10).map(|_| site.run()).collect();
    futures_util::future::join_all(runs).await;
    site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    assert_eq!(commits(&site), before + 1);
}

#[tokio::test]
async fn a_monorepo_comes_to_rest_over_fifty_commits() {
    let site = Site::of("monorepo").await;
    let repo = site.repo();
    for path in ["gitops/web-dev.yaml", "gitops/web-prod.yaml"] {
        let file = repo.file("main", path).unwrap();
        repo.files("main", &[(path, &file.replace("acme/mono", REPO))]);
    }
    let first = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", first.text);
    repo.by("carol").approves(1);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    let pinned = repo.file("main", "gitops/web-prod.yaml").unwrap();
    for number in 0..50 {
        repo.files("main", &[("docs/notes.md", &format!("{number}\n"))]);
    }
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", quiet.text);
    assert_eq!(quiet.lines(), Vec::<String>::new(), "{}", quiet.text);
    assert_eq!(repo.file("main", "gitops/web-prod.yaml").unwrap(), pinned);
    // What it watches does start something.
    repo.files(
        "main",
        &[("services/web/deployment.yaml", "changed: true\n")],
    );
    let moved = site.run().await;
    assert!(moved.lines()[0].starts_with("opened"), "{}", moved.text);
}
