//! Commits a promotion straight onto the base branch (`delivery: commit`).

use crate::execute::{DeliveryError, EditedFile, Prepared};
use crate::forge::Writer;
use crate::model::ids::PlanId;
use crate::model::promotion_id::PromotionId;
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::Act;
use crate::reconcile::act::last_look::{MAX_PREPARED, Stop, last_look, overtaken, row};
use crate::reconcile::act::messages;
use crate::reconcile::landing::{LOOKS_AFTERWARDS, PendingLanding, blobs};
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};

/// Commits directly onto the base.
pub(crate) async fn commit(
    round: &Round<'_>,
    writer: &Writer,
    place: PromotionIndex,
    run: &mut RunState,
) -> Result<Progress, Stop> {
    let key = round.key(place);
    let id = round
        .observation
        .promotion_id(&round.assessment.plan, place);
    let Some(mut direct) = Direct::of(round, place)? else {
        return Ok(Progress::Unchanged);
    };
    let mut prepared = direct.prepare(round, writer).await?;
    let forge = &round.session.forge;
    let mut made = 1;
    loop {
        let waited = forge.has_waited_for_rate_limit();
        let observation = last_look(round, place).await?;
        let again = Round::assess(
            round.session,
            round.options,
            round.request,
            &observation,
            run,
            None,
        )
        .await?;
        // A run waits only once.
        if forge.has_waited_for_rate_limit() != waited {
            continue;
        }
        let gone = || overtaken("something about it changed");
        let place = place_like(&again, &id).ok_or_else(gone)?;
        let decisions = again.decide(run).await?;
        let commits = decisions
            .get(&place)
            .is_some_and(|decision| decision.acts.contains(&Act::Commit));
        let now = Direct::of(&again, place)?.filter(|now| commits && now.plan == direct.plan);
        direct = now.ok_or_else(gone)?;
        if run.goes_in_circles(&key, &direct.plan, true) {
            return Ok(Progress::Unchanged);
        }
        let delivery = again.delivery(writer);
        let worked = delivery.worked(&direct.files)?;
        let still = prepared.tip == observation.snapshot.tip.id
            && prepared.tree == worked.tree
            && prepared.message == direct.message;
        if !still {
            if made == MAX_PREPARED {
                let base = &observation.snapshot.base;
                return Err(overtaken(format!(
                    "{base} moved each time before this could land"
                )));
            }
            made += 1;
            prepared = direct.prepare(&again, writer).await?;
            continue;
        }
        delivery.advance(&prepared).await?;
        run.landing = Some(PendingLanding {
            key,
            row: row(
                &again,
                place,
                again.assessment.promotion(place),
                direct.plan,
            ),
            plan: direct.plan,
            tip: prepared.tip,
            tree: worked.tree,
            files: blobs(&direct.files).map_err(DeliveryError::from)?,
            record: None,
            pull: None,
            commit: Some(prepared.commit),
            after: None,
            receipt: None,
            looks: LOOKS_AFTERWARDS,
        });
        return Ok(Progress::Changed);
    }
}

/// The content of a commit directly onto the base.
struct Direct {
    plan: PlanId,
    files: Vec<EditedFile>,
    message: String,
}

impl Direct {
    fn of(round: &Round<'_>, place: PromotionIndex) -> Result<Option<Self>, DeliveryError> {
        let promotion = round.assessment.promotion(place);
        let (Some(plan), Some(record)) = (promotion.plan, round.record(place)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            plan,
            files: round.files(promotion)?,
            message: messages::direct(round, place, &record).whole(),
        }))
    }

    async fn prepare(&self, round: &Round<'_>, writer: &Writer) -> Result<Prepared, DeliveryError> {
        round
            .delivery(writer)
            .prepare(&self.message, &self.files, None)
            .await
    }
}

/// The promotion with this ID in another round's plan.
fn place_like(round: &Round<'_>, id: &PromotionId) -> Option<PromotionIndex> {
    let plan = &round.assessment.plan;
    let mut all = round.assessment.places(round.observation, round.options);
    all.find(|place| round.observation.promotion_id(plan, *place) == *id)
}
