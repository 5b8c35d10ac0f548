//! `criteria-self`: a service takes its values from itself.

use super::check::{Check, Context, only};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "criteria-self",
    severity: Severity::Error,
    about: "A service names itself as its source.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in context
        .pairs
        .iter()
        .filter(|compared| compared.pair.source_id == compared.pair.target_id)
    {
        let pipeline = context.catalog.pipeline(compared.pipeline);
        let entry = &pipeline.stages[compared.stage].services[compared.service];
        let at = entry
            .criteria
            .as_ref()
            .map_or(entry.reference.at, |criteria| criteria.at);
        findings.push(
            Finding::error(
                CHECK.code,
                pipeline.place(at),
                format!(
                    "{} takes its values from itself, so it could never be promoted",
                    compared.pair.target.key.name
                ),
                only(compared.pipeline),
            )
            .help("point criteria.serviceRef to the service of the previous stage"),
        );
    }
    findings
}
