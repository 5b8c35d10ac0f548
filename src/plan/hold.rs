//! Holds and freezes: those of the policy, and the label that anyone with triage may set.

use jiff::Timestamp;

use crate::model::evidence::{Evidence, Looked, Permission};
use crate::model::label::HOLD;
use crate::model::name::{PipelineName, StageName};
use crate::model::policy::{Freeze, Hold, Policy};
use crate::model::pull::Pull;
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
            // Of equally narrow ones the first: max_by_key would take the last.
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
pub enum LabelHold {
    /// Nothing: it was never set.
    Free,
    /// Nothing any more: a person with write took it off, then.
    Lifted(Timestamp),
    /// It is on.
    On,
    /// It was taken off by somebody who may not, so that it counts as if it were on.
    StillOn(String),
    /// It could not be told.
    Unread(String),
}

impl LabelHold {
    /// Whether the label holds nothing.
    pub fn is_free(&self) -> bool {
        matches!(self, Self::Free | Self::Lifted(_))
    }
}

/// Reads it. Anyone with triage sets it; only a person with write takes it off.
pub fn label_hold(pull: &Pull, evidence: Option<&Looked<Evidence>>) -> LabelHold {
    if pull.has_label(HOLD) {
        return LabelHold::On;
    }
    if !pull.unlabeled {
        return LabelHold::Free;
    }
    let events = match evidence {
        None => return LabelHold::Unread(format!("who took {HOLD} off was not read")),
        Some(Err(why)) => return LabelHold::Unread(why.clone()),
        Some(Ok(evidence)) => match &evidence.label_events {
            Err(why) => return LabelHold::Unread(why.clone()),
            Ok(events) => (events, evidence),
        },
    };
    let (events, evidence) = events;
    let last = events
        .iter()
        .filter(|event| event.label.eq_ignore_ascii_case(HOLD))
        .max_by_key(|event| (event.at, event.order));
    let Some(last) = last else {
        return LabelHold::Free;
    };
    if last.set {
        return LabelHold::StillOn(format!("the label {HOLD} was set, and nobody took it off"));
    }
    let still = |who: &str| LabelHold::StillOn(format!("{who} took {HOLD} off, and has no write"));
    let Some(actor) = &last.by else {
        return still("an account that is gone");
    };
    let Some(id) = actor.person() else {
        return still(&actor.login);
    };
    match evidence.permissions.get(&id) {
        Some(Ok(Permission::Write)) => LabelHold::Lifted(last.at),
        Some(Ok(_)) => still(&actor.login),
        Some(Err(why)) => LabelHold::Unread(why.clone()),
        None => LabelHold::Unread(format!("what {} may do was not read", actor.login)),
    }
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
