//! Which open pull requests are asked about, and what of them: what their gates go by, and what somebody said.

use std::collections::BTreeMap;

use super::Seen;
use super::evidence::{self, Question};
use super::stages::{Place, Recall};
use crate::app::evaluate::Ask;
use crate::app::session::Session;
use crate::error::Failure;
use crate::gather;
use crate::model::change::Change;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::plan::{Plan, Promotion};
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::Pull;
use crate::plan::Needs;

/// What the gates of each promotion that is put up ask for.
pub(super) fn needs<'p>(
    seen: &Seen,
    plan: &Plan,
    places: impl Iterator<Item = &'p Place>,
) -> BTreeMap<Place, Needs> {
    let ask = Ask::default();
    let facts = seen.evaluation.facts(&seen.world, seen.now, &ask);
    places
        .map(|place| {
            let pipeline = &plan.pipelines[place.0];
            let promotion = &pipeline.promotions[place.1];
            let needs = crate::plan::needs(&facts, pipeline.id, promotion.index, &promotion.edges);
            (*place, needs)
        })
        .collect()
}

/// The pull requests of which evidence is read: those that somebody spoke about, and those whose gates go by what a
/// machine says.
pub(super) async fn questions<'a>(
    session: &Session,
    seen: &Seen,
    recall: &Recall<'_>,
    plan: &Plan,
    by_place: &'a BTreeMap<Place, Vec<(Proposal, Pull)>>,
    builds: &BTreeMap<PullNumber, Build>,
    needs: &'a BTreeMap<Place, Needs>,
) -> Result<Vec<Question<'a>>, Failure> {
    let by = recall.asked.and_then(|asked| asked.by.as_ref());
    let mut questions = Vec::new();
    for (place, found) in by_place {
        let Some(needs) = needs.get(place) else {
            continue;
        };
        for (proposal, pull) in found {
            let moved = matches!(builds.get(&pull.number), Some(Build::HeadMoved(_)));
            if moved || recall.only.is_some_and(|only| only != pull.number) {
                continue;
            }
            let dispatched = evidence::approving(recall.order.asked.as_ref(), by, &proposal.plan);
            let spoken = dispatched.is_some() || evidence::was_spoken_about(pull);
            if !spoken && !needs.always() {
                continue;
            }
            let mut change_authors = None;
            if spoken && needs.change_authors {
                let pipeline = &plan.pipelines[place.0];
                let promotion = &pipeline.promotions[place.1];
                let changes = changes_of(session, seen, proposal, promotion).await?;
                // An older plan was made from what its sources held where its build stands.
                let built_on = proposal.branch.tip.parents.first();
                let now = promotion.rollback.as_ref().map(|to| to.landing);
                let (at, rollback) = match promotion.plan == Some(proposal.plan) {
                    true => (Some(&seen.snapshot.tip.id), now),
                    false => (built_on, proposal.rollback),
                };
                let place = (pipeline.id, promotion.index);
                let found = match (changes, at) {
                    (Ok(changes), Some(at)) => {
                        let at = (*at, rollback);
                        evidence::change_authors(session, seen, proposal, place, &changes, at).await
                    }
                    (Ok(_), None) => Err("its build stands on no commit".to_owned()),
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

/// What a proposal changes: the promotion's own changes where it is the plan that would be made now, else what its head
/// holds.
async fn changes_of(
    session: &Session,
    seen: &Seen,
    proposal: &Proposal,
    promotion: &Promotion,
) -> Result<Fetched<Vec<Change>>, Failure> {
    if promotion.plan == Some(proposal.plan) {
        return Ok(Ok(promotion.changes.clone()));
    }
    let repo = session.remotes.here();
    let found = session
        .settle(|| Ok(gather::changes(repo, proposal, &seen.world.policy)))
        .await?;
    Ok(match found {
        Ok(Some(changes)) => Ok(changes),
        Ok(None) => Err("its content is not what its plan says".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}
