//! What has to be read before the planner can judge: readiness of sources, and what gates depend on.

use super::pipeline::Planner;
use crate::model::facts::{Facts, ReadyQuery};
use crate::model::ids::PipelineId;
use crate::model::name::EdgeName;
use crate::model::policy::Ready;
use crate::model::resolved::StageIndex;
use crate::plan::gates;

/// Every look-up that the `ready` rules ask for: of promotions that have something to change.
pub(crate) fn ready_queries(facts: &Facts<'_>) -> Vec<(ReadyQuery, Ready)> {
    let mut queries = Vec::new();
    // Also for what was set by hand: it is only known later whether someone requested `take: source`.
    let all = Facts {
        take_source: true,
        ..facts.clone()
    };
    let facts = &all;
    for resolved in facts.resolved {
        if facts.stopped.contains_key(&resolved.id) {
            continue;
        }
        let mut planner = Planner::new(facts, resolved);
        for stage in 0..resolved.stages.len() {
            planner.asked = Some(stage);
            for edges in planner.promotions_into(stage) {
                let asks = |edge: &usize| {
                    let from = planner.source_stage(*edge)?;
                    Some((*edge, from, planner.ready_rule(from)?.0))
                };
                let asking: Vec<_> = edges.iter().filter_map(asks).collect();
                if asking.is_empty() {
                    continue;
                }
                let draft = planner.draft(stage, &edges);
                if draft.changes.is_empty() {
                    continue;
                }
                for (edge, from, rule) in asking {
                    let asked = planner.ready_queries(stage, edge, from, &draft);
                    queries.extend(asked.into_iter().map(|query| (query, rule.clone())));
                }
            }
        }
    }
    queries
}

/// What has to be read so that the gates of a promotion into these stages can be judged.
pub(crate) fn needs(
    facts: &Facts<'_>,
    pipeline: PipelineId,
    stage: StageIndex,
    edges: &[EdgeName],
) -> gates::Needs {
    let mut needs = gates::Needs::default();
    let Some(resolved) = facts.resolved.get(pipeline.0) else {
        return needs;
    };
    let planner = Planner::new(facts, resolved);
    for edge in resolved.edges_into(stage) {
        if !edges.contains(&planner.edge_name(edge)) {
            continue;
        }
        for gate in &planner.manifest.edges[edge].gates {
            needs.add_gate(facts.policy, &planner.manifest.name, gate);
        }
    }
    let name = &planner.manifest.stages[stage].name.value;
    let rules = facts.policy.stage_rules(&planner.manifest.name, name);
    if let Some(emergency) = &rules.emergency {
        needs.add_lines(facts.policy, &emergency.approve);
    }
    needs
}
