//! The loop of `reconcile`, and of `promote` on GitHub: observe, verify, assess, decide, act; again, until nothing changes; then report.
//!
//! This comment explains the design of the loop. The rules that it implements are in docs/semantics.md.
//!
//! # Everything is read again after each change
//!
//! The event that started the run only woke it up. A round reads the base branch, the open pull requests and the evidence at one tip, decides about
//! every stage, and acts. After an act that may change a decision ([`Progress::Changed`]) nothing of that round is used any more: the next round
//! reads everything again. So no decision is made from what the run believes that it wrote. GitHub may have done less than it answered or more than
//! it was asked, its lists lag, and people and other runs write at the same time. Updating a model of the repository after each write would cost
//! fewer requests, and be wrong whenever one of these happens.
//!
//! What cannot change under its ID is not asked for twice (git objects; the session keeps them), nor is what a run may take as it was first read:
//! the rules of the base branch, whose account the token is, and what tags and branches other than the base branch mean (docs/shortcomings.md).
//!
//! # One round
//!
//! Acts come in an order in which it is safe to stop anywhere (`act::carry_out`): first what does not move the base branch (closing, blocking,
//! starting jobs, opening, taking back a `success` that must not remain), then at most one landing, then what the next run could do as well (texts,
//! branches), finally the guard's statuses on other pull requests. If one of the first two changed something, the rest waits for a round in which
//! they do not.
//!
//! At most one landing, because a landing moves the tip. Every other build, plan and gate of the round was judged at the old one: a source may have
//! changed, a build may have become outdated. The promotion whose turn is next is judged at the new tip, after the look at the base branch has shown
//! that the first one is what was approved.
//!
//! # The last look, and the look afterwards
//!
//! Between the decision and the write there are requests, and a review may be dismissed in that time. So `act::land`
//! first writes whatever can be written beforehand (the status; for `land: exact` and `delivery: commit` the tree and
//! the commit), then reads everything again, plans and decides again with the same functions, and continues only if the
//! decision is still to land this very promotion. Then follows exactly one write, which names the head or the tip that
//! was judged: GitHub refuses it if that has moved. If the landing fails, `success` is reset before anything else.
//!
//! The answer to that write proves nothing. The landing is noted as pending, and the next round's observation shows what the base branch holds
//! ([`verify`]): the tree that was computed, or a commit that changed exactly the promotion's files to exactly the approved content, or one from
//! whose difference the plan ID can be computed again; or, if GitHub names no commit, the promotion's files as they were approved. Anything else
//! stops the pipeline, and the run ends with exit code 3. While the base branch does not show the merge yet, the loop waits and observes again, five
//! times at most.
//!
//! # What is remembered from round to round
//!
//! [`RunState`] holds what no observation can show:
//!
//! - what this run did: stages that landed (they are not sources in the same run, unless their rules say so), plans that it landed or opened, pull
//!   requests that it opened, jobs that it started, the landing that is still to be verified;
//! - what it gave up: stages at which something failed, pipelines that are stopped, reviewers and labels that were refused. Without that the loop
//!   would try the same again for ever;
//! - how often and how long it waited, so that all waiting is bounded;
//! - what it has read and need not read again: the rules of the base branch, and until the next round the closed pull requests;
//! - the rows and notices of the report.
//!
//! None of this lets a promotion land: no verdict, approval or plan is kept. It only holds something back or saves a
//! request, so that the next run, which has none of it, can continue from where this one ended. What a person requested
//! is resolved once, in the first round; that person's permission is read again with the evidence of each promotion
//! that the request approves.
//!
//! # When it stops
//!
//! - A round changes nothing. A pull request that was just opened and can only wait for people does not cause another round: their answer starts a
//!   run.
//! - Something fails at one stage: a row says so, and the other stages continue. If someone else was faster, everything
//!   is read again, at most three times for a stage.
//! - It goes in circles. A plan that landed or was opened in this run is due again, or the run would close a pull request that it opened itself while
//!   neither the base branch nor a source has moved: then that pipeline is stopped. After [`MAX_ROUNDS`] rounds the run gives up, with exit code 3.
//! - A rate limit, a rejected token or a signal ends the run. A token that turns out not to be allowed to write makes the rest of the run read-only.
//!
//! # Dying anywhere
//!
//! A run may be killed after any write. What it leaves behind, and who finishes it:
//!
//! - **Objects** to which nothing leads: no one sees them, and no one has to finish them.
//! - **A temporary branch** (`sluice/tmp-…`): deleted after a day by `act::tidy`.
//! - **A branch without a pull request** is not adopted. The next run waits for its pull request once, then opens under another name. The branch is
//!   deleted after a day, if an App's token made it.
//! - **A pull request without its labels.** The hold after a rollback follows from the history, with or without the label; a hold that is to be
//!   carried over still counts, since the old pull request is closed only once the new one has it. Reviewers, who are requested
//!   for all that a run opened at the end, are not requested again.
//! - **Two pull requests of one stage**: `plan::delivery` keeps one, and the other is closed.
//! - **A note that a job is to be started**, and maybe no run of the workflow: the gate waits until its time-out, and then for a person. It is never
//!   started twice automatically.
//! - **The status `success`** without a landing, by which anyone could merge if it is required: the first round of the next run takes it back
//!   (`act::reset`), unless it lands the promotion.
//! - **A landing that no one verified** is a landing all the same, since the history decides what a stage holds. The next run looks at the merge
//!   before it deletes its branch (`act::merged`), for seven days also if GitHub has deleted it. A commit without a pull request is not looked at
//!   again: it was read back before the base branch was moved to it.
//! - **A person's request** that is not yet written into a pull request is lost: that person has to ask again.

use crate::error::{Exit, Failure};
use crate::gather::Depth;
use crate::reconcile::act::carry_out::carry_out;
use crate::reconcile::observe::fetch::{observe, observe_at};
use crate::reconcile::observe::prefetch::observe_first;
use crate::reconcile::outcome::Outcome;
use crate::reconcile::request::{Mode, RunOptions};
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::reconcile::verify::{Seen, verify};
use crate::reconcile::{report, resolve};
use crate::session::Session;

/// A run that needs more rounds than this is taken to go in circles.
const MAX_ROUNDS: usize = 200;
/// What the report says of a run whose token turned out not to be allowed to write.
const MAY_NOT_WRITE: &str = "the token may not write: nothing more was written";

/// Carries out one run.
///
/// # Errors
/// What ends the run as a whole. What went wrong with one promotion is its row in the outcome.
pub(crate) async fn reconcile(session: &Session, options: &RunOptions) -> Result<Outcome, Failure> {
    let writer = options.writer(&session.forge);
    let mut run = RunState::default();
    let mut request = None;
    for number in 0..MAX_ROUNDS {
        run.begin_round(session).await;
        let observation = match number {
            0 => observe_first(session, Depth::WhereItDiffers).await?,
            _ => match run.take_look_after_landing() {
                Some(snapshot) => {
                    observe_at(session, Depth::WhereItDiffers, snapshot, None).await?
                }
                None => observe(session, Depth::WhereItDiffers).await?,
            },
        };
        tracing::debug!(
            tip = %observation.snapshot.tip.id.short(),
            branches = observation.snapshot.branches.len(),
            "round {}",
            number + 1
        );
        if let Seen::NotYet = verify(session, &observation, &mut run).await? {
            continue;
        }
        if let (0, Some(asked)) = (number, &options.request) {
            request = Some(resolve::resolve(session, asked, &observation).await?);
        }
        let round =
            Round::assess(session, options, request.as_ref(), &observation, &run, None).await?;
        if number == 0 {
            resolve::plan_is_the_one_named(&round)?;
        }
        let decisions = round.decide(&mut run).await?;
        if let Some(writer) = &writer {
            // On the heap: the future of all acts is large, and a thread of the tests has a small stack.
            let acts = Box::pin(carry_out(&round, writer, &decisions, &mut run));
            if let Progress::Changed = acts.await? {
                continue;
            }
        }
        let mode = match &writer {
            Some(writer) if writer.stopped().is_some() => Mode::Observes(MAY_NOT_WRITE.to_owned()),
            _ => options.mode.clone(),
        };
        return Ok(report::finish(&round, &decisions, &mode, run).await);
    }
    Err(Failure::new(
        Exit::Blocked,
        format!("still changing after {MAX_ROUNDS} rounds"),
    )
    .hint("something else keeps writing, or two rules conflict; the next run will continue"))
}
