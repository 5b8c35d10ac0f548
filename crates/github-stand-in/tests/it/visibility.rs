//! Who sees what: hidden repositories, what is public, and what a permission shows.

use super::{R, call, get, token, with_pull};
use github_stand_in::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn a_private_repository_is_hidden_from_strangers_and_a_public_one_is_not() {
    let (hub, _) = with_pull().await;
    let stranger = token(&hub, "stranger");
    assert_eq!(get(&hub, &stranger, R).await.status, 200);
    assert_eq!(get(&hub, "", R).await.status, 200);
    assert_eq!(
        call(
            &hub,
            "",
            "POST",
            &format!("{R}/labels"),
            json!({"name": "x"})
        )
        .await
        .said(),
        "401 Requires authentication"
    );
    hub.repo("acme/gitops").private();
    for token in [stranger.as_str(), ""] {
        assert_eq!(get(&hub, token, R).await.said(), "404 Not Found");
    }
    assert_eq!(
        get(&hub, "ghp_wrong", R).await.said(),
        "401 Bad credentials"
    );
}

#[tokio::test]
async fn what_is_public_can_be_read_whatever_the_token_says() {
    let (hub, number) = with_pull().await;
    let workflow = hub.repo("acme/gitops").workflow_token("packages:read");
    assert_eq!(
        get(&hub, &workflow, &format!("{R}/pulls/{number}"))
            .await
            .status,
        200
    );
    hub.repo("acme/gitops").private();
    assert_eq!(
        get(&hub, &workflow, &format!("{R}/pulls/{number}"))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn how_merges_are_made_is_shown_to_who_can_push() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.role("rita", Role::Read);
    let shows =
        async |token: String| get(&hub, &token, R).await.json()["allow_squash_merge"].is_boolean();
    assert!(shows(token(&hub, "carol")).await);
    assert!(!shows(token(&hub, "rita")).await);
    assert!(shows(repo.workflow_token("contents:write")).await);
    assert!(!shows(repo.workflow_token("contents:read")).await);
}

#[tokio::test]
async fn labels_are_hidden_from_a_token_that_may_see_neither_issues_nor_pull_requests() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.private();
    let text =
        "{ repository(owner: \"acme\", name: \"gitops\") { labels(first: 1) { totalCount } } }";
    let told = async |words: &str| {
        let body = super::query(&hub, &repo.workflow_token(words), text, Value::Null).await;
        body["errors"][0]["message"].clone()
    };
    assert_eq!(
        told("contents:write").await,
        "Resource not accessible by integration"
    );
    assert_eq!(told("pull-requests:read").await, Value::Null);
}

#[tokio::test]
async fn graphql_shows_a_commit_only_to_who_may_read_code_wherever_it_is_met() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.private().by("dave").approves(number);
    let text = r#"{ repository(owner: "acme", name: "gitops") { pullRequest(number: 1) { number
        commits(first: 1) { nodes { commit { oid } } } reviews(first: 1) { nodes { state commit { oid } } } headRef { name } } } }"#;
    let weak = repo.workflow_token("pull-requests:read");
    let body = super::query(&hub, &weak, text, Value::Null).await;
    assert_eq!(
        body["data"]["repository"]["pullRequest"],
        json!({"number": 1, "commits": {"nodes": [null]}, "reviews": {"nodes": [{"state": "APPROVED", "commit": null}]}, "headRef": null})
    );
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(3));
    let enough = repo.workflow_token("pull-requests:read,contents:read");
    let body = super::query(&hub, &enough, text, Value::Null).await;
    assert_eq!(body.get("errors"), None);
}

#[tokio::test]
async fn check_runs_and_statuses_of_a_roll_up_are_shown_by_a_permission_each() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.head(number);
    repo.private().by("carol").reports(&head, "ci", "success");
    repo.app(8, "builds", "checks:write")
        .checks(&head, "build", "success");
    let text = r#"{ repository(owner: "acme", name: "gitops") { pullRequest(number: 1) { statusCheckRollup { state
        contexts(first: 10) { nodes { __typename ... on CheckRun { name } ... on StatusContext { context } } } } } } }"#;
    let nodes = async |words: &str| {
        let words = format!("contents:read, pull-requests:read, {words}");
        let body = super::query(&hub, &repo.workflow_token(&words), text, Value::Null).await;
        let rollup = &body["data"]["repository"]["pullRequest"]["statusCheckRollup"];
        (rollup["contexts"]["nodes"].clone(), body["errors"].clone())
    };
    let (run, status) = (
        json!({"__typename": "CheckRun", "name": "build"}),
        json!({"__typename": "StatusContext", "context": "ci"}),
    );
    let (both, errors) = nodes("checks:read, statuses:read").await;
    assert_eq!((both, errors), (json!([run, status]), Value::Null));
    let (checks, errors) = nodes("checks:read").await;
    assert_eq!(checks, json!([run, null]));
    assert_eq!(
        errors[0]["message"],
        "Resource not accessible by integration"
    );
    assert_eq!(nodes("statuses:read").await.0, json!([null, status]));
    assert_eq!(nodes("issues:read").await.0, Value::Null);
}
