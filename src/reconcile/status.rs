//! The current state, for `status`: what a run would decide about every promotion, without doing it.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::error::Failure;
use crate::evaluation::evaluate::Evaluation;
use crate::evaluation::find::find_pipeline;
use crate::evaluation::repository_state::RepositoryState;
use crate::gather::Depth;
use crate::model::commit_range::RangesByChange;
use crate::model::ids::{PipelineId, PlanId, PullNumber};
use crate::model::plan::{Plan, Promotion, State};
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::Decision;
use crate::reconcile::life::{self, Life};
use crate::reconcile::observe::prefetch::observe_first;
use crate::reconcile::outcome::Outcome;
use crate::reconcile::request::RunOptions;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::reconcile::{report, wording};
use crate::session::Session;

/// Everything that was read and decided.
pub(crate) struct CurrentState {
    /// The files at the base's tip.
    pub repository: Rc<RepositoryState>,
    /// Their manifests, revisions and history.
    pub evaluation: Rc<Evaluation>,
    /// The plan.
    pub plan: Plan,
    /// The server's time.
    pub now: Timestamp,
    /// The pipeline, if only one was asked for.
    pub only: Option<PipelineId>,
    /// The state of each promotion, by its place in the plan.
    pub active_pull: BTreeMap<PromotionIndex, PromotionState>,
    /// What a run that writes nothing would report.
    pub outcome: Outcome,
}

/// The state of one promotion.
#[derive(Clone, Debug)]
pub(crate) struct PromotionState {
    /// Where it is in its life.
    pub life: Life,
    /// The plan of its pull request, judged now; if there is none, the one that would be made now. If a person holds
    /// it, `next` is `None`.
    pub promotion: Promotion,
    /// Its pull request.
    pub pull: Option<PullNumber>,
    /// The plan that would be made now, if the pull request has another one.
    pub newer: Option<PlanId>,
    /// The reason of the emergency, if a person requested it as one.
    pub emergency: Option<String>,
}

impl PromotionState {
    /// The state of a promotion as the plan alone shows it.
    pub(crate) fn planned(promotion: &Promotion) -> Self {
        Self {
            life: life::unproposed(promotion, false),
            promotion: promotion.clone(),
            pull: None,
            newer: None,
            emergency: None,
        }
    }
}

/// Reads and decides as a run does, and writes nothing.
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
    report::rows(&round, &decisions, &options.mode, &mut run);
    let active_pull = decisions
        .iter()
        .map(|(place, decision)| (*place, stand(&round, *place, decision)))
        .collect();
    let mut outcome = run.outcome;
    outcome.read_only = options.mode.why_not().map(str::to_owned);
    // `status` does not show the commits that a promotion brings.
    outcome.finish(
        session,
        &observation,
        &round.assessment.plan,
        &RangesByChange::new(),
    );
    Ok(CurrentState {
        repository: Rc::clone(&observation.repository),
        evaluation: Rc::clone(&observation.evaluation),
        plan: round.assessment.plan,
        now: observation.now,
        only,
        active_pull,
        outcome,
    })
}

fn stand(round: &Round<'_>, place: PromotionIndex, decision: &Decision) -> PromotionState {
    let planned = round.assessment.promotion(place);
    let candidate = decision
        .active_pull
        .and_then(|number| round.assessment.candidate(place, number));
    let reassessed = candidate
        .and_then(|candidate| candidate.reassessed.as_ref())
        .filter(|_| planned.state != State::Error);
    let mut promotion = reassessed.unwrap_or(planned).clone();
    if candidate.is_some_and(|one| one.is_held() || one.pull.draft) {
        promotion.next = None;
    }
    PromotionState {
        life: life::life(round, place, decision, None, &round.options.mode),
        promotion,
        pull: decision.active_pull,
        newer: planned
            .plan
            .filter(|plan| candidate.is_some_and(|one| one.proposal.plan != *plan)),
        emergency: candidate.and_then(wording::emergency_of),
    }
}
