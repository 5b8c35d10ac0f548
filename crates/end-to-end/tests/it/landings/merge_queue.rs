//! The merge queue: who may use it, what it refuses, and what it removes again.

use super::refused::{approved, line, own_statuses};
use end_to_end::site::{PERMISSIONS, Report, Site};
use end_to_end::upgrade::{PROMOTE, landed, opened};
use github_stand_in::{Fault, Rule, When};
use sluice::error::Exit;

fn queue(contexts: &[&str]) -> Rule {
    let statuses = contexts.iter().map(|name| ((*name).to_owned(), None));
    Rule {
        branch: "main".to_owned(),
        ruleset: true,
        queue: true,
        statuses: statuses.collect(),
        ..Rule::default()
    }
}

async fn asks(site: &mut Site) -> Report {
    site.adds_workflow();
    site.asks("dave", &PROMOTE).await
}

#[tokio::test]
async fn a_workflow_token_is_said_to_need_an_app_and_puts_nothing_into_the_queue() {
    let mut site = Site::of("k3s-upgrade-version").await;
    site.token = site.repo().workflow_token(PERMISSIONS);
    site.run().await;
    site.repo().by("carol").approves(1);
    site.repo().rule(queue(&["e2e"]));
    site.hub.forget_calls();
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(
        line(&run),
        "needs-person infra/k3s-upgrade → prod #1: the base branch has a merge queue, and no checks start for what a workflow's own token adds to it"
    );
    assert_eq!(
        run.json["promotions"][0]["next"],
        "give Sluice an App's token: docs/install.md, hardened"
    );
    assert_eq!(site.repo().queue(), []);
    assert_eq!(own_statuses(&site.repo()), Vec::<String>::new());
}

/// An approved promotion that the queue accepted and, since its check never reported, removed.
async fn evicted() -> Site {
    let site = approved().await;
    let repo = site.repo();
    repo.rule(queue(&["e2e"]));
    repo.by("dave").reports(&repo.head(1), "e2e", "success");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.queue().len(), 1, "{}", run.text);
    assert_eq!(
        own_statuses(&repo)[0],
        "sluice=success",
        "it is kept while the queue holds it"
    );
    site.hub.advance(61 * 60);
    site
}

#[tokio::test]
async fn what_the_queue_took_out_is_said_and_waits_for_a_change() {
    let site = evicted().await;
    let repo = site.repo();
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let said = "GitHub refused to merge it: it was removed from the merge queue (checks_timed_out)";
    assert!(line(&run).ends_with(said), "{}", run.text);
    assert_eq!(repo.queue(), []);
    assert_eq!(own_statuses(&repo)[0], "sluice=pending");
    for _ in 0..3 {
        site.hub.advance(30 * 24 * 3600);
        site.hub.forget_calls();
        let run = site.run().await;
        assert!(line(&run).contains(said), "{}", run.text);
        assert_eq!(site.writes(), Vec::<String>::new());
    }
    // A required check reports again, and is green again.
    for state in ["failure", "success"] {
        repo.by("dave").reports(&repo.head(1), "e2e", state);
        site.run().await;
    }
    assert_eq!(
        repo.queue(),
        [],
        "nothing that GitHub looks at is another than it was"
    );
    repo.rule(queue(&["e2e", "unit"]));
    repo.by("dave").reports(&repo.head(1), "unit", "success");
    site.run().await;
    assert_eq!(repo.queue().len(), 1, "what is required changed");
}

#[tokio::test]
async fn a_person_who_asks_puts_it_into_the_queue_once_more() {
    let mut site = evicted().await;
    site.run().await;
    let run = asks(&mut site).await;
    assert_eq!(site.repo().queue().len(), 1, "{}", run.text);
    let (_, group) = site.repo().queue()[0].clone();
    site.repo().by("dave").reports(&group, "e2e", "success");
    site.repo().land_queue();
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    assert_eq!(run.notices, Vec::<String>::new());
}

#[tokio::test]
async fn what_the_queue_does_not_take_in_is_a_refused_merge() {
    let site = approved().await;
    site.repo().rule(queue(&[]));
    let words = "Pull request is not mergeable";
    let fault = Fault::GraphQlError("UNPROCESSABLE".to_owned(), words.to_owned());
    site.hub.fault(When::graphql("enqueuePullRequest"), fault);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(
        line(&run).ends_with(&format!("GitHub refused to merge it: {words}")),
        "{}",
        run.text
    );
    assert_eq!(own_statuses(&site.repo())[0], "sluice=pending");
}

/// A hold right before the last look keeps a promotion out of the queue; after that look comes exactly one write, which puts it in.
#[tokio::test]
async fn a_hold_right_before_the_last_look_keeps_it_out_of_the_queue() {
    for hold in [false, true] {
        let site = approved().await;
        site.repo().rule(queue(&[]));
        site.hub.forget_calls();
        if hold {
            // The status is written before the last look.
            site.hub.before(When::rest("POST", "/statuses/"), |world| {
                let repo = world.place("acme/gitops");
                repo.by("dave").labels(1, "sluice/hold");
            });
        }
        let run = site.run().await;
        let lines = site.hub.lines();
        let enqueues = |line: &&String| line.contains("enqueuePullRequest");
        let sent = lines.iter().filter(enqueues).count();
        assert_eq!(sent, usize::from(!hold), "{lines:#?} {}", run.text);
        assert_eq!(
            site.repo().queue().len(),
            usize::from(!hold),
            "{}",
            run.text
        );
        if !hold {
            let calls = site.hub.calls();
            let is_it = |call: &github_stand_in::Seen| {
                let operation = call.operation.as_ref();
                operation.is_some_and(|operation| operation.is("enqueuePullRequest"))
            };
            let at = calls.iter().position(is_it).unwrap();
            assert!(!calls[at - 1].write, "{lines:#?}");
        } else {
            assert_eq!(own_statuses(&site.repo())[0], "sluice=pending");
        }
    }
}

#[tokio::test]
async fn a_merge_queue_is_used_and_left_when_a_gate_shuts() {
    let site = opened().await;
    let repo = site.repo();
    repo.rule(Rule {
        branch: "main".to_owned(),
        queue: true,
        ..Rule::default()
    });
    let review = repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(run.text.contains("merge queue"), "{}", run.text);
    assert_eq!(repo.queue().len(), 1);
    repo.by("dave").dismisses(1, review);
    site.run().await;
    assert_eq!(repo.queue(), []);
    assert!(!landed(&site));
    repo.by("carol").approves(1);
    site.run().await;
    assert_eq!(repo.queue().len(), 1);
    repo.land_queue();
    assert!(landed(&site));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let said = run.notices.join(" ");
    assert!(!said.contains("not by Sluice"), "{said}");
    assert_eq!(
        (repo.pulls(true), repo.branches("sluice/")),
        (Vec::new(), Vec::new())
    );
}
