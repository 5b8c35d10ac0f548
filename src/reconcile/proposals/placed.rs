//! Which promotion of the plan an open pull request belongs to: by its record, or by the name of its branch.

use std::collections::BTreeMap;

use crate::model::catalog::MayHold;
use crate::model::ids::PullNumber;
use crate::model::plan::{Plan, Promotion};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::Proposal;
use crate::model::pull::Pull;
use crate::model::record::branch_folder;
use crate::plan::label_hold;
use crate::reconcile::observe::observation::Observation;

/// Whether a pull request that belongs to no promotion has to be left as it is: it has the label, or who removed it is
/// not known to have write access.
pub(crate) fn is_held(pull: &Pull) -> bool {
    !label_hold(pull, None).is_free()
}

/// Whether everything that may hold a pipeline could be read: missing does not mean deleted.
pub(crate) fn all_read(observation: &Observation) -> bool {
    let unread = &observation.evaluation.catalog.unread;
    observation.repository.policy_finding.is_none()
        && !unread
            .iter()
            .any(|file| file.is_broken() && file.may_hold == MayHold::Ours)
}

/// The promotion that the record of a proposal names.
pub(crate) fn place_of(
    observation: &Observation,
    plan: &Plan,
    proposal: &Proposal,
) -> Option<PromotionIndex> {
    let id = proposal.promotion();
    let is_its = |(place, promotion): &(PromotionIndex, &Promotion)| {
        promotion.stage == id.stage && observation.promotion_id(plan, *place) == id
    };
    plan.promotions().find(is_its).map(|(place, _)| place)
}

/// Pull requests by the promotions that the name of their branch fits.
pub(crate) fn by_branch(
    observation: &Observation,
    plan: &Plan,
    pulls: &[Pull],
) -> BTreeMap<PromotionIndex, Vec<Pull>> {
    let mut found: BTreeMap<PromotionIndex, Vec<Pull>> = BTreeMap::new();
    for pull in pulls {
        for place in named_like(observation, plan, &pull.branch) {
            found.entry(place).or_default().push(pull.clone());
        }
    }
    found
}

/// Branches with more pull requests than Sluice reads, by promotion, each with its newest pull request.
pub(crate) fn unread_branches(
    observation: &Observation,
    plan: &Plan,
) -> BTreeMap<PromotionIndex, (String, PullNumber)> {
    let mut found = BTreeMap::new();
    for branch in &observation.snapshot.branches {
        let Some(newest) = branch.pulls.first().filter(|_| branch.has_more_pulls) else {
            continue;
        };
        for place in named_like(observation, plan, &branch.name) {
            found
                .entry(place)
                .or_insert_with(|| (branch.name.clone(), newest.number));
        }
    }
    found
}

/// The promotions whose branches would have a name like this one, whatever its head contains.
pub(crate) fn named_like(
    observation: &Observation,
    plan: &Plan,
    branch: &str,
) -> Vec<PromotionIndex> {
    let Some((folder, _)) = branch.rsplit_once('/') else {
        return Vec::new();
    };
    let is_like = |place: PromotionIndex, promotion: &Promotion| {
        let pipeline = observation.pipeline_key(plan.pipeline_of(place).id);
        folder == branch_folder(pipeline.name.as_str(), promotion.stage.as_str())
    };
    let all = plan.promotions();
    all.filter_map(|(place, promotion)| is_like(place, promotion).then_some(place))
        .collect()
}
