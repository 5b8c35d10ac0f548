//! Statuses, check runs, workflows and their runs, deployments.

use super::{R, call, get, token, with_pull};
use serde_json::{Value, json};

const FILE: &str = "name: Smoke\nrun-name: smoke ${{ inputs.nonce }} of ${{ inputs.sha }}\non:\n  workflow_dispatch:\n    inputs:\n      nonce:\n        required: true\n      sha:\n        default: none\n      color:\n        type: choice\n        options: [red, green]\n      loud:\n        type: boolean\njobs: {}\n";

#[tokio::test]
async fn a_dispatch_makes_a_run_that_carries_its_inputs_in_the_title() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.files(
        "main",
        &[
            (".github/workflows/smoke.yml", FILE),
            (".github/workflows/push.yml", "on: push\n"),
        ],
    );
    let app = repo.app_token(7, "sluice", "actions:write");
    let path = |file: &str| format!("{R}/actions/workflows/{file}/dispatches");
    let body =
        json!({"ref": "main", "inputs": {"nonce": "n1", "sha": "abc"}, "return_run_details": true});
    let made = call(&hub, &app, "POST", &path("smoke.yml"), body.clone()).await;
    assert_eq!(made.status, 200);
    let id = made.json()["workflow_run_id"].as_u64().unwrap();
    let run = get(&hub, &app, &format!("{R}/actions/runs/{id}"))
        .await
        .json();
    assert_eq!(run["display_title"], "smoke n1 of abc");
    assert_eq!(
        json!([
            run["event"],
            run["path"],
            run["head_branch"],
            run["head_sha"],
            run["status"],
            run["conclusion"],
            run["run_attempt"]
        ]),
        json!([
            "workflow_dispatch",
            ".github/workflows/smoke.yml",
            "main",
            repo.tip("main").unwrap(),
            "queued",
            null,
            1
        ])
    );
    assert_eq!(
        (
            run["actor"]["login"].as_str(),
            run["triggering_actor"]["login"].as_str()
        ),
        (Some("sluice[bot]"), Some("sluice[bot]"))
    );
    repo.finish_run(id, "success");
    repo.by("dave")
        .does("POST", &format!("/actions/runs/{id}/rerun"), Value::Null);
    let run = get(&hub, &app, &format!("{R}/actions/runs/{id}"))
        .await
        .json();
    assert_eq!(
        json!([
            run["run_attempt"],
            run["actor"]["login"],
            run["triggering_actor"]["login"],
            run["status"],
            run["conclusion"]
        ]),
        json!([2, "sluice[bot]", "dave", "queued", null])
    );
    for (file, body, text) in [
        (
            "smoke.yml",
            json!({"ref": "nowhere", "inputs": {"nonce": "n"}}),
            "422 No ref found for: nowhere",
        ),
        (
            "smoke.yml",
            json!({"ref": "main", "inputs": {"nonce": "n", "force": "true"}}),
            "422 Unexpected inputs provided: [\"force\"]",
        ),
        (
            "smoke.yml",
            json!({"ref": "main"}),
            "422 Required input 'nonce' not provided",
        ),
        (
            "smoke.yml",
            json!({"ref": "main", "inputs": {"nonce": "n", "color": "blue"}}),
            "422 Provided value 'blue' for input 'color' not in the list of allowed values",
        ),
        (
            "smoke.yml",
            json!({"ref": "main", "inputs": {"nonce": "n", "loud": ""}}),
            "422 Provided value '' for input 'loud' not in the list of allowed values",
        ),
        (
            "push.yml",
            json!({"ref": "main"}),
            "422 Workflow does not have 'workflow_dispatch' trigger",
        ),
        ("missing.yml", json!({"ref": "main"}), "404 Not Found"),
    ] {
        assert_eq!(
            call(&hub, &app, "POST", &path(file), body).await.said(),
            text
        );
    }
    let plain = json!({"ref": "main", "inputs": {"nonce": "n2"}});
    assert_eq!(
        call(&hub, &app, "POST", &path("smoke.yml"), plain)
            .await
            .status,
        204
    );
    hub.switch(|switches| switches.run_details = false);
    assert_eq!(
        call(&hub, &app, "POST", &path("smoke.yml"), body.clone())
            .await
            .status,
        422,
        "older servers do not know the field"
    );
    let listed = get(
        &hub,
        &app,
        &format!("{R}/actions/workflows/smoke.yml/runs?event=workflow_dispatch&branch=main"),
    )
    .await
    .json();
    assert_eq!(
        (
            listed["total_count"].as_u64(),
            listed["workflow_runs"][0]["display_title"].as_str()
        ),
        (Some(2), Some("smoke n2 of none"))
    );
    hub.switch(|switches| switches.run_details = true);
    repo.set_workflow_state("smoke.yml", "disabled_manually");
    let refused = call(&hub, &app, "POST", &path("smoke.yml"), body).await;
    assert_eq!(
        refused.said(),
        "422 Cannot trigger a 'workflow_dispatch' on a disabled workflow"
    );
    let state = get(&hub, &app, &format!("{R}/actions/workflows/smoke.yml")).await;
    assert_eq!(state.json()["state"], "disabled_manually");
}

#[tokio::test]
async fn a_commit_takes_a_thousand_statuses_of_one_context() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.head(number);
    let carol = repo.by("carol");
    for _ in 0..1000 {
        carol.reports(&head, "full", "pending");
    }
    let dave = token(&hub, "dave");
    let path = format!("{R}/statuses/{head}");
    let status = |context: &str| json!({"state": "success", "context": context});
    let refused = call(&hub, &dave, "POST", &path, status("full")).await;
    assert_eq!(refused.status, 422);
    let errors = refused.json()["errors"].clone();
    let words = "This SHA and context has reached the maximum number of statuses.";
    assert_eq!(errors[0]["message"], words);
    let shown = get(&hub, &dave, &format!("{R}/commits/{head}/status")).await;
    assert_eq!(shown.json()["statuses"][0]["state"], "pending");
    let other = call(&hub, &dave, "POST", &path, status("other")).await;
    assert_eq!(other.status, 201);
    let base = repo.tip("main").unwrap();
    let path = format!("{R}/statuses/{base}");
    let elsewhere = call(&hub, &dave, "POST", &path, status("full")).await;
    assert_eq!(elsewhere.status, 201);
}

#[tokio::test]
async fn statuses_combine_by_the_newest_of_each_context() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.tip("change").unwrap();
    let carol = token(&hub, "carol");
    let state = async || {
        get(&hub, &carol, &format!("{R}/commits/{head}/status"))
            .await
            .json()
    };
    assert_eq!(state().await["state"], "pending");
    repo.by("carol").reports(&head, "a", "success");
    repo.by("dave").reports(&head, "b", "failure");
    assert_eq!(state().await["state"], "failure");
    repo.by("dave").reports(&head, "b", "success");
    let now = state().await;
    assert_eq!(
        (now["state"].as_str(), now["total_count"].as_u64()),
        (Some("success"), Some(2))
    );
    let all = get(&hub, &carol, &format!("{R}/commits/change/statuses"))
        .await
        .json();
    let rows: Vec<Value> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["context"], one["state"], one["creator"]["login"]]))
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            ["b", "success", "dave"],
            ["b", "failure", "dave"],
            ["a", "success", "carol"]
        ])
    );
    let bad = call(
        &hub,
        &carol,
        "POST",
        &format!("{R}/statuses/{head}"),
        json!({"state": "great"}),
    )
    .await;
    assert_eq!(bad.said(), "422 State is not included in the list");
}

#[tokio::test]
async fn check_runs_belong_to_the_app_that_made_them() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.tip("change").unwrap();
    let body = json!({"name": "smoke", "head_sha": head, "status": "in_progress"});
    let person = call(
        &hub,
        &token(&hub, "carol"),
        "POST",
        &format!("{R}/check-runs"),
        body.clone(),
    )
    .await;
    assert_eq!(person.said(), "403 You must authenticate via a GitHub App.");
    let (mine, other) = (
        repo.app_token(7, "sluice", "checks:write"),
        repo.app_token(8, "other", "checks:write"),
    );
    let made = call(&hub, &mine, "POST", &format!("{R}/check-runs"), body)
        .await
        .json();
    let path = format!("{R}/check-runs/{}", made["id"]);
    assert_eq!(
        call(
            &hub,
            &other,
            "PATCH",
            &path,
            json!({"conclusion": "success"})
        )
        .await
        .status,
        403
    );
    call(
        &hub,
        &mine,
        "PATCH",
        &path,
        json!({"conclusion": "success"}),
    )
    .await;
    repo.with_token(&other).checks(&head, "smoke", "failure");
    let listed = get(&hub, &mine, &format!("{R}/commits/{head}/check-runs"))
        .await
        .json();
    let rows: Vec<Value> = listed["check_runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["name"],
                one["app"]["id"],
                one["status"],
                one["conclusion"]
            ])
        })
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            ["smoke", 8, "completed", "failure"],
            ["smoke", 7, "completed", "success"]
        ])
    );
    let pinned = get(
        &hub,
        &mine,
        &format!("{R}/commits/{head}/check-runs?app_id=7"),
    )
    .await
    .json();
    assert_eq!(pinned["total_count"], 1);
}

#[tokio::test]
async fn a_deployment_merges_by_default_and_a_success_retires_the_one_before() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.files("main", &[("ahead.yaml", "x")]);
    let carol = token(&hub, "carol");
    let path = format!("{R}/deployments");
    let before = repo.tip("change").unwrap();
    let merged = call(&hub, &carol, "POST", &path, json!({"ref": "change"})).await;
    assert_eq!(
        (merged.status, merged.json()["message"].as_str()),
        (202, Some("Auto-merged main into change on deployment."))
    );
    assert_ne!(
        repo.tip("change").unwrap(),
        before,
        "that is what auto_merge does unless told not to"
    );
    let main = repo.tip("main").unwrap();
    repo.by("dave").reports(&main, "ci", "failure");
    assert_eq!(
        call(&hub, &carol, "POST", &path, json!({"ref": "main"}))
            .await
            .status,
        409
    );
    let plain =
        json!({"ref": main, "auto_merge": false, "required_contexts": [], "environment": "prod"});
    let first = call(&hub, &carol, "POST", &path, plain.clone())
        .await
        .json()["id"]
        .as_u64()
        .unwrap();
    call(
        &hub,
        &carol,
        "POST",
        &format!("{path}/{first}/statuses"),
        json!({"state": "success"}),
    )
    .await;
    let second = call(&hub, &carol, "POST", &path, plain).await.json()["id"]
        .as_u64()
        .unwrap();
    call(
        &hub,
        &carol,
        "POST",
        &format!("{path}/{second}/statuses"),
        json!({"state": "success"}),
    )
    .await;
    let states = async |id: u64| {
        let body = get(&hub, &carol, &format!("{path}/{id}/statuses"))
            .await
            .json();
        body.as_array()
            .unwrap()
            .iter()
            .map(|one| one["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (states(first).await, states(second).await),
        (
            vec!["inactive".to_owned(), "success".to_owned()],
            vec!["success".to_owned()]
        )
    );
    let listed = get(&hub, &carol, &format!("{path}?environment=prod&sha={main}"))
        .await
        .json();
    assert_eq!(
        (
            listed[0]["id"].as_u64(),
            listed[0]["creator"]["login"].as_str()
        ),
        (Some(second), Some("carol"))
    );
}
