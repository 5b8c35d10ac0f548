//! Which stages are rolled back: the one that a person requests in this run, and those with an open rollback.

use std::collections::BTreeMap;

use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::PlanInputs;
use crate::gather::{self, GoBack, NoRollback, RollbackSearch};
use crate::model::fetched::Fetched;
use crate::model::ids::{CommitId, PipelineId, PullNumber};
use crate::model::name::EdgeName;
use crate::model::proposal::{Build, Proposal};
use crate::model::resolved::StageIndex;
use crate::model::rollback::Rollback;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::request::ResolvedRequest;
use crate::session::Session;

/// A stage of the catalog.
type StageRef = (PipelineId, StageIndex);

/// What each of these stages goes back to. What could not be read is an error of that stage only.
pub(crate) async fn rollbacks(
    session: &Session,
    observation: &Observation,
    asked: Option<&ResolvedRequest>,
    proposals: &[Proposal],
) -> Result<BTreeMap<StageRef, Fetched<Rollback>>, Failure> {
    let mut wanted: BTreeMap<StageRef, CommitId> = open_rollbacks(observation, proposals)
        .into_iter()
        .map(|(place, (_, landing))| (place, landing))
        .collect();
    if let Some(asked) = asked
        && let Some(landing) = asked.back_to
    {
        wanted.insert((asked.pipeline, asked.stage), landing);
    }
    let mut found = BTreeMap::new();
    for (place, landing) in wanted {
        let back = find(session, observation, place, &GoBack::Landing(landing)).await?;
        found.insert(place, back.map_err(|why| why.to_string()));
    }
    Ok(found)
}

/// The landing that a request means. It is resolved only once, since what a stage held last is another landing as soon
/// as it was rolled back.
pub(crate) async fn landing(
    session: &Session,
    observation: &Observation,
    place: StageRef,
    back: &GoBack,
) -> Result<CommitId, Failure> {
    match find(session, observation, place, back).await? {
        Ok(rollback) => Ok(rollback.to.landing),
        Err(NoRollback::Refused { why, help }) => Err(Failure::usage(why).hint(help)),
        Err(NoRollback::Unread { why, help }) => {
            let failure = Failure::new(Exit::Failed, why);
            Err(match help {
                Some(help) => failure.hint(help),
                None => failure,
            })
        }
    }
}

/// Rollbacks in open pull requests, along edges that are still promoted along; the newest of each stage.
pub(crate) fn open_rollbacks(
    observation: &Observation,
    proposals: &[Proposal],
) -> BTreeMap<StageRef, (PullNumber, CommitId)> {
    let mut newest: BTreeMap<StageRef, (PullNumber, CommitId)> = BTreeMap::new();
    for proposal in proposals {
        let landing = proposal
            .rollback
            .filter(|_| proposal.requested_by.is_some());
        let (Some(landing), Some(pull)) = (landing, proposal.open(&observation.snapshot.base))
        else {
            continue;
        };
        // A head that someone else pushed requests nothing.
        if matches!(gather::moved(proposal, pull), Some(Build::HeadMoved(_))) {
            continue;
        }
        for resolved in observation.evaluation.resolved.iter() {
            let manifest = observation.evaluation.catalog.pipeline(resolved.id);
            let same = manifest.namespace == proposal.namespace
                && manifest.name.as_str() == proposal.pipeline;
            let mut stages = manifest.stages.iter().filter(|_| same);
            let Some(stage) = stages.position(|stage| stage.name.value == proposal.stage) else {
                continue;
            };
            if !edges_into(observation, (resolved.id, stage)).contains(&proposal.edges) {
                continue;
            }
            let known = newest
                .entry((resolved.id, stage))
                .or_insert((pull.number, landing));
            *known = (*known).max((pull.number, landing));
        }
    }
    newest
}

/// The edges of each promotion into a stage, sorted. With `join: any` there may be several promotions.
fn edges_into(observation: &Observation, (pipeline, stage): StageRef) -> Vec<Vec<EdgeName>> {
    let inputs = PlanInputs::default();
    let facts = observation
        .evaluation
        .facts(&observation.repository, observation.now, &inputs);
    crate::plan::edges_into(&facts, pipeline, stage)
}

async fn find(
    session: &Session,
    observation: &Observation,
    (pipeline, stage): StageRef,
    back: &GoBack,
) -> Result<Result<Rollback, NoRollback>, Failure> {
    let inputs = PlanInputs::default();
    let facts = observation
        .evaluation
        .facts(&observation.repository, observation.now, &inputs);
    let edges = edges_into(observation, (pipeline, stage));
    let asked = RollbackSearch {
        repo: session.remotes.here(),
        tip: observation.snapshot.tip.id,
        facts: &facts,
        here: &observation.repository.here,
        pipeline,
        stage,
        edges: &edges,
        back,
    };
    session
        .fetch_until_complete(|| Ok(gather::rollback(&asked)))
        .await
}
