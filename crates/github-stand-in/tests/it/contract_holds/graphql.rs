//! The GraphQL half of the contract's own tests.

use serde_json::{Value, json};

use super::{HEAD, ZERO, places, told};
use github_stand_in::contract::contract;

const PROMOTIONS: &str = r#"
query Promotions($owner: String!, $name: String!, $page: Int = 50, $after: String, $withLabels: Boolean = true) {
  rateLimit { remaining resetAt }
  repository(owner: $owner, name: $name) {
    id
    base: defaultBranchRef { name target { oid ...OnCommit } }
    refs(refPrefix: "refs/heads/sluice/", first: $page, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { name ...Open }
    }
  }
}
fragment OnCommit on GitObject { __typename ... on Commit { messageHeadline committedDate tree { oid } } }
fragment Open on Ref {
  associatedPullRequests(states: OPEN, first: 1) {
    nodes {
      number isDraft headRefOid mergeable reviewDecision
      author { __typename login ... on User { databaseId } ... on Bot { databaseId } }
      labels(first: 20) @include(if: $withLabels) { nodes { name } }
      latestOpinionatedReviews(first: 20, writersOnly: true) { nodes { state submittedAt commit { oid } } }
      timelineItems(last: 20, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, HEAD_REF_FORCE_PUSHED_EVENT]) {
        nodes { ... on LabeledEvent { createdAt label { name } actor { login } } ... on HeadRefForcePushedEvent { createdAt } }
      }
    }
  }
}"#;

fn promotions() -> Value {
    json!({
        "rateLimit": { "remaining": 4999, "resetAt": "2026-01-05T11:00:00Z" },
        "repository": {
            "id": "R_1",
            "base": { "name": "main", "target": { "oid": HEAD, "__typename": "Commit", "messageHeadline": "m",
                "committedDate": "2026-01-05T10:00:00Z", "tree": { "oid": HEAD } } },
            "refs": {
                "pageInfo": { "hasNextPage": false, "endCursor": null },
                "nodes": [{ "name": "p/s/1-2", "associatedPullRequests": { "nodes": [{
                    "number": 7, "isDraft": false, "headRefOid": HEAD, "mergeable": "UNKNOWN", "reviewDecision": null,
                    "author": { "__typename": "Bot", "login": "sluice", "databaseId": 9 },
                    "labels": { "nodes": [{ "name": "sluice" }] },
                    "latestOpinionatedReviews": { "nodes": [{ "state": "APPROVED", "submittedAt": "2026-01-05T10:30:00Z", "commit": { "oid": HEAD } }] },
                    "timelineItems": { "nodes": [
                        { "createdAt": "2026-01-05T10:20:00Z", "label": { "name": "sluice" }, "actor": null },
                        { "createdAt": "2026-01-05T10:10:00Z" },
                        {}
                    ] }
                }] } }]
            }
        }
    })
}

#[test]
fn graphql_as_github_takes_it_passes() {
    let updates = "mutation Move($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
    let moves = json!({ "input": { "repositoryId": "R_1", "refUpdates": [
        { "name": "refs/heads/a", "beforeOid": ZERO, "afterOid": HEAD }, { "name": "refs/heads/b", "afterOid": ZERO, "force": false }] } });
    let commit = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } ref { name } } }";
    let files = json!({ "input": { "branch": { "repositoryNameWithOwner": "o/r", "branchName": "b" }, "message": { "headline": "h" },
        "expectedHeadOid": HEAD, "fileChanges": { "additions": [{ "path": "a", "contents": "YQo=" }], "deletions": [{ "path": "b" }] } } });
    let who = json!({ "owner": "o", "name": "r" });
    for (query, variables) in [(PROMOTIONS, &who), (updates, &moves), (commit, &files)] {
        let violations = contract().graphql_request(query, variables);
        assert!(violations.is_empty(), "{:#?}", told(&violations));
    }
    for mutation in [
        "createRef(input: { repositoryId: \"R\", name: \"refs/heads/a\", oid: \"a\" }) { ref { name } }",
        "deleteRef(input: { refId: \"R\" }) { clientMutationId }",
        "enqueuePullRequest(input: { pullRequestId: \"P\" }) { mergeQueueEntry { id state position } }",
        "dequeuePullRequest(input: { id: \"P\" }) { mergeQueueEntry { id } }",
        "mergePullRequest(input: { pullRequestId: \"P\", expectedHeadOid: \"a\" }) { pullRequest { merged } }",
        "convertPullRequestToDraft(input: { pullRequestId: \"P\" }) { pullRequest { isDraft } }",
    ] {
        let violations =
            contract().graphql_request(&format!("mutation {{ {mutation} }}"), &Value::Null);
        assert!(violations.is_empty(), "{:#?}", told(&violations));
    }
}

#[test]
fn a_graphql_request_that_github_would_refuse_is_found() {
    let one = |query: &str, variables: Value| contract().graphql_request(query, &variables);
    let unknown = one("query Q {\n  viewer { login mood }\n}", json!({}));
    assert_eq!(
        places(&unknown),
        [("/document/2:18", "a document by contract/github.graphql")]
    );
    assert!(unknown[0].came.contains("mood"), "{unknown:?}");
    assert_eq!(one("query {", json!({}))[0].operation, "GraphQL");
    assert_eq!(
        one(
            "query A { viewer { id } } query B { viewer { id } }",
            json!({})
        )[0]
        .expected,
        "one operation"
    );

    let bounds = "`first` or `last`, from 1 to 100";
    let at = "/document/repository/pullRequests";
    for (body, variables, expected) in [
        ("pullRequests", json!({}), vec![(at, bounds)]),
        ("pullRequests(first: 101)", json!({}), vec![(at, bounds)]),
        (
            "pullRequests(first: 1, last: 1)",
            json!({}),
            vec![(at, bounds)],
        ),
        ("pullRequests(first: $n)", json!({}), vec![(at, bounds)]),
        (
            "pullRequests(first: $n)",
            json!({ "n": 0 }),
            vec![(at, bounds)],
        ),
        ("pullRequests(first: $n)", json!({ "n": 100 }), vec![]),
        (
            "pullRequests(first: $n)",
            json!({ "n": "5" }),
            vec![("/variables/n", "a whole number of 32 bits"), (at, bounds)],
        ),
        (
            "pullRequests(first: $n)",
            json!({ "n": 5, "m": 1 }),
            vec![("/variables/m", "no such variable")],
        ),
    ] {
        let declared = if body.contains("$n") { "($n: Int)" } else { "" };
        let query = format!(
            r#"query Q{declared} {{ repository(owner: "o", name: "r") {{ {body} {{ totalCount }} }} }}"#
        );
        assert_eq!(places(&one(&query, variables)), expected, "{body}");
    }
    let deep = r#"{ repository(owner: "o", name: "r") { pullRequests(first: 100) { nodes { commits(first: 100) { nodes { commit {
        history(first: 48) { totalCount } } } } } } } }"#;
    assert_eq!(one(deep, json!({})), []);
    let deeper = deep.replace("48", "49");
    assert_eq!(
        places(&one(&deeper, json!({}))),
        [("/document", "at most 500000 nodes")]
    );

    let defaulted = r#"query($n: Int! = 5) { repository(owner: "o", name: "r") { refs(refPrefix: "refs/heads/", first: $n) { totalCount } } }"#;
    assert_eq!(one(defaulted, json!({})), []);
    let required = defaulted.replace(" = 5", "");
    assert_eq!(
        places(&one(&required, json!({})))[0],
        ("/variables/n", "Int!")
    );
    let file = |contents: &str| {
        json!({ "input": { "branch": { "id": "B" }, "message": { "headline": "h" }, "expectedHeadOid": HEAD,
        "fileChanges": { "additions": [{ "path": "a", "contents": contents }] } } })
    };
    let commit = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { clientMutationId } }";
    for plain in ["a: 1", "YQ", "a-b_"] {
        assert_eq!(
            places(&one(commit, file(plain))),
            [(
                "/variables/input/fileChanges/additions/0/contents",
                "base64"
            )]
        );
    }

    let query =
        "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
    let update =
        |update: Value| json!({ "input": { "repositoryId": "R", "refUpdates": [update] } });
    for (variables, expected) in [
        (json!({}), ("/variables/input", "UpdateRefsInput!")),
        (
            json!({ "input": null }),
            ("/variables/input", "UpdateRefsInput!"),
        ),
        (
            json!({ "input": { "repositoryId": "R" } }),
            ("/variables/input/refUpdates", "[RefUpdate!]!"),
        ),
        (
            json!({ "input": { "repositoryId": "R", "refUpdates": {} } }),
            ("/variables/input/refUpdates", "a list"),
        ),
        (
            update(json!({ "name": "refs/heads/a" })),
            ("/variables/input/refUpdates/0/afterOid", "GitObjectID!"),
        ),
        (
            update(json!({ "name": "refs/heads/a", "afterOid": "abc" })),
            (
                "/variables/input/refUpdates/0/afterOid",
                "40 or 64 hexadecimal digits",
            ),
        ),
        (
            update(json!({ "name": "refs/heads/a", "afterOid": ZERO, "oid": ZERO })),
            (
                "/variables/input/refUpdates/0/oid",
                "no such field of RefUpdate",
            ),
        ),
        (
            update(json!({ "name": "refs/heads/a", "afterOid": ZERO, "force": "no" })),
            ("/variables/input/refUpdates/0/force", "true or false"),
        ),
    ] {
        assert_eq!(places(&one(query, variables)), [expected]);
    }
    let ordered = r#"query($by: RefOrder) { repository(owner: "o", name: "r") { refs(refPrefix: "refs/tags/", first: 1, orderBy: $by) { totalCount } } }"#;
    let wrong = one(
        ordered,
        json!({ "by": { "field": "NAME", "direction": "ASC" } }),
    );
    assert_eq!(
        places(&wrong),
        [(
            "/variables/by/field",
            "one of TAG_COMMIT_DATE, ALPHABETICAL"
        )]
    );
}

#[test]
fn graphql_data_as_github_gives_it_passes() {
    let who = json!({ "owner": "o", "name": "r" });
    assert_eq!(
        told(&contract().graphql_response(PROMOTIONS, &who, &promotions())),
        [""; 0]
    );

    let mut bare = promotions();
    bare.pointer_mut("/repository/refs/nodes/0/associatedPullRequests/nodes/0")
        .and_then(Value::as_object_mut)
        .unwrap()
        .remove("labels");
    let without = json!({ "owner": "o", "name": "r", "withLabels": false });
    assert_eq!(
        told(&contract().graphql_response(PROMOTIONS, &without, &bare)),
        [""; 0]
    );

    let hidden = json!({ "data": { "rateLimit": null, "repository": null }, "errors": [{ "type": "NOT_FOUND", "path": ["repository"],
        "locations": [{ "line": 4, "column": 3 }], "message": "Could not resolve to a Repository with the name 'o/r'." }] });
    assert_eq!(
        told(&contract().graphql_answer(PROMOTIONS, &who, &hidden)),
        [""; 0]
    );
    let refused = json!({ "errors": [{ "message": "Something went wrong" }] });
    assert_eq!(
        told(&contract().graphql_answer(PROMOTIONS, &who, &refused)),
        [""; 0]
    );
    let good = json!({ "data": promotions() });
    assert_eq!(
        told(&contract().graphql_answer(PROMOTIONS, &who, &good)),
        [""; 0]
    );
}

#[test]
fn graphql_data_that_github_would_not_give_is_found() {
    let who = json!({ "owner": "o", "name": "r" });
    let pull = "/repository/refs/nodes/0/associatedPullRequests/nodes/0";
    // The object at the pointer, its member, its new value (`None`: left out), and what is found.
    for (object, member, value, expected) in [
        (pull, "number", None, vec!["the selected field"]),
        (
            pull,
            "number",
            Some(json!("7")),
            vec!["a whole number of 32 bits"],
        ),
        (pull, "number", Some(Value::Null), vec!["Int!"]),
        (pull, "reviewDecision", Some(json!("APPROVED")), vec![]),
        (
            pull,
            "reviewDecision",
            Some(json!("MAYBE")),
            vec!["one of CHANGES_REQUESTED, APPROVED, REVIEW_REQUIRED"],
        ),
        (
            pull,
            "mergeable",
            Some(json!("unknown")),
            vec!["one of MERGEABLE, CONFLICTING, UNKNOWN"],
        ),
        (pull, "author", Some(Value::Null), vec![]),
        (pull, "isDraft", Some(json!(0)), vec!["true or false"]),
        (
            pull,
            "headRefOid",
            Some(json!("main")),
            vec!["40 or 64 hexadecimal digits"],
        ),
        (
            pull,
            "title",
            Some(json!("t")),
            vec!["no such field, as it was not selected"],
        ),
        (pull, "labels", Some(json!({ "nodes": {} })), vec!["a list"]),
        (pull, "labels", Some(json!([])), vec!["LabelConnection"]),
        ("/repository", "base", None, vec!["the selected field"]),
        (
            "/repository",
            "defaultBranchRef",
            Some(Value::Null),
            vec!["no such field, as it was not selected"],
        ),
        (
            "/repository/base",
            "target",
            Some(json!({ "__typename": "Tree", "oid": HEAD })),
            vec![],
        ),
        (
            "/repository/base",
            "target",
            Some(json!({ "__typename": "Commit", "oid": HEAD })),
            vec!["the selected field"; 3],
        ),
        (
            "/repository/base/target",
            "__typename",
            Some(json!("User")),
            vec!["an object type that is a GitObject"],
        ),
        (
            "/repository/base/target",
            "committedDate",
            Some(json!("2026-01-05")),
            vec!["a time by RFC 3339"],
        ),
        (
            "/rateLimit",
            "remaining",
            Some(json!(4_999_999_999_u64)),
            vec!["a whole number of 32 bits"],
        ),
    ] {
        let mut data = promotions();
        let place = data
            .pointer_mut(object)
            .and_then(Value::as_object_mut)
            .unwrap();
        match value.clone() {
            Some(value) => place.insert(member.to_owned(), value),
            None => place.remove(member),
        };
        let violations = contract().graphql_response(PROMOTIONS, &who, &data);
        let found: Vec<&str> = violations.iter().map(|one| one.expected.as_str()).collect();
        assert_eq!(
            found,
            expected,
            "{member} {value:?}: {:#?}",
            told(&violations)
        );
        assert!(
            violations
                .iter()
                .all(|one| one.pointer.starts_with(&format!("/data{object}")))
        );
    }
    // A null must say so in `errors` only if there was no other way; no data at all needs a reason.
    let none = contract().graphql_answer(PROMOTIONS, &who, &json!({ "data": null }));
    assert_eq!(places(&none), [("/data", "data or errors")]);
    let empty = contract().graphql_answer(PROMOTIONS, &who, &json!({ "errors": [], "data": null }));
    assert_eq!(places(&empty)[0], ("/errors", "a list that is not empty"));
}

#[test]
fn graphql_data_of_an_abstract_type_is_held_to_what_it_says_it_is_or_to_the_type_that_fits() {
    let query = r#"query($id: ID!, $more: Boolean! = false) { node(id: $id) { ...Pull ...Change } viewer { kind: __typename login @include(if: $more) } }
        fragment Pull on PullRequest { number title }
        fragment Change on Commit { oid }"#;
    let data = |node: Value, kind: &str| json!({ "node": node, "viewer": { "kind": kind } });
    let check = |data: Value| contract().graphql_response(query, &json!({ "id": "N" }), &data);
    for node in [
        Value::Null,
        json!({ "number": 7, "title": "t" }),
        json!({ "oid": HEAD }),
        json!({}),
    ] {
        assert_eq!(check(data(node, "User")), []);
    }
    // Half a pull request is not a node at all; the nearest is reported.
    assert_eq!(
        places(&check(data(json!({ "number": 7 }), "User"))).len(),
        1
    );
    assert_eq!(
        places(&check(data(
            json!({ "number": 7, "title": "t", "oid": HEAD }),
            "User"
        ))),
        [("/data/node/oid", "no such field, as it was not selected")]
    );
    assert_eq!(
        places(&check(data(Value::Null, "Bot"))),
        [("/data/viewer/kind", "User")]
    );
}
