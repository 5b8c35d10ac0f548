//! `duplicate-stage`, `duplicate-edge`, `duplicate-gate`, `duplicate-service`: one thing twice where one is meant.
//!
//! Equal gate names on two *edges* into one stage are fine: they share policy and label, and each must pass.

use std::collections::HashMap;
use std::hash::Hash;

use super::{Check, Context, only};
use crate::model::catalog::PipelineId;
use crate::model::finding::{Finding, Severity};
use crate::model::pipeline::{EdgeEnds, Pipeline};
use crate::yaml::Position;

pub(super) const STAGE: Check = Check {
    code: "duplicate-stage",
    severity: Severity::Error,
    about: "Two stages of a pipeline have one name.",
    run: stages,
};

pub(super) const EDGE: Check = Check {
    code: "duplicate-edge",
    severity: Severity::Error,
    about: "Two edges lead from one stage to the same other.",
    run: edges,
};

pub(super) const GATE: Check = Check {
    code: "duplicate-gate",
    severity: Severity::Error,
    about: "A gate stands twice on one edge.",
    run: gates,
};

pub(super) const SERVICE: Check = Check {
    code: "duplicate-service",
    severity: Severity::Error,
    about: "A service stands twice in one stage.",
    run: services,
};

/// One finding for each thing that was there before.
fn twice<K: Hash + Eq>(
    code: &'static str,
    pipeline: &Pipeline,
    id: PipelineId,
    things: impl Iterator<Item = (K, Position, String)>,
) -> Vec<Finding> {
    let mut seen: HashMap<K, Position> = HashMap::new();
    let mut findings = Vec::new();
    for (key, at, what) in things {
        match seen.get(&key) {
            Some(first) => findings.push(
                Finding::error(
                    code,
                    pipeline.place(at),
                    format!("{what} is there twice; first at {}", pipeline.place(*first)),
                    only(id),
                )
                .help("keep one of the two"),
            ),
            None => {
                seen.insert(key, at);
            }
        }
    }
    findings
}

fn stages(context: &Context<'_>) -> Vec<Finding> {
    context
        .pipelines()
        .flat_map(|(pipeline, resolved)| {
            let things = pipeline.stages.iter().map(|stage| {
                (
                    &stage.name.value,
                    stage.name.at,
                    format!("the stage {}", stage.name),
                )
            });
            twice(STAGE.code, pipeline, resolved.id, things)
        })
        .collect()
}

fn edges(context: &Context<'_>) -> Vec<Finding> {
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
            twice(EDGE.code, pipeline, resolved.id, things)
        })
        .collect()
}

fn gates(context: &Context<'_>) -> Vec<Finding> {
    context
        .pipelines()
        .flat_map(|(pipeline, resolved)| {
            pipeline.edges.iter().flat_map(move |edge| {
                let things = edge
                    .gates
                    .iter()
                    .map(|gate| (&gate.name, gate.at, format!("the gate {}", gate.name)));
                twice(GATE.code, pipeline, resolved.id, things)
            })
        })
        .collect()
}

fn services(context: &Context<'_>) -> Vec<Finding> {
    context
        .pipelines()
        .flat_map(|(pipeline, resolved)| {
            pipeline
                .stages
                .iter()
                .zip(&resolved.stages)
                .flat_map(move |(stage, found)| {
                    let things =
                        stage
                            .services
                            .iter()
                            .zip(&found.services)
                            .filter_map(|(entry, found)| {
                                let id = found.service.found()?;
                                let name = &context.catalog.service(id).key.name;
                                Some((
                                    id,
                                    entry.reference.at,
                                    format!("the service {name} of stage {}", stage.name),
                                ))
                            });
                    twice(SERVICE.code, pipeline, resolved.id, things)
                })
        })
        .collect()
}
