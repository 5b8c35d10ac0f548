//! Who may do what: roles of people, scopes of tokens, teams.

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
async fn a_status_stands_on_a_commit_not_on_a_branch() {
    let (hub, _) = with_pull().await;
    let body = json!({"state": "success"});
    let tried = hub
        .repo("acme/gitops")
        .by("carol")
        .tries("POST", "/statuses/main", body);
    assert_eq!(tried.unwrap_err().text(), "No commit found for SHA: main");
}
