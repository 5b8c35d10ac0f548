//! Verdicts, words and the next instant, by tables.

use super::*;

fn freezes(freezes: &[(&str, &str, &str)]) -> Vec<Freeze> {
    freezes
        .iter()
        .map(|(from, until, reason)| Freeze {
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
            zone: "Europe/Berlin".parse().unwrap(),
            reason: (*reason).to_owned(),
        })
        .collect()
}

/// Verdict, reason and next instant.
fn said(now: &str, open: &[&str], zone: &str, frozen: &[(&str, &str, &str)]) -> String {
    let open: Vec<Hours> = open.iter().map(|hours| hours.parse().unwrap()).collect();
    let zone: Zone = zone.parse().unwrap();
    let judgement = judge(now.parse().unwrap(), &open, &zone, &freezes(frozen));
    let next = match judgement.next {
        Some(next) => next.to_string(),
        None => "-".to_owned(),
    };
    format!("{}: {} | {next}", judgement.verdict, judgement.reason)
}

const OFFICE: &[&str] = &["Mon-Thu 09:00-17:00", "Fri 09:00-12:00"];
const ALWAYS: &[&str] = &["Mon-Sun 00:00-24:00"];
const BERLIN: &str = "Europe/Berlin";

#[test]
fn it_says_until_when_it_is_open_and_when_it_opens() {
    for (now, wanted) in [
        (
            "2026-07-03T08:00:00Z",
            "pass: open until Fri 12:00 Europe/Berlin (10:00 UTC) | 2026-07-03T10:00:00Z",
        ),
        (
            "2026-07-03T09:59:59.999Z",
            "pass: open until Fri 12:00 Europe/Berlin (10:00 UTC) | 2026-07-03T10:00:00Z",
        ),
        (
            "2026-07-03T10:00:00Z",
            "pending: opens Mon 09:00 Europe/Berlin (07:00 UTC) | 2026-07-06T07:00:00Z",
        ),
        (
            "2026-07-06T06:59:59Z",
            "pending: opens Mon 09:00 Europe/Berlin (07:00 UTC) | 2026-07-06T07:00:00Z",
        ),
        (
            "2026-07-06T07:00:00Z",
            "pass: open until Mon 17:00 Europe/Berlin (15:00 UTC) | 2026-07-06T15:00:00Z",
        ),
    ] {
        assert_eq!(said(now, OFFICE, BERLIN, &[]), wanted, "{now}");
    }
}

#[test]
fn a_day_a_week_or_more_away_has_its_date() {
    let monday = &["Mon 09:00-10:00"][..];
    assert_eq!(
        said("2026-07-06T08:00:00Z", monday, BERLIN, &[]),
        "pending: opens Mon 2026-07-13 09:00 Europe/Berlin (07:00 UTC) | 2026-07-13T07:00:00Z"
    );
    assert_eq!(
        said("2026-07-07T08:00:00Z", monday, BERLIN, &[]),
        "pending: opens Mon 09:00 Europe/Berlin (07:00 UTC) | 2026-07-13T07:00:00Z"
    );
}

#[test]
fn the_day_in_utc_is_named_where_it_is_another_and_utc_is_not_said_twice() {
    assert_eq!(
        said("2026-07-03T12:00:00Z", OFFICE, "Pacific/Auckland", &[]),
        "pending: opens Mon 09:00 Pacific/Auckland (Sun 21:00 UTC) | 2026-07-05T21:00:00Z"
    );
    assert_eq!(
        said("2026-07-03T12:00:00Z", OFFICE, "UTC", &[]),
        "pending: opens Mon 09:00 UTC | 2026-07-06T09:00:00Z"
    );
}

#[test]
fn a_window_that_never_closes_waits_for_nothing() {
    assert_eq!(
        said("2026-07-03T12:00:00Z", ALWAYS, BERLIN, &[]),
        "pass: open at all times | -"
    );
}

const YEAR_END: (&str, &str, &str) = ("2026-12-19T17:00:00Z", "2027-01-04T07:30:00Z", "Year end");

#[test]
fn a_freeze_wins_over_the_hours_and_is_half_open() {
    for (now, open, wanted) in [
        (
            "2026-12-19T16:59:59Z",
            ALWAYS,
            "pass: open until Sat 18:00 Europe/Berlin (17:00 UTC), then frozen: Year end | 2026-12-19T17:00:00Z",
        ),
        (
            "2026-12-19T17:00:00Z",
            ALWAYS,
            "pending: frozen until Mon 2027-01-04 08:30 Europe/Berlin: Year end; opens Mon 2027-01-04 08:30 Europe/Berlin (07:30 UTC) | 2027-01-04T07:30:00Z",
        ),
        (
            "2027-01-04T07:29:59Z",
            ALWAYS,
            "pending: frozen until Mon 2027-01-04 08:30 Europe/Berlin: Year end; opens Mon 08:30 Europe/Berlin (07:30 UTC) | 2027-01-04T07:30:00Z",
        ),
        (
            "2027-01-04T07:30:00Z",
            ALWAYS,
            "pass: open at all times | -",
        ),
        // The freeze ends outside the hours.
        (
            "2026-12-28T10:00:00Z",
            OFFICE,
            "pending: frozen until Mon 2027-01-04 08:30 Europe/Berlin: Year end; opens Mon 2027-01-04 09:00 Europe/Berlin (08:00 UTC) | 2027-01-04T08:00:00Z",
        ),
        // Shut before the freeze begins, and not open again before it ends.
        (
            "2026-12-18T20:00:00Z",
            OFFICE,
            "pending: opens Mon 2027-01-04 09:00 Europe/Berlin (08:00 UTC), frozen before: Year end | 2027-01-04T08:00:00Z",
        ),
        // The hours end before the freeze begins.
        (
            "2026-12-18T10:00:00Z",
            OFFICE,
            "pass: open until Fri 12:00 Europe/Berlin (11:00 UTC) | 2026-12-18T11:00:00Z",
        ),
    ] {
        assert_eq!(said(now, open, BERLIN, &[YEAR_END]), wanted, "{now}");
    }
}

#[test]
fn a_freeze_that_begins_as_the_hours_end_is_not_what_closes_it() {
    let weekend = ("2026-07-03T10:00:00Z", "2026-07-05T10:00:00Z", "moving");
    assert_eq!(
        said("2026-07-03T09:00:00Z", OFFICE, BERLIN, &[weekend]),
        "pass: open until Fri 12:00 Europe/Berlin (10:00 UTC) | 2026-07-03T10:00:00Z"
    );
}

#[test]
fn freezes_that_follow_or_overlap_each_other_are_all_waited_for() {
    let chain = [
        ("2026-07-01T00:00:00Z", "2026-07-03T00:00:00Z", "one"),
        ("2026-07-02T00:00:00Z", "2026-07-08T00:00:00Z", "two"),
        ("2026-07-08T00:00:00Z", "2026-07-09T00:00:00Z", "three"),
    ];
    assert_eq!(
        said("2026-07-02T12:00:00Z", ALWAYS, BERLIN, &chain),
        "pending: frozen until Wed 2026-07-08 02:00 Europe/Berlin: two; opens Thu 2026-07-09 02:00 Europe/Berlin (00:00 UTC) | 2026-07-09T00:00:00Z"
    );
}

#[test]
fn what_never_opens_again_is_blocked() {
    let for_ever = [("2026-07-01T00:00:00Z", "9999-12-30T00:00:00Z", "wound up")];
    assert_eq!(
        said(
            "2026-07-02T12:00:00Z",
            &["Mon 09:00-10:00"],
            BERLIN,
            &for_ever
        ),
        "blocked: frozen until Thu 9999-12-30 01:00 Europe/Berlin: wound up; never opens again | -"
    );
}
