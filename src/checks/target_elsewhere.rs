//! `target-elsewhere`: a target that lives in another repository; Sluice writes only in the one that it runs in.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "target-elsewhere",
    severity: Severity::Warning,
    about: "The target of a criteria is in another repository.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let own: Vec<&str> = context
        .here
        .remotes
        .iter()
        .filter_map(|url| url.slug())
        .collect();
    if own.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (pipeline, _) in context.pipelines() {
        let criteria = pipeline
            .stages
            .iter()
            .flat_map(|stage| &stage.services)
            .filter_map(|entry| entry.criteria.as_ref());
        for repository in criteria.filter_map(|criteria| criteria.repository.as_ref()) {
            if own.iter().any(|slug| slug.eq_ignore_ascii_case(repository)) {
                continue;
            }
            findings.push(
                Finding::warning(
                    CHECK.code,
                    pipeline.place(repository.at),
                    format!("the target is in {repository}, but only files of this repository are written"),
                )
                .help(format!("install Sluice in {repository}")),
            );
        }
    }
    findings
}
