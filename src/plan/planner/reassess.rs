//! Judges again what is proposed already: the gates of a plan once evidence was read, and the plans of open pull requests.

use std::collections::BTreeMap;

use super::pipeline::{Planner, sorted};
use super::reason::{NOTHING_NOW, Reason};
use crate::model::change::Change;
use crate::model::evidence::Evidence;
use crate::model::facts::Facts;
use crate::model::fetched::Fetched;
use crate::model::ids::{PipelineId, PlanId};
use crate::model::name::EdgeName;
use crate::model::plan::{Plan, Promotion};
use crate::model::promotion_index::PromotionIndex;
use crate::model::resolved::StageIndex;

/// Judges the gates of a plan again: with the evidence about the open pull request that proposes each promotion, and with
/// the people that these facts have beyond those that it was made from. Nothing else in a plan depends on them.
pub(crate) fn judge_gates(
    facts: &Facts<'_>,
    plan: &mut Plan,
    evidence: &BTreeMap<PromotionIndex, &Fetched<Evidence>>,
) {
    for (pipeline, planned) in plan.pipelines.iter_mut().enumerate() {
        for (position, promotion) in planned.promotions.iter_mut().enumerate() {
            let index = PromotionIndex {
                pipeline,
                promotion: position,
            };
            judge_promotion(facts, planned.id, promotion, evidence.get(&index).copied());
        }
    }
}

/// Judges the gates of one promotion of a plan again, with the evidence about one pull request that proposes it.
pub(crate) fn judge_promotion(
    facts: &Facts<'_>,
    pipeline: PipelineId,
    promotion: &mut Promotion,
    evidence: Option<&Fetched<Evidence>>,
) {
    let Some(resolved) = facts.resolved.get(pipeline.0) else {
        return;
    };
    // A stopped pipeline changes nothing.
    if promotion.changes.is_empty() {
        return;
    }
    let planner = Planner {
        evidence,
        ..Planner::new(facts, resolved)
    };
    let mut into = planner.promotions_into(promotion.index).into_iter();
    let names = sorted(&promotion.edges);
    if let Some(edges) = into.find(|edges| planner.edge_names(edges) == names) {
        let plan = promotion.plan.as_ref();
        promotion.gates = planner.gates(promotion.index, &edges, plan, &promotion.changes);
    }
}

/// A plan that an open pull request proposes.
#[derive(Clone, Debug)]
pub(crate) struct ProposedPlan {
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// Its stage.
    pub stage: StageIndex,
    /// Its edges.
    pub edges: Vec<EdgeName>,
    /// Its id.
    pub plan: PlanId,
    /// What it changes.
    pub changes: Vec<Change>,
    /// A person asked for it by a dispatch.
    pub requested: bool,
    /// And as an emergency.
    pub emergency: bool,
    /// The evidence about its pull request, or why it could not be read. `None` if none was read.
    pub evidence: Option<Fetched<Evidence>>,
}

/// Judges the plan of an open pull request, whether or not it is the one that would be made now: the same holds and
/// gates, with its own changes. `now`: the plan from the same facts. `None` if its stage or edges are not what
/// they were.
pub(crate) fn reassess<'a>(
    facts: &'a Facts<'a>,
    now: &Plan,
    proposed: &'a ProposedPlan,
) -> Option<Promotion> {
    let resolved = facts.resolved.get(proposed.pipeline.0)?;
    let mut planner = Planner::new(facts, resolved);
    let mut planned = now.pipelines.iter();
    let now = planned.find(|planned| planned.id == proposed.pipeline)?;
    planner.take_states(&now.promotions);
    let edges = planner
        .promotions_into(proposed.stage)
        .into_iter()
        .find(|edges| planner.edge_names(edges) == sorted(&proposed.edges))?;
    if let Some(reason) = facts.stopped.get(&resolved.id) {
        return Some(planner.stopped(proposed.stage, &edges, reason));
    }
    if proposed.requested {
        planner.asked = Some(proposed.stage);
    }
    planner.emergency = Some(proposed.emergency);
    planner.evidence = proposed.evidence.as_ref();
    let mut draft = planner.draft(proposed.stage, &edges);
    draft.changes.clone_from(&proposed.changes);
    let current = now.promotions.iter().find(|other| {
        other.index == proposed.stage && planner.edge_names(&edges) == sorted(&other.edges)
    });
    // An older plan was ready when it was proposed; what its source holds now is not its content.
    draft.older = current.is_none_or(|current| current.plan != Some(proposed.plan));
    planner.hold_services(proposed.stage, &mut draft);
    let nothing_now = current.is_none_or(|current| current.changes.is_empty());
    if draft.older && nothing_now && !proposed.requested {
        draft.holds.push(Reason::new(NOTHING_NOW));
    }
    planner.hold(proposed.stage, &edges, &mut draft);
    let mut promotion = planner.promotion_of(proposed.stage, &edges, draft, Some(proposed.plan));
    if let Some(current) = current {
        promotion
            .skipped_services
            .clone_from(&current.skipped_services);
    }
    Some(promotion)
}
