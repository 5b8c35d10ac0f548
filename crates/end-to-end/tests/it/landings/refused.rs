//! What GitHub would refuse is not tried, what it refused is remembered on the head, and `success` is set only right before a landing.

use end_to_end::site::{Report, Site};
use end_to_end::upgrade::{FIXTURE, landed, opened};
use github_stand_in::{Bypass, Fault, Place, Reach, Rule, Seen, When};
use sluice::error::Exit;

const APP: u64 = 4242;

/// One promotion, opened and approved.
pub(crate) async fn approved() -> Site {
    let site = Site::of(FIXTURE).await;
    site.run().await;
    site.repo().by("carol").approves(1);
    site
}

fn requires(contexts: &[&str], ruleset: bool) -> Rule {
    Rule {
        branch: "main".to_owned(),
        ruleset,
        statuses: contexts
            .iter()
            .map(|name| ((*name).to_owned(), None))
            .collect(),
        ..Rule::default()
    }
}

/// All statuses `sluice` of the head, newest first.
pub(crate) fn own_statuses(repo: &Place<impl Reach>) -> Vec<String> {
    let mut all = repo.statuses(&repo.head(1));
    all.retain(|status| status.starts_with("sluice="));
    all
}

fn merges(site: &Site) -> usize {
    let lines = site.hub.lines();
    lines
        .iter()
        .filter(|line| line.contains("mergePullRequest"))
        .count()
}

pub(crate) fn line(run: &Report) -> String {
    run.lines().first().cloned().unwrap_or_default()
}

#[tokio::test]
async fn where_sluice_itself_is_required_it_lands() {
    for ruleset in [false, true] {
        let site = Site::of(FIXTURE).await;
        site.repo().rule(requires(&["sluice"], ruleset));
        site.run().await;
        let repo = site.repo();
        assert_eq!(
            own_statuses(&repo),
            ["sluice=pending"],
            "it is set when it opens"
        );
        repo.by("carol").approves(1);
        let run = site.run().await;
        assert!(landed(&site), "{}", run.text);
        site.requests_hold();
    }
}

#[tokio::test]
async fn where_it_is_not_required_no_status_is_set_when_it_opens() {
    let site = approved().await;
    let repo = site.repo();
    assert_eq!(own_statuses(&repo), Vec::<String>::new());
    let head = repo.head(1);
    site.run().await;
    assert!(landed(&site));
    assert_eq!(
        repo.statuses(&head),
        ["sluice=success"],
        "one right before it landed"
    );
}

#[tokio::test]
async fn a_required_check_is_waited_for_without_a_try_and_lands_once_it_is_green() {
    for ruleset in [false, true] {
        let site = approved().await;
        let repo = site.repo();
        repo.rule(requires(&["e2e"], ruleset));
        let head = repo.head(1);
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        assert!(
            line(&run).ends_with("the required check e2e was never reported"),
            "{}",
            run.text
        );
        repo.by("dave").reports(&head, "e2e", "failure");
        let run = site.run().await;
        assert!(
            line(&run).ends_with("the required check e2e failed"),
            "{}",
            run.text
        );
        assert_eq!(
            (merges(&site), own_statuses(&repo).len()),
            (0, 0),
            "{ruleset}: {:?}",
            site.hub.lines()
        );
        repo.by("dave").reports(&head, "e2e", "success");
        let run = site.run().await;
        assert!(landed(&site), "{ruleset}: {}", run.text);
        site.requests_hold();
    }
}

#[tokio::test]
async fn a_rule_that_the_app_may_bypass_does_not_keep_it_waiting() {
    let site = approved().await;
    site.repo().rule(Rule {
        bypass: vec![Bypass::App(APP)],
        reviews: Some(3),
        ..requires(&["e2e"], true)
    });
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

#[tokio::test]
async fn a_review_that_github_requires_is_waited_for() {
    let site = approved().await;
    let repo = site.repo();
    repo.rule(Rule {
        branch: "main".to_owned(),
        ruleset: true,
        reviews: Some(2),
        ..Rule::default()
    });
    let run = site.run().await;
    assert!(
        line(&run).ends_with("a review that the branch rules require is missing"),
        "{}",
        run.text
    );
    assert_eq!(merges(&site), 0);
    repo.by("dave").approves(1);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

#[tokio::test]
async fn a_refusal_is_said_in_githubs_words_and_tried_again_only_once_something_changed() {
    let site = approved().await;
    let repo = site.repo();
    let words = "You're not authorized to push to this branch.";
    site.hub.fault(
        When::graphql("mergePullRequest").always(),
        Fault::GraphQlError("UNPROCESSABLE".to_owned(), words.to_owned()),
    );
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(
        line(&run).ends_with(&format!("GitHub refused to merge it: {words}")),
        "{}",
        run.text
    );
    assert_eq!(own_statuses(&repo), ["sluice=pending", "sluice=success"]);
    site.hub.forget_calls();
    let run = site.run().await;
    assert!(
        line(&run).contains(&format!(
            "GitHub refused to merge it: {words} (tried again when"
        )),
        "{}",
        run.text
    );
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", run.text);
    // The tip moves all the time and decides nothing.
    repo.by("dave")
        .pushes("main", &[("README.md", "moved\n")], "Unrelated");
    site.run().await;
    assert_eq!(merges(&site), 0);
    site.hub.advance(24 * 3600);
    site.run().await;
    assert_eq!(merges(&site), 1, "a day later");
    site.hub.heal();
    site.hub.advance(24 * 3600);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

#[tokio::test]
async fn a_month_of_refusals_costs_few_statuses() {
    let site = approved().await;
    let repo = site.repo();
    let refused = Fault::GraphQlError(
        "UNPROCESSABLE".to_owned(),
        "Pull Request is not mergeable".to_owned(),
    );
    site.hub
        .fault(When::graphql("mergePullRequest").always(), refused);
    for run in 0..720u32 {
        // Something that GitHub looks at changes all the time.
        let draft = run % 3 == 0;
        repo.with(|world, id| {
            let pull = world.repo_mut(id).pulls.get_mut(&1);
            pull.unwrap().draft = draft;
        });
        site.run().await;
        site.hub.advance(3600);
    }
    let statuses = own_statuses(&repo).len();
    assert!((3..60).contains(&statuses), "{statuses}");
    assert!(merges(&site) <= 20, "{}", merges(&site));
    // From then on a person has to ask.
    site.hub.heal();
    let run = site.run().await;
    assert!(
        line(&run).contains("(20 times; only a person's `promote` tries again)"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn success_that_cannot_be_lowered_is_said_and_ends_with_its_own_exit() {
    let site = approved().await;
    let refused = Fault::GraphQlError(
        "UNPROCESSABLE".to_owned(),
        "Pull Request is not mergeable".to_owned(),
    );
    site.hub
        .fault(When::graphql("mergePullRequest").always(), refused);
    site.hub.fault(
        When::rest("POST", "/statuses/").nth(2),
        Fault::Status(422, "Validation Failed".to_owned()),
    );
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    let said = "GitHub refused to merge it: Pull Request is not mergeable; and the status `sluice` of #1 is still success, because it could \
                not be reset: GitHub refused to reset the status of a promotion from success: Validation Failed (422)";
    assert!(line(&run).ends_with(said), "{}", run.text);
    let run = site.run().await;
    assert_eq!(
        own_statuses(&site.repo())[0],
        "sluice=pending",
        "the next run lowers it: {}",
        run.text
    );
}

#[tokio::test]
async fn the_trouble_of_one_promotion_costs_no_other_its_turn() {
    for words in [
        "Base branch was modified. Review and try the merge again.",
        "Merge already in progress",
    ] {
        let site = super::moved_base::opened("version: 1\n").await;
        let repo = site.repo();
        repo.by("carol").approves(1);
        repo.by("carol").approves(2);
        let node = repo.pull(1)["node_id"].as_str().unwrap().to_owned();
        site.hub.fault(
            When::graphql("mergePullRequest").sending(&node).always(),
            Fault::GraphQlError("UNPROCESSABLE".to_owned(), words.to_owned()),
        );
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        let promoted = run
            .lines()
            .iter()
            .filter(|line| line.starts_with("landed "))
            .count();
        assert_eq!(promoted, 1, "{}", run.text);
        assert!(run.text.contains(words), "{}", run.text);
        let calls = site.hub.calls();
        let of_first = |call: &&Seen| String::from_utf8_lossy(&call.body).contains(&node);
        let tries = calls
            .iter()
            .filter(|call| call.line().contains("mergePullRequest"))
            .filter(of_first)
            .count();
        assert!((1..=4).contains(&tries), "{tries}");
    }
}

/// Nothing lies between the last look and the write that lands: what happens right before that look stops the landing, and after it comes
/// exactly one write.
#[tokio::test]
async fn a_hold_right_before_the_last_look_stops_every_kind_of_landing() {
    let policies = [
        "version: 1\n",
        "version: 1\nmerge: merge\n",
        "version: 1\nland: exact\n",
    ];
    for policy in policies {
        let life = |hold: bool| async move {
            let site = Site::of(FIXTURE).await;
            site.repo()
                .files("main", &[(".github/sluice.yaml", policy)]);
            site.repo().by("carol").creates_label("sluice/hold");
            site.run().await;
            site.repo().by("carol").approves(1);
            site.hub.forget_calls();
            if hold {
                // The status is written before the last look.
                site.hub.before(When::rest("POST", "/statuses/"), |world| {
                    world
                        .place("acme/gitops")
                        .by("dave")
                        .labels(1, "sluice/hold");
                });
            }
            let run = site.run().await;
            (site, run)
        };
        let (site, run) = life(false).await;
        assert!(landed(&site), "{policy}: {}", run.text);
        let calls = site.hub.calls();
        let lands = |call: &Seen| {
            call.line().contains("mergePullRequest")
                || (call.method == "PATCH" && call.path.contains("/git/refs/heads/main"))
        };
        let at = calls.iter().position(lands).unwrap();
        let before = &calls[at - 1];
        assert!(
            !before.write && before.path.ends_with("/graphql"),
            "{policy}: {:?}",
            site.hub.lines()
        );
        let (site, run) = life(true).await;
        assert!(!landed(&site), "{policy}: {}", run.text);
        assert_eq!(
            own_statuses(&site.repo())[0],
            "sluice=pending",
            "{policy}: success is taken back"
        );
        let calls = site.hub.calls();
        let landings = calls.iter().filter(|call| lands(call)).count();
        assert_eq!(landings, 0, "{policy}: {:?}", site.hub.lines());
    }
}

#[tokio::test]
async fn a_merge_that_another_run_was_faster_with_is_no_refusal() {
    let site = approved().await;
    let merge = When::graphql("mergePullRequest");
    site.hub.before(merge, |world| {
        world
            .place(end_to_end::site::REPO)
            .by("dave")
            .merges(1, "squash");
    });
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(
        !run.text.contains("GitHub refused to merge it"),
        "{}",
        run.text
    );
    assert!(!run.text.contains("branch rules"), "{}", run.text);
}

#[tokio::test]
async fn a_method_that_the_repository_forbids_is_said() {
    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.squash = false);
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(!landed(&site));
    assert!(run.text.to_lowercase().contains("squash"), "{}", run.text);
    assert_eq!(repo.pulls(true), [1]);
}

#[tokio::test]
async fn rules_that_do_not_come_with_the_branch_are_read_separately_once_in_a_run() {
    for shows in [true, false] {
        let site = approved().await;
        let repo = site.repo();
        site.hub.switch(|switches| switches.rules_of_refs = shows);
        repo.rule(requires(&["ci"], true));
        site.hub.forget_calls();
        let run = site.run().await;
        assert!(!landed(&site), "{shows}: {}", run.text);
        assert_eq!(merges(&site), 0, "{shows}: {}", run.text);
        let lines = site.hub.lines();
        let asked = lines
            .iter()
            .filter(|line| line.contains("/rules/branches/"));
        assert_eq!(asked.count(), usize::from(!shows), "{lines:?}");
        repo.by("carol").reports(&repo.head(1), "ci", "success");
        let run = site.run().await;
        assert!(landed(&site), "{shows}: {}", run.text);
    }
}
