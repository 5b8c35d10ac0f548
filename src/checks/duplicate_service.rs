//! `duplicate-service`: a service twice in one stage.

use super::check::{Check, Context};
use super::duplicates::twice;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "duplicate-service",
    severity: Severity::Error,
    about: "A stage lists the same service twice.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
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
                    twice(CHECK.code, pipeline, resolved.id, things)
                })
        })
        .collect()
}
