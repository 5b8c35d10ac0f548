//! `self-edge`: an edge from a stage to itself.

use super::check::{Check, Context, only};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "self-edge",
    severity: Severity::Error,
    about: "An edge leads from a stage to itself.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        for (edge, ends) in pipeline.edges.iter().zip(&resolved.edges) {
            if let Some((from, to)) = ends
                && from == to
            {
                let name = &pipeline.stages[*from].name;
                let message = format!("an edge leads from {name} to itself");
                findings.push(Finding::error(
                    CHECK.code,
                    pipeline.place(edge.at),
                    message,
                    only(resolved.id),
                ));
            }
        }
    }
    findings
}
