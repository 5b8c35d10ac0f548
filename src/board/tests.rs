//! The board, from documents that are written here.

mod figures;
mod hostile;
mod large;
mod matrix;
mod waiting;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::documents::{HistoryDocument, StatusDocument};
use super::{Site, Source, page};

/// When the status was read.
pub(super) const NOW: &str = "2026-11-20T14:00:00Z";

/// A commit ID that begins with this.
pub(super) fn id(start: &str) -> String {
    format!("{start:0<40}")
}

pub(super) fn site() -> Site {
    Site::new("https://github.com", "acme/gitops").unwrap()
}

/// A service: its name, what it is promoted from, its version, and when it was set, by whom.
pub(super) struct Runs(
    pub &'static str,
    pub Option<&'static str>,
    pub &'static str,
    pub &'static str,
);

pub(super) fn stage(name: &str, services: &[Runs], promotions: Value) -> Value {
    let entries: Vec<Value> = services
        .iter()
        .map(|Runs(service, source, _, at)| {
            let since = match *at {
                "" => Value::Null,
                at => json!({ "at": at, "commit": id("c0ffee"), "by": "frank", "pull": null }),
            };
            json!({ "service": service, "source": source, "since": since })
        })
        .collect();
    let values: Vec<Value> = services
        .iter()
        .map(|Runs(service, _, version, _)| {
            json!({ "service": service, "field": "version", "value": version, "name": null, "secret": false })
        })
        .collect();
    json!({ "stage": name, "services": entries, "values": values, "since": null, "promotions": promotions })
}

/// A promotion in this state, with changes `(service, old, new)`.
pub(super) fn promotion(from: &str, state: &str, changes: &[(&str, &str, &str)]) -> Value {
    let changes: Vec<Value> = changes
        .iter()
        .map(|(name, old, new)| change(name, old, new))
        .collect();
    json!({
        "edges": [{ "from": from, "to": "x" }], "state": state, "reason": "release: waits for 1 approval by sre", "help": null,
        "next": null, "plan": null, "newer": null, "pull": null, "emergency": null, "changes": changes, "gates": [],
        "left_out": [], "debts": [], "rollback": null, "after_rollback": null
    })
}

pub(super) fn change(name: &str, old: &str, new: &str) -> Value {
    json!({
        "file": "x.yaml", "line": 1, "kind": "ServiceDeployment", "namespace": null, "name": name,
        "path": "spec.helm.version", "old": old, "new": new, "secret": false, "way": null, "brings": null
    })
}

pub(super) fn pipeline(name: &str, stages: Value) -> Value {
    json!({ "pipeline": name, "namespace": null, "state": "in-sync", "stages": stages })
}

pub(super) fn status(pipelines: Value) -> Value {
    json!({
        "version": 1, "repository": "acme/gitops", "base": "main", "tip": id("9be04d1"), "now": NOW, "pipelines": pipelines,
        "findings": []
    })
}

pub(super) fn landing(
    at: &str,
    commit: &str,
    stage: &str,
    changes: &[(&str, &str, &str)],
) -> Value {
    let changes: Vec<Value> = changes
        .iter()
        .map(|(name, old, new)| change(name, old, new))
        .collect();
    json!({
        "commit": id(commit), "date": at, "merge": false, "pull": 7, "namespace": null, "pipeline": "shop", "stage": stage,
        "edges": [{ "from": "dev", "to": stage }], "plan": "x", "build": "x", "repository": "acme/gitops", "base": "main",
        "changes": changes, "requested_by": null, "reason": null, "emergency": null, "rollback": null,
        "gates": [{ "name": "release", "outcome": "pass", "evidence": "approved by carol (review)" }]
    })
}

pub(super) fn history(landings: Value, deviations: Value) -> Value {
    json!({
        "version": 1, "tip": id("9be04d1"), "branch": "main", "since": null, "commits": 9, "older": 0, "boundary": null,
        "landings": landings, "unread": [], "findings": [],
        "verified": { "clean": true, "landings": 1, "fields": 1, "deviations": deviations }
    })
}

pub(super) fn parsed(status: &Value) -> StatusDocument {
    serde_json::from_value(status.clone()).unwrap()
}

pub(super) fn parsed_history(history: &Value) -> HistoryDocument {
    serde_json::from_value(history.clone()).unwrap()
}

/// The page, and its verdict.
pub(super) fn made(status: &Value, history: Option<&Value>) -> (String, String) {
    let status = status.to_string();
    let history = history.map(Value::to_string);
    page(&Source {
        status: &status,
        history: history.as_deref().ok_or("There is no git repository here."),
        site: Some(&site()),
        interval: SignedDuration::from_hours(1),
        notices: &[],
    })
    .unwrap()
}

#[test]
fn without_history_the_page_says_so_and_shows_the_rest() {
    let stages = json!([
        stage("dev", &[Runs("web-dev", None, "1.1.0", "")], json!([])),
        stage(
            "prod",
            &[Runs("web-prod", Some("web-dev"), "1.0.0", "")],
            json!([promotion(
                "dev",
                "waits-for-people",
                &[("web-prod", "1.0.0", "1.1.0")]
            )])
        ),
    ]);
    let (html, verdict) = made(&status(json!([pipeline("shop", stages)])), None);
    assert_eq!(verdict, "1 waiting, 0 in sync");
    for said in [
        "Landings and figures: not read here. There is no git repository here.",
        "who set it: not read here",
        "<b>release: waits for 1 approval by sre</b>",
        "<small>behind dev</small>",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains("Nothing has landed yet"));
}

#[test]
fn an_empty_repository_has_a_page_too() {
    let (html, verdict) = made(&status(json!([])), Some(&history(json!([]), json!([]))));
    assert_eq!(verdict, "There is no Pipeline here, 0 in sync");
    assert!(html.contains("Nothing has landed yet."));
}

#[test]
fn what_is_missing_of_a_history_is_said() {
    let mut past = history(json!([]), json!([]));
    past["tip"] = json!(id("aaaaaaa"));
    past["boundary"] = json!(id("bbbbbbb"));
    past["unread"] = json!([{ "commit": null, "why": "x.yaml:1: no YAML" }]);
    past["verified"] = Value::Null;
    let (html, _) = made(&status(json!([])), Some(&past));
    for said in [
        "It was read at aaaaaaa, the commit of the clone, which is not the one above.",
        "The clone ends at bbbbbbb: what is older is not read here. fetch-depth: 0 reads all of it.",
        "Could not be read: x.yaml:1: no YAML",
        "Whether anything came another way was not read here.",
    ] {
        assert!(html.contains(said), "{said}");
    }
}

#[test]
fn a_document_of_another_kind_is_an_error_and_no_page() {
    let made = page(&Source {
        status: "{}",
        history: Err(""),
        site: None,
        interval: SignedDuration::from_hours(1),
        notices: &[],
    });
    assert!(
        made.unwrap_err()
            .to_string()
            .contains("the document of `status`")
    );
}
