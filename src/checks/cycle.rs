//! `cycle`: a promotion would have to come before itself.

use super::check::{Check, Context, only};
use crate::graph::StageGraph;
use crate::model::few::few;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "cycle",
    severity: Severity::Error,
    about: "Edges form a cycle.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        for cycle in StageGraph::of(resolved).cycles() {
            let name = |stage: &usize| pipeline.stages[*stage].name.as_str();
            let names: Vec<&str> = cycle.iter().map(name).collect();
            let first = names.first().copied().unwrap_or_default();
            let closing = (cycle.last().copied(), cycle.first().copied());
            let at = resolved
                .edges
                .iter()
                .position(|ends| ends.map(|(from, to)| (Some(from), Some(to))) == Some(closing))
                .map_or(pipeline.at, |edge| pipeline.edges[edge].at);
            findings.push(
                Finding::error(
                    CHECK.code,
                    pipeline.place(at),
                    format!("the edges form a cycle: {} → {first}", few(&names, " → ")),
                    only(resolved.id),
                )
                .help("remove one of these edges"),
            );
        }
    }
    findings
}
