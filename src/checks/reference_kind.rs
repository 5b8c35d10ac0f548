//! `reference-kind`: a reference to a service is of a kind that Sluice does not read.

use super::check::{Check, Context, only};
use super::references;
use crate::model::finding::{Finding, Severity};
use crate::model::reference::{Kind, Reference};

pub(super) const CHECK: Check = Check {
    code: "reference-kind",
    severity: Severity::Error,
    about: "A reference to a service has a kind that Sluice does not support.",
    run,
};

/// The kind that a reference to a service names, if it is another one.
pub(super) fn other_kind(reference: &Reference) -> Option<&str> {
    let kind = reference.kind.as_deref()?;
    (kind != Kind::ServiceDeployment.as_str()).then_some(kind)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let found = references::services(context).into_iter();
    found
        .filter_map(|found| {
            let kind = other_kind(found.reference)?;
            let message = format!(
                "{} is referred to as {kind}, and the services of a pipeline are ServiceDeployments",
                found.reference.name
            );
            let finding = Finding::error(CHECK.code, found.place(), message, only(found.pipeline));
            Some(finding.help("write `kind: ServiceDeployment` or remove `kind`; if it is something else, remove it from this pipeline"))
        })
        .collect()
}
