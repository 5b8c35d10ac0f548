//! Opening, listing and changing pull requests; forks.

use super::{R, call, get, token, with_pull};
use github_stand_in::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn opening_is_refused_in_githubs_words() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let main = repo.tip("main").unwrap();
    repo.by("carol").branches_off("same", &main);
    let carol = token(&hub, "carol");
    let cases = [
        (
            json!({"title": "t", "head": "change", "base": "main"}),
            "422 A pull request already exists for acme:change.",
        ),
        (
            json!({"title": "t", "head": "acme:change", "base": "main"}),
            "422 A pull request already exists for acme:change.",
        ),
        (
            json!({"title": "t", "head": "same", "base": "main"}),
            "422 No commits between main and same",
        ),
        (
            json!({"title": "t", "head": "missing", "base": "main"}),
            "422 head invalid",
        ),
        (
            json!({"title": "t", "head": "change", "base": "missing"}),
            "422 base invalid",
        ),
        (
            json!({"head": "change", "base": "main"}),
            "422 title missing_field",
        ),
    ];
    for (body, text) in cases {
        assert_eq!(
            call(&hub, &carol, "POST", &format!("{R}/pulls"), body)
                .await
                .said(),
            text
        );
    }
}

#[tokio::test]
async fn lists_are_cut_by_head_base_and_state() {
    let (hub, first) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").pushes("second", &[("x", "1")], "x");
    let second = repo.by("carol").opens("second", "main", "t");
    repo.by("carol").closes(first);
    let carol = token(&hub, "carol");
    for (query, wanted) in [
        ("", vec![second]),
        ("?state=closed", vec![first]),
        ("?state=all", vec![second, first]),
        ("?state=all&direction=asc", vec![first, second]),
        ("?state=all&head=acme:change", vec![first]),
        ("?state=all&head=other:change", vec![]),
        ("?state=all&base=nowhere", vec![]),
    ] {
        let body = get(&hub, &carol, &format!("{R}/pulls{query}")).await.json();
        let numbers: Vec<u64> = body
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["number"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, wanted, "{query}");
    }
}

#[tokio::test]
async fn a_fork_may_bring_the_same_branch_name_and_stays_told_apart() {
    let (hub, number) = with_pull().await;
    hub.repo("acme/gitops").fork("mallory");
    let fork = hub.repo("mallory/gitops");
    let sha = fork
        .by("mallory")
        .pushes("change", &[("evil.yaml", "x: 1\n")], "evil");
    let mallory = token(&hub, "mallory");
    let body = json!({"title": "Bump v", "head": "mallory:change", "base": "main"});
    let opened = call(&hub, &mallory, "POST", &format!("{R}/pulls"), body)
        .await
        .json();
    assert_eq!(opened["head"]["repo"]["full_name"], "mallory/gitops");
    assert_ne!(opened["head"]["repo"]["id"], opened["base"]["repo"]["id"]);
    let mine = get(&hub, &mallory, &format!("{R}/pulls?head=acme:change"))
        .await
        .json();
    assert_eq!(mine[0]["number"], number);
    assert_eq!(
        get(&hub, &mallory, &format!("{R}/git/commits/{sha}"))
            .await
            .status,
        200,
        "a fork's commit can be read through the parent"
    );
    let status = get(&hub, &mallory, &format!("{R}/compare/main...{sha}"))
        .await
        .json()["status"]
        .clone();
    assert_eq!(status, "ahead");
    let refused = call(
        &hub,
        &mallory,
        "POST",
        &format!("{R}/git/refs"),
        json!({"ref": "refs/heads/z", "sha": sha}),
    )
    .await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn closing_opening_again_and_deleting_the_head_branch() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.tip("change").unwrap();
    repo.by("carol").closes(number);
    repo.by("dave")
        .pushes("change", &[("app.yaml", "v: 5\n")], "while closed");
    assert_eq!(
        repo.pull(number)["head"]["sha"],
        head.as_str(),
        "a closed one does not follow its branch"
    );
    repo.by("carol").reopens(number);
    assert_ne!(repo.pull(number)["head"]["sha"], head.as_str());
    repo.by("dave").deletes("change");
    assert_eq!(repo.pull(number)["state"], "closed");
    let carol = token(&hub, "carol");
    let reopened = call(
        &hub,
        &carol,
        "PATCH",
        &format!("{R}/pulls/{number}"),
        json!({"state": "open"}),
    )
    .await;
    assert_eq!(
        reopened.said(),
        "422 state cannot be changed. The change branch was deleted."
    );
    let main = repo.tip("main").unwrap();
    repo.by("dave").branches_off("change", &main);
    let reopened = call(
        &hub,
        &carol,
        "PATCH",
        &format!("{R}/pulls/{number}"),
        json!({"state": "open"}),
    )
    .await;
    assert_eq!(
        reopened.said(),
        "422 state cannot be changed. The change branch was force-pushed or recreated."
    );
}

#[tokio::test]
async fn comments_can_be_edited_and_show_it() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let id = repo.by("dave").comments(number, "one");
    let carol = token(&hub, "carol");
    let path = format!("{R}/issues/comments/{id}");
    let edited = call(&hub, &carol, "PATCH", &path, json!({"body": "two"}))
        .await
        .json();
    assert_eq!(
        (edited["body"].as_str(), edited["user"]["login"].as_str()),
        (Some("two"), Some("dave"))
    );
    assert_ne!(edited["updated_at"], edited["created_at"]);
    repo.role("rita", Role::Read);
    assert_eq!(
        call(
            &hub,
            &token(&hub, "rita"),
            "PATCH",
            &path,
            json!({"body": "x"})
        )
        .await
        .status,
        403
    );
}

#[tokio::test]
async fn auto_merge_shows_and_only_a_push_without_write_disarms_it() {
    use github_stand_in::Rule;
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.rule(Rule {
        branch: "main".to_owned(),
        reviews: Some(1),
        ..Rule::default()
    });
    repo.by("carol").auto_merge(number, true);
    assert_eq!(repo.pull(number)["auto_merge"]["merge_method"], "squash");
    repo.by("dave")
        .pushes("change", &[("app.yaml", "v: 6\n")], "a writer's push");
    assert_eq!(
        repo.pull(number)["auto_merge"]["enabled_by"]["login"],
        "carol"
    );
    repo.by("carol").auto_merge(number, false);
    assert_eq!(repo.pull(number)["auto_merge"], Value::Null);
}

#[tokio::test]
async fn what_people_read_has_githubs_limits() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    let (title, body) = ("t".repeat(257), "é".repeat(65_537));
    let path = format!("{R}/pulls/{number}");
    let cases = [
        (
            "PATCH",
            path.clone(),
            json!({"title": title}),
            "title is too long (maximum is 256 characters)",
        ),
        (
            "PATCH",
            path.clone(),
            json!({"body": body}),
            "body is too long (maximum is 65536 characters)",
        ),
        (
            "POST",
            format!("{R}/issues/{number}/comments"),
            json!({"body": body}),
            "body is too long (maximum is 65536 characters)",
        ),
        (
            "POST",
            format!("{R}/issues/{number}/labels"),
            json!({"labels": ["l".repeat(51)]}),
            "name is too long (maximum is 50 characters)",
        ),
        (
            "POST",
            format!("{R}/labels"),
            json!({"name": "l", "description": "d".repeat(101)}),
            "description is too long (maximum is 100 characters)",
        ),
    ];
    for (method, path, body, text) in cases {
        let reply = call(&hub, &carol, method, &path, body).await;
        assert_eq!(reply.said(), format!("422 {text}"));
    }
    let color = json!({"name": "l", "color": "red"});
    let reply = call(&hub, &carol, "POST", &format!("{R}/labels"), color).await;
    assert_eq!(reply.said(), "422 color invalid");
    let fits = json!({"body": "é".repeat(65_536)});
    assert_eq!(call(&hub, &carol, "PATCH", &path, fits).await.status, 200);
}

#[tokio::test]
async fn a_base_branch_is_changed_only_where_that_leaves_something_to_merge() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.head(number);
    repo.by("carol").branches_off("has-it", &head);
    repo.by("carol")
        .branches_off("twin", &repo.tip("main").unwrap());
    repo.by("carol").opens("change", "twin", "The same again");
    let change = |base: &str| {
        let body = json!({"base": base});
        let tried = repo
            .by("carol")
            .tries("PATCH", &format!("/pulls/{number}"), body);
        tried.unwrap_err().text()
    };
    assert_eq!(
        change("has-it"),
        "There are no new commits between base branch 'has-it' and head branch 'change'"
    );
    assert_eq!(
        change("twin"),
        "A pull request already exists for base branch 'twin' and head branch 'change'"
    );
    repo.by("carol").closes(number);
    repo.by("carol")
        .branches_off("other", &repo.tip("main").unwrap());
    assert_eq!(
        change("other"),
        "Cannot change the base branch of a closed pull request."
    );
}

#[tokio::test]
async fn opening_again_takes_up_what_was_pushed_meanwhile_and_only_with_its_base() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.by("carol").closes(number);
    let new = repo
        .by("dave")
        .pushes("change", &[("app.yaml", "v: 5\n")], "while closed");
    repo.by("carol").reopens(number);
    let shown = get(
        &hub,
        &token(&hub, "carol"),
        &format!("{R}/commits/refs/pull/{number}/head"),
    )
    .await;
    assert_eq!(
        (repo.head(number), shown.json()["sha"].as_str()),
        (new.clone(), Some(new.as_str()))
    );
    let main = repo.tip("main").unwrap();
    repo.by("carol").branches_off("release", &main);
    repo.by("carol").retargets(number, "release");
    repo.by("dave").deletes("release");
    let words: Vec<String> = repo.events(number).iter().rev().take(2).cloned().collect();
    assert!(
        words[0].starts_with("closed dave") && words[1].starts_with("base_ref_deleted dave"),
        "{words:?}"
    );
    let tried = repo.by("carol").tries(
        "PATCH",
        &format!("/pulls/{number}"),
        json!({"state": "open"}),
    );
    assert_eq!(
        tried.unwrap_err().text(),
        "state cannot be changed. The release branch was deleted."
    );
}

#[tokio::test]
async fn pushing_a_deleted_head_branch_again_is_no_restoring() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.head(number);
    let words = || {
        let events = repo.events(number);
        let words = events
            .iter()
            .map(|one| one.split(' ').next().unwrap().to_owned());
        words.collect::<Vec<_>>()
    };
    repo.by("dave").deletes("change");
    repo.by("dave").branches_off("change", &head);
    assert_eq!(words(), ["closed", "head_ref_deleted"]);
    repo.by("dave").deletes("change");
    repo.by("dave").restores(number);
    assert_eq!(
        words(),
        [
            "closed",
            "head_ref_deleted",
            "head_ref_deleted",
            "head_ref_restored"
        ]
    );
    assert_eq!(
        (repo.tip("change"), repo.state(number)),
        (Some(head), "CLOSED")
    );
}

#[tokio::test]
async fn a_commit_is_associated_with_what_brought_it_or_may_yet_never_with_what_was_closed() {
    let (hub, first) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let head = repo.head(first);
    repo.by("carol").branches_off("again", &head);
    let second = repo.by("carol").opens("again", "main", "The same commit");
    let carol = token(&hub, "carol");
    let text = r#"query($oid: GitObjectID!) { repository(owner: "acme", name: "gitops") { object(oid: $oid) { ... on Commit { associatedPullRequests(first: 9) { nodes { number } } } } } }"#;
    let numbers = async || {
        let body = super::query(&hub, &carol, text, json!({"oid": head})).await;
        let nodes = body["data"]["repository"]["object"]["associatedPullRequests"]["nodes"].clone();
        let rest = get(&hub, &carol, &format!("{R}/commits/{head}/pulls"))
            .await
            .json();
        let plain = |rows: &Value| {
            rows.as_array()
                .unwrap()
                .iter()
                .map(|one| one["number"].as_u64().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(plain(&nodes), plain(&rest));
        plain(&nodes)
    };
    assert_eq!(numbers().await, [first, second]);
    repo.by("carol").closes(second);
    assert_eq!(numbers().await, [first]);
    repo.by("carol").merges(first, "merge");
    repo.by("carol").branches_off("third", &head);
    assert_eq!(numbers().await, [first]);
}
