//! Parsing by tables: what is refused, where, and with which words; and that the schema says the same.

use serde_json::Value;

use super::*;
use crate::model::policy::GateRule;

/// Removes the mark `«` from a text; it is right before the position of the error.
fn unmark(text: &str) -> (String, Option<(u32, u32)>) {
    let place = text.split_once('«').map(|(before, _)| {
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
    });
    (text.replace('«', ""), place)
}

fn problem(text: &str) -> (u32, u32, String) {
    let finding = *parse(&DEFAULT_PATH.into(), text.as_bytes()).expect_err(text);
    (
        finding.place.line,
        finding.place.column,
        format!("{} / {}", finding.message, finding.help.unwrap_or_default()),
    )
}

fn policy(text: &str) -> Policy {
    let text = format!("version: 1\n{text}");
    parse(&DEFAULT_PATH.into(), text.as_bytes()).unwrap_or_else(|finding| {
        panic!(
            "{text}{}:{} {}",
            finding.place.line, finding.place.column, finding.message
        )
    })
}

fn valid_by_schema(text: &str) -> bool {
    let value: Value = serde_yaml::from_str(text).unwrap();
    jsonschema::validator_for(&schema())
        .unwrap()
        .is_valid(&value)
}

#[test]
fn an_unknown_field_is_refused_with_its_place_and_the_nearest_name() {
    let (line, column, words) = problem("version: 1\ngates:\n  prod-approval:\n    aprove: []\n");
    assert_eq!((line, column), (4, 5));
    assert!(words.contains("aprove"), "{words}");
    assert!(words.ends_with("did you mean `approve`?"), "{words}");
}

#[test]
fn what_is_no_policy_is_refused() {
    for (text, word) in [
        ("«", "empty"),
        ("# nothing\n", "empty"),
        ("version: «2\n", "version 2"),
        ("«fields: []\n", "version"),
        ("version: 1\n---\n«version: 1\n", "second"),
        ("version: 1\n«version: 1\n", "duplicate key"),
        ("«[1]\n", "a mapping such as `version: 1`"),
    ] {
        let (text, place) = unmark(text);
        let (line, column, words) = problem(&text);
        assert!(words.contains(word), "{text:?}: {words}");
        if let Some(place) = place {
            assert_eq!((line, column), place, "{text:?}: {words}");
        }
    }
}

/// What can never hold: the text after `version: 1`, with a mark at the error, and a word of it. The last says whether
/// the schema refuses it too.
const REFUSED: &[(&str, &str, bool)] = &[
    // manifests, fields, refs, watch
    ("manifests: { exclude: [«\"\"] }", "must not be empty", true),
    (
        "manifests: { exclude: [«\"{a\"] }",
        "not a valid glob",
        false,
    ),
    (
        "manifests: { namespaces: { a/**: «Dev } }",
        "not a valid namespace",
        true,
    ),
    ("manifests: «[]", "`exclude`", true),
    ("fields: [«spec.configuration.x]", "criteria.secrets", true),
    ("fields: [«spec.git]", "always promoted", false),
    ("fields: [«metadata.name]", "under `spec`", true),
    ("refs: { branches: «[] }", "empty", true),
    ("refs: { tags: «[] }", "empty", true),
    ("pipelines: { p: { watch: [«../x] } }", "from the top", true),
    ("pipelines: { p: { watch: [«\"\"] } }", "from the top", true),
    // people
    ("people: { sre: «[] }", "empty", true),
    ("people: { sre: [ann, «\"@bob\"] }", "without @", true),
    (
        "people: { sre: [«\"dependabot[bot]\"] }",
        "approval never counts",
        true,
    ),
    ("people: { sre: [«acme/] }", "not a valid team", true),
    ("people: { sre: [«two words] }", "not a valid login", true),
    ("people: { «writers: [ann] }", "anyone with write", true),
    (
        "people: { «code-owners: [ann] }",
        "owners of the changed files",
        true,
    ),
    ("people: { «acme/sre: [ann] }", "slashes", true),
    ("people: { «\"@sre\": [ann] }", "begin with @", true),
    // scalars
    ("land: «rebase", "merge", true),
    ("guard: «1", "boolean", true),
    ("rollback: { age: «0d }", "length of time is zero", false),
    ("rollback: { age: «90 }", "length of time", true),
    ("limits: { open: «-1 }", "does not fit", true),
    ("texts: { note: «\"\" }", "empty", true),
    ("texts: { title: «\" \" }", "empty", false),
    // freeze, holds
    (
        "freeze: [«{from: 2026-12-19T18:00, until: 2026-12-19T18:00, zone: UTC, reason: x}]",
        "not after",
        false,
    ),
    (
        "freeze: [«{from: 2026-12-19T18:00, until: 2026-12-20T18:00, zone: UTC, reason: \" \"}]",
        "`reason`",
        false,
    ),
    (
        "freeze: [{from: «2026-12-19T18:00Z, until: 2026-12-20T18:00, zone: UTC, reason: x}]",
        "without an offset",
        true,
    ),
    ("holds: [{ stage: prod, reason: «\"\" }]", "empty", true),
    ("holds: [«{ stage: prod }]", "`reason` is missing", true),
    // gates
    ("gates: { a: «{} }", "this entry is empty", true),
    ("gates: { a: «[] }", "the rule of this gate", true),
    ("gates: { a: { approve: «[] } }", "empty", true),
    ("gates: { a: { ways: «[] } }", "empty", true),
    ("gates: { a: { ways: [«email] } }", "review", true),
    (
        "gates: { a: { exclude: [«author] } }",
        "change-authors",
        true,
    ),
    (
        "gates: { a: { approve: [{ by: writers, count: «0 }] } }",
        "does not fit",
        true,
    ),
    (
        "gates: { a: { approve: [«{ count: 1 }] } }",
        "`by` is missing",
        true,
    ),
    (
        "gates: { a: { approve: [{ by: «\"\" }] } }",
        "is not a group",
        true,
    ),
    (
        "gates: { a: { approve: [{ by: «\"@\" }] } }",
        "not a valid login",
        true,
    ),
    (
        "gates: { a: { approve: [{ by: «\"@ci[bot]\" }] } }",
        "approval never counts",
        true,
    ),
    (
        "gates: { a: { approve: [{ by: «acme/x/y }] } }",
        "not a valid team",
        true,
    ),
    ("gates: { a: { open: «[], zone: UTC } }", "empty", true),
    (
        "gates: { a: «{ open: [\"Mon 09:00-17:00\"] } }",
        "zone",
        true,
    ),
    ("gates: { a: «{ zone: UTC } }", "open", true),
    (
        "gates: { a: { open: [«Mondays], zone: UTC } }",
        "weekly hours",
        true,
    ),
    (
        "gates: { a: { open: [\"Mon 09:00-17:00\"], zone: «Berlin } }",
        "IANA",
        false,
    ),
    (
        "gates: { a: «{ workflow: x.yml, zone: UTC } }",
        "different gate types",
        true,
    ),
    ("gates: { a: «{ timeout: 5m } }", "without `workflow`", true),
    (
        "gates: { a: { workflow: x.yml, timeout: «0s } }",
        "length of time is zero",
        false,
    ),
    (
        "gates: { a: { workflow: «\"\" } }",
        "only the file name",
        true,
    ),
    (
        "gates: { a: { workflow: «.github/workflows/x.yml } }",
        "only the file name",
        true,
    ),
    ("gates: { a: { workflow: «x } }", "only the file name", true),
    (
        "gates: { a: { check: { name: «\"\", app: 1 } } }",
        "empty",
        true,
    ),
    (
        "gates: { a: { check: { name: e2e, app: «0 } } }",
        "not the ID of any App",
        true,
    ),
    (
        "gates: { a: { check: { name: e2e, app: «15368 } } }",
        "GitHub Actions",
        true,
    ),
    (
        "gates: { a: { check: «{ name: e2e } } }",
        "`app` is missing",
        true,
    ),
    // stages
    ("stages: { s: { ready: «{} } }", "this entry is empty", true),
    (
        "stages: { s: { ready: «{ deployment: dev } } }",
        "without `creator`",
        true,
    ),
    (
        "stages: { s: { ready: «{ creator: 7 } } }",
        "without `deployment`",
        true,
    ),
    (
        "stages: { s: { ready: { deployment: «\"\", creator: 7 } } }",
        "empty",
        true,
    ),
    (
        "stages: { s: { ready: { deployment: dev, creator: «0 } } }",
        "not the ID of any account",
        true,
    ),
    (
        "stages: { s: { ready: { deployment: dev, creator: «41898282 } } }",
        "github-actions[bot]",
        true,
    ),
    (
        "stages: { s: { ready: { status: { context: x, creator: «41898282 } } } }",
        "github-actions[bot]",
        true,
    ),
    (
        "stages: { s: { ready: { status: { context: x, creator: «0 } } } }",
        "not the ID of any account",
        true,
    ),
    (
        "stages: { s: { ready: { status: { context: «\"\", creator: 7 } } } }",
        "empty",
        true,
    ),
    (
        "stages: { s: { ready: { status: «{ context: x } } } }",
        "`creator` is missing",
        true,
    ),
    (
        "stages: { s: { ready: { check: { name: e2e, app: «15368 } } } }",
        "GitHub Actions",
        true,
    ),
    (
        "stages: { s: { ready: { soak: «0m } } }",
        "length of time is zero",
        false,
    ),
    ("stages: { s: { require: [«APROVAL] } }", "APPROVAL", true),
    ("stages: { s: { delivery: «push } }", "pull-request", true),
    ("stages: { s: { trigger: «always } }", "auto", true),
    (
        "stages: { s: { reviewers: [«writers] } }",
        "does not name anyone",
        true,
    ),
    (
        "stages: { s: { reviewers: [«\"@a b\"] } }",
        "not a valid login",
        true,
    ),
    (
        "stages: { s: { emergency: { approve: «[], skip: [soak] } } }",
        "empty",
        true,
    ),
    (
        "stages: { s: { emergency: { approve: [{ by: writers }], skip: «[] } } }",
        "empty",
        true,
    ),
    (
        "stages: { s: { emergency: { approve: [{ by: writers }], skip: [«approval] } } }",
        "window",
        true,
    ),
    (
        "stages: { s: { emergency: «{ skip: [soak] } } }",
        "`approve` is missing",
        true,
    ),
    (
        "pipelines: { p: { stages: { s: { ready: { creator: «x } } } } }",
        "expected a whole number",
        true,
    ),
];

#[test]
fn what_can_never_hold_is_refused_where_it_stands_and_by_the_schema() {
    for (text, word, by_schema) in REFUSED {
        let (text, place) = unmark(&format!("version: 1\n{text}\n"));
        let (line, column, words) = problem(&text);
        assert!(words.contains(word), "{text}{words}");
        assert_eq!(Some((line, column)), place, "{text}{words}");
        assert_eq!(!valid_by_schema(&text), *by_schema, "the schema: {text}");
    }
}

#[test]
fn what_can_hold_is_taken_and_allowed_by_the_schema() {
    for text in [
        "",
        "stages: { s: { ready: { soak: 4h } } }",
        "stages: { s: { ready: { deployment: dev, creator: 7, soak: 1h30m } } }",
        "stages: { s: { ready: { status: { context: smoke/us, creator: 7 } } } }",
        "stages: { s: {} }",
        "stages: { s: { reviewers: [sre, acme/sre, \"@ann\"] } }",
        "gates: { g: { exclude: [change-authors] } }",
        "gates: { g: { ways: [review, review, label] } }",
        "gates: { g: { exclude: [change-authors, change-authors] } }",
        "gates: { g: { approve: [{ by: \"@ann\" }, { by: acme/sre-team.x }, { by: code-owners, count: 2 }] } }",
        "gates: { g: { open: [\"fri-Mon,Wed 22:00-06:00\", \"Tue 00:00-24:00\"], zone: Europe/Berlin } }",
        "gates: { g: { workflow: a.b.yaml, timeout: 45m } }",
        "gates: { g: { check: { name: e2e, app: 123456 } } }",
        "stages: { s: { emergency: { approve: [{ by: writers }], skip: [soak, soak, window] } } }",
        "people: { sre: [ann, Ann, bob-smith, carol_acme, acme/payments-leads] }",
        "land: exact\nmerge: merge\nverified: true\nguard: true",
        "limits: { open: 0 }",
        "holds: [{ reason: everything, until: 2026-12-19T18:00:00+01:00 }]",
        "refs: { tags: [\"v*\"] }",
        "pipelines: { p: { watch: [charts/common, .], stages: { s: { trigger: auto } } } }",
    ] {
        policy(text);
        let text = format!("version: 1\n{text}\n");
        assert!(valid_by_schema(&text), "{text}");
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let policy = policy("gates: { g: { ways: [review] } }");
    let Some(GateRule::Approval {
        approve, exclude, ..
    }) = policy.gates.get("g").map(|ruled| ruled.rule)
    else {
        panic!("it is an approval");
    };
    assert_eq!((approve.len(), approve[0].count.get()), (1, 1));
    assert!(exclude.is_empty());
    assert_eq!(policy.limits.open, 10);
    assert_eq!(policy.rollback.age.duration().as_hours(), 90 * 24);
}

/// Every schema inside a schema, with the path to it.
fn visit(value: &Value, path: &str, seen: &mut dyn FnMut(&str, &Value)) {
    seen(path, value);
    match value {
        Value::Object(entries) => {
            for (key, inner) in entries {
                visit(inner, &format!("{path}/{key}"), seen);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                visit(inner, &format!("{path}/{index}"), seen);
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_of_the_schema_is_described_and_nothing_else_is_allowed() {
    let mut fields = 0;
    visit(&schema(), "", &mut |path, value| {
        if let Some(Value::Object(properties)) = value.get("properties") {
            assert_eq!(value["additionalProperties"], false, "{path}");
            for (name, field) in properties {
                fields += 1;
                let about = field["description"].as_str().unwrap_or_default();
                assert!(about.ends_with('.'), "{path}/{name}: {about:?}");
            }
        }
        if let Some(forms) = value.get("oneOf").and_then(Value::as_array) {
            for form in forms {
                assert!(form["description"].is_string(), "{path}: {form}");
            }
        }
    });
    assert!(fields > 50, "{fields}");
    for (name, _) in schema::TEXTS {
        assert!(schema()["$defs"][name]["type"] == "string", "{name}");
    }
}
