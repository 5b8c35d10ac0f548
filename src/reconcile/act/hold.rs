//! The label `sluice/hold`. Unlike other labels it is not to be lost: it goes on right after a pull request was opened, and a pull request
//! that is held is closed only once the one that takes its place carries the label.

use crate::execute::DeliveryError;
use crate::model::label::{HOLD, NewLabel};
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::{Pull, PullNumber};
use crate::plan::delivery::Candidate;
use crate::reconcile::act::result::ends_the_run;
use crate::reconcile::outcome::RowKind;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};

/// What putting `sluice/hold` on came to.
pub(crate) enum HoldLabel {
    /// It is on.
    On,
    /// The repository has no such label, and it cannot be created, for this reason.
    Missing(String),
    /// It could not be put on, for this reason.
    Failed(String),
}

impl HoldLabel {
    /// Why it is not on; `None` where it is.
    pub(crate) fn why_not(&self) -> Option<&str> {
        match self {
            Self::On => None,
            Self::Missing(why) | Self::Failed(why) => Some(why),
        }
    }
}

/// What helps where the label does not exist.
pub(crate) const CREATE: &str =
    "create the label sluice/hold (Issues → Labels), or give the token `issues: write`";

/// What the row of a stage says whose new pull request did not get the hold of the one that it replaces.
pub(crate) fn not_carried(old: PullNumber, new: PullNumber, why: &str) -> String {
    format!("{old} stays open, since its hold could not be carried over to {new}: {why}")
}

impl Round<'_> {
    /// Puts the label on, where it exists.
    ///
    /// # Errors
    /// What ends the run.
    async fn put_hold_on(
        &self,
        number: PullNumber,
        run: &RunState,
    ) -> Result<HoldLabel, DeliveryError> {
        if !run.labels.has(&self.observation.snapshot, HOLD) {
            return Ok(HoldLabel::Missing(run.labels.why_missing(HOLD)));
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
    pub(crate) async fn hold_opened(
        &self,
        number: PullNumber,
        run: &mut RunState,
    ) -> Result<HoldLabel, DeliveryError> {
        self.create_labels(&[NewLabel::hold()], run).await;
        self.put_hold_on(number, run).await
    }

    /// Carries the hold of a pull request over to the one that stands in its place. `false`: it could not be, the stage's row says so,
    /// and the pull request has to stay open.
    ///
    /// # Errors
    /// What ends the run.
    pub(crate) async fn carry_hold_over(
        &self,
        place: PromotionIndex,
        old: &Pull,
        new: &Candidate,
        run: &mut RunState,
    ) -> Result<bool, DeliveryError> {
        let number = new.pull.number;
        let put = self.put_hold_on(number, run).await?;
        let (kind, why, next) = match put {
            HoldLabel::On => return Ok(true),
            HoldLabel::Missing(why) => (RowKind::Held, why, CREATE),
            HoldLabel::Failed(why) => (RowKind::Error, why, "the next run tries again"),
        };
        let why = not_carried(old.number, number, &why);
        self.row(place, kind, &why, Some(next.to_owned()), run);
        run.failed.insert(self.key(place));
        Ok(false)
    }

    /// Shows by the label that a pull request is held which is held without it: it would undo a rollback, or who took the label off may
    /// not. So nothing depends on it.
    pub(crate) async fn show_hold(
        &self,
        number: PullNumber,
        run: &mut RunState,
    ) -> Result<Progress, DeliveryError> {
        match self.put_hold_on(number, run).await? {
            HoldLabel::On => Ok(Progress::Changed),
            // The pull request's text says how it is let through then.
            HoldLabel::Missing(_) => Ok(Progress::Unchanged),
            HoldLabel::Failed(why) => {
                run.note(format!("{why}; what is held stays held without it"));
                Ok(Progress::Unchanged)
            }
        }
    }
}
