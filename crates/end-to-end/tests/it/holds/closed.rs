//! The label `sluice/hold` on pull requests that were closed: someone who may not remove it cannot lift it by closing.

use crate::rollback::{goes_back, is_held, prod, promoted};
use end_to_end::shop::{APPROVAL, PROMOTE, chart, landed, shop};
use end_to_end::site::Site;
use github_stand_in::{Fault, When};
use sluice::error::Exit;

const HOLD: &str = "sluice/hold";

/// #1 is open, and tom, who may only triage, has held it.
async fn held() -> Site {
    let site = shop(APPROVAL, "").await;
    site.run().await;
    assert_eq!(site.repo().pulls(true), [1]);
    site.repo().by("tom").labels(1, HOLD);
    site
}

/// dev moves on, so that the next plan is another one.
fn moves(site: &Site, version: &str) {
    site.repo()
        .files("main", &[("dev.yaml", &chart("web-dev", version))]);
}

/// #2 is open and held by the label, whoever approves it, and lands once dave removes the label.
async fn second_is_held_until_somebody_may_lift_it(site: &Site) {
    let run = site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    assert!(is_held(site, 2), "{}", run.text);
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert_eq!(prod(site), "1.0.0", "{}", run.text);
    assert!(run.lines()[0].starts_with("held"), "{}", run.text);
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new());
    repo.by("dave").unlabels(2, HOLD);
    let run = site.run().await;
    assert_ne!(prod(site), "1.0.0", "{}", run.text);
}

#[tokio::test]
async fn closing_a_held_pull_request_lifts_nothing_without_write_access() {
    let site = held().await;
    site.repo().by("tom").closes(1);
    moves(&site, "1.2.0");
    let run = site.run().await;
    assert!(
        run.lines()[0].contains("#1") && run.lines()[0].contains("held"),
        "{}",
        run.text
    );
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn a_label_that_triage_takes_off_before_it_closes_still_holds() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").unlabels(1, HOLD);
    repo.by("tom").closes(1);
    moves(&site, "1.2.0");
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn the_same_plan_comes_back_held_after_a_day() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").unlabels(1, HOLD);
    repo.by("tom").closes(1);
    site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    site.hub.advance(25 * 3600);
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn a_person_with_write_access_ends_a_hold_by_closing() {
    let site = held().await;
    let repo = site.repo();
    repo.by("dave").closes(1);
    moves(&site, "1.2.0");
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    assert!(!is_held(&site, 2));
    repo.by("carol").approves(2);
    site.run().await;
    assert_eq!(prod(&site), "1.2.0");
}

#[tokio::test]
async fn what_happens_to_the_label_of_a_closed_pull_request_holds_and_never_lifts() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    // dave may lift a hold, but not there: no one would see it.
    repo.by("dave").unlabels(1, HOLD);
    moves(&site, "1.2.0");
    second_is_held_until_somebody_may_lift_it(&site).await;

    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    repo.by("dave").closes(1);
    repo.by("tom").labels(1, HOLD);
    moves(&site, "1.2.0");
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn the_branch_of_a_held_pull_request_stays_while_its_stage_cannot_be_opened() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").unlabels(1, HOLD);
    repo.by("tom").closes(1);
    let policy = "version: 1\nholds: [{ pipeline: shop, stage: prod, reason: INC-9 }]\n";
    repo.files("main", &[(".github/sluice.yaml", policy)]);
    moves(&site, "1.2.0");
    let run = site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
    assert_eq!(repo.branches("sluice/").len(), 1, "{}", run.text);
    repo.files("main", &[(".github/sluice.yaml", "version: 1\n")]);
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn a_label_that_was_set_after_sluice_closed_it_is_found_by_its_branch() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    // dev went back, so that nothing is left to promote; the branch cannot be deleted yet.
    moves(&site, "1.0.0");
    for call in [
        When::graphql("updateRefs"),
        When::rest("DELETE", "/git/refs/"),
    ] {
        site.hub.fault(
            call.always(),
            Fault::Status(403, "Resource protected".to_owned()),
        );
    }
    let run = site.run().await;
    assert_eq!(repo.state(1), "CLOSED", "{}", run.text);
    assert_eq!(repo.branches("sluice/").len(), 1, "{}", run.text);
    site.hub.heal();
    repo.by("tom").labels(1, HOLD);
    repo.by("tom").unlabels(1, HOLD);
    site.run().await;
    moves(&site, "1.2.0");
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn a_label_set_on_a_closed_one_after_a_hold_was_lifted_holds_again() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    moves(&site, "1.2.0");
    site.run().await;
    assert_eq!(repo.pulls(true), [2]);
    repo.by("tom").labels(2, HOLD);
    repo.by("dave").unlabels(2, HOLD);
    site.hub.advance(60);
    repo.by("tom").labels(1, HOLD);
    site.run().await;
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn a_hold_is_found_whatever_was_closed_since() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    let promotions = repo.branches("sluice/");
    repo.by("dave").deletes(&promotions[0]);
    for number in 0..301 {
        let branch = format!("sluice/other/prod/{number}");
        repo.by("dave")
            .pushes(&branch, &[("x", &number.to_string())], "x");
        let opened = repo.by("dave").opens(&branch, "main", "x");
        repo.by("dave").closes(opened);
        repo.by("dave").deletes(&branch);
    }
    moves(&site, "1.2.0");
    let run = site.run().await;
    let newest = *repo.pulls(true).last().unwrap();
    assert!(is_held(&site, newest), "{}", run.text);
}

#[tokio::test]
async fn a_run_that_dies_between_opening_and_labelling_loses_no_hold() {
    for off in [false, true] {
        let site = held().await;
        let repo = site.repo();
        if off {
            repo.by("tom").unlabels(1, HOLD);
        }
        repo.by("tom").closes(1);
        moves(&site, "1.2.0");
        site.hub.fault(
            When::rest("POST", "/labels").always(),
            Fault::CloseBeforeApply,
        );
        let run = site.run().await;
        assert!(!is_held(&site, 2), "{}", run.text);
        repo.by("carol").approves(2);
        let run = site.run().await;
        assert_eq!(prod(&site), "1.0.0", "{off}: {}", run.text);
        site.hub.heal();
        second_is_held_until_somebody_may_lift_it(&site).await;
    }
}

#[tokio::test]
async fn a_landing_ends_what_was_held_before_it_and_a_rollback_does_not() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    moves(&site, "1.2.0");
    second_is_held_until_somebody_may_lift_it(&site).await;
    moves(&site, "1.3.0");
    site.run().await;
    assert_eq!(repo.pulls(true), [3]);
    assert!(!is_held(&site, 3));

    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    moves(&site, "1.3.0");
    site.run().await;
    let open = *repo.pulls(true).last().unwrap();
    repo.by("tom").labels(open, HOLD);
    repo.by("tom").closes(open);
    goes_back(&mut site, &[]).await;
    let back = *repo.pulls(true).last().unwrap();
    repo.by("carol").approves(back);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    site.run().await;
    let forward = *repo.pulls(true).last().unwrap();
    assert!(is_held(&site, forward));
    // One that the rollback holds and one that tom holds: removing the label lifts what was carried over.
    repo.by("carol").approves(forward);
    repo.by("dave").unlabels(forward, HOLD);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.3.0", "{}", run.text);
}

#[tokio::test]
async fn who_closed_it_and_cannot_be_looked_up_has_lifted_nothing() {
    let site = held().await;
    let repo = site.repo();
    repo.by("dave").closes(1);
    moves(&site, "1.2.0");
    site.hub.delete_account("dave");
    let run = site.run().await;
    assert!(is_held(&site, 2), "{}", run.text);
}

#[tokio::test]
async fn a_stage_that_is_committed_to_waits_for_a_hold_on_a_closed_pull_request() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    let policy = "version: 1\nstages: { prod: { delivery: commit, trigger: auto } }\n";
    let pipeline = end_to_end::shop::pipeline("");
    repo.files(
        "main",
        &[
            (".github/sluice.yaml", policy),
            ("pipeline.yaml", &pipeline),
        ],
    );
    let run = site.run().await;
    assert_eq!(
        (run.exit, prod(&site).as_str()),
        (Exit::Done, "1.0.0"),
        "{}",
        run.text
    );
    assert!(run.lines()[0].contains("#1"), "{}", run.text);
    repo.by("dave").reopens(1);
    repo.by("dave").unlabels(1, HOLD);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

/// 45 more pull requests were closed with the label on.
fn many_are_closed_with_the_label(site: &Site) {
    let repo = site.repo();
    for number in 0..45 {
        let branch = format!("sluice/other/prod/{number}");
        repo.by("dave")
            .pushes(&branch, &[("x", &number.to_string())], "x");
        let opened = repo.by("dave").opens(&branch, "main", "x");
        repo.by("dave").labels(opened, HOLD);
        repo.by("dave").closes(opened);
        repo.by("dave").deletes(&branch);
    }
}

#[tokio::test]
async fn a_hold_on_a_later_page_is_found_and_one_that_is_not_read_holds() {
    let site = held().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    let promotions = repo.branches("sluice/");
    repo.by("dave").deletes(&promotions[0]);
    many_are_closed_with_the_label(&site);
    moves(&site, "1.2.0");
    site.hub.fault(
        When::graphql("HeldClosed").always(),
        Fault::Status(404, "Not Found".to_owned()),
    );
    let run = site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
    assert!(
        run.lines()[0].contains("closed pull requests with the label sluice/hold"),
        "{}",
        run.text
    );
    site.hub.heal();
    let run = site.run().await;
    let newest = *repo.pulls(true).last().unwrap();
    assert!(is_held(&site, newest), "{}", run.text);
}

/// An App whose permissions lack `issues: write`.
const WITHOUT_ISSUES: &str = "contents:write, pull-requests:write, statuses:write, actions:write, checks:read, deployments:read";

#[tokio::test]
async fn without_the_label_a_person_with_write_access_lifts_a_hold_by_a_dispatch() {
    let mut site = held().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    repo.by("carol")
        .does("DELETE", "/labels/sluice%2Fhold", serde_json::Value::Null);
    site.token = repo.app_token(4242, "sluice-app", WITHOUT_ISSUES);
    site.adds_workflow();
    moves(&site, "1.2.0");
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    insta::assert_snapshot!(run.lines()[0], @"opened apps/shop → prod #2: release: waits for 1 approval by anyone with write access; held: the label sluice/hold held #1 when tom, who has no write access, closed it; the label sluice/hold does not exist and cannot be created: Resource not accessible by integration");
    let next = &run.json["promotions"][0]["next"];
    insta::assert_snapshot!(next.as_str().unwrap(), @"someone with write access runs the workflow with `command: promote` for this stage");
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.0.0", "{}", run.text);
    assert!(run.lines()[0].contains("#1"), "{}", run.text);
    let run = site.asks("dave", &PROMOTE).await;
    assert_eq!(repo.pulls(true), [3], "{}", run.text);
    repo.by("carol").approves(3);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
}

#[tokio::test]
async fn a_hold_on_one_edge_holds_the_promotions_along_the_others() {
    let site = Site::empty().await;
    let repo = site.repo();
    let pipeline = "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: shop, namespace: apps }\nspec:\n  stages:\n\
        \x20 - { name: dev, services: [{ serviceRef: { name: web-dev } }] }\n\
        \x20 - { name: lab, services: [{ serviceRef: { name: web-lab } }] }\n\
        \x20 - { name: prod, services: [\n\
        \x20     { serviceRef: { name: web-prod }, criteria: { serviceRef: { name: web-dev } } },\n\
        \x20     { serviceRef: { name: lab-prod }, criteria: { serviceRef: { name: web-lab } } }] }\n\
        \x20 edges:\n\
        \x20 - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }\n\
        \x20 - { from: lab, to: prod, gates: [{ name: release, type: APPROVAL }] }\n";
    repo.files(
        "main",
        &[
            ("pipeline.yaml", pipeline),
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            ("lab.yaml", &chart("web-lab", "3.1.0")),
            ("prod.yaml", &chart("web-prod", "1.0.0")),
            ("lab-prod.yaml", &chart("lab-prod", "3.0.0")),
            (
                ".github/sluice.yaml",
                "version: 1\nstages: { prod: { join: any } }\n",
            ),
        ],
    );
    site.run().await;
    assert_eq!(repo.pulls(true), [1, 2]);
    repo.by("tom").labels(1, HOLD);
    repo.by("carol").approves(2);
    let run = site.run().await;
    let both = || {
        let other = repo.file("main", "lab-prod.yaml").unwrap();
        (prod(&site), other.contains("3.1.0"))
    };
    assert_eq!(both(), ("1.0.0".to_owned(), false), "{}", run.text);
    repo.by("tom").closes(1);
    let run = site.run().await;
    assert_eq!(both(), ("1.0.0".to_owned(), false), "{}", run.text);
    repo.by("dave").unlabels(2, HOLD);
    let run = site.run().await;
    assert_eq!(both(), ("1.0.0".to_owned(), true), "{}", run.text);
}

#[tokio::test]
async fn another_account_of_ours_forgets_no_hold() {
    let mut site = shop(APPROVAL, "").await;
    let repo = site.repo();
    let app = std::mem::replace(
        &mut site.token,
        repo.workflow_token(end_to_end::shop::PERMISSIONS),
    );
    site.run().await;
    repo.by("tom").labels(1, HOLD);
    site.token = app;
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    repo.by("tom").unlabels(1, HOLD);
    repo.by("tom").closes(1);
    moves(&site, "1.2.0");
    second_is_held_until_somebody_may_lift_it(&site).await;
}

#[tokio::test]
async fn an_emergency_forgets_no_hold() {
    let mut site = shop(
        APPROVAL,
        "stages: { prod: { emergency: { approve: [{ by: writers }], skip: [freeze] } } }\n",
    )
    .await;
    let repo = site.repo();
    site.adds_workflow();
    site.run().await;
    repo.by("tom").labels(1, HOLD);
    repo.by("tom").closes(1);
    moves(&site, "1.2.0");
    let command = [
        "promote",
        "--pipeline=shop",
        "--to=prod",
        "--emergency",
        "--reason=INC-1",
    ];
    let run = site.asks("dave", &command).await;
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    assert!(is_held(&site, 2), "{}", run.text);
}

#[tokio::test]
async fn a_hold_that_was_carried_over_is_lifted_where_it_went() {
    let site = held().await;
    let repo = site.repo();
    moves(&site, "1.2.0");
    site.run().await;
    assert_eq!((repo.pulls(true), is_held(&site, 2)), (vec![2], true));
    repo.by("dave").unlabels(2, HOLD);
    moves(&site, "1.3.0");
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [3], "{}", run.text);
    assert!(!is_held(&site, 3), "{}", run.text);
    repo.by("carol").approves(3);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.3.0", "{}", run.text);
}
