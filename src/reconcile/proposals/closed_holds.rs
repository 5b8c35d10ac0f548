//! Holds on pull requests that are closed by now: someone who may not lift a hold cannot lift it by closing the pull
//! request either.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;

use crate::model::actor::UserId;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::label::HOLD;
use crate::model::plan::{Plan, Promotion};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::Proposal;
use crate::model::pull::{ClosedLabels, Pull, Snapshot};
use crate::model::record::{Record, branch_is_of};
use crate::model::wire_words::BRANCHES;
use crate::plan::{ClosedHold, LabelHold, closed_hold, hold_names};
use crate::reconcile::evidence::permissions::{self, Permissions};
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::proposals::placed::named_like;
use crate::reconcile::state::labels;
use crate::session::Session;

/// Holds of closed pull requests, by promotion.
#[derive(Debug, Default)]
pub(crate) struct ClosedHolds {
    /// The latest hold of each promotion.
    by_place: BTreeMap<PromotionIndex, ClosedHold>,
    /// Why holds of other promotions are not known, if they are not.
    unread: Option<String>,
}

impl ClosedHolds {
    /// The hold of a closed pull request on this promotion; `Err` if it could not be read.
    pub(crate) fn of(&self, place: PromotionIndex) -> Fetched<Option<&ClosedHold>> {
        match (self.by_place.get(&place), &self.unread) {
            (None, Some(why)) => Err(why.clone()),
            (hold, _) => Ok(hold),
        }
    }

    /// The pull request's own hold, combined with that of a closed one of its stage. The latter is lifted if a person
    /// with write access removed the label later or, if there is no such label, requested the stage later.
    pub(crate) fn added_to(
        &self,
        own: LabelHold,
        observation: &Observation,
        place: PromotionIndex,
        proposal: &Proposal,
        pull: &Pull,
    ) -> LabelHold {
        let asked = proposal.requested_by.is_some() && !labels::exists(&observation.snapshot, HOLD);
        let lifted = match &own {
            LabelHold::Free => None,
            LabelHold::Lifted(at) => Some(*at),
            _ => return own,
        };
        match self.of(place) {
            Ok(Some(hold)) if asked && pull.created > hold.since => own,
            Ok(Some(hold)) if lifted.is_none_or(|at| at <= hold.since) => {
                LabelHold::Closed(hold.clone())
            }
            Err(why) if lifted.is_none() => LabelHold::Unread(why),
            _ => own,
        }
    }

    /// Reads the holds of closed pull requests on these promotions of a plan. `known` are permissions that were read
    /// before. It makes no call if no closed pull request matters to them, otherwise one for the people, and one for
    /// each pull request with very many label events.
    pub(crate) async fn read(
        session: &Session,
        observation: &Observation,
        plan: &Plan,
        wanted: &BTreeSet<PromotionIndex>,
        known: Permissions,
    ) -> Self {
        let mut found = Self::default();
        if wanted.is_empty() {
            return found;
        }
        if let Err(why) = &observation.snapshot.held_closed {
            found.unread = Some(why.clone());
        }
        let of_wanted = that_matter(&observation.snapshot).filter_map(|pull| {
            let mut places = named_like(observation, plan, &pull.pull.branch);
            places.retain(|place| wanted.contains(place));
            (!places.is_empty()).then_some((places, pull))
        });
        let read = of_wanted.map(|(places, mut pull)| async move {
            if pull.events.is_err() {
                pull.events = session.forge.label_events(pull.pull.number).await;
            }
            (places, pull)
        });
        let closed: Vec<(Vec<PromotionIndex>, ClosedLabels)> = join_all(read).await;
        let people = closed.iter().flat_map(|(_, pull)| people(pull));
        let people = people.filter(|(id, _)| !known.contains_key(id)).collect();
        let mut permissions = permissions::read(session, observation, people).await;
        permissions.extend(known);
        for (places, pull) in &closed {
            for place in places {
                let promotion = plan.promotion(*place);
                let landed = last_landing(observation, plan, *place, promotion);
                let Some(hold) = closed_hold(pull, &permissions, landed) else {
                    continue;
                };
                let known = found.by_place.entry(*place).or_insert_with(|| hold.clone());
                if known.since < hold.since {
                    *known = hold;
                }
            }
        }
        found
    }
}

/// Whether the branch of a closed pull request is still needed to see that it holds its stage: someone added the label,
/// and the stage has not landed since.
pub(crate) fn is_needed(observation: &Observation, plan: &Plan, pull: &Pull) -> bool {
    let Some(closed) = ClosedLabels::of(pull) else {
        return false;
    };
    let Ok(events) = &closed.events else {
        return true;
    };
    // A hold from before Sluice closed it was copied to the pull request that replaced it.
    let newest = events
        .iter()
        .filter(|event| event.may_hold() && (!closed.by_us || event.at > closed.pull.at))
        .map(|event| event.at)
        .max();
    let Some(newest) = newest else {
        return false;
    };
    let landed = |place: &PromotionIndex| {
        let promotion = plan.promotion(*place);
        last_landing(observation, plan, *place, promotion)
    };
    let places = named_like(observation, plan, &closed.pull.branch);
    places
        .iter()
        .any(|place| landed(place).is_none_or(|landed| newest >= landed))
}

/// The closed pull requests into the base from branches under our names that are, or may have been, held: those with
/// the label now, and those whose branch still exists.
fn that_matter(snapshot: &Snapshot) -> impl Iterator<Item = ClosedLabels> + '_ {
    let with_branch = snapshot.branches.iter().flat_map(|branch| &branch.pulls);
    let with_branch = with_branch.filter_map(ClosedLabels::of).filter(|pull| {
        let events = pull.events.as_ref();
        events.map_or(true, |events| !hold_names(events).is_empty())
    });
    let held = snapshot.held_closed.iter().flatten().cloned();
    let mut all: BTreeMap<PullNumber, ClosedLabels> = with_branch
        .chain(held)
        .map(|closed| (closed.pull.number, closed))
        .collect();
    all.retain(|_, closed| {
        let pull = &closed.pull;
        !pull.foreign && pull.base == snapshot.base && pull.branch.starts_with(BRANCHES)
    });
    all.into_values()
}

fn people(pull: &ClosedLabels) -> impl Iterator<Item = (UserId, String)> + '_ {
    let names = pull.events.as_ref().map(|events| hold_names(events));
    let names = names.unwrap_or_default();
    let events = pull.events.iter().flatten();
    let who = events
        .filter(move |event| !event.set && names.contains(&event.label.to_ascii_lowercase()))
        .map(|event| event.by.as_ref());
    let who = who.chain([pull.pull.by.as_ref().filter(|_| !pull.by_us)]);
    who.flatten()
        .filter_map(|actor| Some((actor.person()?, actor.login.clone())))
}

/// When the stage last landed along the edges of a promotion, by git or by what was merged lately. Rollbacks and
/// emergencies do not count.
fn last_landing(
    observation: &Observation,
    plan: &Plan,
    place: PromotionIndex,
    promotion: &Promotion,
) -> Option<Timestamp> {
    let id = observation.promotion_id(plan, place);
    let merged = observation.snapshot.merged.iter().filter_map(|pull| {
        let record = Record::parse(&pull.message)?;
        let same = branch_is_of(&pull.branch, &record)
            && record.promotion() == id
            && record.rollback.is_none()
            && record.emergency.is_none();
        same.then_some(pull.at)
    });
    merged.chain(promotion.landed_along).max()
}
