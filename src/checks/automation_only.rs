//! `automation-only`: parts of a pipeline that only Plural's console handles. Reported, so that no one waits for them.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};
use crate::model::pipeline::EdgeEnds;

pub(super) const CHECK: Check = Check {
    code: "automation-only",
    severity: Severity::Warning,
    about: "A criteria or edge that only Plural's console handles.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        for (index, stage) in pipeline.stages.iter().enumerate() {
            let is_first = resolved.edges_into(index).next().is_none();
            let help = match is_first {
                true => {
                    "it is a first stage: nothing is promoted into it. Set its values by a commit; later stages follow"
                }
                false => {
                    "add `serviceRef` with the service of the previous stage; it determines what is copied"
                }
            };
            for criteria in stage
                .services
                .iter()
                .filter_map(|entry| entry.criteria.as_ref())
            {
                let by = match (criteria.pr_automation, criteria.ai) {
                    _ if criteria.source.is_some() => continue,
                    (true, _) => "`prAutomationRef`",
                    (_, true) => "`ai`",
                    _ if !criteria.secrets.is_empty() => {
                        findings.push(
                            Finding::warning(
                                CHECK.code,
                                pipeline.place(criteria.at),
                                "this criteria names keys to copy but no service to copy them from: nothing is copied",
                            )
                            .help("add `serviceRef` with the service of the previous stage"),
                        );
                        continue;
                    }
                    _ => continue,
                };
                findings.push(
                    Finding::warning(
                        CHECK.code,
                        pipeline.place(criteria.at),
                        format!("this service of stage {} is promoted by {by} alone, which Sluice does not handle", stage.name),
                    )
                    .help(help),
                );
            }
        }
        for edge in pipeline
            .edges
            .iter()
            .filter(|edge| edge.ends == EdgeEnds::ConsoleIds)
        {
            findings.push(
                Finding::warning(
                    CHECK.code,
                    pipeline.place(edge.at),
                    "this edge names its stages by IDs of Plural's console, which Sluice cannot resolve: it is ignored",
                )
                .help("name the stages with `from` and `to`"),
            );
        }
    }
    findings
}
