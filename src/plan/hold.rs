//! Holds and freezes of the policy.

use jiff::Timestamp;

use crate::model::name::{PipelineName, StageName};
use crate::model::policy::{Freeze, Hold, Policy};
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
