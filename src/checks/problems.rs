//! What comparing a target with its source brings up, as findings. Each code has a check of its own.

use super::check::{Context, only};
use crate::model::finding::{Finding, Severity};

/// The problems of one code.
pub(super) fn of(context: &Context<'_>, code: &'static str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in &context.pairs {
        for problem in compared
            .comparison
            .problems
            .iter()
            .filter(|problem| problem.code == code)
        {
            let (place, message) = (problem.place.clone(), problem.message.clone());
            let finding = match problem.severity {
                Severity::Error => Finding::error(code, place, message, only(compared.pipeline)),
                Severity::Warning => Finding::warning(code, place, message),
            };
            findings.push(Finding {
                help: problem.help.clone(),
                ..finding
            });
        }
    }
    findings
}
