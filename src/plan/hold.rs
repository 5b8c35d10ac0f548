//! Holds and freezes: those of the policy, and the label that anyone with triage may add.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::actor::{Actor, UserId};
use crate::model::evidence::{Evidence, LabelEvent, Permission};
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::label::HOLD;
use crate::model::name::{PipelineName, StageName};
use crate::model::policy::{Freeze, Hold, Policy};
use crate::model::pull::{ClosedLabels, ClosedPull, Pull};
use crate::yaml::Located;

/// What a hold would hold.
pub(super) struct Held<'a> {
    pub pipeline: &'a PipelineName,
    pub stage: &'a StageName,
    pub now: Timestamp,
}

impl Held<'_> {
    /// The narrowest hold on the whole stage.
    pub(super) fn stage<'p>(&self, policy: &'p Policy) -> Option<&'p Located<Hold>> {
        self.narrowest(policy, |hold| hold.service.is_none())
    }

    /// The narrowest hold that names this service.
    pub(super) fn service<'p>(
        &self,
        policy: &'p Policy,
        service: &str,
    ) -> Option<&'p Located<Hold>> {
        self.narrowest(policy, |hold| {
            hold.service
                .as_ref()
                .is_some_and(|name| name.value == service)
        })
    }

    fn narrowest<'p>(
        &self,
        policy: &'p Policy,
        wanted: impl Fn(&Hold) -> bool,
    ) -> Option<&'p Located<Hold>> {
        policy
            .holds
            .iter()
            .filter(|hold| wanted(hold) && self.applies(hold))
            // If several are equally narrow, the first: max_by_key would take the last.
            .rev()
            .max_by_key(|hold| {
                usize::from(hold.pipeline.is_some()) + usize::from(hold.stage.is_some())
            })
    }

    fn applies(&self, hold: &Hold) -> bool {
        let names = |given: Option<&str>, own: &str| given.is_none_or(|given| given == own);
        names(
            hold.pipeline.as_ref().map(|name| name.as_str()),
            self.pipeline.as_str(),
        ) && names(
            hold.stage.as_ref().map(|name| name.as_str()),
            self.stage.as_str(),
        ) && hold.until.is_none_or(|until| self.now < until.timestamp())
    }
}

/// What the label `sluice/hold` means for a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabelHold {
    /// Nothing: it was never set.
    Free,
    /// Nothing any more: a person with write access removed it, at this time.
    Lifted(Timestamp),
    /// It is on.
    On,
    /// It is not, but a closed pull request of the stage holds it.
    Closed(ClosedHold),
    /// It was removed by someone who may not do that, so it still applies.
    StillOn(String),
    /// It could not be determined.
    Unread(String),
}

impl LabelHold {
    /// Whether the label holds nothing.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self, Self::Free | Self::Lifted(_))
    }

    /// Whether the label of the pull request itself holds it, not one of the stage that is closed by now.
    pub(crate) fn is_own(&self) -> bool {
        !self.is_free() && !matches!(self, Self::Closed(_))
    }
}

/// Reads it. Anyone with triage access may add it; only a person with write access may remove it. A label that was changed after it was set may have been
/// this one under its old name, and holds like it.
pub(crate) fn label_hold(pull: &Pull, evidence: Option<&Fetched<Evidence>>) -> LabelHold {
    if pull.has_label(HOLD) {
        return LabelHold::On;
    }
    let (events, permissions) = match (&pull.label_events, evidence) {
        (Ok(events), None) => (events, None),
        (_, Some(Err(why))) | (Err(why), None) => return LabelHold::Unread(why.clone()),
        (_, Some(Ok(evidence))) => match &evidence.label_events {
            Err(why) => return LabelHold::Unread(why.clone()),
            Ok(events) => (events, Some(&evidence.permissions)),
        },
    };
    let mut lifted = None;
    for name in hold_names(events) {
        let of_it = events_of(events, &name);
        // It was renamed, and its new name is judged separately.
        let gone = !pull.has_label(&name) && of_it.iter().all(|event| event.set);
        if gone && name != HOLD {
            continue;
        }
        let mut holds = LabelHold::Free;
        for event in of_it {
            if event.may_hold() {
                holds = LabelHold::StillOn(set_and_not_taken_off(&name));
            } else if !event.set && !matches!(holds, LabelHold::Lifted(_)) {
                holds = taken_off(&name, event, permissions);
            }
        }
        match holds {
            LabelHold::Free => {}
            LabelHold::Lifted(at) => lifted = lifted.max(Some(at)),
            held => return held,
        }
    }
    lifted.map_or(LabelHold::Free, LabelHold::Lifted)
}

/// The names, in lower case, of the labels that hold, or may have held under another name.
pub(crate) fn hold_names(events: &[LabelEvent]) -> BTreeSet<String> {
    let holds = events
        .iter()
        .filter(|event| event.is_of(HOLD) || event.may_hold());
    holds
        .map(|event| event.label.to_ascii_lowercase())
        .collect()
}

/// What was done with the label of this name, the oldest first.
fn events_of<'a>(events: &'a [LabelEvent], name: &str) -> Vec<&'a LabelEvent> {
    let mut found: Vec<&LabelEvent> = events.iter().filter(|event| event.is_of(name)).collect();
    found.sort_by_key(|event| (event.at, event.order));
    found
}

fn set_and_not_taken_off(name: &str) -> String {
    match name == HOLD {
        true => format!("the label {HOLD} was added, and no one removed it"),
        false => format!(
            "the label {name} was changed after it was added, and may have been {HOLD} then: someone with write access must remove it"
        ),
    }
}

/// The effect of removing a label that holds, or may have held under another name.
fn taken_off(
    name: &str,
    off: &LabelEvent,
    permissions: Option<&BTreeMap<UserId, Fetched<Permission>>>,
) -> LabelHold {
    let still = |who: &str| {
        LabelHold::StillOn(format!(
            "{who} removed {name} without write access, so it still applies"
        ))
    };
    let Some(actor) = &off.by else {
        return still("a deleted account");
    };
    let Some(id) = actor.person() else {
        return still(&actor.login);
    };
    let Some(permissions) = permissions else {
        return LabelHold::Unread(format!("it was not read who removed {name}"));
    };
    match permissions.get(&id) {
        Some(Ok(Permission::Write)) => LabelHold::Lifted(off.at),
        Some(Ok(_)) => still(&actor.login),
        Some(Err(why)) => LabelHold::Unread(why.clone()),
        None => LabelHold::Unread(format!("the permissions of {} were not read", actor.login)),
    }
}

/// A hold that was set on a pull request of a stage that has been closed since, by someone who may not lift it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClosedHold {
    /// The pull request.
    pub number: PullNumber,
    /// When it was closed, or its label added, whichever was later: what lifts it comes after that.
    pub since: Timestamp,
    /// Why it holds, in plain words.
    pub why: String,
}

impl std::fmt::Display for ClosedHold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

/// Whether a closed pull request still holds its stage. Adding the label holds, also on a closed one. A person with
/// write access lifts it by removing the label while the pull request is open, or by closing the pull request; no one
/// else can, and removing it from a closed one has no effect. If Sluice closed it, its hold is on the pull request that
/// replaced it. What was set before the stage's last landing no longer counts.
pub(crate) fn closed_hold(
    closed: &ClosedLabels,
    permissions: &BTreeMap<UserId, Fetched<Permission>>,
    landed: Option<Timestamp>,
) -> Option<ClosedHold> {
    let ClosedPull { number, at, by, .. } = &closed.pull;
    let (number, at) = (*number, *at);
    let events = match &closed.events {
        Ok(events) => events,
        Err(why) => {
            return Some(ClosedHold {
                number,
                since: at,
                why: format!("the events of {HOLD} on {number} could not be read: {why}"),
            });
        }
    };
    let may_lift = |who: Option<&Actor>| {
        let permission = who
            .and_then(Actor::person)
            .and_then(|id| permissions.get(&id));
        matches!(permission, Some(Ok(Permission::Write)))
    };
    let ended = closed.by_us || may_lift(by.as_ref());
    // The newest setting that still counts.
    let mut newest: Option<(Timestamp, bool)> = None;
    for name in hold_names(events) {
        let (open, once_closed): (Vec<&LabelEvent>, _) = events_of(events, &name)
            .into_iter()
            .partition(|event| event.at <= at);
        let mut set = None;
        for event in open.into_iter().filter(|_| !ended) {
            match event.set {
                true if event.may_hold() => set = Some((event.at, false)),
                true => {}
                false if may_lift(event.by.as_ref()) => set = None,
                false => {}
            }
        }
        let again = once_closed.into_iter().rev().find(|event| event.may_hold());
        newest = newest.max(again.map(|event| (event.at, true)).or(set));
    }
    let (set, once_closed) =
        newest.filter(|(set, _)| landed.is_none_or(|landed| *set >= landed))?;
    let closer = match by {
        None => "a deleted account closed it".to_owned(),
        Some(by) => match by.person().and_then(|id| permissions.get(&id)) {
            Some(Ok(_)) => format!("{}, who has no write access, closed it", by.login),
            Some(Err(why)) => format!("{} closed it, and {why}", by.login),
            None => format!("{} closed it", by.login),
        },
    };
    let why = match once_closed {
        true => format!("the label {HOLD} was added to {number} after it was closed"),
        false => format!("the label {HOLD} held {number} when {closer}"),
    };
    Some(ClosedHold {
        number,
        since: set.max(at),
        why,
    })
}

/// The freeze that covers an instant.
pub(super) fn frozen(policy: &Policy, now: Timestamp) -> Option<&Freeze> {
    policy.freeze.iter().find(|freeze| freeze.covers(now))
}

/// Until when a freeze lasts, in its zone.
pub(super) fn until(freeze: &Freeze) -> String {
    let zoned = freeze.until.to_zoned(freeze.zone.time_zone().clone());
    format!(
        "{} {}",
        zoned.strftime("%a %Y-%m-%d %H:%M"),
        freeze.zone.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::actor::ActorKind;

    const WRITER: UserId = 1;
    const TRIAGE: UserId = 2;
    const UNREAD: UserId = 3;

    /// What was done with the label: when, whether it was added, by whom.
    type Event = (i64, bool, Option<Actor>);
    /// A name, who closed it, what was done before and after, and since when it holds.
    type Row = (&'static str, Option<Actor>, Vec<Event>, Option<i64>);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn person(id: UserId) -> Option<Actor> {
        Some(Actor {
            id: Some(id),
            login: format!("user-{id}"),
            kind: ActorKind::User,
        })
    }

    /// Closed at second 100.
    fn closed(by: Option<Actor>, events: &[Event]) -> ClosedLabels {
        let event = |(order, (second, set, by)): (usize, &Event)| LabelEvent {
            order: order as u64,
            label: "Sluice/Hold".to_owned(),
            changed: None,
            renamed: false,
            set: *set,
            by: by.clone(),
            at: at(*second),
        };
        ClosedLabels {
            pull: ClosedPull {
                number: PullNumber(1),
                branch: "sluice/shop/prod/1".to_owned(),
                base: "main".to_owned(),
                foreign: false,
                at: at(100),
                author: None,
                by,
            },
            by_us: false,
            events: Ok(events.iter().enumerate().map(event).collect()),
        }
    }

    /// Since which second it holds.
    fn since(pull: &ClosedLabels, landed: Option<i64>) -> Option<i64> {
        let permissions = BTreeMap::from([
            (WRITER, Ok(Permission::Write)),
            (TRIAGE, Ok(Permission::Triage)),
            (UNREAD, Err("502".to_owned())),
        ]);
        let hold = closed_hold(pull, &permissions, landed.map(at))?;
        Some(hold.since.as_second())
    }

    #[test]
    fn a_closed_pull_request_holds_by_the_rules() {
        let (writer, triage, unread) = (|| person(WRITER), || person(TRIAGE), || person(UNREAD));
        let on = |second| (second, true, person(TRIAGE));
        let off = |second, by: Option<Actor>| (second, false, by);
        let rows: [Row; 14] = [
            ("never set", triage(), vec![], None),
            ("closed by triage", triage(), vec![on(10)], Some(100)),
            ("closed by a writer", writer(), vec![on(10)], None),
            (
                "closed by an unknown account",
                unread(),
                vec![on(10)],
                Some(100),
            ),
            ("closed by a deleted account", None, vec![on(10)], Some(100)),
            (
                "removed by triage",
                triage(),
                vec![on(10), off(20, triage())],
                Some(100),
            ),
            (
                "removed by a writer",
                triage(),
                vec![on(10), off(20, writer())],
                None,
            ),
            (
                "removed by an unknown account",
                triage(),
                vec![on(10), off(20, unread())],
                Some(100),
            ),
            (
                "removed by a deleted account",
                triage(),
                vec![on(10), off(20, None)],
                Some(100),
            ),
            (
                "set again",
                triage(),
                vec![on(10), off(20, writer()), on(30)],
                Some(100),
            ),
            (
                "removed once closed",
                triage(),
                vec![on(10), off(101, writer())],
                Some(100),
            ),
            (
                "removed in the second of closing",
                triage(),
                vec![on(10), off(100, writer())],
                None,
            ),
            ("set once closed", writer(), vec![on(110)], Some(110)),
            (
                "added and removed once closed",
                writer(),
                vec![on(110), off(120, writer())],
                Some(110),
            ),
        ];
        for (name, by, events, wanted) in rows {
            assert_eq!(since(&closed(by, &events), None), wanted, "{name}");
        }
    }

    #[test]
    fn a_landing_ends_what_was_set_before_it() {
        let pull = closed(person(TRIAGE), &[(10, true, person(TRIAGE))]);
        for (landed, wanted) in [(9, Some(100)), (10, Some(100)), (11, None), (200, None)] {
            assert_eq!(since(&pull, Some(landed)), wanted, "{landed}");
        }
        let later = closed(person(TRIAGE), &[(150, true, person(TRIAGE))]);
        assert_eq!(since(&later, Some(120)), Some(150));
    }

    #[test]
    fn what_sluice_closed_has_handed_its_hold_on_and_what_is_unread_holds() {
        let mut pull = closed(person(9), &[(10, true, person(TRIAGE))]);
        pull.by_us = true;
        assert_eq!(since(&pull, None), None);
        pull.events = Err("504".to_owned());
        assert_eq!(since(&pull, None), Some(100));
    }
}
