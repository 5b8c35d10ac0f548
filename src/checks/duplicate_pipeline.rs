//! `duplicate-pipeline`: two pipelines of one namespace and name.
//!
//! Each would take the other's pull requests for its own, and neither could determine what landed.

use std::collections::HashMap;

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::ids::PipelineId;
use crate::model::pipeline::Pipeline;

pub(super) const CHECK: Check = Check {
    code: "duplicate-pipeline",
    severity: Severity::Error,
    about: "Two pipelines have the same namespace and name.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut seen: HashMap<(Option<&str>, &str), (PipelineId, &Pipeline)> = HashMap::new();
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        let key = (pipeline.namespace.as_deref(), pipeline.name.as_str());
        let Some((first, other)) = seen.get(&key) else {
            seen.insert(key, (resolved.id, pipeline));
            continue;
        };
        let name = pipeline.pipeline_key();
        let message = format!(
            "duplicate pipeline {name}; first defined at {}",
            other.place(other.at)
        );
        let stops = Stops::Pipelines(vec![*first, resolved.id]);
        findings.push(
            Finding::error(CHECK.code, pipeline.place(pipeline.at), message, stops)
                .help("rename one of them, move it to another namespace, or delete it"),
        );
    }
    findings
}
