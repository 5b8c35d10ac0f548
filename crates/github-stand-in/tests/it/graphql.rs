//! The GraphQL subset: what Sluice reads in one query, the mutations, the words of errors.

use super::{R, get, query, start, token, with_pull};
use github_stand_in::{Bypass, Fault, GitHub, Kind, Role, Rule, When};
use serde_json::{Value, json};

#[tokio::test]
async fn promotions_are_found_by_their_refs_with_all_their_evidence() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let app = repo.app_token(
        7,
        "sluice",
        "contents:write,pull-requests:write,issues:write,statuses:write",
    );
    let main = repo.tip("main").unwrap();
    let bot = repo.with_token(&app);
    bot.branches_off("sluice/shop/prod/abc", &main);
    bot.pushes(
        "sluice/shop/prod/abc",
        &[("app.yaml", "v: 5\n")],
        "Promote\n\nSluice-Plan: abc",
    );
    let number = bot.opens("sluice/shop/prod/abc", "main", "Promote prod");
    bot.labels(number, "approve/prod/qa");
    repo.by("dave").approves(number);
    let head = repo.tip("sluice/shop/prod/abc").unwrap();
    bot.reports(&head, "sluice", "pending");
    let text = r#"query Promotions($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {
      refs(refPrefix: "refs/heads/sluice/", first: 50) { nodes { name prefix target { oid }
        associatedPullRequests(first: 5, states: [OPEN]) { nodes {
          number isDraft isCrossRepository headRefOid headRefName baseRefName mergeable mergeStateStatus
          author { __typename login ... on Bot { databaseId } ... on User { databaseId } }
          headRepository { databaseId nameWithOwner }
          potentialMergeCommit { oid tree { oid } }
          autoMergeRequest { enabledAt }
          mergeQueueEntry { position }
          labels(first: 10) { nodes { name } }
          latestOpinionatedReviews(first: 10, writersOnly: true) { nodes { state author { login } commit { oid } authorCanPushToRepository } }
          timelineItems(first: 50, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, HEAD_REF_FORCE_PUSHED_EVENT]) { nodes { __typename
            ... on LabeledEvent { createdAt actor { login } label { name } } } }
          commits(last: 1) { nodes { commit { oid message status { state contexts { context creator { login } } } } } }
        } } } } } }"#;
    let body = query(&hub, &app, text, json!({"owner": "acme", "name": "gitops"})).await;
    assert_eq!(body["errors"], Value::Null);
    let found = &body["data"]["repository"]["refs"]["nodes"];
    assert_eq!(
        (found.as_array().map(Vec::len), found[0]["name"].as_str()),
        (Some(1), Some("sluice/shop/prod/abc"))
    );
    let pull = &found[0]["associatedPullRequests"]["nodes"][0];
    let test = pull["potentialMergeCommit"]["oid"].as_str().unwrap();
    assert_eq!(repo.file(test, "app.yaml").unwrap(), "v: 5\n");
    let mut shown = pull.clone();
    shown["potentialMergeCommit"] = Value::Null;
    shown["headRepository"]["databaseId"] = Value::Null;
    shown["author"]["databaseId"] = Value::Null;
    shown["timelineItems"]["nodes"][0]["createdAt"] = Value::Null;
    assert_eq!(
        shown,
        json!({
            "number": number, "isDraft": false, "isCrossRepository": false, "headRefOid": head, "headRefName": "sluice/shop/prod/abc",
            "baseRefName": "main", "mergeable": "MERGEABLE", "mergeStateStatus": "UNSTABLE",
            "author": {"__typename": "Bot", "login": "sluice", "databaseId": null},
            "headRepository": {"databaseId": null, "nameWithOwner": "acme/gitops"}, "potentialMergeCommit": null,
            "autoMergeRequest": null, "mergeQueueEntry": null, "labels": {"nodes": [{"name": "approve/prod/qa"}]},
            "latestOpinionatedReviews": {"nodes": [
                {"state": "APPROVED", "author": {"login": "dave"}, "commit": {"oid": head}, "authorCanPushToRepository": true}
            ]},
            "timelineItems": {"nodes": [
                {"__typename": "LabeledEvent", "createdAt": null, "actor": {"login": "sluice"}, "label": {"name": "approve/prod/qa"}}
            ]},
            "commits": {"nodes": [{"commit": {
                "oid": head, "message": "Promote\n\nSluice-Plan: abc",
                "status": {"state": "PENDING", "contexts": [{"context": "sluice", "creator": {"login": "sluice"}}]}
            }}]},
        })
    );
}

#[tokio::test]
async fn objects_are_read_by_expression_and_large_blobs_are_cut() {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    let long = "x".repeat(600_000);
    repo.files(
        "main",
        &[
            ("big.txt", &long),
            ("dir/a.yaml", "a: 1\n"),
            ("bin", "a\0b"),
        ],
    );
    let first = repo.tip("main").unwrap();
    repo.files("main", &[("unrelated", "1")]);
    repo.files("main", &[("dir/a.yaml", "a: 2\n")]);
    let owner = token(&hub, "acme");
    let text = r#"query($dir: String!) { repository(owner: "acme", name: "gitops") {
      big: object(expression: "main:big.txt") { ... on Blob { isTruncated isBinary byteSize text } }
      bin: object(expression: "HEAD:bin") { ... on Blob { isTruncated isBinary text } }
      dir: object(expression: $dir) { __typename ... on Tree { entries { name path mode type oid object { ... on Blob { text } } } } }
      gone: object(expression: "main:nothing") { oid }
      tip: object(expression: "main") { ... on Commit { author { name user { login } } committedDate history(first: 5, path: "dir") { totalCount nodes { oid tree { oid } } } } }
    } }"#;
    let body = query(&hub, &owner, text, json!({"dir": "refs/heads/main:dir"})).await;
    let found = &body["data"]["repository"];
    assert_eq!(
        (
            found["big"]["byteSize"].clone(),
            found["big"]["isTruncated"].clone()
        ),
        (json!(600_000), json!(true))
    );
    assert_eq!(found["big"]["text"].as_str().map(str::len), Some(512_000));
    assert_eq!(
        found["bin"],
        json!({"isTruncated": false, "isBinary": true, "text": null})
    );
    let entry = &found["dir"]["entries"][0];
    assert_eq!(
        (
            entry["path"].as_str(),
            entry["mode"].as_u64(),
            entry["object"]["text"].as_str()
        ),
        (Some("a.yaml"), Some(0o100_644), Some("a: 2\n"))
    );
    assert_eq!(found["gone"], Value::Null);
    assert_eq!(
        (
            found["tip"]["history"]["totalCount"].as_u64(),
            found["tip"]["history"]["nodes"][1]["oid"].as_str().unwrap()
        ),
        (Some(2), first.as_str())
    );
    assert_eq!(found["tip"]["author"]["user"]["login"], "acme");
}

#[tokio::test]
async fn errors_have_githubs_types_and_words() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    let first = async |token: &str, text: &str| {
        let body = query(&hub, token, text, Value::Null).await;
        (
            body["errors"][0]["type"].clone(),
            body["errors"][0]["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            body["data"].clone(),
        )
    };
    let (kind, message, data) = first(
        &carol,
        "{ repository(owner: \"acme\", name: \"nope\") { id } }",
    )
    .await;
    assert_eq!(
        (kind, message.as_str(), data),
        (
            json!("NOT_FOUND"),
            "Could not resolve to a Repository with the name 'acme/nope'.",
            json!({"repository": null})
        )
    );
    let (kind, message, _) = first(
        &carol,
        "{ repository(owner: \"acme\", name: \"gitops\") { pullRequest(number: 99) { id } } }",
    )
    .await;
    assert_eq!(
        (kind, message.as_str()),
        (
            json!("NOT_FOUND"),
            "Could not resolve to a PullRequest with the number of 99."
        )
    );
    let workflow = hub
        .repo("acme/gitops")
        .private()
        .workflow_token("pull-requests:read");
    let text = format!(
        "{{ repository(owner: \"acme\", name: \"gitops\") {{ pullRequest(number: {number}) {{ number }} object(expression: \"main\") {{ oid }} }} }}"
    );
    let (kind, message, data) = first(&workflow, &text).await;
    assert_eq!(
        (kind, message.as_str()),
        (json!("FORBIDDEN"), "Resource not accessible by integration")
    );
    assert_eq!(
        data["repository"],
        json!({"pullRequest": {"number": number}, "object": null}),
        "the rest is answered"
    );
    let (kind, message, data) = first(
        &carol,
        "{ repository(owner: \"acme\", name: \"gitops\") { pullRequests { nodes { id } } } }",
    )
    .await;
    assert_eq!(
        (kind, data),
        (
            json!("MISSING_PAGINATION_BOUNDARIES"),
            json!({"repository": null})
        )
    );
    assert!(message.starts_with("You must provide a `first` or `last` value"));
    let (kind, ..) = first(&carol, "{ repository(owner: \"acme\", name: \"gitops\") { pullRequests(first: 101) { nodes { id } } } }").await;
    assert_eq!(kind, json!("EXCESSIVE_PAGINATION"));
    hub.violations();
}

#[tokio::test]
async fn an_unknown_field_is_refused_as_github_does() {
    let hub = start().await;
    let carol = token(&hub, "carol");
    let body = query(&hub, &carol, "{ viewer { login shoeSize } }", Value::Null).await;
    assert_eq!(
        body["errors"][0]["message"],
        "Field 'shoeSize' doesn't exist on type 'User'"
    );
    assert_eq!(
        body["errors"][0]["extensions"],
        json!({"code": "undefinedField", "typeName": "User", "fieldName": "shoeSize"})
    );
    assert!(body.get("data").is_none());
    hub.violations();
}

#[tokio::test]
async fn a_field_that_is_githubs_but_not_modelled_fails_the_test() {
    let hub = start().await;
    let carol = token(&hub, "carol");
    query(
        &hub,
        &carol,
        "{ viewer { isDeveloperProgramMember } }",
        Value::Null,
    )
    .await;
    let told = hub.violations();
    assert!(
        told[0].contains("the stand-in does not model User.isDeveloperProgramMember"),
        "{told:?}"
    );
}

#[tokio::test]
async fn create_commit_on_branch_needs_the_expected_head_and_signs() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let app = repo.app_token(7, "sluice", "contents:write");
    let (main, head) = (repo.tip("main").unwrap(), repo.tip("change").unwrap());
    let text = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid message signature { isValid } parents(first: 1) { nodes { oid } } } } }";
    let input = |expected: &str, gone: &str| {
        json!({"input": {
            "branch": {"repositoryNameWithOwner": "acme/gitops", "branchName": "change"}, "expectedHeadOid": expected,
            "message": {"headline": "Promote", "body": "Because"},
            "fileChanges": {"additions": [{"path": "app.yaml", "contents": "djogMwo="}], "deletions": [{"path": gone}]},
        }})
    };
    let stale = query(&hub, &app, text, input(&main, "other.yaml")).await;
    assert_eq!(stale["data"], json!({"createCommitOnBranch": null}));
    assert_eq!(stale["errors"][0]["type"], "STALE_DATA");
    assert_eq!(
        stale["errors"][0]["message"].as_str().unwrap(),
        format!("Expected branch to point to \"{main}\" but it did not.  Pull and try again.")
    );
    let missing = query(&hub, &app, text, input(&head, "nothing.yaml")).await;
    assert!(
        missing["errors"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("A path was requested for deletion which does not exist")
    );
    let made = query(&hub, &app, text, input(&head, "other.yaml")).await;
    let commit = &made["data"]["createCommitOnBranch"]["commit"];
    assert_eq!(
        (
            commit["message"].as_str(),
            commit["signature"]["isValid"].as_bool()
        ),
        (Some("Promote\n\nBecause"), Some(true))
    );
    assert_eq!(commit["parents"]["nodes"][0]["oid"], head.as_str());
    let tip = repo.tip("change").unwrap();
    let broken = json!({"input": {
        "branch": {"repositoryNameWithOwner": "acme/gitops", "branchName": "change"}, "expectedHeadOid": tip,
        "message": {"headline": "x"}, "fileChanges": {"additions": [{"path": "app.yaml", "contents": "djog\nMwo="}]},
    }});
    let told = query(&hub, &app, text, broken).await;
    assert_eq!(
        told["errors"][0]["message"],
        "A file was not valid Base64: app.yaml"
    );
    assert_eq!(
        (
            repo.file("change", "app.yaml").unwrap().as_str(),
            repo.file("change", "other.yaml")
        ),
        ("v: 3\n", None)
    );
}

#[tokio::test]
async fn update_refs_is_all_or_nothing_and_zero_means_must_not_exist() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let app = repo.app_token(7, "sluice", "contents:write");
    let id = query(
        &hub,
        &app,
        "{ repository(owner: \"acme\", name: \"gitops\") { id } }",
        Value::Null,
    )
    .await["data"]["repository"]["id"]
        .clone();
    let (main, change, zero) = (
        repo.tip("main").unwrap(),
        repo.tip("change").unwrap(),
        "0".repeat(40),
    );
    let text = "mutation($id: ID!, $updates: [RefUpdate!]!) { updateRefs(input: {repositoryId: $id, refUpdates: $updates}) { clientMutationId } }";
    let run = async |updates: Value| {
        query(&hub, &app, text, json!({"id": id, "updates": updates})).await["errors"][0]["message"]
            .clone()
    };
    let new =
        |before: &str| json!({"name": "refs/heads/new", "beforeOid": before, "afterOid": change});
    assert_eq!(
        run(json!([new(&zero), {"name": "refs/heads/change", "afterOid": zero}])).await,
        Value::Null
    );
    assert_eq!(
        (repo.tip("new").unwrap(), repo.tip("change")),
        (change.clone(), None),
        "made and deleted in one step"
    );
    assert_eq!(repo.pull(number)["state"], "closed");
    assert!(
        run(json!([new(&zero)]))
            .await
            .as_str()
            .unwrap()
            .starts_with("Reference update failed")
    );
    let activity = repo
        .by("carol")
        .does("GET", "/activity", Value::Null)
        .as_array()
        .unwrap()
        .len();
    let half = json!([{"name": "refs/heads/also", "beforeOid": zero, "afterOid": main}, {"name": "refs/heads/new", "afterOid": main}]);
    assert_eq!(
        run(half).await,
        "Reference update failed: Update is not a fast forward"
    );
    assert_eq!(
        (repo.tip("also"), repo.tip("new").unwrap()),
        (None, change),
        "the first was undone"
    );
    assert_eq!(
        repo.by("carol")
            .does("GET", "/activity", Value::Null)
            .as_array()
            .unwrap()
            .len(),
        activity
    );
}

#[tokio::test]
async fn collaborators_are_searched_by_part_of_a_name_and_bots_push_by_their_tokens() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.role("carolina", Role::Triage);
    hub.account("old", Kind::Mannequin);
    let carol = token(&hub, "carol");
    let text = "query($q: String!) { repository(owner: \"acme\", name: \"gitops\") { collaborators(first: 10, query: $q) { edges { permission node { login databaseId } } } } }";
    let body = query(&hub, &carol, text, json!({"q": "carol"})).await;
    let rows: Vec<Value> = body["data"]["repository"]["collaborators"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["node"]["login"], one["permission"]]))
        .collect();
    assert_eq!(
        json!(rows),
        json!([["carol", "WRITE"], ["carolina", "TRIAGE"]])
    );
    let rita = token(&hub, "rita");
    let refused = query(&hub, &rita, text, json!({"q": ""})).await;
    assert_eq!(refused["errors"][0]["type"], "FORBIDDEN");
    let workflow = repo.workflow_token("contents:write,pull-requests:write");
    repo.with_token(&workflow).approves(number);
    let text = format!(
        "{{ repository(owner: \"acme\", name: \"gitops\") {{ pullRequest(number: {number}) {{ reviewDecision reviews(first: 5) {{ nodes {{ author {{ __typename login }} authorCanPushToRepository }} }} }} }} }}"
    );
    let body = query(&hub, &carol, &text, Value::Null).await;
    let pull = &body["data"]["repository"]["pullRequest"];
    assert_eq!(
        pull["reviews"]["nodes"][0],
        json!({"author": {"__typename": "Bot", "login": "github-actions"}, "authorCanPushToRepository": true})
    );
    assert_eq!(pull["reviewDecision"], Value::Null, "no review is required");
}

#[tokio::test]
async fn merge_pull_request_holds_to_the_head_and_the_rules() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        branch: "main".to_owned(),
        reviews: Some(1),
        bypass: vec![Bypass::Role(Role::Admin)],
        ..Rule::default()
    });
    let (id, main, head) = (
        repo.pull(number)["node_id"].clone(),
        repo.tip("main").unwrap(),
        repo.tip("change").unwrap(),
    );
    let text = "mutation($id: ID!, $head: GitObjectID) { mergePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head, mergeMethod: SQUASH}) { pullRequest { merged mergeCommit { oid } } } }";
    let run = async |login: &str, head: &str| {
        query(
            &hub,
            &token(&hub, login),
            text,
            json!({"id": id, "head": head}),
        )
        .await
    };
    let moved = run("carol", &main).await;
    assert_eq!(
        moved["errors"][0]["message"],
        "Head branch was modified. Review and try the merge again."
    );
    let blocked = run("carol", &head).await;
    assert_eq!(
        (
            blocked["errors"][0]["type"].as_str(),
            blocked["errors"][0]["message"].as_str()
        ),
        (
            Some("UNPROCESSABLE"),
            Some("At least 1 approving review is required by reviewers with write access.")
        )
    );
    let done = run("acme", &head).await;
    assert_eq!(
        done["data"]["mergePullRequest"]["pullRequest"]["merged"], true,
        "an admin is let through"
    );
    let carol = token(&hub, "carol");
    assert_eq!(
        get(&hub, &carol, &format!("{R}/pulls/{number}/merge"))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_commit_knows_the_pull_requests_that_brought_it() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let (base, head) = (repo.tip("main").unwrap(), repo.tip("change").unwrap());
    let landed = repo.by("dave").merges(number, "squash");
    let carol = token(&hub, "carol");
    let text = "query($oid: GitObjectID!) { repository(owner: \"acme\", name: \"gitops\") { object(oid: $oid) { ... on Commit { associatedPullRequests(first: 5) { nodes { number state } } } } } }";
    for (oid, found) in [
        (&base, json!([])),
        (&head, json!([{"number": number, "state": "MERGED"}])),
        (&landed, json!([{"number": number, "state": "MERGED"}])),
    ] {
        let body = query(&hub, &carol, text, json!({"oid": oid})).await;
        assert_eq!(
            body["data"]["repository"]["object"]["associatedPullRequests"]["nodes"],
            found
        );
    }
    // Not over the wire: the contract, which does not list this route, takes it for `commits/{ref}` with a slash.
    let body = repo
        .by("carol")
        .does("GET", &format!("/commits/{landed}/pulls"), Value::Null);
    assert_eq!(body[0]["number"], number);
}

#[tokio::test]
async fn create_commit_on_branch_makes_a_plain_file_of_an_executable_one() {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("run.sh"), "#!/bin/sh\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path().join("run.sh"), mode).unwrap();
    }
    let tip = repo.folder("main", folder.path());
    let text = "mutation($tip: GitObjectID!) { createCommitOnBranch(input: {branch: {repositoryNameWithOwner: \"acme/gitops\", branchName: \"main\"},
        expectedHeadOid: $tip, message: {headline: \"x\"}, fileChanges: {additions: [{path: \"run.sh\", contents: \"eA==\"}]}}) {
        commit { file(path: \"run.sh\") { mode } parents(first: 1) { nodes { file(path: \"run.sh\") { mode } } } } } }";
    let made = query(&hub, &token(&hub, "acme"), text, json!({"tip": tip})).await;
    let commit = &made["data"]["createCommitOnBranch"]["commit"];
    assert_eq!(commit["file"]["mode"], 0o100_644);
    let before = &commit["parents"]["nodes"][0]["file"]["mode"];
    assert!(cfg!(not(unix)) || *before == json!(0o100_755));
}

const SLUG: &str = "acme/gitops";
/// A document that creates a branch and commits onto it.
const TWO: &str = "mutation($id: ID!, $updates: [RefUpdate!]!, $commit: CreateCommitOnBranchInput!) { \
    first: updateRefs(input: {repositoryId: $id, refUpdates: $updates}) { clientMutationId } \
    second: createCommitOnBranch(input: $commit) { commit { parents(first: 1) { nodes { oid } } } } }";

#[tokio::test]
async fn every_mutation_of_a_document_is_carried_out_also_after_one_that_failed() {
    for taken in [false, true] {
        let (hub, _) = with_pull().await;
        let repo = hub.repo(SLUG);
        let tip = repo.tip("main").unwrap();
        if taken {
            repo.by("carol").branches_off("new", &tip);
        }
        let answer = create_and_commit(&hub, &tip).await;
        let failed: Vec<&Value> = answer["errors"].as_array().into_iter().flatten().collect();
        assert_eq!(failed.len(), usize::from(taken), "{answer}");
        assert_eq!(answer["data"]["first"].is_null(), taken, "{answer}");
        let parents = &answer["data"]["second"]["commit"]["parents"]["nodes"];
        assert_eq!(parents[0]["oid"], json!(tip), "{answer}");
        assert_eq!(repo.parents("new"), [tip], "{answer}");
    }
}

#[tokio::test]
async fn a_document_may_stop_after_its_first_mutation() {
    let something = "Something went wrong while executing your query.";
    for fault in Fault::between_mutations() {
        let (hub, _) = with_pull().await;
        let repo = hub.repo(SLUG);
        let tip = repo.tip("main").unwrap();
        hub.fault(When::graphql("updateRefs"), fault.clone());
        let answer = create_and_commit(&hub, &tip).await;
        if matches!(fault, Fault::StopsAfterFirstMutation) {
            let error = &answer["errors"][0];
            let message = error["message"].as_str().unwrap();
            assert!(message.starts_with(something), "{answer}");
            assert_eq!(error["path"], json!(["second"]));
        }
        assert_eq!(repo.tip("new"), Some(tip), "{fault:?}");
    }
}

/// Sends [`TWO`] for the branch `new` at this commit.
async fn create_and_commit(hub: &GitHub, tip: &str) -> Value {
    let carol = token(hub, "carol");
    let text = "{ repository(owner: \"acme\", name: \"gitops\") { id } }";
    let id = query(hub, &carol, text, Value::Null).await["data"]["repository"]["id"].clone();
    let commit = json!({
        "branch": { "repositoryNameWithOwner": SLUG, "branchName": "new" },
        "expectedHeadOid": tip, "message": { "headline": "Change" },
        "fileChanges": { "additions": [{ "path": "a.yaml", "contents": "YTogMgo=" }] },
    });
    let updates =
        json!([{ "name": "refs/heads/new", "beforeOid": "0".repeat(40), "afterOid": tip }]);
    query(
        hub,
        &carol,
        TWO,
        json!({ "id": id, "updates": updates, "commit": commit }),
    )
    .await
}
