//! What the client reads through GraphQL, whole: each document is held to GitHub's schema and limits as a request, too.

use super::{R, call, query, start, token, with_pull};
use github_stand_in::contract::contract;
use github_stand_in::{GitHub, Kind, Role, Rule};
use serde_json::{Value, json};

/// Asks, holding the request to the contract as the answer is; gives `data.repository`.
async fn ask(hub: &GitHub, token: &str, text: &str, variables: Value) -> Value {
    let wrong = contract().graphql_request(text, &variables);
    assert!(wrong.is_empty(), "{wrong:?}");
    let body = query(hub, token, text, variables).await;
    assert_eq!(body.get("errors"), None, "{body}");
    body["data"]["repository"].clone()
}

#[tokio::test]
async fn a_repository_with_its_settings_and_its_people() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.role("tia", Role::Triage);
    repo.settings(|settings| (settings.rebase, settings.delete_branch) = (false, true));
    repo.by("carol").labels(number, "Hold");
    let text = r#"query { viewer { login databaseId } rateLimit { cost limit remaining used resetAt nodeCount }
      repository(owner: "acme", name: "gitops") { databaseId isPrivate viewerPermission mergeCommitAllowed squashMergeAllowed
        rebaseMergeAllowed deleteBranchOnMerge defaultBranchRef { name }
        ref(qualifiedName: "refs/heads/main") { target { __typename oid ... on Commit { committedDate message tree { oid } parents(first: 2) { nodes { oid } } } } }
        labels(first: 10, query: "hOL") { totalCount nodes { name } }
        collaborators(first: 10, affiliation: DIRECT, query: "a") { edges { permission node { databaseId login } } }
        pullRequest(number: 1) { number }
        pullRequests(first: 10, states: [OPEN], baseRefName: "main", headRefName: "change", labels: ["hold"], orderBy: {field: CREATED_AT, direction: DESC}) { nodes { number } } } }"#;
    let carol = token(&hub, "carol");
    let found = ask(&hub, &carol, text, json!({})).await;
    assert_eq!(
        (
            found["rebaseMergeAllowed"].clone(),
            found["deleteBranchOnMerge"].clone(),
            found["viewerPermission"].clone()
        ),
        (json!(false), json!(true), json!("WRITE"))
    );
    assert_eq!(
        found["ref"]["target"]["oid"],
        repo.tip("main").unwrap().as_str()
    );
    assert_eq!(
        found["labels"],
        json!({"totalCount": 1, "nodes": [{"name": "Hold"}]})
    );
    let people: Vec<Value> = found["collaborators"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| json!([edge["node"]["login"], edge["permission"]]))
        .collect();
    assert_eq!(
        json!(people),
        json!([
            ["acme", "ADMIN"],
            ["carol", "WRITE"],
            ["dave", "WRITE"],
            ["tia", "TRIAGE"]
        ])
    );
    assert_eq!(found["pullRequests"]["nodes"], json!([{"number": number}]));
    let app = repo.app_token(7, "sluice", "contents:write,pull-requests:write");
    let found = ask(&hub, &app, text, json!({})).await;
    assert_eq!(
        found["viewerPermission"],
        Value::Null,
        "GitHub does not tell an App"
    );
    hub.switch(|switches| switches.collaborators = false);
    let body = query(&hub, &app, text, json!({})).await;
    assert_eq!(
        (
            body["errors"][0]["type"].as_str(),
            body["data"]["repository"]["collaborators"].clone()
        ),
        (Some("FORBIDDEN"), Value::Null)
    );
}

#[tokio::test]
async fn the_branches_of_a_prefix_with_their_pull_requests_page_by_page() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let bot = repo.app(7, "sluice", "contents:write,pull-requests:write");
    for name in ["a", "b", "c"] {
        let branch = format!("sluice/{name}");
        bot.pushes(&branch, &[(name, "1")], "Promote");
        bot.opens(&branch, "main", "Promote");
    }
    let text = r#"query($after: String) { repository(owner: "acme", name: "gitops") {
      refs(refPrefix: "refs/heads/sluice/", first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { name target { oid __typename ... on Commit { message tree { oid } parents(first: 2) { nodes { oid } } committedDate
            author { name email date user { databaseId login } } committer { name email date user { databaseId login } } } }
          associatedPullRequests(first: 10, states: [OPEN, CLOSED, MERGED]) { totalCount nodes { number } } } } } }"#;
    let carol = token(&hub, "carol");
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let refs = ask(&hub, &carol, text, json!({"after": after})).await["refs"].clone();
        assert_eq!(refs["totalCount"], 3);
        seen.extend(refs["nodes"].as_array().unwrap().clone());
        if refs["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = refs["pageInfo"]["endCursor"].clone();
    }
    let names: Vec<&str> = seen
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["sluice/a", "sluice/b", "sluice/c"]);
    assert_eq!(
        seen[2]["associatedPullRequests"],
        json!({"totalCount": 1, "nodes": [{"number": 4}]})
    );
    let author = &seen[0]["target"]["author"]["user"];
    assert_eq!(
        (author["login"].as_str(), author["databaseId"].as_u64()),
        (
            Some("sluice[bot]"),
            Some(hub.account("sluice[bot]", Kind::Bot))
        ),
        "where the schema says User, an App's account is one"
    );
}

const PULL: &str = r#"query($n: Int!, $types: [PullRequestTimelineItemsItemType!]) { repository(owner: "acme", name: "gitops") { pullRequest(number: $n) {
  number id fullDatabaseId state title body url isDraft isCrossRepository createdAt closedAt mergedAt baseRefName headRefName headRefOid baseRefOid
  lastEditedAt editor { login } headRepository { databaseId } author { __typename login ... on User { databaseId } ... on Bot { databaseId } }
  mergeable mergeStateStatus potentialMergeCommit { oid tree { oid } parents(first: 2) { nodes { oid } } } mergeCommit { oid } reviewDecision
  commits(first: 50) { totalCount nodes { commit { oid authors(first: 10) { nodes { name email user { databaseId login } } }
    author { user { databaseId login } } committer { user { databaseId login } } } } }
  labels(first: 50) { totalCount nodes { name } }
  reviews(first: 50) { totalCount pageInfo { hasNextPage endCursor } nodes { fullDatabaseId state submittedAt commit { oid } author { __typename login } } }
  timelineItems(first: 50, itemTypes: $types) { totalCount filteredCount pageInfo { hasNextPage endCursor } nodes { __typename
    ... on LabeledEvent { createdAt actor { __typename login ... on User { databaseId } ... on Bot { databaseId } } label { name } }
    ... on UnlabeledEvent { createdAt actor { login } label { name } }
    ... on HeadRefForcePushedEvent { createdAt actor { login } beforeCommit { oid } afterCommit { oid } }
    ... on HeadRefRestoredEvent { createdAt actor { login } } ... on HeadRefDeletedEvent { createdAt actor { login } headRefName }
    ... on ReopenedEvent { createdAt actor { login } } ... on ClosedEvent { createdAt actor { login } }
    ... on BaseRefChangedEvent { createdAt actor { login } previousRefName currentRefName }
    ... on MergedEvent { createdAt actor { login } commit { oid } } ... on AutoMergeEnabledEvent { createdAt actor { login } }
    ... on AutoMergeDisabledEvent { createdAt actor { login } } } }
  mergeQueueEntry { state position } autoMergeRequest { enabledAt } isInMergeQueue } } }"#;

#[tokio::test]
async fn a_pull_request_with_all_its_evidence() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let first = repo.head(number);
    repo.by("dave").approves(number);
    repo.by("carol").labels(number, "approve/prod/qa");
    repo.by("dave").unlabels(number, "approve/prod/qa");
    repo.by("carol").comments(number, "not asked for below");
    let forced = repo
        .by("dave")
        .rewrites("change", &[("app.yaml", "v: 3\n")], "Amended");
    repo.by("carol").closes(number);
    repo.by("carol").reopens(number);
    repo.by("dave").edits_body(number, "mine now");
    let types = json!([
        "LABELED_EVENT",
        "UNLABELED_EVENT",
        "HEAD_REF_FORCE_PUSHED_EVENT",
        "HEAD_REF_RESTORED_EVENT",
        "HEAD_REF_DELETED_EVENT",
        "REOPENED_EVENT",
        "CLOSED_EVENT",
        "BASE_REF_CHANGED_EVENT",
        "MERGED_EVENT",
        "AUTO_MERGE_ENABLED_EVENT",
        "AUTO_MERGE_DISABLED_EVENT"
    ]);
    let carol = token(&hub, "carol");
    let pull =
        ask(&hub, &carol, PULL, json!({"n": number, "types": types})).await["pullRequest"].clone();
    let rows: Vec<Value> = pull["timelineItems"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["__typename"], one["actor"]["login"]]))
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            ["LabeledEvent", "carol"],
            ["UnlabeledEvent", "dave"],
            ["HeadRefForcePushedEvent", "dave"],
            ["ClosedEvent", "carol"],
            ["ReopenedEvent", "carol"]
        ])
    );
    let items = &pull["timelineItems"];
    assert_eq!(
        (items["filteredCount"].clone(), items["totalCount"].clone()),
        (json!(5), json!(8)),
        "totalCount counts the commit, the review and the comment, too"
    );
    assert_eq!(items["nodes"][2]["beforeCommit"]["oid"], first.as_str());
    assert_eq!(
        (pull["headRefOid"].as_str(), pull["state"].as_str()),
        (Some(forced.as_str()), Some("OPEN"))
    );
    assert_eq!(
        (
            pull["reviews"]["nodes"][0]["state"].as_str(),
            pull["reviews"]["nodes"][0]["commit"]["oid"].as_str()
        ),
        (Some("APPROVED"), Some(first.as_str())),
        "the approval stands, on the old head"
    );
    assert_eq!(
        (pull["editor"]["login"].as_str(), pull["body"].as_str()),
        (Some("dave"), Some("mine now"))
    );
    assert_eq!(
        pull["potentialMergeCommit"]["parents"]["nodes"][1]["oid"],
        forced.as_str()
    );
    let id = pull["fullDatabaseId"]
        .as_str()
        .unwrap()
        .parse::<u64>()
        .unwrap();
    assert!(
        id > u64::from(u32::MAX),
        "ids of pull requests have outgrown 32 bits"
    );
    assert_eq!(repo.pull(number)["id"].as_u64(), Some(id));
}

#[tokio::test]
async fn the_base_that_a_pull_request_shows_is_old_until_its_head_moves() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let old = repo.tip("main").unwrap();
    let new = repo
        .by("dave")
        .pushes("main", &[("other.yaml", "x")], "Move on");
    let carol = token(&hub, "carol");
    let base = async || {
        ask(&hub, &carol, PULL, json!({"n": number})).await["pullRequest"]["baseRefOid"].clone()
    };
    assert_eq!(
        (base().await, repo.pull(number)["base"]["sha"].clone()),
        (json!(old), json!(old))
    );
    repo.by("carol")
        .pushes("change", &[("app.yaml", "v: 4\n")], "more");
    assert_eq!(base().await, new.as_str());
}

#[tokio::test]
async fn history_with_the_entries_of_several_paths_at_each_commit() {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    let names = ["dir/a.yaml", "b.yaml"];
    for at in 0..5 {
        repo.files("main", &[(names[at % 2], &format!("{at}"))]);
    }
    let text = r#"query($oid: GitObjectID!, $after: String) { repository(owner: "acme", name: "gitops") { object(oid: $oid) { ... on Commit {
      history(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { oid messageHeadline message parents(first: 2) { nodes { oid } }
        tree { oid } authoredDate committedDate author { name user { databaseId login } }
        a: file(path: "dir/a.yaml") { oid mode type } b: file(path: "b.yaml") { oid mode type } dir: file(path: "dir") { oid mode type nameRaw }
        none: file(path: "none") { oid mode type } } } } } } }"#;
    let owner = token(&hub, "acme");
    let (tip, mut after, mut commits) = (repo.tip("main").unwrap(), Value::Null, Vec::new());
    loop {
        let found = ask(&hub, &owner, text, json!({"oid": tip, "after": after})).await;
        let page = &found["object"]["history"];
        commits.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(
        (commits.len(), commits[0]["oid"].as_str()),
        (5, Some(tip.as_str()))
    );
    assert_eq!(
        commits[0]["dir"],
        json!({"oid": commits[0]["dir"]["oid"], "mode": 0o040_000, "type": "tree", "nameRaw": "ZGly"})
    );
    assert_eq!(
        (commits[4]["b"].clone(), commits[0]["none"].clone()),
        (Value::Null, Value::Null)
    );
    assert_eq!(
        (
            commits[0]["b"] == commits[1]["b"],
            commits[0]["a"] == commits[1]["a"]
        ),
        (true, false)
    );
    let body = query(
        &hub,
        &owner,
        text,
        json!({"oid": tip, "after": "somewhere"}),
    )
    .await;
    assert_eq!(body["errors"][0]["type"], "INVALID_CURSOR_ARGUMENTS");
    hub.violations();
}

#[tokio::test]
async fn a_hundred_objects_by_alias_in_one_query() {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    let names: Vec<String> = (0..99).map(|at| format!("f{at:02}")).collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), name.as_str()))
        .collect();
    repo.files("main", &files);
    let owner = token(&hub, "acme");
    let path = format!("{R}/git/trees/main");
    let tree = call(&hub, &owner, "GET", &path, Value::Null).await.json();
    let mut text = "query { repository(owner: \"acme\", name: \"gitops\") {".to_owned();
    for (at, row) in tree["tree"].as_array().unwrap().iter().enumerate() {
        let oid = row["sha"].as_str().unwrap();
        text += &format!(
            " o{at}: object(oid: \"{oid}\") {{ oid ... on Blob {{ byteSize isBinary isTruncated text }} }}"
        );
    }
    let root = tree["sha"].as_str().unwrap();
    text += &format!(
        " o99: object(oid: \"{root}\") {{ ... on Tree {{ entries {{ name nameRaw mode oid type }} }} }}"
    );
    text += &format!(" gone: object(oid: \"{}\") {{ oid }} }} }}", "1".repeat(40));
    let found = ask(&hub, &owner, &text, json!({})).await;
    assert_eq!(
        (
            found["o41"]["text"].as_str(),
            found["o99"]["entries"].as_array().map(Vec::len),
            found["gone"].clone()
        ),
        (Some("f41"), Some(99), Value::Null)
    );
    assert_eq!(hub.calls().len(), 2);
}

#[tokio::test]
async fn a_name_that_is_no_utf_8_is_whole_only_in_name_raw() {
    let folder = tempfile::TempDir::new().unwrap();
    let git = git2::Repository::init(folder.path()).unwrap();
    git.set_head("refs/heads/main").unwrap();
    let who =
        git2::Signature::new("Al", "al@example.com", &git2::Time::new(1_700_000_000, 0)).unwrap();
    let mut tree = git.treebuilder(None).unwrap();
    tree.insert(&b"caf\xe9"[..], git.blob(b"1").unwrap(), 0o100_644)
        .unwrap();
    let tree = git.find_tree(tree.write().unwrap()).unwrap();
    git.commit(Some("HEAD"), &who, &who, "first", &tree, &[])
        .unwrap();
    let hub = start().await;
    hub.repo("acme/gitops").git_repository(folder.path());
    let text = r#"query { repository(owner: "acme", name: "gitops") { object(expression: "main:") { ... on Tree { entries { name nameRaw pathRaw } } } } }"#;
    let found = ask(&hub, &token(&hub, "acme"), text, json!({})).await;
    assert_eq!(
        found["object"]["entries"],
        json!([{"name": "caf\u{fffd}", "nameRaw": "Y2Fm6Q==", "pathRaw": "Y2Fm6Q=="}])
    );
}

#[tokio::test]
async fn closing_and_disarming_are_the_clients_own_mutations() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        branch: "main".to_owned(),
        reviews: Some(1),
        ..Rule::default()
    });
    repo.by("carol").auto_merge(number, true);
    let app = repo.app_token(7, "sluice", "contents:write,pull-requests:write");
    let id = repo.pull(number)["node_id"].clone();
    let text = "mutation($id: ID!) { disablePullRequestAutoMerge(input: {pullRequestId: $id}) { pullRequest { autoMergeRequest { enabledAt } } }
        closePullRequest(input: {pullRequestId: $id}) { pullRequest { state closedAt } } }";
    assert!(
        contract()
            .graphql_request(text, &json!({"id": id}))
            .is_empty()
    );
    let body = query(&hub, &app, text, json!({"id": id})).await;
    assert_eq!(
        body["data"]["disablePullRequestAutoMerge"]["pullRequest"],
        json!({"autoMergeRequest": null})
    );
    assert_eq!(
        body["data"]["closePullRequest"]["pullRequest"]["state"],
        "CLOSED"
    );
    let words: Vec<String> = repo
        .events(number)
        .iter()
        .map(|one| one.rsplit_once(' ').unwrap().0.to_owned())
        .collect();
    assert_eq!(
        words,
        [
            "auto_merge_enabled carol",
            "auto_merge_disabled sluice[bot]",
            "closed sluice[bot]"
        ]
    );
    let again = query(&hub, &app, text, json!({"id": id})).await;
    assert_eq!(
        again["data"]["disablePullRequestAutoMerge"],
        Value::Null,
        "it was not armed"
    );
    let weak = repo.app_token(7, "sluice", "contents:write,pull-requests:read");
    let refused = query(&hub, &weak, text, json!({"id": id})).await;
    assert_eq!(
        refused["errors"][1]["message"],
        "Resource not accessible by integration"
    );
}

#[tokio::test]
async fn the_activity_log_may_miss_a_push_for_a_while() {
    let (hub, _) = super::with_pull().await;
    let repo = hub.repo("acme/gitops");
    hub.switch(|switches| switches.activity_after = 2);
    let pushed = repo
        .by("carol")
        .pushes("change", &[("app.yaml", "v: 3\n")], "Three");
    let newest = || {
        let log = repo
            .by("carol")
            .does("GET", "/activity?ref=change", Value::Null);
        log[0]["after"] == pushed.as_str()
    };
    assert_eq!([newest(), newest(), newest()], [false, false, true]);
}

#[tokio::test]
async fn classic_protection_shows_on_the_ref_and_rulesets_only_among_the_rules_of_the_branch() {
    let (hub, _) = super::with_pull().await;
    let repo = hub.repo("acme/gitops");
    let text = r#"{ repository(owner: "acme", name: "gitops") { ref(qualifiedName: "refs/heads/main") { refUpdateRule {
        pattern requiredStatusCheckContexts requiredApprovingReviewCount requiresLinearHistory allowsForcePushes viewerCanPush } } } }"#;
    let token = repo.workflow_token("contents:write");
    let rule = async || {
        let body = super::query(&hub, &token, text, Value::Null).await;
        body["data"]["repository"]["ref"]["refUpdateRule"].clone()
    };
    let listed = || {
        let rules = repo
            .by("carol")
            .does("GET", "/rules/branches/main", Value::Null);
        let types = rules.as_array().unwrap().iter();
        types
            .map(|one| one["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let wanted = |ruleset, context: &str| Rule {
        branch: "main".to_owned(),
        ruleset,
        allow_force: true,
        reviews: Some(2),
        statuses: vec![(context.to_owned(), None)],
        ..Rule::default()
    };
    repo.rule(wanted(true, "by-ruleset"));
    assert_eq!(rule().await, Value::Null);
    assert_eq!(listed(), ["pull_request", "required_status_checks"]);
    repo.edit(|repo| repo.rules.clear());
    repo.rule(wanted(false, "by-protection"));
    assert_eq!(
        rule().await,
        json!({
            "pattern": "main", "requiredStatusCheckContexts": ["by-protection"], "requiredApprovingReviewCount": 2,
            "requiresLinearHistory": false, "allowsForcePushes": true, "viewerCanPush": true,
        })
    );
    assert_eq!(listed(), Vec::<String>::new());
}

#[tokio::test]
async fn a_head_branch_that_went_with_its_merge_leads_to_no_pull_request_any_more() {
    let (hub, number) = super::with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.settings(|settings| settings.delete_branch = true);
    let head = repo.head(number);
    repo.by("dave").merges(number, "merge");
    let text = r#"{ repository(owner: "acme", name: "gitops") {
        refs(refPrefix: "refs/heads/", first: 10) { nodes { name associatedPullRequests(first: 5) { totalCount } } }
        pullRequests(states: [MERGED], baseRefName: "main", first: 20, orderBy: {field: UPDATED_AT, direction: DESC}) {
        nodes { number viewerDidAuthor headRefName headRefOid headRef { name } } } } }"#;
    let token = hub.personal_token("carol", &["repo"]);
    let body = super::query(&hub, &token, text, Value::Null).await;
    assert_eq!(
        body["data"]["repository"],
        json!({
            "refs": {"nodes": [{"name": "main", "associatedPullRequests": {"totalCount": 0}}]},
            "pullRequests": {"nodes": [{
                "number": number, "viewerDidAuthor": true, "headRefName": "change", "headRefOid": head, "headRef": null,
            }]},
        })
    );
}
