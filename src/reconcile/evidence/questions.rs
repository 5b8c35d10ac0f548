//! For which open pull requests evidence is read: those that people acted on, and those whose gates depend on machines.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::evaluation::evaluate::PlanInputs;
use crate::gather;
use crate::model::change::Change;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::plan::{Plan, Promotion};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::Pull;
use crate::plan::Needs;
use crate::reconcile::evidence::changes;
use crate::reconcile::evidence::question::{Question, approving};
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::plan_context::PlanContext;
use crate::session::Session;

/// What the gates of each proposed promotion need.
pub(crate) fn needs<'p>(
    observation: &Observation,
    plan: &Plan,
    places: impl Iterator<Item = &'p PromotionIndex>,
) -> BTreeMap<PromotionIndex, Needs> {
    let inputs = PlanInputs::default();
    let facts = observation
        .evaluation
        .facts(&observation.repository, observation.now, &inputs);
    places
        .map(|place| {
            let pipeline = plan.pipeline_of(*place);
            let promotion = plan.promotion(*place);
            let needs = crate::plan::needs(&facts, pipeline.id, promotion.index, &promotion.edges);
            (*place, needs)
        })
        .collect()
}

/// The pull requests whose evidence is read: those that people acted on, and those whose gates depend on what a machine
/// reports.
pub(crate) async fn questions<'a>(
    session: &Session,
    observation: &Observation,
    context: &PlanContext<'_>,
    plan: &Plan,
    by_place: &'a BTreeMap<PromotionIndex, Vec<(Proposal, Pull)>>,
    builds: &BTreeMap<PullNumber, Build>,
    needs: &'a BTreeMap<PromotionIndex, Needs>,
) -> Result<Vec<Question<'a>>, Failure> {
    let by = context.request.and_then(|asked| asked.by.as_ref());
    let mut questions = Vec::new();
    for (place, found) in by_place {
        let Some(needs) = needs.get(place) else {
            continue;
        };
        for (proposal, pull) in found {
            let moved = matches!(builds.get(&pull.number), Some(Build::HeadMoved(_)));
            if moved || context.only.is_some_and(|only| only != pull.number) {
                continue;
            }
            let dispatched = approving(context.options.request.as_ref(), by, &proposal.plan);
            let spoken = dispatched.is_some() || pull.was_spoken_about();
            if !spoken && !needs.always() {
                continue;
            }
            let mut change_authors = None;
            if spoken && needs.change_authors {
                let pipeline = plan.pipeline_of(*place);
                let promotion = plan.promotion(*place);
                let changes = changes_of(session, observation, proposal, promotion).await?;
                // An older plan was made from what its sources held at the commit that it was built on.
                let built_on = proposal.branch.tip.parents.first();
                let now = promotion.rollback.as_ref().map(|to| to.landing);
                let (at, rollback) = match promotion.plan == Some(proposal.plan) {
                    true => (Some(&observation.snapshot.tip.id), now),
                    false => (built_on, proposal.rollback),
                };
                let place = (pipeline.id, promotion.index);
                let found = match (changes, at) {
                    (Ok(changes), Some(at)) => {
                        let at = (*at, rollback);
                        changes::change_authors(session, observation, proposal, place, &changes, at)
                            .await
                    }
                    (Ok(_), None) => Err("its build has no parent commit".to_owned()),
                    (Err(why), _) => Err(why),
                };
                change_authors = Some(found);
            }
            questions.push(Question {
                pull,
                requester: proposal.requested_by,
                dispatched,
                needs,
                built_on: proposal.branch.tip.parents.first().copied(),
                change_authors,
            });
        }
    }
    Ok(questions)
}

/// What a proposal changes: the promotion's own changes if it is the plan that would be made now, otherwise those of
/// its head.
async fn changes_of(
    session: &Session,
    observation: &Observation,
    proposal: &Proposal,
    promotion: &Promotion,
) -> Result<Fetched<Vec<Change>>, Failure> {
    if promotion.plan == Some(proposal.plan) {
        return Ok(Ok(promotion.changes.clone()));
    }
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
    Ok(match found {
        Ok(Some(changes)) => Ok(changes),
        Ok(None) => Err("its content is not what its plan says".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}
