//! The contract's own tests: what GitHub takes and says passes, and each kind of violation is found and reported.
//!
//! The documents here are written by hand, as GitHub sends them.

mod graphql;

use serde_json::{Value, json};

use github_stand_in::contract::{Violation, contract};

const ZERO: &str = "0000000000000000000000000000000000000000";
const HEAD: &str = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

fn told(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(Violation::to_string).collect()
}

/// Where each violation is, and what was expected.
fn places(violations: &[Violation]) -> Vec<(&str, &str)> {
    violations
        .iter()
        .map(|one| (one.pointer.as_str(), one.expected.as_str()))
        .collect()
}

fn user(login: &str, id: u64) -> Value {
    let api = format!("https://api.github.com/users/{login}");
    json!({
        "login": login, "id": id, "node_id": "MDQ6VXNlcjE=", "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4",
        "gravatar_id": "", "url": api, "html_url": format!("https://github.com/{login}"),
        "followers_url": format!("{api}/followers"), "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"), "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"), "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"), "type": "User", "user_view_type": "public", "site_admin": false
    })
}

fn review() -> Value {
    let page = "https://github.com/o/r/pull/7#pullrequestreview-80";
    let pull = "https://api.github.com/repos/o/r/pulls/7";
    json!({
        "id": 80, "node_id": "MDE3OlB1bGxSZXF1ZXN0UmV2aWV3ODA=", "user": user("ann", 1), "body": "", "state": "APPROVED",
        "html_url": page, "pull_request_url": pull, "author_association": "COLLABORATOR",
        "_links": { "html": { "href": page }, "pull_request": { "href": pull } },
        "submitted_at": "2026-01-05T10:00:00Z", "commit_id": HEAD
    })
}

fn git_ref() -> Value {
    json!({
        "ref": "refs/heads/main", "node_id": "REF_kwDOAA", "url": "https://api.github.com/repos/o/r/git/refs/heads/main",
        "object": { "type": "commit", "sha": HEAD, "url": format!("https://api.github.com/repos/o/r/git/commits/{HEAD}") }
    })
}

#[test]
fn requests_as_github_takes_them_pass() {
    let tree = json!({ "base_tree": HEAD, "tree": [{ "path": "a/b.yaml", "mode": "100644", "type": "blob", "content": "a: 1\n" },
        { "path": "gone", "mode": "100644", "type": "blob", "sha": null }] });
    let commit = json!({ "message": "m", "tree": HEAD, "parents": [HEAD] });
    let dispatch =
        json!({ "ref": "main", "inputs": { "any": "thing" }, "return_run_details": true });
    let deployment = json!({ "ref": HEAD, "auto_merge": false, "required_contexts": [], "payload": { "free": [1] } });
    let merge = json!({ "sha": HEAD, "merge_method": "squash" });
    let labels = json!({ "labels": ["approve/prod/humans"] });
    for (method, path, body) in [
        ("GET", "/repos/o/r/git/ref/heads/a/b", None),
        ("GET", "/repos/o/r/git/ref/heads%2Fa%2Fb", None),
        (
            "GET",
            "/repos/o/r/commits/heads/a/b/check-runs?app_id=7&filter=latest",
            None,
        ),
        ("GET", "/repos/o/r/contents/a/b%20c.yaml?ref=main", None),
        ("GET", "/repos/o/r/compare/main...a/b", None),
        (
            "GET",
            "/repos/o/r/pulls?state=open&head=o%3Ab&per_page=100&page=2",
            None,
        ),
        (
            "GET",
            "/repos/o/r/actions/workflows/gate.yml/runs?created=%3E%3D2026-01-01&exclude_pull_requests=true",
            None,
        ),
        ("GET", "/repos/o/r/actions/workflows/12", None),
        ("GET", "/repos/o/r/git/trees/main?recursive=1", None),
        ("POST", "/repos/o/r/git/trees", Some(&tree)),
        ("POST", "/repos/o/r/git/commits", Some(&commit)),
        (
            "POST",
            "/repos/o/r/actions/workflows/gate.yml/dispatches",
            Some(&dispatch),
        ),
        ("POST", "/repos/o/r/deployments", Some(&deployment)),
        ("PUT", "/repos/o/r/pulls/7/merge", Some(&merge)),
        ("POST", "/repos/o/r/issues/7/labels", Some(&labels)),
        ("DELETE", "/repos/o/r/git/refs/heads/a/b", None),
    ] {
        let violations = contract().request(method, path, body);
        assert!(violations.is_empty(), "{:#?}", told(&violations));
    }
}

#[test]
fn a_request_that_github_does_not_know_is_found() {
    let pulls = "/repos/o/r/pulls";
    for (method, path, body, expected) in [
        (
            "GET",
            "/repos/o/r/forks",
            None,
            vec![("/path", "a path in contract/openapi.json")],
        ),
        (
            "PUT",
            "/repos/o/r/labels/bug",
            None,
            vec![("/path", "the method DELETE or GET or PATCH")],
        ),
        (
            "GET",
            "/repos/o/r/pulls/",
            None,
            vec![("/path", "a path in contract/openapi.json")],
        ),
        (
            "GET",
            "/repos/o/r/pulls/seven",
            None,
            vec![("/path/pull_number", "integer")],
        ),
        (
            "GET",
            "/repos/o/r/pulls?owner=o",
            None,
            vec![("/query/owner", "no such parameter")],
        ),
        (
            "GET",
            "/repos/o/r/pulls?state=opened",
            None,
            vec![("/query/state", r#"one of ["open","closed","all"]"#)],
        ),
        (
            "GET",
            "/repos/o/r/pulls?per_page=many",
            None,
            vec![("/query/per_page", "integer")],
        ),
        (
            "GET",
            "/repos/o/r/pulls?per_page=101",
            None,
            vec![("/query/per_page", "at most 100")],
        ),
        (
            "GET",
            "/repos/o/r/pulls?page=1&page=2",
            None,
            vec![("/query/page", "the parameter once")],
        ),
        (
            "GET",
            "/repos/o/r/commits?since=yesterday",
            None,
            vec![("/query/since", "the format date-time")],
        ),
        ("GET", pulls, Some(json!({})), vec![("/body", "no body")]),
        ("POST", pulls, None, vec![("/body", "a body")]),
        (
            "POST",
            pulls,
            Some(json!({ "title": "t", "head": "b" })),
            vec![("/body", r#"the property "base""#)],
        ),
        (
            "POST",
            pulls,
            Some(json!({ "title": "t", "head": "b", "base": 1 })),
            vec![("/body/base", "string")],
        ),
        (
            "POST",
            pulls,
            Some(json!({ "title": "t", "head": "b", "base": null })),
            vec![("/body/base", "string")],
        ),
        (
            "POST",
            pulls,
            Some(json!({ "title": "t", "head": "b", "base": "m", "labels": [] })),
            vec![("/body/labels", "no such property")],
        ),
        (
            "PUT",
            "/repos/o/r/pulls/7/merge",
            Some(json!({ "merge_method": "octopus" })),
            vec![(
                "/body/merge_method",
                r#"one of ["merge","squash","rebase"]"#,
            )],
        ),
        (
            "POST",
            "/repos/o/r/git/trees",
            Some(json!({ "tree": [{ "path": "a", "mode": "0644" , "blob": "x" }] })),
            vec![
                ("/body/tree/0/blob", "no such property"),
                (
                    "/body/tree/0/mode",
                    r#"one of ["100644","100755","040000","160000","120000"]"#,
                ),
            ],
        ),
    ] {
        let violations = contract().request(method, path, body.as_ref());
        let mut found = places(&violations);
        found.sort_unstable();
        assert_eq!(found, expected, "{method} {path}");
    }
}

#[test]
fn answers_as_github_gives_them_pass() {
    let permission = json!({ "permission": "write", "role_name": "maintain", "user": null });
    let activity = json!([{ "id": 1, "node_id": "PSH_1", "before": ZERO, "after": HEAD, "ref": "refs/heads/b",
        "timestamp": "2026-01-05T10:00:00Z", "activity_type": "branch_creation", "actor": user("ann", 1) }]);
    let rules = json!([{ "type": "deletion", "ruleset_source_type": "Repository", "ruleset_source": "o/r", "ruleset_id": 1 }]);
    let exists = json!({ "message": "Reference already exists", "status": "422",
        "documentation_url": "https://docs.github.com/rest/git/refs#create-a-reference" });
    let refused = json!({ "message": "Validation Failed", "documentation_url": "https://docs.github.com/rest", "status": "422",
        "errors": [{ "resource": "PullRequest", "code": "custom", "message": "A pull request already exists for o:b." }] });
    let message = json!({ "message": "No", "documentation_url": "https://docs.github.com/rest", "status": "403" });
    for (method, path, status, body) in [
        ("GET", "/repos/o/r/git/ref/heads/main", 200, Some(git_ref())),
        ("POST", "/repos/o/r/git/refs", 201, Some(git_ref())),
        ("POST", "/repos/o/r/git/refs", 422, Some(exists)),
        ("DELETE", "/repos/o/r/git/refs/heads/b", 204, None),
        (
            "GET",
            "/repos/o/r/pulls/7/reviews?per_page=100",
            200,
            Some(json!([review()])),
        ),
        ("GET", "/repos/o/r/pulls/7/merge", 404, None),
        (
            "GET",
            "/repos/o/r/collaborators/ann/permission",
            200,
            Some(permission),
        ),
        ("GET", "/repos/o/r/activity", 200, Some(activity)),
        ("GET", "/repos/o/r/rules/branches/main", 200, Some(rules)),
        ("POST", "/repos/o/r/pulls", 422, Some(refused)),
        ("POST", "/repos/o/r/pulls", 403, Some(message.clone())),
        (
            "PUT",
            "/repos/o/r/pulls/7/merge",
            405,
            Some(message.clone()),
        ),
        (
            "POST",
            "/repos/o/r/actions/workflows/gate.yml/dispatches",
            422,
            Some(message.clone()),
        ),
        ("GET", "/repos/o/r/activity", 429, Some(message)),
        ("GET", "/repos/o/r/pulls/7", 304, None),
        (
            "GET",
            "/repos/o/r/pulls/7/reviews",
            502,
            Some(json!("<html>Unicorn!</html>")),
        ),
    ] {
        let violations = contract().response(method, path, status, body.as_ref());
        assert!(violations.is_empty(), "{:#?}", told(&violations));
    }
}

#[test]
fn an_answer_that_github_would_not_give_is_found() {
    let with = |mut document: Value, pointer: &str, value: Value| {
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    let without = |mut document: Value, name: &str| {
        document.as_object_mut().unwrap().remove(name);
        document
    };
    let reviews = "/repos/o/r/pulls/7/reviews";
    let mut more = review();
    more["approved"] = json!(true);
    for (path, status, body, expected) in [
        (
            reviews,
            200,
            Some(json!([without(review(), "commit_id")])),
            vec![("/body/0", r#"the property "commit_id""#)],
        ),
        // GitHub says null there of a review without a commit, and of a user who is gone.
        (
            reviews,
            200,
            Some(json!([with(review(), "/commit_id", Value::Null)])),
            vec![],
        ),
        (
            reviews,
            200,
            Some(json!([with(review(), "/user", Value::Null)])),
            vec![],
        ),
        (
            reviews,
            200,
            Some(json!([with(review(), "/state", Value::Null)])),
            vec![("/body/0/state", "string")],
        ),
        (
            reviews,
            200,
            Some(json!([with(review(), "/id", json!("80"))])),
            vec![("/body/0/id", "integer")],
        ),
        (
            reviews,
            200,
            Some(json!([with(review(), "/user/id", json!("1"))])),
            vec![("/body/0/user/id", "integer")],
        ),
        (
            reviews,
            200,
            Some(json!([with(review(), "/submitted_at", json!("today"))])),
            vec![("/body/0/submitted_at", "the format date-time")],
        ),
        (
            reviews,
            200,
            Some(json!([with(
                review(),
                "/author_association",
                json!("FRIEND")
            )])),
            vec![(
                "/body/0/author_association",
                r#"one of ["COLLABORATOR","CONTRIBUTOR","FIRST_TIMER","FIRST_TIME_CONTRIBUTOR","MANNEQUIN","MEMBER","NONE","OWNER"]"#,
            )],
        ),
        (
            reviews,
            200,
            Some(json!([more])),
            vec![("/body/0/approved", "no such property")],
        ),
        (reviews, 200, Some(review()), vec![("/body", "array")]),
        (reviews, 200, None, vec![("/body", "a body")]),
        (
            reviews,
            409,
            None,
            vec![("/status", "one of 200, or what GitHub sends everywhere")],
        ),
        (
            reviews,
            403,
            Some(json!({ "error": "no" })),
            vec![("/body/message", "string")],
        ),
        (
            "/repos/o/r/pulls/7/merge",
            204,
            Some(json!({})),
            vec![("/body", "no body")],
        ),
        (
            "/repos/o/r/forks",
            200,
            Some(json!([])),
            vec![("/path", "a path in contract/openapi.json")],
        ),
        // One rule of many kinds: recognised by the kind that it says it is.
        (
            "/repos/o/r/rules/branches/main",
            200,
            Some(
                json!([{ "type": "merge_queue", "parameters": { "merge_method": "OCTOPUS",
            "check_response_timeout_minutes": 5, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5, "max_entries_to_merge": 5,
            "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5 } }]),
            ),
            vec![(
                "/body/0/parameters/merge_method",
                r#"one of ["MERGE","SQUASH","REBASE"]"#,
            )],
        ),
        (
            "/repos/o/r/rules/branches/main",
            200,
            Some(json!([{ "type": "deletion", "enforced": true }])),
            vec![("/body/0/enforced", "no such property")],
        ),
    ] {
        let violations = contract().response("GET", path, status, body.as_ref());
        assert_eq!(places(&violations), expected, "{path} {body:?}");
    }
}

#[test]
fn a_violation_says_where_what_was_expected_and_what_came() {
    let violations = contract().request("GET", "/repos/o/r/pulls?state=opened", None);
    assert_eq!(
        told(&violations),
        [
            r#"GET /repos/{owner}/{repo}/pulls at /query/state: expected one of ["open","closed","all"], came "opened""#
        ]
    );
    let body = json!({ "title": "t".repeat(1000), "base": "main", "head": 1 });
    let violations = contract().request("POST", "/repos/o/r/pulls", Some(&body));
    assert_eq!(
        told(&violations),
        ["POST /repos/{owner}/{repo}/pulls at /body/head: expected string, came 1"]
    );
    let long = contract().request("POST", "/repos/o/r/pulls", Some(&json!("x".repeat(1000))));
    assert!(told(&long)[0].chars().count() < 300);
}

#[test]
fn every_operation_has_schemas_that_compile() {
    let path = format!("{}/contract/openapi.json", env!("CARGO_MANIFEST_DIR"));
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut operations = 0;
    for (template, methods) in document["paths"].as_object().unwrap() {
        let path = template
            .replace("{pull_number}", "1")
            .replace("_id}", "}")
            .replace("{issue_number}", "1")
            .replace(['{', '}'], "");
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            // None takes a number for its body: each is found, and no other violation comes of a path that was not understood.
            let sent = contract().request(method, &path, Some(&json!(1)));
            assert!(
                sent.iter().any(|one| one.pointer == "/body"),
                "{method} {path}: {sent:?}"
            );
            for status in operation["responses"].as_object().unwrap().keys() {
                let status = status.parse().unwrap();
                let answered = contract().response(method, &path, status, Some(&json!(1)));
                assert!(
                    status >= 500 || answered.iter().all(|one| one.pointer.starts_with("/body")),
                    "{method} {path} {status}: {answered:?}"
                );
                assert_eq!(
                    answered.is_empty(),
                    status >= 500,
                    "{method} {path} {status}"
                );
            }
        }
    }
    assert!(operations > 60, "{operations}");
}

#[test]
fn event_examples_are_of_the_event_and_action_that_their_names_say() {
    let folder = format!("{}/contract/events", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let payload: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let (event, action) = name
            .split_once('.')
            .map_or((name, None), |(event, action)| (event, Some(action)));
        assert_eq!(payload["action"].as_str(), action, "{name}");
        assert!(payload["repository"]["full_name"].is_string(), "{name}");
        // Each of these has one object of its own name, besides those that carry their fields at the top.
        let own = match event {
            "push" | "workflow_dispatch" | "repository_dispatch" => "sender",
            "pull_request_review" => "review",
            other => other,
        };
        assert!(payload[own].is_object(), "{name}");
        count += 1;
    }
    assert_eq!(count, 16);
}
