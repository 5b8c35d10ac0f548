//! What a workflow may do, and who may push workflow files.

use super::{R, call, get, with_pull};
use serde_json::{Value, json};

#[tokio::test]
async fn a_workflow_token_does_what_its_permissions_say_and_nothing_else() {
    let (hub, number) = with_pull().await;
    let repo = hub
        .repo("acme/gitops")
        .private()
        .with(|world, id| world.repo(id).id);
    assert!(repo > 0);
    hub.repo("acme/gitops").by("carol").creates_label("known");
    let refused = "403 Resource not accessible by integration";
    let tip = hub.repo("acme/gitops").tip("main").unwrap();
    let cases = [
        (
            "contents:read",
            "GET",
            format!("{R}/git/ref/heads/main"),
            Value::Null,
        ),
        (
            "contents:write",
            "POST",
            format!("{R}/git/refs"),
            json!({"ref": "refs/heads/y", "sha": tip}),
        ),
        (
            "pull-requests:read",
            "GET",
            format!("{R}/pulls/{number}"),
            Value::Null,
        ),
        (
            "pull-requests:write",
            "POST",
            format!("{R}/issues/{number}/labels"),
            json!({"labels": ["known"]}),
        ),
        (
            "issues:write",
            "POST",
            format!("{R}/issues/{number}/comments"),
            json!({"body": "b"}),
        ),
        (
            "statuses:write",
            "POST",
            format!("{R}/statuses/{tip}"),
            json!({"state": "success"}),
        ),
        (
            "statuses:read",
            "GET",
            format!("{R}/commits/{tip}/status"),
            Value::Null,
        ),
        (
            "checks:read",
            "GET",
            format!("{R}/commits/{tip}/check-runs"),
            Value::Null,
        ),
        (
            "deployments:read",
            "GET",
            format!("{R}/deployments"),
            Value::Null,
        ),
        (
            "actions:read",
            "GET",
            format!("{R}/actions/runs"),
            Value::Null,
        ),
    ];
    for (words, method, path, body) in cases {
        let with = hub.repo("acme/gitops").workflow_token(words);
        let without = hub.repo("acme/gitops").workflow_token("packages:write");
        assert_eq!(
            call(&hub, &without, method, &path, body.clone())
                .await
                .said(),
            refused,
            "{path}"
        );
        if let Some(weaker) = words.strip_suffix(":write") {
            let weaker = hub
                .repo("acme/gitops")
                .workflow_token(&format!("{weaker}:read"));
            assert_eq!(
                call(&hub, &weaker, method, &path, body.clone())
                    .await
                    .said(),
                refused,
                "{path}"
            );
        }
        let reply = call(&hub, &with, method, &path, body).await;
        assert!(reply.status < 300, "{words}: {}", reply.said());
    }
    let token = hub.repo("acme/gitops").workflow_token("contents:read");
    assert_eq!(get(&hub, &token, "/user").await.said(), refused);
    assert_eq!(
        get(&hub, &token, R).await.status,
        200,
        "metadata is always readable"
    );
    hub.repo("acme/elsewhere")
        .private()
        .files("main", &[("a", "b")]);
    assert_eq!(get(&hub, &token, "/repos/acme/elsewhere").await.status, 404);
}

#[tokio::test]
async fn a_workflow_may_not_open_or_approve_where_the_setting_is_off() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.settings(|settings| settings.actions_may_create_pulls = false);
    repo.by("carol").pushes("second", &[("x", "y")], "x");
    let text = "403 GitHub Actions is not permitted to create or approve pull requests.";
    let workflow = repo.workflow_token("contents:write,pull-requests:write");
    let open = json!({"title": "t", "head": "second", "base": "main"});
    assert_eq!(
        call(&hub, &workflow, "POST", &format!("{R}/pulls"), open.clone())
            .await
            .said(),
        text
    );
    let review = format!("{R}/pulls/{number}/reviews");
    assert_eq!(
        call(
            &hub,
            &workflow,
            "POST",
            &review,
            json!({"event": "APPROVE"})
        )
        .await
        .said(),
        text
    );
    let app = repo.app_token(7, "sluice", "contents:write,pull-requests:write");
    let opened = call(&hub, &app, "POST", &format!("{R}/pulls"), open).await;
    assert_eq!(opened.status, 201, "the setting does not bind other Apps");
    assert_eq!(opened.json()["user"]["login"], "sluice[bot]");
    assert_eq!(opened.json()["user"]["type"], "Bot");
}

#[tokio::test]
async fn a_workflow_file_needs_a_permission_of_its_own() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let path = ".github/workflows/evil.yml";
    let sha = repo.by("carol").pushes("wf", &[(path, "on: push\n")], "wf");
    repo.by("carol").deletes("wf");
    let body = json!({"ref": "refs/heads/wf", "sha": sha});
    let workflow = repo.workflow_token("contents:write");
    assert_eq!(
        call(
            &hub,
            &workflow,
            "POST",
            &format!("{R}/git/refs"),
            body.clone()
        )
        .await
        .said(),
        format!(
            "403 refusing to allow a GitHub App to create or update workflow `{path}` without `workflows` permission"
        )
    );
    let app = repo.app_token(7, "sluice", "contents:write,workflows:write");
    assert_eq!(
        call(&hub, &app, "POST", &format!("{R}/git/refs"), body)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_workflow_file_that_some_branch_has_may_be_pushed_without_the_permission() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let sha = repo
        .by("carol")
        .pushes("wf", &[(".github/workflows/w.yml", "on: push\n")], "wf");
    let app = repo.app(7, "sluice", "contents:write");
    let tip = repo.tip("main").unwrap();
    app.branches_off("also", &tip);
    app.does("PATCH", "/git/refs/heads/also", json!({"sha": sha}));
    repo.by("carol").deletes("wf");
    app.deletes("also");
    let body = json!({"ref": "refs/heads/now", "sha": sha});
    assert_eq!(
        app.tries("POST", "/git/refs", body).unwrap_err().status,
        403
    );
}

#[tokio::test]
async fn no_ref_is_created_where_workflow_files_differ_from_the_default_branch_without_the_permission()
 {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let path = ".github/workflows/w.yml";
    repo.files("main", &[(path, "on: push\n")]);
    let old = repo.tip("main").unwrap();
    let app = repo.app(7, "sluice", "contents:write");
    app.branches_off("same", &old);
    // No one brings a new file: the default branch moved on.
    repo.files("main", &[(path, "on: workflow_dispatch\n")]);
    let body = |name: &str| json!({"ref": name, "sha": old});
    let denied = "403 Resource not accessible by integration";
    let token = repo.workflow_token("contents:write");
    for name in ["refs/heads/now", "refs/tags/now"] {
        let path = format!("{R}/git/refs");
        assert_eq!(
            call(&hub, &token, "POST", &path, body(name)).await.said(),
            denied
        );
    }
    let repository = get(&hub, &token, R).await.json()["node_id"].clone();
    let create =
        "mutation($input: CreateRefInput!) { createRef(input: $input) { clientMutationId } }";
    let input = json!({"repositoryId": repository, "name": "refs/heads/now", "oid": old});
    let move_all =
        "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
    let updates = json!([{"name": "refs/heads/now", "afterOid": old}]);
    let updates = json!({"repositoryId": repository, "refUpdates": updates});
    for (text, input) in [(create, input), (move_all, updates)] {
        let body = super::query(&hub, &token, text, json!({ "input": input })).await;
        assert_eq!(
            (&body["errors"][0]["type"], &body["errors"][0]["message"]),
            (
                &json!("FORBIDDEN"),
                &json!("Resource not accessible by integration")
            )
        );
    }
    assert_eq!(repo.tip("now"), None);
    let may = repo.app(7, "sluice", "contents:write, workflows:write");
    may.branches_off("now", &old);
    repo.by("carol").branches_off("theirs", &old);
    // An existing branch may still be moved, as a push of what is there already.
    app.does(
        "PATCH",
        "/git/refs/heads/same",
        json!({"sha": repo.tip("main")}),
    );
}
