//! `unknown-stage`: an edge names a stage that the pipeline does not have.

use std::collections::HashSet;

use super::check::{Check, Context, only};
use crate::model::few::few;
use crate::model::finding::{Finding, Severity};
use crate::model::nearest::nearest;
use crate::model::pipeline::EdgeEnds;

/// Searching for a similar name takes a while: at most this many unknown names of a pipeline get one.
const SUGGESTED_FOR: usize = 100;

pub(super) const CHECK: Check = Check {
    code: "unknown-stage",
    severity: Severity::Error,
    about: "An edge names a stage that the pipeline does not have.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        let known: Vec<&str> = pipeline
            .stages
            .iter()
            .map(|stage| stage.name.as_str())
            .collect();
        let names: HashSet<&str> = known.iter().copied().collect();
        let mut misses = 0;
        for edge in &pipeline.edges {
            let EdgeEnds::Stages { from, to } = &edge.ends else {
                continue;
            };
            for (end, name) in [("from", from), ("to", to)] {
                if names.contains(name.as_str()) {
                    continue;
                }
                let message = if name.as_str().is_empty() {
                    format!("an edge has no `{end}`")
                } else {
                    format!("an edge names the stage {name}, which this pipeline does not have")
                };
                misses += 1;
                let near = match misses <= SUGGESTED_FOR {
                    true => nearest(name.as_str(), known.iter().copied()),
                    false => Vec::new(),
                };
                let help = match near.first() {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("its stages are: {}", few(&known, ", ")),
                };
                findings.push(
                    Finding::error(
                        CHECK.code,
                        pipeline.place(name.at),
                        message,
                        only(resolved.id),
                    )
                    .help(help),
                );
            }
        }
    }
    findings
}
