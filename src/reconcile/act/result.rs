//! The result of an act, and what it means for the run.

use crate::error::{Exit, Failure};
use crate::execute::DeliveryError;
use crate::forge::{ForgeError, Stopped, Writer};
use crate::model::life::LifeState;
use crate::model::promotion_id::StageKey;
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::Proposal;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};

/// A stage that was overtaken more often than this waits for the next run.
const MAX_OVERTAKEN: u32 = 3;

/// Whether the run can do nothing more after an error.
pub(crate) fn ends_the_run(error: &ForgeError) -> bool {
    matches!(
        error,
        ForgeError::Stopped(Stopped::BySignal)
            | ForgeError::RateLimited { .. }
            | ForgeError::Unauthorized(_)
    )
}

impl Round<'_> {
    /// Turns the result of an act into what it means for the run: progress, or a row and a stage that is not tried
    /// again in this run.
    ///
    /// # Errors
    /// What ends the run.
    pub(crate) async fn record_failure(
        &self,
        writer: &Writer,
        key: &StageKey,
        place: PromotionIndex,
        result: Result<Progress, DeliveryError>,
        run: &mut RunState,
    ) -> Result<Progress, Failure> {
        let error = match result {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let why = error.to_string();
        match error {
            // Someone else was faster: everything is read again, a limited number of times.
            DeliveryError::Overtaken(_) => {
                let tries = run.overtaken.entry(key.clone()).or_insert(0);
                *tries += 1;
                if *tries <= MAX_OVERTAKEN {
                    run.pause = true;
                    return Ok(Progress::Changed);
                }
                self.row(
                    place,
                    LifeState::Waiting,
                    &why,
                    Some("the next run continues".to_owned()),
                    run,
                );
            }
            DeliveryError::Refused(_) => {
                let next = "`sluice doctor` lists the branch rules".to_owned();
                self.row(place, LifeState::NeedsPerson, &why, Some(next), run);
            }
            DeliveryError::CannotMake(_) => self.row(place, LifeState::Error, &why, None, run),
            DeliveryError::NotStarted(_) => {
                let next = "fix the workflow, then run `command: retry`".to_owned();
                self.row(place, LifeState::NeedsPerson, &why, Some(next), run);
            }
            DeliveryError::SuccessLeft { pull, error, .. } => {
                let next = format!(
                    "do not merge {pull} by hand until a later run has reset its status, or close it"
                );
                // The run cannot make another call, so it ends here.
                if ends_the_run(&error) || self.session.rate_limited().is_some() {
                    return Err(Failure::new(Exit::Blocked, why).hint(next));
                }
                self.row(place, LifeState::Blocked, &why, Some(next), run);
            }
            DeliveryError::Forge(error) if ends_the_run(&error) => return Err(error.into()),
            // One clear error, and no further write in this run.
            DeliveryError::Forge(error @ ForgeError::Forbidden { .. })
                if error.said("not accessible by") =>
            {
                writer.stop();
                let failure = Failure::from(error);
                self.row(
                    place,
                    LifeState::Error,
                    &failure.message,
                    failure.hints.first().cloned(),
                    run,
                );
            }
            DeliveryError::Forge(ForgeError::Stopped(Stopped::TokenMayNotWrite)) => {
                return Ok(Progress::Unchanged);
            }
            DeliveryError::Forge(_) | DeliveryError::Repo(_) => {
                self.row(
                    place,
                    LifeState::Error,
                    &why,
                    Some("the next run tries again".to_owned()),
                    run,
                );
            }
        }
        run.failed.insert(key.clone());
        Ok(Progress::Unchanged)
    }

    /// Handles the result of a write about one promotion: a failure becomes its row, and the run continues. Returns
    /// whether the write succeeded.
    pub(crate) async fn wrote(
        &self,
        writer: &Writer,
        place: PromotionIndex,
        result: Result<(), DeliveryError>,
        run: &mut RunState,
    ) -> Result<bool, Failure> {
        let done = result.is_ok();
        let result = result.map(|()| Progress::Unchanged);
        self.record_failure(writer, &self.key(place), place, result, run)
            .await?;
        Ok(done)
    }

    /// The same for a proposal whose promotion is no longer in the plan.
    pub(crate) fn wrote_of(
        &self,
        writer: &Writer,
        proposal: &Proposal,
        result: Result<(), DeliveryError>,
        run: &mut RunState,
    ) -> Result<bool, Failure> {
        let error = match result {
            Ok(()) => return Ok(true),
            Err(DeliveryError::Forge(ForgeError::Stopped(Stopped::TokenMayNotWrite))) => {
                return Ok(false);
            }
            Err(DeliveryError::Forge(error)) if ends_the_run(&error) => return Err(error.into()),
            Err(error) => error,
        };
        if let DeliveryError::Forge(error) = &error
            && error.said("not accessible by")
        {
            writer.stop();
        }
        let next = "the next run tries again".to_owned();
        let row = self.row_of(proposal, LifeState::Error, error.to_string(), Some(next));
        run.outcome.happened(row);
        Ok(false)
    }
}
