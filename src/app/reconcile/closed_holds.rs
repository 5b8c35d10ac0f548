//! Holds that were set on pull requests which are closed by now: somebody who may not lift a hold does not lift it by closing either.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;

use super::permissions::{self, Permissions};
use super::stages::{Place, named_like};
use super::{Seen, labels};
use crate::app::session::Session;
use crate::model::actor::UserId;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::label::HOLD;
use crate::model::plan::{Plan, Promotion};
use crate::model::proposal::Proposal;
use crate::model::pull::{ClosedLabels, Pull, Snapshot};
use crate::plan::{ClosedHold, LabelHold, closed_hold, hold_names};
use crate::record::{Record, branch_is_of};

/// What holds promotions although it is closed.
#[derive(Debug, Default)]
pub(super) struct ClosedHolds {
    /// Of each promotion the one that was set last.
    by_place: BTreeMap<Place, ClosedHold>,
    /// Why it cannot be told of promotions that are not among these.
    unread: Option<String>,
}

impl ClosedHolds {
    /// What holds this promotion.
    pub(super) fn of(&self, place: Place) -> Fetched<Option<&ClosedHold>> {
        match (self.by_place.get(&place), &self.unread) {
            (None, Some(why)) => Err(why.clone()),
            (hold, _) => Ok(hold),
        }
    }

    /// What holds a pull request, together with what holds its stage although it is closed: that is lifted by a label that a person with
    /// write access took off later, or if there is no such label by one who asked for the stage later.
    pub(super) fn added_to(
        &self,
        own: LabelHold,
        seen: &Seen,
        place: Place,
        proposal: &Proposal,
        pull: &Pull,
    ) -> LabelHold {
        let asked = proposal.requested_by.is_some() && !labels::exists(&seen.snapshot, HOLD);
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

    /// Reads what holds these promotions of a plan, with what is known of people already: no call if the labels of no closed pull request
    /// matter to them, else one for the people and one for each pull request with very many label events.
    pub(super) async fn read(
        session: &Session,
        seen: &Seen,
        plan: &Plan,
        wanted: &BTreeSet<Place>,
        known: Permissions,
    ) -> Self {
        let mut found = Self::default();
        if wanted.is_empty() {
            return found;
        }
        if let Err(why) = &seen.snapshot.held_closed {
            found.unread = Some(why.clone());
        }
        let of_wanted = that_matter(&seen.snapshot).filter_map(|pull| {
            let mut places = named_like(seen, plan, &pull.pull.branch);
            places.retain(|place| wanted.contains(place));
            (!places.is_empty()).then_some((places, pull))
        });
        let read = of_wanted.map(|(places, mut pull)| async move {
            if pull.events.is_err() {
                pull.events = session.forge.label_events(pull.pull.number).await;
            }
            (places, pull)
        });
        let closed: Vec<(Vec<Place>, ClosedLabels)> = join_all(read).await;
        let people = closed.iter().flat_map(|(_, pull)| people(pull));
        let people = people.filter(|(id, _)| !known.contains_key(id)).collect();
        let mut permissions = permissions::read(session, seen, people).await;
        permissions.extend(known);
        for (places, pull) in &closed {
            for place in places {
                let promotion = &plan.pipelines[place.0].promotions[place.1];
                let landed = last_landing(seen, plan, *place, promotion);
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

/// Whether the branch of a closed pull request is needed to tell that it still holds its stage: its label was set by somebody, and the stage
/// has not landed since.
pub(super) fn is_needed(seen: &Seen, plan: &Plan, pull: &Pull) -> bool {
    let Some(closed) = ClosedLabels::of(pull) else {
        return false;
    };
    let Ok(events) = &closed.events else {
        return true;
    };
    // What was set before Sluice closed it is on what took its place.
    let newest = events
        .iter()
        .filter(|event| event.may_hold() && (!closed.by_us || event.at > closed.pull.at))
        .map(|event| event.at)
        .max();
    let Some(newest) = newest else {
        return false;
    };
    let landed = |place: &Place| {
        let promotion = &plan.pipelines[place.0].promotions[place.1];
        last_landing(seen, plan, *place, promotion)
    };
    let places = named_like(seen, plan, &closed.pull.branch);
    places
        .iter()
        .any(|place| landed(place).is_none_or(|landed| newest >= landed))
}

/// The closed pull requests into the base from branches under our names that were, or may have been, held: those that carry the label now,
/// and those whose branch is still there.
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
        !pull.foreign && pull.base == snapshot.base && pull.branch.starts_with("sluice/")
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

/// When the stage landed last along the edges of a promotion, by git or by what was merged lately. A rollback or an emergency is none.
fn last_landing(
    seen: &Seen,
    plan: &Plan,
    place: Place,
    promotion: &Promotion,
) -> Option<Timestamp> {
    let (namespace, pipeline) = seen.named(plan.pipelines[place.0].id);
    let mut along = promotion.edges.clone();
    along.sort();
    let merged = seen.snapshot.merged.iter().filter_map(|pull| {
        let record = Record::parse(&pull.message)?;
        let mut edges = record.edges.clone();
        edges.sort();
        let same = branch_is_of(&pull.branch, &record)
            && (&record.namespace, &record.pipeline) == (&namespace, &pipeline)
            && record.stage == promotion.stage.as_str()
            && edges == along
            && record.rollback.is_none()
            && record.emergency.is_none();
        same.then_some(pull.at)
    });
    merged.chain(promotion.landed_along).max()
}
