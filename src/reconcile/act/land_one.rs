//! At most one landing in a round: the first that may land.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::forge::Writer;
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::{Act, Decision};
use crate::reconcile::act::commit::commit;
use crate::reconcile::act::land::land;
use crate::reconcile::act::last_look::Stop;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};

/// Lands the first promotion that may land. [`Progress::Changed`] if anything was done.
pub(crate) async fn land_one(
    round: &Round<'_>,
    writer: &Writer,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    run: &mut RunState,
) -> Result<Progress, Failure> {
    // A stage that was overtaken comes last, so that it does not keep the others from landing.
    let mut places: Vec<PromotionIndex> = decisions.keys().copied().collect();
    places.sort_by_key(|place| run.overtaken.get(&round.key(*place)).copied());
    for place in places {
        let key = round.key(place);
        if run.failed.contains(&key) {
            continue;
        }
        let acts = decisions.get(&place).map(|decision| &decision.acts);
        for act in acts.into_iter().flatten() {
            let result = match act {
                Act::Land(number) => land(round, writer, place, *number, run).await,
                Act::Commit => commit(round, writer, place, run).await,
                Act::Open { .. }
                | Act::Close(_)
                | Act::Block(..)
                | Act::Start(..)
                | Act::Hold(_) => continue,
            };
            let result = match result {
                Ok(result) => Ok(result),
                Err(Stop::Delivery(error)) => Err(error),
                Err(Stop::Failure(failure)) => return Err(failure),
            };
            if let Progress::Changed = round
                .record_failure(writer, &key, place, result, run)
                .await?
            {
                return Ok(Progress::Changed);
            }
        }
    }
    Ok(Progress::Unchanged)
}
