//! A look at where everything stands, with the eyes of a run: what it would decide about every promotion, and nothing done
//! about it.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::error::Failure;
use crate::evaluation::evaluate::Evaluation;
use crate::evaluation::find::find_pipeline;
use crate::evaluation::repository_state::RepositoryState;
use crate::gather::Depth;
use crate::model::brought::ToldOf;
use crate::model::catalog::PipelineId;
use crate::model::ids::PlanId;
use crate::model::plan::{Plan, Promotion, State};
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::PullNumber;
use crate::plan::delivery::Decision;
use crate::reconcile::life::{self, Life};
use crate::reconcile::observe::prefetch::observe_first;
use crate::reconcile::outcome::Outcome;
use crate::reconcile::request::RunOptions;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::reconcile::{report, wording};
use crate::session::Session;

/// Everything that was seen.
pub(crate) struct CurrentState {
    pub repository: Rc<RepositoryState>,
    pub evaluation: Rc<Evaluation>,
    pub plan: Plan,
    /// The server's time.
    pub now: Timestamp,
    /// The one pipeline that was asked for.
    pub only: Option<PipelineId>,
    /// By the promotion's place in the plan.
    pub stands: BTreeMap<PromotionIndex, PromotionState>,
    /// What a run that writes nothing would report.
    pub outcome: Outcome,
}

/// What is said of one promotion.
#[derive(Clone, Debug)]
pub(crate) struct PromotionState {
    /// Where it is in its life.
    pub life: Life,
    /// The promotion that stands, judged now; else the one that would be made now. What a person holds ends at no time.
    pub promotion: Promotion,
    /// The pull request that stands for it.
    pub pull: Option<PullNumber>,
    /// The plan that waits behind the one that stands.
    pub newer: Option<PlanId>,
    /// Why a person asked for it as an emergency.
    pub emergency: Option<String>,
}

impl PromotionState {
    /// Of a promotion as the plan alone shows it.
    pub fn planned(promotion: &Promotion) -> Self {
        Self {
            life: life::unproposed(promotion, false),
            promotion: promotion.clone(),
            pull: None,
            newer: None,
            emergency: None,
        }
    }
}

/// Looks.
pub(crate) async fn current_state(
    session: &Session,
    options: &RunOptions,
) -> Result<CurrentState, Failure> {
    let mut run = RunState::default();
    let observation = observe_first(session, Depth::Newest).await?;
    let named = options.pipeline.as_deref();
    let only = named
        .map(|name| find_pipeline(&observation.evaluation, name))
        .transpose()?;
    let round = Round::assess(session, options, None, &observation, &run, None).await?;
    let decisions = round.decide(&mut run).await?;
    report::rows(&round, &decisions, &mut run);
    let stands = decisions
        .iter()
        .map(|(place, decision)| (*place, stand(&round, *place, decision)))
        .collect();
    let mut outcome = run.outcome;
    // `status` shows what waits, not what is in it.
    outcome.finish(
        session,
        &observation,
        &round.assessment.plan,
        &ToldOf::new(),
    );
    Ok(CurrentState {
        repository: Rc::clone(&observation.repository),
        evaluation: Rc::clone(&observation.evaluation),
        plan: round.assessment.plan,
        now: observation.now,
        only,
        stands,
        outcome,
    })
}

fn stand(round: &Round<'_>, place: PromotionIndex, decision: &Decision) -> PromotionState {
    let planned = round.assessment.promotion(place);
    let candidate = decision
        .stands
        .and_then(|number| round.assessment.candidate(place, number));
    let judged = candidate
        .and_then(|candidate| candidate.judged.as_ref())
        .filter(|_| planned.state != State::Error);
    let mut promotion = judged.unwrap_or(planned).clone();
    if candidate.is_some_and(|one| one.is_held() || one.pull.draft) {
        promotion.next = None;
    }
    PromotionState {
        life: life::life(round, place, decision, None),
        promotion,
        pull: decision.stands,
        newer: planned
            .plan
            .filter(|plan| candidate.is_some_and(|one| one.proposal.plan != *plan)),
        emergency: candidate.and_then(wording::emergency_of),
    }
}
