//! Labels and the events of a pull request: who, when, through which App.

use super::{R, call, get, token, with_pull};
use github_stand_in::{GitHub, Role};
use serde_json::{Value, json};

#[tokio::test]
async fn label_events_tell_who_and_when_and_through_which_app() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.role("tia", Role::Triage);
    repo.by("carol").creates_label("approve/prod/qa");
    let before = hub.now();
    repo.by("tia").labels(number, "Approve/PROD/qa");
    repo.by("dave").unlabels(number, "approve/prod/qa");
    let app = repo.app_token(7, "sluice", "pull-requests:write");
    call(
        &hub,
        &app,
        "POST",
        &format!("{R}/issues/{number}/labels"),
        json!({"labels": ["approve/prod/qa"]}),
    )
    .await;
    let workflow = repo.workflow_token("issues:write");
    call(
        &hub,
        &workflow,
        "POST",
        &format!("{R}/issues/{number}/labels"),
        json!({"labels": ["other"]}),
    )
    .await;
    let events = get(
        &hub,
        &token(&hub, "carol"),
        &format!("{R}/issues/{number}/events"),
    )
    .await
    .json();
    let lines: Vec<Value> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["event"],
                one["actor"]["login"],
                one["label"]["name"],
                one["performed_via_github_app"]["id"]
            ])
        })
        .collect();
    assert_eq!(
        json!(lines),
        json!([
            ["labeled", "tia", "approve/prod/qa", null],
            ["unlabeled", "dave", "approve/prod/qa", null],
            ["labeled", "sluice[bot]", "approve/prod/qa", 7],
            ["labeled", "github-actions[bot]", "other", 15368],
        ])
    );
    let times: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["created_at"].as_str().unwrap())
        .collect();
    assert!(
        times[0] > before.to_string().as_str() && times.is_sorted_by(|one, two| one < two),
        "{times:?}"
    );
}

#[tokio::test]
async fn putting_a_label_on_twice_is_one_event_and_taking_off_what_is_not_on_is_404() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").labels(number, "hold");
    repo.by("dave").labels(number, "HOLD");
    let carol = token(&hub, "carol");
    let events = get(&hub, &carol, &format!("{R}/issues/{number}/events"))
        .await
        .json();
    assert_eq!(events.as_array().map(Vec::len), Some(1));
    let gone = call(
        &hub,
        &carol,
        "DELETE",
        &format!("{R}/issues/{number}/labels/nope"),
        Value::Null,
    )
    .await;
    assert_eq!(gone.said(), "404 Label does not exist");
    let twice = call(
        &hub,
        &carol,
        "POST",
        &format!("{R}/labels"),
        json!({"name": "Hold"}),
    )
    .await;
    assert_eq!(twice.said(), "422 name already_exists");
    let body = get(&hub, &carol, &format!("{R}/pulls/{number}"))
        .await
        .json();
    assert_eq!(body["labels"][0]["name"], "hold");
}

#[tokio::test]
async fn a_renamed_label_keeps_its_place_and_its_events_show_the_old_or_the_new_name() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").labels(number, "harmless");
    repo.by("carol")
        .renames_label("harmless", "approve/prod/qa");
    let carol = token(&hub, "carol");
    let body = get(&hub, &carol, &format!("{R}/pulls/{number}"))
        .await
        .json();
    assert_eq!(body["labels"][0]["name"], "approve/prod/qa");
    let query = format!(
        "{{ repository(owner: \"acme\", name: \"gitops\") {{ pullRequest(number: {number}) {{ \
         timelineItems(first: 10, itemTypes: [LABELED_EVENT]) {{ nodes {{ ... on LabeledEvent {{ createdAt \
         label {{ name updatedAt }} }} }} }} }} }} }}"
    );
    for (follow, graphql, rest) in [
        ((true, true), "approve/prod/qa", "approve/prod/qa"),
        ((true, false), "approve/prod/qa", "harmless"),
        ((false, false), "harmless", "harmless"),
    ] {
        hub.switch(|switches| switches.label_events_follow = follow);
        let events = get(&hub, &carol, &format!("{R}/issues/{number}/events"))
            .await
            .json();
        assert_eq!(events[0]["label"]["name"], rest);
        let data = call(&hub, &carol, "POST", "/graphql", json!({ "query": query }))
            .await
            .json();
        let event = &data["data"]["repository"]["pullRequest"]["timelineItems"]["nodes"][0];
        assert_eq!(event["label"]["name"], graphql);
        // Either way it shows that the label was changed since.
        assert!(
            event["label"]["updatedAt"].as_str() > event["createdAt"].as_str(),
            "{event}"
        );
    }
    repo.by("carol").creates_label("other");
    let taken = repo.by("carol").tries(
        "PATCH",
        "/labels/other",
        json!({"new_name": "Approve/prod/QA"}),
    );
    let refusal = taken.unwrap_err().body();
    assert_eq!(refusal["errors"][0]["code"], "already_exists");
}

#[tokio::test]
async fn the_timeline_has_everything_that_moves_a_pull_request() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.role("rita", Role::Read);
    let main = repo.tip("main").unwrap();
    repo.by("carol").comments(number, "hello");
    let review = repo.by("dave").approves(number);
    repo.by("carol").dismisses(number, review);
    repo.by("carol").does(
        "POST",
        &format!("/pulls/{number}/requested_reviewers"),
        json!({"reviewers": ["rita"]}),
    );
    repo.by("carol").branches_off("release", &main);
    repo.by("carol").retargets(number, "release");
    repo.by("carol").does(
        "PATCH",
        &format!("/pulls/{number}"),
        json!({"title": "Renamed"}),
    );
    let first = repo.tip("change").unwrap();
    repo.by("dave")
        .pushes("elsewhere", &[("app.yaml", "v: 7\n")], "other");
    let other = repo.tip("elsewhere").unwrap();
    repo.by("dave").force_pushes("change", &other);
    repo.by("dave").closes(number);
    repo.by("dave").reopens(number);
    repo.by("dave").deletes("change");
    repo.by("dave").restores(number);
    let events = get(
        &hub,
        &token(&hub, "carol"),
        &format!("{R}/issues/{number}/timeline?per_page=100"),
    )
    .await
    .json();
    let words: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        [
            "commented",
            "reviewed",
            "review_dismissed",
            "review_requested",
            "base_ref_changed",
            "renamed",
            "committed",
            "head_ref_force_pushed",
            "closed",
            "reopened",
            "closed",
            "head_ref_deleted",
            "head_ref_restored"
        ]
    );
    let forced = events
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["event"] == "head_ref_force_pushed")
        .unwrap();
    assert_eq!(
        (
            forced["commit_id"].as_str().unwrap(),
            forced["actor"]["login"].as_str().unwrap()
        ),
        (other.as_str(), "dave")
    );
    assert_ne!(first, other);
    assert_eq!(
        repo.pull(number)["state"],
        "closed",
        "its branch was deleted; restoring it does not open it again"
    );
}

/// Creates a label by each of the routes that can; what each answers.
fn creates(hub: &GitHub, token: &str, number: u64) -> [String; 4] {
    let issue = format!("/issues/{number}");
    let labels = json!({"labels": ["known", "new"]});
    let routes = [
        ("POST", "/labels".to_owned(), json!({"name": "new"})),
        ("POST", format!("{issue}/labels"), labels.clone()),
        ("PUT", format!("{issue}/labels"), labels),
        ("PATCH", issue, json!({"labels": ["new"], "title": "Other"})),
    ];
    routes.map(|(method, path, body)| {
        let repo = hub.repo("acme/gitops");
        let answer = repo.with_token(token).tries(method, &path, body);
        repo.edit(|repo| repo.labels.retain(|label| label.name != "new"));
        answer.map_or_else(|refusal| refusal.message, |_| "done".to_owned())
    })
}

#[tokio::test]
async fn a_label_is_created_with_issues_write_only_and_an_existing_one_put_on_without() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").labels(number, "known");
    let words = "contents:write, pull-requests:write";
    let may_not = "You do not have permission to create labels on this repository.";
    let not_accessible = "Resource not accessible by integration";
    for token in [
        repo.workflow_token(words),
        repo.app_token(7, "sluice", words),
    ] {
        let said = creates(&hub, &token, number);
        assert_eq!(said, [not_accessible, may_not, may_not, may_not]);
        assert_eq!(repo.labels(number), ["known"], "nothing is half done");
        assert_eq!(repo.pull(number)["title"], "Bump v");
        hub.switch(|switches| switches.swap_label_refusals = true);
        let said = creates(&hub, &token, number);
        assert_eq!(
            said,
            [may_not, not_accessible, not_accessible, not_accessible]
        );
        hub.switch(|switches| switches.swap_label_refusals = false);
        repo.by("carol").unlabels(number, "known");
        let path = format!("{R}/issues/{number}/labels");
        let put_on = call(&hub, &token, "POST", &path, json!({"labels": ["Known"]})).await;
        assert_eq!(
            (put_on.status, repo.labels(number)),
            (200, vec!["known".to_owned()])
        );
    }
    let refused = repo.workflow_token(words);
    let path = format!("{R}/issues/{number}/labels");
    let answer = call(&hub, &refused, "POST", &path, json!({"labels": ["new"]})).await;
    assert_eq!(answer.said(), "403 label unauthorized");
    for token in [
        repo.workflow_token("issues:write, pull-requests:write"),
        repo.app_token(7, "sluice", "issues:write, pull-requests:write"),
        token(&hub, "carol"),
    ] {
        assert_eq!(creates(&hub, &token, number), ["done"; 4]);
    }
}
