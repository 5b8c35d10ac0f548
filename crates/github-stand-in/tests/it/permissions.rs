//! Who may do what: roles of people, scopes and permission maps of tokens, hidden repositories, the setting for workflows.

use super::{R, call, get, start, token, with_pull};
use github_stand_in::{GitHub, Kind, Membership, Role};
use serde_json::{Value, json};

/// One deed of each class, with the least role that may do it.
fn deeds(hub: &GitHub, number: u64) -> Vec<(&'static str, &'static str, String, Value, Role)> {
    let tip = hub.repo("acme/gitops").tip("main").unwrap();
    vec![
        (
            "look",
            "GET",
            format!("{R}/pulls/{number}"),
            Value::Null,
            Role::Read,
        ),
        (
            "comment",
            "POST",
            format!("{R}/issues/{number}/comments"),
            json!({"body": "hi"}),
            Role::Read,
        ),
        (
            "review",
            "POST",
            format!("{R}/pulls/{number}/reviews"),
            json!({"event": "APPROVE"}),
            Role::Read,
        ),
        (
            "label",
            "POST",
            format!("{R}/issues/{number}/labels"),
            json!({"labels": ["known"]}),
            Role::Triage,
        ),
        (
            "make a label by labelling",
            "POST",
            format!("{R}/issues/{number}/labels"),
            json!({"labels": ["new"]}),
            Role::Write,
        ),
        (
            "make a label",
            "POST",
            format!("{R}/labels"),
            json!({"name": "fresh"}),
            Role::Write,
        ),
        (
            "set a status",
            "POST",
            format!("{R}/statuses/{tip}"),
            json!({"state": "success"}),
            Role::Write,
        ),
        (
            "make a branch",
            "POST",
            format!("{R}/git/refs"),
            json!({"ref": "refs/heads/x", "sha": tip}),
            Role::Write,
        ),
        (
            "read permissions",
            "GET",
            format!("{R}/collaborators/carol/permission"),
            Value::Null,
            Role::Write,
        ),
        (
            "read the Actions setting",
            "GET",
            format!("{R}/actions/permissions/workflow"),
            Value::Null,
            Role::Admin,
        ),
        (
            "merge",
            "PUT",
            format!("{R}/pulls/{number}/merge"),
            json!({}),
            Role::Write,
        ),
    ]
}

#[tokio::test]
async fn each_role_may_do_what_it_may_on_github_and_no_more() {
    for role in [
        Role::Read,
        Role::Triage,
        Role::Write,
        Role::Maintain,
        Role::Admin,
    ] {
        let (hub, number) = with_pull().await;
        let repo = hub.repo("acme/gitops");
        repo.private().role("eve", role);
        repo.by("carol").creates_label("known");
        let eve = token(&hub, "eve");
        for (name, method, path, body, least) in deeds(&hub, number) {
            let reply = call(&hub, &eve, method, &path, body).await;
            let allowed = (200..300).contains(&reply.status);
            assert_eq!(allowed, role >= least, "{role:?} {name}: {}", reply.said());
            assert!(
                allowed || reply.status == 403,
                "{role:?} {name}: {}",
                reply.said()
            );
        }
    }
}

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
async fn scopes_cut_a_personal_token_down() {
    let (hub, number) = with_pull().await;
    let comment = format!("{R}/issues/{number}/comments");
    let bare = hub.personal_token("carol", &[]);
    assert_eq!(get(&hub, &bare, R).await.status, 200);
    assert_eq!(
        call(&hub, &bare, "POST", &comment, json!({"body": "x"}))
            .await
            .status,
        404
    );
    let public = hub.personal_token("carol", &["public_repo"]);
    assert_eq!(
        call(&hub, &public, "POST", &comment, json!({"body": "x"}))
            .await
            .status,
        201
    );
    hub.repo("acme/gitops").private();
    assert_eq!(get(&hub, &public, R).await.status, 404);
    assert_eq!(
        get(&hub, &token(&hub, "carol"), R)
            .await
            .header("x-oauth-scopes"),
        "repo, workflow, read:org"
    );
    let fine = hub
        .repo("acme/gitops")
        .fine_grained_token("carol", "issues:read");
    assert_eq!(
        call(&hub, &fine, "POST", &comment, json!({"body": "x"}))
            .await
            .said(),
        "403 Resource not accessible by personal access token"
    );
}

#[tokio::test]
async fn permission_words_follow_the_role_and_strangers_of_a_public_repository_read() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    for (login, role) in [
        ("tia", Role::Triage),
        ("max", Role::Maintain),
        ("adi", Role::Admin),
    ] {
        repo.role(login, role);
    }
    hub.account("nobody", Kind::User);
    let carol = token(&hub, "carol");
    let cases = [
        ("tia", "read", "triage"),
        ("carol", "write", "write"),
        ("max", "write", "maintain"),
        ("adi", "admin", "admin"),
        ("acme", "admin", "admin"),
        ("nobody", "read", "read"),
    ];
    for (login, permission, role) in cases {
        let body = get(
            &hub,
            &carol,
            &format!("{R}/collaborators/{login}/permission"),
        )
        .await
        .json();
        assert_eq!(
            (body["permission"].as_str(), body["role_name"].as_str()),
            (Some(permission), Some(role)),
            "{login}"
        );
    }
    assert_eq!(
        get(
            &hub,
            &carol,
            &format!("{R}/collaborators/missing/permission")
        )
        .await
        .status,
        404
    );
    let tia = token(&hub, "tia");
    assert_eq!(
        get(&hub, &tia, &format!("{R}/collaborators/carol/permission"))
            .await
            .said(),
        "403 Must have push access to view collaborator permission."
    );
    repo.private();
    let body = get(
        &hub,
        &carol,
        &format!("{R}/collaborators/nobody/permission"),
    )
    .await
    .json();
    assert_eq!(body["permission"], "none");
}

#[tokio::test]
async fn a_renamed_account_keeps_its_number_and_its_login_can_be_taken() {
    let (hub, _) = with_pull().await;
    let dave = hub.account("dave", Kind::User);
    hub.rename("dave", "david");
    let other = hub.account("dave", Kind::User);
    let carol = token(&hub, "carol");
    assert_ne!(dave, other);
    assert_eq!(
        get(&hub, &carol, &format!("/user/{dave}")).await.json()["login"],
        "david"
    );
    let words = async |login: &str| {
        get(
            &hub,
            &carol,
            &format!("{R}/collaborators/{login}/permission"),
        )
        .await
        .json()["permission"]
            .clone()
    };
    assert_eq!(
        (words("david").await, words("dave").await),
        (json!("write"), json!("read"))
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
async fn teams_are_read_by_members_and_apps_but_never_by_a_workflow() {
    let hub = start().await;
    hub.organisation("acme", &["olga"], &["carol"]);
    let repo = hub.repo("acme/gitops");
    repo.private().files("main", &[("a", "b")]);
    hub.team("acme", "leads", "carol", Membership::Active);
    hub.team("acme", "leads", "ivan", Membership::Pending);
    repo.team_role("leads", Role::Write);
    let path = "/orgs/acme/teams/leads/memberships";
    let carol = token(&hub, "carol");
    assert_eq!(
        get(&hub, &carol, &format!("{path}/carol")).await.json()["state"],
        "active"
    );
    assert_eq!(
        get(&hub, &carol, &format!("{path}/ivan")).await.json()["state"],
        "pending"
    );
    assert_eq!(get(&hub, &carol, &format!("{path}/olga")).await.status, 404);
    assert_eq!(
        get(&hub, &carol, "/orgs/acme/teams/nowhere").await.status,
        404
    );
    assert_eq!(
        get(&hub, &carol, "/orgs/acme/teams/leads").await.json()["slug"],
        "leads"
    );
    let members = get(&hub, &carol, "/orgs/acme/teams/leads/members")
        .await
        .json();
    assert_eq!(members.as_array().map(Vec::len), Some(1));
    let workflow = repo.workflow_token("contents:write");
    assert_eq!(
        get(&hub, &workflow, &format!("{path}/carol")).await.said(),
        "403 Resource not accessible by integration"
    );
    let app = repo.app_token(7, "sluice", "members:read");
    assert_eq!(get(&hub, &app, &format!("{path}/carol")).await.status, 200);
    let text = r#"{ organization(login: "acme") { team(slug: "leads") { slug } } }"#;
    hub.check_with(std::sync::Arc::new(|_| Vec::new()));
    let told = super::query(&hub, &workflow, text, Value::Null).await;
    assert_eq!(told["errors"][0]["type"], "FORBIDDEN");
    let told = super::query(&hub, &app, text, Value::Null).await;
    assert_eq!(told["data"]["organization"]["team"]["slug"], "leads");
    let outsider = token(&hub, "outsider");
    assert_eq!(
        get(&hub, &outsider, &format!("{path}/carol")).await.status,
        404
    );
    repo.by("carol")
        .pushes("x", &[("f", "1")], "the team's role lets her push");
}

#[tokio::test]
async fn triage_closes_but_does_not_rewrite_and_an_outside_author_does_not_label() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.role("tia", Role::Triage);
    repo.by("carol").creates_label("approve/prod/qa");
    let tia = |body: Value| {
        let path = format!("/pulls/{number}");
        repo.by("tia")
            .tries("PATCH", &path, body)
            .map_err(|refusal| refusal.status)
    };
    for body in [
        json!({"body": "x"}),
        json!({"title": "x"}),
        json!({"base": "main"}),
    ] {
        assert_eq!(tia(body), Err(403));
    }
    assert!(tia(json!({"state": "closed"})).is_ok());
    let theirs = repo
        .by("mallory")
        .opens_from_fork("change", &[("evil", "1")], "Mine");
    let path = format!("/issues/{theirs}");
    let labels = json!({"labels": ["approve/prod/qa"], "body": "new"});
    repo.by("mallory").does("PATCH", &path, labels.clone());
    assert_eq!(
        (repo.labels(theirs), repo.body(theirs), repo.events(theirs)),
        (vec![], "new".to_owned(), vec![]),
        "dropped in silence"
    );
    repo.by("dave").does("PATCH", &path, labels);
    assert_eq!(repo.labels(theirs), ["approve/prod/qa"]);
    let refused = repo.by("mallory").tries(
        "POST",
        &format!("/pulls/{theirs}/requested_reviewers"),
        json!({"reviewers": ["dave"]}),
    );
    assert_eq!(refused.unwrap_err().status, 403);
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
async fn a_status_stands_on_a_commit_not_on_a_branch() {
    let (hub, _) = with_pull().await;
    let body = json!({"state": "success"});
    let tried = hub
        .repo("acme/gitops")
        .by("carol")
        .tries("POST", "/statuses/main", body);
    assert_eq!(tried.unwrap_err().text(), "No commit found for SHA: main");
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
async fn no_ref_is_created_where_workflow_files_differ_from_the_default_branch_without_the_permission()
 {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let path = ".github/workflows/w.yml";
    repo.files("main", &[(path, "on: push\n")]);
    let old = repo.tip("main").unwrap();
    let app = repo.app(7, "sluice", "contents:write");
    app.branches_off("same", &old);
    // Nobody brings a new file: the default branch moved on.
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
