//! The two documents, as far as the board reads them (docs/json.md).

use jiff::Timestamp;
use serde::Deserialize;

/// The document of `status`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct StatusDocument {
    pub repository: String,
    pub base: Option<String>,
    pub tip: Option<String>,
    pub now: Timestamp,
    pub pipelines: Vec<Pipeline>,
    pub findings: Vec<Finding>,
}

impl StatusDocument {
    /// The name of a pipeline, which may be gone by now; with its namespace if another one has the same name.
    pub(super) fn name_of(&self, namespace: Option<&str>, name: &str) -> String {
        let mut others = self
            .pipelines
            .iter()
            .filter(|other| other.pipeline == name && other.namespace.as_deref() != namespace);
        match (namespace, others.next()) {
            (Some(namespace), Some(_)) => format!("{namespace}/{name}"),
            _ => name.to_owned(),
        }
    }
}

impl Pipeline {
    /// The name that is shown.
    pub(super) fn name_in(&self, status: &StatusDocument) -> String {
        status.name_of(self.namespace.as_deref(), &self.pipeline)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Pipeline {
    pub pipeline: String,
    pub namespace: Option<String>,
    pub state: Standing,
    pub stages: Vec<Stage>,
}

/// A state, as the document names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    NeedsPerson,
    Blocked,
    Error,
    WaitsForPeople,
    WaitsForChecks,
    WaitsForTime,
    Queued,
    Frozen,
    Held,
    Due,
    Ahead,
    NotMoved,
    InSync,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Stage {
    pub stage: String,
    pub services: Vec<Service>,
    pub values: Vec<Value>,
    pub promotions: Vec<Promotion>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Service {
    pub service: String,
    pub source: Option<String>,
    pub since: Option<SetBy>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Value {
    pub service: String,
    pub field: String,
    pub value: Option<String>,
    pub name: Option<String>,
    pub secret: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct SetBy {
    pub at: Timestamp,
    pub commit: String,
    pub by: String,
    pub pull: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Promotion {
    pub edges: Vec<Edge>,
    pub state: Standing,
    pub reason: String,
    pub help: Option<String>,
    pub next: Option<Timestamp>,
    pub pull: Option<u64>,
    pub emergency: Option<String>,
    pub changes: Vec<Change>,
    pub gates: Vec<Gate>,
    pub left_out: Vec<LeftOut>,
    pub rollback: Option<serde::de::IgnoredAny>,
}

impl Promotion {
    /// The gate that the reason is about, and what it says of that gate.
    pub(super) fn gate_of_reason(&self) -> Option<(&Gate, &str)> {
        self.gates.iter().find_map(|gate| {
            let rest = self.reason.strip_prefix(gate.name.as_str())?;
            Some((gate, rest.strip_prefix(": ")?))
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Edge {
    pub from: String,
}

/// A change of one field, in either document.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Change {
    pub kind: String,
    pub name: String,
    pub path: String,
    pub old: Option<String>,
    pub new: Option<String>,
    pub secret: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Gate {
    pub name: String,
    pub verdict: Verdict,
    pub reason: String,
    pub link: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    Pass,
    Pending,
    Blocked,
    Error,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LeftOut {
    pub name: String,
    pub reason: String,
    pub commit: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Finding {
    pub code: String,
    pub severity: Severity,
    pub file: String,
    pub line: u32,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Severity {
    Error,
    Warning,
}

/// The document of `history`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct HistoryDocument {
    pub tip: String,
    pub boundary: Option<String>,
    pub landings: Vec<Landing>,
    pub unread: Vec<Unread>,
    pub verified: Option<Verified>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Landing {
    pub commit: String,
    pub date: Timestamp,
    pub pull: Option<u64>,
    pub namespace: Option<String>,
    pub pipeline: String,
    pub stage: String,
    pub edges: Vec<Edge>,
    pub changes: Vec<Change>,
    pub reason: Option<String>,
    pub emergency: Option<String>,
    pub rollback: Option<String>,
    pub gates: Vec<PastGate>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastGate {
    pub name: Option<String>,
    pub outcome: Option<Outcome>,
    pub evidence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Pass,
    Open,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Unread {
    pub why: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Verified {
    pub deviations: Vec<Deviation>,
}

/// What changed a promoted field in another way than a landing.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Deviation {
    pub kind: DeviationKind,
    pub commit: String,
    pub date: Timestamp,
    pub author: String,
    pub pull: Option<u64>,
    pub why: Option<String>,
    pub changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DeviationKind {
    Drift,
    FalseRecord,
    NotRecomputable,
    MoreThanItsPlan,
}
