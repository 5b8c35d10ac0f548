//! The stages and edges of a `Pipeline`, as its manifest spells them → as the model has them.

use super::raw;
use crate::model::pipeline::{
    Criteria, Edge, EdgeEnds, Gate, GateJob, GateKind, Stage, StageService,
};
use crate::yaml::{Located, Position};

pub(super) fn stage(raw: raw::PipelineStage) -> Stage {
    Stage {
        name: raw.name,
        services: raw
            .services
            .unwrap_or_default()
            .into_iter()
            .map(|service| StageService {
                reference: service.service_ref.into(),
                criteria: service.criteria.map(|criteria| Criteria {
                    at: criteria.at,
                    source: criteria.value.service_ref.map(Into::into),
                    secrets: criteria.value.secrets.unwrap_or_default(),
                    repository: criteria.value.repository,
                    pr_automation: criteria.value.pr_automation_ref.is_some(),
                    ai: criteria.value.ai.is_some(),
                }),
            })
            .collect(),
    }
}

pub(super) fn edge(raw: Located<raw::PipelineEdge>) -> Edge {
    let at = raw.at;
    let raw = raw.value;
    let by_ids = raw.from_id.is_some() || raw.to_id.is_some();
    let nameless = |at| Located {
        value: "".into(),
        at,
    };
    let ends = match (raw.from, raw.to) {
        (Some(from), Some(to)) => EdgeEnds::Stages { from, to },
        (None, None) if by_ids => EdgeEnds::ConsoleIds,
        // An end that is missing names no stage: `unknown-stage` says so.
        (from, to) => EdgeEnds::Stages {
            from: from.unwrap_or_else(|| nameless(at)),
            to: to.unwrap_or_else(|| nameless(at)),
        },
    };
    Edge {
        at,
        ends,
        gates: raw
            .gates
            .unwrap_or_default()
            .into_iter()
            .map(|gate| Gate {
                at: gate.at,
                name: gate.value.name,
                kind: GateKind::of(&gate.value.kind),
                job: gate.value.spec.and_then(|spec| spec.job).map(gate_job),
            })
            .collect(),
    }
}

/// The containers of a job as a workflow takes them, and what it cannot honour.
fn gate_job(raw: raw::JobSpec) -> GateJob {
    let mut unsupported: Vec<Located<&'static str>> = Vec::new();
    let mut note = |name: &'static str, at: Option<Position>| {
        unsupported.extend(at.map(|at| Located { value: name, at }));
    };
    note("serviceAccount", raw.service_account.map(|found| found.at));
    note("tolerations", raw.tolerations.map(|found| found.at));
    note("raw", raw.raw.map(|found| found.at));
    let mut containers = Vec::new();
    for container in raw.containers.unwrap_or_default() {
        note("envFrom", container.env_from.map(|found| found.at));
        let env: serde_json::Map<String, serde_json::Value> = container
            .env
            .unwrap_or_default()
            .into_iter()
            .map(|variable| (variable.name, variable.value.unwrap_or_default().into()))
            .collect();
        containers.push(serde_json::json!({
            "image": container.image, "args": container.args.unwrap_or_default(), "env": env,
        }));
    }
    GateJob {
        json: serde_json::json!({ "containers": containers }).to_string(),
        unsupported,
    }
}
