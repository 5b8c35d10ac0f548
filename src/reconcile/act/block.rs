//! Marks a pull request that someone pushed to as blocked.

use crate::execute::DeliveryError;
use crate::forge::Writer;
use crate::model::ids::PullNumber;
use crate::model::promotion_index::PromotionIndex;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::render::{Blocked, comment};

impl Round<'_> {
    /// Takes the pull request out of the merge queue and auto-merge, comments, and labels it. No decision depends on
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
        let text = comment::blocked(
            &Blocked::Other(why),
            &self.pipeline(place),
            self.key(place).stage.as_str(),
        );
        self.delivery(writer).disarm(pull).await?;
        self.say_blocked(writer, pull, &text, run).await;
        Ok(Progress::Unchanged)
    }
}
