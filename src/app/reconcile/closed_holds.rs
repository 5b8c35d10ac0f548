//! Holds that were set on pull requests which are closed by now: somebody who may not lift a hold does not lift it by closing either.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Seen;
use super::stages::{Place, named_like};
use crate::app::session::Session;
use crate::model::evidence::{Looked, UserId};
use crate::model::plan::{Plan, Promotion};
use crate::model::pull::{ClosedLabels, PullNumber, Snapshot};
use crate::plan::{ClosedHold, closed_hold, hold_names};
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
    pub(super) fn of(&self, place: Place) -> Looked<Option<&ClosedHold>> {
        match (self.by_place.get(&place), &self.unread) {
            (None, Some(why)) => Err(why.clone()),
            (hold, _) => Ok(hold),
        }
    }

    /// Whether this pull request holds any promotion.
    pub(super) fn has(&self, number: PullNumber) -> bool {
        self.by_place.values().any(|hold| hold.number == number)
    }

    /// Reads what holds the promotions of a plan: no call if the labels of no closed pull request matter, else one for the people and one for
    /// each pull request with very many label events.
    pub(super) async fn read(session: &Session, seen: &Seen, plan: &Plan) -> Self {
        let mut found = Self::default();
        if let Err(why) = &seen.snapshot.held_closed {
            found.unread = Some(why.clone());
        }
        let closed = that_matter(&seen.snapshot).map(|pull| async move {
            let mut pull = pull.clone();
            if pull.events.is_err() {
                pull.events = session.forge.label_events(pull.number).await;
            }
            pull
        });
        let closed: Vec<ClosedLabels> = join_all(closed).await;
        let closed: Vec<(Vec<Place>, ClosedLabels)> = closed
            .into_iter()
            .map(|pull| (named_like(seen, plan, &pull.branch), pull))
            .filter(|(places, _)| !places.is_empty())
            .collect();
        let people = closed.iter().flat_map(|(_, pull)| people(pull));
        let (along, asked): (BTreeMap<UserId, String>, _) =
            people.partition(|(id, _)| seen.permissions.contains_key(id));
        let mut permissions = match asked.is_empty() {
            true => BTreeMap::new(),
            false => session.forge.permissions(&asked).await,
        };
        let along = along.keys();
        permissions.extend(along.filter_map(|id| Some((*id, Ok(*seen.permissions.get(id)?)))));
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

/// The people who decide whether closed pull requests still hold anything.
pub(super) fn people_who_decide(snapshot: &Snapshot) -> BTreeMap<UserId, String> {
    let mut found = BTreeMap::new();
    for pull in that_matter(snapshot) {
        found.extend(people(&pull));
    }
    found
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
        .map(|pull| (pull.number, pull))
        .collect();
    all.retain(|_, pull| {
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
    let who = who.chain([pull.by.as_ref().filter(|_| !pull.by_us)]);
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
