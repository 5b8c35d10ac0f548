//! The label `sluice/hold` if it cannot be added: what was held stays held.

use crate::rollback::{goes_back, is_held, prod, promoted};
use end_to_end::shop::{APPROVAL, chart, shop};
use end_to_end::site::Site;
use github_stand_in::{Fault, When};
use sluice::error::Exit;

const HOLD: &str = "sluice/hold";
/// An App whose permissions lack `issues: write`.
const WITHOUT_ISSUES: &str = "contents:write, pull-requests:write, statuses:write, actions:write, checks:read, deployments:read";

fn without_issues(site: &mut Site) {
    site.token = site.repo().app_token(4242, "sluice-app", WITHOUT_ISSUES);
}

/// The label is gone from the repository, and so from every pull request.
fn is_deleted(site: &Site, label: &str) {
    let path = format!("/labels/{}", label.replace('/', "%2F"));
    let carol = site.repo();
    carol
        .by("carol")
        .does("DELETE", &path, serde_json::Value::Null);
}

async fn is_quiet(site: &Site) {
    site.hub.forget_calls();
    let run = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", run.text);
}

/// prod went back from 1.2.0 to 1.1.0, and no label can be created: what would undo that is open.
async fn rolled_back_without_labels() -> Site {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    is_deleted(&site, HOLD);
    without_issues(&mut site);
    goes_back(&mut site, &["--reason=INC-7"]).await;
    let repo = site.repo();
    repo.by("carol").approves(repo.pulls(true)[0]);
    site.run().await;
    let run = site.run().await;
    assert_eq!(
        (run.exit, prod(&site).as_str()),
        (Exit::Done, "1.1.0"),
        "{}",
        run.text
    );
    let opened = run
        .lines()
        .into_iter()
        .find(|line| line.starts_with("opened"));
    assert!(
        opened
            .as_ref()
            .is_some_and(|line| line.contains("held") && line.contains(HOLD)),
        "{opened:?} {}",
        run.text
    );
    site
}

#[tokio::test]
async fn what_would_undo_a_rollback_is_held_without_its_label_and_says_how_it_is_let_through() {
    let site = rolled_back_without_labels().await;
    let repo = site.repo();
    let forward = *repo.pulls(true).last().unwrap();
    assert!(!is_held(&site, forward));
    let body = repo.body(forward);
    assert!(
        body.contains("create the label `sluice/hold`, add it, and remove it again"),
        "{body}"
    );
    repo.by("carol").approves(forward);
    let run = site.run().await;
    assert_eq!(
        (run.exit, prod(&site).as_str()),
        (Exit::Done, "1.1.0"),
        "{}",
        run.text
    );
    assert!(run.lines()[0].starts_with("held"), "{}", run.text);
    is_quiet(&site).await;
    // As soon as the label exists it is added, and someone who may do so removes it.
    repo.by("carol").creates_label(HOLD);
    let run = site.run().await;
    assert!(is_held(&site, forward), "{}", run.text);
    assert_eq!(prod(&site), "1.1.0");
    is_quiet(&site).await;
    repo.by("dave").unlabels(forward, HOLD);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
}

#[tokio::test]
async fn a_person_lets_it_through_by_creating_the_label_and_taking_it_off_again() {
    let site = rolled_back_without_labels().await;
    let repo = site.repo();
    let forward = *repo.pulls(true).last().unwrap();
    repo.by("carol").approves(forward);
    repo.by("dave").labels(forward, HOLD);
    repo.by("dave").unlabels(forward, HOLD);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
}

#[tokio::test]
async fn every_fault_of_the_label_after_a_rollback_leaves_it_held() {
    for fault in [
        Fault::Status(403, "Resource not accessible by integration".to_owned()),
        Fault::NotFound,
        Fault::Status(422, "Validation Failed".to_owned()),
        Fault::ServerError,
    ] {
        let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
        goes_back(&mut site, &[]).await;
        let repo = site.repo();
        repo.by("carol").approves(repo.pulls(true)[0]);
        site.run().await;
        site.hub
            .fault(When::rest("POST", "/labels").always(), fault.clone());
        let run = site.run().await;
        let at = format!("{fault:?}: {}", run.text);
        assert_eq!(
            (run.exit, prod(&site).as_str()),
            (Exit::Done, "1.1.0"),
            "{at}"
        );
        let forward = *repo.pulls(true).last().unwrap();
        repo.by("carol").approves(forward);
        site.run().await;
        assert_eq!(prod(&site), "1.1.0", "{at}");
        site.hub.heal();
        let run = site.run().await;
        assert!(is_held(&site, forward), "{fault:?}: {}", run.text);
        assert_eq!(prod(&site), "1.1.0", "{at}");
        is_quiet(&site).await;
    }
}

/// A pull request that tom holds and that a newer plan is to replace.
async fn held_and_outdated() -> Site {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    repo.by("tom").labels(1, HOLD);
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    site
}

#[tokio::test]
async fn a_hold_that_cannot_be_carried_over_keeps_the_replaced_pull_request_open_and_lands_nothing()
{
    for fault in [
        Fault::Status(403, "Resource not accessible by integration".to_owned()),
        Fault::NotFound,
        Fault::Status(422, "Validation Failed".to_owned()),
        Fault::ServerError,
    ] {
        let site = held_and_outdated().await;
        let repo = site.repo();
        site.hub.fault(
            When::rest("POST", "/issues/2/labels").always(),
            fault.clone(),
        );
        let run = site.run().await;
        let at = format!("{fault:?}: {}", run.text);
        assert_eq!((repo.state(1), repo.state(2)), ("OPEN", "OPEN"), "{at}");
        assert!(
            run.lines()[0].starts_with("opened") && run.lines()[0].contains("#1 stays open"),
            "{at}"
        );
        assert_eq!(run.json["read_only"], serde_json::Value::Null);
        repo.by("carol").approves(2);
        let run = site.run().await;
        assert_eq!(
            (repo.state(1), prod(&site).as_str()),
            ("OPEN", "1.0.0"),
            "{at}"
        );
        assert_eq!(run.exit, Exit::Failed, "{at}");
        assert!(
            run.lines()[0].contains("#1 stays open"),
            "{at}: {}",
            run.text
        );
        site.hub.heal();
        let run = site.run().await;
        assert_eq!(
            (repo.state(1), is_held(&site, 2)),
            ("CLOSED", true),
            "{at}: {}",
            run.text
        );
        assert_eq!(prod(&site), "1.0.0");
        is_quiet(&site).await;
        repo.by("carol").unlabels(2, HOLD);
        site.run().await;
        assert_eq!(prod(&site), "1.2.0");
    }
}

#[tokio::test]
async fn a_hold_whose_label_is_gone_and_cannot_be_created_again_stays_where_it_is() {
    let mut site = held_and_outdated().await;
    let repo = site.repo();
    // tom may add it, not remove it: it counts as if it were on, and the label is gone.
    repo.by("tom").unlabels(1, HOLD);
    is_deleted(&site, HOLD);
    without_issues(&mut site);
    let run = site.run().await;
    assert_eq!(
        (repo.state(1), repo.state(2)),
        ("OPEN", "OPEN"),
        "{}",
        run.text
    );
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(run.lines()[0].contains("#1 stays open"), "{}", run.text);
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert_eq!(
        (run.exit, prod(&site).as_str()),
        (Exit::Done, "1.0.0"),
        "{}",
        run.text
    );
    let row = &run.json["promotions"][0];
    assert_eq!(row["state"], "held");
    assert!(
        row["why"].as_str().unwrap().contains("#1 stays open"),
        "{row}"
    );
    assert!(
        row["next"]
            .as_str()
            .unwrap()
            .contains("create the label sluice/hold"),
        "{row}"
    );
    is_quiet(&site).await;
    repo.by("carol").creates_label(HOLD);
    site.run().await;
    assert_eq!((repo.state(1), is_held(&site, 2)), ("CLOSED", true));
    assert_eq!(prod(&site), "1.0.0");
}

#[tokio::test]
async fn the_hold_is_put_on_before_anything_that_may_fail_or_be_lost() {
    let site = held_and_outdated().await;
    site.hub.forget_calls();
    site.run().await;
    let writes = site.writes();
    let opened = writes
        .iter()
        .position(|line| line.starts_with("POST") && line.ends_with("/pulls"));
    let next = opened.and_then(|at| writes.get(at + 1));
    assert!(
        next.is_some_and(|line| line.contains("/issues/2/labels")),
        "{writes:#?}"
    );
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    goes_back(&mut site, &[]).await;
    let repo = site.repo();
    repo.by("carol").approves(repo.pulls(true)[0]);
    site.run().await;
    site.hub.forget_calls();
    site.run().await;
    let forward = *repo.pulls(true).last().unwrap();
    let writes = site.writes();
    let opened = writes
        .iter()
        .rposition(|line| line.starts_with("POST") && line.ends_with("/pulls"));
    let next = opened.and_then(|at| writes.get(at + 1));
    let wanted = format!("/issues/{forward}/labels");
    assert!(
        next.is_some_and(|line| line.contains(&wanted)),
        "{writes:#?}"
    );
}
