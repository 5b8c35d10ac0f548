//! The guard of `guard: true`: the status `sluice` on every open pull request into the base that is not a promotion.
//!
//! Promotions keep their own status. What cannot be determined gets no success, and nothing is written if the status
//! already says the same in our name.

mod head;
mod merges;

use crate::error::{Exit, Failure};
use crate::forge::{CONTEXT, ForgeError, StatusNow, Stopped, Writer};
use crate::model::actor::UserId;
use crate::plan::guard::GuardVerdict;
use crate::reconcile::guard::head::Head;
use crate::reconcile::guard::merges::Guard;
use crate::reconcile::round::Round;
use crate::reconcile::state::{MIN_REQUESTS_LEFT, Progress, RunState};
use crate::report::escape;

/// At most this many pull requests are judged in a run, the most recently updated first.
const MAX_PULLS: usize = 200;
/// GitHub's message if a commit has a thousand statuses of one context.
const FULL: &str = "has reached the maximum number of statuses";
/// At most this many times everything is read again because the base moved meanwhile.
const MAX_LATE: u32 = 3;

/// Judges every other open pull request. [`Progress::Changed`]: the base moved, and everything has to be read again.
pub(crate) async fn guard(
    round: &Round<'_>,
    writer: &Writer,
    run: &mut RunState,
) -> Result<Progress, Failure> {
    let repository = &round.observation.repository;
    if !repository.policy.guard || repository.policy_finding.is_some() {
        return Ok(Progress::Unchanged);
    }
    if !may_go_on(round, writer, run) {
        return Ok(Progress::Unchanged);
    }
    let forge = &round.session.forge;
    let base = &round.observation.snapshot.base;
    let open = match forge.open_pulls(base, CONTEXT, MAX_PULLS).await {
        Ok(open) => open,
        Err(error) => {
            went_wrong(writer, error, run)?;
            return Ok(Progress::Unchanged);
        }
    };
    if open.tip != round.observation.snapshot.tip.id {
        run.guarded_late += 1;
        if run.guarded_late <= MAX_LATE {
            return Ok(Progress::Changed);
        }
        run.outcome.notices.push(format!(
            "{} keeps changing while other pull requests are checked: the next run sets the guard's status on them",
            base
        ));
        return Ok(Progress::Unchanged);
    }
    if open.total > MAX_PULLS as u64 {
        run.outcome.notices.push(format!(
            "of {} open pull requests the guard checked the {MAX_PULLS} most recently updated ones: the others have no new \
             status",
            open.total
        ));
    }
    let heads = Head::all(round, &open);
    let verdicts = Guard::new(round).verdicts(&heads, run).await?;
    for (head, verdict) in heads.iter().zip(verdicts) {
        if !may_go_on(round, writer, run) {
            break;
        }
        match say(round, writer, head, &verdict, open.viewer).await {
            Ok(()) => {}
            Err(error) if error.said(FULL) => run.outcome.notices.push(format!(
                "the guard: GitHub takes no further status `{CONTEXT}` on {}, the head of {}, which keeps the one that it has: push a new \
                 commit to that branch",
                head.commit.short(),
                head.numbers()
            )),
            Err(error) => went_wrong(writer, error, run)?,
        }
    }
    Ok(Progress::Unchanged)
}

/// Whether enough API requests are left, and the token may still write.
fn may_go_on(round: &Round<'_>, writer: &Writer, run: &mut RunState) -> bool {
    let forge = &round.session.forge;
    if writer.stopped().is_some() {
        return false;
    }
    let few = forge
        .remaining()
        .is_some_and(|left| left < MIN_REQUESTS_LEFT);
    let notice = format!(
        "fewer than {MIN_REQUESTS_LEFT} API requests remain: the guard leaves the other pull requests unchanged"
    );
    if few && !run.outcome.notices.contains(&notice) {
        run.outcome.notices.push(notice);
    }
    !few
}

/// Returns what ends the run. Anything else becomes a notice and makes the run fail.
fn went_wrong(writer: &Writer, error: ForgeError, run: &mut RunState) -> Result<(), Failure> {
    match error {
        ForgeError::Stopped(Stopped::TokenMayNotWrite) => return Ok(()),
        ForgeError::Stopped(Stopped::BySignal)
        | ForgeError::RateLimited { .. }
        | ForgeError::Unauthorized(_) => {
            return Err(error.into());
        }
        // One clear error, and no further write in this run.
        ForgeError::Forbidden { .. } if error.said("not accessible by") => {
            writer.stop();
        }
        _ => {}
    }
    let failure = Failure::from(error);
    let mut notice = format!("the guard: {}", failure.message);
    for hint in &failure.hints {
        notice.push_str(&format!(" ({hint})"));
    }
    run.outcome.notices.push(notice);
    run.outcome.failed = Some(Exit::Failed);
    Ok(())
}

/// Sets the status, unless this account already set exactly that. Its success on this commit also stays if the verdict
/// could not be read this time: GitHub accepts a thousand statuses per commit, and a base that moves often would use
/// them up.
async fn say(
    round: &Round<'_>,
    writer: &Writer,
    head: &Head<'_>,
    verdict: &GuardVerdict,
    own: Option<UserId>,
) -> Result<(), ForgeError> {
    let forge = &round.session.forge;
    let said = match head.pulls.iter().find_map(|pull| pull.said.clone()) {
        Some(said) => said,
        None => {
            let all = forge.statuses(&head.commit).await?;
            let newest = all.into_iter().find(|status| status.context == CONTEXT);
            newest.map(|status| StatusNow {
                state: status.state,
                description: status.description,
                creator: status.creator,
            })
        }
    };
    let ours = said.filter(|said| own.is_some() && said.creator == own);
    let stays = ours.is_some_and(|said| {
        let says = |verdict: &GuardVerdict| {
            said.state == verdict.state()
                && said.description == verdict.description(escape::terminal)
        };
        let not_read = matches!(verdict, GuardVerdict::NotRead(_));
        says(verdict) || (not_read && says(&GuardVerdict::Harmless))
    });
    if stays {
        return Ok(());
    }
    let description = verdict.description(escape::terminal);
    writer
        .say(&head.commit, CONTEXT, verdict.state(), &description)
        .await?;
    Ok(())
}
