//! The loop of `reconcile`, and of `promote` on GitHub: observe, assess, decide, act, verify, report.
//!
//! The event that started the run only woke it up. Each round reads everything, decides about every stage, and acts:
//! first on what does not move the base branch, then with at most one landing. After anything that may change a
//! decision, everything is read again, so that no decision is ever made from what the run believes that it wrote.

use crate::error::{Exit, Failure};
use crate::gather::Depth;
use crate::reconcile::act::carry_out::carry_out;
use crate::reconcile::observe::fetch::observe;
use crate::reconcile::observe::prefetch::observe_first;
use crate::reconcile::outcome::Outcome;
use crate::reconcile::request::RunOptions;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::reconcile::verify::{Seen, verify};
use crate::reconcile::{report, resolve};
use crate::session::Session;

/// A run that needs more rounds than this is taken to go in circles.
const MAX_ROUNDS: usize = 200;

/// Carries out one run.
///
/// # Errors
/// What ends the run as a whole. What went wrong with one promotion is its row in the outcome.
pub(crate) async fn reconcile(session: &Session, options: &RunOptions) -> Result<Outcome, Failure> {
    let mut run = RunState::default();
    let mut request = None;
    for number in 0..MAX_ROUNDS {
        run.begin_round(session).await;
        let observation = match number {
            0 => observe_first(session, Depth::WhereItDiffers).await?,
            _ => observe(session, Depth::WhereItDiffers).await?,
        };
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
        // On the heap: the future of all acts is large, and a thread of the tests has a small stack.
        let acts = Box::pin(carry_out(&round, &decisions, &mut run));
        if let Progress::Changed = acts.await? {
            continue;
        }
        return Ok(report::finish(&round, &decisions, run).await);
    }
    Err(Failure::new(
        Exit::Blocked,
        format!("the state still changed after {MAX_ROUNDS} turns"),
    )
    .hint("somebody else is writing all the time, or two rules fight; the next run goes on"))
}
