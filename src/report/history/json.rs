//! The document of `history`.

use serde::Serialize;

use super::content::HistoryReport;
use crate::model::ids::{CommitId, PlanId};
use crate::model::landed::{
    ChangedValues, Claim, Deviation, DeviationKind, FieldChange, GateLine, GateOutcome, Landed,
    Unread,
};
use crate::model::name::EdgeName;
use crate::report::json::{self, VERSION};

#[derive(Serialize)]
struct HistoryJson<'a> {
    version: u32,
    tip: CommitId,
    branch: Option<&'a str>,
    since: Option<String>,
    commits: usize,
    older: usize,
    boundary: Option<CommitId>,
    landings: Vec<LandedJson<'a>>,
    unread: Vec<UnreadJson<'a>>,
    verified: Option<VerifiedJson<'a>>,
    findings: [(); 0],
}

#[derive(Serialize)]
struct LandedJson<'a> {
    commit: CommitId,
    date: String,
    merge: bool,
    pull: Option<u64>,
    namespace: Option<&'a str>,
    pipeline: &'a str,
    stage: &'a str,
    edges: &'a [EdgeName],
    plan: PlanId,
    build: &'a str,
    repository: &'a str,
    base: &'a str,
    changes: Vec<ChangeJson<'a>>,
    requested_by: Option<u64>,
    reason: Option<&'a str>,
    emergency: Option<&'a str>,
    rollback: Option<CommitId>,
    gates: Vec<GateJson<'a>>,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    file: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    path: String,
    old: Option<&'a str>,
    new: Option<&'a str>,
    secret: bool,
}

#[derive(Serialize)]
struct GateJson<'a> {
    name: Option<&'a str>,
    outcome: Option<GateOutcome>,
    evidence: &'a str,
}

#[derive(Serialize)]
struct UnreadJson<'a> {
    commit: Option<CommitId>,
    why: &'a str,
}

#[derive(Serialize)]
struct VerifiedJson<'a> {
    clean: bool,
    landings: usize,
    fields: usize,
    deviations: Vec<DeviationJson<'a>>,
}

#[derive(Serialize)]
struct DeviationJson<'a> {
    kind: DeviationKind,
    commit: CommitId,
    date: String,
    author: &'a str,
    pull: Option<u64>,
    claim: Option<ClaimJson<'a>>,
    why: Option<&'a str>,
    changes: Vec<ChangeJson<'a>>,
}

#[derive(Serialize)]
struct ClaimJson<'a> {
    namespace: Option<&'a str>,
    pipeline: &'a str,
    stage: &'a str,
    plan: PlanId,
}

/// The document.
pub(crate) fn document(report: &HistoryReport<'_>) -> String {
    let found = report.found;
    let complete = found.boundary.is_none() && found.unread.is_empty();
    json::document(&HistoryJson {
        version: VERSION,
        tip: report.tip,
        branch: report.branch,
        since: report.since.map(|since| since.to_string()),
        commits: found.commits,
        older: found.older,
        boundary: found.boundary,
        landings: found.landings.iter().map(landed).collect(),
        unread: found.unread.iter().map(unread).collect(),
        verified: found.verified.as_ref().map(|verified| VerifiedJson {
            clean: complete && verified.deviations.is_empty(),
            landings: verified.landings,
            fields: verified.fields,
            deviations: verified.deviations.iter().map(deviation).collect(),
        }),
        findings: [],
    })
}

fn landed(landed: &Landed) -> LandedJson<'_> {
    LandedJson {
        commit: landed.commit,
        date: landed.date.to_string(),
        merge: landed.merge,
        pull: landed.pull,
        namespace: landed.record.namespace.as_deref(),
        pipeline: &landed.record.pipeline,
        stage: &landed.record.stage,
        edges: &landed.record.edges,
        plan: landed.record.plan,
        build: &landed.record.build,
        repository: &landed.record.repository,
        base: &landed.record.base,
        changes: landed.changes.iter().map(change).collect(),
        requested_by: landed.record.requested_by,
        reason: landed.record.reason.as_deref(),
        emergency: landed.record.emergency.as_deref(),
        rollback: landed.record.rollback.map(|(to, _)| to),
        gates: landed.gates.iter().map(gate).collect(),
    }
}

fn change(change: &FieldChange) -> ChangeJson<'_> {
    let (old, new, secret) = match &change.values {
        ChangedValues::Secret => (None, None, true),
        ChangedValues::Shown { old, new } => (old.as_deref(), new.as_deref(), false),
    };
    ChangeJson {
        file: change.file.as_str(),
        kind: change.manifest.kind.as_str(),
        namespace: change.manifest.namespace.as_deref(),
        name: &change.manifest.name,
        path: change.path.to_string(),
        old,
        new,
        secret,
    }
}

fn gate(gate: &GateLine) -> GateJson<'_> {
    GateJson {
        name: gate.gate.as_deref(),
        outcome: gate.outcome,
        evidence: &gate.evidence,
    }
}

fn unread(unread: &Unread) -> UnreadJson<'_> {
    UnreadJson {
        commit: unread.commit,
        why: &unread.why,
    }
}

fn deviation(deviation: &Deviation) -> DeviationJson<'_> {
    DeviationJson {
        kind: deviation.kind,
        commit: deviation.commit,
        date: deviation.date.to_string(),
        author: &deviation.author,
        pull: deviation.pull,
        claim: deviation.claim.as_ref().map(claim),
        why: deviation.why.as_deref(),
        changes: deviation.changes.iter().map(change).collect(),
    }
}

fn claim(claim: &Claim) -> ClaimJson<'_> {
    ClaimJson {
        namespace: claim.namespace.as_deref(),
        pipeline: &claim.pipeline,
        stage: &claim.stage,
        plan: claim.plan,
    }
}
