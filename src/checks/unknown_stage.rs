//! `unknown-stage`: an edge names a stage that the pipeline does not have.

use super::{Check, Context, only};
use crate::model::finding::{Finding, Severity};
use crate::model::nearest::nearest;
use crate::model::pipeline::EdgeEnds;

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
        for edge in &pipeline.edges {
            let EdgeEnds::Stages { from, to } = &edge.ends else {
                continue;
            };
            for (end, name) in [("from", from), ("to", to)] {
                if known.contains(&name.as_str()) {
                    continue;
                }
                let message = if name.as_str().is_empty() {
                    format!("an edge has no `{end}`")
                } else {
                    format!("an edge names the stage {name}, which this pipeline does not have")
                };
                let help = match nearest(name.as_str(), known.iter().copied()).first() {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("its stages are: {}", known.join(", ")),
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
