//! Judges the plan of an open pull request again.

use std::collections::BTreeSet;

use crate::error::Failure;
use crate::evaluation::evaluate::PlanInputs;
use crate::gather;
use crate::model::change::Change;
use crate::model::evidence::Evidence;
use crate::model::fetched::Fetched;
use crate::model::ids::PipelineId;
use crate::model::plan::{Plan, Promotion};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::Pull;
use crate::model::resolved::StageIndex;
use crate::plan::{ProposedPlan, judge_promotion, reassess};
use crate::reconcile::evidence::changes;
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// The plan of an open pull request, judged now; `None` if it gives way. `plan` is the plan with what was requested,
/// `planned` as it was made from the observation. `judged_by_it`: the gates of that plan were judged by this pull
/// request. The build may turn out to be moved or unreadable.
#[allow(
    clippy::too_many_arguments,
    reason = "one call; a struct would only be taken apart again"
)]
pub(crate) async fn reassessed(
    session: &Session,
    observation: &Observation,
    (plan, planned): (&Plan, &Plan),
    place: PromotionIndex,
    inputs: &PlanInputs,
    proposal: &Proposal,
    pull: &Pull,
    evidence: Option<&Fetched<Evidence>>,
    judged_by_it: bool,
    build: Build,
) -> Result<(Option<Promotion>, Build), Failure> {
    let pipeline = plan.pipeline_of(place);
    let promotion = plan.promotion(place);
    let current = promotion.plan == Some(proposal.plan);
    // It was requested when it was opened, so a stage that only requests move needs no new request.
    let asked_for = proposal.requested_by.is_some();
    // An emergency requested now counts only in a pull request that was opened as one.
    let ordinary = !inputs.emergency || proposal.emergency;
    if current && !asked_for && ordinary {
        let mut promotion = promotion.clone();
        if !judged_by_it {
            // Another pull request proposes the same plan. What people said about one of them does not count for the other.
            let repository = &observation.repository;
            let facts = observation
                .evaluation
                .facts(repository, observation.now, inputs);
            judge_promotion(&facts, pipeline.id, &mut promotion, evidence);
        }
        return Ok((Some(promotion), build));
    }
    if build != Build::Intact || !(current || pull.was_spoken_about() || asked_for) {
        return Ok((None, build));
    }
    let changes: Vec<Change> = if current {
        promotion.changes.clone()
    } else {
        let repo = session.remotes.here();
        let found = session
            .fetch_until_complete(|| {
                Ok(gather::changes(
                    repo,
                    proposal,
                    &observation.repository.policy,
                ))
            })
            .await?;
        match found {
            Ok(Some(changes)) => changes,
            Ok(None) => {
                let why = "its content is not what its plan says".to_owned();
                return Ok((None, Build::HeadMoved(why)));
            }
            Err(error) => return Ok((None, Build::Unreadable(error.to_string()))),
        }
    };
    if !current && !within_its_stage(observation, pipeline.id, promotion.index, &changes) {
        let why = "it changes something that no promotion into its stage changes".to_owned();
        return Ok((None, Build::HeadMoved(why)));
    }
    if !current {
        match changes::promotable(session, observation, pipeline.id, promotion.index, &changes)
            .await?
        {
            Ok(true) => {}
            // No branch or tag leads to its commits any more, so it gives way.
            Ok(false) => return Ok((None, build)),
            Err(error) => return Ok((None, Build::Unreadable(error))),
        }
    }
    let standing_plan = ProposedPlan {
        pipeline: pipeline.id,
        stage: promotion.index,
        edges: proposal.edges.clone(),
        plan: proposal.plan,
        changes,
        requested: asked_for,
        emergency: proposal.emergency,
        evidence: evidence.cloned(),
    };
    let reassessed = reassess(
        &observation
            .evaluation
            .facts(&observation.repository, observation.now, inputs),
        planned,
        &standing_plan,
    );
    Ok((reassessed, build))
}

/// Whether every change is in a field that a promotion of this stage may write, by the current manifests: a plan that
/// was not computed here is trusted only that far.
fn within_its_stage(
    observation: &Observation,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &[Change],
) -> bool {
    let evaluation = &observation.evaluation;
    let may: BTreeSet<(String, String)> = crate::plan::pairs(
        &evaluation.catalog,
        &observation.repository.policy,
        &evaluation.resolved,
    )
    .filter(|(place, _)| place.pipeline == pipeline && place.stage == stage)
    .flat_map(|(_, pair)| pair.writes())
    .map(|write| (write.manifest.to_string(), write.path.to_string()))
    .collect();
    changes
        .iter()
        .all(|change| may.contains(&(change.manifest.to_string(), change.path.to_string())))
}
