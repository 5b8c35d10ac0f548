//! What the plan at the end of a run brings. A run that writes lists it in its pull requests and makes no call for it:
//! it is read from their commits, from what was read to open them, or from the checkout. A dry run opens none, so it
//! asks.

use crate::gather::{self, Bringing};
use crate::model::brought::{Brings, Told, ToldOf};
use crate::model::change::Change;
use crate::model::fetched::Fetched;
use crate::model::ids::PipelineId;
use crate::model::resolved::StageIndex;
use crate::plan::delivery::Candidate;
use crate::reconcile::assess::Assessment;
use crate::reconcile::commit_ranges;
use crate::reconcile::evidence::changes::bringing;
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// What the changes of a plan bring. `asks`: also look up what only a call can tell.
pub(crate) async fn told(
    session: &Session,
    observation: &Observation,
    assessment: &Assessment,
    asks: bool,
) -> ToldOf {
    let mut told = known(session, observation, assessment);
    if !asks {
        return told;
    }
    let missing = |place: &ChangeRef| !told.contains_key(place);
    let open = changed_refs(observation, assessment)
        .into_iter()
        .filter(|(place, _)| missing(place));
    // As many as a run that writes would open.
    let most = usize::try_from(observation.repository.policy.limits.open).unwrap_or(usize::MAX);
    let open: Vec<(ChangeRef, Bringing<'_>)> = open.take(most).collect();
    let found = session
        .settle(|| {
            let found = open.iter().map(|(place, bringing)| {
                let found = gather::brings(&session.remotes, std::slice::from_ref(bringing));
                (*place, found.into_iter().next())
            });
            Ok(found.collect::<Vec<_>>())
        })
        .await;
    for (place, brings) in found.unwrap_or_default() {
        told.extend(brings.map(|brings| (place, with_page(session, brings))));
    }
    told
}

/// Pipeline, promotion, change.
type ChangeRef = (usize, usize, usize);

/// The changes of git refs in a plan.
fn changed_refs<'a>(
    observation: &'a Observation,
    assessment: &'a Assessment,
) -> Vec<(ChangeRef, Bringing<'a>)> {
    let mut all = Vec::new();
    for (pipeline, entry) in assessment.plan.pipelines.iter().enumerate() {
        for (position, promotion) in entry.promotions.iter().enumerate() {
            let changes = &promotion.changes;
            if !changes.iter().any(Change::sets_git_ref) {
                continue;
            }
            let found = observation.evaluation.bringing(
                &observation.repository,
                entry.id,
                promotion.index,
                changes,
            );
            let refs = found
                .into_iter()
                .filter(|(_, bringing)| bringing.change.sets_git_ref());
            all.extend(refs.map(|(at, bringing)| ((pipeline, position, at), bringing)));
        }
    }
    all
}

fn known(session: &Session, observation: &Observation, assessment: &Assessment) -> ToldOf {
    let open = assessment.all_candidates();
    let recorded: Vec<Brings> = open
        .flat_map(|(_, one)| commit_ranges::brings_of(one))
        .collect();
    let mut told = ToldOf::new();
    for (place, bringing) in changed_refs(observation, assessment) {
        let old = bringing.change.old.as_ref().map(|old| old.expose());
        let is_it = |brings: &&Brings| {
            brings.is_of(bringing.change) && old == Some(brings.old.to_string().as_str())
        };
        let brings = recorded.iter().find(is_it).cloned();
        let brings = brings.or_else(|| gather::known(&session.remotes, &bringing));
        told.extend(brings.map(|brings| (place, with_page(session, brings))));
    }
    told
}

fn with_page(session: &Session, brings: Brings) -> Fetched<Told> {
    let compare = brings.compare(session.remotes.host());
    Ok(Told { brings, compare })
}

/// The trailer of a head commit that lists what it brings. It is for people: later runs render their texts from it, and
/// use it for nothing else.
const BRINGS: &str = "Brings";

/// The trailers of a head commit that list what it brings, at most ten.
pub(crate) fn brings_trailers(brings: &[Brings]) -> String {
    let lines = brings.iter().take(10).filter_map(|brings| {
        let json = serde_json::to_string(brings).ok()?;
        Some(crate::record::trailer(BRINGS, &json))
    });
    lines.collect()
}

/// What the head commit of an open pull request says it brings.
pub(crate) fn brings_of(candidate: &Candidate) -> Vec<Brings> {
    let message = &candidate.proposal.branch.tip.message;
    let found = crate::record::trailers_of(message, BRINGS);
    found
        .iter()
        .filter_map(|json| serde_json::from_str(json).ok())
        .collect()
}

/// What the changes of a stage bring, for people to read; empty if it could not be read.
pub(crate) async fn brings(
    session: &Session,
    observation: &Observation,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &[Change],
) -> Vec<Brings> {
    let bringing = bringing(observation, pipeline, stage, changes);
    let found = session
        .settle(|| Ok(gather::brings(&session.remotes, &bringing)))
        .await;
    found.unwrap_or_default()
}
