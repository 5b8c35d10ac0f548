//! Whether the heads of open pull requests are still what their plans say.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::execute::{build_id, edited_files};
use crate::gather::{self, Wanted};
use crate::model::ids::{BlobId, PullNumber};
use crate::model::pipeline::GateKind;
use crate::model::plan::{Plan, Promotion};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::Pull;
use crate::model::source_location::RepoPath;
use crate::model::verdict::Verdict;
use crate::plan::Needs;
use crate::reconcile::evidence::question::approving;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::plan_context::PlanContext;
use crate::repo::Repo;
use crate::session::Session;

/// The blobs of a plan's files with its edits made on the tip; `None` if they cannot be made.
fn wanted_files(
    observation: &Observation,
    promotion: &Promotion,
) -> Option<BTreeMap<String, BlobId>> {
    let files = edited_files(&promotion.changes, |path| {
        observation.repository.bytes(path)
    })
    .ok()?;
    files
        .iter()
        .map(|file| Some((file.path.to_string(), Repo::hash_blob(&file.after).ok()?)))
        .collect()
}

/// Checks the builds. A proposal that can only wait for people, and that no one has acted on, is judged by its record
/// alone: what may land is proved by git objects, here and in the last look. A proposal that is outdated, was not
/// requested and that no one has acted on is only checked for a moved head: it gives way anyway.
pub(crate) async fn builds(
    session: &Session,
    observation: &Observation,
    context: &PlanContext<'_>,
    plan: &Plan,
    by_place: &BTreeMap<PromotionIndex, Vec<(Proposal, Pull)>>,
    needs: &BTreeMap<PromotionIndex, Needs>,
) -> Result<BTreeMap<PullNumber, Build>, Failure> {
    let repo = session.remotes.here();
    let approving = |proposal: &Proposal| {
        let by = context.request.and_then(|asked| asked.by.as_ref());
        approving(context.options.request.as_ref(), by, &proposal.plan).is_some()
    };
    session
        .fetch_until_complete(|| {
            let mut builds = BTreeMap::new();
            for (place, found) in by_place {
                let promotion = plan.promotion(*place);
                let files = wanted_files(observation, promotion);
                for (proposal, pull) in found {
                    let current = promotion.plan == Some(proposal.plan);
                    let wanted = Wanted {
                        tip: observation.snapshot.tip.id,
                        tree: observation.snapshot.tip.tree,
                        files: files.as_ref().filter(|_| current),
                        policy: &observation.repository.policy,
                    };
                    let spoken = pull.was_spoken_about() || approving(proposal);
                    let quiet = current
                        && !spoken
                        && !pull.base_force_pushed
                        && context.only != Some(pull.number)
                        && needs.get(place).is_some_and(|needs| !needs.always())
                        && waits_for_people(promotion);
                    let by_record = || {
                        let blob = |path: &RepoPath| {
                            observation.repository.file(path).map(|file| file.blob)
                        };
                        let build = build_id(&proposal.plan, &promotion.changes, blob);
                        gather::build_by_record(proposal, pull, &build)
                    };
                    let matters = current || spoken || proposal.requested_by.is_some();
                    let build = if let Some(build) = quiet.then(by_record).flatten() {
                        build
                    } else if matters {
                        gather::build(repo, proposal, pull, &wanted)
                            .unwrap_or_else(|error| Build::Unreadable(error.to_string()))
                    } else {
                        gather::moved(proposal, pull).unwrap_or(Build::BaseMoved)
                    };
                    builds.insert(pull.number, build);
                }
            }
            Ok(builds)
        })
        .await
}

/// Whether a promotion can only wait for a person, so that another round would find nothing to do: the person's action
/// starts a run, or the schedule does. A gate that depends on what a machine reports may have something to start.
pub(crate) fn waits_for_people(promotion: &Promotion) -> bool {
    let open: Vec<&GateKind> = promotion
        .gates
        .iter()
        .filter(|gate| gate.judgement.verdict != Verdict::Pass)
        .map(|gate| &gate.kind)
        .collect();
    let by_itself = |kind: &&GateKind| matches!(kind, GateKind::Approval | GateKind::Window);
    promotion.after_rollback.is_none()
        && open.contains(&&GateKind::Approval)
        && open.iter().all(by_itself)
}
