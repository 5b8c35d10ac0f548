//! Attacks around a run: who started it, what GitHub shows as merged, other bases, other accounts, a run that is stopped.

use end_to_end::site::{REPO, Site, WORKFLOW};
use end_to_end::upgrade::{FIXTURE, PROMOTE, branch, landed, opened};
use github_stand_in::{Fault, Kind, Role, Rule, When};
use serde_json::json;
use sluice::error::Exit;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn a19_no_input_skips_a_gate_or_chooses_another_base() {
    let mut site = opened().await;
    let repo = site.repo();
    site.adds_workflow();
    let first = site.run().await;
    let plan = first.json["promotions"][0]["plan"]
        .as_str()
        .unwrap()
        .to_owned();
    site.is_dispatched_by("carol");
    for (name, value) in [
        ("INPUT_FORCE", "true"),
        ("INPUT_BASE", "other"),
        ("INPUT_POLICY", "anything.yaml"),
        ("INPUT_SKIP-GATES", "true"),
        ("GITHUB_REF", "refs/heads/other"),
        ("GITHUB_SHA", "0000000000000000000000000000000000000000"),
    ] {
        site.environment.insert(name.to_owned(), value.to_owned());
    }
    // The gate does not list `dispatch`, so that naming the plan approves nothing.
    let asked = [
        "promote",
        "--pipeline=k3s-upgrade",
        "--to=prod",
        "--approve",
        "--plan",
        &plan,
        "--take=source",
    ];
    let run = site.call(&asked).await;
    assert!(!landed(&site), "{}", run.text);
    repo.by("dave").approves(repo.pulls(true)[0]);
    let run = site.call(&["reconcile", "--freeze", "audit"]).await;
    assert!(!landed(&site) && run.text.contains("audit"), "{}", run.text);
}

#[tokio::test]
async fn a20_the_environment_names_nobody_and_who_runs_again_is_who_asks() {
    let mut site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let files = [
        (
            ".github/sluice.yaml",
            "version: 1\nstages: { prod: { trigger: manual } }\n",
        ),
        WORKFLOW,
    ];
    repo.files("main", &files);
    for name in ["GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"] {
        site.environment.insert(name.to_owned(), "carol".to_owned());
    }
    // A bot's dispatch, and one from another branch, ask for nothing.
    let bot = repo
        .workflow("actions:write")
        .dispatches("sluice.yml", "main", json!({}));
    repo.by("carol").pushes("side", &[("a.txt", "a\n")], "Side");
    let side = repo.by("carol").dispatches("sluice.yml", "side", json!({}));
    let pushed = repo.by("carol").triggers("sluice.yml", "push", "main");
    for run in [bot, side, pushed] {
        site.environment
            .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
        let refused = site.call(&PROMOTE).await;
        assert_eq!(refused.exit, Exit::Blocked, "{}", refused.text);
        assert_eq!(repo.pulls(false), Vec::<u64>::new());
    }
    let run = repo.by("carol").dispatches("sluice.yml", "main", json!({}));
    repo.by("dave").reruns(run);
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
    let asked = site.call(&PROMOTE).await;
    assert!(asked.lines()[0].starts_with("opened"), "{}", asked.text);
    site.environment.remove("GITHUB_RUN_ID");
    repo.by("dave").approves(1);
    let waits = site.run().await;
    assert!(
        waits.text.contains("dave requested this promotion"),
        "{}",
        waits.text
    );
    assert!(!landed(&site));
}

#[tokio::test]
async fn a25_merged_as_github_shows_it_is_no_landing() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let tip = repo.tip("main").unwrap();
    repo.by("dave").force_pushes(&branch(&site), &tip);
    assert_eq!(repo.state(1), "MERGED");
    let run = site.run().await;
    assert!(!landed(&site));
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    let waits = site.run().await;
    assert!(!landed(&site), "{}", waits.text);
    repo.by("carol").approves(2);
    site.run().await;
    assert!(landed(&site));
}

#[tokio::test]
async fn a25_a_merge_without_content_in_this_very_run_is_not_reported_as_landed() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let branch = branch(&site);
    site.hub
        .before(When::graphql("mergePullRequest"), move |world| {
            let place = world.place(REPO);
            let tip = place.tip("main").unwrap();
            place.by("dave").force_pushes(&branch, &tip);
        });
    let run = site.run().await;
    assert!(
        !run.lines().iter().any(|line| line.starts_with("landed ")),
        "{}",
        run.text
    );
    site.run().await;
    assert!(!landed(&site));
}

#[tokio::test]
async fn a26_another_base_voids_the_approval_and_nothing_is_merged_there() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let tip = repo.tip("main").unwrap();
    repo.by("dave").branches_off("other", &tip);
    repo.by("dave").retargets(1, "other");
    let run = site.run().await;
    assert_eq!(
        (repo.tip("main"), repo.tip("other")),
        (Some(tip.clone()), Some(tip)),
        "{}",
        run.text
    );
    // Not even if someone approves it there: its head is fine, and GitHub would merge it.
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert_eq!(repo.tip("other"), repo.tip("main"), "{}", run.text);
    assert_ne!(repo.state(1), "MERGED", "{}", run.text);
    // Back again: what was said before counts for nothing.
    repo.by("dave").retargets(1, "main");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert_ne!(repo.state(1), "MERGED");
}

#[tokio::test]
async fn a29_an_edited_description_is_written_again_and_decides_nothing() {
    let site = opened().await;
    let repo = site.repo();
    let (body, title) = (repo.body(1), repo.pull(1)["title"].clone());
    repo.by("dave")
        .edits_body(1, "All gates pass. <!-- sluice: approved --> replaces #999");
    repo.by("dave").edits_title(1, "Approved");
    repo.by("dave").comments(
        1,
        "<!-- sluice: blocked --> <!-- sluice: closed --> approved by carol",
    );
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    // "replaces #999" is believed, and points to nothing: it only names a number.
    assert_eq!(
        repo.body(1).replace(" replaces #999 ·", ""),
        body,
        "{}",
        repo.body(1)
    );
    assert_eq!(repo.pull(1)["title"], title);
    // Nor does someone else's comment keep the real one away.
    repo.by("dave")
        .pushes(&branch(&site), &[("evil.yaml", "a: 1\n")], "More");
    site.run().await;
    assert_eq!(repo.comments(1).len(), 2);
    assert_eq!(repo.comments(1)[1].0, "sluice-app[bot]");
}

#[tokio::test]
async fn a30_auto_merge_is_disarmed_and_said() {
    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.auto_merge = true);
    repo.rule(Rule {
        branch: "main".to_owned(),
        reviews: Some(1),
        ..Rule::default()
    });
    repo.by("dave").auto_merge(1, true);
    let run = site.run().await;
    assert!(
        run.notices
            .iter()
            .any(|notice| notice.contains("auto-merge of #1")),
        "{:?}",
        run.notices
    );
    assert!(repo.pull(1)["auto_merge"].is_null());
}

#[tokio::test]
async fn a30_auto_merge_of_a_branch_that_somebody_pushed_to_is_disarmed_too() {
    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.auto_merge = true);
    repo.rule(Rule {
        branch: "main".to_owned(),
        reviews: Some(1),
        ..Rule::default()
    });
    repo.by("dave")
        .pushes(&branch(&site), &[("evil.yaml", "a: 1\n")], "More");
    for exit in [Exit::Blocked, Exit::Done] {
        repo.by("dave").auto_merge(1, true);
        let run = site.run().await;
        assert_eq!(run.exit, exit, "{}", run.text);
        assert!(repo.pull(1)["auto_merge"].is_null());
    }
}

#[tokio::test]
async fn a31_no_bot_approves() {
    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.actions_may_create_pulls = true);
    repo.app(
        77,
        "other-app",
        "contents:write, pull-requests:write, issues:write",
    )
    .approves(1);
    repo.workflow("contents:write, pull-requests:write")
        .approves(1);
    repo.app(
        77,
        "other-app",
        "contents:write, pull-requests:write, issues:write",
    )
    .labels(1, "approve/prod/approval-gate");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert!(run.text.contains("is not a person"), "{}", run.text);
}

#[tokio::test]
async fn a32_a_person_under_another_login_is_not_the_one_that_the_policy_names() {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let policy = "version: 1\ngates: { approval-gate: { approve: [{ by: \"@carol\" }] } }\n";
    repo.files("main", &[(".github/sluice.yaml", policy)]);
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    repo.by("carol").approves(1);
    site.hub.rename("carol", "caroline");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    // Someone who takes the free login and does not have write access does not count yet.
    site.hub.account("carol", Kind::User);
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
}

#[tokio::test]
async fn a33_a_run_that_is_stopped_writes_nothing_more() {
    let site = Site::of(FIXTURE).await;
    site.run().await;
    let writes = site.hub.writes();
    for nth in 1..=writes {
        let site = Site::of(FIXTURE).await;
        let stop = Arc::clone(&site.stop);
        site.hub.before(When::write().nth(nth), move |_| {
            stop.store(true, Ordering::SeqCst);
        });
        let run = site.run().await;
        assert_eq!(site.hub.writes(), nth, "{}", run.text);
        assert!(
            nth == writes || run.exit == Exit::Failed,
            "{nth}: {:?} {}",
            run.exit,
            run.text
        );
        // The next run ends where an undisturbed one would.
        site.stop.store(false, Ordering::SeqCst);
        site.run().await;
        assert_eq!(site.repo().pulls(true), [1]);
    }
}

#[tokio::test]
async fn a33_a_stopped_run_does_not_land() {
    let site = opened().await;
    site.repo().by("carol").approves(1);
    let stop = Arc::clone(&site.stop);
    site.hub.before(When::rest("POST", "/statuses/"), move |_| {
        stop.store(true, Ordering::SeqCst);
    });
    let run = site.run().await;
    // Its status says success, and nothing more may be written: that is reported.
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    assert!(run.text.contains("is still success"), "{}", run.text);
    assert!(!landed(&site));
    site.stop.store(false, Ordering::SeqCst);
    site.repo().by("carol").labels(1, "sluice/hold");
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.statuses(&repo.head(1))[0], "sluice=pending");
}

#[tokio::test]
async fn a36_a_rule_that_refuses_a_write_is_said_in_githubs_words_and_nothing_is_retried() {
    let said = "Repository rule violations found\n\nCannot create ref due to creations being restricted. ::error::@acme/all";
    for (part, opens) in [("/git/refs", false), ("mergePullRequest", true)] {
        let site = Site::of(FIXTURE).await;
        let repo = site.repo();
        if opens {
            site.run().await;
            repo.by("carol").approves(1);
        }
        site.hub.forget_calls();
        // A rule that restricts creations refuses the branch in both ways.
        let fault = Fault::Status(422, said.to_owned());
        site.hub
            .fault(When::rest("POST", "/git/refs").always(), fault);
        for mutation in ["updateRefs", "mergePullRequest"] {
            let fault = Fault::GraphQlError("UNPROCESSABLE".to_owned(), said.to_owned());
            site.hub.fault(When::graphql(mutation).always(), fault);
        }
        let run = site.run().await;
        assert!(
            run.text.contains("Repository rule violations found"),
            "{}",
            run.text
        );
        let tries = site
            .hub
            .lines()
            .iter()
            .filter(|line| line.contains(part))
            .count();
        assert_eq!(tries, 1, "{:?}", site.hub.lines());
        assert!(!landed(&site));
        site.hub.heal();
        // A merge that was refused is tried again after a day, unless something changes before.
        site.hub.advance(24 * 3600);
        site.run().await;
        assert_eq!(repo.pulls(true).len(), usize::from(!opens));
    }
}

/// A status that says `success` is what a required check lets a person merge by: it must not outlive a refused landing.
#[tokio::test]
async fn a_refused_landing_leaves_no_success_behind() {
    let site = opened().await;
    let repo = site.repo();
    let review = repo.by("carol").approves(1);
    repo.refuse_merges(&["Required status check \"build\" is expected."]);
    site.run().await;
    repo.by("dave").dismisses(1, review);
    repo.role("erin", Role::Write);
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    let statuses = repo.statuses(&repo.head(1));
    assert_eq!(statuses[0], "sluice=pending", "{statuses:?}");
}
