//! Merging: the refusals word by word, and merges that no one asked for.

use super::{R, call, get, token, with_pull};
use github_stand_in::{Bypass, GitHub, Role, Rule};
use serde_json::{Value, json};

pub(crate) async fn merge(hub: &GitHub, token: &str, number: u64, body: Value) -> String {
    call(
        hub,
        token,
        "PUT",
        &format!("{R}/pulls/{number}/merge"),
        body,
    )
    .await
    .said()
}

pub(crate) fn rule() -> Rule {
    Rule {
        branch: "main".to_owned(),
        ..Rule::default()
    }
}

#[tokio::test]
async fn a_moved_head_is_409_and_nothing_is_merged() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let old = repo.tip("change").unwrap();
    repo.by("dave")
        .pushes("change", &[("app.yaml", "v: 3\n")], "sneak");
    let carol = token(&hub, "carol");
    assert_eq!(
        merge(&hub, &carol, number, json!({"sha": old})).await,
        "409 Head branch was modified. Review and try the merge again."
    );
    assert_eq!(repo.file("main", "app.yaml").unwrap(), "v: 1\n");
    let new = repo.tip("change").unwrap();
    let reply = call(
        &hub,
        &carol,
        "PUT",
        &format!("{R}/pulls/{number}/merge"),
        json!({"sha": new}),
    )
    .await;
    assert_eq!(reply.json()["merged"], true);
    assert_eq!(
        repo.tip("main").unwrap(),
        reply.json()["sha"].as_str().unwrap()
    );
}

#[tokio::test]
async fn each_reason_not_to_merge_has_githubs_words() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let carol = token(&hub, "carol");
    repo.refuse_merges(&[
        "Base branch was modified. Review and try the merge again.",
        "Merge already in progress",
    ]);
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Base branch was modified. Review and try the merge again."
    );
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Merge already in progress"
    );
    repo.settings(|settings| {
        (settings.merge, settings.squash, settings.rebase) = (false, false, false);
    });
    for (method, text) in [
        (
            "merge",
            "405 Merge commits are not allowed on this repository.",
        ),
        (
            "squash",
            "405 Squash merges are not allowed on this repository.",
        ),
        (
            "rebase",
            "405 Rebase merges are not allowed on this repository.",
        ),
    ] {
        assert_eq!(
            merge(&hub, &carol, number, json!({"merge_method": method})).await,
            text
        );
    }
    repo.settings(|settings| settings.merge = true);
    hub.with(|world| {
        let id = world.repo_id("acme", "gitops").unwrap();
        world.repo_mut(id).pulls.get_mut(&number).unwrap().draft = true;
    });
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Pull Request is still a draft"
    );
    hub.with(|world| {
        let id = world.repo_id("acme", "gitops").unwrap();
        world.repo_mut(id).pulls.get_mut(&number).unwrap().draft = false;
    });
    repo.by("dave")
        .pushes("main", &[("app.yaml", "v: 9\n")], "conflict");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Pull Request has merge conflicts"
    );
    repo.by("carol").closes(number);
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Pull Request is not mergeable"
    );
    assert_eq!(merge(&hub, &carol, 99, json!({})).await, "404 Not Found");
    assert_eq!(
        repo.file("main", "app.yaml").unwrap(),
        "v: 9\n",
        "nothing of the pull request landed"
    );
}

#[tokio::test]
async fn required_reviews_count_writers_only_and_a_rejection_blocks() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        reviews: Some(1),
        dismiss_stale: true,
        ..rule()
    });
    repo.role("rita", Role::Read);
    let carol = token(&hub, "carol");
    let missing = "405 At least 1 approving review is required by reviewers with write access.";
    assert_eq!(merge(&hub, &carol, number, json!({})).await, missing);
    repo.by("rita").approves(number);
    assert_eq!(merge(&hub, &carol, number, json!({})).await, missing);
    let decision = |hub: &GitHub| {
        hub.repo("acme/gitops")
            .by("carol")
            .does("GET", &format!("/pulls/{number}"), Value::Null)["mergeable_state"]
            .clone()
    };
    assert_eq!(decision(&hub), "blocked");
    repo.by("dave").requests_changes(number);
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Changes have been requested."
    );
    repo.by("dave").approves(number);
    assert_eq!(decision(&hub), "clean");
    repo.by("carol")
        .pushes("change", &[("app.yaml", "v: 4\n")], "more");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        missing,
        "a push made the approval stale"
    );
    repo.by("dave").approves(number);
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "200 Pull Request successfully merged"
    );
}

#[tokio::test]
async fn required_contexts_are_expected_pending_failing_and_then_green() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        statuses: vec![("ci".to_owned(), None)],
        strict: true,
        ..rule()
    });
    let carol = token(&hub, "carol");
    let head = repo.tip("change").unwrap();
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Required status check \"ci\" is expected."
    );
    repo.by("dave").reports(&head, "ci", "pending");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Required status check \"ci\" is pending."
    );
    repo.by("dave").reports(&head, "ci", "failure");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Required status check \"ci\" is failing."
    );
    repo.by("dave").reports(&head, "ci", "success");
    hub.with(|world| {
        let id = world.repo_id("acme", "gitops").unwrap();
        let tip = world.repo(id).branch("main").unwrap();
        assert!(tip != git2::Oid::ZERO_SHA1);
    });
    repo.edit(|repo| repo.rules[0].statuses.push(("pinned".to_owned(), Some(7))));
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 1 of 2 required status checks are expected."
    );
    let other = repo.app_token(8, "other", "checks:write");
    repo.with_token(&other).checks(&head, "pinned", "success");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 1 of 2 required status checks are expected."
    );
    let pinned = repo.app_token(7, "sluice", "checks:write");
    repo.with_token(&pinned).checks(&head, "pinned", "success");
    repo.files("main", &[("news.yaml", "x: 1\n")]);
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 2 of 2 required status checks are expected.",
        "strict: the head is behind"
    );
    let state = get(&hub, &carol, &format!("{R}/pulls/{number}"))
        .await
        .json()["mergeable_state"]
        .clone();
    assert_eq!(state, "behind");
}

#[tokio::test]
async fn a_ruleset_words_it_differently_and_lets_its_bypass_through() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        ruleset: true,
        restrict: true,
        reviews: Some(1),
        linear: true,
        bypass: vec![Bypass::App(7)],
        ..rule()
    });
    let carol = token(&hub, "carol");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Repository rule violations found\n\nCannot update this protected ref.\n\nAt least 1 approving review is required by reviewers with write access.\n\nThis branch must not contain merge commits.\n\n"
    );
    let tip = repo.tip("change").unwrap();
    let body = json!({"sha": tip});
    assert_eq!(
        call(
            &hub,
            &carol,
            "PATCH",
            &format!("{R}/git/refs/heads/main"),
            body.clone()
        )
        .await
        .said(),
        "422 Repository rule violations found\n\nCannot update this protected ref.\n\nChanges must be made through a pull request.\n\n"
    );
    let app = repo.app_token(7, "sluice", "contents:write,pull-requests:write");
    assert_eq!(
        merge(&hub, &app, number, json!({"merge_method": "squash"})).await,
        "200 Pull Request successfully merged"
    );
    let rules = get(&hub, &carol, &format!("{R}/rules/branches/main"))
        .await
        .json();
    let kinds: Vec<&str> = rules
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "update",
            "deletion",
            "non_fast_forward",
            "required_linear_history",
            "pull_request"
        ]
    );
}

#[tokio::test]
async fn classic_protection_names_who_may_push() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        restrict: true,
        bypass: vec![Bypass::User(
            repo.with(|world, _| world.user_id("dave").unwrap()),
        )],
        ..rule()
    });
    let carol = token(&hub, "carol");
    assert!(
        merge(&hub, &carol, number, json!({}))
            .await
            .starts_with("405 You're not authorized to push to this branch.")
    );
    assert_eq!(
        merge(&hub, &token(&hub, "dave"), number, json!({})).await,
        "200 Pull Request successfully merged"
    );
}

#[tokio::test]
async fn the_commit_that_merged_is_the_one_that_brought_the_head_not_the_tip() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.head(number);
    let (merged, tip) = repo.with(|world, id| {
        let (repo, theirs) = (world.repo(id), head.parse().unwrap());
        let ours = repo.branch("main").unwrap();
        let tree = repo.store.merge(ours, theirs).unwrap();
        let who = repo.store.info(theirs).unwrap().author;
        let commit = |parents: &[git2::Oid]| {
            let made = repo.store.commit(tree, parents, "By hand", &who, &who);
            made.unwrap()
        };
        let merged = commit(&[ours, theirs]);
        (merged.to_string(), commit(&[merged]).to_string())
    });
    repo.by("dave")
        .does("PATCH", "/git/refs/heads/main", json!({"sha": tip}));
    assert_eq!(repo.state(number), "MERGED");
    assert_eq!(repo.pull(number)["merge_commit_sha"], merged.as_str());
}

#[tokio::test]
async fn retargeting_dismisses_approvals_where_a_push_would() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        dismiss_stale: true,
        ..rule()
    });
    repo.by("dave").approves(number);
    let main = repo.tip("main").unwrap();
    repo.by("carol").branches_off("release", &main);
    repo.by("carol").retargets(number, "release");
    assert_eq!(repo.reviews(number)[0].1, "DISMISSED");
}

#[tokio::test]
async fn a_head_pushed_back_onto_its_base_may_also_be_taken_for_closed() {
    let (hub, number) = with_pull().await;
    hub.switch(|switches| switches.empty_head_closes = true);
    let repo = hub.repo("acme/gitops");
    let base = repo.tip("main").unwrap();
    repo.by("dave").force_pushes("change", &base);
    assert_eq!(repo.state(number), "CLOSED");
}

#[tokio::test]
async fn an_app_without_the_permission_cannot_merge_a_workflow_file() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let path = ".github/workflows/w.yml";
    repo.by("carol")
        .pushes("change", &[(path, "on: push\n")], "Add a workflow");
    let app = repo.app_token(7, "sluice", "contents:write,pull-requests:write");
    assert_eq!(
        merge(&hub, &app, number, json!({})).await,
        format!(
            "403 refusing to allow a GitHub App to create or update workflow `{path}` without `workflows` permission"
        )
    );
    assert_eq!(repo.state(number), "OPEN");
    let may = repo.app_token(7, "sluice", "contents:write,workflows:write");
    assert_eq!(
        merge(&hub, &may, number, json!({})).await,
        "200 Pull Request successfully merged"
    );
}

#[tokio::test]
async fn a_pull_request_is_marked_merged_when_its_head_is_reachable_from_the_base() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let base = repo.tip("main").unwrap();
    repo.by("dave").force_pushes("change", &base);
    let pull = repo.pull(number);
    assert!(
        pull["merged_at"].is_string(),
        "the base tip was pushed to the head branch"
    );
    assert_eq!(
        repo.file("main", "app.yaml").unwrap(),
        "v: 1\n",
        "and nothing landed"
    );

    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.tip("change").unwrap();
    repo.by("dave")
        .does("PATCH", "/git/refs/heads/main", json!({"sha": head}));
    assert!(
        repo.pull(number)["merged_at"].is_string(),
        "the head was pushed to the base"
    );
}

#[tokio::test]
async fn the_head_branch_goes_after_a_merge_where_the_setting_says_so() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.settings(|settings| settings.delete_branch = true);
    repo.by("carol").merges(number, "merge");
    assert_eq!(repo.tip("change"), None);
    let timeline = repo
        .by("carol")
        .does("GET", &format!("/issues/{number}/timeline"), Value::Null);
    let words: Vec<&str> = timeline
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["event"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["committed", "merged", "closed", "head_ref_deleted"]);
}
