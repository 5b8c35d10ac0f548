//! Landing one promotion.
//!
//! What can be written in advance is written first: the status, and for a landing that Sluice makes itself the tree and
//! the commit. Then everything is read again at the current tip (the last look), and exactly one write follows
//! immediately; a retry begins with another last look. If that write does not land the promotion, `success` is
//! retracted before anything else. [`crate::reconcile::verify`] checks the base afterwards.

use crate::execute::{DeliveryError, EditedFile, Merging, Prepared, WAITS};
use crate::forge::{Backoff, ForgeError, MergeMethod, Writer};
use crate::model::actor::Actor;
use crate::model::ids::PullNumber;
use crate::model::life::LifeState;
use crate::model::merge_state::MergeState;
use crate::model::policy::{Land, MergeMethod as PolicyMerge};
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::Pull;
use crate::model::record::Record;
use crate::model::source_location::RepoPath;
use crate::plan::attempt::{Attempt, Refusals, Refused, attempt};
use crate::plan::delivery::{Act, OpenPlan};
use crate::reconcile::act::last_look::{MAX_PREPARED, Stop, last_look, overtaken, row};
use crate::reconcile::act::{merge_state, messages};
use crate::reconcile::landing::{LOOKS_AFTERWARDS, PendingLanding, after_merge, blobs};
use crate::reconcile::life::{QUEUED, TURN};
use crate::reconcile::outcome::Row;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::reconcile::wording::emergency_of;
use crate::render::Message;
use crate::repo::ReadObjects;
use crate::report::escape;

/// The waits before a merge is sent again that GitHub refused for a temporary reason, for example because another merge
/// is in progress.
const WAITS_FOR_MERGE: Backoff = Backoff::doubling(1, 3);
/// At most this many seconds are spent waiting for such merges in one run.
const MAX_WAIT: u32 = 14;

/// Lands a pull request, if GitHub would merge it now.
pub(crate) async fn land(
    round: &Round<'_>,
    writer: &Writer,
    place: PromotionIndex,
    number: PullNumber,
    run: &mut RunState,
) -> Result<Progress, Stop> {
    let Some(candidate) = round.assessment.candidate(place, number) else {
        return Ok(Progress::Unchanged);
    };
    let pull = &candidate.pull;
    let delivery = round.delivery(writer);
    // The author is this account: candidates are only Sluice's own pull requests.
    if round.observation.snapshot.queue && pull.author.as_ref().is_some_and(Actor::is_workflow) {
        round.row(
            place,
            LifeState::NeedsPerson,
            QUEUE_NEEDS_APP,
            Some(TAKE_AN_APP.to_owned()),
            run,
        );
        run.failed.insert(round.key(place));
        return Ok(Progress::Unchanged);
    }
    let state = merge_state::merge_state(round, pull, run).await;
    let status = candidate.proposal.branch.status.as_ref();
    let mut refused = refused_before(candidate);
    let eviction = match round.observation.snapshot.queue {
        true => round
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
            run.outcome.restated.insert(pull.number);
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
        round.observation.now,
        round.is_asked(place),
    );
    if let Attempt::Later(why) = attempt {
        if status.is_some_and(|status| status.is_success()) {
            let lowered = delivery.retract(pull, &quiet, DeliveryError::Overtaken(why.clone()));
            if let error @ DeliveryError::SuccessLeft { .. } = lowered.await {
                return Err(error.into());
            }
        }
        let state = match refused {
            Some(_) => LifeState::NeedsPerson,
            None => LifeState::Waiting,
        };
        round.row(place, state, &why, Some(pull.url.clone()), run);
        run.failed.insert(round.key(place));
        return Ok(Progress::Unchanged);
    }
    if run.goes_in_circles(&round.key(place), &candidate.proposal.plan, true) {
        return Ok(Progress::Unchanged);
    }
    // Before the status: if the commit cannot be made, no status is spent on it.
    let exact = round.observation.repository.policy.land == Land::Exact
        && !round.observation.snapshot.queue;
    let prepared = match exact {
        true => Some(prepare(round, writer, place, candidate).await?),
        false => None,
    };
    let text = Refusals::describe("every gate passed", before.as_ref());
    delivery.announce(pull, status, &text).await?;
    let stop = match try_to_land(round, writer, place, number, prepared, run).await {
        Ok(landing) => {
            run.landing = landing;
            return Ok(match run.landing {
                Some(_) => Progress::Changed,
                None => Progress::Unchanged,
            });
        }
        Err(stop) => stop,
    };
    Err(match stop {
        Stop::Delivery(error) => {
            let text = match &error {
                DeliveryError::Refused(said) => {
                    // Of several refusals of one head only the first is news.
                    if before.is_none() {
                        run.outcome.restated.insert(pull.number);
                    }
                    remembered(said, before.as_ref(), &state)
                }
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

const QUEUE_NEEDS_APP: &str = "the base branch has a merge queue, and no checks start for what a workflow's own token adds to it";
const TAKE_AN_APP: &str = "give Sluice an App's token: docs/install.md, hardened";

/// The status description after GitHub refused a merge, with the refusals so far.
fn remembered(said: &str, before: Option<&Refusals>, state: &MergeState) -> String {
    let refusals = Refusals::one_more(before, state);
    Refusals::describe(&escape::terminal(said), Some(&refusals))
}

/// The last refused merge of this head, as its status describes it. Only a status of this account counts.
fn refused_before(candidate: &OpenPlan) -> Option<Refused> {
    let status = candidate.proposal.branch.status.as_ref()?;
    let ours = status.is_by(candidate.pull.author.as_ref());
    let (refusals, words) = Refusals::parse(&status.description).filter(|_| ours)?;
    Some(Refused {
        refusals,
        words: words.to_owned(),
        at: status.at,
        from_queue: false,
    })
}

/// Takes the last look, and lands the promotion if it still may land. `None`: it waits in the merge queue.
async fn try_to_land(
    round: &Round<'_>,
    writer: &Writer,
    place: PromotionIndex,
    number: PullNumber,
    mut prepared: Option<Prepared>,
    run: &mut RunState,
) -> Result<Option<PendingLanding>, Stop> {
    let key = round.key(place);
    let mut queue = round.observation.snapshot.queue;
    let mut waits = WAITS_FOR_MERGE;
    let mut may_send_again = true;
    let mut made = 1;
    let forge = &round.session.forge;
    loop {
        let waited = forge.has_waited_for_rate_limit();
        let observation = last_look(round, place).await?;
        let again = Round::assess(
            round.session,
            round.options,
            round.request,
            &observation,
            run,
            Some(number),
        )
        .await?;
        let gone = || overtaken(format!("something about {number} changed"));
        let place = again.assessment.place_of(number).ok_or_else(gone)?;
        let decisions = again.decide(run).await?;
        // After a wait for the rate limit, what was read before is stale. A run waits only once.
        if forge.has_waited_for_rate_limit() != waited {
            continue;
        }
        let lands = decisions
            .get(&place)
            .is_some_and(|decision| decision.acts.contains(&Act::Land(number)));
        let candidate = again.assessment.candidate(place, number).ok_or_else(gone)?;
        if !lands || again.key(place) != key {
            return Err(gone());
        }
        if run.goes_in_circles(&key, &candidate.proposal.plan, true) {
            return Err(gone());
        }
        let files = files_of(&again, place, candidate).await?;
        let message = message_of(&again, place, candidate).ok_or_else(gone)?;
        let delivery = again.delivery(writer);
        let worked = delivery.worked(&files)?;
        let mut landing = PendingLanding {
            key: key.clone(),
            row: row_of(&again, place, candidate),
            plan: candidate.proposal.plan,
            tip: observation.snapshot.tip.id,
            tree: worked.tree,
            files: blobs(&files).map_err(DeliveryError::from)?,
            record: Record::parse(&candidate.proposal.branch.tip.message),
            pull: Some(number),
            commit: None,
            after: None,
            receipt: None,
            looks: LOOKS_AFTERWARDS,
        };
        if let Some(made_before) = &prepared {
            let still = made_before.tip == observation.snapshot.tip.id
                && made_before.tree == worked.tree
                && made_before.message == message.whole();
            if still {
                delivery.advance(made_before).await?;
                landing.commit = Some(made_before.commit);
                landing.receipt = messages::receipt(&again, place, candidate, &made_before.commit);
                return Ok(Some(landing));
            }
            if made == MAX_PREPARED {
                let base = &observation.snapshot.base;
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
            enqueue(&again, writer, place, pull, run).await?;
            return Ok(None);
        }
        let method = match observation.repository.policy.merge {
            PolicyMerge::Squash => MergeMethod::Squash,
            PolicyMerge::Merge => MergeMethod::Merge,
        };
        let sent = delivery
            .merge(pull, method, message.subject.as_str(), &message.body)
            .await?;
        match sent {
            Merging::Sent(answer) => {
                landing.receipt = answer.as_ref().and_then(|answer| {
                    messages::receipt(&again, place, candidate, &answer.commit.id)
                });
                landing.after = answer
                    .and_then(|answer| after_merge(&observation.snapshot, pull, *answer))
                    .map(Box::new);
                return Ok(Some(landing));
            }
            Merging::WantsQueue => queue = true,
            Merging::NotApplied(_) if may_send_again => may_send_again = false,
            Merging::NotApplied(error) => return Err(DeliveryError::from(error).into()),
            Merging::TryAgain(said) => {
                let seconds = waits.next().unwrap_or(u32::MAX);
                let waited = run.waited_for_merges.saturating_add(seconds);
                if waited > MAX_WAIT || !forge.wait(seconds).await {
                    return Err(DeliveryError::Refused(said).into());
                }
                run.waited_for_merges = waited;
            }
        }
    }
}

/// Makes the commit of an exact landing on the tip that the round observed.
async fn prepare(
    round: &Round<'_>,
    writer: &Writer,
    place: PromotionIndex,
    candidate: &OpenPlan,
) -> Result<Prepared, Stop> {
    let gone = || overtaken(format!("something about {} changed", candidate.pull.number));
    let files = files_of(round, place, candidate).await?;
    let message = message_of(round, place, candidate).ok_or_else(gone)?;
    let head = Some(&candidate.pull.head);
    let delivery = round.delivery(writer);
    Ok(delivery.prepare(&message.whole(), &files, head).await?)
}

/// The message of the landing commit; `None` if the gates no longer pass.
fn message_of(round: &Round<'_>, place: PromotionIndex, candidate: &OpenPlan) -> Option<Message> {
    let reassessed = candidate.reassessed.as_ref();
    let promotion = reassessed.filter(|reassessed| reassessed.may_land())?;
    Some(messages::landing(round, place, candidate, promotion))
}

async fn enqueue(
    round: &Round<'_>,
    writer: &Writer,
    place: PromotionIndex,
    pull: &Pull,
    run: &mut RunState,
) -> Result<(), Stop> {
    match writer.enqueue(pull).await {
        Ok(()) => {}
        // GitHub does not queue what is not ready to merge: the same as a refused merge.
        Err(ForgeError::Refused { said, .. }) => return Err(DeliveryError::Refused(said).into()),
        Err(error) => return Err(DeliveryError::from(error).into()),
    }
    let next = Some(TURN.to_owned());
    round.row(place, LifeState::Queued, QUEUED, next, run);
    run.failed.insert(round.key(place));
    Ok(())
}

fn row_of(round: &Round<'_>, place: PromotionIndex, candidate: &OpenPlan) -> Row {
    let promotion = candidate.reassessed.as_ref();
    let promotion = promotion.unwrap_or_else(|| round.assessment.promotion(place));
    Row {
        pull: Some(candidate.pull.number),
        emergency: emergency_of(candidate),
        ..row(round, place, promotion, candidate.proposal.plan)
    }
}

/// The files that a candidate lands: the current plan's edits made on this tip, or for an older plan the files of its
/// head.
async fn files_of(
    round: &Round<'_>,
    place: PromotionIndex,
    candidate: &OpenPlan,
) -> Result<Vec<EditedFile>, Stop> {
    let promotion = round.assessment.promotion(place);
    if promotion.plan == Some(candidate.proposal.plan) {
        return Ok(round.files(promotion)?);
    }
    let repo = round.session.remotes.here();
    let head = &candidate.proposal.branch.tip;
    let files = round
        .session
        .fetch_until_complete(|| {
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
