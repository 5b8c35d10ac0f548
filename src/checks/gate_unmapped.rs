//! `gate-unmapped`: a gate without a rule that says how it opens. Only APPROVAL has a default.
//!
//! The finding is about one edge and stops no pipeline: the planner makes an error of every promotion along that edge, and
//! leaves the others moving.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::name::GateName;
use crate::model::nearest::nearest;
use crate::model::pipeline::{EdgeEnds, Gate, GateKind, Pipeline};
use crate::model::policy::Policy;
use crate::model::source_location::RepoPath;

pub(super) const CHECK: Check = Check {
    code: "gate-unmapped",
    severity: Severity::Error,
    about: "The policy has no rule for a gate of type WINDOW, JOB, SENTINEL or an unknown type.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    // If the policy cannot be read, it is unknown what it maps.
    if context.policy_finding.is_some() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (pipeline, _) in context.pipelines() {
        // An edge between ids of Plural's console leads nowhere here, and nothing passes its gates.
        let edges = pipeline
            .edges
            .iter()
            .filter(|edge| edge.ends != EdgeEnds::ConsoleIds);
        for gate in edges.flat_map(|edge| &edge.gates) {
            // An entry of another kind is a contradiction, and reported there.
            if gate.kind == GateKind::Approval
                || context.policy.gate(&pipeline.name, &gate.name).is_some()
            {
                continue;
            }
            findings.push(
                Finding::error(
                    CHECK.code,
                    pipeline.place(gate.at),
                    message(gate),
                    Stops::Nothing,
                )
                .help(help(context.policy, context.policy_file, pipeline, gate)),
            );
        }
    }
    findings
}

fn message(gate: &Gate) -> String {
    let Gate { name, kind, .. } = gate;
    match kind {
        GateKind::Approval | GateKind::Window => {
            format!("the policy has no hours for the gate {name}, so it stays closed")
        }
        GateKind::Job => {
            format!("the policy names no workflow for the gate {name}, so it stays closed")
        }
        GateKind::Sentinel => format!(
            "a sentinel runs in Plural's console, which Sluice does not ask, and the policy names no workflow or check for the \
             gate {name}, so it stays closed"
        ),
        GateKind::Unknown(kind) => format!(
            "the type {kind} of the gate {name} is unknown here, and the policy names no workflow or check for it, \
             so it stays closed"
        ),
    }
}

/// The lines to add, for this very gate.
fn help(policy: &Policy, file: &RepoPath, pipeline: &Pipeline, gate: &Gate) -> String {
    let name = as_key(&gate.name);
    let stem = if name.starts_with('"') {
        "tests"
    } else {
        &name
    };
    let workflow = format!("{name}: {{ workflow: {stem}.yml }}");
    let check = format!("{name}: {{ check: {{ name: {stem}, app: APP_ID }} }}");
    let (entry, or) = match &gate.kind {
        GateKind::Approval | GateKind::Window => (
            format!("{name}: {{ open: [\"Mon-Fri 09:00-17:00\"], zone: UTC }}"),
            " with your own hours and IANA time zone".to_owned(),
        ),
        GateKind::Job => (
            workflow,
            ", a workflow in .github/workflows of the base branch".to_owned(),
        ),
        GateKind::Sentinel | GateKind::Unknown(_) => (check, format!(", or `{workflow}`")),
    };
    let add = if policy.gates.is_empty() {
        format!("add to {file}, which begins with `version: 1`: `gates: {{ {entry} }}`{or}")
    } else {
        format!("add to {file} under `gates`: `{entry}`{or}")
    };
    let known = ["APPROVAL", "WINDOW", "JOB", "SENTINEL"];
    match &gate.kind {
        GateKind::Unknown(kind) => match nearest(kind, known).first() {
            Some(near) => format!(
                "did you mean the type {near} in {}? Otherwise {add}",
                pipeline.file
            ),
            None => add,
        },
        _ => add,
    }
}

/// A name as the key of a mapping.
fn as_key(name: &GateName) -> String {
    let text = name.as_str();
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if is_plain {
        text.to_owned()
    } else {
        // A JSON string is a quoted YAML one.
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DEFAULT_PATH, parse};
    use crate::yaml::Position;

    fn pipeline() -> Pipeline {
        Pipeline {
            name: "web".into(),
            namespace: None,
            written_namespace: None,
            file: "web.yaml".into(),
            at: Position::default(),
            stages: Vec::new(),
            edges: Vec::new(),
        }
    }

    fn gate(name: &str, kind: &str) -> Gate {
        Gate {
            name: name.into(),
            kind: GateKind::of(kind),
            job: None,
            at: Position::default(),
        }
    }

    fn helped(policy: &Policy, gate: &Gate) -> String {
        help(policy, &DEFAULT_PATH.into(), &pipeline(), gate)
    }

    fn policy(text: &str) -> Policy {
        parse(&DEFAULT_PATH.into(), text.as_bytes()).unwrap()
    }

    #[test]
    fn what_the_help_shows_maps_this_very_gate() {
        let shown = |help: &str| {
            let code = help.split('`').find(|code| code.contains(": {")).unwrap();
            code.replace("APP_ID", "7")
        };
        let begun = "version: 1\ngates:\n  other: { workflow: x.yml }\n";
        for name in [
            "office-hours",
            "a: b",
            "",
            "it's {{ x }}",
            "\u{1b}[1m",
            "9",
            "\"",
            "é",
        ] {
            for kind in ["WINDOW", "JOB", "SENTINEL", "CANARY"] {
                let gate = gate(name, kind);
                let alone = shown(&helped(&Policy::default(), &gate));
                let beside = shown(&helped(&policy(begun), &gate));
                for text in [
                    format!("version: 1\n{alone}\n"),
                    format!("{begun}  {beside}\n"),
                ] {
                    let ruled = policy(&text);
                    let ruled = ruled.gate(&pipeline().name, &gate.name);
                    assert!(ruled.is_some(), "{kind}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_type_that_may_be_misspelt_is_asked_about_first() {
        let help = helped(&Policy::default(), &gate("release", "APPROVEL"));
        insta::assert_snapshot!(help, @"did you mean the type APPROVAL in web.yaml? Otherwise add to .github/sluice.yaml, which begins with `version: 1`: `gates: { release: { check: { name: release, app: APP_ID } } }`, or `release: { workflow: release.yml }`");
    }
}
