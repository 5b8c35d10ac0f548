//! Rules of branches: each that promotions cannot live with is found in its sentence.

use super::{SLUG, admin, changes, found, hub, one, policy, ruleset, workflow};
use github_stand_in::{Fault, GitHub, Rule, When};
use test_support as cli;

#[tokio::test]
async fn strict_checks_are_found() {
    let hub = hub().await;
    hub.repo(SLUG).rule(Rule {
        statuses: vec![("ci".to_owned(), None)],
        strict: true,
        ..ruleset()
    });
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let sentence =
        "Branches must be up to date with main before they are merged (the ruleset “Ruleset 1”).";
    changes(&found, "strict-checks", sentence);
    assert!(
        one(&found, "required-checks", "info")
            .message
            .starts_with("ci must succeed before a merge (the ruleset “Ruleset 1”)")
    );
}

#[tokio::test]
async fn a_required_status_of_sluice_wants_the_guard() {
    let hub = hub().await;
    hub.repo(SLUG).rule(Rule {
        statuses: vec![("sluice".to_owned(), None)],
        ..ruleset()
    });
    let (without, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let sentence = "The status `sluice` is required (the ruleset “Ruleset 1”), but the policy does not have `guard: true`.";
    changes(&without, "required-status-sluice", sentence);
    policy(&hub, "version: 1\nguard: true\n");
    let (with, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 0);
    assert_eq!(
        one(&with, "required-status-sluice", "info").message,
        "The status `sluice` is required from anyone."
    );
}

#[tokio::test]
async fn a_merge_queue_is_found() {
    let hub = hub().await;
    hub.repo(SLUG).rule(Rule {
        queue: true,
        ..ruleset()
    });
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 0);
    assert_eq!(
        one(&found, "merge-queue", "info").message,
        "main has a merge queue: Sluice puts promotions into it instead of merging."
    );
    assert!(
        one(&found, "merge-queue", "info")
            .action
            .contains("merge_group")
    );
}

#[tokio::test]
async fn a_merge_queue_with_a_workflows_own_token_needs_an_app() {
    let hub = hub().await;
    hub.repo(SLUG).rule(Rule {
        queue: true,
        ..ruleset()
    });
    let (found, exit) = found(&hub, &workflow(&hub));
    assert_eq!(exit, 2);
    changes(
        &found,
        "merge-queue",
        "main has a merge queue, and the token is a workflow's own (GITHUB_TOKEN): a queue needs an App.",
    );
    assert!(
        one(&found, "merge-queue", "change")
            .action
            .starts_with("Give Sluice an App's token")
    );
}

/// A promotion's branch with a pull request that is open, as far as `doctor` looks.
fn promotion(hub: &GitHub, name: &str) -> String {
    let repo = hub.repo(SLUG);
    let branch = format!("sluice/web/prod/{name}");
    let tip = repo.tip("main").unwrap();
    repo.by("carol").branches_off(&branch, &tip);
    let head = repo.by("carol").pushes(
        &branch,
        &[("prod.yaml", &cli::chart("web-prod", "1.1.0"))],
        "Promote",
    );
    repo.by("carol").opens(&branch, "main", "A promotion");
    head
}

#[tokio::test]
async fn a_required_check_that_nothing_reports_on_promotions_is_found() {
    let hub = hub().await;
    let repo = hub.repo(SLUG);
    repo.rule(Rule {
        statuses: vec![("ci".to_owned(), None), ("never".to_owned(), None)],
        ..ruleset()
    });
    // Before a promotion is open, no one can know.
    let (before, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 0, "{before:#?}");
    one(&before, "required-checks", "info");
    promotion(&hub, "one");
    let head = promotion(&hub, "other");
    repo.by("carol").reports(&head, "ci", "pending");
    // One without an open pull request does not count.
    let tip = repo.tip("main").unwrap();
    repo.by("carol").branches_off("sluice/tmp/left", &tip);
    repo.by("carol").reports(&tip, "never", "success");
    hub.forget_calls();
    let (after, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    changes(
        &after,
        "required-checks",
        "never must succeed before a merge (the ruleset “Ruleset 1”), and nothing has reported it on any of the 2 promotions that are open.",
    );
    assert!(
        one(&after, "required-checks", "info")
            .message
            .starts_with("ci must succeed before a merge")
    );
}

#[tokio::test]
async fn what_reports_on_promotions_is_not_guessed_if_it_cannot_be_read() {
    let hub = hub().await;
    hub.repo(SLUG).rule(Rule {
        statuses: vec![("ci".to_owned(), None)],
        ..ruleset()
    });
    promotion(&hub, "one");
    hub.forget_calls();
    // Not an answer that is asked for again: the process would wait in real seconds.
    let said = "Resource not accessible by integration".to_owned();
    let fault = Fault::GraphQlError("FORBIDDEN".to_owned(), said);
    hub.fault(When::graphql("Reported").always(), fault);
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 0, "{found:#?}");
    one(&found, "required-checks", "info");
}

#[tokio::test]
async fn classic_protection_is_read_by_administrators_and_named_to_everybody_else() {
    let hub = hub().await;
    hub.repo(SLUG).rule(Rule {
        branch: "main".to_owned(),
        statuses: vec![("ci".to_owned(), Some(15368))],
        strict: true,
        reviews: Some(2),
        linear: true,
        ..Rule::default()
    });
    policy(&hub, "version: 1\nmerge: merge\n");
    let (of_admin, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    assert_eq!(
        one(&of_admin, "linear-history", "change").message,
        "Classic branch protection requires a linear history of main, but `merge: merge` lands every promotion as a merge commit."
    );
    assert_eq!(
        one(&of_admin, "strict-checks", "change").message,
        "Branches must be up to date with main before they are merged (classic branch protection)."
    );
    assert_eq!(
        one(&of_admin, "required-reviews", "info").message,
        "Classic branch protection requires 2 approving reviews before a merge."
    );
    let (of_workflow, exit) = found(&hub, &workflow(&hub));
    assert_eq!(exit, 2);
    assert!(
        one(&of_workflow, "branch-rules", "unread")
            .message
            .contains("only an administrator's token can read more")
    );
    assert!(
        one(&of_workflow, "required-checks", "change")
            .message
            .starts_with(
                "ci must succeed before a merge (classic branch protection), and workflows run"
            )
    );
    // It must not say that there is no review to give if that could not be read.
    assert!(!of_workflow.iter().any(|one| one.code == "required-reviews"));
}

#[tokio::test]
async fn a_required_review_that_nobody_is_asked_for_is_found() {
    let hub = hub().await;
    let open = cli::pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &["hours WINDOW"])],
    );
    let repo = hub.repo(SLUG);
    repo.files("main", &[("pipeline.yaml", &open)]);
    repo.rule(Rule {
        reviews: Some(1),
        ..ruleset()
    });
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let sentence = "The ruleset “Ruleset 1” requires 1 approving review, but no one is asked to approve web → prod.";
    changes(&found, "required-reviews", sentence);
}

#[tokio::test]
async fn commits_straight_onto_a_branch_that_wants_pull_requests_are_found() {
    let hub = hub().await;
    policy(&hub, "version: 1\nland: exact\n");
    hub.repo(SLUG).rule(Rule {
        reviews: Some(0),
        ..ruleset()
    });
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let sentence = "The policy has `land: exact`, which updates main directly, but the ruleset “Ruleset 1” requires a pull request.";
    changes(&found, "direct-commits", sentence);
}

#[tokio::test]
async fn rules_that_keep_promotions_from_having_a_branch_are_found() {
    let hub = hub().await;
    hub.repo(SLUG).rule(Rule {
        branch: "sluice/*".to_owned(),
        ruleset: true,
        reviews: Some(1),
        ..Rule::default()
    });
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let sentence = "Branches sluice/… cannot be created: the ruleset “Ruleset 1” requires a pull request for their commits.";
    changes(&found, "promotion-branches", sentence);
}
