//! The merge queue: enqueue with the expected head, the group branch, landing, leaving.

use super::{R, call, query, token, with_pull};
use crate::support::github::{GitHub, Rule};
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
            crate::support::github::land_queue(world, id).map_err(|refusal| refusal.message)
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
