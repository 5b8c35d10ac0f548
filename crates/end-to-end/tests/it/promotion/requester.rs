//! Who asked for a promotion is judged again before it lands, like an approver: by number, and by what that person may do now.

use crate::rollback::{prod, promoted};
use end_to_end::shop::{APPROVAL, PROMOTE, shop};
use end_to_end::site::Site;
use github_stand_in::{Fault, Role, When};
use sluice::error::Exit;

const MANUAL: &str = "stages: { prod: { trigger: manual } }\n";
const FROZEN: &str =
    "freeze: [{ from: 2000-01-01T00:00, until: 2999-01-01T00:00, zone: UTC, reason: audit }]\n";

/// carol asked for prod in a freeze that is over now.
async fn asked_for_in_a_freeze() -> Site {
    let mut site = shop("", &format!("{MANUAL}{FROZEN}")).await;
    site.adds_workflow();
    let run = site.asks("carol", &PROMOTE).await;
    assert_eq!(site.repo().pulls(true), [1], "{}", run.text);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.0.0", "{}", run.text);
    site.policy(MANUAL);
    site
}

#[tokio::test]
async fn what_somebody_asked_for_who_lost_write_access_waits_until_somebody_asks_again() {
    let mut site = asked_for_in_a_freeze().await;
    let repo = site.repo();
    repo.role("carol", Role::Triage);
    let run = site.run().await;
    assert_eq!(
        (run.exit, prod(&site).as_str()),
        (Exit::Done, "1.0.0"),
        "{}",
        run.text
    );
    insta::assert_snapshot!(run.lines()[0], @"held apps/shop → prod #1: carol requested it, but no longer has write access: request it again");
    let run = site.asks("dave", &PROMOTE).await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    assert_eq!(repo.state(1), "CLOSED");
}

#[tokio::test]
async fn what_somebody_asked_for_who_still_has_write_access_lands() {
    let site = asked_for_in_a_freeze().await;
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
}

#[tokio::test]
async fn what_an_account_asked_for_that_is_gone_or_cannot_be_read_does_not_land() {
    let site = asked_for_in_a_freeze().await;
    site.hub.delete_account("carol");
    let run = site.run().await;
    assert_eq!(prod(&site), "1.0.0", "{}", run.text);
    insta::assert_snapshot!(run.lines()[0], @"held apps/shop → prod #1: the account that requested it was deleted: request it again");

    let site = asked_for_in_a_freeze().await;
    site.hub
        .fault(When::rest("GET", "/user/").always(), Fault::ServerError);
    let run = site.run().await;
    assert_eq!(
        (run.exit, prod(&site).as_str()),
        (Exit::Failed, "1.0.0"),
        "{}",
        run.text
    );
    site.hub.heal();
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
}

#[tokio::test]
async fn a_rollback_that_somebody_asked_for_who_lost_write_access_waits_too() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    site.asks("dave", &["rollback", "--pipeline=shop", "--to=prod"])
        .await;
    let back = *repo.pulls(true).last().unwrap();
    repo.by("carol").approves(back);
    repo.role("dave", Role::Read);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
    assert!(run.lines()[0].contains("dave requested it"), "{}", run.text);
}

#[tokio::test]
async fn write_access_that_is_lost_right_before_the_last_look_stops_the_landing() {
    for delivery in ["pull-request", "commit"] {
        let mut site = shop(
            "",
            &format!("stages: {{ prod: {{ trigger: manual, delivery: {delivery} }} }}\n"),
        )
        .await;
        site.adds_workflow();
        let lost = match delivery {
            "commit" => When::rest("POST", "/git/commits"),
            _ => When::rest("POST", "/statuses/"),
        };
        site.hub.before(lost, |world| {
            world.place("acme/gitops").role("carol", Role::Read);
        });
        let run = site.asks("carol", &PROMOTE).await;
        assert_eq!(prod(&site), "1.0.0", "{delivery}: {}", run.text);
    }
}
