//! `duplicate-gate`: a gate twice on one edge. Equal gate names on two *edges* into one stage are fine: they share policy
//! and label, and each must pass.

use super::check::{Check, Context};
use super::duplicates::twice;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "duplicate-gate",
    severity: Severity::Error,
    about: "An edge lists the same gate twice.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    context
        .pipelines()
        .flat_map(|(pipeline, resolved)| {
            pipeline.edges.iter().flat_map(move |edge| {
                let things = edge
                    .gates
                    .iter()
                    .map(|gate| (&gate.name, gate.at, format!("the gate {}", gate.name)));
                twice(CHECK.code, pipeline, resolved.id, things)
            })
        })
        .collect()
}
