//! Rate limits: whose budget a call is charged to, how each limit is reported, how long it holds, and what it stops.

use super::{R, Reply, call, get, query, send, token, with_pull};
use github_stand_in::{Fault, GitHub, When};
use serde_json::{Value, json};
use std::time::Duration;

const VIEWER: &str = "{ viewer { login } }";

async fn viewer(hub: &GitHub, token: &str) -> Reply {
    call(hub, token, "POST", "/graphql", json!({"query": VIEWER})).await
}

#[tokio::test]
async fn all_workflow_tokens_of_a_repository_share_one_budget() {
    let (hub, _) = with_pull().await;
    hub.switch(|switches| switches.workflow_limit = 2);
    hub.repo("acme/other").files("main", &[("a", "b\n")]);
    let repo = hub.repo("acme/gitops");
    let one = repo.workflow_token("contents:read");
    let two = repo.workflow_token("contents:read");
    let other = hub.repo("acme/other").workflow_token("contents:read");
    assert_ne!(one, two);
    let mut statuses = Vec::new();
    for token in [&one, &two, &one, &two] {
        statuses.push(get(&hub, token, R).await.status);
    }
    assert_eq!(statuses, [200, 200, 403, 403]);
    assert_eq!(get(&hub, &other, "/repos/acme/other").await.status, 200);
    let app = |id| repo.app_token(id, "an-app", "contents:read");
    let (first, second) = (app(7), app(7));
    get(&hub, &first, R).await;
    assert_eq!(
        (hub.used(&first, "core"), hub.used(&second, "core")),
        (1, 0),
        "tokens of Apps have their own"
    );
}

#[tokio::test]
async fn the_primary_limit_of_graphql_leaves_rest_alone_and_the_other_way_round() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    hub.fault(When::graphql("viewer"), Fault::PrimaryLimit);
    for _ in 0..2 {
        let over = viewer(&hub, &carol).await;
        let said = |name| over.header(name).to_owned();
        assert_eq!(
            (
                over.status,
                said("x-ratelimit-remaining"),
                said("x-ratelimit-resource"),
                said("retry-after")
            ),
            (200, "0".to_owned(), "graphql".to_owned(), String::new())
        );
        let message = format!(
            "API rate limit already exceeded for user ID {}.",
            hub.account("carol", github_stand_in::Kind::User)
        );
        let error = json!({"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": message});
        assert_eq!(over.json(), json!({"errors": [error]}));
    }
    assert_eq!(get(&hub, &carol, R).await.status, 200);
    assert_eq!(hub.limited().len(), 2);
    hub.advance(3600);
    assert_eq!(
        viewer(&hub, &carol).await.json()["data"]["viewer"]["login"],
        "carol"
    );
    hub.fault(When::rest("GET", R), Fault::PrimaryLimit);
    assert_eq!(get(&hub, &carol, R).await.status, 403);
    assert_eq!(
        viewer(&hub, &carol).await.json()["data"]["viewer"]["login"],
        "carol"
    );
}

#[tokio::test]
async fn the_primary_limit_names_the_installation_of_an_app_and_was_worded_otherwise_before() {
    let (hub, _) = with_pull().await;
    hub.switch(|switches| switches.rate_limited_as_before = true);
    let app = hub
        .repo("acme/gitops")
        .app_token(7, "an-app", "contents:read");
    hub.fault(When::any(), Fault::PrimaryLimit);
    let error = json!({"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation ID 7."});
    assert_eq!(viewer(&hub, &app).await.json(), json!({"errors": [error]}));
}

#[tokio::test]
async fn the_secondary_limit_refuses_every_call_of_its_token_until_its_end() {
    let cases = [
        (Fault::SecondaryLimit(30), 403, 403, "30"),
        (Fault::SecondaryLimitWithoutEnd(30), 403, 403, ""),
        (Fault::SecondaryLimitInGraphQl(30), 403, 200, "30"),
        (Fault::TooManyRequests(30), 429, 429, "30"),
    ];
    for (fault, rest, graphql, end) in cases {
        let (hub, number) = with_pull().await;
        let (carol, dave) = (token(&hub, "carol"), token(&hub, "dave"));
        let comments = format!("{R}/issues/{number}/comments");
        hub.fault(When::any(), fault.clone());
        let read = get(&hub, &carol, R).await;
        let write = call(&hub, &carol, "POST", &comments, json!({"body": "x"})).await;
        let asked = viewer(&hub, &carol).await;
        let statuses = [read.status, write.status, asked.status];
        assert_eq!(statuses, [rest, rest, graphql], "{fault:?}");
        for reply in [&read, &write, &asked] {
            assert_eq!(reply.header("retry-after"), end, "{fault:?}");
            assert_ne!(reply.header("x-ratelimit-remaining"), "0");
            let said = reply.said();
            assert!(
                said.contains("You have exceeded a secondary rate limit."),
                "{said}"
            );
        }
        assert_eq!(asked.json()["errors"].is_array(), graphql == 200);
        assert_eq!(get(&hub, &dave, R).await.status, 200, "somebody else");
        assert_eq!(hub.limited().len(), 3, "{fault:?}");
        hub.advance(29);
        assert_eq!(get(&hub, &carol, R).await.status, rest, "{fault:?}");
        hub.advance(1);
        assert_eq!(get(&hub, &carol, &comments).await.json(), json!([]));
        assert_eq!(hub.limited().len(), 4, "{fault:?}");
    }
}

#[tokio::test]
async fn a_clock_that_runs_ends_a_limit_for_whoever_waits() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    hub.fault(When::any(), Fault::SecondaryLimit(30));
    assert_eq!(get(&hub, &carol, R).await.status, 403);
    hub.run_clock(Duration::from_millis(1));
    tokio::time::sleep(Duration::from_millis(31)).await;
    assert_eq!(get(&hub, &carol, R).await.status, 200);
}

#[tokio::test]
async fn a_branch_that_was_just_created_may_not_be_known_where_commits_are_made() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let carol = token(&hub, "carol");
    let tip = repo.tip("main").unwrap();
    hub.switch(|switches| switches.stale_branches = 2);
    let text = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
    let commit = async |branch: &str, tip: &str| {
        let input = json!({"input": {
            "branch": {"repositoryNameWithOwner": "acme/gitops", "branchName": branch}, "expectedHeadOid": tip,
            "message": {"headline": "x"}, "fileChanges": {"additions": [{"path": "new.yaml", "contents": "djogMwo="}]},
        }});
        query(&hub, &carol, text, input).await["errors"][0]["type"].clone()
    };
    let created = json!({"ref": "refs/heads/fresh", "sha": tip});
    call(&hub, &carol, "POST", &format!("{R}/git/refs"), created).await;
    repo.by("carol")
        .pushes("change", &[("app.yaml", "v: 3\n")], "Set v to 3");
    let head = repo.tip("change").unwrap();
    assert_eq!(
        commit("change", &head).await,
        Value::Null,
        "a branch that was pushed to is known"
    );
    assert_eq!(commit("fresh", &tip).await, "STALE_DATA");
    assert_eq!(commit("fresh", &tip).await, "STALE_DATA");
    assert_eq!(repo.tip("fresh").unwrap(), tip);
    assert_eq!(commit("fresh", &tip).await, Value::Null);
}

#[tokio::test]
async fn a_version_of_the_api_that_is_not_known_is_refused() {
    let (hub, _) = with_pull().await;
    // GitHub's description has no entry for such an answer.
    hub.check_with(std::sync::Arc::new(|_| Vec::new()));
    let carol = token(&hub, "carol");
    let asked = async |version: &str| {
        let version = [("x-github-api-version", version)];
        let reply = send(&hub, &carol, "GET", R, Value::Null, &version).await;
        reply.unwrap().status
    };
    assert_eq!(
        [asked("2022-11-28").await, asked("2021-01-01").await],
        [200, 400]
    );
}
