//! The label `sluice/hold`. Unlike other labels it is not to be lost: it goes on right after a pull request was opened, and a pull request
//! that is held is closed only once the one that takes its place carries the label.

use super::outcome::RowKind;
use super::stages::Place;
use super::turn::{Done, Turn, ends_the_run};
use super::{Memory, labels};
use crate::execute::DeliveryError;
use crate::model::ids::PullNumber;
use crate::model::label::{HOLD, NewLabel};
use crate::model::pull::Pull;
use crate::plan::LabelHold;
use crate::plan::delivery::Candidate;

/// What putting `sluice/hold` on came to.
pub(super) enum HoldLabel {
    /// It is on.
    On,
    /// The repository has no such label, and it cannot be created, for this reason.
    Missing(String),
    /// It could not be put on, for this reason.
    Failed(String),
}

impl HoldLabel {
    /// Why it is not on; `None` where it is.
    pub(super) fn why_not(&self) -> Option<&str> {
        match self {
            Self::On => None,
            Self::Missing(why) | Self::Failed(why) => Some(why),
        }
    }
}

/// What helps where the label does not exist.
pub(super) const CREATE: &str =
    "create the label sluice/hold (Issues → Labels), or give the token `issues: write`";

/// What lifts the hold of a closed pull request if the label does not exist.
pub(super) const ASK: &str =
    "somebody with write access runs the workflow with `command: promote` for this stage";

/// What the row of a stage says whose new pull request did not get the hold of the one that it replaces.
pub(super) fn not_carried(old: PullNumber, new: PullNumber, why: &str) -> String {
    format!("{old} stays open, since its hold could not be carried over to {new}: {why}")
}

impl Turn<'_> {
    /// Puts the label on, where it exists.
    ///
    /// # Errors
    /// What ends the run.
    async fn put_hold_on(
        &self,
        number: PullNumber,
        memory: &Memory,
    ) -> Result<HoldLabel, DeliveryError> {
        if !memory.labels.has(&self.seen.snapshot, HOLD) {
            return Ok(HoldLabel::Missing(memory.labels.why_missing(HOLD)));
        }
        match self.session.forge.add_label(number, HOLD).await {
            Ok(()) => Ok(HoldLabel::On),
            Err(error) if ends_the_run(&error) => Err(error.into()),
            Err(error) => Ok(HoldLabel::Failed(format!(
                "the label {HOLD} could not be put on: {}",
                error.reason()
            ))),
        }
    }

    /// Holds a pull request that was just opened; the label is created where there is none.
    ///
    /// # Errors
    /// What ends the run.
    pub(super) async fn hold_opened(
        &self,
        number: PullNumber,
        memory: &mut Memory,
    ) -> Result<HoldLabel, DeliveryError> {
        self.create_labels(&[NewLabel::hold()], memory).await;
        self.put_hold_on(number, memory).await
    }

    /// Carries the hold of a pull request over to the one that stands in its place. `false`: it could not be, the stage's row says so,
    /// and the pull request has to stay open.
    ///
    /// # Errors
    /// What ends the run.
    pub(super) async fn carry_hold_over(
        &self,
        place: Place,
        old: &Pull,
        new: &Candidate,
        memory: &mut Memory,
    ) -> Result<bool, DeliveryError> {
        let number = new.pull.number;
        let put = self.put_hold_on(number, memory).await?;
        let (kind, why, next) = match put {
            HoldLabel::On => return Ok(true),
            HoldLabel::Missing(why) => (RowKind::Held, why, CREATE),
            HoldLabel::Failed(why) => (RowKind::Error, why, "the next run tries again"),
        };
        let why = not_carried(old.number, number, &why);
        self.row(place, kind, &why, Some(next.to_owned()), memory);
        memory.failed.insert(self.key(place));
        Ok(false)
    }

    /// Shows by the label that a pull request is held which is held without it: it would undo a rollback, or who took the label off may
    /// not. So nothing depends on it.
    pub(super) async fn show_hold(
        &self,
        number: PullNumber,
        memory: &mut Memory,
    ) -> Result<Done, DeliveryError> {
        match self.put_hold_on(number, memory).await? {
            HoldLabel::On => Ok(Done::Changed),
            // The pull request's text says how it is let through then.
            HoldLabel::Missing(_) => Ok(Done::Unchanged),
            HoldLabel::Failed(why) => {
                memory.note(format!("{why}; what is held stays held without it"));
                Ok(Done::Unchanged)
            }
        }
    }

    /// What lets a promotion go on that is held.
    pub(super) fn lift(&self, candidate: &Candidate) -> String {
        let there = labels::exists(&self.seen.snapshot, HOLD);
        if there || candidate.hold == LabelHold::On {
            return "somebody with write takes the label off".to_owned();
        }
        if matches!(candidate.hold, LabelHold::Closed(_)) && candidate.after_rollback().is_none() {
            return ASK.to_owned();
        }
        format!(
            "somebody with write access creates the label {HOLD}, puts it on, and takes it off again"
        )
    }
}
