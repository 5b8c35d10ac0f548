//! Which run counts, by tables and properties.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::actor::ActorKind;
use crate::model::ids::CommitId;
use crate::model::pipeline::GateKind;
use crate::yaml::Position;

const FILE: &str = "ci.yml";

fn head() -> CommitId {
    "ab".repeat(20).parse().unwrap()
}

fn time(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn actor(id: u64, login: &str) -> Actor {
    Actor {
        id: Some(id),
        login: login.to_owned(),
        kind: ActorKind::Bot,
    }
}

fn gate() -> Gate {
    Gate {
        name: "tests".into(),
        kind: GateKind::Job,
        at: Position { line: 1, column: 1 },
        job: None,
    }
}

fn title(attempt: u32) -> String {
    let digest = digest(&head(), &"tests".into(), FILE, attempt);
    format!("tests {} {digest}", head())
}

/// What is done to a run.
type Change = Box<dyn Fn(&mut JobRun)>;

/// A run that we started at minute 2 and that succeeded at minute 8.
fn run() -> JobRun {
    JobRun {
        id: 1,
        title: title(1),
        url: "https://github.com/acme/gitops/actions/runs/1".to_owned(),
        path: format!(".github/workflows/{FILE}"),
        event: "workflow_dispatch".to_owned(),
        branch: Some("main".to_owned()),
        commit: "cd".repeat(20).parse().unwrap(),
        on_base: Ok(true),
        here: true,
        actor: Some(actor(7, "sluice[bot]")),
        triggering: Some(actor(7, "sluice[bot]")),
        created: time(2),
        updated: time(8),
        ended: Ended::Well,
    }
}

fn intent(attempt: u32, minute: i64) -> Intent {
    Intent {
        attempt,
        at: time(minute),
        refused: None,
    }
}

fn jobs(intents: Vec<Intent>, runs: Vec<JobRun>) -> JobEvidence {
    JobEvidence {
        own: Ok(actor(7, "sluice[bot]")),
        intents: Ok(BTreeMap::from([("tests".to_owned(), intents)])),
        runs: BTreeMap::from([(FILE.to_owned(), Ok(runs))]),
    }
}

fn evidence() -> Evidence {
    Evidence {
        head: head(),
        arrived: Ok(time(0)),
        ..Evidence::sample()
    }
}

fn judge_at(jobs: &JobEvidence, minute: i64, retry: bool) -> Judged {
    let (gate, evidence) = (gate(), evidence());
    let asked = JobQuestion {
        gate: &gate,
        workflow: FILE,
        timeout: SignedDuration::from_mins(45),
        now: time(minute),
        base: "main",
        evidence: &evidence,
        retry,
    };
    asked.judge(jobs)
}

fn says(jobs: &JobEvidence, minute: i64) -> String {
    let judged = judge_at(jobs, minute, false).judgement;
    format!("{}: {}", judged.verdict, judged.reason)
}

#[test]
fn a_run_counts_by_the_rules() {
    let with = |change: &dyn Fn(&mut JobRun)| {
        let mut run = run();
        change(&mut run);
        says(&jobs(vec![intent(1, 1)], vec![run]), 10)
    };
    let ignored = |why: &str| {
        format!("pending: ci.yml is being started; a run with that name {why}, and does not count")
    };
    assert_eq!(with(&|_| {}), "pass: passed in 6 min");
    let table: Vec<(&str, Change, String)> = vec![
        (
            "A23 a person started it",
            Box::new(|run| run.actor = Some(actor(1, "carol"))),
            ignored("was started by carol"),
        ),
        (
            "A23 a person started it again",
            Box::new(|run| run.triggering = Some(actor(1, "carol"))),
            ignored("was started again by carol"),
        ),
        (
            "A23 an unknown account",
            Box::new(|run| run.actor = None),
            ignored("was started by an unknown account"),
        ),
        (
            "another event",
            Box::new(|run| run.event = "push".to_owned()),
            ignored("was started by push"),
        ),
        (
            "A24 another workflow",
            Box::new(|run| run.path = ".github/workflows/other.yml".to_owned()),
            ignored("belongs to another workflow, .github/workflows/other.yml"),
        ),
        (
            "A24 a fork",
            Box::new(|run| run.here = false),
            ignored("belongs to another workflow, .github/workflows/ci.yml"),
        ),
        (
            "A24 another branch",
            Box::new(|run| run.branch = Some("evil".to_owned())),
            ignored("ran on another branch"),
        ),
        (
            "before the head",
            Box::new(|run| run.created = time(-1)),
            ignored("is older than this state"),
        ),
        (
            "a commit elsewhere",
            Box::new(|run| run.on_base = Ok(false)),
            ignored("ran at a commit that is not on the base branch"),
        ),
        (
            "a commit that could not be looked up",
            Box::new(|run| run.on_base = Err("502".to_owned())),
            "error: 502".to_owned(),
        ),
        (
            "another title",
            Box::new(|run| run.title = title(2)),
            "pending: ci.yml is being started".to_owned(),
        ),
        (
            "under way",
            Box::new(|run| run.ended = Ended::NotYet),
            "pending: ci.yml is running".to_owned(),
        ),
        (
            "cancelled",
            Box::new(|run| run.ended = Ended::Badly("cancelled".to_owned())),
            "blocked: ci.yml ended with cancelled: *Run workflow → retry* starts it again"
                .to_owned(),
        ),
    ];
    for (name, change, expected) in table {
        assert_eq!(with(&change), expected, "{name}");
    }
}

#[test]
fn what_was_not_asked_for_is_started_and_what_was_is_not_started_twice() {
    let first = judge_at(&jobs(Vec::new(), Vec::new()), 1, false);
    assert_eq!(first.start.map(|start| start.attempt), Some(1));
    let asked = judge_at(&jobs(vec![intent(1, 1)], Vec::new()), 2, false);
    assert_eq!(asked.judgement.verdict, Verdict::Pending);
    assert_eq!(asked.start, None);
    let late = judge_at(&jobs(vec![intent(1, 1)], Vec::new()), 46, false);
    assert_eq!(late.judgement.verdict, Verdict::Blocked);
    assert_eq!(late.start, None);
    let again = judge_at(&jobs(vec![intent(1, 1)], Vec::new()), 46, true);
    assert_eq!(again.start.map(|start| start.attempt), Some(2));
}

#[test]
fn a_new_attempt_takes_the_place_of_the_one_before() {
    let old = JobRun {
        ended: Ended::Badly("failure".to_owned()),
        ..run()
    };
    let new = JobRun {
        id: 2,
        title: title(2),
        ..run()
    };
    let both = vec![intent(1, 1), intent(2, 20)];
    assert_eq!(
        says(&jobs(both.clone(), vec![old.clone()]), 21),
        "pending: ci.yml is being started"
    );
    assert_eq!(
        says(&jobs(both, vec![old, new]), 30),
        "pass: passed in 6 min"
    );
}

#[test]
fn a_run_is_waited_for_until_its_time_is_over_and_its_gate_leads_to_it() {
    let under_way = JobRun {
        ended: Ended::NotYet,
        ..run()
    };
    let at = |minute, runs: &[JobRun]| {
        let judged = judge_at(&jobs(vec![intent(1, 1)], runs.to_vec()), minute, false);
        (judged.judgement.verdict, judged.judgement.next, judged.link)
    };
    let link = || Some(run().url);
    let one = std::slice::from_ref(&under_way);
    assert_eq!(at(46, one), (Verdict::Pending, Some(time(47)), link()));
    assert_eq!(at(47, one), (Verdict::Blocked, None, link()));
    // What was asked for and never came has the same time, from when it was asked for.
    assert_eq!(at(45, &[]), (Verdict::Pending, Some(time(46)), None));
    assert_eq!(at(46, &[]), (Verdict::Blocked, None, None));
}

#[test]
fn a_run_counts_from_the_moment_on_at_which_its_head_arrived() {
    let at = |created: i64, updated: i64| {
        let run = JobRun {
            created: time(created),
            updated: time(updated),
            ..run()
        };
        says(&jobs(vec![intent(1, 0)], vec![run]), 10)
    };
    assert_eq!(at(0, 0), "pass: passed in less than a minute");
    assert_eq!(at(0, 1), "pass: passed in 1 min");
    assert!(
        at(-1, 8).contains("is older than this state"),
        "{}",
        at(-1, 8)
    );
}

#[test]
fn what_github_refused_to_start_is_said_and_waits_for_a_person() {
    let refused = Intent {
        refused: Some("there is no workflow".to_owned()),
        ..intent(1, 1)
    };
    let judged = judge_at(&jobs(vec![intent(1, 1), refused], Vec::new()), 2, false);
    assert_eq!(judged.judgement.verdict, Verdict::Blocked);
    assert!(judged.judgement.reason.starts_with("there is no workflow"));
}

#[test]
fn what_could_not_be_read_is_an_error() {
    let fine = || jobs(vec![intent(1, 1)], vec![run()]);
    let mut all = [fine(), fine(), fine(), fine()];
    all[0].own = Err("401".to_owned());
    all[1].intents = Err("500".to_owned());
    all[2].runs.insert(FILE.to_owned(), Err("502".to_owned()));
    all[3].runs.clear();
    for one in all {
        assert_eq!(judge_at(&one, 10, true).judgement.verdict, Verdict::Error);
    }
}

proptest! {
    /// Runs that someone else started never open the gate, however many there are and in whatever order.
    #[test]
    fn strange_runs_never_open_the_gate(
        strange in proptest::collection::vec((0..6u8, 1..9u64), 0..6), minute in 2..60i64,
    ) {
        let runs: Vec<JobRun> = strange
            .iter()
            .map(|(kind, id)| {
                let mut run = JobRun { id: *id, ..run() };
                match kind {
                    0 => run.actor = Some(actor(1, "carol")),
                    1 => run.triggering = None,
                    2 => run.path = ".github/workflows/x.yml".to_owned(),
                    3 => run.branch = None,
                    4 => run.on_base = Ok(false),
                    _ => run.event = "schedule".to_owned(),
                }
                run
            })
            .collect();
        let judged = judge_at(&jobs(vec![intent(1, 1)], runs), minute, false);
        prop_assert_ne!(judged.judgement.verdict, Verdict::Pass);
    }
}
