//! The example of Plural's documentation, as printed and with a value to promote.

use std::fs;

use crate::SLUICE;
use test_support::{codes, copy_of, fixture, plan, run, snapshot};

#[test]
fn the_printed_example_resolves_warns_and_moves_nothing() {
    let path = fixture("k3s-upgrade");
    let before = snapshot(&path);
    let wanted = [
        "reference-swapped",
        "reference-swapped",
        "reference-swapped",
        "repository-unknown",
        "secret-missing",
        "target-moves",
    ];
    let validated = run(&path, &["validate", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(codes(&validated), wanted);
    let swapped: Vec<String> = validated["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "reference-swapped")
        .map(|finding| {
            format!(
                "{}:{} {}",
                finding["line"], finding["column"], finding["help"]
            )
        })
        .collect();
    assert_eq!(
        swapped,
        [
            "48:19 \"write {name: upgrade-plan-dev, namespace: infra}\"",
            "53:19 \"write {name: upgrade-plan-prod, namespace: infra}\"",
            "57:21 \"write {name: upgrade-plan-dev, namespace: infra}\"",
        ]
    );

    let planned = plan(&path);
    assert_eq!(planned.state("k3s-upgrade", "prod"), "in-sync");
    assert_eq!(planned.codes(), wanted);
    run(&path, &["plan"]).exits(0);
    let simulated = run(
        &path,
        &["simulate", "--approve", "carol", "--format", "json"],
    )
    .exits(0);
    assert_eq!(simulated.json()["events"], serde_json::json!([]));
    assert_eq!(snapshot(&path), before);
}

#[test]
fn fix_corrects_the_three_references_byte_for_byte_and_once() {
    let dir = copy_of("k3s-upgrade");
    let file = dir.path().join("pipeline.yaml");
    let before = fs::read_to_string(&file).unwrap();
    run(dir.path(), &["validate", "--fix"])
        .exits(0)
        .says(&["fixed pipeline.yaml: reference-swapped"]);
    let wanted = before
        .replace(
            "name: upgrade-plan\n            namespace: upgrade-plan-dev\n",
            "name: upgrade-plan-dev\n            namespace: infra\n",
        )
        .replace(
            "name: upgrade-plan\n            namespace: upgrade-plan-prod\n",
            "name: upgrade-plan-prod\n            namespace: infra\n",
        )
        .replace(
            "name: upgrade-plan\n              namespace: upgrade-plan-dev\n",
            "name: upgrade-plan-dev\n              namespace: infra\n",
        );
    assert_eq!(
        wanted.matches("namespace: infra\n").count(),
        before.matches("namespace: infra\n").count() + 3
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), wanted);

    let again = run(dir.path(), &["validate", "--fix", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        codes(&again),
        ["repository-unknown", "secret-missing", "target-moves"]
    );
    assert_eq!(again["fixed"], serde_json::json!([]));
    assert_eq!(fs::read_to_string(&file).unwrap(), wanted);
    let names: Vec<_> = snapshot(dir.path()).into_keys().collect();
    assert_eq!(names, ["README.md", "pipeline.yaml"]);
}

#[test]
fn without_an_approval_the_simulation_stops_at_the_gate_and_says_what_to_try() {
    let path = fixture("k3s-upgrade-version");
    let ran = run(&path, &["simulate"]).exits(0);
    assert!(
        ran.out
            .contains("Stopped at approval-gate: no one approved. Try --approve NAME\n"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("committed"), "{}", ran.out);
    let document = run(&path, &["simulate", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(document["end"]["state"], "stopped");
    let events: Vec<&str> = document["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["proposed", "waits"]);
}

#[test]
fn with_an_approval_the_value_moves_and_all_is_in_sync() {
    let path = fixture("k3s-upgrade-version");
    let before = snapshot(&path);
    let document = run(
        &path,
        &["simulate", "--approve", "carol", "--format", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(document["end"]["state"], "in-sync");
    let events: Vec<&str> = document["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["proposed", "waits", "approved", "committed"]);
    let versions: Vec<String> = document["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| {
            let values = stage["values"].as_array().unwrap();
            let version = values
                .iter()
                .find(|value| value["field"] == "version")
                .unwrap();
            format!(
                "{} {} was {}",
                stage["stage"], version["now"], version["was"]
            )
        })
        .collect();
    assert_eq!(
        versions,
        [
            "\"dev\" \"v1.29.1\" was \"v1.29.1\"",
            "\"prod\" \"v1.29.1\" was \"v1.28.4\""
        ]
    );
    assert_eq!(snapshot(&path), before);
}

#[test]
fn the_written_file_differs_in_the_one_value_and_keeps_its_quotes_and_comments() {
    let path = fixture("k3s-upgrade-version");
    let out = tempfile::tempdir().unwrap();
    SLUICE
        .run(
            &path,
            &[
                "simulate",
                "--approve",
                "carol",
                "--out",
                out.path().to_str().unwrap(),
            ],
        )
        .exits(0);
    let before = fs::read_to_string(path.join("upgrade.yaml")).unwrap();
    let after = fs::read_to_string(out.path().join("upgrade.yaml")).unwrap();
    assert_eq!(
        after,
        before.replace("'v1.28.4'     # prod", "'v1.29.1'     # prod")
    );
    assert_ne!(after, before);
}
