//! A pull request that an earlier version opened is adopted, landed, replaced and closed like one of this version, and its landings are known.
//!
//! What the earlier version wrote is in `fixtures/earlier`, byte for byte.

use end_to_end::clone::clone_of;
use end_to_end::site::Site;
use test_support::{commits, deviations, history, read, root};

const VERSION: &str = "fixtures/earlier/0.1.0";

fn text(name: &str) -> String {
    read(&format!("{VERSION}/{name}"))
}

fn line(name: &str) -> String {
    text(name).trim_end().to_owned()
}

/// The repository with the pull request of the earlier version open, as #1.
async fn with_its_pull_request() -> Site {
    let site = Site::empty().await;
    let repo = site.repo();
    repo.folder("main", &root(&format!("{VERSION}/before")));
    let sluice = repo.with_token(&site.token);
    let after = text("after/services.yaml");
    sluice.pushes(
        &line("branch.txt"),
        &[("services.yaml", &after)],
        &text("commit.txt"),
    );
    let number = sluice.opens(&line("branch.txt"), "main", &line("title.txt"));
    sluice.edits_body(number, &text("body.md"));
    assert_eq!(number, 1);
    site
}

#[tokio::test]
async fn its_pull_request_is_adopted_as_it_is_and_lands_once_it_is_approved() {
    let site = with_its_pull_request().await;
    let repo = site.repo();
    let report = site.run().await;
    assert_eq!(
        report.lines(),
        [
            "waiting apps/podinfo → staging #1: try: waits for 1 approval by anyone with write access"
        ]
    );
    assert_eq!(repo.pulls(true), [1]);
    repo.by("carol").approves(1);
    let report = site.run().await;
    assert!(
        report
            .lines()
            .contains(&"landed apps/podinfo → staging #1: landed".to_owned()),
        "{:?}",
        report.lines()
    );
    assert_eq!(repo.state(1), "MERGED");
    let landed = repo.file("main", "services.yaml");
    assert_eq!(landed, Some(text("after/services.yaml")));
}

#[tokio::test]
async fn its_pull_request_gives_way_to_what_its_source_holds_now() {
    let site = with_its_pull_request().await;
    let repo = site.repo();
    let moved = text("before/services.yaml").replace("version: 6.5.3", "version: 6.5.4");
    repo.by("dave")
        .pushes("main", &[("services.yaml", &moved)], "Take 6.5.4 into dev");
    site.run().await;
    assert_eq!(repo.state(1), "CLOSED");
    assert_eq!(repo.pulls(true), [2]);
    assert_eq!(repo.pull(2)["title"], "podinfo → staging: 6.5.4");
}

#[tokio::test]
async fn its_pull_request_is_closed_once_nothing_is_left_to_promote() {
    let site = with_its_pull_request().await;
    let repo = site.repo();
    let by_hand = text("after/services.yaml");
    repo.by("dave").pushes(
        "main",
        &[("services.yaml", &by_hand)],
        "Set staging by hand",
    );
    site.run().await;
    assert_eq!(repo.state(1), "CLOSED");
}

#[tokio::test]
async fn its_landing_is_known_by_the_record_that_it_wrote() {
    let site = Site::empty().await;
    let repo = site.repo();
    repo.folder("main", &root(&format!("{VERSION}/before")));
    let after = text("after/services.yaml");
    let sluice = repo.with_token(&site.token);
    let landing = sluice.pushes("main", &[("services.yaml", &after)], &text("landing.txt"));
    let report = site.call(&["status", "--format=json"]).await;
    let staging = &report.json["pipelines"][0]["stages"][1];
    assert_eq!(staging["since"]["commit"], landing.as_str());
    let clone = clone_of(&site);
    let document = history(clone.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [landing]);
    assert_eq!(deviations(&document), [""; 0]);
}
