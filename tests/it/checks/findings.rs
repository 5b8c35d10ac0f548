//! Every check: the smallest input that causes its finding, with the place, the severity and nothing else.

mod cases;

use std::collections::{BTreeMap, BTreeSet};

use cases::{Case, cases};
use serde_json::Value;
use sluice::checks::CHECKS;
use sluice::model::finding::Severity;

use test_support::git::TestRepo;
use test_support::{chart, pipeline, plan, repo, run};

/// Code and severity of every check, from the design.
const ERRORS: &[&str] = &[
    "criteria-self",
    "cycle",
    "duplicate-edge",
    "duplicate-gate",
    "duplicate-pipeline",
    "duplicate-service",
    "duplicate-stage",
    "forbidden-path",
    "gate-unmapped",
    "manifest-unreadable",
    "policy-contradiction",
    "policy-invalid",
    "policy-unknown-name",
    "reference-ambiguous",
    "reference-kind",
    "reference-not-found",
    "repository-differs",
    "required-gate-missing",
    "revision-unresolved",
    "secret-encrypted",
    "secret-to-plaintext",
    "self-edge",
    "self-feeding",
    "source-not-upstream",
    "target-not-editable",
    "unknown-stage",
    "window-never-opens",
    "write-conflict",
    "write-escapes-stage",
];
const WARNINGS: &[&str] = &[
    "automation-only",
    "job-unsupported",
    "policy-looser",
    "reference-swapped",
    "repository-unknown",
    "secret-missing",
    "target-elsewhere",
    "target-moves",
    "unreachable-stage",
    "watch-outside",
];

/// A finding: file, line, column, code.
type Expected = BTreeSet<(String, u32, u32, String)>;

/// Removes the marks `«code»` from a text; each is right before the place of a finding.
fn unmark(path: &str, text: &str, expected: &mut Expected) -> String {
    let mut plain = String::new();
    let (mut line, mut column) = (1, 1);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(mark) = rest.strip_prefix('«') {
            let (code, after) = mark.split_once('»').unwrap();
            expected.insert((path.to_owned(), line, column, code.to_owned()));
            rest = after;
            continue;
        }
        plain.push(c);
        (line, column) = if c == '\n' {
            (line + 1, 1)
        } else {
            (line, column + 1)
        };
        rest = &rest[c.len_utf8()..];
    }
    plain
}

/// The case as a repository, beside a pipeline that has nothing to do with it.
fn repository(case: &Case) -> (TestRepo, Expected) {
    let mut expected = Expected::new();
    let mut files: Vec<(String, String)> = case
        .files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), unmark(path, text, &mut expected)))
        .collect();
    let bystander = [
        chart("by-one", "2.0.0"),
        chart("by-two", "1.0.0"),
        pipeline(
            "bystander",
            &[("first", &["by-one"]), ("second", &["by-two < by-one"])],
            &[("first second", &["let-through APPROVAL"])],
        ),
    ];
    files.push(("bystander/all.yaml".to_owned(), bystander.join("---\n")));
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let repo = repo(&files);
    repo.git()
        .remote("origin", "https://github.com/acme/gitops.git")
        .unwrap();
    (repo, expected)
}

fn found(document: &Value) -> Expected {
    let findings = document["findings"].as_array().unwrap();
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    findings
        .iter()
        .map(|finding| {
            (
                finding["file"].as_str().unwrap().to_owned(),
                number(&finding["line"]),
                number(&finding["column"]),
                finding["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_check_finds_exactly_what_is_marked_and_stops_only_its_own_pipeline() {
    for case in cases() {
        let (repo, expected) = repository(case);
        let ran = run(repo.path(), &["validate", "--format", "json"]);
        let document = ran.json();
        assert_eq!(
            found(&document),
            expected,
            "{}: {:#}",
            case.about,
            document["findings"]
        );
        let error = expected
            .iter()
            .any(|(.., code)| ERRORS.contains(&code.as_str()));
        assert_eq!(ran.exit, if error { 2 } else { 0 }, "{}", case.about);
        for finding in document["findings"].as_array().unwrap() {
            let code = finding["code"].as_str().unwrap();
            let severity = if ERRORS.contains(&code) {
                "error"
            } else {
                "warning"
            };
            assert_eq!(finding["severity"], severity, "{}", case.about);
            assert!(!finding["message"].as_str().unwrap().is_empty());
        }

        let planned = plan(repo.path());
        assert_eq!(found(&planned.0), expected, "{}: plan", case.about);
        if !case.stops_all {
            assert_eq!(
                planned.state("bystander", "second"),
                "due",
                "{}",
                case.about
            );
        }
        let stopped = planned.0["pipelines"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["state"] == "error");
        assert_eq!(
            stopped, case.stops,
            "{}: {:#}",
            case.about, planned.0["pipelines"]
        );
    }
}

#[test]
fn every_check_has_a_scenario_and_the_severity_of_the_design() {
    let mut seen = Expected::new();
    for case in cases() {
        for (path, text) in case.files {
            unmark(path, text, &mut seen);
        }
    }
    let seen: BTreeSet<&str> = seen.iter().map(|(.., code)| code.as_str()).collect();
    let registered: BTreeMap<&str, Severity> = CHECKS
        .iter()
        .map(|check| (check.code, check.severity))
        .collect();
    assert_eq!(registered.len(), CHECKS.len(), "a code stands twice");
    for (code, severity) in registered {
        assert!(seen.contains(code), "{code} has no scenario");
        let wanted = if ERRORS.contains(&code) {
            Severity::Error
        } else {
            assert!(WARNINGS.contains(&code), "{code} is not in the design");
            Severity::Warning
        };
        assert_eq!(severity, wanted, "{code}");
    }
}

#[test]
fn the_text_of_a_finding_names_severity_code_place_and_help() {
    let case = cases()
        .find(|case| case.about == "an edge to a misspelt stage")
        .unwrap();
    let (repo, _) = repository(case);
    let ran = run(repo.path(), &["validate"]).exits(2);
    insta::assert_snapshot!(ran.out, @r"
    warning[unreachable-stage]: no edge leads to or from the stage prod: nothing is promoted into it or out of it
     --> pipeline.yaml:7:13
      |
    7 |     - name: prod
      |             ^^^^
      |
      = help: add an edge, or remove the stage

    error[unknown-stage]: an edge names the stage prodd, which this pipeline does not have
      --> pipeline.yaml:11:24
       |
    11 |     - { from: dev, to: prodd }
       |                        ^^^^^
       |
       = help: did you mean prod?

    2 files, 2 pipelines, 2 services: 1 error, 1 warning.
    ");
}
