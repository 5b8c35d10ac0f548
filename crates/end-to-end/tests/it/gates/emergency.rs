//! An emergency: by dispatch with a reason, past what the policy lists and nothing else, shown wherever someone looks.

use end_to_end::shop::{PROMOTE, landed, shop};
use end_to_end::site::{Report, Site};
use sluice::error::Exit;

const GATES: &str = "{ name: release, type: APPROVAL }, { name: hours, type: WINDOW }";
/// Open for one minute in the week, which the stand-in's clock is not at.
const POLICY: &str = "people: { sre: [carol, dave] }\ngates:\n  release: { approve: [{ by: sre, count: 2 }] }\n  \
    hours: { open: [\"Sun 03:00-03:01\"], zone: UTC }\nstages:\n  prod:\n    emergency: { approve: [{ by: sre, count: 1 }], skip: [window, freeze] }\n\
    freeze: [{ from: 2026-01-01T00:00, until: 2026-12-01T00:00, zone: UTC, reason: audit }]\n";

async fn site(policy: &str) -> Site {
    let site = shop(GATES, policy).await;
    site.adds_workflow();
    site
}

/// A person asks for the promotion into prod, with more flags.
async fn asks(site: &mut Site, login: &str, more: &[&str]) -> Report {
    site.asks(login, &[&PROMOTE[..], more].concat()).await
}

#[tokio::test]
async fn an_emergency_goes_past_what_is_listed_with_approvals_of_its_own() {
    let mut site = site(POLICY).await;
    let run = site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    let run = asks(
        &mut site,
        "carol",
        &["--emergency", "--reason=prod is down"],
    )
    .await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    let (title, body) = (repo.pull(2)["title"].to_string(), repo.body(2));
    assert!(title.contains("EMERGENCY"), "{title}");
    assert!(
        body.contains("prod is down") && body.contains("window"),
        "{body}"
    );
    // The requester does not count.
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    repo.by("dave").approves(2);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    assert!(
        run.text.contains("EMERGENCY") || run.text.contains("emergency"),
        "{}",
        run.text
    );
    let message = repo.message("main");
    assert!(
        message.contains("Sluice-Emergency: window+freeze"),
        "{message}"
    );
    assert!(message.contains("prod is down"), "{message}");
}

#[tokio::test]
async fn what_is_not_listed_is_not_skipped() {
    let policy = POLICY.replace("skip: [window, freeze]", "skip: [freeze]");
    let mut site = site(&policy).await;
    asks(
        &mut site,
        "carol",
        &["--emergency", "--reason=prod is down"],
    )
    .await;
    let repo = site.repo();
    let number = *repo.pulls(true).last().unwrap();
    repo.by("dave").approves(number);
    let run = site.run().await;
    assert!(
        !landed(&site) && run.text.contains("opens Sun 03:00"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn the_freeze_of_a_run_is_never_skipped() {
    let mut site = site(POLICY).await;
    asks(
        &mut site,
        "carol",
        &["--emergency", "--reason=prod is down"],
    )
    .await;
    let repo = site.repo();
    let number = *repo.pulls(true).last().unwrap();
    repo.by("dave").approves(number);
    let run = site.call(&["reconcile", "--freeze=stop everything"]).await;
    assert!(
        !landed(&site) && run.text.contains("stop everything"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn an_emergency_that_the_policy_does_not_know_is_refused() {
    let policy = "gates: { hours: { open: [\"Sun 03:00-03:01\"], zone: UTC } }\n";
    let mut site = site(policy).await;
    let run = asks(
        &mut site,
        "carol",
        &["--emergency", "--reason=prod is down"],
    )
    .await;
    assert_eq!(run.exit, Exit::Usage);
    assert!(
        run.text
            .contains("the policy has no `emergency` rule for prod"),
        "{}",
        run.text
    );
    assert_eq!(site.repo().pulls(true), Vec::<u64>::new());
}

#[tokio::test]
async fn a_pull_request_that_was_put_up_as_usual_is_not_judged_as_an_emergency() {
    let mut site = site(POLICY).await;
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1]);
    repo.by("dave").approves(1);
    asks(
        &mut site,
        "carol",
        &["--emergency", "--reason=prod is down"],
    )
    .await;
    assert!(!landed(&site));
    assert_eq!(repo.state(1), "CLOSED");
    assert_eq!(repo.pulls(true), [2]);
}

#[tokio::test]
async fn a_moved_base_leaves_an_emergency_one_and_its_requester_out() {
    let mut site = site(POLICY).await;
    asks(
        &mut site,
        "carol",
        &["--emergency", "--reason=prod is down"],
    )
    .await;
    let repo = site.repo();
    let first = *repo.pulls(true).last().unwrap();
    let prod = repo.file("main", "prod.yaml").unwrap();
    // In the very line that the promotion changes, so that no merge can make both.
    let moved = prod.replace("chart: web,", "chart: web,  ");
    repo.files("main", &[("prod.yaml", &moved)]);
    let run = site.run().await;
    assert_eq!(repo.state(first), "CLOSED", "{}", run.text);
    let next = *repo.pulls(true).last().unwrap();
    assert!(
        repo.pull(next)["title"].to_string().contains("EMERGENCY"),
        "{}",
        run.text
    );
    assert!(repo.body(next).contains("prod is down"));
    repo.by("carol").approves(next);
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    repo.by("dave").approves(next);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}
