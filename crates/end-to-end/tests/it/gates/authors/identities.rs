//! Who is behind a commit: authors, committers, pushers and mergers, and what cannot be known about them.

use super::{approved_by, dev_with, leaves_out, prod_has, proposed, pushes, shop, why};
use end_to_end::site::Site;
use serde_json::{Value, json};

const RENOVATE: u64 = 2740;
const MAY_PUSH: &str = "contents:write, pull-requests:write";

/// dev's next version.
fn raised(site: &Site) -> String {
    dev_with(site, "version: 1.0.0", "version: 1.1.0")
}

const RAISED: &str = "version: 1.1.0";

/// Renovate opens a pull request that raises dev, from a branch of its own; gives its number.
fn renovates(site: &Site) -> u64 {
    let repo = site.repo();
    let bot = repo.app(RENOVATE, "renovate", MAY_PUSH);
    bot.pushes("renovate/web", &[("dev.yaml", &raised(site))], "Update web");
    bot.opens("renovate/web", "main", "Update web")
}

/// A commit on main by this author and committer, pushed by this person.
fn commits(site: &Site, login: &str, author: (&str, &str), committer: (&str, &str)) -> String {
    let repo = site.repo();
    let by = repo.by(login);
    let tip = by.does("GET", "/git/ref/heads/main", Value::Null)["object"]["sha"].clone();
    let old = by.does(
        "GET",
        &format!("/git/commits/{}", tip.as_str().unwrap()),
        Value::Null,
    );
    let file =
        json!({"path": "dev.yaml", "mode": "100644", "type": "blob", "content": raised(site)});
    let tree = by.does(
        "POST",
        "/git/trees",
        json!({"base_tree": old["tree"]["sha"], "tree": [file]}),
    );
    let person =
        |who: (&str, &str)| json!({"name": who.0, "email": who.1, "date": "2026-11-20T10:00:00Z"});
    let made = by.does(
        "POST",
        "/git/commits",
        json!({"message": "Raise web", "tree": tree["sha"], "parents": [tip], "author": person(author), "committer": person(committer)}),
    );
    by.does("PATCH", "/git/refs/heads/main", json!({"sha": made["sha"]}));
    made["sha"].as_str().unwrap().to_owned()
}

/// GitHub's own committer is not an account here, and what it commits is not signed, as on an Enterprise Server.
fn enterprise(site: &Site) {
    site.repo().with(|world, id| {
        for user in world.users.values_mut() {
            if user.email == "noreply@github.com" {
                user.email.clear();
            }
        }
        world.repo_mut(id).verified.clear();
    });
}

#[tokio::test]
async fn a_bot_is_nobody_and_who_merged_its_pull_request_is_left_out() {
    // The merge commit itself is written by the person who merges.
    for (method, did) in [("squash", "merged the change of"), ("merge", "changed")] {
        let site = shop().await;
        let number = renovates(&site);
        let commit = site.repo().by("dave").merges(number, method);
        let reason = format!(
            "dave {did} spec.helm.version of web-dev in dev ({})",
            &commit[..7]
        );
        leaves_out(&site, "dave", &reason, RAISED).await;
        site.requests_hold();
    }
}

#[tokio::test]
async fn a_bot_that_pushed_by_itself_keeps_nobody_out() {
    let site = shop().await;
    let repo = site.repo();
    repo.app(RENOVATE, "renovate", MAY_PUSH).pushes(
        "main",
        &[("dev.yaml", &raised(&site))],
        "Update web",
    );
    let number = proposed(&site).await;
    let run = approved_by(&site, number, "alice").await;
    assert!(prod_has(&site, RAISED), "{}", run.text);
}

#[tokio::test]
async fn a_commit_whose_pusher_is_not_known_keeps_the_gate_shut() {
    for bot in [true, false] {
        let site = shop().await;
        let repo = site.repo();
        let commit = match bot {
            true => repo.app(RENOVATE, "renovate", MAY_PUSH).pushes(
                "main",
                &[("dev.yaml", &raised(&site))],
                "Update web",
            ),
            false => pushes(&site, "alice", "version: 1.0.0", RAISED),
        };
        repo.forget_activity(0);
        let number = proposed(&site).await;
        let run = approved_by(&site, number, "carol").await;
        assert!(!prod_has(&site, RAISED), "{}", run.text);
        let why = why(&run).replace(&commit[..7], "COMMIT");
        insta::allow_duplicates! {
                insta::assert_snapshot!(why, @"release: cannot identify who pushed or merged COMMIT: it is not the merge commit of a pull request, and the log of pushes to main does not list it; make the change again in a pull request that is squashed or merged, and this gate excludes change authors");
        }
    }
}

#[tokio::test]
async fn a_server_without_a_log_of_pushes_is_content_with_merged_pull_requests() {
    let site = shop().await;
    let repo = site.repo();
    repo.with(|world, _| world.switches.activity = false);
    pushes(&site, "alice", "version: 1.0.0", RAISED);
    let number = proposed(&site).await;
    let run = approved_by(&site, number, "carol").await;
    assert!(!prod_has(&site, RAISED), "{}", run.text);
    assert!(why(&run).contains("who pushed or merged"), "{}", why(&run));

    let site = shop().await;
    site.repo().with(|world, _| world.switches.activity = false);
    let number = renovates(&site);
    site.repo().by("dave").merges(number, "squash");
    leaves_out(&site, "dave", "dave merged the change of", RAISED).await;
}

#[tokio::test]
async fn whoever_is_named_as_a_co_author_is_an_author() {
    let site = shop().await;
    let repo = site.repo();
    repo.by("alice")
        .pushes("raise", &[("dev.yaml", &raised(&site))], "Raise web");
    let number = repo.by("alice").opens("raise", "main", "Raise web");
    repo.by("alice").does(
        "PUT",
        &format!("/pulls/{number}/merge"),
        json!({"merge_method": "squash", "commit_message": "Co-authored-by: erin <erin@example.com>"}),
    );
    leaves_out(
        &site,
        "erin",
        "erin changed spec.helm.version of web-dev in dev",
        RAISED,
    )
    .await;
}

#[tokio::test]
async fn who_wrote_what_was_squashed_is_left_out() {
    let site = shop().await;
    let repo = site.repo();
    repo.by("erin")
        .pushes("raise", &[("dev.yaml", &raised(&site))], "Raise web");
    repo.by("mallory")
        .pushes("raise", &[("notes.md", "more")], "Say so");
    let number = repo.by("alice").opens("raise", "main", "Raise web");
    repo.by("dave").merges(number, "squash");
    let number = proposed(&site).await;
    for login in ["alice", "dave", "erin", "mallory"] {
        approved_by(&site, number, login).await;
    }
    let run = site.run().await;
    assert!(!prod_has(&site, RAISED), "{}", run.text);
    let run = approved_by(&site, number, "carol").await;
    assert!(prod_has(&site, RAISED), "{}", run.text);
}

#[tokio::test]
async fn a05_a_forged_author_line_does_not_hide_who_pushed() {
    for login in ["alice", "mallory"] {
        let site = shop().await;
        let alice = ("alice", "alice@example.com");
        commits(&site, "mallory", alice, alice);
        leaves_out(&site, login, &format!("{login} "), RAISED).await;
    }
}

#[tokio::test]
async fn an_address_of_nobody_keeps_the_gate_shut() {
    let site = shop().await;
    let frank = ("Frank", "frank@nowhere.example");
    let commit = commits(&site, "mallory", frank, frank);
    let number = proposed(&site).await;
    let run = approved_by(&site, number, "carol").await;
    assert!(!prod_has(&site, RAISED), "{}", run.text);
    insta::assert_snapshot!(why(&run).replace(&commit[..7], "COMMIT"), @"release: cannot identify Frank <frank@nowhere.example>, an author of COMMIT: the email is not linked to a GitHub account; add it to its owner's account, or make the change again with another one, and this gate excludes change authors");
}

#[tokio::test]
async fn githubs_own_committer_is_passed_over_only_for_a_pull_request_that_ended_in_the_commit() {
    let site = shop().await;
    let number = renovates(&site);
    site.repo().by("dave").merges(number, "squash");
    enterprise(&site);
    leaves_out(&site, "dave", "dave merged the change of", RAISED).await;

    // Anyone who pushes can write that committer.
    let site = shop().await;
    enterprise(&site);
    let web = ("GitHub", "noreply@github.com");
    let commit = commits(&site, "mallory", ("alice", "alice@example.com"), web);
    let number = proposed(&site).await;
    let run = approved_by(&site, number, "carol").await;
    assert!(!prod_has(&site, RAISED), "{}", run.text);
    insta::assert_snapshot!(why(&run).replace(&commit[..7], "COMMIT"), @"release: cannot identify GitHub <noreply@github.com>, an author of COMMIT: the email is not linked to a GitHub account; add it to its owner's account, or make the change again with another one, and this gate excludes change authors");
}
