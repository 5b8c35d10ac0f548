//! Marks a pull request that someone pushed to as blocked.

use crate::execute::DeliveryError;
use crate::forge::Writer;
use crate::model::ids::PullNumber;
use crate::model::promotion_index::PromotionIndex;
use crate::model::wire_words::replaced_pull;
use crate::reconcile::act::messages;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::render::comment::Blocked;

impl Round<'_> {
    /// Removes the pull request from the merge queue and auto-merge, comments, labels it, and replaces its description. No decision depends on
    /// it, so it is always [`Progress::Unchanged`].
    pub(crate) async fn block(
        &self,
        writer: &Writer,
        place: PromotionIndex,
        number: PullNumber,
        why: &str,
        run: &mut RunState,
    ) -> Result<Progress, DeliveryError> {
        let Some(pull) = self.assessment.pull(place, number) else {
            return Ok(Progress::Unchanged);
        };
        let pipeline = self.pipeline(place);
        let key = self.key(place);
        let candidate = self.assessment.candidate(place, number);
        let blocked = Blocked {
            why,
            pipeline: &pipeline,
            stage: key.stage.as_str(),
            rollback: candidate.is_some_and(|one| one.proposal.rollback.is_some()),
        };
        self.delivery(writer).disarm(pull).await?;
        self.say_blocked(writer, pull, &blocked.comment(), run)
            .await;
        let body = blocked.body(replaced_pull(&pull.body));
        if pull.own && messages::differs(&pull.body, &body) && !run.lost.stops() {
            let described = writer.describe_pull(number, &pull.title, &body).await;
            if let Err(error) = described {
                run.lose(
                    "the text of a blocked pull request could not be updated",
                    &error,
                );
            }
        }
        Ok(Progress::Unchanged)
    }
}
