use serde_json::{Value, json};

use super::super::figures::figures;
use super::super::landings::landings;
use super::{
    Runs, change, history, id, landing, parsed, parsed_history, pipeline, site, stage, status,
};

fn shop() -> Value {
    status(json!([pipeline(
        "shop",
        json!([
            stage(
                "dev",
                &[Runs("web-dev", None, "1.4.0", "2026-11-19T12:00:00Z")],
                json!([])
            ),
            stage(
                "qa",
                &[Runs(
                    "web-qa",
                    Some("web-dev"),
                    "1.4.0",
                    "2026-11-19T14:00:00Z"
                )],
                json!([])
            ),
            stage(
                "prod",
                &[Runs(
                    "web-prod",
                    Some("web-qa"),
                    "1.2.0",
                    "2026-11-12T12:30:00Z"
                )],
                json!([])
            ),
        ])
    )]))
}

#[test]
fn the_four_figures_of_a_stage_are_counted_from_landings() {
    let mut rollback = landing(
        "2026-11-12T12:30:00Z",
        "b3",
        "prod",
        &[("web-prod", "1.3.0", "1.2.0")],
    );
    rollback["rollback"] = json!(id("b1"));
    let past = history(
        json!([
            landing(
                "2026-11-19T14:00:00Z",
                "a4",
                "qa",
                &[("web-qa", "1.3.0", "1.4.0")]
            ),
            rollback,
            landing(
                "2026-11-12T12:00:00Z",
                "b2",
                "prod",
                &[("web-prod", "1.2.0", "1.3.0")]
            ),
            landing(
                "2026-11-10T12:00:00Z",
                "a3",
                "qa",
                &[("web-qa", "1.2.0", "1.3.0")]
            ),
            landing(
                "2026-11-05T15:00:00Z",
                "b1",
                "prod",
                &[("web-prod", "1.1.0", "1.2.0")]
            ),
            landing(
                "2026-11-04T12:00:00Z",
                "a2",
                "qa",
                &[("web-qa", "1.1.0", "1.2.0")]
            ),
            // Before the days that are counted.
            landing(
                "2026-07-01T12:00:00Z",
                "a1",
                "qa",
                &[("web-qa", "1.0.0", "1.1.0")]
            ),
            landing(
                "2026-07-01T12:00:00Z",
                "c1",
                "gone",
                &[("web-gone", "1.0.0", "1.1.0")]
            ),
        ]),
        json!([]),
    );
    let shown: Vec<String> = figures(&parsed(&shop()), &parsed_history(&past))
        .into_iter()
        .map(|one| {
            format!(
                "{} {}: {} | {} | {} | {}",
                one.pipeline,
                one.stage,
                one.frequency,
                one.lead_time,
                one.failure_rate,
                one.restore_time
            )
        })
        .collect();
    // Lead times into prod: 27 hours and two days, from qa. Into qa only the value that dev holds now is known.
    insta::assert_snapshot!(shown.join("\n"), @r"
    shop prod: 3, 0.2 a week | 1 d 13 h (median of 2) | 1 of 2 (50 %) | 30 min (of 1)
    shop qa: 3, 0.2 a week | 2 h (known of 1 of 3) | 0 of 3 (0 %) | –
    ");
}

#[test]
fn the_list_ends_at_fifty_and_marks_what_is_out_of_the_ordinary() {
    let deviation = |at: &str, kind: &str| {
        json!({ "kind": kind, "commit": id("d"), "date": at, "author": "mallory", "pull": null, "claim": null, "why": null,
            "changes": [change("web-prod", "1.0.0", "6.6.6")] })
    };
    let mut all: Vec<Value> = (0..60)
        .map(|number| {
            let at = format!(
                "2026-11-{:02}T{:02}:00:00Z",
                20 - number / 24,
                23 - number % 24
            );
            landing(&at, "a", "prod", &[("web-prod", "1", "2")])
        })
        .collect();
    all[0]["rollback"] = json!(id("abcdef1"));
    all[0]["gates"] = json!([]);
    all[1]["emergency"] = json!("window");
    all[1]["gates"][0]["outcome"] = json!("open");
    all[1]["reason"] = json!("INC-1");
    let past = history(
        json!(all),
        json!([
            deviation("2026-11-20T22:30:00Z", "drift"),
            deviation("2026-11-20T22:20:00Z", "false-record"),
            deviation("2026-11-20T22:10:00Z", "not-recomputable"),
            deviation("2026-11-20T22:05:00Z", "more-than-its-plan"),
            deviation("2025-01-01T00:00:00Z", "drift"),
        ]),
    );
    let mut status = shop();
    status["now"] = json!("2026-11-21T00:00:00Z");
    let (rows, more) = landings(&parsed_history(&past), &parsed(&status), Some(&site()));
    // What came another way before the oldest landing of the list is not counted either.
    assert_eq!((rows.len(), more), (54, 0));
    let shown: Vec<String> = rows
        .iter()
        .take(6)
        .map(|row| {
            let marks: Vec<&str> = row.marks.iter().map(|mark| mark.text.as_str()).collect();
            format!(
                "{} [{}] {}: {}",
                row.at,
                row.pipeline,
                marks.join(", "),
                row.reason
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    2026-11-20 23:00 UTC [shop] rollback to abcdef1, gates not recorded: 
    2026-11-20 22:30 UTC [] not a landing: set by mallory: 
    2026-11-20 22:20 UTC [] false record, by mallory: 
    2026-11-20 22:10 UTC [] record that cannot be recomputed, by mallory: 
    2026-11-20 22:05 UTC [] landing that changed more than its plan: 
    2026-11-20 22:00 UTC [shop] emergency: skipped window, merged past the gates: release: INC-1
    ");
}
