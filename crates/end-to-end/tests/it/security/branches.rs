//! Branches and pull requests under Sluice's names that this run did not make: none is adopted, and none stops anything.

use crate::landings::refused::line;
use end_to_end::site::{Report, Site};
use end_to_end::upgrade::{FIXTURE, landed};
use github_stand_in::{Place, Reach, Role, Rule, When};
use sluice::error::Exit;

/// What Sluice would open: its branch, its commit's message and the file of that commit, seen in a repository that is just like it.
async fn forged() -> (String, String, String) {
    let site = Site::of(FIXTURE).await;
    site.run().await;
    let repo = site.repo();
    let branch = repo.branches("sluice/")[0].clone();
    (
        branch.clone(),
        repo.message(&branch),
        repo.file(&branch, "upgrade.yaml").unwrap(),
    )
}

/// dave pushes the branch, tree and message of the next promotion.
async fn squatted(message: impl Fn(&str) -> String) -> (Site, String) {
    let (branch, record, file) = forged().await;
    let site = Site::of(FIXTURE).await;
    let files = [("upgrade.yaml", file.as_str())];
    let who = ("dave", "dave@example.com");
    site.repo()
        .by("dave")
        .pushes_as(who, &branch, &files, &message(&record));
    (site, branch)
}

fn heads_of(repo: &Place<impl Reach>, number: u64) -> (String, String) {
    let pull = repo.pull(number);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&pull["head"]["ref"]), text(&pull["head"]["sha"]))
}

#[tokio::test]
async fn a41_a_branch_that_somebody_else_pushed_is_not_adopted() {
    let forge = |record: &str| {
        let brings = r#"Sluice-Brings: "{\"forged\":true}""#;
        record.replace(
            "Sluice-Repository:",
            &format!("{brings}\nSluice-Repository:"),
        )
    };
    for message in [
        &(|record: &str| record.to_owned()) as &dyn Fn(&str) -> String,
        &forge,
    ] {
        let (site, branch) = squatted(message).await;
        let repo = site.repo();
        let squatted = repo.tip(&branch).unwrap();
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        let number = repo.pulls(true)[0];
        let (name, head) = heads_of(&repo, number);
        let suffix = name.strip_prefix(&format!("{branch}-")).unwrap();
        assert_eq!(suffix.len(), 6, "{name}");
        assert_ne!(head, squatted);
        assert!(
            !repo.message(&head).contains("forged"),
            "{}",
            repo.message(&head)
        );
        assert_eq!(repo.tip(&branch).unwrap(), squatted, "it is left as it is");
        // Who pushed the other branch had no hand in this one.
        repo.by("dave").approves(number);
        let run = site.run().await;
        assert!(landed(&site), "{}", run.text);
        let reached = repo.with(|world, id| {
            let store = &world.repo(id).store;
            let tip = world.repo(id).branch("main").unwrap();
            store.is_ancestor(squatted.parse().unwrap(), tip)
        });
        assert!(!reached, "the commit that dave made is not in main");
    }
}

#[tokio::test]
async fn a41_fifty_squatted_names_stop_nothing() {
    let (site, branch) = squatted(str::to_owned).await;
    let repo = site.repo();
    let tip = repo.tip(&branch).unwrap();
    for number in 2..52 {
        repo.by("dave")
            .branches_off(&format!("{branch}-{number}"), &tip);
    }
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.pulls(true).len(), 1, "{}", run.text);
}

#[tokio::test]
async fn a41_a_pull_request_that_somebody_opens_from_our_branch_a_moment_earlier_is_not_ours() {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    site.hub.before(When::rest("POST", "/pulls"), |world| {
        let repo = world.place("acme/gitops");
        let branch = repo.branches("sluice/")[0].clone();
        repo.by("dave").opens(&branch, "main", "Mine");
    });
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.pulls(true), [1, 2], "{}", run.text);
    assert_eq!(repo.pull(1)["user"]["login"], "dave");
    assert_eq!(repo.pull(2)["user"]["login"], "sluice-app[bot]");
    let named = run
        .notices
        .iter()
        .filter(|notice| notice.contains("opened by dave, not by Sluice"))
        .count();
    assert_eq!(named, 1, "{:?}", run.notices);
    // An approval there lets nothing land; one at the real one does.
    repo.by("carol").approves(1);
    site.run().await;
    assert!(!landed(&site));
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

#[tokio::test]
async fn a41_a_head_that_was_pushed_over_before_its_pull_request_opened_is_closed() {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    site.hub.before(When::rest("POST", "/pulls"), |world| {
        let repo = world.place("acme/gitops");
        let branch = repo.branches("sluice/")[0].clone();
        let (file, message) = (
            repo.file(&branch, "upgrade.yaml").unwrap(),
            repo.message(&branch),
        );
        let files = [("upgrade.yaml", file.as_str())];
        repo.by("dave")
            .rewrites(&branch, &files, &format!("{message}\n"));
    });
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.state(1), "CLOSED", "{}", run.text);
}

#[tokio::test]
async fn a41_foreign_pull_requests_are_named_five_at_most_and_a_hold_on_one_holds() {
    let (branch, record, _) = forged().await;
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    for number in 0..8 {
        let name = format!("{branch}-{number}");
        repo.by("dave")
            .pushes(&name, &[("x.txt", &number.to_string())], &record);
        repo.by("dave").opens(&name, "main", "Mine");
    }
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let named = run
        .notices
        .iter()
        .filter(|notice| notice.contains("not by Sluice"))
        .count();
    assert_eq!(named, 5, "{:?}", run.notices);
    assert!(
        run.notices
            .iter()
            .any(|notice| notice.ends_with("not named here: 3")),
        "{:?}",
        run.notices
    );
    let number = *repo.pulls(true).last().unwrap();
    repo.by("carol").approves(number);
    repo.by("tom").labels(1, "sluice/hold");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert!(line(&run).contains("#1"), "{}", run.text);
    repo.by("carol").unlabels(1, "sluice/hold");
    repo.by("carol").closes(1);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

/// A run that died after it made a branch.
async fn orphaned(mut site: Site, token: Option<String>) -> (Site, Report) {
    if let Some(token) = token {
        site.token = token;
    }
    let repo = site.repo();
    let index = {
        let clean = Site::of(FIXTURE).await;
        clean.run().await;
        let calls = clean.hub.calls();
        calls
            .iter()
            .find(|call| call.line().ends_with("/pulls"))
            .unwrap()
            .index
    };
    site.hub.kill_at(index);
    site.run().await;
    assert_eq!(
        (repo.pulls(true).len(), repo.branches("sluice/").len()),
        (0, 1)
    );
    site.hub.heal();
    let run = site.run().await;
    (site, run)
}

#[tokio::test]
async fn a_branch_that_a_lost_run_left_is_deleted_after_a_day() {
    let (site, run) = orphaned(Site::of(FIXTURE).await, None).await;
    let repo = site.repo();
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(
        (repo.pulls(true).len(), repo.branches("sluice/").len()),
        (1, 2),
        "it opens under another name"
    );
    site.hub.advance(23 * 3600);
    site.run().await;
    assert_eq!(
        repo.branches("sluice/").len(),
        2,
        "another run may still be under way"
    );
    site.hub.advance(2 * 3600);
    site.run().await;
    assert_eq!(repo.branches("sluice/").len(), 1);
    assert_eq!(repo.pulls(true).len(), 1);
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_branch_of_somebody_else_is_never_deleted() {
    let (site, branch) = squatted(str::to_owned).await;
    site.hub.advance(10 * 24 * 3600);
    for _ in 0..2 {
        site.run().await;
    }
    let tip = site.repo().tip(&branch);
    assert!(tip.is_some());
    // Nor one of ours that someone pushed to.
    let (site, _) = orphaned(Site::of(FIXTURE).await, None).await;
    let repo = site.repo();
    let pull = heads_of(&repo, 1).0;
    let orphan = repo
        .branches("sluice/")
        .into_iter()
        .find(|name| *name != pull)
        .unwrap();
    repo.by("dave")
        .pushes(&orphan, &[("more.txt", "x")], "More");
    site.hub.advance(10 * 24 * 3600);
    site.run().await;
    assert!(repo.tip(&orphan).is_some());
}

#[tokio::test]
async fn a_workflow_token_counts_such_branches_and_leaves_them() {
    let site = Site::of(FIXTURE).await;
    let token = site.repo().workflow_token(end_to_end::site::PERMISSIONS);
    let (site, _) = orphaned(site, Some(token)).await;
    site.hub.advance(25 * 3600);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(
        run.notices
            .iter()
            .any(|notice| notice.starts_with("1 old branch under sluice/ has no pull request")),
        "{:?}",
        run.notices
    );
    assert_eq!(site.repo().branches("sluice/").len(), 2);
}

/// A ruleset in which only the App may create, update and delete what lies under `sluice/` keeps all of this away.
#[tokio::test]
async fn a41_a_ruleset_on_the_branches_keeps_others_out() {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    repo.rule(Rule {
        branch: "sluice/*".to_owned(),
        ruleset: true,
        restrict: true,
        bypass: vec![github_stand_in::Bypass::App(4242)],
        ..Rule::default()
    });
    site.run().await;
    let branch = repo.branches("sluice/")[0].clone();
    let tip = repo.tip("main").unwrap();
    let body = serde_json::json!({ "sha": tip, "force": true });
    let refused = repo
        .by("dave")
        .tries("PATCH", &format!("/git/refs/heads/{branch}"), body);
    assert!(refused.is_err());
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

#[tokio::test]
async fn a41_a_foreign_pull_request_built_where_a_policy_once_stood_stops_nothing() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    repo.files("main", &[(".github/sluice.yaml", "version: 1\n")]);
    let with_policy = repo.tip("main").unwrap();
    repo.by("acme")
        .removes("main", &[".github/sluice.yaml"], "Policy away");
    repo.role("mallory", Role::Write);
    repo.by("mallory")
        .branches_off("sluice/shop/prod/x", &with_policy);
    repo.by("mallory")
        .pushes("sluice/shop/prod/x", &[("x", "1")], "Old");
    repo.by("mallory")
        .opens("sluice/shop/prod/x", "main", "Old");
    let run = site.run().await;
    assert!(
        run.lines().iter().any(|line| line.starts_with("opened")),
        "{}",
        run.text
    );
}
