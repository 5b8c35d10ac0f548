//! Which evidence counts for which plan, and which requests are kept when the base moves.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::evidence::Evidence;
use crate::model::fetched::Fetched;
use crate::model::ids::{PlanId, PullNumber};
use crate::model::plan::Plan;
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::Pull;

/// Requested proposals that need another build: the base moved under the plan that would be made now, or the changes of
/// a rollback are different now.
pub(crate) fn reissued(
    plan: &Plan,
    by_place: &BTreeMap<PromotionIndex, Vec<(Proposal, Pull)>>,
    builds: &BTreeMap<PullNumber, Build>,
) -> BTreeMap<PromotionIndex, Proposal> {
    let mut found = BTreeMap::new();
    for (place, proposals) in by_place {
        let promotion = plan.promotion(*place);
        let to = promotion.rollback.as_ref().map(|to| to.landing);
        let moved = proposals.iter().find(|(proposal, pull)| {
            let same_plan = promotion.plan == Some(proposal.plan);
            let base_moved = builds.get(&pull.number) == Some(&Build::BaseMoved);
            let goes_back = to.is_some() && proposal.rollback == to;
            proposal.requested_by.is_some()
                && ((same_plan && base_moved) || (goes_back && !same_plan))
        });
        if let Some((proposal, _)) = moved {
            found.insert(*place, proposal.clone());
        }
    }
    found
}

/// Evidence by plan. If two pull requests propose the same plan, it is that of the one that would be kept.
pub(crate) fn evidence_by_plan(
    plan: &Plan,
    by_place: &BTreeMap<PromotionIndex, Vec<(Proposal, Pull)>>,
    builds: &BTreeMap<PullNumber, Build>,
    evidence: &BTreeMap<PullNumber, Fetched<Evidence>>,
) -> BTreeMap<PlanId, Fetched<Evidence>> {
    let of_its_kind = |place: &PromotionIndex, proposal: &Proposal| {
        let promotion = plan.promotion(*place);
        let to = promotion.rollback.as_ref().map(|to| to.landing);
        to.is_none() || proposal.rollback == to || promotion.plan != Some(proposal.plan)
    };
    // Evidence about an ordinary promotion does not count for a rollback, even if both make the same changes.
    let mut all: Vec<&(Proposal, Pull)> = by_place
        .iter()
        .flat_map(|(place, found)| found.iter().map(move |one| (place, one)))
        .filter(|(place, (proposal, _))| of_its_kind(place, proposal))
        .map(|(_, one)| one)
        .collect();
    all.sort_by_key(|(proposal, pull)| {
        (
            builds.get(&pull.number) != Some(&Build::Intact),
            proposal.requested_by.is_none(),
            pull.number,
        )
    });
    let mut found = BTreeMap::new();
    let mut decided = BTreeSet::new();
    for (proposal, pull) in all {
        if !decided.insert(proposal.plan) {
            continue;
        }
        if let Some(evidence) = evidence.get(&pull.number) {
            found.insert(proposal.plan, evidence.clone());
        }
    }
    found
}
