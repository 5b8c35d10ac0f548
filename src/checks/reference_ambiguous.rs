//! `reference-ambiguous`: a reference leads to several manifests by the same rule.

use super::check::{Check, Context, only};
use super::references;
use crate::model::finding::{Finding, Severity};
use crate::model::reference::Kind;
use crate::model::resolved::Resolution;
use crate::model::source_location::SourceLocation;

pub(super) const CHECK: Check = Check {
    code: "reference-ambiguous",
    severity: Severity::Error,
    about: "A reference matches more than one manifest.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in references::services(context) {
        if let Resolution::Ambiguous(places) = found.resolution {
            let what = references::shown(Kind::ServiceDeployment, found.reference);
            findings.push(finding(found.place(), &what, places, found.pipeline));
        }
    }
    for found in references::secrets(context) {
        if let Resolution::Ambiguous(places) = found.resolution {
            let what = references::shown(Kind::Secret, found.reference);
            findings.push(finding(found.place.clone(), &what, places, found.pipeline));
        }
    }
    findings
}

fn finding(
    place: SourceLocation,
    what: &str,
    places: &[SourceLocation],
    pipeline: crate::model::ids::PipelineId,
) -> Finding {
    let shown: Vec<String> = places
        .iter()
        .map(|place| format!("{}:{}", place.file, place.line))
        .collect();
    Finding::error(
        CHECK.code,
        place,
        format!("{what} is ambiguous: found at {}", shown.join(" and at ")),
        only(pipeline),
    )
    .help(
        "add `metadata.namespace` to the manifests (or `manifests.namespaces` to the policy), or name the second copy under \
         `manifests.exclude`",
    )
}
