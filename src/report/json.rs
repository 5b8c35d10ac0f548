//! The JSON documents. Same input, same bytes: fields in a fixed order, no clock.

use serde::Serialize;

use crate::model::address::WebAddress;
use crate::model::catalog::Catalog;
use crate::model::change::Change;
use crate::model::commit_range::{Direction, LinkedRange, RangesByChange};
use crate::model::fetched::Fetched;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{CommitId, PlanId};
use crate::model::name::EdgeName;
use crate::model::pipeline::EdgeEnds;
use crate::model::plan::{GateReport, PipelinePlan, Plan, Promotion, SkippedService, State};
use crate::model::verdict::Verdict;

/// The version of all JSON documents.
pub(crate) const VERSION: u32 = 2;

/// A finding.
#[derive(Serialize)]
pub(crate) struct FindingJson<'a> {
    code: &'a str,
    severity: Severity,
    file: &'a str,
    line: u32,
    column: u32,
    message: &'a str,
    help: Option<&'a str>,
}

/// Findings, in their order.
pub(crate) fn findings(findings: &[Finding]) -> Vec<FindingJson<'_>> {
    findings
        .iter()
        .map(|finding| FindingJson {
            code: finding.code,
            severity: finding.severity,
            file: finding.place.file.as_str(),
            line: finding.place.line,
            column: finding.place.column,
            message: &finding.message,
            help: finding.help.as_deref(),
        })
        .collect()
}

/// A document that was passed over.
#[derive(Serialize)]
pub(crate) struct PassedOverJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    why: &'a str,
}

/// The documents that were passed over, by file and place.
pub(crate) fn passed_over(catalog: &Catalog) -> Vec<PassedOverJson<'_>> {
    let found = catalog.passed_over().into_iter();
    found
        .map(|unread| PassedOverJson {
            file: unread.file.as_str(),
            line: unread.at.line,
            column: unread.at.column,
            why: &unread.why,
        })
        .collect()
}

#[derive(Serialize)]
struct PlanJson<'a> {
    version: u32,
    base: Option<CommitId>,
    pipelines: Vec<PipelineJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    passed_over: Vec<PassedOverJson<'a>>,
}

#[derive(Serialize)]
struct PipelineJson<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
    file: &'a str,
    line: u32,
    state: &'static str,
    promotions: Vec<PromotionJson<'a>>,
}

/// A promotion.
#[derive(Serialize)]
pub(crate) struct PromotionJson<'a> {
    stage: &'a str,
    edges: &'a [EdgeName],
    plan: Option<PlanId>,
    state: State,
    reason: &'a str,
    next: Option<String>,
    gates: Vec<GateJson<'a>>,
    changes: Vec<ChangeJson<'a>>,
    left_out: Vec<LeftOutJson<'a>>,
    debts: Vec<LeftOutJson<'a>>,
    rollback: Option<RollbackJson>,
    after_rollback: Option<RolledBackJson<'a>>,
}

/// What a stage goes back to.
#[derive(Serialize)]
pub(super) struct RollbackJson {
    landing: CommitId,
    plan: PlanId,
}

/// The rollback that a promotion would undo.
#[derive(Serialize)]
pub(super) struct RolledBackJson<'a> {
    commit: CommitId,
    to: CommitId,
    by: Option<u64>,
    reason: Option<&'a str>,
}

/// A gate.
#[derive(Serialize)]
pub(super) struct GateJson<'a> {
    edge: &'a EdgeName,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    verdict: Verdict,
    reason: &'a str,
    next: Option<String>,
    link: Option<&'a str>,
}

/// A change; a secret one without its values.
#[derive(Serialize)]
pub(super) struct ChangeJson<'a> {
    file: &'a str,
    line: u32,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    path: String,
    old: Option<&'a str>,
    new: Option<&'a str>,
    secret: bool,
    way: Option<Direction>,
    brings: Option<BringsJson<'a>>,
}

/// The commits of a change of a git ref.
#[derive(Serialize)]
struct BringsJson<'a> {
    count: usize,
    more: bool,
    commits: Vec<CommitJson<'a>>,
    compare: Option<&'a str>,
}

#[derive(Serialize)]
struct CommitJson<'a> {
    id: &'a str,
    subject: &'a str,
    author: &'a str,
    pull: Option<u64>,
}

/// A service that stays behind.
#[derive(Serialize)]
pub(super) struct LeftOutJson<'a> {
    namespace: Option<&'a str>,
    name: &'a str,
    reason: &'a str,
    commit: Option<CommitId>,
    author: Option<&'a str>,
    date: Option<String>,
}

/// The document of `plan`.
pub(crate) fn plan(
    catalog: &Catalog,
    plan: &Plan,
    ranges: &RangesByChange,
    base: Option<CommitId>,
    found: &[Finding],
) -> String {
    document(&PlanJson {
        version: VERSION,
        base,
        pipelines: plan
            .pipelines
            .iter()
            .enumerate()
            .map(|(at, entry)| {
                pipeline(catalog, entry, &|promotion, change| {
                    ranges.get(&(at, promotion, change))
                })
            })
            .collect(),
        findings: findings(found),
        passed_over: passed_over(catalog),
    })
}

fn pipeline<'a>(
    catalog: &'a Catalog,
    entry: &'a PipelinePlan,
    range_of: &dyn Fn(usize, usize) -> Option<&'a Fetched<LinkedRange>>,
) -> PipelineJson<'a> {
    let manifest = catalog.pipeline(entry.id);
    let error = entry.stopped.is_some()
        || entry
            .promotions
            .iter()
            .any(|promotion| promotion.state == State::Error);
    PipelineJson {
        name: manifest.name.as_str(),
        namespace: manifest.namespace.as_deref(),
        file: manifest.file.as_str(),
        line: manifest.at.line,
        state: if error { "error" } else { "ok" },
        promotions: entry
            .promotions
            .iter()
            .enumerate()
            .map(|(at, one)| promotion_with_ranges(one, &|change| range_of(at, change)))
            .collect(),
    }
}

/// One promotion of which it was not looked up what it brings.
pub(crate) fn promotion(promotion: &Promotion) -> PromotionJson<'_> {
    promotion_with_ranges(promotion, &|_| None)
}

fn promotion_with_ranges<'a>(
    promotion: &'a Promotion,
    range_of: &dyn Fn(usize) -> Option<&'a Fetched<LinkedRange>>,
) -> PromotionJson<'a> {
    PromotionJson {
        stage: promotion.stage.as_str(),
        edges: &promotion.edges,
        plan: promotion.plan,
        state: promotion.state,
        reason: &promotion.reason,
        next: promotion.next.map(|next| next.to_string()),
        gates: promotion.gates.iter().map(gate).collect(),
        changes: promotion
            .changes
            .iter()
            .enumerate()
            .map(|(at, one)| change_with_range(one, range_of(at)))
            .collect(),
        left_out: promotion.skipped_services.iter().map(left_out).collect(),
        debts: promotion
            .overwritten_hotfixes
            .iter()
            .map(left_out)
            .collect(),
        rollback: rollback(promotion),
        after_rollback: after_rollback(promotion),
    }
}

pub(super) fn rollback(promotion: &Promotion) -> Option<RollbackJson> {
    promotion.rollback.as_ref().map(|to| RollbackJson {
        landing: to.landing,
        plan: to.plan,
    })
}

pub(super) fn after_rollback(promotion: &Promotion) -> Option<RolledBackJson<'_>> {
    promotion
        .after_rollback
        .as_ref()
        .map(|back| RolledBackJson {
            commit: back.commit,
            to: back.to,
            by: back.by,
            reason: back.reason.as_deref(),
        })
}

pub(super) fn gate(gate: &GateReport) -> GateJson<'_> {
    GateJson {
        edge: &gate.edge,
        name: gate.name.as_str(),
        kind: gate.kind.as_str(),
        verdict: gate.judgement.verdict,
        reason: &gate.judgement.reason,
        next: gate.judgement.next.map(|next| next.to_string()),
        link: gate.link.as_deref(),
    }
}

pub(super) fn change(change: &Change) -> ChangeJson<'_> {
    change_with_range(change, None)
}

fn change_with_range<'a>(
    change: &'a Change,
    range: Option<&'a Fetched<LinkedRange>>,
) -> ChangeJson<'a> {
    let range = range.and_then(|range| range.as_ref().ok());
    let secret = change.is_secret();
    ChangeJson {
        file: change.file.as_str(),
        line: change.at.line,
        kind: change.manifest.kind.as_str(),
        namespace: change.manifest.namespace.as_deref(),
        name: &change.manifest.name,
        path: change.path.to_string(),
        old: change
            .old
            .as_ref()
            .and_then(|old| old.shown())
            .filter(|_| !secret),
        new: change.new.shown().filter(|_| !secret),
        secret,
        way: range.map_or_else(
            || Direction::of_versions(change),
            |range| Some(range.summary.way),
        ),
        brings: range.map(brings),
    }
}

fn brings(range: &LinkedRange) -> BringsJson<'_> {
    let brings = &range.summary;
    BringsJson {
        count: brings.total,
        more: brings.cut,
        commits: brings
            .listed
            .iter()
            .map(|(id, subject, author, pull)| CommitJson {
                id,
                subject,
                author,
                pull: *pull,
            })
            .collect(),
        compare: range.compare.as_ref().map(WebAddress::as_str),
    }
}

pub(super) fn left_out(service: &SkippedService) -> LeftOutJson<'_> {
    LeftOutJson {
        namespace: service.namespace.as_deref(),
        name: &service.name,
        reason: &service.reason,
        commit: service.by.as_ref().map(|by| by.commit),
        author: service.by.as_ref().map(|by| by.author.as_str()),
        date: service.by.as_ref().map(|by| by.date.to_string()),
    }
}

#[derive(Serialize)]
struct GraphJson<'a> {
    version: u32,
    pipelines: Vec<GraphPipelineJson<'a>>,
    mermaid: String,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct GraphPipelineJson<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
    file: &'a str,
    line: u32,
    stages: Vec<GraphStageJson<'a>>,
    edges: Vec<GraphEdgeJson<'a>>,
}

#[derive(Serialize)]
struct GraphStageJson<'a> {
    name: &'a str,
    services: Vec<GraphServiceJson<'a>>,
}

#[derive(Serialize)]
struct GraphServiceJson<'a> {
    namespace: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize)]
struct GraphEdgeJson<'a> {
    from: &'a str,
    to: &'a str,
    gates: Vec<GraphGateJson<'a>>,
}

#[derive(Serialize)]
struct GraphGateJson<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

/// The document of `graph`.
pub(crate) fn graph(catalog: &Catalog, found: &[Finding]) -> String {
    let pipelines = catalog
        .pipelines
        .iter()
        .map(|pipeline| GraphPipelineJson {
            name: pipeline.name.as_str(),
            namespace: pipeline.namespace.as_deref(),
            file: pipeline.file.as_str(),
            line: pipeline.at.line,
            stages: pipeline
                .stages
                .iter()
                .map(|stage| GraphStageJson {
                    name: stage.name.as_str(),
                    services: stage
                        .services
                        .iter()
                        .map(|entry| GraphServiceJson {
                            namespace: entry.reference.namespace.as_deref(),
                            name: &entry.reference.name,
                        })
                        .collect(),
                })
                .collect(),
            edges: pipeline
                .edges
                .iter()
                .filter_map(|edge| match &edge.ends {
                    EdgeEnds::Stages { from, to } => Some(GraphEdgeJson {
                        from: from.as_str(),
                        to: to.as_str(),
                        gates: edge
                            .gates
                            .iter()
                            .map(|gate| GraphGateJson {
                                name: gate.name.as_str(),
                                kind: gate.kind.as_str(),
                            })
                            .collect(),
                    }),
                    EdgeEnds::ConsoleIds => None,
                })
                .collect(),
        })
        .collect();
    document(&GraphJson {
        version: VERSION,
        pipelines,
        mermaid: super::mermaid::chart(catalog),
        findings: findings(found),
    })
}

/// One document, indented, with a line end.
pub(crate) fn document(value: &impl Serialize) -> String {
    // Maps have string keys and no value can fail to serialize, so the second form is never reached.
    let mut text = serde_json::to_string_pretty(value)
        .unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    text.push('\n');
    super::escape::json(&text)
}
