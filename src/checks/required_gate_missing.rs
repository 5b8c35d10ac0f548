//! `required-gate-missing`: a way into a stage without a gate that the policy requires there.

use super::check::{Check, Context, only};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "required-gate-missing",
    severity: Severity::Error,
    about: "An edge into a stage lacks a gate that the policy requires.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        for (stage_index, stage) in pipeline.stages.iter().enumerate() {
            let Some(ruled) = context.policy.stage(&pipeline.name, &stage.name.value) else {
                continue;
            };
            for edge in resolved.edges_into(stage_index) {
                let edge = &pipeline.edges[edge];
                for required in &ruled.rule.require {
                    let kind = required.value.kind();
                    if edge.gates.iter().any(|gate| gate.kind == kind) {
                        continue;
                    }
                    findings.push(
                        Finding::error(
                            CHECK.code,
                            pipeline.place(edge.at),
                            format!(
                                "this edge into {} has no gate of type {kind}, which the policy requires ({}:{})",
                                stage.name, context.policy_file, required.at.line
                            ),
                            only(resolved.id),
                        )
                        .help(format!("add a gate of type {kind} to this edge")),
                    );
                }
            }
        }
    }
    findings
}
