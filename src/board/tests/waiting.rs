use serde_json::{Value, json};

use super::super::past::Past;
use super::super::waiting::{Waits, groups};
use super::{
    Runs, history, id, landing, made, parsed, parsed_history, pipeline, promotion, site, stage,
    status,
};

/// A pipeline of one edge whose dev was set at this time.
fn one(name: &str, at: &'static str, of_prod: Value) -> Value {
    pipeline(
        name,
        json!([
            stage("dev", &[Runs("web-dev", None, "1.1.0", at)], json!([])),
            stage(
                "prod",
                &[Runs("web-prod", Some("web-dev"), "1.0.0", "")],
                json!([of_prod])
            ),
        ]),
    )
}

fn waits(state: &str) -> Value {
    promotion("dev", state, &[("web-prod", "1.0.0", "1.1.0")])
}

fn rows(status: &Value) -> Vec<(&'static str, Vec<Waits>)> {
    let groups = groups(&parsed(status), &Past::of(None), Some(&site()));
    groups
        .into_iter()
        .map(|group| (group.heading, group.rows))
        .collect()
}

#[test]
fn what_needs_a_person_comes_first_and_then_what_is_oldest() {
    let status = status(json!([
        one("unknown", "", waits("waits-for-time")),
        one("young", "2026-11-20T13:00:00Z", waits("waits-for-people")),
        one("old", "2026-11-01T13:00:00Z", waits("waits-for-checks")),
        one("urgent", "2026-11-20T13:30:00Z", {
            let mut urgent = waits("waits-for-people");
            urgent["emergency"] = json!("INC-1");
            urgent
        }),
        one("held", "2026-10-01T13:00:00Z", waits("held")),
        one("broken", "2026-11-20T13:59:30Z", waits("blocked")),
        one(
            "quiet",
            "2026-11-20T13:00:00Z",
            promotion("dev", "in-sync", &[])
        ),
        one("next", "2026-11-20T13:00:00Z", waits("due")),
        one(
            "ahead",
            "2026-11-20T13:00:00Z",
            promotion("dev", "ahead", &[])
        ),
    ]));
    let shown: Vec<String> = rows(&status)
        .into_iter()
        .map(|(heading, rows)| {
            let rows: Vec<String> = rows
                .iter()
                .map(|row| format!("{} {}", row.pipeline, row.age))
                .collect();
            format!("{heading}: {}", rows.join(", "))
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    Needs you: broken now
    Waiting: urgent 30 min, old 19 d, young 1 h, unknown 
    Held: held 50 d
    Due: next 1 h
    ");
    let (_, verdict) = made(&status, None);
    assert_eq!(verdict, "1 needs you, 4 waiting, 1 held, 1 due, 1 in sync");
}

#[test]
fn a_row_says_for_whom_since_when_until_when_and_where() {
    let gate = |name: &str, verdict: &str, reason: &str, link: Value| {
        json!({ "edge": { "from": "dev", "to": "prod" }, "name": name, "type": "x", "verdict": verdict, "reason": reason,
            "next": null, "link": link })
    };
    let mut of_prod = waits("waits-for-people");
    of_prod["pull"] = json!(12);
    of_prod["next"] = json!("2026-11-20T18:00:00Z");
    of_prod["gates"] = json!([
        gate(
            "release",
            "pending",
            "waits for 1 approval by sre",
            Value::Null
        ),
        gate("hours", "pending", "opens Mon 09:00", Value::Null),
        gate("hours", "pending", "opens Mon 09:00", Value::Null),
        gate("tests", "pass", "green", Value::Null),
    ]);
    let row = |of_prod: &Value| {
        let status = status(json!([one(
            "shop",
            "2026-11-18T13:00:00Z",
            of_prod.clone()
        )]));
        rows(&status).remove(0).1.remove(0)
    };
    let shown = row(&of_prod);
    assert_eq!(shown.href, "https://github.com/acme/gitops/pull/12");
    assert_eq!(
        (
            shown.pull.as_str(),
            shown.gate.as_str(),
            shown.whom.as_str()
        ),
        ("#12", "release", "1 approval by sre")
    );
    assert!(shown.is_for);
    assert_eq!(shown.also, ["hours: opens Mon 09:00"]);
    assert_eq!(
        (shown.age.as_str(), shown.since.as_str()),
        ("2 d", "Wed 13:00 UTC")
    );
    assert_eq!(shown.until, "18:00 UTC");
    // Without a pull request the gate's own link is the one to follow, if it is on this server.
    of_prod["pull"] = Value::Null;
    let run = "https://github.com/acme/gitops/actions/runs/9";
    for (link, href) in [
        (run, run),
        ("https://evil.example/", ""),
        ("javascript:alert(1)", ""),
    ] {
        of_prod["gates"][0]["link"] = json!(link);
        assert_eq!(row(&of_prod).href, href, "{link}");
    }
}

#[test]
fn the_age_of_a_promotion_is_that_of_the_first_version_that_it_lacks() {
    let mut document = status(json!([one(
        "shop",
        "2026-11-20T13:00:00Z",
        waits("waits-for-people")
    )]));
    document["pipelines"][0]["stages"][0]["stage"] = json!("qa");
    document["pipelines"][0]["stages"][1]["promotions"][0]["edges"][0]["from"] = json!("qa");
    let past = history(
        json!([
            landing(
                "2026-11-20T13:00:00Z",
                "a2",
                "qa",
                &[("web-dev", "1.0.1", "1.1.0")]
            ),
            landing(
                "2026-11-10T14:00:00Z",
                "a1",
                "qa",
                &[("web-dev", "1.0.0", "1.0.1")]
            ),
        ]),
        json!([]),
    );
    let past = parsed_history(&past);
    let groups = groups(&parsed(&document), &Past::of(Some(&past)), None);
    assert_eq!(groups[0].rows[0].age, "10 d");
    // A rollback goes to the stage's own past: there is nothing that it lacks.
    document["pipelines"][0]["stages"][1]["promotions"][0]["rollback"] =
        json!({ "landing": id("a"), "plan": "x" });
    let groups = super::super::waiting::groups(&parsed(&document), &Past::of(Some(&past)), None);
    assert_eq!(
        (
            groups[0].rows[0].age.as_str(),
            groups[0].rows[0].kind.as_str()
        ),
        ("", "rollback")
    );
}

#[test]
fn a_pipeline_that_a_finding_stops_needs_a_person() {
    let mut stopped = pipeline("shop", json!([stage("dev", &[], json!([]))]));
    stopped["state"] = json!("error");
    let mut document = status(json!([stopped]));
    document["findings"] = json!([
        { "code": "cycle", "severity": "error", "file": "a.yaml", "line": 3, "column": 1, "message": "a circle", "help": null },
        { "code": "x", "severity": "warning", "file": "a.yaml", "line": 4, "column": 1, "message": "odd", "help": null }
    ]);
    let (html, verdict) = made(&document, None);
    assert_eq!(verdict, "1 needs you, 1 error in the manifests, 0 in sync");
    assert!(html.contains("<code>a.yaml:3</code> a circle <small>cycle</small>"));
    assert!(html.contains("a finding stops all of it: see “What is wrong”"));
    assert!(html.contains("1 warning: <code>sluice validate</code>"));
}
