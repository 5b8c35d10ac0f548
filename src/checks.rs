//! Checks: one file each, with its code, and this registry. They run in `validate` and before everything else.
//!
//! An error stops the pipelines that it names and leaves all others running.

mod automation_only;
mod check;
mod criteria_self;
mod cycle;
mod duplicate_edge;
mod duplicate_gate;
mod duplicate_pipeline;
mod duplicate_service;
mod duplicate_stage;
mod duplicates;
mod forbidden_path;
mod gate_unmapped;
mod job_unsupported;
mod manifest_unreadable;
mod policy_contradiction;
mod policy_invalid;
mod policy_looser;
mod policy_unknown_name;
mod problems;
mod reference_ambiguous;
mod reference_kind;
mod reference_not_found;
mod reference_swapped;
mod references;
mod repository_differs;
mod repository_unknown;
mod required_gate_missing;
mod revision_unresolved;
mod secret_encrypted;
mod secret_missing;
mod secret_to_plaintext;
mod self_edge;
mod self_feeding;
mod source_not_upstream;
mod target_elsewhere;
mod target_moves;
mod target_not_editable;
mod unknown_stage;
mod unreachable_stage;
mod watch_outside;
mod window_never_opens;
mod write_conflict;
mod write_escapes_stage;

pub(crate) use check::Check;
pub(crate) use check::Compared;
pub(crate) use check::Context;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::catalog::Catalog;
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::ids::PipelineId;

/// All checks, by code.
pub const CHECKS: &[Check] = &[
    automation_only::CHECK,
    criteria_self::CHECK,
    cycle::CHECK,
    duplicate_edge::CHECK,
    duplicate_gate::CHECK,
    duplicate_pipeline::CHECK,
    duplicate_service::CHECK,
    duplicate_stage::CHECK,
    forbidden_path::CHECK,
    gate_unmapped::CHECK,
    job_unsupported::CHECK,
    manifest_unreadable::CHECK,
    policy_contradiction::CHECK,
    policy_invalid::CHECK,
    policy_looser::CHECK,
    policy_unknown_name::CHECK,
    reference_ambiguous::CHECK,
    reference_kind::CHECK,
    reference_not_found::CHECK,
    reference_swapped::CHECK,
    repository_differs::CHECK,
    repository_unknown::CHECK,
    required_gate_missing::CHECK,
    revision_unresolved::CHECK,
    secret_encrypted::CHECK,
    secret_missing::CHECK,
    secret_to_plaintext::CHECK,
    self_edge::CHECK,
    self_feeding::CHECK,
    source_not_upstream::CHECK,
    target_elsewhere::CHECK,
    target_moves::CHECK,
    target_not_editable::CHECK,
    unknown_stage::CHECK,
    unreachable_stage::CHECK,
    watch_outside::CHECK,
    window_never_opens::CHECK,
    write_conflict::CHECK,
    write_escapes_stage::CHECK,
];

/// Runs all checks. Findings are sorted by file and position; duplicates are removed.
pub fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS
        .iter()
        .flat_map(|check| (check.run)(context))
        .collect();
    findings.sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match kept.last_mut() {
            Some(last)
                if (&last.place, last.code, &last.message)
                    == (&finding.place, finding.code, &finding.message) =>
            {
                last.stops = both(&last.stops, &finding.stops);
            }
            _ => kept.push(finding),
        }
    }
    kept
}

fn both(a: &Stops, b: &Stops) -> Stops {
    match (a, b) {
        (Stops::Everything, _) | (_, Stops::Everything) => Stops::Everything,
        (Stops::Nothing, other) | (other, Stops::Nothing) => other.clone(),
        (Stops::Pipelines(a), Stops::Pipelines(b)) => {
            let all: BTreeSet<PipelineId> = a.iter().chain(b).copied().collect();
            Stops::Pipelines(all.into_iter().collect())
        }
    }
}

/// The pipelines that errors stop, each with what to report to people.
pub fn stopped(catalog: &Catalog, findings: &[Finding]) -> BTreeMap<PipelineId, Arc<str>> {
    let mut stopped = BTreeMap::new();
    for id in catalog.pipeline_ids() {
        let mut errors = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error && finding.stops.stops(id));
        let Some(first) = errors.next() else { continue };
        let more = match errors.count() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        stopped.insert(
            id,
            format!("{} {}: {}{more}", first.code, first.place, first.message).into(),
        );
    }
    stopped
}
