//! Says on a pull request that somebody pushed to that it is blocked.

use crate::execute::DeliveryError;
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::PullNumber;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::render::{Blocked, comment};

impl Round<'_> {
    pub(crate) async fn block(
        &self,
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
        self.delivery().disarm(pull).await?;
        self.say_blocked(pull, &text, run).await;
        Ok(Progress::Unchanged)
    }
}
