//! The JSON document. No value of a secret is ever in it.

use serde::Serialize;

use crate::model::ids::{CommitId, PlanId, PullNumber};
use crate::model::name::EdgeName;
use crate::model::signal::Ended;
use crate::model::status::{
    PipelineStatus, PromotionStatus, Running, ServiceStatus, Since, StageStatus, Status, StatusKind,
};
use crate::report::json::{
    self, ChangeJson, FindingJson, GateJson, LeftOutJson, RollbackJson, RolledBackJson, VERSION,
};
use crate::report::status::installation::alarm;
use crate::report::status::lines::field;

#[derive(Serialize)]
struct StatusJson<'a> {
    version: u32,
    repository: &'a str,
    base: Option<&'a str>,
    tip: Option<CommitId>,
    now: String,
    pipelines: Vec<PipelineJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    workflow: Option<WorkflowJson<'a>>,
}

#[derive(Default, Serialize)]
struct WorkflowJson<'a> {
    file: Option<&'a str>,
    url: Option<&'a str>,
    trouble: Option<String>,
    unread: Option<&'a str>,
    last: Option<LastRunJson<'a>>,
}

#[derive(Serialize)]
struct LastRunJson<'a> {
    at: String,
    url: &'a str,
    conclusion: &'a str,
}

#[derive(Serialize)]
struct PipelineJson<'a> {
    pipeline: &'a str,
    namespace: Option<&'a str>,
    state: StatusKind,
    stages: Vec<StageJson<'a>>,
}

#[derive(Serialize)]
struct StageJson<'a> {
    stage: &'a str,
    services: Vec<ServiceJson<'a>>,
    values: Vec<ValueJson<'a>>,
    since: Option<SinceJson<'a>>,
    promotions: Vec<PromotionJson<'a>>,
}

#[derive(Serialize)]
struct ServiceJson<'a> {
    service: &'a str,
    source: Option<&'a str>,
    since: Option<SinceJson<'a>>,
}

#[derive(Serialize)]
struct ValueJson<'a> {
    service: &'a str,
    field: String,
    value: Option<&'a str>,
    name: Option<&'a str>,
    secret: bool,
}

#[derive(Serialize)]
struct SinceJson<'a> {
    at: String,
    commit: CommitId,
    by: &'a str,
    pull: Option<PullNumber>,
}

#[derive(Serialize)]
struct PromotionJson<'a> {
    edges: &'a [EdgeName],
    state: StatusKind,
    reason: &'a str,
    help: Option<&'a str>,
    next: Option<String>,
    plan: Option<PlanId>,
    newer: Option<PlanId>,
    pull: Option<PullNumber>,
    emergency: Option<&'a str>,
    changes: Vec<ChangeJson<'a>>,
    gates: Vec<GateJson<'a>>,
    left_out: Vec<LeftOutJson<'a>>,
    debts: Vec<LeftOutJson<'a>>,
    rollback: Option<RollbackJson>,
    after_rollback: Option<RolledBackJson<'a>>,
}

/// The document of `status`.
pub(crate) fn json(status: &Status) -> String {
    json::document(&StatusJson {
        version: VERSION,
        repository: &status.repository,
        base: status.base.as_deref(),
        tip: status.tip,
        now: status.now.to_string(),
        pipelines: status.pipelines.iter().map(pipeline).collect(),
        findings: json::findings(&status.findings),
        workflow: workflow(status),
    })
}

fn workflow(status: &Status) -> Option<WorkflowJson<'_>> {
    let mut found = WorkflowJson {
        trouble: alarm(status),
        ..WorkflowJson::default()
    };
    match status.installation.as_ref()? {
        Ok(None) => {}
        Err(why) => found.unread = Some(why),
        Ok(Some(installed)) => {
            found.file = Some(&installed.file);
            found.url = Some(&installed.url);
            let state = installed.state.as_ref().err();
            found.unread = state.or(installed.last.as_ref().err()).map(String::as_str);
            let last = installed.last.as_ref().ok().and_then(Option::as_ref);
            found.last = last.map(|last| LastRunJson {
                at: last.at.to_string(),
                url: &last.url,
                conclusion: match &last.ended {
                    Ended::Well | Ended::NotYet => "success",
                    Ended::Badly(word) => word,
                },
            });
        }
    }
    Some(found)
}

fn pipeline(pipeline: &PipelineStatus) -> PipelineJson<'_> {
    PipelineJson {
        pipeline: &pipeline.name,
        namespace: pipeline.namespace.as_deref(),
        state: pipeline.state,
        stages: pipeline.stages.iter().map(stage).collect(),
    }
}

fn stage(stage: &StageStatus) -> StageJson<'_> {
    StageJson {
        stage: stage.stage.as_str(),
        services: stage.services.iter().map(service).collect(),
        values: stage.values.iter().map(value).collect(),
        since: since(&stage.since),
        promotions: stage.promotions.iter().map(promotion).collect(),
    }
}

fn service(service: &ServiceStatus) -> ServiceJson<'_> {
    ServiceJson {
        service: &service.service,
        source: service.source.as_deref(),
        since: since(&service.since),
    }
}

fn since(since: &Since) -> Option<SinceJson<'_>> {
    match since {
        Since::Set(set) => Some(SinceJson {
            at: set.at.to_string(),
            commit: set.commit,
            by: &set.by,
            pull: set.pull,
        }),
        Since::NoHistory | Since::Unknown(_) => None,
    }
}

fn value(running: &Running) -> ValueJson<'_> {
    ValueJson {
        service: &running.service,
        field: field(&running.slot),
        value: running.value.as_deref(),
        name: running.name.as_deref(),
        secret: running.value.is_none(),
    }
}

fn promotion(status: &PromotionStatus) -> PromotionJson<'_> {
    let promotion = &status.promotion;
    PromotionJson {
        edges: &promotion.edges,
        state: status.state,
        reason: &status.reason,
        help: status.help.as_deref(),
        next: status.next.map(|at| at.to_string()),
        plan: promotion.plan,
        newer: status.newer,
        pull: status.pull,
        emergency: status.emergency.as_deref(),
        changes: promotion.changes.iter().map(json::change).collect(),
        gates: promotion.gates.iter().map(json::gate).collect(),
        left_out: promotion
            .skipped_services
            .iter()
            .map(json::left_out)
            .collect(),
        debts: promotion
            .overwritten_hotfixes
            .iter()
            .map(json::left_out)
            .collect(),
        rollback: json::rollback(promotion),
        after_rollback: json::after_rollback(promotion),
    }
}
