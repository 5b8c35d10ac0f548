//! What the plan at the end of a run brings. A run that writes lists it in its pull requests and makes no call for it:
//! it is read from their commits, from what was read to open them, or from the checkout. A dry run opens none, so it
//! asks.

use crate::gather::{self, RevisionChange};
use crate::model::change::Change;
use crate::model::commit_range::{CommitRangeSummary, LinkedRange, RangesByChange};
use crate::model::fetched::Fetched;
use crate::model::ids::PipelineId;
use crate::model::resolved::StageIndex;
use crate::model::wire_words::trailer;
use crate::plan::delivery::OpenPlan;
use crate::reconcile::assess::Assessment;
use crate::reconcile::commit_ranges;
use crate::reconcile::evidence::changes::bringing;
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// What the changes of a plan bring. `asks`: also look up what needs a call.
pub(crate) async fn ranges_by_change(
    session: &Session,
    observation: &Observation,
    assessment: &Assessment,
    asks: bool,
) -> RangesByChange {
    let mut ranges = known(session, observation, assessment);
    if !asks {
        return ranges;
    }
    let missing = |place: &ChangeRef| !ranges.contains_key(place);
    let open = changed_refs(observation, assessment)
        .into_iter()
        .filter(|(place, _)| missing(place));
    // As many as a run that writes would open.
    let most = usize::try_from(observation.repository.policy.limits.open).unwrap_or(usize::MAX);
    let open: Vec<(ChangeRef, RevisionChange<'_>)> = open.take(most).collect();
    let found = session
        .fetch_until_complete(|| {
            let found = open.iter().map(|(place, bringing)| {
                let found =
                    gather::range_summaries(&session.remotes, std::slice::from_ref(bringing));
                (*place, found.into_iter().next())
            });
            Ok(found.collect::<Vec<_>>())
        })
        .await;
    for (place, summary) in found.unwrap_or_default() {
        ranges.extend(summary.map(|summary| (place, with_page(session, summary))));
    }
    ranges
}

/// Pipeline, promotion, change.
type ChangeRef = (usize, usize, usize);

/// The changes of git refs in a plan.
fn changed_refs<'a>(
    observation: &'a Observation,
    assessment: &'a Assessment,
) -> Vec<(ChangeRef, RevisionChange<'a>)> {
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

fn known(session: &Session, observation: &Observation, assessment: &Assessment) -> RangesByChange {
    let open = assessment.all_open();
    let recorded: Vec<CommitRangeSummary> = open
        .flat_map(|(_, one)| commit_ranges::recorded_in(one))
        .collect();
    let mut ranges = RangesByChange::new();
    for (place, bringing) in changed_refs(observation, assessment) {
        let old = bringing.change.old.as_ref().map(|old| old.expose());
        let is_it = |summary: &&CommitRangeSummary| {
            summary.is_of(bringing.change) && old == Some(summary.old.to_string().as_str())
        };
        let summary = recorded.iter().find(is_it).cloned();
        let summary = summary.or_else(|| gather::known_range(&session.remotes, &bringing));
        ranges.extend(summary.map(|summary| (place, with_page(session, summary))));
    }
    ranges
}

fn with_page(session: &Session, summary: CommitRangeSummary) -> Fetched<LinkedRange> {
    let compare = summary.compare(session.remotes.host());
    Ok(LinkedRange { summary, compare })
}

/// The trailers of a head commit that list what it brings, at most ten. They are for people: later runs render their
/// texts from them, and use them for nothing else.
pub(crate) fn trailers(summary: &[CommitRangeSummary]) -> String {
    let lines = summary.iter().take(10).filter_map(|summary| {
        let json = serde_json::to_string(summary).ok()?;
        Some(crate::model::record::trailer(trailer::BRINGS, &json))
    });
    lines.collect()
}

/// What the head commit of an open pull request says it brings.
pub(crate) fn recorded_in(candidate: &OpenPlan) -> Vec<CommitRangeSummary> {
    let message = &candidate.proposal.branch.tip.message;
    let found = crate::model::record::trailers_of(message, trailer::BRINGS);
    found
        .iter()
        .filter_map(|json| serde_json::from_str(json).ok())
        .collect()
}

/// What the changes of a stage bring, for people to read; empty if it could not be read.
pub(crate) async fn summaries(
    session: &Session,
    observation: &Observation,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &[Change],
) -> Vec<CommitRangeSummary> {
    let bringing = bringing(observation, pipeline, stage, changes);
    let found = session
        .fetch_until_complete(|| Ok(gather::range_summaries(&session.remotes, &bringing)))
        .await;
    found.unwrap_or_default()
}
