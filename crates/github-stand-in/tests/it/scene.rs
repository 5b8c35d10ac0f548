//! Setting up and acting without the wire.

use super::{R, get, start, token, with_pull};
use github_stand_in::{Fault, Role, When};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_folder_of_fixtures_becomes_a_commit_with_modes_and_links() {
    let folder = tempfile::TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("deep")).unwrap();
    std::fs::write(at("deep/a.yaml"), "a: 1\n").unwrap();
    std::fs::write(at("run.sh"), "#!/bin/sh\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(at("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("deep/a.yaml", at("link")).unwrap();
    }
    let hub = start().await;
    hub.repo("acme/gitops").folder("main", folder.path());
    let owner = token(&hub, "acme");
    let tree = get(&hub, &owner, &format!("{R}/git/trees/main?recursive=1"))
        .await
        .json();
    let rows: Vec<Value> = tree["tree"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["path"], one["mode"]]))
        .collect();
    let wanted = json!([
        ["deep", "040000"],
        ["deep/a.yaml", "100644"],
        ["link", "120000"],
        ["run.sh", "100755"]
    ]);
    assert!(cfg!(not(unix)) || json!(rows) == wanted, "{rows:?}");
}

#[tokio::test]
async fn people_act_as_they_could_on_the_web_and_leave_no_call_behind() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.files(
        "main",
        &[(
            ".github/workflows/w.yml",
            "on:\n  workflow_dispatch:\n    inputs:\n      a: {default: one}\n",
        )],
    );
    repo.by("dave").removes("change", &["other.yaml"], "gone");
    let run = repo.by("dave").dispatches("w.yml", "main", json!({}));
    assert_eq!(repo.runs(), [run]);
    assert_eq!(
        repo.edit(|repo| repo.runs[0].inputs.clone()),
        json!({"a": "one"})
    );
    let sha = repo.by("dave").merges(number, "squash");
    assert_eq!(
        (repo.tip("main").unwrap(), repo.file("main", "other.yaml")),
        (sha, None)
    );
    assert_eq!(
        (repo.pulls(true), repo.pulls(false)),
        (vec![], vec![number])
    );
    repo.forget_activity(1);
    let log = repo.by("carol").does("GET", "/activity", Value::Null);
    assert_eq!(log.as_array().map(Vec::len), Some(1));
    assert_eq!(hub.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_deeds_can_be_done_from_within_a_hook_before_a_read() {
    let (hub, number) = with_pull().await;
    hub.before(When::read().nth(2), move |world| {
        let place = world.place("acme/gitops");
        place.role("rita", Role::Read);
        place.by("rita").approves(number);
    });
    let carol = token(&hub, "carol");
    let count = async || {
        get(&hub, &carol, &format!("{R}/pulls/{number}/reviews"))
            .await
            .json()
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((count().await, count().await, count().await), (0, 1, 1));
    hub.fault(When::read(), Fault::Slow(Duration::from_millis(20)));
    let start = Instant::now();
    assert_eq!(count().await, 1, "slow is still true");
    assert!(start.elapsed() >= Duration::from_millis(20));
}

#[tokio::test]
async fn a_promotion_lives_through_everything_that_people_do_to_it() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let (carol, dave) = (repo.by("carol"), repo.by("dave"));
    let review = dave.approves(number);
    carol.dismisses(number, review);
    dave.requests_changes(number);
    carol.labels(number, "approve/prod/qa");
    dave.unlabels(number, "approve/prod/qa");
    dave.pushes("change", &[("app.yaml", "v: 3\n")], "A push of his own");
    let old = repo.head(number);
    let new = dave.rewrites("change", &[("app.yaml", "v: 4\n")], "Amended");
    assert_eq!(repo.parents(&new), repo.parents(&old));
    carol.requests(number, &["dave"]);
    carol.edits_body(number, "what stands here proves nothing");
    carol.edits_title(number, "Another title");
    let comment = carol.comments(number, "first");
    dave.edits_comment(comment, "changed");
    carol.closes(number);
    carol.reopens(number);
    dave.pushes("main", &[("other.yaml", "x: 1\n")], "The base moves on");
    carol.branches_off("release", &repo.tip("main").unwrap());
    carol.retargets(number, "release");
    repo.app(9, "helper", "pull-requests:write")
        .approves(number);
    repo.workflow("pull-requests:write").approves(number);
    let first = repo.tip("main").unwrap();
    assert_ne!(first, old);
    let states: Vec<(String, String)> = repo
        .reviews(number)
        .into_iter()
        .map(|(who, state, _)| (who, state))
        .collect();
    let states: Vec<(&str, &str)> = states
        .iter()
        .map(|(who, state)| (who.as_str(), state.as_str()))
        .collect();
    assert_eq!(
        states,
        [
            ("dave", "DISMISSED"),
            ("dave", "CHANGES_REQUESTED"),
            ("helper[bot]", "APPROVED"),
            ("github-actions[bot]", "APPROVED")
        ]
    );
    let words: Vec<String> = repo
        .events(number)
        .iter()
        .map(|one| one.rsplit_once(' ').unwrap().0.to_owned())
        .collect();
    assert_eq!(
        words,
        [
            "review_dismissed carol",
            "labeled carol",
            "unlabeled dave",
            "head_ref_force_pushed dave",
            "review_requested carol",
            "renamed carol",
            "closed carol",
            "reopened carol",
            "base_ref_changed carol"
        ]
    );
    assert_eq!(
        repo.comments(number),
        [("carol".to_owned(), "changed".to_owned())]
    );
    assert_eq!((repo.head(number), repo.labels(number)), (new, vec![]));
}

#[tokio::test]
async fn a_fork_brings_a_branch_of_any_name_and_its_commits_stay_its_own() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let theirs = repo
        .by("mallory")
        .opens_from_fork("change", &[("app.yaml", "v: 66\n")], "Bump v");
    let pull = repo.pull(theirs);
    assert_eq!(
        (pull["head"]["label"].as_str(), pull["head"]["ref"].as_str()),
        (Some("mallory:change"), Some("change"))
    );
    assert_eq!(repo.state(number), "OPEN");
    let again = repo
        .by("mallory")
        .opens_from_fork("sluice/shop/prod", &[("x", "1")], "Another");
    assert_ne!(again, theirs);
    assert_eq!(repo.branches("sluice/"), Vec::<String>::new());
    assert_eq!(repo.state(theirs), "OPEN");
}

#[tokio::test]
async fn a_persons_dispatch_can_be_read_back_with_who_started_it_and_who_again() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let text = "on:\n  push:\n  workflow_dispatch:\n    inputs: {plan: {}}\n";
    repo.files("main", &[(".github/workflows/sluice.yml", text)]);
    let run = repo
        .by("carol")
        .dispatches("sluice.yml", "main", json!({"plan": "abc"}));
    repo.by("dave").reruns(run);
    let workflow = repo.workflow_token("actions:read");
    let read = get(&hub, &workflow, &format!("{R}/actions/runs/{run}"))
        .await
        .json();
    assert_eq!(
        [
            &read["event"],
            &read["actor"]["login"],
            &read["triggering_actor"]["login"],
            &read["run_attempt"]
        ],
        [
            &json!("workflow_dispatch"),
            &json!("carol"),
            &json!("dave"),
            &json!(2)
        ]
    );
    assert_eq!(read["id"].as_u64(), Some(run));
    assert_eq!(read.get("inputs"), None, "REST does not tell the inputs");
    let path = ".github/workflows/sluice.yml";
    hub.switch(|switches| switches.run_path_with_ref = true);
    assert_eq!(
        (read["path"].as_str(), repo.run(run)["path"].as_str()),
        (Some(path), Some(".github/workflows/sluice.yml@main"))
    );
    let pushed = repo.by("dave").triggers("sluice.yml", "push", "main");
    assert_eq!(
        [
            &repo.run(pushed)["event"],
            &repo.run(pushed)["actor"]["login"]
        ],
        [&json!("push"), &json!("dave")]
    );
    repo.finish_run(run, "success");
    assert_eq!(repo.run(run)["conclusion"], "success");
}

#[tokio::test]
async fn a_second_repository_is_read_with_a_token_of_its_own_only() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let charts = hub.repo("acme/charts");
    charts
        .private()
        .files("main", &[("Chart.yaml", "version: 1\n")]);
    let path = "/repos/acme/charts/git/ref/heads/main";
    let (workflow, reader) = (repo.workflow_token("contents:write"), charts.reader_token());
    assert_eq!(get(&hub, &workflow, path).await.status, 404);
    assert_eq!(
        get(&hub, &reader, path).await.json()["object"]["sha"],
        charts.tip("main").unwrap().as_str()
    );
    let write = charts
        .with_token(&reader)
        .tries("POST", "/labels", json!({"name": "x"}));
    assert_eq!(write.unwrap_err().status, 403);
    repo.private();
    assert_eq!(
        get(&hub, &reader, R).await.status,
        404,
        "and reads nothing else"
    );
}

#[tokio::test]
async fn what_a_deleted_account_did_stays_by_nobody() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").requests(number, &["dave"]);
    repo.by("dave").approves(number);
    repo.by("dave").labels(number, "approve/prod/qa");
    repo.by("dave")
        .pushes("change", &[("app.yaml", "v: 3\n")], "his");
    let (carol, dave) = (token(&hub, "carol"), token(&hub, "dave"));
    hub.delete_account("dave");
    assert_eq!(get(&hub, &dave, R).await.said(), "401 Bad credentials");
    let read = async |path: &str| get(&hub, &carol, &format!("{R}{path}")).await.json();
    let reviews = read(&format!("/pulls/{number}/reviews")).await;
    assert_eq!(
        (&reviews[0]["user"], &reviews[0]["state"]),
        (&Value::Null, &json!("APPROVED"))
    );
    let events = read(&format!("/issues/{number}/events")).await;
    assert_eq!(
        (&events[1]["event"], &events[1]["actor"]),
        (&json!("labeled"), &Value::Null)
    );
    assert_eq!(read("/activity?ref=change").await[0]["actor"], Value::Null);
    assert_eq!(read("/commits/change").await["author"], Value::Null);
    let text = r#"{ repository(owner: "acme", name: "gitops") { pullRequest(number: 1) { reviews(first: 1) { nodes { author { login } } }
        timelineItems(first: 9, itemTypes: [LABELED_EVENT]) { nodes { ... on LabeledEvent { actor { login } } } } } } }"#;
    let body = super::query(&hub, &carol, text, Value::Null).await;
    let pull = &body["data"]["repository"]["pullRequest"];
    assert_eq!(
        (
            &pull["reviews"]["nodes"][0]["author"],
            &pull["timelineItems"]["nodes"][0]["actor"]
        ),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_pushed_head_may_be_seen_late_and_a_new_branch_not_at_once() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let (old, carol) = (repo.head(number), token(&hub, "carol"));
    hub.switch(|switches| switches.head_after = 2);
    let new = repo
        .by("dave")
        .pushes("change", &[("app.yaml", "v: 3\n")], "more");
    let path = format!("{R}/pulls/{number}");
    let merge = super::call(
        &hub,
        &carol,
        "PUT",
        &format!("{path}/merge"),
        json!({"sha": old}),
    )
    .await;
    assert_eq!(
        merge.said(),
        "409 Head branch was modified. Review and try the merge again."
    );
    let seen = async || {
        get(&hub, &carol, &path).await.json()["head"]["sha"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        [seen().await, seen().await, seen().await],
        [old.clone(), old, new]
    );
    hub.switch(|switches| switches.unseen_heads = 1);
    repo.by("carol").pushes("second", &[("x", "1")], "x");
    let open = json!({"title": "t", "head": "second", "base": "main"});
    let tried = super::call(&hub, &carol, "POST", &format!("{R}/pulls"), open.clone()).await;
    assert_eq!(tried.said(), "422 head invalid");
    assert_eq!(
        super::call(&hub, &carol, "POST", &format!("{R}/pulls"), open)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_copy_begins_with_everything_and_goes_its_own_way() {
    let (hub, number) = with_pull().await;
    let owner = token(&hub, "acme");
    let repo = hub.repo("acme/gitops");
    repo.by("dave").labels(number, "bug");
    hub.advance(60);
    let copy = hub.copy();
    let other = copy.repo("acme/gitops");
    assert_ne!(copy.url(), hub.url());
    assert_eq!(
        (copy.now(), other.tip("main")),
        (hub.now(), repo.tip("main"))
    );
    assert_eq!(other.labels(number), ["bug"]);
    assert_eq!(copy.calls().len(), 0);
    let begun = other.tip("main").unwrap();
    other.by("dave").merges(number, "squash");
    copy.advance(60);
    assert_ne!(other.tip("main").unwrap(), begun);
    assert_eq!(repo.tip("main").unwrap(), begun);
    assert_eq!(
        (repo.state(number), other.state(number)),
        ("OPEN", "MERGED")
    );
    // A token of the one is known to the other, and each answers for itself.
    let pull = format!("{R}/pulls/{number}");
    assert_eq!(get(&hub, &owner, &pull).await.json()["state"], "open");
    assert_eq!(get(&copy, &owner, &pull).await.json()["state"], "closed");
    assert_ne!(copy.now(), hub.now());
}
