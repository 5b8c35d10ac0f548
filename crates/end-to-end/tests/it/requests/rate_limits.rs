//! GitHub's rate limits in a promotion's life: what a run that met one still calls, how it ends, and what it leaves behind.
//!
//! The sweep counts the calls of a life that meets no limit (opening, approving, landing), and lives again for each of them with each
//! limit beginning at that call. Which calls are sent together is known from the life without a limit, whose answers come late: those may be
//! refused beside the first one, however late they arrive. So a busy machine changes nothing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use end_to_end::site::{Report, Site};
use end_to_end::sweep::{all_end_alike, run};
use github_stand_in::{Fault, Rule, Seen, When};
use sluice::error::Exit;

/// A second of the client, and of the stand-in's clock.
const SECOND: Duration = Duration::from_micros(200);
/// Long enough for calls that are sent together to be under way together.
const LATENCY: Duration = Duration::from_millis(20);

/// How a promotion lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// GitHub merges it.
    Merge,
    /// Sluice moves the base itself.
    Exact,
}

async fn site(life: Life) -> Site {
    let site = Site::of("k3s-upgrade-version").await;
    if life == Life::Exact {
        let policy = "version: 1\nland: exact\n";
        site.repo()
            .files("main", &[(".github/sluice.yaml", policy)]);
    }
    site.hub.run_clock(SECOND);
    site
}

/// A limit that begins at a call.
#[derive(Clone, Copy)]
struct Trouble<'c> {
    /// The index of the call.
    at: usize,
    fault: &'c Fault,
    /// The calls of a life without a limit.
    undisturbed: &'c [Seen],
}

/// The calls that were made although the first one had been refused: all that came after it, without those that are sent with it.
fn called_after<'c>(first: &Seen, calls: &'c [Seen], undisturbed: &[Seen]) -> Vec<&'c Seen> {
    let same = undisturbed
        .iter()
        .filter(|call| call.asks_for() == first.asks_for());
    let together = same.flat_map(|same| {
        let others = undisturbed.iter().filter(|call| call.index != same.index);
        others.filter(|call| !call.follows(same) && !same.follows(call))
    });
    let mut together: BTreeSet<String> = together.map(Seen::asks_for).collect();
    let later = calls.iter().filter(|call| call.follows(first));
    later
        .filter(|call| !together.remove(&call.asks_for()))
        .collect()
}

#[test]
fn only_what_is_sent_with_a_refused_call_may_come_after_it_and_once() {
    let begin = Instant::now();
    let at = |ms: u64| Some(begin + Duration::from_millis(ms));
    let call = |index: usize, path: &str, from: u64, to: u64| Seen {
        index,
        method: "GET".to_owned(),
        path: path.to_owned(),
        began: at(from),
        ended: at(to),
        ..Seen::default()
    };
    let undisturbed = [
        call(1, "/a", 0, 20),
        call(2, "/b", 1, 21),
        call(3, "/c", 21, 41),
    ];
    let calls = [
        call(1, "/a", 0, 1),
        call(2, "/b", 2, 3),
        call(3, "/b", 4, 5),
        call(4, "/a", 4, 5),
        call(5, "/c", 6, 7),
    ];
    let after = called_after(&calls[0], &calls, &undisturbed);
    let after: Vec<usize> = after.iter().map(|call| call.index).collect();
    assert_eq!(after, [3, 4, 5]);
}

/// Whether a call sets the status of a head to this state.
fn sets_status(call: &Seen, state: &str) -> bool {
    call.method == "POST" && call.path.contains("/statuses/") && call.json()["state"] == state
}

/// The newest status `sluice` of the head of an open pull request.
fn status(site: &Site) -> Option<String> {
    let repo = site.repo();
    let number = *repo.pulls(true).first()?;
    let statuses = repo.statuses(&repo.head(number));
    statuses
        .into_iter()
        .find(|status| status.starts_with("sluice="))
}

/// What a run that met a limit may have called since, and how it may have ended. `from`: how many calls there were before the run.
fn holds(site: &Site, trouble: Trouble<'_>, report: &Report, from: usize) {
    let fault = trouble.fault;
    let calls = site.hub.calls();
    let calls = &calls[from..];
    let text = format!("{}\n{}", report.text, report.notices.join("\n"));
    let success = status(site).as_deref() == Some("sluice=success");
    if success {
        assert_eq!(report.exit, Exit::Blocked, "{text}");
        assert!(text.contains("is still success"), "{text}");
    }
    let Some(first) = calls.iter().find(|call| call.limited) else {
        return;
    };
    let after = called_after(first, calls, trouble.undisturbed);
    let lines: Vec<String> = after.iter().map(|call| call.line()).collect();
    let refused = after.iter().filter(|call| call.limited).count();
    assert_eq!(refused, 0, "called during the limit: {lines:?}");
    let waits = matches!(
        fault,
        Fault::SecondaryLimit(_) | Fault::SecondaryLimitInGraphQl(_)
    );
    if waits {
        return;
    }
    match (fault, &after[..]) {
        (_, []) => {}
        (Fault::PrimaryLimit, [only]) if sets_status(only, "pending") => {}
        _ => panic!("called after the limit: {lines:?}"),
    }
    assert!(text.contains("rate limited until 2026-"), "{text}");
    let expected = match success {
        true => Exit::Blocked,
        false => Exit::Failed,
    };
    assert_eq!(report.exit, expected, "{text}");
}

/// The final state of everything.
#[derive(Debug, PartialEq, Eq)]
struct End {
    file: Option<String>,
    open: Vec<u64>,
    branches: Vec<String>,
}

/// One life, in which a limit begins at a call; the calls of its first two runs, and its end.
async fn live(life: Life, trouble: Option<Trouble<'_>>) -> (Vec<Seen>, End) {
    let site = site(life).await;
    let repo = site.repo();
    let before = repo.tip("main");
    match trouble {
        Some(trouble) => {
            site.hub.fault_at(trouble.at, trouble.fault.clone());
            // Its end is not waited for: the hour must not pass on its own on a slow machine.
            if matches!(trouble.fault, Fault::PrimaryLimit) {
                site.hub.run_clock(Duration::from_secs(1));
            }
        }
        None => site.hub.latency(LATENCY),
    }
    let holds = |report: &Report, from: usize| match trouble {
        Some(trouble) => holds(&site, trouble, report, from),
        None => assert_eq!(site.hub.limited().len(), 0, "{}", report.text),
    };
    let opened = site.run().await;
    holds(&opened, 0);
    assert_eq!(repo.tip("main"), before, "landed unapproved");
    let approve = || {
        let open = repo.pulls(true);
        assert!(open.len() < 2, "two open pull requests: {open:?}");
        let waits = open.first().filter(|open| repo.reviews(**open).is_empty());
        waits
            .map(|number| repo.by("carol").approves(*number))
            .is_some()
    };
    let approved = approve();
    let from = site.hub.calls().len();
    let landed = site.run().await;
    holds(&landed, from);
    let calls = site.hub.calls();
    if !approved {
        assert_eq!(repo.tip("main"), before, "landed unapproved");
    }
    site.hub.heal();
    site.hub.latency(Duration::ZERO);
    site.hub.advance(3700);
    let mut last = site.run().await;
    if approve() {
        last = site.run().await;
    }
    assert_eq!(last.exit, Exit::Done, "{}", last.text);
    // A branch without a pull request is deleted after a day.
    site.hub.advance(25 * 3600);
    if !site.repo().branches("sluice/").is_empty() {
        site.run().await;
    }
    let end = End {
        file: repo.file("main", "upgrade.yaml"),
        open: repo.pulls(true),
        branches: repo.branches("sluice/"),
    };
    (calls, end)
}

/// Lives with each limit beginning at each of the calls that are meant.
fn sweep(life: Life, kinds: &[Fault], meant: impl Fn(&Seen, &Fault) -> bool) {
    let (calls, wanted) = run(live(life, None));
    assert_eq!(wanted.open, Vec::<u64>::new());
    let mut troubles: Vec<Trouble<'_>> = Vec::new();
    for call in &calls {
        let kinds = kinds.iter().filter(|kind| meant(call, kind));
        troubles.extend(kinds.map(|fault| Trouble {
            at: call.index,
            fault,
            undisturbed: &calls,
        }));
    }
    assert!(troubles.len() > kinds.len());
    all_end_alike(
        &troubles,
        &wanted,
        |Trouble { at, fault, .. }| format!("{at} {} {fault:?}", calls[at - 1].line()),
        |trouble| run(live(life, Some(*trouble))).1,
    );
}

#[test]
fn a_limit_may_begin_at_every_call_of_a_promotion() {
    let kinds = [
        Fault::PrimaryLimit,
        Fault::SecondaryLimit(30),
        Fault::SecondaryLimitInGraphQl(30),
        Fault::SecondaryLimitWithoutEnd(60),
    ];
    // In REST it is the limit before it.
    let differs = |call: &Seen, kind: &Fault| {
        call.operation.is_some() || !matches!(kind, Fault::SecondaryLimitInGraphQl(_))
    };
    sweep(Life::Merge, &kinds, differs);
}

#[test]
fn a_limit_may_begin_at_every_write_of_an_exact_landing() {
    let kinds = [
        Fault::PrimaryLimit,
        Fault::SecondaryLimit(30),
        Fault::SecondaryLimitWithoutEnd(60),
    ];
    sweep(Life::Exact, &kinds, |call, _| call.write);
}

/// A site whose one promotion is approved, with nothing called since.
async fn approved(life: Life) -> Site {
    let site = site(life).await;
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1]);
    repo.by("carol").approves(1);
    site.hub.forget_calls();
    site
}

/// The calls after the one that met the limit first.
fn after_limit(site: &Site) -> Vec<String> {
    let calls = site.hub.calls();
    let first = calls.iter().find(|call| call.limited).unwrap();
    calls
        .iter()
        .filter(|call| call.index > first.index)
        .map(Seen::line)
        .collect()
}

#[tokio::test]
async fn after_the_limit_of_graphql_the_status_goes_back_by_rest() {
    let site = approved(Life::Merge).await;
    let repo = site.repo();
    repo.rule(Rule {
        branch: "main".to_owned(),
        queue: true,
        ..Rule::default()
    });
    // Nothing is waited for here, so the stand-in's hours need not be short: on a slow machine another one would begin during the run.
    site.hub.run_clock(Duration::from_secs(1));
    site.hub.set_clock("2026-03-02T12:00:00Z");
    site.hub
        .fault(When::graphql("enqueuePullRequest"), Fault::PrimaryLimit);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(
        run.text.starts_with("rate limited until 2026-03-02T13:")
            && run.text.contains("(the hourly limit of the GraphQL API)"),
        "{}",
        run.text
    );
    assert_eq!(status(&site).as_deref(), Some("sluice=pending"));
    assert_eq!(
        after_limit(&site),
        [format!("POST /repos/acme/gitops/statuses/{}", repo.head(1))]
    );
}

#[tokio::test]
async fn after_a_secondary_limit_at_the_merge_the_status_stays_and_the_run_is_blocked() {
    for fault in [
        Fault::SecondaryLimitWithoutEnd(60),
        Fault::SecondaryLimit(75),
    ] {
        let site = approved(Life::Merge).await;
        site.hub
            .fault(When::graphql("mergePullRequest"), fault.clone());
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Blocked, "{fault:?}: {}", run.text);
        assert!(
            run.text.starts_with("rate limited until 2026-"),
            "{}",
            run.text
        );
        assert!(run.text.contains("is still success"), "{}", run.text);
        assert_eq!(after_limit(&site), Vec::<String>::new(), "{fault:?}");
        assert_eq!(status(&site).as_deref(), Some("sluice=success"));
        // The next run finds it as it is, and lands it.
        site.hub.advance(3700);
        let next = site.run().await;
        assert_eq!(next.exit, Exit::Done, "{}", next.text);
        assert_eq!(site.repo().pulls(true), Vec::<u64>::new());
    }
}

#[tokio::test]
async fn a_secondary_limit_of_a_minute_is_waited_for_once_and_a_second_one_is_not() {
    let site = approved(Life::Merge).await;
    let merge = When::graphql("mergePullRequest");
    site.hub.fault(merge, Fault::SecondaryLimit(60));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(site.repo().pulls(true), Vec::<u64>::new());
    let merges = site.hub.calls();
    let merges = merges
        .iter()
        .filter(|call| call.line().contains("mergePullRequest"))
        .count();
    assert_eq!((merges, site.hub.limited().len()), (2, 1));

    let site = approved(Life::Merge).await;
    let merge = When::graphql("mergePullRequest").times(2);
    site.hub.fault(merge, Fault::SecondaryLimit(60));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    assert_eq!(site.hub.limited().len(), 2);
}

#[tokio::test]
async fn a_write_that_a_limit_refused_is_sent_again_only_after_a_look() {
    let site = approved(Life::Merge).await;
    site.hub
        .fault(When::graphql("mergePullRequest"), Fault::SecondaryLimit(30));
    site.run().await;
    let lines = after_limit(&site);
    let again = lines
        .iter()
        .position(|line| line.contains("mergePullRequest"));
    assert!(again.is_some_and(|at| at > 0), "no look: {lines:?}");
}

#[tokio::test]
async fn a_last_look_that_waited_for_a_limit_begins_again() {
    let clean = approved(Life::Merge).await;
    clean.run().await;
    let calls = clean.hub.calls();
    let success = calls.iter().find(|call| sets_status(call, "success"));
    let last_look = success.unwrap().index + 1;

    let site = approved(Life::Merge).await;
    site.hub.fault_at(last_look, Fault::SecondaryLimit(30));
    // The look is answered at the second attempt. Then someone objects.
    site.hub.before(When::call(last_look + 2), |world| {
        world
            .place("acme/gitops")
            .by("dave")
            .labels(1, "sluice/hold");
    });
    let run = site.run().await;
    assert_eq!(site.hub.limited().len(), 1, "{}", run.text);
    assert_eq!(site.repo().pulls(true), [1], "{}", run.text);
}

#[tokio::test]
async fn what_could_not_be_read_for_a_limit_fails_the_run_in_words() {
    let site = Site::of("k3s-upgrade-version").await;
    site.hub
        .switch(|switches| switches.rate_limited_as_before = true);
    site.hub.fault(When::any(), Fault::PrimaryLimit);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed);
    assert!(
        run.text.starts_with(
            "rate limited until 2026-03-02T10:00:01Z (the hourly limit of the GraphQL API)\n"
        ),
        "{}",
        run.text
    );
    assert!(run.text.contains("an App has its own"), "{}", run.text);
    assert_eq!(site.hub.calls().len(), 1, "{:?}", site.hub.lines());
}

#[tokio::test]
async fn every_call_names_the_version_of_the_api() {
    let site = approved(Life::Merge).await;
    site.run().await;
    let calls = site.hub.calls();
    let version = |call: &Seen| call.header("x-github-api-version").map(str::to_owned);
    assert!(calls.len() > 3);
    for call in &calls {
        assert_eq!(
            version(call).as_deref(),
            Some("2022-11-28"),
            "{}",
            call.line()
        );
    }
}

#[tokio::test]
async fn a_commit_on_a_branch_that_is_not_known_yet_is_tried_three_times_more() {
    for (stale, opened) in [(3, true), (4, false)] {
        let site = Site::of("k3s-upgrade-version").await;
        let repo = site.repo();
        let policy = "version: 1\nverified: true\n";
        repo.files("main", &[(".github/sluice.yaml", policy)]);
        site.hub.switch(|switches| {
            switches.verify_git_data = false;
            switches.stale_branches = stale;
        });
        let run = site.run().await;
        assert_eq!(repo.pulls(true).len(), usize::from(opened), "{}", run.text);
        let tries = site.hub.lines();
        let tries = tries
            .iter()
            .filter(|line| line.contains("createCommitOnBranch"))
            .count();
        assert_eq!(tries, 4, "{:?}", site.hub.lines());
        assert_eq!(repo.branches("sluice/").len(), usize::from(opened));
        if !opened {
            assert_eq!(run.exit, Exit::Failed, "{}", run.text);
            assert!(
                run.text.contains("Expected branch to point to"),
                "{}",
                run.text
            );
        }
    }
}
