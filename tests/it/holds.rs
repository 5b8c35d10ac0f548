//! Holds and freezes: what they stop, what they leave alone, and when they end.

use test_support::{copy_of, fixture, plan, plan_with, repo_of, run};

fn with_policy(fixture: &str, policy: &str) -> tempfile::TempDir {
    let dir = copy_of(fixture);
    std::fs::create_dir_all(dir.path().join(".github")).unwrap();
    std::fs::write(dir.path().join(".github/sluice.yaml"), policy).unwrap();
    dir
}

#[test]
fn a_held_service_stays_behind_and_the_others_move() {
    let path = fixture("three-services");
    let planned = plan(&path);
    assert_eq!(planned.state("payments", "prod"), "due");
    assert_eq!(
        planned.changes("payments", "prod"),
        [
            "api-prod spec.helm.version: 1.0.0 → 1.1.0",
            "web-prod spec.helm.version: 1.0.0 → 1.1.0"
        ]
    );
    assert_eq!(
        planned.promotion("payments", "prod")["left_out"],
        serde_json::json!([{
            "namespace": "apps",
            "name": "ledger-prod",
            "reason": "held: INC-4711",
            "commit": null,
            "author": null,
            "date": null,
        }])
    );
    let repo = repo_of("three-services");
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "payments",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(repo.path(), &promote).exits(0);
    let planned = plan(repo.path());
    assert_eq!(planned.state("payments", "prod"), "held");
    assert_eq!(
        planned.reason("payments", "prod"),
        "ledger-prod: held: INC-4711"
    );
    assert!(planned.promotion("payments", "prod")["plan"].is_null());
    run(repo.path(), &promote).exits(3).says(&["INC-4711"]);
    run(repo.path(), &["plan"]).exits(0);
}

#[test]
fn every_other_hold_stops_the_stage_and_leaves_the_plan_as_it_is() {
    let free = plan(with_policy("two-pipelines", "version: 1\n").path());
    for (hold, search, mail) in [
        ("{ reason: x }", "held", "held"),
        ("{ pipeline: search, reason: x }", "held", "due"),
        ("{ stage: prod, reason: x }", "held", "held"),
        ("{ stage: dev, reason: x }", "due", "due"),
        ("{ pipeline: mail, stage: prod, reason: x }", "due", "held"),
        (
            "{ pipeline: search, reason: x, until: 2026-07-01T12:00:01Z }",
            "held",
            "due",
        ),
        (
            "{ pipeline: search, reason: x, until: 2026-07-01T12:00:00Z }",
            "due",
            "due",
        ),
        (
            "{ pipeline: search, reason: x, until: 2026-07-01T14:00:01+02:00 }",
            "held",
            "due",
        ),
    ] {
        let planned = plan(
            with_policy(
                "two-pipelines",
                &format!("version: 1\nholds:\n  - {hold}\n"),
            )
            .path(),
        );
        assert_eq!(
            (
                planned.state("search", "prod"),
                planned.state("mail", "prod")
            ),
            (search, mail),
            "{hold}"
        );
        for name in ["search", "mail"] {
            let (held, free) = (
                planned.promotion(name, "prod"),
                free.promotion(name, "prod"),
            );
            assert_eq!(held["plan"], free["plan"], "{hold}");
            assert_eq!(held["changes"], free["changes"], "{hold}");
        }
    }
}

#[test]
fn the_narrowest_hold_gives_the_reason() {
    let policy = "version: 1
holds:
  - { reason: all }
  - { pipeline: search, stage: prod, reason: narrow }
  - { pipeline: search, reason: wide }
";
    let planned = plan(with_policy("two-pipelines", policy).path());
    assert_eq!(planned.reason("search", "prod"), "held: narrow");
    assert_eq!(planned.reason("mail", "prod"), "held: all");
}

#[test]
fn a_hold_ends_by_itself_and_a_freeze_is_half_open_in_its_zone() {
    let path = fixture("freeze-and-holds");
    for (at, one, two) in [
        ("2026-07-31T23:59:59Z", "held", "due"),
        ("2026-08-01T00:00:00Z", "due", "due"),
        ("2026-12-19T16:59:59Z", "due", "due"),
        ("2026-12-19T17:00:00Z", "held", "held"),
        ("2027-01-04T06:59:59Z", "held", "held"),
        ("2027-01-04T07:00:00Z", "due", "due"),
    ] {
        let planned = plan_with(&path, &["--at", at]);
        assert_eq!(
            (planned.state("one", "prod"), planned.state("two", "prod")),
            (one, two),
            "{at}"
        );
    }
    let frozen = plan_with(&path, &["--at", "2026-12-24T12:00:00Z"]);
    assert_eq!(
        frozen.reason("two", "prod"),
        "frozen until Mon 2027-01-04 08:00 Europe/Berlin: Year end"
    );
    run(&path, &["plan", "--at", "2026-12-24T12:00:00Z"]).exits(0);
}

#[test]
fn nothing_lands_in_a_freeze_or_hold_whoever_approves_until_it_ends() {
    let path = fixture("freeze-and-holds");
    let document = run(
        &path,
        &[
            "simulate",
            "--approve",
            "ann",
            "--at",
            "2026-12-24T12:00:00Z",
            "--format",
            "json",
        ],
    )
    .exits(0)
    .json();
    let landings: Vec<&serde_json::Value> = document["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["event"] == "committed")
        .map(|event| &event["at"])
        .collect();
    assert!(!landings.is_empty(), "{document:#}");
    for at in landings {
        assert_eq!(at, "2027-01-04T07:00:00Z", "{document:#}");
    }
    let repo = repo_of("freeze-and-holds");
    let tip = repo.tip("main");
    for (pipeline, at) in [
        ("two", "2026-12-24T12:00:00Z"),
        ("one", "2026-07-01T00:00:00Z"),
    ] {
        let promote = [
            "promote",
            "--local",
            "--pipeline",
            pipeline,
            "--to",
            "prod",
            "--approved-by",
            "ann",
            "--at",
            at,
        ];
        run(repo.path(), &promote).exits(3);
    }
    assert_eq!(repo.tip("main"), tip);
}

#[test]
fn a_hold_in_one_pipelines_plan_is_named_with_its_line() {
    let ran = run(&fixture("freeze-and-holds"), &["plan", "--why"]).exits(0);
    assert!(
        ran.out.contains("why: .github/sluice.yaml:5"),
        "{}",
        ran.out
    );
}
