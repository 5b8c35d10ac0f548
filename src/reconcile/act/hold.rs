//! The label `sluice/hold`. Unlike other labels it must not be lost: it is added right after a pull request is opened,
//! and a held pull request is closed only once the one that replaces it has the label.

use crate::execute::DeliveryError;
use crate::forge::Writer;
use crate::model::ids::PullNumber;
use crate::model::label::{HOLD, NewLabel};
use crate::model::life::LifeState;
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::Pull;
use crate::plan::delivery::OpenPlan;
use crate::reconcile::act::result::ends_the_run;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};

/// The result of adding `sluice/hold`.
pub(crate) enum HoldLabel {
    /// The pull request has it.
    On,
    /// The repository does not have the label; the text says why, if that is known.
    Missing(String),
    /// It could not be added, for this reason.
    Failed(String),
}

impl HoldLabel {
    /// Why it was not added; `None` if it was.
    pub(crate) fn why_not(&self) -> Option<&str> {
        match self {
            Self::On => None,
            Self::Missing(why) | Self::Failed(why) => Some(why),
        }
    }
}

/// What to do if the label does not exist.
pub(crate) const CREATE: &str =
    "create the label sluice/hold (Issues → Labels), or give the token `issues: write`";

/// The row of a stage whose new pull request did not get the hold of the one that it replaces.
pub(crate) fn not_carried(old: PullNumber, new: PullNumber, why: &str) -> String {
    format!("{old} stays open, since its hold could not be carried over to {new}: {why}")
}

impl Round<'_> {
    /// Adds the label, if the repository has it.
    ///
    /// # Errors
    /// Only what ends the run.
    async fn put_hold_on(
        &self,
        writer: &Writer,
        number: PullNumber,
        run: &RunState,
    ) -> Result<HoldLabel, DeliveryError> {
        if !run.labels.has(&self.observation.snapshot, HOLD) {
            return Ok(HoldLabel::Missing(run.labels.why_missing(HOLD)));
        }
        match writer.add_label(number, HOLD).await {
            Ok(()) => Ok(HoldLabel::On),
            Err(error) if ends_the_run(&error) => Err(error.into()),
            Err(error) => Ok(HoldLabel::Failed(format!(
                "the label {HOLD} could not be added: {}",
                error.reason()
            ))),
        }
    }

    /// Holds a newly opened pull request; creates the label first if it does not exist.
    ///
    /// # Errors
    /// Only what ends the run.
    pub(crate) async fn hold_opened(
        &self,
        writer: &Writer,
        number: PullNumber,
        run: &mut RunState,
    ) -> Result<HoldLabel, DeliveryError> {
        self.create_labels(writer, &[NewLabel::hold()], run).await;
        self.put_hold_on(writer, number, run).await
    }

    /// Copies the hold of a pull request to the one that replaces it. `false`: it could not be copied, the stage's row
    /// says so, and the old pull request has to stay open.
    ///
    /// # Errors
    /// Only what ends the run.
    pub(crate) async fn carry_hold_over(
        &self,
        writer: &Writer,
        place: PromotionIndex,
        old: &Pull,
        new: &OpenPlan,
        run: &mut RunState,
    ) -> Result<bool, DeliveryError> {
        let number = new.pull.number;
        let put = self.put_hold_on(writer, number, run).await?;
        let (state, why, next) = match put {
            HoldLabel::On => return Ok(true),
            HoldLabel::Missing(why) => (LifeState::Held, why, CREATE),
            HoldLabel::Failed(why) => (LifeState::Error, why, "the next run tries again"),
        };
        let why = not_carried(old.number, number, &why);
        self.row(place, state, &why, Some(next.to_owned()), run);
        run.failed.insert(self.key(place));
        Ok(false)
    }

    /// Adds the label to a pull request that is held without it: it would undo a rollback, or someone without write
    /// access removed the label. The label only shows the hold, so it may fail.
    pub(crate) async fn show_hold(
        &self,
        writer: &Writer,
        number: PullNumber,
        run: &mut RunState,
    ) -> Result<Progress, DeliveryError> {
        match self.put_hold_on(writer, number, run).await? {
            HoldLabel::On => Ok(Progress::Changed),
            // The pull request's description then says how to release it.
            HoldLabel::Missing(_) => Ok(Progress::Unchanged),
            HoldLabel::Failed(why) => {
                run.note(format!("{why}; what is held stays held without it"));
                Ok(Progress::Unchanged)
            }
        }
    }
}
