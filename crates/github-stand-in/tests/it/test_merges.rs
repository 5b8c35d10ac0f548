//! The test merge of a pull request, and what it says about conflicts.

use super::merging::merge;
use super::{R, get, token, with_pull};
use github_stand_in::GitHub;
use serde_json::{Value, json};

/// What REST shows of the merge of a pull request: `mergeable`, `mergeable_state`, and the parents of the commit that it names.
async fn test_merge(hub: &GitHub, number: u64) -> (Value, String, Vec<String>) {
    let carol = token(hub, "carol");
    let pull = get(hub, &carol, &format!("{R}/pulls/{number}"))
        .await
        .json();
    let parents = match pull["merge_commit_sha"].as_str() {
        Some(commit) => hub.repo("acme/gitops").parents(commit),
        None => Vec::new(),
    };
    let state = pull["mergeable_state"].as_str().unwrap().to_owned();
    (pull["mergeable"].clone(), state, parents)
}

#[tokio::test]
async fn a_test_merge_is_a_real_merge_that_comes_late_and_stays_while_only_the_base_moves() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let (first, head) = (repo.tip("main").unwrap(), repo.head(number));
    let made = (
        json!(true),
        "clean".to_owned(),
        vec![first.clone(), head.clone()],
    );
    assert_eq!(test_merge(&hub, number).await, made);
    hub.switch(|switches| switches.mergeable_after = 2);
    repo.files("main", &[("other.yaml", "a: 1\nb: 2\nc: 5\n")]);
    for _ in 0..2 {
        let (mergeable, state, parents) = test_merge(&hub, number).await;
        assert_eq!((mergeable, state.as_str()), (Value::Null, "unknown"));
        assert_eq!(
            parents,
            [first.clone(), head.clone()],
            "the old one is still shown"
        );
    }
    assert_eq!(
        test_merge(&hub, number).await,
        made,
        "and after it was worked out too"
    );
    hub.switch(|switches| switches.mergeable_after = 0);
    hub.advance(11 * 3600);
    assert_eq!(test_merge(&hub, number).await, made, "for hours");
    hub.advance(3600);
    let tip = repo.tip("main").unwrap();
    let fresh = (json!(true), "clean".to_owned(), vec![tip, head.clone()]);
    assert_eq!(
        test_merge(&hub, number).await,
        fresh,
        "until the first look after twelve"
    );
    let path = format!("{R}/commits/refs/pull/{number}/merge");
    let merged = get(&hub, &token(&hub, "carol"), &path).await.json();
    let merged = merged["sha"].as_str().unwrap();
    assert_eq!(repo.file(merged, "app.yaml").unwrap(), "v: 2\n");
    assert_eq!(
        repo.file(merged, "other.yaml").unwrap(),
        "a: 1\nb: 2\nc: 5\n"
    );
}

#[tokio::test]
async fn a_push_to_the_head_and_a_base_that_was_pushed_back_make_a_new_test_merge() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let old = repo.tip("main").unwrap();
    repo.files("main", &[("other.yaml", "a: 1\nb: 2\nc: 5\n")]);
    let second = repo.tip("main").unwrap();
    repo.by("dave")
        .pushes("change", &[("app.yaml", "v: 3\n")], "more");
    let (_, _, parents) = test_merge(&hub, number).await;
    assert_eq!(
        parents,
        [second.clone(), repo.head(number)],
        "at the push, on the tip then"
    );
    let later = repo
        .by("carol")
        .pushes("later", &[("app.yaml", "v: 4\n")], "later");
    let number = repo.by("carol").opens("later", "main", "Later");
    let (_, _, parents) = test_merge(&hub, number).await;
    assert_eq!(parents, [second, later.clone()]);
    repo.by("carol").force_pushes("main", &old);
    let (_, _, parents) = test_merge(&hub, number).await;
    assert_eq!(
        parents,
        [old, later],
        "they have another commit in common now"
    );
}

#[tokio::test]
async fn whether_it_conflicts_is_right_while_the_test_merge_is_old() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let (first, head) = (repo.tip("main").unwrap(), repo.head(number));
    test_merge(&hub, number).await;
    repo.files("main", &[("app.yaml", "v: 9\n")]);
    let conflict = (json!(false), "dirty".to_owned(), vec![first, head]);
    assert_eq!(test_merge(&hub, number).await, conflict);
    let carol = token(&hub, "carol");
    assert_eq!(
        merge(&hub, &carol, number, json!({})).await,
        "405 Pull Request has merge conflicts"
    );
    repo.files("main", &[("app.yaml", "v: 1\n")]);
    assert_eq!(test_merge(&hub, number).await.0, true);
}

#[tokio::test]
async fn nothing_is_known_of_mergeability_in_the_answer_that_opens() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").pushes("second", &[("x", "y")], "x");
    let body = json!({"title": "t", "head": "second", "base": "main"});
    let opened = repo.by("carol").does("POST", "/pulls", body);
    assert_eq!(
        [&opened["mergeable"], &opened["merge_commit_sha"]],
        [&Value::Null, &Value::Null]
    );
    assert_eq!(opened["mergeable_state"], "unknown");
    let number = opened["number"].as_u64().unwrap();
    assert_eq!(
        repo.pull(number)["merge_commit_sha"],
        Value::Null,
        "nor in lists"
    );
    let read = repo
        .by("carol")
        .does("GET", &format!("/pulls/{number}"), Value::Null);
    assert_eq!(read["mergeable"], true);
}
