//! Lists: page sizes, the `Link` header, cursors, lists that lag, and answers that did not change.

use super::{R, get, query, send, start, token, with_pull};
use github_stand_in::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn links_lead_through_all_pages_and_back() {
    let (hub, number) = with_pull().await;
    for at in 0..5 {
        hub.repo("acme/gitops")
            .by("carol")
            .comments(number, &format!("c{at}"));
    }
    let carol = token(&hub, "carol");
    let path = format!("{R}/issues/{number}/comments?per_page=2");
    let first = get(&hub, &carol, &path).await;
    assert_eq!(first.link("prev"), None);
    assert!(first.link("last").unwrap().ends_with("per_page=2&page=3"));
    let mut seen = Vec::new();
    let mut next = Some(path);
    while let Some(path) = next {
        let reply = get(&hub, &carol, &path).await;
        seen.extend(
            reply
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["body"].clone()),
        );
        next = reply.link("next");
    }
    assert_eq!(json!(seen), json!(["c0", "c1", "c2", "c3", "c4"]));
    let last = get(&hub, &carol, &first.link("last").unwrap()).await;
    assert!(last.link("first").is_some() && last.link("next").is_none());
}

#[tokio::test]
async fn a_page_holds_thirty_unless_asked_and_a_hundred_at_most() {
    let (hub, number) = with_pull().await;
    for at in 0..120 {
        hub.repo("acme/gitops")
            .by("carol")
            .comments(number, &format!("c{at}"));
    }
    let carol = token(&hub, "carol");
    for (asked, size) in [
        ("", 30),
        ("?per_page=100", 100),
        ("?per_page=500", 100),
        ("?per_page=100&page=2", 20),
        ("?page=9", 0),
    ] {
        let reply = get(
            &hub,
            &carol,
            &format!("{R}/issues/{number}/comments{asked}"),
        )
        .await;
        assert_eq!(reply.json().as_array().map(Vec::len), Some(size), "{asked}");
    }
}

#[tokio::test]
async fn the_switch_forces_small_pages_in_rest_and_graphql() {
    let (hub, number) = with_pull().await;
    for at in 0..5 {
        hub.repo("acme/gitops")
            .by("carol")
            .comments(number, &format!("c{at}"));
    }
    hub.switch(|switches| switches.page = Some(2));
    let carol = token(&hub, "carol");
    let reply = get(
        &hub,
        &carol,
        &format!("{R}/issues/{number}/comments?per_page=100"),
    )
    .await;
    assert_eq!(reply.json().as_array().map(Vec::len), Some(2));
    assert!(reply.link("next").unwrap().contains("per_page=100&page=2"));
    let text = "query($n: Int!, $after: String) { repository(owner: \"acme\", name: \"gitops\") { pullRequest(number: $n) {
        comments(first: 100, after: $after) { totalCount nodes { body } pageInfo { hasNextPage endCursor } } } } }";
    let (mut seen, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let body = query(&hub, &carol, text, json!({"n": number, "after": after})).await;
        let page = &body["data"]["repository"]["pullRequest"]["comments"];
        assert_eq!(page["totalCount"], 5);
        seen.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["body"].clone()),
        );
        pages += 1;
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(
        (pages, json!(seen)),
        (3, json!(["c0", "c1", "c2", "c3", "c4"]))
    );
}

#[tokio::test]
async fn the_activity_log_is_paged_by_a_cursor() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    for at in 0..4 {
        repo.by("carol")
            .pushes("change", &[("app.yaml", &format!("v: 1{at}\n"))], "again");
    }
    let carol = token(&hub, "carol");
    let first = get(
        &hub,
        &carol,
        &format!("{R}/activity?ref=refs/heads/change&per_page=2"),
    )
    .await;
    let next = first.link("next").unwrap();
    assert!(next.contains("after=") && first.link("last").is_none());
    let kinds: Vec<Value> = first
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["activity_type"].clone())
        .collect();
    assert_eq!(json!(kinds), json!(["push", "push"]), "newest first");
    let mut all = 2;
    let mut next = Some(next);
    while let Some(path) = next {
        let reply = get(&hub, &carol, &path).await;
        all += reply.json().as_array().unwrap().len();
        next = reply.link("next");
    }
    assert_eq!(all, 5, "four pushes and the creation");
    hub.switch(|switches| switches.activity = false);
    assert_eq!(
        get(&hub, &carol, &format!("{R}/activity")).await.status,
        404
    );
}

#[tokio::test]
async fn lists_may_lag_while_a_direct_look_does_not() {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    repo.files("main", &[("a", "1")]);
    repo.role("carol", Role::Write);
    repo.by("carol").pushes("change", &[("a", "2")], "x");
    hub.switch(|switches| switches.listed_after = 2);
    let number = repo.by("carol").opens("change", "main", "t");
    let carol = token(&hub, "carol");
    assert_eq!(
        get(&hub, &carol, &format!("{R}/pulls/{number}"))
            .await
            .status,
        200
    );
    let count = |reply: super::Reply| reply.json().as_array().unwrap().len();
    assert_eq!(count(get(&hub, &carol, &format!("{R}/pulls")).await), 0);
    let text = "{ repository(owner: \"acme\", name: \"gitops\") { ref(qualifiedName: \"refs/heads/change\") { associatedPullRequests(first: 5) { totalCount } } } }";
    let body = query(&hub, &carol, text, Value::Null).await;
    assert_eq!(
        body["data"]["repository"]["ref"]["associatedPullRequests"]["totalCount"],
        0
    );
    assert_eq!(count(get(&hub, &carol, &format!("{R}/pulls")).await), 1);
}

#[tokio::test]
async fn an_answer_that_did_not_change_is_304_and_free() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    let path = format!("{R}/pulls/{number}");
    let first = get(&hub, &carol, &path).await;
    let tag = first.header("etag").to_owned();
    let used = |reply: &super::Reply| reply.header("x-ratelimit-used").parse::<u64>().unwrap();
    let again = send(
        &hub,
        &carol,
        "GET",
        &path,
        Value::Null,
        &[("if-none-match", &tag)],
    )
    .await
    .unwrap();
    assert_eq!(
        (again.status, again.bytes.len(), used(&again)),
        (304, 0, used(&first))
    );
    hub.repo("acme/gitops").by("dave").comments(number, "news");
    let after = send(
        &hub,
        &carol,
        "GET",
        &path,
        Value::Null,
        &[("if-none-match", &tag)],
    )
    .await
    .unwrap();
    assert_eq!(after.status, 200);
}
