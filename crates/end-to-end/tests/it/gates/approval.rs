//! APPROVAL by a review and by a label.

use end_to_end::site::Site;
use sluice::error::Exit;

const LABEL: &str = "approve/prod/approval-gate";

#[tokio::test]
async fn a_review_lets_a_promotion_land_and_the_next_run_writes_nothing() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let opened = site.run().await;
    assert_eq!(opened.exit, Exit::Done, "{}", opened.text);
    let number = repo.pulls(true)[0];
    assert_eq!(
        opened.lines(),
        [
            "opened infra/k3s-upgrade → prod #1: approval-gate: waits for 1 approval by anyone with write access"
        ]
    );
    site.hub.forget_calls();
    let again = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", again.text);

    repo.by("carol").approves(number);
    let landed = site.run().await;
    assert_eq!(landed.exit, Exit::Done, "{}", landed.text);
    assert_eq!(
        landed.lines(),
        ["landed infra/k3s-upgrade → prod #1: landed"]
    );
    let file = repo.file("main", "upgrade.yaml").unwrap();
    assert!(
        file.contains(r#""version":  'v1.29.1'     # prod"#),
        "{file}"
    );
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(
        (site.writes(), quiet.lines().len()),
        (Vec::<String>::new(), 0),
        "{}",
        quiet.text
    );
    site.requests_hold();
}

#[tokio::test]
async fn a_label_by_a_person_with_write_lets_a_promotion_land() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    let number = repo.pulls(true)[0];
    repo.by("tom").labels(number, LABEL);
    let waits = site.run().await;
    assert!(
        waits.text.contains("tom does not have write access"),
        "{}",
        waits.text
    );
    repo.by("tom").unlabels(number, LABEL);
    repo.by("dave").labels(number, LABEL);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    site.requests_hold();
}

#[tokio::test]
async fn approvals_of_two_pull_requests_with_one_plan_do_not_count_for_each_other() {
    let mut site = Site::of("k3s-upgrade-version").await;
    let workflow = (".github/workflows/promote.yml", "on: workflow_dispatch\n");
    site.repo().files("main", &[workflow]);
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1]);
    // Closed, requested again by carol, and then opened again: two open pull requests of one plan.
    repo.by("dave").closes(1);
    let run = repo
        .by("carol")
        .dispatches("promote.yml", "main", serde_json::json!({}));
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
    let asked = site
        .call(&["promote", "--pipeline=k3s-upgrade", "--to=prod"])
        .await;
    site.environment.remove("GITHUB_RUN_ID");
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [2], "{}", asked.text);
    repo.by("dave").reopens(1);
    // carol may approve the one that no one requested, and that alone lands.
    repo.by("carol").approves(1);
    repo.by("carol").approves(2);
    let landed = site.run().await;
    let merged = |number| repo.pull(number)["merged_at"].is_string();
    assert_eq!((merged(1), merged(2)), (true, false), "{}", landed.text);
}
