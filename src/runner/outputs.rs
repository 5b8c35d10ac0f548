//! The outputs of the Action: JSON values for later steps.

use serde::Serialize;
use serde_json::{Value, json};

use super::described::Described;
use crate::model::ids::PlanId;
use crate::model::life::LifeState;
use crate::report::escape;

/// Every output of the Action, in the order in which they are written.
pub const OUTPUTS: &[Described] = &[
    about(
        "changed",
        "true if this run wrote anything: a branch, a pull request, a commit, a merge",
    ),
    about(
        "promoted",
        "The promotions that landed, as a list of {pipeline, stage, plan, pull}",
    ),
    about(
        "opened",
        "The promotions for which a pull request was opened, as such a list",
    ),
    about(
        "pending",
        "The promotions whose gates are not all open, as such a list",
    ),
    about(
        "blocked",
        "The promotions that need a person, as such a list",
    ),
    about(
        "needs-person",
        "The same promotions with the reason, what to do and whether this run is the first to say so, as a list of {pipeline, stage, plan, pull, state, why, next, url, new}",
    ),
    about(
        "message",
        "What changed in this run as plain text for a chat; empty if nothing did",
    ),
    about(
        "matrix",
        "The pipelines that a reconcile would have something to do about, as a list of NAMESPACE/NAME for a job's strategy",
    ),
    about(
        "plan",
        "The plan, as `sluice plan --format json` prints it; null where it is too long for an output",
    ),
    about(
        "report",
        "What this run found and did, as one JSON document; null where it is too long for an output",
    ),
];

const fn about(name: &'static str, about: &'static str) -> Described {
    Described { name, about }
}

/// GitHub keeps 1 MB per job, counted in two bytes for most characters.
const MAX_BYTES: usize = 1_000_000;

/// What a run gives to later steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outputs {
    /// Something was written.
    pub changed: bool,
    /// What landed.
    pub promoted: Vec<Moved>,
    /// What was opened.
    pub opened: Vec<Moved>,
    /// What waits.
    pub pending: Vec<Moved>,
    /// What needs a person.
    pub blocked: Vec<Moved>,
    /// What needs a person, with the reason.
    pub needs_person: Vec<NeedsPerson>,
    /// What changed, as plain text; empty if nothing did.
    pub message: String,
    /// Pipelines with anything due, as NAMESPACE/NAME or NAME.
    pub matrix: Vec<String>,
    /// The plan's document.
    pub plan: Value,
    /// The run's document.
    pub report: Value,
}

/// A promotion in a list of outputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Moved {
    /// NAMESPACE/NAME, or NAME.
    pub pipeline: String,
    /// The stage.
    pub stage: String,
    /// The plan.
    pub plan: Option<PlanId>,
    /// The number of its pull request.
    pub pull: Option<u64>,
}

/// A promotion that needs a person.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NeedsPerson {
    /// Which one.
    #[serde(flatten)]
    pub which: Moved,
    /// Its state.
    pub state: LifeState,
    /// Why; foreign text.
    pub why: String,
    /// What to do; foreign text.
    pub next: Option<String>,
    /// The page of its pull request.
    pub url: Option<String>,
    /// This run is the first one that says so.
    pub new: bool,
}

impl Outputs {
    /// Name and value of each output: one line of JSON, except for `message`, which is text. What does not fit any more is `null`, and named.
    pub(crate) fn values(&self) -> (Vec<(&'static str, String)>, Vec<&'static str>) {
        let line = |value: Value| escape::json(&value.to_string());
        let values = [
            line(json!(self.changed)),
            line(json!(self.promoted)),
            line(json!(self.opened)),
            line(json!(self.pending)),
            line(json!(self.blocked)),
            line(json!(self.needs_person)),
            self.message.clone(),
            line(json!(self.matrix)),
            line(self.plan.clone()),
            line(self.report.clone()),
        ];
        let mut left = MAX_BYTES;
        let mut too_long = Vec::new();
        let mut written = Vec::new();
        for (output, mut text) in OUTPUTS.iter().zip(values) {
            let bytes = 2 * text.encode_utf16().count();
            if bytes > left {
                too_long.push(output.name);
                "null".clone_into(&mut text);
            } else {
                left -= bytes;
            }
            written.push((output.name, text));
        }
        (written, too_long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(pipeline: &str) -> Moved {
        Moved {
            pipeline: pipeline.to_owned(),
            stage: "prod".to_owned(),
            plan: Some("7c".repeat(32).parse().unwrap()),
            pull: Some(127),
        }
    }

    #[test]
    fn every_output_is_one_line_of_json_in_the_listed_order() {
        let outputs = Outputs {
            changed: true,
            promoted: vec![moved("prod/podinfo")],
            pending: vec![moved("a\nb\u{202e}\u{2028}=<<EOF")],
            matrix: vec!["prod/podinfo".to_owned(), "web".to_owned()],
            plan: json!({ "version": 1 }),
            ..Outputs::default()
        };
        let (values, too_long) = outputs.values();
        assert!(too_long.is_empty());
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            OUTPUTS.iter().map(|output| output.name).collect::<Vec<_>>()
        );
        let lines: Vec<String> = values
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        changed=true
        promoted=[{"pipeline":"prod/podinfo","plan":"7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c","pull":127,"stage":"prod"}]
        opened=[]
        pending=[{"pipeline":"a\nb\u202e\u2028=<<EOF","plan":"7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c","pull":127,"stage":"prod"}]
        blocked=[]
        needs-person=[]
        message=
        matrix=["prod/podinfo","web"]
        plan={"version":1}
        report=null
        "#);
        for (_, value) in values.iter().filter(|(name, _)| *name != "message") {
            serde_json::from_str::<Value>(value).unwrap();
        }
    }

    #[test]
    fn what_github_would_not_keep_is_null_and_named() {
        let outputs = Outputs {
            plan: json!("x".repeat(600_000)),
            report: json!("y".repeat(400_000)),
            ..Outputs::default()
        };
        let (values, too_long) = outputs.values();
        assert_eq!(too_long, ["plan"]);
        assert_eq!(values[8], ("plan", "null".to_owned()));
        assert_eq!(values[9].1.len(), 400_002);
    }
}
