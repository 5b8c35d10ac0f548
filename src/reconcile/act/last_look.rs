//! The last look before a landing: everything is read once more, and nothing delays the write that follows.

use std::collections::BTreeSet;

use crate::error::Failure;
use crate::execute::DeliveryError;
use crate::forge::{ObjectQuery, Prefetch};
use crate::gather::Depth;
use crate::model::facts::Slot;
use crate::model::ids::PlanId;
use crate::model::life::LifeState;
use crate::model::plan::Promotion;
use crate::model::promotion_index::PromotionIndex;
use crate::reconcile::observe::fetch::observe_at;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::outcome::Row;
use crate::reconcile::round::Round;

/// At most this many commits are made for one landing, each after the first because the base branch moved before it could be advanced. Each
/// of them is tried.
pub(crate) const MAX_PREPARED: usize = 4;

pub(crate) enum Stop {
    Delivery(DeliveryError),
    Failure(Failure),
}

impl From<DeliveryError> for Stop {
    fn from(error: DeliveryError) -> Self {
        Self::Delivery(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

pub(crate) fn overtaken(why: impl Into<String>) -> Stop {
    DeliveryError::Overtaken(why.into()).into()
}

/// Reads everything again at the current tip, and in the same call what the people whose evidence counted may do, and what the
/// git refs mean that this promotion brings: they are looked up once it has landed. The
/// pause that GitHub requires between writes is waited for first, so that the write after this look is not delayed.
pub(crate) async fn last_look(
    round: &Round<'_>,
    place: PromotionIndex,
) -> Result<Observation, Stop> {
    let here = round.session.remotes.here();
    let people = round.assessment.people().into_iter();
    let people = people.map(|(id, login)| ObjectQuery::May(id, login));
    let git_ref = Slot::GitRef.own_path();
    let changes = round.assessment.promotion(place).changes.iter();
    let refs = changes.filter(|change| git_ref.as_ref() == Some(&change.path));
    let names: BTreeSet<&str> = refs
        .filter_map(|change| change.new.shown())
        .filter(|name| !here.knows_name(name))
        .collect();
    let names = names
        .into_iter()
        .map(|name| ObjectQuery::Name(name.to_owned()));
    let prefetch = Prefetch {
        wanted: people.chain(names).collect(),
        closed: false,
        files: false,
    };
    round.session.forge.await_pause().await;
    let looked = round.session.forge.snapshot_and(&prefetch).await;
    let (snapshot, found) = looked.map_err(DeliveryError::from)?;
    here.store(&prefetch.wanted, found.looked_up);
    if snapshot.tip.id == round.observation.snapshot.tip.id {
        return Ok(round.observation.again(round.session, snapshot).await?);
    }
    Ok(observe_at(round.session, Depth::WhereItDiffers, snapshot, None).await?)
}

pub(crate) fn row(
    round: &Round<'_>,
    place: PromotionIndex,
    promotion: &Promotion,
    plan: PlanId,
) -> Row {
    Row {
        plan: Some(plan),
        ..round.row_for(place, promotion, LifeState::Landed)
    }
}
