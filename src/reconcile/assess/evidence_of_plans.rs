//! By whose evidence a promotion is judged, and which requests are kept when the base moves.

use std::collections::BTreeMap;

use crate::model::ids::PullNumber;
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

/// For each promotion, the pull request by whose evidence its gates are judged: the one that proposes its plan; if there
/// are several, the one that would be kept.
pub(crate) fn judged_by(
    plan: &Plan,
    by_place: &BTreeMap<PromotionIndex, Vec<(Proposal, Pull)>>,
    builds: &BTreeMap<PullNumber, Build>,
) -> BTreeMap<PromotionIndex, PullNumber> {
    let first = |place: &PromotionIndex, found: &[(Proposal, Pull)]| {
        let promotion = plan.promotion(*place);
        let to = promotion.rollback.as_ref().map(|to| to.landing);
        let proposes_it = found.iter().filter(|(proposal, _)| {
            // What people said about an ordinary promotion does not count for a rollback, even if both make the same changes.
            promotion.plan == Some(proposal.plan) && (to.is_none() || proposal.rollback == to)
        });
        let order = |(proposal, pull): &&(Proposal, Pull)| {
            (
                builds.get(&pull.number) != Some(&Build::Intact),
                proposal.requested_by.is_none(),
                pull.number,
            )
        };
        proposes_it.min_by_key(order).map(|(_, pull)| pull.number)
    };
    let all = by_place.iter();
    all.filter_map(|(place, found)| Some((*place, first(place, found)?)))
        .collect()
}
