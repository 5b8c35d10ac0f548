//! Closes pull requests that another one replaces, or that have nothing left to promote.

use crate::execute::DeliveryError;
use crate::forge::Writer;
use crate::model::ids::{PlanId, PullNumber};
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::Decision;
use crate::reconcile::outcome::Closed;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::render::comment::{self, Replaced};

impl Round<'_> {
    /// Closes a pull request. A hold on it is first copied to the one that replaces it; if that fails, it stays open.
    pub(crate) async fn close(
        &self,
        writer: &Writer,
        place: PromotionIndex,
        number: PullNumber,
        decision: &Decision,
        run: &mut RunState,
    ) -> Result<Progress, DeliveryError> {
        let Some(candidate) = self.assessment.candidate(place, number) else {
            return Ok(Progress::Unchanged);
        };
        if self.undoes_its_own(place, decision, &[number], run) {
            return Ok(Progress::Unchanged);
        }
        let standing = decision
            .active_pull
            .and_then(|number| self.assessment.candidate(place, number));
        if let Some(other) = standing
            && !candidate.hold.is_free()
            && other.hold.is_free()
            && !self
                .carry_hold_over(writer, place, &candidate.pull, other, run)
                .await?
        {
            return Ok(Progress::Unchanged);
        }
        let why = match standing {
            Some(other) => replaced_by(
                other.pull.number,
                &other.proposal.plan,
                &candidate.proposal.plan,
            ),
            None => format!(
                "Nothing is left to promote: {}.",
                crate::report::escape::prose(&self.assessment.promotion(place).reason)
            ),
        };
        self.delivery(writer).close(&candidate.pull).await?;
        if standing.is_none() {
            run.outcome.closed.push(Closed {
                pipeline: self.pipeline(place),
                stage: self.key(place).stage.to_string(),
                pull: number,
            });
        }
        self.say_closed(writer, &candidate.pull, &why, run).await;
        Ok(Progress::Changed)
    }
}

/// The comment on a pull request that another one replaces.
pub(crate) fn replaced_by(by: PullNumber, plan: &PlanId, old: &PlanId) -> String {
    let why = if plan == old {
        Replaced::BaseMoved
    } else {
        Replaced::Newer(*plan)
    };
    comment::replaced(by.0, why)
}
