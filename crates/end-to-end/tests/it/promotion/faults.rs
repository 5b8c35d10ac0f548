//! Every call of a promotion's life fails once, in every way; and a run is killed before every call (A37).
//!
//! The life: a run that opens the promotion, an approval, a run that lands it. Afterwards one undisturbed run, with the
//! approval if it could not be given yet. Always: nothing lands before the approval, never two open pull requests,
//! never two landings, and in the end everything is as after an undisturbed life. A time-out is played by a connection
//! that closes after the call was applied: the client cannot tell the two apart, and no one waits a minute.

use end_to_end::site::Site;
use end_to_end::sweep::{all_end_alike, run};
use github_stand_in::{Fault, Seen};
use serde_json::Value;

/// How a promotion is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// By a pull request that GitHub merges.
    Merge,
    /// By a pull request that Sluice lands itself.
    Exact,
    /// Straight onto the base, without a gate.
    Commit,
}

/// What goes wrong.
#[derive(Clone, Debug)]
enum Trouble {
    Fault(usize, Fault),
    Kill(usize),
}

/// What is compared at the end.
#[derive(Debug, PartialEq, Eq)]
struct End {
    tree: String,
    commits: usize,
    open: Vec<u64>,
    branches: Vec<String>,
}

async fn site(life: Life) -> Site {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let policy = |text: &str| {
        repo.files("main", &[(".github/sluice.yaml", text)]);
    };
    match life {
        Life::Merge => {}
        Life::Exact => policy("version: 1\nland: exact\n"),
        Life::Commit => {
            policy("version: 1\nstages: { prod: { delivery: commit, trigger: auto } }\n");
            let file = repo.file("main", "upgrade.yaml").unwrap();
            let ungated = file.split("      gates:").next().unwrap().to_owned();
            repo.files("main", &[("upgrade.yaml", &ungated)]);
        }
    }
    site
}

/// How many commits the base's first-parent history has.
fn commits(site: &Site) -> usize {
    let repo = site.repo();
    let mut at = repo.tip("main");
    std::iter::from_fn(|| {
        let commit = at.take()?;
        at = repo.parents(&commit).first().cloned();
        Some(())
    })
    .count()
}

fn end(site: &Site) -> End {
    let repo = site.repo();
    let tip = repo.tip("main").unwrap();
    let path = format!("/git/commits/{tip}");
    let commit = repo.by("carol").does("GET", &path, Value::Null);
    End {
        tree: commit["tree"]["sha"].as_str().unwrap().to_owned(),
        commits: commits(site),
        open: repo.pulls(true),
        branches: repo.branches("sluice/"),
    }
}

/// Approves what is open and not approved yet; whether there was anything.
fn approve(site: &Site) -> bool {
    let repo = site.repo();
    let open = repo.pulls(true);
    assert!(open.len() < 2, "two open pull requests: {open:?}");
    let waits = open
        .first()
        .filter(|number| repo.reviews(**number).is_empty());
    if let Some(number) = waits {
        repo.by("carol").approves(*number);
    }
    waits.is_some()
}

/// One life with its trouble; the calls that it made before the undisturbed run, and the final state of everything.
async fn live(life: Life, trouble: Option<&Trouble>) -> (Vec<Seen>, End) {
    let site = site(life).await;
    let before = site.repo().tip("main");
    match trouble {
        None => {}
        Some(Trouble::Fault(index, fault)) => site.hub.fault_at(*index, fault.clone()),
        Some(Trouble::Kill(index)) => site.hub.kill_at(*index),
    }
    site.run().await;
    let gated = life != Life::Commit;
    let untouched = || {
        assert!(
            !gated || site.repo().tip("main") == before,
            "landed unapproved"
        );
    };
    untouched();
    let mut approved = gated && approve(&site);
    site.run().await;
    if !approved {
        untouched();
    }
    let calls = site.hub.calls();
    site.hub.heal();
    // A rate limit is over after an hour.
    site.hub.advance(3700);
    let mut last = site.run().await;
    if gated && !approved {
        untouched();
        approved = approve(&site);
        assert!(approved, "nothing was put up: {}", last.text);
        last = site.run().await;
    }
    assert_eq!(last.exit, sluice::error::Exit::Done, "{}", last.text);
    // A branch without a pull request is deleted after a day.
    site.hub.advance(25 * 3600);
    if !site.repo().branches("sluice/").is_empty() {
        site.run().await;
    }
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", quiet.text);
    (calls, end(&site))
}

/// Lives every trouble on two threads, and names those that end differently from an undisturbed life.
fn sweep(life: Life, troubles: impl Fn(&[Seen]) -> Vec<Trouble>) {
    let (calls, wanted) = run(live(life, None));
    assert_eq!(
        (wanted.open.len(), wanted.branches.len()),
        (0, 0),
        "{wanted:?}"
    );
    let troubles = troubles(&calls);
    all_end_alike(
        &troubles,
        &wanted,
        |trouble| format!("{trouble:?}"),
        |trouble| run(live(life, Some(trouble))).1,
    );
}

/// Faults at every call: every kind at a call that writes, a few at one that reads, other ones at each, as a read is simply
/// read again. Slow answers are not a fault here, and a body that never ends costs 32 MiB a call: it is tried alone (A39).
fn faults(calls: &[Seen]) -> Vec<Trouble> {
    let tried = |fault: &Fault| !matches!(fault, Fault::Slow(_) | Fault::EndlessBody);
    let kinds: Vec<Fault> = Fault::every().into_iter().filter(tried).collect();
    let mut troubles = Vec::new();
    for call in calls {
        let some = (0..READ_FAULTS).map(|step| (call.index * READ_FAULTS + step) % kinds.len());
        let of_call: Vec<usize> = match call.write {
            true => (0..kinds.len()).collect(),
            false => some.collect(),
        };
        let fault = |kind: usize| Trouble::Fault(call.index, kinds[kind].clone());
        troubles.extend(of_call.into_iter().map(fault));
    }
    troubles.extend(between_mutations(calls));
    troubles
}

/// Faults in the middle of every document of several mutations.
fn between_mutations(calls: &[Seen]) -> Vec<Trouble> {
    let several = |call: &&Seen| {
        let operation = call.operation.as_ref();
        operation.is_some_and(|operation| operation.mutation && operation.fields.len() > 1)
    };
    let documents: Vec<&Seen> = calls.iter().filter(several).collect();
    assert!(!documents.is_empty(), "a promotion is opened by a document");
    let kinds = Fault::between_mutations();
    let of_call = |call: &Seen| -> Vec<Trouble> {
        let fault = |kind: &Fault| Trouble::Fault(call.index, kind.clone());
        kinds.iter().map(fault).collect()
    };
    documents.into_iter().flat_map(of_call).collect()
}

/// This many kinds of faults are tried at a call that only reads.
const READ_FAULTS: usize = 3;

/// The other ways of landing read as the first does, so that only their writes fail, in the ways that differ for a write.
fn faults_of_writes(calls: &[Seen]) -> Vec<Trouble> {
    let kinds = [
        Fault::ServerError,
        Fault::BadGatewayAfterApply,
        Fault::CloseAfterApply,
        Fault::SecondaryLimit(1),
        Fault::NotFound,
        Fault::CutBody,
    ];
    let writes = calls.iter().filter(|call| call.write);
    writes
        .flat_map(|call| {
            let fault = |kind: &Fault| Trouble::Fault(call.index, kind.clone());
            kinds.iter().map(fault).collect::<Vec<_>>()
        })
        .collect()
}

/// Killed before a call that reads, a run leaves what it leaves if it is killed before the next write: one life is enough for both.
fn kill_points(calls: &[Seen]) -> Vec<usize> {
    let writes = calls.iter().filter(|call| call.write);
    let points = writes.chain(calls.last()).map(|call| call.index);
    points.collect()
}

fn kills(calls: &[Seen]) -> Vec<Trouble> {
    kill_points(calls).into_iter().map(Trouble::Kill).collect()
}

#[test]
fn every_call_of_a_promotion_may_fail_once_in_every_way() {
    sweep(Life::Merge, faults);
}

#[test]
fn every_write_of_an_exact_landing_may_fail_once() {
    sweep(Life::Exact, faults_of_writes);
}

#[test]
fn every_write_of_a_commit_onto_the_base_may_fail_once() {
    sweep(Life::Commit, faults_of_writes);
}

#[test]
fn a_run_may_be_killed_before_every_call() {
    for life in [Life::Merge, Life::Exact, Life::Commit] {
        sweep(life, kills);
    }
}

#[tokio::test]
async fn what_a_cut_off_run_left_undone_at_its_pull_request_the_next_one_does() {
    let whole = site(Life::Merge).await;
    whole.run().await;
    let labels = |site: &Site| -> Vec<String> {
        let repo = site.repo();
        repo.edit(|repo| repo.labels.iter().map(|label| label.name.clone()).collect())
    };
    let wanted = labels(&whole);
    assert_eq!(wanted.len(), 2);
    let calls = whole.hub.calls();
    for index in kill_points(&calls) {
        let site = site(Life::Merge).await;
        site.hub.kill_at(index);
        site.run().await;
        site.hub.heal();
        site.run().await;
        assert_eq!(labels(&site), wanted, "{}", calls[index - 1].line());
    }
}
