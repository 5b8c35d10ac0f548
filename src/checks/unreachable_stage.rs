//! `unreachable-stage`: no edge touches the stage, so nothing ever moves into it or out of it.

use super::check::{Check, Context};
use crate::graph::StageGraph;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "unreachable-stage",
    severity: Severity::Warning,
    about: "A stage has no edges, although its pipeline has some.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        if resolved.stages.len() < 2 {
            continue;
        }
        for stage in StageGraph::of(resolved).untouched() {
            let name = &pipeline.stages[stage].name;
            let message = format!(
                "no edge leads to or from the stage {name}: nothing is promoted into it or out of it"
            );
            findings.push(
                Finding::warning(CHECK.code, pipeline.place(name.at), message)
                    .help("add an edge, or remove the stage"),
            );
        }
    }
    findings
}
