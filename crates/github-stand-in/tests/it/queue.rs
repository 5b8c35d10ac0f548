//! The merge queue: enqueue with the expected head, the group branch, landing, leaving.

use super::{R, call, query, token, with_pull};
use github_stand_in::{GitHub, Rule};
use serde_json::{Value, json};

const ENQUEUE: &str = "mutation Enqueue($id: ID!, $head: GitObjectID) { enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) {
    mergeQueueEntry { position state headCommit { oid parents(first: 2) { nodes { oid } } } baseCommit { oid } enqueuer { login } } } }";
const DEQUEUE: &str =
    "mutation($id: ID!) { dequeuePullRequest(input: {id: $id}) { mergeQueueEntry { position } } }";

fn queued(hub: &GitHub) {
    hub.repo("acme/gitops").rule(Rule {
        branch: "main".to_owned(),
        ruleset: true,
        queue: true,
        ..Rule::default()
    });
}

fn id(hub: &GitHub, number: u64) -> Value {
    hub.repo("acme/gitops").pull(number)["node_id"].clone()
}

#[tokio::test]
async fn a_direct_merge_is_sent_to_the_queue_and_the_queue_lands_a_real_merge() {
    let (hub, number) = with_pull().await;
    queued(&hub);
    let repo = hub.repo("acme/gitops");
    let carol = token(&hub, "carol");
    let direct = call(
        &hub,
        &carol,
        "PUT",
        &format!("{R}/pulls/{number}/merge"),
        json!({}),
    )
    .await;
    assert_eq!(
        direct.said(),
        "405 Repository rule violations found\n\nChanges must be made through the merge queue\n\n"
    );
    let (main, head) = (repo.tip("main").unwrap(), repo.tip("change").unwrap());
    let wrong = query(
        &hub,
        &carol,
        ENQUEUE,
        json!({"id": id(&hub, number), "head": main}),
    )
    .await;
    assert_eq!(
        wrong["errors"][0]["message"],
        "Head branch was modified. Review and try the merge again."
    );
    let entry = query(
        &hub,
        &carol,
        ENQUEUE,
        json!({"id": id(&hub, number), "head": head}),
    )
    .await;
    let entry = &entry["data"]["enqueuePullRequest"]["mergeQueueEntry"];
    assert_eq!(
        (
            entry["position"].clone(),
            entry["baseCommit"]["oid"].as_str().unwrap()
        ),
        (json!(1), main.as_str())
    );
    let group = entry["headCommit"]["oid"].as_str().unwrap();
    let branch = format!("gh-readonly-queue/main/pr-{number}-{main}");
    assert_eq!(repo.tip(&branch).unwrap(), group);
    let twice = query(
        &hub,
        &carol,
        ENQUEUE,
        json!({"id": id(&hub, number), "head": head}),
    )
    .await;
    assert_eq!(
        (
            twice["errors"][0]["message"].as_str(),
            twice["errors"][0]["type"].as_str()
        ),
        (
            Some("Pull request is already in the queue"),
            Some("UNPROCESSABLE")
        )
    );
    assert_eq!(repo.land_queue(), group);
    assert_eq!(repo.tip("main").unwrap(), group);
    assert_eq!(repo.file("main", "app.yaml").unwrap(), "v: 2\n");
    assert_eq!(repo.tip(&branch), None);
    let pull = repo.pull(number);
    assert_eq!(
        (
            pull["merged_at"].is_string(),
            pull["merge_commit_sha"].as_str().unwrap()
        ),
        (true, group)
    );
    let log = repo
        .by("carol")
        .does("GET", "/activity?ref=main", Value::Null);
    assert_eq!(log[0]["activity_type"], "merge_queue_merge");
}

#[tokio::test]
async fn leaving_or_a_moved_head_takes_an_entry_out_and_rebuilds_those_behind() {
    let (hub, first) = with_pull().await;
    queued(&hub);
    let repo = hub.repo("acme/gitops");
    repo.by("carol")
        .pushes("second", &[("second.yaml", "x: 1\n")], "second");
    let second = repo.by("carol").opens("second", "main", "Second");
    let carol = token(&hub, "carol");
    for number in [first, second] {
        query(
            &hub,
            &carol,
            ENQUEUE,
            json!({"id": id(&hub, number), "head": null}),
        )
        .await;
    }
    let text = "query($n: Int!) { repository(owner: \"acme\", name: \"gitops\") { pullRequest(number: $n) { isInMergeQueue mergeQueueEntry { position baseCommit { oid } } } } }";
    let entry = async |number: u64| {
        query(&hub, &carol, text, json!({"n": number})).await["data"]["repository"]["pullRequest"]
            .clone()
    };
    let behind = entry(second).await;
    assert_eq!(behind["mergeQueueEntry"]["position"], 2);
    assert_ne!(
        behind["mergeQueueEntry"]["baseCommit"]["oid"],
        repo.tip("main").unwrap().as_str()
    );
    repo.by("dave")
        .pushes("change", &[("app.yaml", "v: 3\n")], "moved");
    assert_eq!(
        entry(first).await,
        json!({"isInMergeQueue": false, "mergeQueueEntry": null})
    );
    let now = entry(second).await;
    assert_eq!(
        (
            now["mergeQueueEntry"]["position"].clone(),
            now["mergeQueueEntry"]["baseCommit"]["oid"]
                .as_str()
                .unwrap()
        ),
        (json!(1), repo.tip("main").unwrap().as_str())
    );
    let gone = query(&hub, &carol, DEQUEUE, json!({"id": id(&hub, second)})).await;
    assert_eq!(gone["errors"], Value::Null);
    assert_eq!(repo.branches("gh-readonly-queue/"), Vec::<String>::new());
    let none = query(
        &hub,
        &carol,
        ENQUEUE,
        json!({"id": id(&hub, second), "head": null}),
    )
    .await;
    assert_eq!(none["errors"], Value::Null, "it may come back");
}

#[tokio::test]
async fn a_moved_base_rebuilds_the_groups_and_red_contexts_keep_them_from_landing() {
    let (hub, number) = with_pull().await;
    queued(&hub);
    let repo = hub.repo("acme/gitops");
    repo.by("carol").enqueues(number);
    let old = repo.queue()[0].1.clone();
    let main = repo.files("main", &[("other.yaml", "changed: 1\n")]);
    let group = repo.queue()[0].1.clone();
    assert_ne!(group, old);
    assert_eq!(repo.parents(&group), [main.clone(), repo.head(number)]);
    assert_eq!(
        repo.branches("gh-readonly-queue/"),
        [format!("gh-readonly-queue/main/pr-{number}-{main}")]
    );
    repo.edit(|repo| repo.rules[0].statuses.push(("ci".to_owned(), None)));
    let lands = || {
        repo.with(|world, id| {
            github_stand_in::land_queue(world, id).map_err(|refusal| refusal.message)
        })
    };
    assert!(
        lands()
            .unwrap_err()
            .starts_with("required contexts are not green")
    );
    repo.by("dave").reports(&group, "ci", "success");
    assert_eq!(lands().unwrap().to_string(), group);
    assert_eq!((repo.state(number), repo.queue()), ("MERGED", vec![]));
}

/// Actor, reason and commit of the last removal from the queue.
async fn last_removal(hub: &GitHub, number: u64) -> Value {
    let text = "query($n: Int!) { repository(owner: \"acme\", name: \"gitops\") { pullRequest(number: $n) {
        timelineItems(last: 1, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) { nodes { ... on RemovedFromMergeQueueEvent {
        actor { __typename login } reason enqueuer { login } beforeCommit { oid } } } } } } }";
    let body = query(hub, &token(hub, "carol"), text, json!({ "n": number })).await;
    body["data"]["repository"]["pullRequest"]["timelineItems"]["nodes"][0].clone()
}

#[tokio::test]
async fn required_contexts_that_never_report_evict_an_entry_when_their_time_is_over() {
    let (hub, number) = with_pull().await;
    queued(&hub);
    let repo = hub.repo("acme/gitops");
    repo.by("dave").enqueues(number);
    hub.advance(100 * 3600);
    assert_eq!(repo.queue().len(), 1, "nothing is waited for");
    let group = repo.queue()[0].1.clone();
    repo.edit(|repo| repo.rules[0].statuses.push(("ci".to_owned(), None)));
    assert_eq!(
        repo.queue().len(),
        0,
        "the time counts from when the group was built"
    );
    let bot = json!({"__typename": "Bot", "login": "github-merge-queue"});
    assert_eq!(
        last_removal(&hub, number).await,
        json!({"actor": bot, "reason": "checks_timed_out", "enqueuer": {"login": "dave"}, "beforeCommit": {"oid": group}})
    );
    repo.edit(|repo| repo.rules[0].queue_timeout_minutes = Some(5));
    let head = repo.head(number);
    repo.by("dave").reports(&head, "ci", "success");
    repo.by("dave").enqueues(number);
    hub.advance(4 * 60);
    assert_eq!(repo.queue().len(), 1);
    hub.advance(60);
    assert_eq!((repo.queue().len(), repo.state(number)), (0, "OPEN"));
    assert_eq!(repo.branches("gh-readonly-queue/"), Vec::<String>::new());
}

#[tokio::test]
async fn a_red_context_evicts_at_once_and_leaving_and_landing_have_their_own_words() {
    let (hub, number) = with_pull().await;
    queued(&hub);
    let repo = hub.repo("acme/gitops");
    repo.by("carol").enqueues(number);
    let id = id(&hub, number);
    query(&hub, &token(&hub, "dave"), DEQUEUE, json!({ "id": id })).await;
    let removal = last_removal(&hub, number).await;
    assert_eq!(
        (&removal["actor"]["login"], &removal["reason"]),
        (&json!("dave"), &json!("manual"))
    );
    repo.by("carol").enqueues(number);
    repo.edit(|repo| repo.rules[0].statuses.push(("ci".to_owned(), None)));
    let group = repo.queue()[0].1.clone();
    repo.by("dave").reports(&group, "ci", "failure");
    assert_eq!(repo.queue(), []);
    let removal = last_removal(&hub, number).await;
    assert_eq!(
        (&removal["actor"]["login"], &removal["reason"]),
        (&json!("github-merge-queue"), &json!("failed_checks"))
    );
    repo.edit(|repo| repo.rules[0].statuses.clear());
    repo.by("carol").enqueues(number);
    repo.land_queue();
    let removal = last_removal(&hub, number).await;
    assert_eq!(
        removal["reason"], "merged",
        "so it ends for what landed too"
    );
    let text = "query($n: Int!) { repository(owner: \"acme\", name: \"gitops\") { pullRequest(number: $n) { mergedBy { __typename login } } } }";
    let body = query(&hub, &token(&hub, "carol"), text, json!({ "n": number })).await;
    assert_eq!(
        body["data"]["repository"]["pullRequest"]["mergedBy"],
        json!({"__typename": "Bot", "login": "github-merge-queue"})
    );
}

#[tokio::test]
async fn what_is_not_ready_is_not_let_in_and_the_refusal_says_why() {
    let (hub, number) = with_pull().await;
    queued(&hub);
    let repo = hub.repo("acme/gitops");
    let said = async || {
        let variables = json!({"id": id(&hub, number), "head": null});
        let body = query(&hub, &token(&hub, "carol"), ENQUEUE, variables).await;
        (
            body["errors"][0]["type"].as_str().map(str::to_owned),
            body["errors"][0]["message"].as_str().map(str::to_owned),
        )
    };
    let refused = |why: &str| {
        (
            Some("UNPROCESSABLE".to_owned()),
            Some(format!("Pull request {why}")),
        )
    };
    repo.edit(|repo| repo.rules[0].statuses.push(("ci".to_owned(), None)));
    assert_eq!(
        said().await,
        refused("Required status check \"ci\" is expected.")
    );
    let head = repo.head(number);
    repo.by("dave").reports(&head, "ci", "success");
    repo.edit(|repo| repo.rules[0].reviews = Some(1));
    assert_eq!(
        said().await,
        refused("At least 1 approving review is required by reviewers with write access.")
    );
    repo.by("dave").approves(number);
    repo.edit(|repo| repo.pulls.get_mut(&number).unwrap().draft = true);
    assert_eq!(said().await, refused("Pull Request is still a draft"));
    repo.edit(|repo| repo.pulls.get_mut(&number).unwrap().draft = false);
    // A head behind its base is not a reason: the queue brings it up to date.
    repo.edit(|repo| repo.rules[0].strict = true);
    repo.files("main", &[("elsewhere.yaml", "x: 1\n")]);
    let before = repo.tip("main").unwrap();
    repo.files("main", &[("app.yaml", "v: 9\n")]);
    assert_eq!(said().await, refused("Pull Request has merge conflicts"));
    repo.edit(|repo| {
        let oid = before.parse().unwrap();
        repo.refs.insert("refs/heads/main".to_owned(), oid)
    });
    assert_eq!(said().await, (None, None));
}
