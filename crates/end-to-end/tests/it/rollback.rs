//! Rollbacks: by dispatch, to what the stage held at a landing of its own, through the same gates; and what it left comes again
//! only once a person with write access allows it.

mod faults;
mod offline;
mod renames;
mod values;

use end_to_end::shop::{APPROVAL, PROMOTE, chart, shop};
use end_to_end::site::{Report, Site};
use github_stand_in::Role;
use serde_json::json;
use sluice::error::Exit;

/// A shop whose prod was promoted to each of these versions, one after the other, with carol's approval.
pub(super) async fn promoted(gates: &str, policy: &str, versions: &[&str]) -> Site {
    let site = shop(gates, policy).await;
    site.adds_workflow();
    for version in versions {
        to(&site, version).await;
    }
    site
}

/// dev moves to this version, and prod follows.
async fn to(site: &Site, version: &str) {
    let repo = site.repo();
    dev(site, version);
    let run = site.run().await;
    if let Some(number) = repo.pulls(true).last() {
        repo.by("carol").approves(*number);
        let run = site.run().await;
        assert_eq!(prod(site), version, "{}", run.text);
    }
    assert_eq!(prod(site), version, "{}", run.text);
}

fn dev(site: &Site, version: &str) {
    site.repo()
        .files("main", &[("dev.yaml", &chart("web-dev", version))]);
}

pub(super) fn prod(site: &Site) -> String {
    let file = site.repo().file("main", "prod.yaml").unwrap();
    let (_, rest) = file.split_once("version: ").unwrap();
    rest.trim_end().trim_end_matches(" }").to_owned()
}

pub(super) async fn goes_back(site: &mut Site, more: &[&str]) -> Report {
    let command = ["rollback", "--pipeline=shop", "--to=prod"];
    site.asks("dave", &[&command, more].concat()).await
}

pub(super) fn is_held(site: &Site, number: u64) -> bool {
    let labels = site.repo().labels(number);
    labels.iter().any(|label| label == "sluice/hold")
}

/// The plan that the head commit of main landed.
fn landed_plan(site: &Site) -> String {
    let message = site.repo().message("main");
    let line = message
        .lines()
        .find_map(|line| line.strip_prefix("Sluice-Plan: "));
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_stage_goes_back_through_its_gates_and_stays_there_until_a_person_with_write_lets_it() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let run = goes_back(&mut site, &["--reason=INC-7: checkout fails"]).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let repo = site.repo();
    let [back] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    let title = repo.pull(back)["title"].to_string();
    assert!(
        title.contains("Rollback: shop → prod: 1.2.0 → 1.1.0"),
        "{title}"
    );
    let body = repo.body(back);
    assert!(
        body.starts_with("> [!CAUTION]\n> **Rollback of prod** · ") && body.contains("\n> INC-7"),
        "{body}"
    );
    // Through the same gates.
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
    repo.by("carol").approves(back);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    let message = repo.message("main");
    assert!(message.contains("\nSluice-Rollback: "), "{message}");
    assert!(message.contains("INC-7"), "{message}");

    // The next run does not undo it.
    let run = site.run().await;
    let [forward] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    assert!(is_held(&site, forward), "{}", run.text);
    let body = repo.body(forward);
    assert!(
        body.contains("> `prod` was rolled back in") && body.contains("INC-7"),
        "{body}"
    );
    repo.by("carol").approves(forward);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    assert!(
        run.lines()[0].contains("held: it was rolled back in")
            && run.lines()[0].contains("INC-7: checkout fails"),
        "{:?}",
        run.lines()
    );
    let run = site.call(&["status", "--format=text"]).await;
    assert!(run.text.contains("rolled back in"), "{}", run.text);
    // Someone without write access cannot allow it either.
    repo.by("tom").unlabels(forward, "sluice/hold");
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    assert!(is_held(&site, forward));
    repo.by("dave").unlabels(forward, "sluice/hold");
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
    // And then all is as it was: nothing is held any more.
    to(&site, "1.3.0").await;
}

#[tokio::test]
async fn what_comes_after_a_rollback_is_held_whatever_plan_it_is() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    goes_back(&mut site, &[]).await;
    let repo = site.repo();
    repo.by("carol").approves(repo.pulls(true)[0]);
    site.run().await;
    site.run().await;
    let first = repo.pulls(true);
    dev(&site, "1.3.0");
    let run = site.run().await;
    let second = repo.pulls(true);
    assert!(second.len() == 1 && second != first, "{}", run.text);
    assert!(is_held(&site, second[0]));
    repo.by("carol").approves(second[0]);
    site.run().await;
    assert_eq!(prod(&site), "1.1.0");
    assert!(
        repo.body(second[0])
            .contains("⏸ held because it was rolled back"),
        "{}",
        repo.body(second[0])
    );
}

#[tokio::test]
async fn a_second_rollback_goes_further_back_and_never_to_what_was_rolled_back() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0", "1.3.0"]).await;
    let repo = site.repo();
    for expected in ["1.2.0", "1.1.0"] {
        let run = goes_back(&mut site, &[]).await;
        let back = *repo.pulls(true).last().unwrap();
        assert!(
            repo.pull(back)["title"].to_string().contains(expected),
            "{}",
            run.text
        );
        repo.by("carol").approves(back);
        let run = site.run().await;
        assert_eq!(prod(&site), expected, "{}", run.text);
        site.run().await;
    }
    // What was there before the first landing was not approved by anyone.
    let run = goes_back(&mut site, &[]).await;
    assert_eq!(run.exit, Exit::Usage, "{}", run.text);
    assert!(
        run.text
            .contains("nothing that prod held before came from a landing of Sluice")
            && run.text.contains("git revert"),
        "{}",
        run.text
    );
    assert_eq!(prod(&site), "1.1.0");
}

#[tokio::test]
async fn a_plan_names_how_far_back() {
    let mut site = promoted(APPROVAL, "", &["1.1.0"]).await;
    let first = landed_plan(&site);
    to(&site, "1.2.0").await;
    to(&site, "1.3.0").await;
    let newest = landed_plan(&site);
    for (plan, words) in [
        ("000000000000", "no landing of prod has the plan"),
        (&newest[..12], "prod already holds what landed in"),
    ] {
        let run = goes_back(&mut site, &[&format!("--plan={plan}")]).await;
        assert_eq!(run.exit, Exit::Usage, "{}", run.text);
        assert!(run.text.contains(words), "{}", run.text);
        assert!(run.text.contains("sluice history --pipeline shop"));
    }
    let run = goes_back(&mut site, &[&format!("--plan={}", &first[..12])]).await;
    let repo = site.repo();
    let [back] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    repo.by("carol").approves(back);
    site.run().await;
    assert_eq!(prod(&site), "1.1.0");
}

#[tokio::test]
async fn a_broken_hand_edit_is_rolled_back_to_the_landing_below_it() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    repo.files("main", &[("prod.yaml", &chart("web-prod", "9.9.9"))]);
    goes_back(&mut site, &[]).await;
    repo.by("carol").approves(repo.pulls(true)[0]);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
}

#[tokio::test]
async fn a_landing_older_than_the_policy_allows_is_not_gone_back_to() {
    let mut site = promoted(APPROVAL, "rollback: { age: 2d }\n", &["1.1.0", "1.2.0"]).await;
    // It held 1.1.0 until a minute ago, however long before that it landed.
    site.hub.advance(47 * 3600);
    let run = goes_back(&mut site, &["--dry-run"]).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    site.hub.advance(2 * 3600);
    let run = goes_back(&mut site, &[]).await;
    assert_eq!(run.exit, Exit::Usage, "{}", run.text);
    assert!(
        run.text.contains("the policy limits rollbacks to 2d"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn only_a_person_with_write_takes_a_stage_back() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let run = site
        .repo()
        .by("dave")
        .dispatches("sluice.yml", "main", json!({}));
    site.repo().role("dave", Role::Triage);
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
    let run = site
        .call(&["rollback", "--pipeline=shop", "--to=prod"])
        .await;
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    assert!(
        run.text
            .contains("dave does not have write access to this repository"),
        "{}",
        run.text
    );
    assert_eq!(site.repo().pulls(true), Vec::<u64>::new());
}

#[tokio::test]
async fn an_approved_promotion_gives_way_to_a_rollback_and_a_held_one_stays() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    dev(&site, "1.3.0");
    site.run().await;
    let [forward] = repo.pulls(true)[..] else {
        panic!()
    };
    repo.by("dave").labels(forward, "sluice/hold");
    repo.by("carol").approves(forward);
    goes_back(&mut site, &[]).await;
    let open = repo.pulls(true);
    assert!(open.len() == 2 && open[0] == forward, "{open:?}");
    repo.by("carol").approves(open[1]);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    // The hold that a person set, and the one of the rollback, are one label: once it is removed, the promotion lands.
    repo.by("dave").unlabels(forward, "sluice/hold");
    let run = site.run().await;
    assert_eq!(
        prod(&site),
        "1.1.0",
        "its plan is another one by now: {}",
        run.text
    );

    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    dev(&site, "1.3.0");
    site.run().await;
    let [forward] = repo.pulls(true)[..] else {
        panic!()
    };
    repo.by("carol").approves(forward);
    goes_back(&mut site, &[]).await;
    assert_eq!(repo.state(forward), "CLOSED");
    assert_eq!(prod(&site), "1.2.0");
}

#[tokio::test]
async fn a_rollback_that_is_closed_is_given_up() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    dev(&site, "1.3.0");
    goes_back(&mut site, &[]).await;
    let [back] = repo.pulls(true)[..] else {
        panic!()
    };
    repo.by("dave").closes(back);
    let run = site.run().await;
    let [forward] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    assert!(!is_held(&site, forward));
    repo.by("carol").approves(forward);
    site.run().await;
    assert_eq!(prod(&site), "1.3.0");
}

#[tokio::test]
async fn a_rollback_is_built_again_where_the_base_moves_and_keeps_who_asked_and_why() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    goes_back(&mut site, &["--reason=INC-7"]).await;
    let [first] = repo.pulls(true)[..] else {
        panic!()
    };
    let file = repo.file("main", "prod.yaml").unwrap();
    let moved = file.replace("spec:\n", "spec:\n  # a comment\n");
    repo.files("main", &[("prod.yaml", &moved)]);
    let run = site.run().await;
    let [second] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    assert_ne!(first, second);
    assert!(repo.body(second).contains("INC-7"), "{}", repo.body(second));
    repo.by("carol").approves(second);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    assert!(repo.message("main").contains("Sluice-Requested-By: "));
    let file = repo.file("main", "prod.yaml").unwrap();
    assert!(file.contains("# a comment\n"), "{file}");
}

#[tokio::test]
async fn an_emergency_rollback_goes_by_the_emergency_rules() {
    let gates = "{ name: release, type: APPROVAL }, { name: hours, type: WINDOW }";
    let open = "gates: { hours: { open: [\"Mon-Sun 00:00-24:00\"], zone: UTC } }\n";
    let mut site = promoted(gates, open, &["1.1.0", "1.2.0"]).await;
    let shut = "version: 1\ngates: { hours: { open: [\"Sun 03:00-03:01\"], zone: UTC } }\nstages:\n  prod:\n    emergency: { approve: [{ by: writers }], skip: [window] }\n";
    site.repo().files("main", &[(".github/sluice.yaml", shut)]);
    goes_back(&mut site, &["--emergency", "--reason=prod is down"]).await;
    let repo = site.repo();
    let [back] = repo.pulls(true)[..] else {
        panic!()
    };
    assert!(
        repo.pull(back)["title"]
            .to_string()
            .contains("EMERGENCY, rollback: "),
        "{}",
        repo.pull(back)["title"]
    );
    repo.by("carol").approves(back);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    let message = repo.message("main");
    assert!(
        message.contains("Sluice-Emergency: window") && message.contains("Sluice-Rollback: "),
        "{message}"
    );
}

#[tokio::test]
async fn where_commits_go_straight_onto_the_base_a_dispatch_lets_it() {
    let policy = "stages: { prod: { delivery: commit, trigger: auto } }\n";
    let mut site = promoted("", policy, &["1.1.0", "1.2.0"]).await;
    let run = goes_back(&mut site, &["--reason=INC-7"]).await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(prod(&site), "1.1.0", "{}", run.text);
        assert!(
            run.lines()[0].contains("it was rolled back in") && run.lines()[0].contains("INC-7"),
            "{:?}",
            run.lines()
        );
    }
    let run = site.asks("dave", &PROMOTE).await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
}

#[tokio::test]
async fn holds_and_freezes_stop_a_rollback_too() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    let policy = "version: 1\nholds: [{ pipeline: shop, stage: prod, reason: INC-1 }]\n";
    repo.files("main", &[(".github/sluice.yaml", policy)]);
    let run = goes_back(&mut site, &[]).await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    assert!(
        run.lines()[0].contains("not rolled back: held: INC-1"),
        "{:?}",
        run.lines()
    );
    // No run after this one knows of it, so it does not end as if all was well.
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(
        run.text.contains("request the rollback again"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn while_a_stage_goes_back_nothing_else_is_asked_of_it() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    goes_back(&mut site, &["--reason=INC-7"]).await;
    let [back] = repo.pulls(true)[..] else {
        panic!()
    };
    let promote = [
        "promote",
        "--pipeline=shop",
        "--to=prod",
        "--reason=ship it",
    ];
    let run = site.asks("carol", &promote).await;
    assert_eq!(run.exit, Exit::Usage, "{}", run.text);
    assert!(
        run.text.contains(&format!("#{back} rolls prod back")),
        "{}",
        run.text
    );
    // Someone who starts its jobs again while its base has moved did not ask for it.
    let file = repo.file("main", "prod.yaml").unwrap();
    let moved = file.replace("spec:\n", "spec:\n  # a comment\n");
    repo.files("main", &[("prod.yaml", &moved)]);
    let retry = ["retry", "--pipeline=shop", "--to=prod", "--reason=again"];
    let run = site.asks("carol", &retry).await;
    let [again] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    assert!(
        again != back && repo.body(again).contains("INC-7"),
        "{}",
        repo.body(again)
    );
    // So carol may still approve it.
    repo.by("carol").approves(again);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
}

#[tokio::test]
async fn a_rollback_whose_edge_is_gone_is_asked_for_by_nobody_along_another() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    goes_back(&mut site, &[]).await;
    let [back] = repo.pulls(true)[..] else {
        panic!("{:?}", repo.pulls(true))
    };
    let file = repo.file("main", "pipeline.yaml").unwrap();
    repo.files(
        "main",
        &[
            ("pipeline.yaml", &file.replace("dev", "test")),
            ("test.yaml", &chart("web-test", "1.3.0")),
        ],
    );
    // It does not keep anyone from asking for what the stage would hold now.
    let run = site.asks("dave", &PROMOTE).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.state(back), "CLOSED", "{}", run.text);
    let [forward] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    let title = repo.pull(forward)["title"].to_string();
    assert!(title.contains("1.2.0 → 1.3.0"), "{title}");
}

#[tokio::test]
async fn a_rollback_that_somebody_pushed_over_asks_for_nothing_any_more() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    goes_back(&mut site, &[]).await;
    let back = repo.pulls(true)[0];
    let branch = repo.pull(back)["head"]["ref"].as_str().unwrap().to_owned();
    let broken = chart("web-prod", "0.9.0");
    let files = [("prod.yaml", broken.as_str())];
    // With the record that asks for the rollback, word by word.
    let record = repo.message(&branch);
    repo.by("dave").rewrites(&branch, &files, &record);
    repo.by("carol").approves(back);
    let run = site.asks("dave", &PROMOTE).await;
    assert!(
        !run.text.contains("takes prod back")
            && run.lines()[0].contains("the branch was force-pushed"),
        "{}",
        run.text
    );
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
    assert_eq!(repo.pulls(true), [back], "{}", run.text);
}

#[tokio::test]
async fn an_ordinary_promotion_of_the_same_plan_is_no_rollback() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    // The natural reflex: dev is taken back first.
    dev(&site, "1.1.0");
    site.run().await;
    let [ordinary] = repo.pulls(true)[..] else {
        panic!()
    };
    repo.by("carol").approves(ordinary);
    let run = goes_back(&mut site, &["--reason=INC-7"]).await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
    let [back] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    assert_ne!(back, ordinary);
    let run = site.run().await;
    assert_eq!(
        prod(&site),
        "1.2.0",
        "its own approval is needed: {}",
        run.text
    );
    repo.by("carol").approves(back);
    site.run().await;
    assert_eq!(prod(&site), "1.1.0");
    dev(&site, "1.3.0");
    let run = site.run().await;
    assert!(is_held(&site, repo.pulls(true)[0]), "{}", run.text);
}

/// An approved promotion back to 1.1.0, and a rollback to the same that was cut off at this call; the calls that it made.
async fn beside_an_ordinary_one(cut_off: Option<usize>) -> (Site, Vec<String>) {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    dev(&site, "1.1.0");
    site.run().await;
    site.repo().by("carol").approves(site.repo().pulls(true)[0]);
    site.hub.forget_calls();
    if let Some(call) = cut_off {
        site.hub.kill_at(call);
    }
    goes_back(&mut site, &[]).await;
    let calls = site.hub.lines();
    site.hub.heal();
    (site, calls)
}

#[tokio::test]
async fn a_rollback_that_was_cut_off_still_takes_the_place_of_the_promotion_beside_it() {
    let (_, calls) = beside_an_ordinary_one(None).await;
    // The rollback is opened, and the ordinary one not closed any more.
    let closing = calls
        .iter()
        .position(|line| line.starts_with("PATCH") && line.contains("/pulls/"));
    assert!(closing.is_some(), "{calls:#?}");
    let (site, _) = beside_an_ordinary_one(closing.map(|at| at + 1)).await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true).len(), 2);
    let back = repo.pulls(true)[1];
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(prod(&site), "1.2.0", "{}", run.text);
        assert_eq!(repo.pulls(true), [back], "{}", run.text);
    }
    repo.by("carol").approves(back);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
}

#[tokio::test]
async fn a_rollback_takes_no_approval_of_a_held_promotion_of_the_same_plan() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    let repo = site.repo();
    dev(&site, "1.1.0");
    site.run().await;
    let held = repo.pulls(true)[0];
    repo.by("carol").approves(held);
    repo.by("dave").labels(held, "sluice/hold");
    let run = goes_back(&mut site, &[]).await;
    let [_, back] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(prod(&site), "1.2.0", "{}", run.text);
    }
    repo.by("carol").approves(back);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
}

#[tokio::test]
async fn a_closing_from_before_a_later_landing_of_the_stage_is_no_veto_after_it() {
    let site = promoted(APPROVAL, "", &["1.1.0"]).await;
    let repo = site.repo();
    dev(&site, "1.2.0");
    site.run().await;
    repo.by("dave").closes(repo.pulls(true)[0]);
    let run = site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
    for version in ["1.3.0", "1.1.0"] {
        dev(&site, version);
        site.run().await;
        repo.by("carol").approves(repo.pulls(true)[0]);
        site.run().await;
        assert_eq!(prod(&site), version);
    }
    // The very plan that was closed.
    dev(&site, "1.2.0");
    let run = site.run().await;
    assert_eq!(repo.pulls(true).len(), 1, "{}", run.text);
}

#[tokio::test]
async fn a_closing_from_before_the_rollback_is_no_veto_after_it() {
    let mut site = promoted(APPROVAL, "", &["1.1.0"]).await;
    let repo = site.repo();
    dev(&site, "1.2.0");
    site.run().await;
    repo.by("dave").closes(repo.pulls(true)[0]);
    site.asks("dave", &PROMOTE).await;
    repo.by("carol").approves(repo.pulls(true)[0]);
    site.run().await;
    assert_eq!(prod(&site), "1.2.0");
    goes_back(&mut site, &[]).await;
    repo.by("carol").approves(repo.pulls(true)[0]);
    site.run().await;
    let run = site.run().await;
    let [forward] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    assert!(is_held(&site, forward), "{}", run.text);
}
