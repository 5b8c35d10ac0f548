//! Whom GitHub takes someone for: authors of commits by their addresses, co-authors, Apps, GitHub itself.

use super::{R, get, query, token, with_pull};
use github_stand_in::Kind;
use serde_json::{Value, json};

const WHO: &str = r#"query($oid: GitObjectID!) { repository(owner: "acme", name: "gitops") { object(oid: $oid) { ... on Commit {
  author { name user { databaseId login } } committer { name user { login } } authors(first: 9) { totalCount nodes { email user { login } } } } } } }"#;

#[tokio::test]
async fn an_address_decides_who_a_commit_is_by_and_nobody_has_to_be_behind_it() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let carol = token(&hub, "carol");
    let dave = hub.account("dave", Kind::User);
    let hidden = format!("{dave}+davy@users.noreply.github.com");
    let cases = [
        (
            "carol@example.com",
            Some("carol"),
            "her address, whoever pushed",
        ),
        (
            hidden.as_str(),
            Some("dave"),
            "his number, whatever the name",
        ),
        ("nobody@nowhere.example", None, "no account at all"),
        (
            "41898282+github-actions[bot]@users.noreply.github.com",
            Some("github-actions[bot]"),
            "an App's",
        ),
    ];
    for (at, (email, login, why)) in cases.into_iter().enumerate() {
        let sha = repo.by("dave").pushes_as(
            ("Some One", email),
            "forged",
            &[("f", &at.to_string())],
            "forged",
        );
        let found =
            query(&hub, &carol, WHO, json!({"oid": sha})).await["data"]["repository"]["object"]
                .clone();
        assert_eq!(found["author"]["name"], "Some One");
        assert_eq!(found["author"]["user"]["login"].as_str(), login, "{why}");
        let rest = get(&hub, &carol, &format!("{R}/commits/{sha}"))
            .await
            .json();
        assert_eq!(rest["author"]["login"].as_str(), login, "{why}");
    }
}

#[tokio::test]
async fn co_authors_of_the_trailer_are_authors_too() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let message = "Change\n\nCo-authored-by: Not Here <carol@example.com>\n\nText\n\nCo-Authored-By: Dave <dave@example.com>\nco-authored-by: X <x@nowhere.example>";
    let sha = repo
        .by("carol")
        .pushes("change", &[("app.yaml", "v: 3\n")], message);
    let found = query(&hub, &token(&hub, "carol"), WHO, json!({"oid": sha})).await;
    assert_eq!(
        found["data"]["repository"]["object"]["authors"],
        json!({"totalCount": 3, "nodes": [
            {"email": "carol@example.com", "user": {"login": "carol"}}, {"email": "dave@example.com", "user": {"login": "dave"}},
            {"email": "x@nowhere.example", "user": null}]})
    );
}

#[tokio::test]
async fn github_itself_commits_as_web_flow() {
    let (hub, number) = with_pull().await;
    let sha = hub.repo("acme/gitops").by("carol").merges(number, "squash");
    let carol = token(&hub, "carol");
    let rest = get(&hub, &carol, &format!("{R}/commits/{sha}"))
        .await
        .json();
    assert_eq!(
        (
            rest["committer"]["login"].as_str(),
            rest["committer"]["id"].as_u64(),
            rest["author"]["login"].as_str()
        ),
        (Some("web-flow"), Some(19_864_447), Some("carol"))
    );
    let verification = &rest["commit"]["verification"];
    hub.advance(60);
    let later = get(&hub, &carol, &format!("{R}/commits/{sha}"))
        .await
        .json();
    assert_eq!(
        &later["commit"]["verification"], verification,
        "it was verified once"
    );
}

#[tokio::test]
async fn the_viewer_of_an_apps_token_is_its_account_as_rest_names_it() {
    let (hub, _) = with_pull().await;
    let workflow = hub.repo("acme/gitops").workflow_token("contents:read");
    let body = query(
        &hub,
        &workflow,
        "{ viewer { __typename login databaseId } }",
        Value::Null,
    )
    .await;
    assert_eq!(
        body["data"]["viewer"],
        json!({"__typename": "User", "login": "github-actions[bot]", "databaseId": 41_898_282})
    );
}

#[tokio::test]
async fn ids_that_have_outgrown_32_bits_are_whole_in_rest_and_in_full_database_id_only() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let (review, comment) = (
        repo.by("dave").approves(number),
        repo.by("dave").comments(number, "hi"),
    );
    assert!(review > u64::from(u32::MAX) && comment > u64::from(u32::MAX));
    let text = r#"query { repository(owner: "acme", name: "gitops") { databaseId pullRequest(number: 1) { reviews(first: 1) { nodes { fullDatabaseId } }
        comments(first: 1) { nodes { databaseId fullDatabaseId } } } } }"#;
    let body = query(&hub, &token(&hub, "carol"), text, Value::Null).await;
    let found = &body["data"]["repository"];
    assert_eq!(
        found["pullRequest"]["reviews"]["nodes"][0]["fullDatabaseId"],
        review.to_string()
    );
    assert_eq!(
        found["pullRequest"]["comments"]["nodes"][0],
        json!({"databaseId": null, "fullDatabaseId": comment.to_string()})
    );
    assert!(
        found["databaseId"].as_u64().unwrap() < 1 << 31,
        "accounts and repositories have not"
    );
}
