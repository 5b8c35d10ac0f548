//! Which events start workflow runs, by whom and of which files.

use super::{R, call, query, start, with_pull};
use github_stand_in::{GitHub, Role, Rule};
use serde_json::{Value, json};

/// Event, branch, actor, status and conclusion of every run, oldest first.
fn runs(hub: &GitHub) -> Vec<String> {
    let repo = hub.repo("acme/gitops");
    let shown = |run| {
        let run = repo.run(run);
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        [
            text(&run["event"]),
            text(&run["head_branch"]),
            text(&run["actor"]["login"]),
            text(&run["status"]),
            text(&run["conclusion"]),
        ]
        .join(" ")
    };
    repo.runs().into_iter().map(shown).collect()
}

async fn with(workflow: &str) -> GitHub {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    repo.role("carol", Role::Write).role("dave", Role::Write);
    let file = (".github/workflows/ci.yml", workflow);
    repo.files("main", &[("app.yaml", "v: 1\n"), file]);
    repo.edit(|repo| repo.runs.clear());
    hub
}

#[tokio::test]
async fn a_push_starts_the_workflows_at_its_own_commit_whose_filters_let_it_in() {
    let hub = with("on: { push: { branches: [main, 'release/**', '!release/old/*'] } }\n").await;
    let repo = hub.repo("acme/gitops");
    let carol = repo.by("carol");
    carol.pushes("main", &[("app.yaml", "v: 2\n")], "Two");
    carol.pushes("release/1/2", &[("app.yaml", "v: 3\n")], "Three");
    carol.pushes("release/old/1", &[("app.yaml", "v: 4\n")], "Four");
    carol.pushes("topic", &[("app.yaml", "v: 5\n")], "Five");
    let tip = repo.tip("main").unwrap();
    carol.tags("v1", &tip);
    carol.deletes("release/1/2");
    assert_eq!(
        runs(&hub),
        [
            "push main carol queued -",
            "push release/1/2 carol queued -"
        ]
    );
    let file = (
        ".github/workflows/ci.yml",
        "on: { push: { tags: ['v*'] } }\n",
    );
    carol.pushes("topic", &[file], "Only tags");
    let topic = repo.tip("topic").unwrap();
    carol.tags("v2", &topic);
    carol.tags("v3", &tip);
    assert_eq!(
        runs(&hub)[2..],
        ["push v2 carol queued -"],
        "the files of the tagged commit count, not those of the default branch"
    );
}

#[tokio::test]
async fn what_the_workflow_token_pushes_or_labels_starts_nothing_but_an_app_does() {
    let hub = with("on: { push: , pull_request: { types: [labeled] } }\n").await;
    let repo = hub.repo("acme/gitops");
    let words = "contents:write, pull-requests:write, issues:write";
    let workflow = repo.workflow(words);
    workflow.pushes("topic", &[("app.yaml", "v: 2\n")], "Two");
    let number = workflow.opens("topic", "main", "Two");
    workflow.labels(number, "one");
    assert_eq!(runs(&hub), Vec::<String>::new());
    let app = repo.app(7, "sluice", words);
    app.pushes("topic", &[("app.yaml", "v: 3\n")], "Three");
    app.labels(number, "two");
    repo.by("carol").labels(number, "three");
    assert_eq!(
        runs(&hub),
        [
            "push topic sluice[bot] queued -",
            "pull_request topic sluice[bot] queued -",
            "pull_request topic carol queued -"
        ]
    );
}

#[tokio::test]
async fn a_pull_request_of_the_workflow_token_gets_runs_that_wait_for_a_person() {
    let hub = with("on: pull_request\n").await;
    let repo = hub.repo("acme/gitops");
    let workflow = repo.workflow("contents:write, pull-requests:write");
    workflow.pushes("topic", &[("app.yaml", "v: 2\n")], "Two");
    let number = workflow.opens("topic", "main", "Two");
    workflow.pushes("topic", &[("app.yaml", "v: 3\n")], "Three");
    workflow.closes(number);
    workflow.reopens(number);
    workflow.edits_title(number, "Another");
    let waits = "pull_request topic github-actions[bot] completed action_required";
    assert_eq!(runs(&hub), [waits; 3]);
    repo.by("carol")
        .pushes("topic", &[("app.yaml", "v: 4\n")], "Four");
    assert_eq!(runs(&hub)[3], "pull_request topic carol queued -");
}

#[tokio::test]
async fn a_pull_request_runs_the_files_of_its_test_merge_for_the_types_asked() {
    let text = "on: { pull_request: { types: [opened, closed, review_requested], branches: main }, pull_request_review: }\n";
    let hub = with(text).await;
    let repo = hub.repo("acme/gitops");
    let (carol, dave) = (repo.by("carol"), repo.by("dave"));
    carol.pushes("topic", &[("app.yaml", "v: 2\n")], "Two");
    carol.pushes("other", &[("other.yaml", "v: 2\n")], "Other");
    let number = carol.opens("topic", "main", "Two");
    carol.opens("other", "topic", "Not to main");
    carol.pushes("topic", &[("app.yaml", "v: 3\n")], "Not asked for");
    carol.requests(number, &["dave"]);
    let review = dave.approves(number);
    carol.dismisses(number, review);
    carol.closes(number);
    assert_eq!(
        runs(&hub),
        [
            "pull_request topic carol queued -",
            "pull_request topic carol queued -",
            "pull_request_review topic dave queued -",
            "pull_request_review topic carol queued -",
            "pull_request topic carol queued -"
        ]
    );
    carol.reopens(number);
    carol.pushes("main", &[("app.yaml", "v: 9\n")], "A conflict");
    repo.edit(|repo| repo.runs.clear());
    carol.pushes("topic", &[("app.yaml", "v: 4\n")], "Still one");
    carol.closes(number);
    assert_eq!(runs(&hub), Vec::<String>::new(), "no merge, no files");
}

#[tokio::test]
async fn dispatches_start_runs_whoever_sends_them() {
    let text = "on: { repository_dispatch: { types: [deployed] }, workflow_dispatch: }\n";
    let hub = with(text).await;
    let repo = hub.repo("acme/gitops");
    let workflow = repo.workflow("contents:write, actions:write");
    let send = |kind: &str| workflow.does("POST", "/dispatches", json!({"event_type": kind}));
    send("deployed");
    send("something else");
    workflow.dispatches("ci.yml", "main", json!({}));
    assert_eq!(
        runs(&hub),
        [
            "repository_dispatch main github-actions[bot] queued -",
            "workflow_dispatch main github-actions[bot] queued -"
        ]
    );
}

#[tokio::test]
async fn the_queue_asks_the_workflows_of_the_default_branch_unless_the_workflow_token_put_it_in() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let file = (".github/workflows/ci.yml", "on: merge_group\n");
    repo.files("main", &[file]);
    repo.rule(Rule {
        branch: "main".to_owned(),
        queue: true,
        ..Rule::default()
    });
    let words = "contents:write, pull-requests:write";
    let asked = || {
        let runs = repo.runs().into_iter().map(|run| repo.run(run));
        runs.map(|run| run["head_sha"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    repo.workflow(words).enqueues(number);
    assert_eq!((repo.queue().len(), asked()), (1, vec![]));
    let id = repo.pull(number)["node_id"].clone();
    let leave =
        "mutation($id: ID!) { dequeuePullRequest(input: {id: $id}) { mergeQueueEntry { id } } }";
    let token = hub.personal_token("carol", &["repo"]);
    let left = query(&hub, &token, leave, json!({ "id": id })).await;
    assert_eq!(left.get("errors"), None);
    repo.app(7, "sluice", words).enqueues(number);
    assert_eq!(asked(), [repo.queue()[0].1.clone()]);
    let run = repo.run(repo.runs()[0]);
    assert_eq!(
        [&run["event"], &run["actor"]["login"]],
        ["merge_group", "sluice[bot]"]
    );
}

#[tokio::test]
async fn a_fork_has_no_runs_and_its_pull_request_runs_here() {
    let hub = with("on: [push, pull_request]\n").await;
    let repo = hub.repo("acme/gitops");
    repo.by("erin")
        .opens_from_fork("patch", &[("app.yaml", "v: 2\n")], "From outside");
    assert_eq!(runs(&hub), ["pull_request patch erin queued -"]);
    let run = repo.run(repo.runs()[0]);
    assert_eq!(
        run["head_repository"]["full_name"].as_str(),
        Some("erin/gitops")
    );
    assert_eq!(hub.repo("erin/gitops").runs(), Vec::<u64>::new());
}

#[tokio::test]
async fn refs_that_are_undone_together_leave_no_runs() {
    let hub = with("on: push\n").await;
    let repo = hub.repo("acme/gitops");
    let token = hub.personal_token("carol", &["repo", "workflow"]);
    let answer = call(&hub, &token, "GET", R, Value::Null).await.json();
    let tip = repo.tip("main").unwrap();
    let updates = json!([
        {"name": "refs/heads/a", "afterOid": tip},
        {"name": "refs/heads/b", "afterOid": "1".repeat(40)},
    ]);
    let text =
        "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
    let input = json!({"input": {"repositoryId": answer["node_id"], "refUpdates": updates}});
    let body = query(&hub, &token, text, input).await;
    assert_eq!(
        body["errors"][0]["message"],
        "Reference update failed: Object does not exist"
    );
    assert_eq!((repo.tip("a"), runs(&hub)), (None, vec![]));
}
