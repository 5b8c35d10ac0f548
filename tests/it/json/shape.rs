//! The JSON documents: exactly these keys, these types, these words.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::SLUICE;
use test_support::{change, chart, copy_of, fixture, replace, repo, repo_of, run, web};

#[track_caller]
fn keys(value: &Value, wanted: &[&str]) {
    let found: BTreeSet<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(found, wanted.iter().copied().collect(), "{value:#}");
}

#[track_caller]
fn text(value: &Value) {
    assert!(value.is_string(), "{value}");
}

#[track_caller]
fn text_or_null(value: &Value) {
    assert!(value.is_string() || value.is_null(), "{value}");
}

#[track_caller]
fn one_of(value: &Value, wanted: &[&str]) {
    assert!(
        wanted.contains(&value.as_str().unwrap()),
        "{value} is none of {wanted:?}"
    );
}

#[track_caller]
fn hex(value: &Value, digits: usize) {
    let value = value.as_str().unwrap();
    assert_eq!(value.len(), digits);
    assert!(
        value
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        "{value}"
    );
}

fn findings(document: &Value) {
    for finding in document["findings"].as_array().unwrap() {
        keys(
            finding,
            &[
                "code", "severity", "file", "line", "column", "message", "help",
            ],
        );
        text(&finding["code"]);
        one_of(&finding["severity"], &["error", "warning"]);
        text(&finding["file"]);
        assert!(finding["line"].as_u64().unwrap() >= 1 && finding["column"].as_u64().unwrap() >= 1);
        text(&finding["message"]);
        text_or_null(&finding["help"]);
    }
}

fn brings(value: &Value) {
    if value.is_null() {
        return;
    }
    keys(value, &["count", "more", "commits", "compare"]);
    assert!(value["count"].is_u64() && value["more"].is_boolean());
    text_or_null(&value["compare"]);
    for commit in value["commits"].as_array().unwrap() {
        keys(commit, &["id", "subject", "author", "pull"]);
        hex(&commit["id"], 7);
        text(&commit["subject"]);
        text(&commit["author"]);
        assert!(commit["pull"].is_null() || commit["pull"].is_u64());
    }
}

fn promotion(value: &Value) {
    keys(
        value,
        &[
            "stage",
            "edges",
            "plan",
            "state",
            "reason",
            "next",
            "gates",
            "changes",
            "left_out",
            "debts",
            "rollback",
            "after_rollback",
        ],
    );
    text(&value["stage"]);
    one_of(
        &value["state"],
        &["in-sync", "not-moved", "due", "held", "ahead", "error"],
    );
    text(&value["reason"]);
    let edge = |edge: &Value| {
        keys(edge, &["from", "to"]);
        text(&edge["from"]);
        text(&edge["to"]);
    };
    value["edges"].as_array().unwrap().iter().for_each(edge);
    let changes = value["changes"].as_array().unwrap();
    assert_eq!(
        value["plan"].is_null(),
        changes.is_empty(),
        "a plan is there exactly with changes: {value:#}"
    );
    if !value["plan"].is_null() {
        hex(&value["plan"], 64);
    }
    for gate in value["gates"].as_array().unwrap() {
        keys(
            gate,
            &["edge", "name", "type", "verdict", "reason", "next", "link"],
        );
        edge(&gate["edge"]);
        text(&gate["name"]);
        text(&gate["type"]);
        one_of(&gate["verdict"], &["pass", "pending", "blocked", "error"]);
        text(&gate["reason"]);
    }
    for change in changes {
        keys(
            change,
            &[
                "file",
                "line",
                "kind",
                "namespace",
                "name",
                "path",
                "old",
                "new",
                "secret",
                "way",
                "brings",
            ],
        );
        if !change["way"].is_null() {
            one_of(&change["way"], &["forward", "back", "sideways"]);
        }
        brings(&change["brings"]);
        text(&change["file"]);
        assert!(change["line"].as_u64().unwrap() >= 1);
        one_of(&change["kind"], &["ServiceDeployment", "Secret"]);
        text_or_null(&change["namespace"]);
        text(&change["name"]);
        text(&change["path"]);
        if change["secret"].as_bool().unwrap() {
            assert!(
                change["old"].is_null() && change["new"].is_null(),
                "{change:#}"
            );
        } else {
            text_or_null(&change["old"]);
            text(&change["new"]);
        }
    }
    for service in value["left_out"].as_array().unwrap() {
        keys(
            service,
            &["namespace", "name", "reason", "commit", "author", "date"],
        );
        text_or_null(&service["namespace"]);
        text(&service["name"]);
        text(&service["reason"]);
        if !service["commit"].is_null() {
            hex(&service["commit"], 40);
            text(&service["author"]);
            service["date"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap();
        }
    }
}

fn plan_document(path: &Path) -> Value {
    let document = run(path, &["plan", "--format", "json"]).json();
    keys(
        &document,
        &["version", "base", "pipelines", "findings", "passed_over"],
    );
    assert_eq!(document["version"], 2);
    if !document["base"].is_null() {
        hex(&document["base"], 40);
    }
    for pipeline in document["pipelines"].as_array().unwrap() {
        keys(
            pipeline,
            &["name", "namespace", "file", "line", "state", "promotions"],
        );
        text(&pipeline["name"]);
        text_or_null(&pipeline["namespace"]);
        text(&pipeline["file"]);
        assert!(pipeline["line"].as_u64().unwrap() >= 1);
        one_of(&pipeline["state"], &["ok", "error"]);
        let promotions = pipeline["promotions"].as_array().unwrap();
        promotions.iter().for_each(promotion);
        let error = promotions
            .iter()
            .any(|promotion| promotion["state"] == "error");
        assert!(!error || pipeline["state"] == "error");
    }
    findings(&document);
    document
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(fixture("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn plan_has_exactly_the_keys_of_the_contract_for_every_fixture() {
    let mut states = BTreeSet::new();
    for name in names() {
        for document in [
            plan_document(&fixture(&name)),
            plan_document(repo_of(&name).path()),
        ] {
            for promotion in document["pipelines"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|p| p["promotions"].as_array().unwrap())
            {
                states.insert(promotion["state"].as_str().unwrap().to_owned());
            }
        }
    }
    // With a service that is ahead.
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    replace(&repo, "prod.yaml", "1.0.0", "1.0.1");
    let document = plan_document(repo.path());
    assert_eq!(document["base"], repo.tip("main").unwrap().to_string());
    states.insert(
        document["pipelines"][0]["promotions"][0]["state"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    assert_eq!(
        states.into_iter().collect::<Vec<_>>(),
        ["ahead", "due", "error", "held", "in-sync", "not-moved"]
    );
}

#[test]
fn validate_counts_and_lists_findings() {
    for name in names() {
        let document = run(&fixture(&name), &["validate", "--format", "json"]).json();
        keys(
            &document,
            &[
                "version",
                "files",
                "pipelines",
                "services",
                "fixed",
                "findings",
                "passed_over",
            ],
        );
        assert_eq!(document["version"], 2);
        for key in ["files", "pipelines", "services"] {
            assert!(document[key].is_u64());
        }
        findings(&document);
    }
    let dir = copy_of("k3s-upgrade");
    let document = run(dir.path(), &["validate", "--fix", "--format", "json"]).json();
    assert_eq!(
        document["fixed"],
        serde_json::json!([{ "file": "pipeline.yaml", "codes": ["reference-swapped"] }])
    );
}

#[test]
fn simulate_tells_events_stages_and_the_end() {
    for name in names() {
        for approve in [&[][..], &["--approve", "ann"]] {
            let mut arguments = vec!["simulate", "--format", "json"];
            arguments.extend(approve);
            let document = run(&fixture(&name), &arguments).json();
            keys(
                &document,
                &[
                    "version", "name", "began", "ended", "rounds", "assumed", "events", "stages",
                    "end", "findings",
                ],
            );
            keys(&document["end"], &["state", "reasons"]);
            one_of(
                &document["end"]["state"],
                &["in-sync", "stopped", "restless"],
            );
            for event in document["events"].as_array().unwrap() {
                let mut wanted = vec!["at", "pipeline", "from", "to", "plan", "event"];
                wanted.extend(match event["event"].as_str().unwrap() {
                    "proposed" => &[][..],
                    "waits" | "opens" => &["gate", "reason"],
                    "held" => &["reason"],
                    "approved" => &["by"],
                    "committed" => &["files", "lines"],
                    "refused" => &["reason"],
                    other => panic!("{other}"),
                });
                keys(event, &wanted);
                hex(&event["plan"], 64);
            }
            for stage in document["stages"].as_array().unwrap() {
                keys(stage, &["pipeline", "stage", "values"]);
                for value in stage["values"].as_array().unwrap() {
                    keys(
                        value,
                        &["service", "field", "now", "was", "secret", "changed"],
                    );
                    if value["secret"].as_bool().unwrap() {
                        assert!(
                            value["now"].is_null() && value["was"].is_null(),
                            "{value:#}"
                        );
                    }
                }
            }
            findings(&document);
        }
    }
}

#[test]
fn graph_and_schema_are_documents_too() {
    for name in names() {
        let document = run(&fixture(&name), &["graph", "--format", "json"]).json();
        keys(&document, &["version", "pipelines", "mermaid", "findings"]);
        for pipeline in document["pipelines"].as_array().unwrap() {
            keys(
                pipeline,
                &["name", "namespace", "file", "line", "stages", "edges"],
            );
        }
        assert!(
            document["mermaid"]
                .as_str()
                .unwrap()
                .starts_with("flowchart LR\n")
        );
        findings(&document);
    }
    let document = SLUICE
        .run_without_path(&["schema", "--format", "json"])
        .exits(0)
        .json();
    keys(&document, &["version", "schema", "findings"]);
    assert_eq!(document["schema"]["additionalProperties"], false);
    assert_eq!(
        SLUICE.run_without_path(&["schema"]).json(),
        document["schema"]
    );
}

#[test]
fn promote_gives_the_commit_and_the_promotion() {
    let repo = repo_of("two-pipelines");
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "search",
        "--to",
        "prod",
        "--approved-by",
        "ann",
        "--format",
        "json",
    ];
    let document = run(repo.path(), &promote).exits(0).json();
    keys(&document, &["version", "commit", "promotion", "findings"]);
    assert_eq!(document["commit"], repo.tip("main").unwrap().to_string());
    promotion(&document["promotion"]);
    assert_eq!(document["promotion"]["state"], "due");
    assert_eq!(document["promotion"]["gates"][0]["verdict"], "pass");
    let document = run(repo.path(), &promote).exits(0).json();
    assert!(document["commit"].is_null());
    assert_eq!(document["promotion"]["state"], "in-sync");
    assert_eq!(
        document["promotion"]["reason"],
        "nothing differs from its sources"
    );
}

#[test]
fn standard_output_is_one_document_and_notices_go_to_standard_error() {
    let repo = repo_of("templates-beside");
    change(&repo, "more", &[("more.yaml", "a: 1\n")]);
    repo.write("all.yaml", "changed\n");
    for arguments in [
        &["plan"][..],
        &["status"],
        &["validate"],
        &["simulate"],
        &["graph"],
        &[
            "promote",
            "--local",
            "--pipeline",
            "search",
            "--to",
            "prod",
            "--approved-by",
            "ann",
        ],
    ] {
        if arguments[0] == "promote" {
            let text = test_support::files_of(&fixture("templates-beside"));
            let (_, all) = text
                .into_iter()
                .find(|(path, _)| path == "all.yaml")
                .unwrap();
            repo.write("all.yaml", &all);
            repo.write("more.yaml", "changed: too\n");
        }
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        let ran = SLUICE.run(repo.path(), &all);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document["version"], 2, "{arguments:?}");
        if arguments[0] != "validate" {
            assert!(
                ran.err.contains("1 changed file"),
                "{arguments:?}: {}",
                ran.err
            );
        }
    }
}
