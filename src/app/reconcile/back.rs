//! Which stages go back: the one that a person asks for in this run, and those whose rollback is put up and open.

use std::collections::BTreeMap;

use super::Seen;
use super::ask::AskedStage;
use crate::app::evaluate::Ask;
use crate::app::session::Session;
use crate::error::{Exit, Failure};
use crate::gather::{self, AskedBack, GoBack, NoRollback};
use crate::model::fetched::Fetched;
use crate::model::ids::{CommitId, PipelineId, PullNumber};
use crate::model::name::EdgeName;
use crate::model::proposal::{Build, Proposal};
use crate::model::resolved::StageIndex;
use crate::model::rollback::Rollback;

/// A stage of a pipeline.
type Place = (PipelineId, StageIndex);

/// What every stage that goes back goes back to. What could not be read is an error of that stage.
pub(super) async fn rollbacks(
    session: &Session,
    seen: &Seen,
    asked: Option<&AskedStage>,
    proposals: &[Proposal],
) -> Result<BTreeMap<Place, Fetched<Rollback>>, Failure> {
    let mut wanted: BTreeMap<Place, CommitId> = put_up(seen, proposals)
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
        let back = find(session, seen, place, &GoBack::Landing(landing)).await?;
        found.insert(place, back.map_err(|why| why.to_string()));
    }
    Ok(found)
}

/// The landing that a person's request means. It is worked out once: what a stage held last is another landing as soon as it
/// went back.
pub(super) async fn landing(
    session: &Session,
    seen: &Seen,
    place: Place,
    back: &GoBack,
) -> Result<CommitId, Failure> {
    match find(session, seen, place, back).await? {
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

/// Rollbacks that stand in open pull requests, along edges that are still promoted along; of several of one stage the newest.
pub(super) fn put_up(
    seen: &Seen,
    proposals: &[Proposal],
) -> BTreeMap<Place, (PullNumber, CommitId)> {
    let mut newest: BTreeMap<Place, (PullNumber, CommitId)> = BTreeMap::new();
    for proposal in proposals {
        let landing = proposal
            .rollback
            .filter(|_| proposal.requested_by.is_some());
        let (Some(landing), Some(pull)) = (landing, proposal.open(&seen.snapshot.base)) else {
            continue;
        };
        // What somebody pushed there asks for nothing.
        if matches!(gather::moved(proposal, pull), Some(Build::HeadMoved(_))) {
            continue;
        }
        for resolved in seen.evaluation.resolved.iter() {
            let manifest = seen.evaluation.catalog.pipeline(resolved.id);
            let same = manifest.namespace == proposal.namespace
                && manifest.name.as_str() == proposal.pipeline;
            let mut stages = manifest.stages.iter().filter(|_| same);
            let Some(stage) = stages.position(|stage| stage.name.value == proposal.stage) else {
                continue;
            };
            if !edges_into(seen, (resolved.id, stage)).contains(&proposal.edges) {
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

/// The edges of each promotion into a stage, sorted: several with `join: any`.
fn edges_into(seen: &Seen, (pipeline, stage): Place) -> Vec<Vec<EdgeName>> {
    let plan = seen.evaluation.plan(&seen.world, seen.now, &Ask::default());
    let promotions = plan.pipelines[pipeline.0].promotions.iter();
    let into = promotions.filter(|promotion| promotion.index == stage);
    into.map(|promotion| {
        let mut edges = promotion.edges.clone();
        edges.sort();
        edges
    })
    .collect()
}

async fn find(
    session: &Session,
    seen: &Seen,
    (pipeline, stage): Place,
    back: &GoBack,
) -> Result<Result<Rollback, NoRollback>, Failure> {
    let ask = Ask::default();
    let facts = seen.evaluation.facts(&seen.world, seen.now, &ask);
    let edges = edges_into(seen, (pipeline, stage));
    let asked = AskedBack {
        repo: session.remotes.here(),
        tip: seen.snapshot.tip.id,
        facts: &facts,
        here: &seen.world.here,
        pipeline,
        stage,
        edges: &edges,
        back,
    };
    session.settle(|| Ok(gather::rollback(&asked))).await
}
