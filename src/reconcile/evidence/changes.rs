//! Where the changes of a proposal come from: whether they may be promoted, and who made them.

use crate::error::Failure;
use crate::gather::{self, AuthorsSearch, Carried, RevisionChange};
use crate::model::authors::ChangeAuthors;
use crate::model::change::Change;
use crate::model::fetched::Fetched;
use crate::model::ids::{CommitId, PipelineId};
use crate::model::proposal::Proposal;
use crate::model::resolved::StageIndex;
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// What the changes of a stage bring.
pub(crate) fn bringing<'a>(
    observation: &'a Observation,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &'a [Change],
) -> Vec<RevisionChange<'a>> {
    let found = observation
        .evaluation
        .bringing(&observation.repository, pipeline, stage, changes);
    found.into_iter().map(|(_, bringing)| bringing).collect()
}

/// Whether every commit that these changes set may still be promoted: a branch or tag that the policy allows leads to
/// it.
pub(crate) async fn promotable(
    session: &Session,
    observation: &Observation,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &[Change],
) -> Result<Fetched<bool>, Failure> {
    let changes = bringing(observation, pipeline, stage, changes);
    let refs = &observation.repository.policy.refs;
    session
        .fetch_until_complete(|| Ok(gather::promotable(&session.remotes, refs, &changes)))
        .await
}

/// The authors of what a proposal promotes. `at`: the commit of the base at which the sources hold it. `rollback`: the
/// landing that it goes back to, if it is a rollback.
pub(crate) async fn change_authors(
    session: &Session,
    observation: &Observation,
    proposal: &Proposal,
    (pipeline, stage): (PipelineId, StageIndex),
    changes: &[Change],
    (at, rollback): (CommitId, Option<CommitId>),
) -> Fetched<ChangeAuthors> {
    let evaluation = &observation.evaluation;
    let bringing = bringing(observation, pipeline, stage, changes);
    let asked = AuthorsSearch::new(
        &session.remotes,
        (&observation.snapshot.base, observation.snapshot.tip.id),
        &observation.repository.policy,
        &observation.repository.here,
        (&evaluation.catalog, &evaluation.resolved),
    );
    let reissued = Carried {
        namespace: proposal.namespace.as_deref(),
        pipeline: &proposal.pipeline,
        stage: proposal.stage.as_str(),
        changes,
        bringing: &bringing,
        at,
        rollback,
    };
    let found = session
        .fetch_until_complete(|| Ok(asked.of(&reissued)))
        .await;
    found.unwrap_or_else(|failure| Err(failure.message))
}
