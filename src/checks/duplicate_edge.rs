//! `duplicate-edge`: two edges from one stage to the same other.

use super::check::{Check, Context};
use super::duplicates::twice;
use crate::model::finding::{Finding, Severity};
use crate::model::pipeline::EdgeEnds;

pub(super) const CHECK: Check = Check {
    code: "duplicate-edge",
    severity: Severity::Error,
    about: "Two edges connect the same two stages in the same direction.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    context
        .pipelines()
        .flat_map(|(pipeline, resolved)| {
            let things = pipeline.edges.iter().filter_map(|edge| match &edge.ends {
                EdgeEnds::Stages { from, to } => Some((
                    (&from.value, &to.value),
                    edge.at,
                    format!("the edge {from} → {to}"),
                )),
                EdgeEnds::ConsoleIds => None,
            });
            twice(CHECK.code, pipeline, resolved.id, things)
        })
        .collect()
}
