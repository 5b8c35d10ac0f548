//! What `status` says about the workflow that reconciles: loud if nothing happens on its own.

use end_to_end::shop::{APPROVAL, shop};
use end_to_end::site::Site;
use github_stand_in::{Fault, When};
use serde_json::json;

const FILE: &str = ".github/workflows/sluice.yml";

fn workflow(uses: &str) -> String {
    format!(
        "on:\n  schedule:\n    - cron: '17 * * * *'\n  workflow_dispatch:\njobs:\n  reconcile:\n    steps:\n      - uses: {uses}\n"
    )
}

async fn installed(uses: &str) -> Site {
    let site = shop(APPROVAL, "").await;
    site.repo().files("main", &[(FILE, &workflow(uses))]);
    site
}

/// A run that the schedule started, and that ended with this.
fn ran(site: &Site, conclusion: &str) {
    let repo = site.repo();
    let run = repo.by("carol").triggers("sluice.yml", "schedule", "main");
    repo.finish_run(run, conclusion);
}

/// The lines above the pipelines, without the heading.
async fn above(site: &Site) -> String {
    let text = super::text(site).await;
    let (above, _) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = above
        .lines()
        .filter(|line| !line.starts_with("acme/gitops"))
        .collect();
    lines.join("\n")
}

const PINNED: &str = "acme/sluice@1234567890123456789012345678901234567890";

#[tokio::test]
async fn the_first_line_is_loud_if_nothing_happens_on_its_own() {
    let site = shop(APPROVAL, "").await;
    let text = super::text(&site).await;
    assert!(
        text.starts_with("✗ No workflow of main runs Sluice"),
        "{text}"
    );
    let mut said = vec![above(&site).await];
    let site = installed("OWNER/sluice@0000000000000000000000000000000000000000").await;
    said.push(above(&site).await);
    let site = installed(PINNED).await;
    said.push(above(&site).await);
    ran(&site, "success");
    said.push(above(&site).await);
    // A run whose place a newer one took says nothing.
    ran(&site, "cancelled");
    said.push(above(&site).await);
    ran(&site, "failure");
    said.push(above(&site).await);
    ran(&site, "success");
    site.hub.advance(3 * 3600 - 60);
    said.push(above(&site).await);
    site.hub.advance(120);
    said.push(above(&site).await);
    site.repo()
        .set_workflow_state("sluice.yml", "disabled_inactivity");
    said.push(above(&site).await);
    insta::assert_snapshot!(said.join("\n---\n"), @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    1 due
    ---
    ✗ sluice.yml still has the examples' OWNER/sluice@000…: https://github.com/acme/gitops/actions/workflows/sluice.yml
    1 due
    ---
    1 due
    sluice.yml has not run yet
    ---
    1 due
    sluice.yml ran 09:00 UTC: success
    ---
    1 due
    sluice.yml ran 09:00 UTC: success
    ---
    ✗ sluice.yml ended with failure when it ran last: https://github.com/acme/gitops/actions/workflows/sluice.yml
    1 due
    ---
    1 due
    sluice.yml ran 09:00 UTC: success
    ---
    ✗ sluice.yml ran last 3h1m ago, and is scheduled at least every 1h: https://github.com/acme/gitops/actions/workflows/sluice.yml
    1 due
    ---
    ✗ sluice.yml is not enabled (disabled_inactivity): https://github.com/acme/gitops/actions/workflows/sluice.yml
    1 due
    ");
    let document = site.call(&["status", "--format=json"]).await.json;
    assert_eq!(document["workflow"]["file"], "sluice.yml");
    assert_eq!(document["workflow"]["last"]["conclusion"], "success");
    let trouble = document["workflow"]["trouble"].as_str().unwrap();
    assert!(
        trouble.contains("is not enabled (disabled_inactivity)"),
        "{trouble}"
    );
    site.requests_hold();
}

#[tokio::test]
async fn what_cannot_be_read_of_it_is_said_and_is_no_alarm() {
    let mut site = installed(PINNED).await;
    ran(&site, "success");
    // What is public can be read with any token.
    site.repo().private();
    site.token = site.repo().app_token(
        4242,
        "sluice-app",
        "contents:read, pull-requests:read, issues:read, statuses:read",
    );
    insta::assert_snapshot!(above(&site).await, @"
    1 due
    whether Sluice runs could not be read: the token may not read the workflow sluice.yml: Resource not accessible by integration
    ");
    let document = site.call(&["status", "--format=json"]).await.json;
    assert_eq!(document["workflow"]["trouble"], json!(null));
    assert!(document["workflow"]["unread"].is_string(), "{document}");
    let site = installed(PINNED).await;
    site.hub
        .fault(When::rest("GET", "/actions/").always(), Fault::ServerError);
    insta::assert_snapshot!(above(&site).await, @"
    1 due
    whether Sluice runs could not be read: could not read the workflow sluice.yml: GitHub answered 500 Internal Server Error: Server Error
    ");
}
