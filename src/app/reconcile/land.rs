//! Landing one promotion.
//!
//! What can be written beforehand is: the status, and for a landing that Sluice makes itself the tree and the commit. Then everything is
//! read again at the tip as it is then (the last look), and exactly one write follows, which nothing delays. If it does not come about, `success` is
//! taken back before anything else. [`super::verify`] looks at the base afterwards.

use std::collections::BTreeMap;

use super::stages::Place;
use super::turn::{Done, Key, Turn};
use super::verify::{Landing, blobs};
use super::{Memory, Row, RowKind, Seen, readiness};
use crate::error::Failure;
use crate::execute::{DeliveryError, EditedFile, Merging, Prepared, WAITS};
use crate::forge::{ForgeError, MergeMethod, ObjectQuery, Prefetch};
use crate::gather::Depth;
use crate::model::actor::Actor;
use crate::model::ids::{PlanId, PullNumber};
use crate::model::merge_state::MergeState;
use crate::model::name::EdgeName;
use crate::model::place::RepoPath;
use crate::model::plan::Promotion;
use crate::model::policy::{Land, MergeMethod as PolicyMerge};
use crate::model::pull::Pull;
use crate::plan::attempt::{Attempt, Refusals, Refused, attempt};
use crate::plan::delivery::{Act, Candidate, Decision};
use crate::record::Record;
use crate::render::Message;
use crate::repo::ReadObjects;
use crate::report::escape;

/// Lands the first promotion that may; whether anything was done.
pub(super) async fn land_one(
    turn: &Turn<'_>,
    decisions: &BTreeMap<Place, Decision>,
    memory: &mut Memory,
) -> Result<Done, Failure> {
    if turn.writes_nothing() {
        return Ok(Done::Unchanged);
    }
    // One that somebody else was faster about costs no other its turn.
    let mut places: Vec<Place> = decisions.keys().copied().collect();
    places.sort_by_key(|place| memory.overtaken.get(&turn.key(*place)).copied());
    for place in places {
        let key = turn.key(place);
        if memory.failed.contains(&key) {
            continue;
        }
        let acts = decisions.get(&place).map(|decision| &decision.acts);
        for act in acts.into_iter().flatten() {
            let result = match act {
                Act::Land(number) => land(turn, place, *number, memory).await,
                Act::Commit => commit(turn, place, memory).await,
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
            if let Done::Changed = turn.came_to(&key, place, result, memory).await? {
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

fn overtaken(why: impl Into<String>) -> Stop {
    DeliveryError::Overtaken(why.into()).into()
}

/// How long is waited, in seconds, before a merge is sent again that GitHub refused for a reason that passes, as that another merge is under way.
const WAITS_FOR_MERGE: [u32; 3] = [1, 2, 4];
/// How long one run waits for such merges, in seconds.
const LONGEST_WAIT: u32 = 14;
/// How often a commit is made again because the base moved before it could be moved to it.
const MAX_PREPARED: usize = 4;

/// Lands a pull request, if GitHub would merge it now.
async fn land(
    turn: &Turn<'_>,
    place: Place,
    number: PullNumber,
    memory: &mut Memory,
) -> Result<Done, Stop> {
    let Some(candidate) = turn.stages.candidate(place, number) else {
        return Ok(Done::Unchanged);
    };
    let pull = &candidate.pull;
    let delivery = turn.delivery();
    // Who opened it is Sluice's own account.
    if turn.seen.snapshot.queue && pull.author.as_ref().is_some_and(Actor::is_workflow) {
        turn.row(
            place,
            RowKind::Held,
            QUEUE_NEEDS_APP,
            Some(TAKE_AN_APP.to_owned()),
            memory,
        );
        memory.failed.insert(turn.key(place));
        return Ok(Done::Unchanged);
    }
    let state = readiness::merge_state(turn, pull, memory).await;
    let status = candidate.proposal.branch.status.as_ref();
    let mut refused = refused_before(candidate);
    let eviction = match turn.seen.snapshot.queue {
        true => turn
            .session
            .forge
            .eviction(pull)
            .await
            .map_err(DeliveryError::from)?,
        false => None,
    };
    let before = refused.as_ref().map(|refused| refused.refusals.clone());
    if let Some(eviction) = &eviction {
        let said = format!("it was removed from the merge queue ({})", eviction.reason);
        if status.is_none_or(|status| status.at < eviction.at) {
            let text = remembered(&said, before.as_ref(), &state);
            let error = DeliveryError::Refused(said);
            return Err(delivery.retract(pull, &text, error).await.into());
        }
        if let Some(refused) = &mut refused {
            refused.from_queue = true;
        }
    }
    let quiet = Refusals::describe(WAITS, before.as_ref());
    let attempt = attempt(
        &state,
        refused.as_ref(),
        turn.seen.now,
        turn.is_asked(place),
    );
    if let Attempt::Later(why) = attempt {
        if status.is_some_and(|status| status.success) {
            let lowered = delivery.retract(pull, &quiet, DeliveryError::Overtaken(why.clone()));
            if let error @ DeliveryError::SuccessLeft { .. } = lowered.await {
                return Err(error.into());
            }
        }
        turn.row(
            place,
            RowKind::Waiting,
            &why,
            Some(pull.url.clone()),
            memory,
        );
        memory.failed.insert(turn.key(place));
        return Ok(Done::Unchanged);
    }
    if memory.goes_in_circles(&turn.key(place), &candidate.proposal.plan, true) {
        return Ok(Done::Unchanged);
    }
    // Before the status: what cannot be made costs none.
    let exact = turn.seen.world.policy.land == Land::Exact && !turn.seen.snapshot.queue;
    let prepared = match exact {
        true => Some(prepare(turn, place, candidate).await?),
        false => None,
    };
    let text = Refusals::describe("every gate passed", before.as_ref());
    delivery.announce(pull, status, &text).await?;
    let stop = match try_to_land(turn, place, number, prepared, memory).await {
        Ok(landing) => {
            memory.landing = landing;
            return Ok(match memory.landing {
                Some(_) => Done::Changed,
                None => Done::Unchanged,
            });
        }
        Err(stop) => stop,
    };
    Err(match stop {
        Stop::Delivery(error) => {
            let text = match &error {
                DeliveryError::Refused(said) => remembered(said, before.as_ref(), &state),
                _ => quiet,
            };
            Stop::Delivery(delivery.retract(pull, &text, error).await)
        }
        Stop::Failure(failure) => {
            let why = DeliveryError::Overtaken(failure.message.clone());
            match delivery.retract(pull, &quiet, why).await {
                left @ DeliveryError::SuccessLeft { .. } => Stop::Delivery(left),
                _ => Stop::Failure(failure),
            }
        }
    })
}

const QUEUE_NEEDS_APP: &str = "the base branch has a merge queue, and what a workflow's own token puts into it starts no checks";
const TAKE_AN_APP: &str = "give Sluice an App's token: docs/install.md, hardened";

/// What a status says of a merge that GitHub refused.
fn remembered(said: &str, before: Option<&Refusals>, state: &MergeState) -> String {
    let refusals = Refusals::one_more(before, state);
    Refusals::describe(&escape::terminal(said), Some(&refusals))
}

/// The merge of this head that was refused last. Only what our own account says counts.
fn refused_before(candidate: &Candidate) -> Option<Refused> {
    let status = candidate.proposal.branch.status.as_ref()?;
    let own = candidate.pull.author.as_ref().and_then(|author| author.id);
    let ours = status.creator.is_some() && status.creator == own;
    let (refusals, words) = Refusals::parse(&status.description).filter(|_| ours)?;
    Some(Refused {
        refusals,
        words: words.to_owned(),
        at: status.at,
        from_queue: false,
    })
}

/// Looks once more, and lands what still may. `None`: it waits in the merge queue.
async fn try_to_land(
    turn: &Turn<'_>,
    place: Place,
    number: PullNumber,
    mut prepared: Option<Prepared>,
    memory: &mut Memory,
) -> Result<Option<Landing>, Stop> {
    let key = turn.key(place);
    let mut queue = turn.seen.snapshot.queue;
    let mut waits = WAITS_FOR_MERGE.iter();
    let mut may_send_again = true;
    let mut made = 1;
    let forge = &turn.session.forge;
    loop {
        let waited = forge.has_waited_for_rate_limit();
        let seen = last_look(turn).await?;
        let again = Turn::new(
            turn.session,
            turn.order,
            turn.asked,
            &seen,
            memory,
            Some(number),
        )
        .await?;
        let gone = || overtaken(format!("something about {number} changed"));
        let place = again.stages.place_of(number).ok_or_else(gone)?;
        let decisions = again.decisions(memory).await?;
        // What was read before the wait is old. A run waits once.
        if forge.has_waited_for_rate_limit() != waited {
            continue;
        }
        let lands = decisions
            .get(&place)
            .is_some_and(|decision| decision.acts.contains(&Act::Land(number)));
        let candidate = again.stages.candidate(place, number).ok_or_else(gone)?;
        if !lands || again.key(place) != key {
            return Err(gone());
        }
        if memory.goes_in_circles(&key, &candidate.proposal.plan, true) {
            return Err(gone());
        }
        let files = files_of(&again, place, candidate).await?;
        let message = message_of(&again, place, candidate).ok_or_else(gone)?;
        let delivery = again.delivery();
        let worked = delivery.worked(&files)?;
        let mut landing = Landing {
            key: key.clone(),
            row: row_of(&again, place, candidate),
            plan: candidate.proposal.plan,
            tip: seen.snapshot.tip.id,
            tree: worked.tree,
            files: blobs(&files).map_err(DeliveryError::from)?,
            record: Record::parse(&candidate.proposal.branch.tip.message),
            pull: Some(number),
            commit: None,
            looks: 0,
        };
        if let Some(made_before) = &prepared {
            let still = made_before.tip == seen.snapshot.tip.id
                && made_before.tree == worked.tree
                && made_before.message == message.whole();
            if still {
                delivery.advance(made_before).await?;
                landing.commit = Some(made_before.commit);
                return Ok(Some(landing));
            }
            if made == MAX_PREPARED {
                let base = &seen.snapshot.base;
                return Err(overtaken(format!(
                    "{base} moved each time before this could land"
                )));
            }
            made += 1;
            prepared = Some(
                delivery
                    .prepare(&message.whole(), &files, Some(&candidate.pull.head))
                    .await?,
            );
            continue;
        }
        let pull = &candidate.pull;
        if queue {
            enqueue(&again, place, pull, memory).await?;
            return Ok(None);
        }
        let method = match seen.world.policy.merge {
            PolicyMerge::Squash => MergeMethod::Squash,
            PolicyMerge::Merge => MergeMethod::Merge,
        };
        let sent = delivery
            .merge(pull, method, message.subject.as_str(), &message.body)
            .await?;
        match sent {
            Merging::Sent => return Ok(Some(landing)),
            Merging::WantsQueue => queue = true,
            Merging::NotApplied(_) if may_send_again => may_send_again = false,
            Merging::NotApplied(error) => return Err(DeliveryError::from(error).into()),
            Merging::TryAgain(said) => {
                let seconds = waits.next().copied().unwrap_or(u32::MAX);
                let waited = memory.waited_for_merges.saturating_add(seconds);
                if waited > LONGEST_WAIT || !forge.wait(seconds).await {
                    return Err(DeliveryError::Refused(said).into());
                }
                memory.waited_for_merges = waited;
            }
        }
    }
}

/// Makes the commit of an exact landing on the tip of the round's look.
async fn prepare(turn: &Turn<'_>, place: Place, candidate: &Candidate) -> Result<Prepared, Stop> {
    let gone = || overtaken(format!("something about {} changed", candidate.pull.number));
    let files = files_of(turn, place, candidate).await?;
    let message = message_of(turn, place, candidate).ok_or_else(gone)?;
    let head = Some(&candidate.pull.head);
    let delivery = turn.delivery();
    Ok(delivery.prepare(&message.whole(), &files, head).await?)
}

/// The message of the landing commit; `None` where the gates do not pass any more.
fn message_of(turn: &Turn<'_>, place: Place, candidate: &Candidate) -> Option<Message> {
    let judged = candidate.judged.as_ref();
    let promotion = judged.filter(|judged| judged.may_land())?;
    Some(super::texts::landing(turn, place, candidate, promotion))
}

async fn enqueue(
    turn: &Turn<'_>,
    place: Place,
    pull: &Pull,
    memory: &mut Memory,
) -> Result<(), Stop> {
    match turn.session.forge.enqueue(pull).await {
        Ok(()) => {}
        // It takes nothing that is not ready: as a refused merge.
        Err(ForgeError::Refused { said, .. }) => return Err(DeliveryError::Refused(said).into()),
        Err(error) => return Err(DeliveryError::from(error).into()),
    }
    let next = Some("GitHub lands it when its turn comes".to_owned());
    turn.row(
        place,
        RowKind::Waiting,
        "put into the merge queue",
        next,
        memory,
    );
    memory.failed.insert(turn.key(place));
    Ok(())
}

/// Everything as it is right now, at the tip as it is then. What the people may do whose word counted comes in the same call. The next write
/// need not wait for the one before this look.
async fn last_look(turn: &Turn<'_>) -> Result<Seen, Stop> {
    let people = turn.stages.people.iter();
    let along = Prefetch {
        wanted: people
            .map(|(id, login)| ObjectQuery::May(*id, login.clone()))
            .collect(),
        closed: false,
    };
    turn.session.forge.await_pause().await;
    let looked = turn.session.forge.snapshot_and(&along).await;
    let (snapshot, told) = looked.map_err(DeliveryError::from)?;
    let repo = turn.session.remotes.here();
    repo.store(&along.wanted, told.looked_up);
    if snapshot.tip.id == turn.seen.snapshot.tip.id {
        return Ok(turn.seen.again(turn.session, snapshot).await?);
    }
    Ok(super::seen(turn.session, Depth::WhereItDiffers, snapshot, None).await?)
}

/// Commits straight onto the base.
async fn commit(turn: &Turn<'_>, place: Place, memory: &mut Memory) -> Result<Done, Stop> {
    let key = turn.key(place);
    let edges = &turn.stages.promotion(place).edges;
    let Some(mut direct) = Direct::of(turn, place)? else {
        return Ok(Done::Unchanged);
    };
    let mut prepared = direct.prepare(turn).await?;
    let forge = &turn.session.forge;
    for _ in 0..=MAX_PREPARED {
        let waited = forge.has_waited_for_rate_limit();
        let seen = last_look(turn).await?;
        let again = Turn::new(turn.session, turn.order, turn.asked, &seen, memory, None).await?;
        if forge.has_waited_for_rate_limit() != waited {
            continue;
        }
        let gone = || overtaken("something about it changed");
        let place = place_like(&again, &key, edges).ok_or_else(gone)?;
        let decisions = again.decisions(memory).await?;
        let commits = decisions
            .get(&place)
            .is_some_and(|decision| decision.acts.contains(&Act::Commit));
        let now = Direct::of(&again, place)?.filter(|now| commits && now.plan == direct.plan);
        direct = now.ok_or_else(gone)?;
        if memory.goes_in_circles(&key, &direct.plan, true) {
            return Ok(Done::Unchanged);
        }
        let delivery = again.delivery();
        let worked = delivery.worked(&direct.files)?;
        let still = prepared.tip == seen.snapshot.tip.id
            && prepared.tree == worked.tree
            && prepared.message == direct.message;
        if !still {
            prepared = direct.prepare(&again).await?;
            continue;
        }
        delivery.advance(&prepared).await?;
        memory.landing = Some(Landing {
            key,
            row: row(&again, place, again.stages.promotion(place), direct.plan),
            plan: direct.plan,
            tip: prepared.tip,
            tree: worked.tree,
            files: blobs(&direct.files).map_err(DeliveryError::from)?,
            record: None,
            pull: None,
            commit: Some(prepared.commit),
            looks: 0,
        });
        return Ok(Done::Changed);
    }
    let base = &turn.seen.snapshot.base;
    Err(overtaken(format!(
        "{base} moved each time before this could land"
    )))
}

/// What a commit straight onto the base holds.
struct Direct {
    plan: PlanId,
    files: Vec<EditedFile>,
    message: String,
}

impl Direct {
    fn of(turn: &Turn<'_>, place: Place) -> Result<Option<Self>, DeliveryError> {
        let promotion = turn.stages.promotion(place);
        let (Some(plan), Some(record)) = (promotion.plan, turn.record(place)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            plan,
            files: turn.files(promotion)?,
            message: super::texts::direct(turn, place, &record).whole(),
        }))
    }

    async fn prepare(&self, turn: &Turn<'_>) -> Result<Prepared, DeliveryError> {
        turn.delivery()
            .prepare(&self.message, &self.files, None)
            .await
    }
}

/// The promotion of the same stage along the same edges at another look.
fn place_like(turn: &Turn<'_>, key: &Key, edges: &[EdgeName]) -> Option<Place> {
    let mut all = turn.stages.places(turn.seen, turn.order);
    all.find(|place| turn.key(*place) == *key && turn.stages.promotion(*place).edges == edges)
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

fn row_of(turn: &Turn<'_>, place: Place, candidate: &Candidate) -> Row {
    let promotion = candidate.judged.as_ref();
    let promotion = promotion.unwrap_or_else(|| turn.stages.promotion(place));
    Row {
        pull: Some(candidate.pull.number),
        emergency: emergency_of(candidate),
        ..row(turn, place, promotion, candidate.proposal.plan)
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
