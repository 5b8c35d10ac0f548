//! `duplicate-stage`: two stages of one name.

use super::check::{Check, Context};
use super::duplicates::twice;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "duplicate-stage",
    severity: Severity::Error,
    about: "Two stages of a pipeline have the same name.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
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
            twice(CHECK.code, pipeline, resolved.id, things)
        })
        .collect()
}
