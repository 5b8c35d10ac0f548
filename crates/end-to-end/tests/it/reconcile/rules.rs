//! What rules, people and settings do to a promotion: vetoes, holds, freezes, queues, policies that go, tokens that may little.

use end_to_end::site::Site;
use end_to_end::upgrade::{FIXTURE, landed, opened};
use github_stand_in::Rule;
use serde_json::json;
use sluice::error::Exit;

fn policy(site: &Site, text: &str) {
    site.repo().files("main", &[(".github/sluice.yaml", text)]);
}

#[tokio::test]
async fn a_closing_by_a_writer_is_a_veto_until_the_plan_changes() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("dave").closes(1);
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
        assert!(run.text.contains("dave closed #1"), "{}", run.text);
        site.hub.advance(2 * 24 * 3600);
    }
    let file = repo.file("main", "upgrade.yaml").unwrap();
    repo.files(
        "main",
        &[(
            "upgrade.yaml",
            &file.replace("version: v1.29.1", "version: v1.29.2"),
        )],
    );
    site.run().await;
    assert_eq!(repo.pulls(true), [2]);
}

#[tokio::test]
async fn a_closing_by_somebody_without_write_holds_for_a_day() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    let run = site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
    site.hub.advance(25 * 3600);
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
}

#[tokio::test]
async fn a_dispatch_takes_a_veto_back() {
    let mut site = opened().await;
    let repo = site.repo();
    repo.files(
        "main",
        &[(".github/workflows/promote.yml", "on: workflow_dispatch\n")],
    );
    repo.by("dave").closes(1);
    let run = repo
        .by("carol")
        .dispatches("promote.yml", "main", json!({}));
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
    let run = site
        .call(&["promote", "--pipeline=k3s-upgrade", "--to=prod"])
        .await;
    assert_eq!(repo.pulls(true).len(), 1, "{}", run.text);
}

#[tokio::test]
async fn the_hold_label_stops_a_landing_and_nothing_else() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    repo.by("tom").labels(1, "sluice/hold");
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("held"), "{}", run.text);
    assert!(!landed(&site));
    // Whoever may only triage sets it, and does not lift it: it comes back.
    repo.by("tom").unlabels(1, "sluice/hold");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert!(
        run.text
            .contains("tom took sluice/hold off, and has no write"),
        "{}",
        run.text
    );
    assert!(repo.labels(1).contains(&"sluice/hold".to_owned()));
    let run = site.run().await;
    assert!(
        !landed(&site) && run.lines()[0].starts_with("held"),
        "{}",
        run.text
    );
    repo.by("dave").unlabels(1, "sluice/hold");
    site.run().await;
    assert!(landed(&site));
}

#[tokio::test]
async fn a_hold_goes_over_to_what_takes_its_place() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("tom").labels(1, "sluice/hold");
    let file = repo.file("main", "upgrade.yaml").unwrap();
    let newer = file.replace("version: v1.29.1", "version: v1.29.2");
    repo.files("main", &[("upgrade.yaml", &newer)]);
    site.run().await;
    assert_eq!(repo.pulls(true), [2]);
    assert!(repo.labels(2).contains(&"sluice/hold".to_owned()));
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("held"), "{}", run.text);
    repo.by("carol").unlabels(2, "sluice/hold");
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("promoted"), "{}", run.text);
}

#[tokio::test]
async fn a_freeze_lets_proposals_open_and_nothing_land() {
    let freeze = "version: 1\nfreeze: [{ from: 2000-01-01T00:00, until: 2999-01-01T00:00, zone: UTC, reason: audit }]\n";
    let site = Site::of(FIXTURE).await;
    policy(&site, freeze);
    let run = site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(!landed(&site) && run.text.contains("audit"), "{}", run.text);
    policy(&site, "version: 1\n");
    let run = site.call(&["reconcile", "--freeze", "drill"]).await;
    assert!(!landed(&site) && run.text.contains("drill"), "{}", run.text);
    site.run().await;
    assert!(landed(&site));
}

#[tokio::test]
async fn a_merge_queue_is_used_and_left_when_a_gate_shuts() {
    let site = opened().await;
    let repo = site.repo();
    repo.rule(Rule {
        branch: "main".to_owned(),
        queue: true,
        ..Rule::default()
    });
    let review = repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(run.text.contains("merge queue"), "{}", run.text);
    assert_eq!(repo.queue().len(), 1);
    repo.by("dave").dismisses(1, review);
    site.run().await;
    assert_eq!(repo.queue(), []);
    assert!(!landed(&site));
    repo.by("carol").approves(1);
    site.run().await;
    assert_eq!(repo.queue().len(), 1);
    repo.land_queue();
    assert!(landed(&site));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let said = run.notices.join(" ");
    assert!(!said.contains("not by Sluice"), "{said}");
    assert_eq!(
        (repo.pulls(true), repo.branches("sluice/")),
        (Vec::new(), Vec::new())
    );
}

#[tokio::test]
async fn a_merge_by_hand_counts_as_the_stages_content() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("dave").merges(1, "squash");
    assert!(landed(&site));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(
        run.notices
            .iter()
            .any(|notice| notice.starts_with("#1 was merged by dave, not by Sluice")),
        "{:?}",
        run.notices
    );
    assert_eq!(
        (repo.pulls(true), repo.branches("sluice/")),
        (Vec::new(), Vec::new())
    );
}

/// How often the notices of so many runs say that somebody merged pull request 1 by hand.
async fn said_by_hand(site: &Site, runs: usize) -> Vec<usize> {
    let mut said = Vec::new();
    for _ in 0..runs {
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        let by_hand = |notice: &&String| notice.contains("#1 was merged by dave, not by Sluice");
        said.push(run.notices.iter().filter(by_hand).count());
    }
    said
}

#[tokio::test]
async fn a_merge_by_hand_whose_branch_is_gone_is_said_once_and_counts_as_the_stages_content() {
    let by_setting = opened().await;
    by_setting
        .repo()
        .settings(|settings| settings.delete_branch = true);
    by_setting.repo().by("dave").merges(1, "squash");
    // The button on the page of the pull request.
    let by_button = opened().await;
    by_button.repo().by("dave").merges(1, "merge");
    let branch = by_button.repo().branches("sluice/")[0].clone();
    by_button.repo().by("dave").deletes(&branch);
    for site in [by_setting, by_button] {
        let repo = site.repo();
        assert_eq!(repo.branches("sluice/"), Vec::<String>::new());
        assert!(landed(&site));
        repo.files("main", &[("notes.md", "Something else moves the base\n")]);
        assert_eq!(said_by_hand(&site, 3).await, [1, 0, 0]);
        assert_eq!(repo.pulls(true), Vec::<u64>::new());
        let status = &repo.statuses(&repo.head(1))[0];
        assert_eq!(status, "sluice=pending", "no gate passed");
        site.hub.forget_calls();
        site.run().await;
        assert_eq!(site.writes(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_another_account_opened_or_merged_long_ago_is_not_said_to_be_merged_by_hand() {
    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.delete_branch = true);
    // Everything about it is like a promotion, but for who opened it.
    let (head, branch) = (repo.head(1), repo.branches("sluice/")[0].clone());
    repo.by("carol").closes(1);
    repo.by("carol").deletes(&branch);
    repo.by("carol").branches_off(&branch, &head);
    let number = repo.by("carol").opens(&branch, "main", "Mine");
    repo.by("dave").merges(number, "squash");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(!run.notices.join(" ").contains("not by Sluice"), "{run:?}");

    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.delete_branch = true);
    repo.by("dave").merges(1, "squash");
    site.hub.advance(8 * 24 * 3600);
    assert_eq!(said_by_hand(&site, 1).await, [0]);
}

#[tokio::test]
async fn a_merge_by_hand_whose_branch_stands_is_not_said_again_once_that_is_deleted() {
    let site = opened().await;
    site.repo().by("dave").merges(1, "squash");
    assert_eq!(said_by_hand(&site, 3).await, [1, 0, 0]);
}

#[tokio::test]
async fn with_few_calls_left_nothing_new_is_put_up() {
    let site = Site::of(FIXTURE).await;
    site.hub.switch(|switches| switches.limit = 40);
    let run = site.run().await;
    assert_eq!(
        (run.exit, site.repo().pulls(true)),
        (Exit::Done, Vec::new()),
        "{}",
        run.text
    );
    assert!(
        run.notices
            .iter()
            .any(|notice| notice.contains("less than 50 more calls")),
        "{:?}",
        run.notices
    );
}

#[tokio::test]
async fn a_policy_that_goes_while_a_promotion_is_open_is_an_error_that_lands_nothing() {
    let site = Site::of(FIXTURE).await;
    policy(
        &site,
        "version: 1\ngates: { approval-gate: { approve: [{ by: writers, count: 2 }] } }\n",
    );
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1]);
    repo.by("carol").approves(1);
    repo.by("acme")
        .removes("main", &[".github/sluice.yaml"], "Policy away");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(!landed(&site));
    assert_eq!(repo.pulls(true), [1]);
}

#[tokio::test]
async fn a_policy_that_asks_for_less_counts_from_the_base_alone() {
    let site = Site::of(FIXTURE).await;
    policy(
        &site,
        "version: 1\ngates: { approval-gate: { approve: [{ by: writers, count: 2 }] } }\n",
    );
    site.run().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    // On a branch of carol's it asks for one: that is nobody's rule yet.
    repo.by("carol").pushes(
        "looser",
        &[(".github/sluice.yaml", "version: 1\n")],
        "Looser",
    );
    repo.by("carol").opens("looser", "main", "Looser");
    site.run().await;
    assert!(!landed(&site));
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_closes_nothing() {
    let site = opened().await;
    let repo = site.repo();
    let file = repo.file("main", "upgrade.yaml").unwrap();
    repo.files("main", &[("upgrade.yaml", &format!("{file}\nbroken: [\n"))]);
    let run = site.run().await;
    assert_ne!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
}

#[tokio::test]
async fn a_method_that_the_repository_forbids_is_said() {
    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.squash = false);
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(!landed(&site));
    assert!(run.text.to_lowercase().contains("squash"), "{}", run.text);
    assert_eq!(repo.pulls(true), [1]);
}

#[tokio::test]
async fn a_token_that_only_reads_evaluates_and_writes_nothing() {
    let mut site = Site::of(FIXTURE).await;
    site.token = site
        .repo()
        .workflow_token("contents:read, pull-requests:read");
    let run = site.run().await;
    assert_eq!(site.repo().branches("sluice/"), Vec::<String>::new());
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert_eq!(
        site.writes().len(),
        1,
        "one try, then no more: {:?}",
        site.writes()
    );
    assert_eq!(run.lines().len(), 1, "{}", run.text);
}

#[tokio::test]
async fn limits_open_holds_over_runs_that_each_open_their_share() {
    let site = Site::of("two-pipelines").await;
    policy(&site, "version: 1\nlimits: { open: 1 }\n");
    let repo = site.repo();
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    assert!(
        run.lines().iter().any(|line| line.starts_with("due")),
        "{}",
        run.text
    );
    site.run().await;
    assert_eq!(repo.pulls(true), [1, 2]);
}

#[tokio::test]
async fn actions_may_not_open_pull_requests_names_the_setting_and_leaves_no_branch() {
    let mut site = Site::of(FIXTURE).await;
    let repo = site.repo();
    repo.settings(|settings| settings.actions_may_create_pulls = false);
    let words = "contents:write, pull-requests:write, issues:write, statuses:write";
    site.token = repo.workflow_token(words);
    let run = site.run().await;
    assert!(run.text.contains("create"), "{}", run.text);
    assert_eq!(repo.branches("sluice/"), Vec::<String>::new());
    repo.settings(|settings| settings.actions_may_create_pulls = true);
    site.run().await;
    assert_eq!(
        (repo.pulls(true), repo.branches("sluice/").len()),
        (vec![1], 1)
    );
}
