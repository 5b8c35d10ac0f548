//! Landing: everything is read again right before, and the base is looked at right after (A17, R-3.12).

use std::collections::BTreeMap;

use super::stages::Place;
use super::turn::{Done, Turn};
use super::{Memory, Row, RowKind, Seen};
use crate::app::session::Session;
use crate::error::Failure;
use crate::execute::{DeliveryError, EditedFile};
use crate::forge::{Along, LookUp, MergeMethod};
use crate::gather;
use crate::model::ids::{BlobId, CommitId, PlanId, TreeId};
use crate::model::place::RepoPath;
use crate::model::plan::Promotion;
use crate::model::policy::{Land, MergeMethod as PolicyMerge};
use crate::model::proposal::Build;
use crate::model::pull::{PullNumber, PullState};
use crate::plan::delivery::{Act, Candidate};
use crate::repo::{EntryId, ReadObjects, Repo, RepoError};

/// A landing that has still to be seen on the base.
#[derive(Clone, Debug)]
pub(super) struct Landing {
    key: super::turn::Key,
    row: Row,
    plan: PlanId,
    /// The tip before it.
    before: CommitId,
    /// The tree that it makes of that tip.
    tree: TreeId,
    files: BTreeMap<String, BlobId>,
    pull: Option<PullNumber>,
    /// Looked for so often already.
    looks: u32,
}

/// Lands the first promotion that may; whether anything was done.
pub(super) async fn land_one(
    turn: &Turn<'_>,
    decisions: &BTreeMap<Place, crate::plan::delivery::Decision>,
    memory: &mut Memory,
) -> Result<Done, Failure> {
    if turn.order.dry_run || turn.session.forge.is_read_only() {
        return Ok(Done::Unchanged);
    }
    for (place, decision) in decisions {
        let key = turn.key(*place);
        if memory.failed.contains(&key) {
            continue;
        }
        for act in &decision.acts {
            let result = match act {
                Act::Land(number) | Act::LandWhenKnown(number) => {
                    land(turn, *place, *number, memory).await
                }
                Act::Commit => commit(turn, *place, memory).await,
                Act::Open { .. }
                | Act::Close(_)
                | Act::Block(..)
                | Act::Start(..)
                | Act::Hold(_) => continue,
            };
            let result = match result {
                Ok(result) => Ok(result),
                Err(Stop::Delivery(error)) => Err(error),
                Err(Stop::Failure(failure)) => return Err(failure),
            };
            if let Done::Changed = turn.came_to(&key, *place, result, memory).await? {
                return Ok(Done::Changed);
            }
        }
    }
    Ok(Done::Unchanged)
}

enum Stop {
    Delivery(DeliveryError),
    Failure(Failure),
}

impl From<DeliveryError> for Stop {
    fn from(error: DeliveryError) -> Self {
        Self::Delivery(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Waits between looks at a merge that GitHub is still working out, in seconds.
const WAITS: [u32; 5] = [1, 2, 4, 8, 15];

async fn land(
    turn: &Turn<'_>,
    place: Place,
    number: PullNumber,
    memory: &mut Memory,
) -> Result<Done, Stop> {
    let mut waits = WAITS.iter();
    loop {
        let seen = again(turn).await?;
        let again = Turn::new(
            turn.session,
            turn.order,
            turn.asked,
            &seen,
            memory,
            Some(number),
        )
        .await?;
        let decisions = again.decisions(memory).await?;
        let acts = decisions
            .get(&place)
            .map(|decision| decision.acts.as_slice())
            .unwrap_or_default();
        let candidate = again.stages.candidate(place, number);
        match candidate {
            Some(candidate) if acts.contains(&Act::Land(number)) => {
                return merge(&again, place, candidate, memory).await;
            }
            Some(candidate) if acts.contains(&Act::LandWhenKnown(number)) => {
                let wait = waits.next().copied();
                if let Some(seconds) = wait
                    && candidate.build == Build::Unknown
                    && turn.session.forge.wait(seconds).await
                {
                    continue;
                }
                return Err(DeliveryError::ByRules(
                    "it is still working out whether this can be merged".to_owned(),
                )
                .into());
            }
            _ => {
                return Err(
                    DeliveryError::Overtaken(format!("something about {number} changed")).into(),
                );
            }
        }
    }
}

/// Everything as it is right now, at the same tip; what the people may do whose word counted comes in the same call.
async fn again(turn: &Turn<'_>) -> Result<Seen, Stop> {
    let people = turn.stages.people.iter();
    let along = Along {
        wanted: people
            .map(|(id, login)| LookUp::May(*id, login.clone()))
            .collect(),
        closed: false,
    };
    let looked = turn.session.forge.snapshot_and(&along).await;
    let (snapshot, told) = looked.map_err(DeliveryError::from)?;
    if snapshot.tip.id != turn.seen.snapshot.tip.id {
        return Err(DeliveryError::Overtaken("the base moved".to_owned()).into());
    }
    let repo = turn.session.remotes.here();
    repo.know_along(&along.wanted, told.looked_up);
    Ok(turn.seen.again(turn.session, snapshot).await?)
}

async fn merge(
    turn: &Turn<'_>,
    place: Place,
    candidate: &Candidate,
    memory: &mut Memory,
) -> Result<Done, Stop> {
    let Some(promotion) = candidate.judged.as_ref().filter(|judged| judged.may_land()) else {
        return Err(DeliveryError::Overtaken("its gates do not pass any more".to_owned()).into());
    };
    let plan = candidate.proposal.plan;
    if memory.goes_in_circles(&turn.key(place), &plan, true) {
        return Ok(Done::Unchanged);
    }
    let files = files_of(turn, place, candidate).await?;
    let delivery = turn.delivery();
    let worked = delivery.worked(&files)?;
    let written = super::texts::landing(turn, place, candidate, promotion);
    let mut landing = Landing {
        key: turn.key(place),
        row: row(turn, place, promotion, plan),
        plan,
        before: turn.seen.snapshot.tip.id,
        tree: worked.tree,
        files: blobs(&files).map_err(DeliveryError::from)?,
        pull: Some(candidate.pull.number),
        looks: 0,
    };
    landing.row.pull = landing.pull;
    landing.row.emergency = emergency_of(candidate);
    let pull = &candidate.pull;
    let policy = &turn.seen.world.policy;
    if policy.land == Land::Exact && !turn.seen.snapshot.queue {
        delivery
            .land_exactly(pull, &written.whole(), &files)
            .await?;
    } else {
        let method = match policy.merge {
            PolicyMerge::Squash => MergeMethod::Squash,
            PolicyMerge::Merge => MergeMethod::Merge,
        };
        if !delivery
            .merge(pull, method, written.subject.as_str(), &written.body)
            .await?
        {
            let next = Some("GitHub lands it when its turn comes".to_owned());
            turn.row(
                place,
                RowKind::Waiting,
                "put into the merge queue",
                next,
                memory,
            );
            memory.failed.insert(turn.key(place));
            return Ok(Done::Unchanged);
        }
    }
    memory.landing = Some(landing);
    Ok(Done::Changed)
}

async fn commit(turn: &Turn<'_>, place: Place, memory: &mut Memory) -> Result<Done, Stop> {
    let promotion = turn.stages.promotion(place);
    let (Some(plan), Some(record)) = (promotion.plan, turn.record(place)) else {
        return Ok(Done::Unchanged);
    };
    // What holds it may have been set since: the state is read again, and must be the same.
    let seen = again(turn).await?;
    let again = Turn::new(turn.session, turn.order, turn.asked, &seen, memory, None).await?;
    let decisions = again.decisions(memory).await?;
    let still = decisions
        .get(&place)
        .is_some_and(|decision| decision.acts.contains(&Act::Commit))
        && again.stages.promotion(place).plan == Some(plan);
    if !still {
        return Err(DeliveryError::Overtaken("something about it changed".to_owned()).into());
    }
    if memory.goes_in_circles(&turn.key(place), &plan, true) {
        return Ok(Done::Unchanged);
    }
    let files = turn.files(promotion)?;
    let delivery = turn.delivery();
    let worked = delivery.worked(&files)?;
    let written = super::texts::direct(turn, place, &record);
    delivery.commit_to_base(&written.whole(), &files).await?;
    memory.landing = Some(Landing {
        key: turn.key(place),
        row: row(turn, place, promotion, plan),
        plan,
        before: turn.seen.snapshot.tip.id,
        tree: worked.tree,
        files: blobs(&files).map_err(DeliveryError::from)?,
        pull: None,
        looks: 0,
    });
    Ok(Done::Changed)
}

fn row(turn: &Turn<'_>, place: Place, promotion: &Promotion, plan: PlanId) -> Row {
    Row {
        kind: RowKind::Promoted,
        pipeline: turn.pipeline(place),
        from: promotion
            .edges
            .iter()
            .map(|edge| edge.from.to_string())
            .collect(),
        to: promotion.stage.to_string(),
        plan: Some(plan),
        pull: None,
        commit: None,
        emergency: None,
        why: String::new(),
        next: None,
    }
}

/// Why somebody asked for it as an emergency, where one did.
pub(super) fn emergency_of(candidate: &Candidate) -> Option<String> {
    let reason = super::texts::reason_of(candidate);
    candidate
        .proposal
        .emergency
        .then(|| reason.unwrap_or_else(|| "no reason is recorded".to_owned()))
}

fn blobs(files: &[EditedFile]) -> Result<BTreeMap<String, BlobId>, RepoError> {
    files
        .iter()
        .map(|file| Ok((file.path.to_string(), Repo::hash_blob(&file.after)?)))
        .collect()
}

/// The files that a candidate lands: the plan's own edits on this tip, or for an older plan what its head holds.
async fn files_of(
    turn: &Turn<'_>,
    place: Place,
    candidate: &Candidate,
) -> Result<Vec<EditedFile>, Stop> {
    let promotion = turn.stages.promotion(place);
    if promotion.plan == Some(candidate.proposal.plan) {
        return Ok(turn.files(promotion)?);
    }
    let repo = turn.session.remotes.here();
    let head = &candidate.proposal.branch.tip;
    let files = turn
        .session
        .settle(|| {
            let mut files = Vec::new();
            for change in repo.changed_files(head.parents.first(), &head.id)? {
                let (Some(old), Some(new)) = (change.old, change.new) else {
                    continue;
                };
                let (before, after) = (repo.blob(&old), repo.blob(&new));
                files.push(EditedFile {
                    path: RepoPath::from(change.path),
                    before: before?,
                    after: after?,
                });
            }
            Ok(files)
        })
        .await?;
    Ok(files)
}

impl Landing {
    /// Whether every file stands at a commit as it was landed.
    fn stands(&self, repo: &gather::RemoteRepo, commit: &CommitId) -> Result<bool, RepoError> {
        let mut stands = true;
        let mut missing = None;
        for (path, blob) in &self.files {
            match repo.entry_at(commit, path) {
                Ok(found) => stands &= found == Some(EntryId::File(*blob)),
                Err(error) => missing = Some(error),
            }
        }
        missing.map_or(Ok(stands), Err)
    }
}

/// Looks on the base for what was landed in the turn before. `Ok(false)`: it is not to be seen yet.
pub(super) async fn verify(
    session: &Session,
    seen: &Seen,
    memory: &mut Memory,
) -> Result<bool, Failure> {
    let Some(mut landing) = memory.landing.take() else {
        return Ok(true);
    };
    let tip = &seen.snapshot.tip;
    let merged = landing.pull.and_then(|number| {
        let pulls = seen
            .snapshot
            .branches
            .iter()
            .flat_map(|branch| &branch.pulls);
        // One that was merged into another branch at the last moment did not land (A26).
        pulls
            .into_iter()
            .find(|pull| pull.number == number && pull.base == seen.snapshot.base)
            .cloned()
    });
    let commit = match merged.as_ref().map(|pull| &pull.state) {
        Some(PullState::Merged { commit, .. }) => *commit,
        _ => None,
    };
    let still_open = merged.as_ref().is_some_and(|pull| pull.is_open());
    if tip.id == landing.before || still_open {
        // The merge was answered; the reading side lags behind it for a moment.
        landing.looks += 1;
        if landing.looks <= 5 && session.forge.wait(landing.looks).await {
            memory.landing = Some(landing);
            return Ok(false);
        }
        if still_open {
            // It was not applied after all: the next run finds it as it is.
            return Ok(true);
        }
    }
    let repo = session.remotes.here();
    let landed =
        if tip.tree == landing.tree {
            true
        } else {
            let at = commit.unwrap_or(tip.id);
            session
                .settle(|| {
                    Ok(landing.stands(repo, &tip.id)?
                        || (at != tip.id && landing.stands(repo, &at)?))
                })
                .await?
        };
    if landed {
        landing.row.commit = Some(commit.unwrap_or(tip.id));
        landing.row.why = "landed".to_owned();
        memory.landed.insert(landing.key);
        memory.landed_plans.insert(landing.plan);
        memory.outcome.rows.push(landing.row);
    } else {
        let why = format!(
            "what stands on {} is not what was approved: compare {} with its plan",
            seen.snapshot.base,
            landing
                .pull
                .map_or_else(|| "the commit".to_owned(), |number| number.to_string())
        );
        memory
            .stopped
            .insert((landing.key.0.clone(), landing.key.1.clone()), why.clone());
        landing.row.kind = RowKind::Blocked;
        landing.row.why = why;
        landing.row.next = Some("put right what stands on the base by hand".to_owned());
        memory.failed.insert(landing.key);
        memory.outcome.rows.push(landing.row);
    }
    Ok(true)
}
