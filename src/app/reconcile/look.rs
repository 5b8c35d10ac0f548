//! A look at where everything stands, with the eyes of a run: what it would decide about every promotion, and nothing done
//! about it.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::outcome::Outcome;
use super::report::{self, Said};
use super::stages::Place;
use super::turn::Turn;
use super::{Memory, Order, see_first};
use crate::app::evaluate::Evaluation;
use crate::app::local::find_pipeline;
use crate::app::session::Session;
use crate::app::world::World;
use crate::error::Failure;
use crate::gather::Depth;
use crate::model::brought::ToldOf;
use crate::model::ids::{PipelineId, PlanId, PullNumber};
use crate::model::plan::{Plan, Promotion, State};
use crate::plan::delivery::Decision;

/// Everything that was seen.
pub(in crate::app) struct Look {
    pub world: Rc<World>,
    pub evaluation: Rc<Evaluation>,
    pub plan: Plan,
    /// The server's time.
    pub now: Timestamp,
    /// The one pipeline that was asked for.
    pub only: Option<PipelineId>,
    /// By the promotion's place in the plan.
    pub stands: BTreeMap<Place, Stand>,
    /// What a run that writes nothing would report.
    pub outcome: Outcome,
}

/// What is said of one promotion.
#[derive(Clone, Debug)]
pub(in crate::app) struct Stand {
    /// `None` where nothing is to be said.
    pub said: Option<Said>,
    /// The promotion that stands, judged now; else the one that would be made now. What a person holds ends at no time.
    pub promotion: Promotion,
    /// The pull request that stands for it.
    pub pull: Option<PullNumber>,
    /// The plan that waits behind the one that stands.
    pub newer: Option<PlanId>,
    /// Why a person asked for it as an emergency.
    pub emergency: Option<String>,
}

impl Stand {
    /// Of a promotion as the plan alone shows it.
    pub fn planned(promotion: &Promotion) -> Self {
        Self {
            said: report::unproposed(promotion, false),
            promotion: promotion.clone(),
            pull: None,
            newer: None,
            emergency: None,
        }
    }
}

/// Looks.
pub(in crate::app) async fn look(session: &Session, order: &Order) -> Result<Look, Failure> {
    let mut memory = Memory::default();
    let seen = see_first(session, Depth::Newest).await?;
    let named = order.pipeline.as_deref();
    let only = named
        .map(|name| find_pipeline(&seen.evaluation, name))
        .transpose()?;
    let turn = Turn::new(session, order, None, &seen, &memory, None).await?;
    let decisions = turn.decisions(&mut memory).await?;
    report::rows(&turn, &decisions, &mut memory);
    let stands = decisions
        .iter()
        .map(|(place, decision)| (*place, stand(&turn, *place, decision)))
        .collect();
    let mut outcome = memory.outcome;
    // `status` shows what waits, not what is in it.
    outcome.finish(session, &seen, &turn.stages.plan, &ToldOf::new());
    Ok(Look {
        world: Rc::clone(&seen.world),
        evaluation: Rc::clone(&seen.evaluation),
        plan: turn.stages.plan,
        now: seen.now,
        only,
        stands,
        outcome,
    })
}

fn stand(turn: &Turn<'_>, place: Place, decision: &Decision) -> Stand {
    let planned = turn.stages.promotion(place);
    let candidate = decision
        .stands
        .and_then(|number| turn.stages.candidate(place, number));
    let judged = candidate
        .and_then(|candidate| candidate.judged.as_ref())
        .filter(|_| planned.state != State::Error);
    let mut promotion = judged.unwrap_or(planned).clone();
    if candidate.is_some_and(|one| one.is_held() || one.pull.draft) {
        promotion.next = None;
    }
    Stand {
        said: report::said(turn, place, decision, None),
        promotion,
        pull: decision.stands,
        newer: planned
            .plan
            .filter(|plan| candidate.is_some_and(|one| one.proposal.plan != *plan)),
        emergency: candidate.and_then(super::land::emergency_of),
    }
}
