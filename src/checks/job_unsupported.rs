//! `job-unsupported`: fields of a gate's `spec.job` that mean something in a cluster and nothing on a runner.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "job-unsupported",
    severity: Severity::Warning,
    about: "A gate's `spec.job` uses fields that a runner cannot honour.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, _) in context.pipelines() {
        for gate in pipeline.edges.iter().flat_map(|edge| &edge.gates) {
            for field in gate.job.iter().flat_map(|job| &job.unsupported) {
                findings.push(
                    Finding::warning(
                        CHECK.code,
                        pipeline.place(field.at),
                        format!(
                            "`{}` of the gate {} has no effect on a runner: the containers run without it",
                            field.value, gate.name
                        ),
                    )
                    .help("provide it in the workflow that runs for this gate, or remove it"),
                );
            }
        }
    }
    findings
}
