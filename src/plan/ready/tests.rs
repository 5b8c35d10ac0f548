//! The rules of readiness, by tables and properties.

use proptest::prelude::*;

use super::*;
use crate::model::policy::Policy;

fn time(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn rule(text: &str) -> Ready {
    let policy: Policy = Policy::sample(&format!(
        "version: 1\nstages:\n  dev: {{ ready: {text} }}\n"
    ));
    let ruled = policy.stage(&"p".into(), &"dev".into()).unwrap();
    ruled.rule.ready.clone().unwrap()
}

fn signal(id: u64, minute: i64, ended: Ended) -> Signal {
    Signal {
        at: time(minute),
        id,
        ended,
        url: None,
    }
}

fn failed() -> Ended {
    Ended::Badly("failure".to_owned())
}

/// The content has been there since minute 0; this was its status.
fn evidence(statuses: Vec<Signal>) -> ContentEvidence {
    ContentEvidence {
        service: "web".to_owned(),
        since: Known::Is(time(0)),
        deployments: Known::Is(Vec::new()),
        checks: Known::Is(Vec::new()),
        statuses: Known::Is(statuses),
    }
}

const STATUS: &str = "{ status: { context: smoke, creator: 7 }, soak: 1h }";

fn says(text: &str, evidence: &ContentEvidence, minute: i64) -> String {
    let judged = evaluate(&rule(text), evidence, time(minute), false);
    format!("{}: {}", judged.verdict, judged.reason)
}

#[test]
fn content_is_ready_by_the_newest_word_and_soaks_from_the_first_good_one() {
    let table: Vec<(&str, Vec<Signal>, i64, &str)> = vec![
        (
            "nothing said",
            vec![],
            500,
            "pending: waits for the status smoke",
        ),
        (
            "under way",
            vec![signal(1, 5, Ended::NotYet)],
            500,
            "pending: waits for the status smoke",
        ),
        (
            "soaking",
            vec![signal(1, 5, Ended::Well)],
            64,
            "pending: soak ends 09:05 UTC (1h since 08:05 UTC)",
        ),
        (
            "the soak ends at its very end",
            vec![signal(1, 5, Ended::Well)],
            65,
            "pass: soaked since 08:05 UTC",
        ),
        (
            "running it again resets nothing",
            vec![signal(1, 5, Ended::Well), signal(2, 60, Ended::Well)],
            65,
            "pass: soaked since 08:05 UTC",
        ),
        (
            "a later failure counts",
            vec![signal(1, 5, Ended::Well), signal(2, 60, failed())],
            500,
            "pending: the status smoke ended with failure; waits for one that succeeds",
        ),
        (
            "of one second the later number",
            vec![signal(2, 5, failed()), signal(1, 5, Ended::Well)],
            500,
            "pending: the status smoke ended with failure; waits for one that succeeds",
        ),
    ];
    for (name, signals, minute, expected) in table {
        assert_eq!(says(STATUS, &evidence(signals), minute), expected, "{name}");
    }
}

#[test]
fn a_soak_alone_counts_from_when_the_server_had_the_content() {
    let alone = evidence(Vec::new());
    assert!(says("{ soak: 1h }", &alone, 59).starts_with("pending: soak ends 09:00 UTC"));
    assert!(says("{ soak: 1h }", &alone, 60).starts_with("pass"));
    let unsaid = ContentEvidence {
        since: Known::Unsaid("the log does not say yet".to_owned()),
        ..alone.clone()
    };
    assert_eq!(
        says("{ soak: 1h }", &unsaid, 600),
        "pending: the log does not say yet"
    );
    let failed = ContentEvidence {
        since: Known::Failed("502".to_owned()),
        ..alone
    };
    assert_eq!(says("{ soak: 1h }", &failed, 600), "error: 502");
}

#[test]
fn every_line_must_hold_and_the_soak_begins_with_the_last_of_them() {
    let both = "{ deployment: dev, creator: 9, status: { context: smoke, creator: 7 }, soak: 1h }";
    let mut evidence = evidence(vec![signal(1, 5, Ended::Well)]);
    assert_eq!(
        says(both, &evidence, 500),
        "pending: waits for a deployment to dev"
    );
    evidence.deployments = Known::Is(vec![signal(1, 30, Ended::Well)]);
    assert!(says(both, &evidence, 89).starts_with("pending: soak ends 09:30 UTC"));
    assert!(says(both, &evidence, 90).starts_with("pass"));
    evidence.deployments = Known::Failed("403".to_owned());
    assert_eq!(says(both, &evidence, 500), "error: 403");
}

#[test]
fn an_emergency_skips_the_soak_and_nothing_else() {
    let skipping =
        |evidence: &ContentEvidence| evaluate(&rule(STATUS), evidence, time(6), true).verdict;
    assert_eq!(
        skipping(&evidence(vec![signal(1, 5, Ended::Well)])),
        Verdict::Pass
    );
    assert_eq!(skipping(&evidence(Vec::new())), Verdict::Pending);
}

fn signals() -> impl Strategy<Value = Vec<Signal>> {
    let one = (0..9u64, 0..200i64, 0..3u8).prop_map(|(id, minute, ended)| {
        let ended = match ended {
            0 => Ended::Well,
            1 => failed(),
            _ => Ended::NotYet,
        };
        signal(id, minute, ended)
    });
    proptest::collection::vec(one, 0..6)
}

proptest! {
    #[test]
    fn the_order_of_what_was_said_never_matters(given in signals().prop_shuffle(), at in 0..400i64) {
        let mut sorted = given.clone();
        sorted.sort();
        // Two reports with the same number and time cannot be distinguished, and the server never returns two.
        let mut keys: Vec<_> = given.iter().map(|one| (one.at, one.id)).collect();
        keys.sort();
        keys.dedup();
        prop_assume!(keys.len() == given.len());
        prop_assert_eq!(says(STATUS, &evidence(given), at), says(STATUS, &evidence(sorted), at));
    }

    #[test]
    fn taking_a_good_word_away_never_makes_it_ready(given in signals(), at in 0..400i64, index in any::<prop::sample::Index>()) {
        let well: Vec<usize> =
            (0..given.len()).filter(|at| given[*at].ended == Ended::Well).collect();
        if well.is_empty() {
            return Ok(());
        }
        let mut fewer = given.clone();
        fewer.remove(well[index.index(well.len())]);
        if !says(STATUS, &evidence(given), at).starts_with("pass") {
            prop_assert!(!says(STATUS, &evidence(fewer), at).starts_with("pass"));
        }
    }

    #[test]
    fn what_is_ready_stays_ready_as_time_goes_by(given in signals(), at in 0..400i64, later in 0..400i64) {
        if says(STATUS, &evidence(given.clone()), at).starts_with("pass") {
            prop_assert!(says(STATUS, &evidence(given), at + later).starts_with("pass"));
        }
    }

    /// The instant that is named is the one at which it changes.
    #[test]
    fn the_end_that_is_named_is_the_end(given in signals(), at in 0..400i64) {
        let judged = evaluate(&rule(STATUS), &evidence(given.clone()), time(at), false);
        if let Some(next) = judged.next {
            let before = next - jiff::SignedDuration::from_secs(1);
            let at = |now| evaluate(&rule(STATUS), &evidence(given.clone()), now, false).verdict;
            prop_assert_eq!(at(before), Verdict::Pending);
            prop_assert_eq!(at(next), Verdict::Pass);
        }
    }
}
