//! `source-not-upstream`: the source is not in a stage with an edge to this one, so the service could never be
//! promoted.

use std::collections::{HashMap, HashSet};

use super::check::{Check, Context, only};
use crate::model::finding::{Finding, Severity};
use crate::model::resolved::StageIndex;

pub(super) const CHECK: Check = Check {
    code: "source-not-upstream",
    severity: Severity::Error,
    about: "A service's source is not in a stage with an edge to the service's stage.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // For each stage the stages that lead to it, and for each of its sources whether one of these has it.
    let mut upstream: HashMap<_, HashSet<StageIndex>> = HashMap::new();
    let mut known: HashMap<_, bool> = HashMap::new();
    for compared in &context.pairs {
        let pair = &compared.pair;
        // A service that names itself has a finding of its own.
        if pair.source_id == pair.target_id {
            continue;
        }
        let resolved = &context.resolved[compared.pipeline.0];
        let upstream = upstream
            .entry((compared.pipeline, compared.stage))
            .or_insert_with(|| {
                let edges = resolved.edges_into(compared.stage);
                let from = edges.filter_map(|edge| Some(resolved.edges[edge]?.0));
                from.collect()
            });
        let is_upstream = |stage| upstream.contains(&stage);
        if *known
            .entry((compared.pipeline, compared.stage, pair.source_id))
            .or_insert_with(|| resolved.stages_of(pair.source_id).any(is_upstream))
        {
            continue;
        }
        let pipeline = context.catalog.pipeline(compared.pipeline);
        let stage = &pipeline.stages[compared.stage].name;
        let entry = &pipeline.stages[compared.stage].services[compared.service];
        let at = entry
            .criteria
            .as_ref()
            .map_or(entry.reference.at, |criteria| criteria.at);
        let help = match resolved.stages_of(pair.source_id).next() {
            Some(from) => format!("add an edge from {} to {stage}", pipeline.stages[from].name),
            None => format!(
                "add {} to a stage, and an edge from there to {stage}",
                pair.source.key.name
            ),
        };
        findings.push(
            Finding::error(
                CHECK.code,
                pipeline.place(at),
                format!(
                    "{} takes its values from {}, which is not in a stage with an edge to {stage}: it could never be promoted",
                    pair.target.key.name, pair.source.key.name
                ),
                only(compared.pipeline),
            )
            .help(help),
        );
    }
    findings
}
