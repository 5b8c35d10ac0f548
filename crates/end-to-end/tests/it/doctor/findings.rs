//! The token, settings, methods of merging, and names: each problem planted in the stand-in is found in its sentence.

use std::collections::BTreeSet;

use super::{
    ALL, Found, SLUG, admin, changes, found, honest, hub, one, policy, ran, ran_with, workflow,
};
use github_stand_in::{Fault, Membership, When};
use test_support as cli;

#[tokio::test]
async fn a_healthy_repository_has_nothing_to_change() {
    let hub = hub().await;
    policy(
        &hub,
        "version: 1\npeople:\n  leads: [carol, Dave, acme/ops]\ngates:\n  release:\n    approve: [{ by: leads }]\n",
    );
    hub.team("acme", "ops", "carol", Membership::Active);
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 0);
    let wrong: Vec<&Found> = found
        .iter()
        .filter(|one| one.outcome == "change" || one.outcome == "unread")
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let fine: BTreeSet<&str> = found
        .iter()
        .filter(|one| one.outcome == "ok")
        .map(|one| one.code.as_str())
        .collect();
    for code in [
        "repository",
        "token-permissions",
        "policy",
        "actions-may-open",
        "branch-rules",
        "promotion-branches",
        "merge-method",
        "strict-checks",
        "required-status-sluice",
        "required-checks",
        "required-reviews",
        "merge-queue",
        "teams",
        "people",
        "auto-merge",
        "rate-limit",
    ] {
        assert!(fine.contains(code), "{code} in {found:#?}");
    }
    assert_eq!(
        one(&found, "people", "ok").message,
        "carol and dave can do what the policy expects of them."
    );
    assert_eq!(
        one(&found, "labels", "info").message,
        "Missing so far: approve/prod/release, sluice/blocked and sluice/hold."
    );
    let text = ran(&hub, &admin(&hub), &[]);
    assert!(text.out.ends_with("\nNothing to change.\n"), "{}", text.out);
    assert_eq!(text.err, "");
}

#[tokio::test]
async fn a_workflows_token_is_told_what_only_its_workflow_file_says() {
    let hub = hub().await;
    let (found, exit) = found(&hub, &workflow(&hub));
    assert_eq!(exit, 0, "{found:#?}");
    assert_eq!(
        one(&found, "token-permissions", "unread").message,
        "GitHub does not report what a workflow's token may write. Verified by reading: contents, pull-requests, issues and statuses."
    );
    assert_eq!(
        one(&found, "token-permissions", "unread").action,
        "Check the workflow file: its job needs `permissions` with `contents: write`, `pull-requests: write`, \
         `issues: write` and `statuses: write`."
    );
    assert_eq!(
        one(&found, "actions-may-open", "unread").message,
        "Could not read whether GitHub Actions may open pull requests: that needs an administrator's token."
    );
    one(&found, "token-identity", "info");
    hub.repo(SLUG).edit(|repo| repo.private = false);
    let (public, _) = super::found(&hub, &workflow(&hub));
    assert_eq!(
        one(&public, "token-permissions", "unread").message,
        "GitHub does not report what a workflow's token may write. Reading proves nothing here: the repository is public."
    );
}

#[tokio::test]
async fn a_token_that_may_only_read_is_found_by_what_it_cannot_read() {
    let hub = hub().await;
    let token = hub.repo(SLUG).workflow_token("contents:read");
    let (found, exit) = found(&hub, &token);
    assert_eq!(exit, 2);
    let said: Vec<(&str, &str)> = found
        .iter()
        .filter(|one| one.outcome == "change")
        .map(|one| (one.message.as_str(), one.action.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (
                "The token cannot read pull-requests, which promotions need for pull requests and their labels.",
                "Add `pull-requests: write` to the `permissions` of the workflow's job."
            ),
            (
                "The token lacks issues: write, so GitHub does not let it create a label.",
                "Add `issues: write` to the `permissions` of the workflow's job. Or create the labels by hand: the result \
                 `labels` lists them."
            ),
            (
                "The token cannot read statuses, which promotions need for the status `sluice`.",
                "Add `statuses: write` to the `permissions` of the workflow's job."
            ),
        ]
    );
}

#[tokio::test]
async fn a_person_without_write_or_without_the_scope_promotes_nothing() {
    let hub = hub().await;
    let reader = hub.personal_token("erin", &["repo", "read:org"]);
    let (of_reader, exit) = found(&hub, &reader);
    assert_eq!(exit, 2);
    changes(
        &of_reader,
        "token-permissions",
        "erin, the token's owner, does not have write access to acme/gitops.",
    );
    hub.repo(SLUG).edit(|repo| repo.private = false);
    let scopeless = hub.personal_token("carol", &[]);
    let (of_scopeless, exit) = found(&hub, &scopeless);
    assert_eq!(exit, 2);
    assert_eq!(
        one(&of_scopeless, "token-permissions", "change").message,
        "The token lacks the scope `repo`."
    );
}

#[tokio::test]
async fn an_app_is_judged_by_what_it_asks_for() {
    let hub = hub().await;
    let token = hub.repo(SLUG).app_token(77, "deployer", ALL);
    // The stand-in shows every App as one that may read metadata and nothing more.
    let (found, exit) = found(&hub, &token);
    assert_eq!(exit, 2);
    let said: Vec<&str> = found
        .iter()
        .filter(|one| one.outcome == "change" && one.code == "token-permissions")
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "The token lacks issues: write, so GitHub does not let it create a label.",
            "The App deployer lacks contents: write, pull-requests: write and statuses: write.",
        ]
    );
    assert_eq!(
        one(&found, "actions-may-open", "ok").message,
        "An App may open pull requests, whatever workflows may."
    );
}

#[tokio::test]
async fn without_issues_write_only_the_labels_that_are_missing_are_to_be_changed() {
    let hub = hub().await;
    let repo = hub.repo(SLUG);
    let token = repo.workflow_token("contents:write, pull-requests:write, statuses:write");
    let (with_missing, exit) = found(&hub, &token);
    assert_eq!(exit, 2);
    changes(
        &with_missing,
        "token-permissions",
        "The token lacks issues: write, so GitHub does not let it create a label.",
    );
    assert_eq!(
        one(&with_missing, "labels", "info").action,
        "Create each: gh label create NAME --repo acme/gitops"
    );
    for label in ["approve/prod/release", "sluice/hold", "sluice/blocked"] {
        repo.by("carol").creates_label(label);
    }
    hub.forget_calls();
    let (complete, exit) = found(&hub, &token);
    assert_eq!(exit, 0, "{complete:#?}");
    assert_eq!(
        one(&complete, "token-permissions", "info").message,
        "The token lacks issues: write; every label that promotions use today exists."
    );
    one(&complete, "labels", "ok");
}

#[tokio::test]
async fn workflows_that_may_not_open_pull_requests_are_found() {
    let hub = hub().await;
    hub.repo(SLUG)
        .settings(|settings| settings.actions_may_create_pulls = false);
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    changes(
        &found,
        "actions-may-open",
        "GitHub Actions may not open pull requests here.",
    );
}

#[tokio::test]
async fn a_method_of_merging_that_is_not_allowed_is_found() {
    let hub = hub().await;
    hub.repo(SLUG).settings(|settings| settings.squash = false);
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    changes(
        &found,
        "merge-method",
        "The repository does not allow squash merging, which is the policy's method (`merge: squash`).",
    );
}

#[tokio::test]
async fn a_team_that_cannot_be_read_is_found_with_what_reads_it() {
    let hub = hub().await;
    hub.team("acme", "ops", "carol", Membership::Active);
    policy(
        &hub,
        "version: 1\ngates:\n  release:\n    approve: [{ by: acme/ops }, { by: acme/gone }]\n",
    );
    let (of_workflow, exit) = found(&hub, &workflow(&hub));
    assert_eq!(exit, 2);
    let teams: Vec<&str> = of_workflow
        .iter()
        .filter(|one| one.code == "teams" && one.outcome == "change")
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        teams,
        [
            "The token cannot read the team acme/gone; that needs organisation Members: read (GitHub App).",
            "The token cannot read the team acme/ops; that needs organisation Members: read (GitHub App).",
        ]
    );
    let (of_admin, _) = found(&hub, &admin(&hub));
    changes(
        &of_admin,
        "teams",
        "The token cannot read the team acme/gone; that needs organisation Members: read (GitHub App).",
    );
    assert_eq!(
        one(&of_admin, "teams", "ok").message,
        "acme/ops can be read."
    );
}

#[tokio::test]
async fn teams_are_read_with_the_token_for_reading_where_there_is_one() {
    let hub = hub().await;
    hub.team("acme", "ops", "carol", Membership::Active);
    policy(
        &hub,
        "version: 1\ngates:\n  release:\n    approve: [{ by: acme/ops }]\n",
    );
    let (url, own, reads) = (hub.url(), workflow(&hub), admin(&hub));
    let variables = [
        ("GITHUB_API_URL", url.as_str()),
        ("GITHUB_REPOSITORY", SLUG),
        ("GITHUB_TOKEN", &own),
        ("SLUICE_READ_TOKEN", &reads),
    ];
    let ran = ran_with(&variables, &[]).exits(0);
    assert!(ran.out.contains("acme/ops can be read."), "{}", ran.out);
    honest(&hub);
}

#[tokio::test]
async fn people_who_do_not_exist_or_may_not_write_are_found() {
    let hub = hub().await;
    policy(
        &hub,
        "version: 1\npeople:\n  readers: [erin]\ngates:\n  release:\n    approve: [{ by: \"@nobody-here\" }, { by: \"@erin\" }]\n\
         stages:\n  prod: { reviewers: [\"@dave\"] }\n",
    );
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let people: Vec<(&str, &str)> = found
        .iter()
        .filter(|one| one.code == "people")
        .map(|one| (one.outcome.as_str(), one.message.as_str()))
        .collect();
    assert_eq!(
        people,
        [
            ("change", "erin does not have write access to acme/gitops."),
            ("change", "There is no account nobody-here on GitHub."),
            ("ok", "dave can do what the policy expects of them."),
        ]
    );
}

#[tokio::test]
async fn a_policy_that_means_nothing_is_found_with_its_place() {
    let hub = hub().await;
    policy(&hub, "version: 1\ngates:\n  release: { aprove: [] }\n");
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let message = &one(&found, "policy", "change").message;
    assert!(
        message.starts_with("The policy is not valid: .github/sluice.yaml:3:"),
        "{message}"
    );
}

#[tokio::test]
async fn policy_and_manifests_are_read_from_a_folder_where_one_is_given() {
    let hub = hub().await;
    let folder = cli::folder(&[(
        ".github/sluice.yaml",
        "version: 1\npeople:\n  leads: [\"nobody-here\"]\n",
    )]);
    let path = folder.path().to_str().unwrap();
    let text = ran(&hub, &admin(&hub), &[path]).exits(2);
    text.says(&["There is no account nobody-here on GitHub."]);
    let lines = hub.lines();
    assert!(
        !lines.iter().any(|line| line.contains("/git/trees")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_refusal_of_one_question_hides_no_other() {
    let hub = hub().await;
    policy(&hub, "version: 1\npeople:\n  leads: [carol]\n");
    for path in [
        "/rules/branches/",
        "/actions/permissions/workflow",
        "/branches/main",
        "/users/",
        "/rate_limit",
        "/statuses",
    ] {
        let fault = Fault::Status(403, "Resource not accessible by integration".to_owned());
        hub.fault(When::rest("GET", path).always(), fault);
    }
    hub.switch(|switches| switches.collaborators = false);
    let (found, exit) = found(&hub, &admin(&hub));
    assert_eq!(exit, 2);
    let of = |outcome: &str| -> BTreeSet<&str> {
        let those = found.iter().filter(|one| one.outcome == outcome);
        those.map(|one| one.code.as_str()).collect()
    };
    assert_eq!(
        of("unread"),
        BTreeSet::from([
            "actions-may-open",
            "branch-rules",
            "people",
            "promotion-branches",
            "rate-limit",
            "token-permissions",
        ])
    );
    assert_eq!(of("change"), BTreeSet::from(["token-permissions"]));
    // Nothing that depends on a rule may be called fine.
    for code in ["strict-checks", "required-reviews", "merge-queue"] {
        assert!(!of("ok").contains(code), "{found:#?}");
    }
}
