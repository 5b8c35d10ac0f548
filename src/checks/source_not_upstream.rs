//! `source-not-upstream`: the source stands in no stage with an edge to this one, so the service could never move.

use super::{Check, Context, only};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "source-not-upstream",
    severity: Severity::Error,
    about: "A service's source is in no stage that leads to its own.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in &context.pairs {
        let pair = &compared.pair;
        // A service that names itself has a finding of its own.
        if pair.source_id == pair.target_id {
            continue;
        }
        let resolved = &context.resolved[compared.pipeline.0];
        let stages: Vec<usize> = resolved.stages_of(pair.source_id).collect();
        let upstream = resolved
            .edges_into(compared.stage)
            .filter_map(|edge| resolved.edges[edge])
            .any(|(from, _)| stages.contains(&from));
        if upstream {
            continue;
        }
        let pipeline = context.catalog.pipeline(compared.pipeline);
        let stage = &pipeline.stages[compared.stage].name;
        let entry = &pipeline.stages[compared.stage].services[compared.service];
        let at = entry
            .criteria
            .as_ref()
            .map_or(entry.reference.at, |criteria| criteria.at);
        let help = match stages.first() {
            Some(from) => format!(
                "add an edge from {} to {stage}",
                pipeline.stages[*from].name
            ),
            None => format!(
                "put {} into a stage, and an edge from there to {stage}",
                pair.source.key.name
            ),
        };
        findings.push(
            Finding::error(
                CHECK.code,
                pipeline.place(at),
                format!(
                    "{} takes its values from {}, which is in no stage with an edge to {stage}: it could never move",
                    pair.target.key.name, pair.source.key.name
                ),
                only(compared.pipeline),
            )
            .help(help),
        );
    }
    findings
}
