//! What a workflow sends to a chat: once for each change, and nothing if nothing changed.

use serde_json::{Value, json};

use crate::step;
use github_stand_in::{Fault, When};

use end_to_end::shop::{APPROVAL, chart, shop};

/// The outputs `message` and `needs-person` of one run.
fn told(site: &end_to_end::site::Site) -> (String, Value) {
    let said = step::said(site);
    let needs = serde_json::from_str(&said.outputs["needs-person"]).unwrap();
    (said.outputs["message"].clone(), needs)
}

#[tokio::test]
async fn each_change_is_told_once() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    let (message, needs) = told(&site);
    assert!(
        message.starts_with("Sluice in acme/gitops: 1 opened\n\n⏳ opened · apps/shop → prod "),
        "{message}"
    );
    assert!(
        message.ends_with("\nhttps://github.com/acme/gitops/pull/1/files"),
        "{message}"
    );
    assert_eq!(needs, json!([]));
    // It still waits: that was told.
    assert_eq!(told(&site), (String::new(), json!([])));

    repo.by("carol").requests_changes(1);
    let (message, needs) = told(&site);
    assert!(
        message.starts_with("Sluice in acme/gitops: 1 needs you\n\n⛔ needs you · "),
        "{message}"
    );
    assert_eq!(needs[0]["state"], "needs-person");
    assert_eq!(needs[0]["url"], "https://github.com/acme/gitops/pull/1");
    assert_eq!(needs[0]["new"], true);
    // It still needs someone, who was told.
    let (message, needs) = told(&site);
    assert_eq!(message, "");
    assert_eq!(
        (needs[0]["stage"].as_str(), &needs[0]["new"]),
        (Some("prod"), &json!(false))
    );

    repo.by("carol").approves(1);
    let (message, needs) = told(&site);
    assert!(
        message.starts_with("Sluice in acme/gitops: 1 landed\n\n✅ landed · apps/shop → prod "),
        "{message}"
    );
    assert_eq!(needs, json!([]));
    assert_eq!(told(&site), (String::new(), json!([])));
}

#[tokio::test]
async fn a_hold_and_its_end_are_told_once_each() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    told(&site);
    repo.by("carol").labels(1, "sluice/hold");
    let (message, _) = told(&site);
    assert!(message.contains("⏸ held · apps/shop → prod"), "{message}");
    assert!(message.contains("\nheld by carol since "), "{message}");
    assert_eq!(told(&site).0, "");
    repo.by("carol").unlabels(1, "sluice/hold");
    let (message, _) = told(&site);
    assert!(
        message.contains("⏳ waiting · apps/shop → prod"),
        "{message}"
    );
    assert_eq!(told(&site).0, "");
}

#[tokio::test]
async fn of_several_refusals_by_github_the_first_is_told() {
    let site = shop(APPROVAL, "").await;
    told(&site);
    site.repo().by("carol").approves(1);
    site.hub.fault(
        When::graphql("mergePullRequest").always(),
        Fault::GraphQlError("UNPROCESSABLE".to_owned(), "not authorized".to_owned()),
    );
    let (message, needs) = told(&site);
    assert!(
        message.contains("⛔ needs you · apps/shop → prod") && message.contains("not authorized"),
        "{message}"
    );
    assert_eq!(needs[0]["new"], true);
    // Long enough for another try, which is refused as well.
    site.hub.advance(2 * 24 * 60 * 60);
    let before = site.repo().statuses(&site.repo().head(1)).len();
    let (message, needs) = told(&site);
    assert!(
        site.repo().statuses(&site.repo().head(1)).len() > before,
        "it was tried again"
    );
    assert_eq!((&*message, &needs[0]["new"]), ("", &json!(false)));
}

#[tokio::test]
async fn what_was_closed_because_nothing_is_left_is_told() {
    let site = shop(APPROVAL, "").await;
    told(&site);
    site.repo()
        .files("main", &[("prod.yaml", &chart("web-prod", "1.1.0"))]);
    let (message, _) = told(&site);
    assert!(
        message.starts_with(
            "Sluice in acme/gitops: 1 closed\n\n– closed · apps/shop → prod #1: nothing is left"
        ),
        "{message}"
    );
    assert_eq!(told(&site).0, "");
}
