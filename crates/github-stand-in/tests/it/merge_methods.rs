//! The three methods of merging, with their trees and messages.

use super::merging::merge;
use super::{R, call, get, token, with_pull};
use github_stand_in::Rule;
use serde_json::{Value, json};

#[tokio::test]
async fn squash_merge_and_rebase_make_the_commits_that_they_should() {
    for method in ["merge", "squash", "rebase"] {
        let (hub, number) = with_pull().await;
        let repo = hub.repo("acme/gitops");
        let (base, head) = (
            repo.files("main", &[("other.yaml", "a: 1\nb: 2\nc: 4\n")]),
            repo.tip("change").unwrap(),
        );
        let carol = token(&hub, "carol");
        let body = json!({"merge_method": method, "commit_title": "Land it", "commit_message": "Sluice-Gate: x"});
        let sha = call(
            &hub,
            &carol,
            "PUT",
            &format!("{R}/pulls/{number}/merge"),
            body,
        )
        .await
        .json()["sha"]
            .as_str()
            .unwrap()
            .to_owned();
        let commit = get(&hub, &carol, &format!("{R}/git/commits/{sha}"))
            .await
            .json();
        let parents: Vec<&str> = commit["parents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["sha"].as_str().unwrap())
            .collect();
        let message = commit["message"].as_str().unwrap();
        match method {
            "merge" => assert_eq!(
                (parents, message),
                (
                    vec![base.as_str(), head.as_str()],
                    "Land it\n\nSluice-Gate: x"
                )
            ),
            "squash" => assert_eq!(
                (parents, message),
                (vec![base.as_str()], "Land it\n\nSluice-Gate: x")
            ),
            _ => assert_eq!(
                (parents, message),
                (vec![base.as_str()], "Set v to 2\n\nBecause.")
            ),
        }
        assert_eq!(repo.file("main", "app.yaml").unwrap(), "v: 2\n");
        assert_eq!(
            repo.file("main", "other.yaml").unwrap(),
            "a: 1\nb: 2\nc: 4\n",
            "the base's own change stays"
        );
        assert_eq!(commit["committer"]["name"], "GitHub");
        let pull = get(&hub, &carol, &format!("{R}/pulls/{number}"))
            .await
            .json();
        assert_eq!(
            (
                pull["merged"].clone(),
                pull["merge_commit_sha"].as_str().unwrap()
            ),
            (json!(true), sha.as_str())
        );
        assert_eq!(pull["merged_by"]["login"], "carol");
        let kinds = get(&hub, &carol, &format!("{R}/activity?ref=main"))
            .await
            .json()[0]["activity_type"]
            .clone();
        assert_eq!(kinds, "pr_merge");
    }
}

#[tokio::test]
async fn a_squash_takes_the_title_of_a_single_commit_and_of_the_pull_request_for_several() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let merged = repo.by("carol").merges(number, "squash");
    assert_eq!(repo.message(&merged), "Set v to 2 (#1)\n\nBecause.");
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").pushes("change", &[("x", "1")], "More");
    let merged = repo.by("carol").merges(number, "squash");
    assert_eq!(
        repo.message(&merged),
        "Bump v (#1)\n\n* Set v to 2\n\nBecause.\n\n* More"
    );
}

#[tokio::test]
async fn a_rule_may_leave_only_some_methods_and_keeps_the_branch() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let release = repo.tip("main").unwrap();
    repo.by("carol").branches_off("release/1", &release);
    for branch in ["main", "release/*"] {
        repo.rule(Rule {
            branch: branch.to_owned(),
            ruleset: true,
            methods: Some(vec!["squash".to_owned()]),
            ..Rule::default()
        });
    }
    let carol = token(&hub, "carol");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Repository rule violations found\n\nMerge commits are not allowed on this repository.\n\n"
    );
    let change = repo.tip("change").unwrap();
    repo.by("carol")
        .does("PATCH", "/git/refs/heads/release/1", json!({"sha": change}));
    let path = format!("{R}/git/refs/heads/release/1");
    let back = call(
        &hub,
        &carol,
        "PATCH",
        &path,
        json!({"sha": release, "force": true}),
    )
    .await;
    assert_eq!(
        back.said(),
        "422 Repository rule violations found\n\nCannot force-push to this branch\n\n"
    );
    let gone = call(&hub, &carol, "DELETE", &path, Value::Null).await;
    assert_eq!(
        gone.said(),
        "422 Repository rule violations found\n\nCannot delete this branch\n\n"
    );
    let squash = json!({"merge_method": "squash"});
    assert_eq!(
        merge(&hub, &carol, number, squash).await,
        "200 Pull Request successfully merged"
    );
}
