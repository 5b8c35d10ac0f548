//! Starting a workflow once, finding its run, and following it to its end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::choose::not_a_choice;
use crate::error::{Exit, Failure};
use crate::forge::{Backoff, FollowedRun, ForgeError};
use crate::model::actor::Actor;
use crate::model::signal::Ended;
use crate::model::workflow::Workflow;
use crate::reconcile::request::RunOptions;
use crate::session::Session;

/// A run is asked for this often at first, in seconds.
const FIRST_PAUSE: u32 = 2;
/// And then this often: a run that waits for a runner or for an environment's reviewers takes minutes.
const PAUSE: u32 = 5;
/// This many pauses are of the first kind.
const FIRST_PAUSES: u32 = 15;
/// As long as a run is followed, in seconds: longer than the time-out of the examples' jobs.
const MAX_FOLLOWED: u32 = 3600;

/// Starts a workflow on the base branch: once, whatever becomes of the answer.
///
/// # Errors
/// It was refused; or it is not known whether it was started.
pub(super) async fn start(
    session: &Session,
    options: &RunOptions,
    base: &str,
    workflow: &Workflow,
    inputs: &BTreeMap<String, String>,
    by: &Actor,
    pages: &str,
) -> Result<FollowedRun, Failure> {
    let forge = &session.forge;
    let file = workflow.file.as_str();
    let page = format!("{pages}/actions/workflows/{file}");
    let entry = match forge.workflow_entry(file).await {
        Ok(entry) => entry,
        Err(ForgeError::NotFound { .. }) => {
            return Err(Failure::usage(format!(
                "GitHub does not know the workflow {file} yet, or the token may not read workflows"
            ))
            .hint(format!(
                "look at {page}; a fine-grained token needs Actions: write"
            )));
        }
        Err(error) => return Err(error.into()),
    };
    if entry.state != "active" {
        return Err(Failure::usage(format!(
            "the workflow {file} is not enabled ({})",
            entry.state
        ))
        .hint(format!("enable it on {page}, then try again")));
    }
    let Some(writer) = options.writer(forge) else {
        return Err(Failure::usage("nothing is started in a dry run"));
    };
    // Its run is not among these.
    let before = forge.runs_started_by(file, base, &by.login).await?;
    let before: BTreeSet<u64> = before.iter().map(|run| run.id).collect();
    let answer = writer.dispatch_run(file, base, &json!(inputs)).await;
    let lost = match answer {
        Ok(Some(id)) => match forge.followed_run(id).await {
            Ok(run) => return Ok(run),
            // It is known already, and not everywhere.
            Err(ForgeError::NotFound { .. }) => None,
            Err(error) => return Err(not_followed(error, &page)),
        },
        Ok(None) => None,
        Err(error) if error.uncertain() => Some(error),
        Err(error) => return Err(refused(error, workflow, inputs, &page)),
    };
    let mut looks = Backoff::doubling(1, 4);
    loop {
        let listed = forge.runs_started_by(file, base, &by.login).await;
        let listed = listed.map_err(|error| not_followed(error, &page))?;
        let mut new: Vec<FollowedRun> = listed
            .into_iter()
            .filter(|run| !before.contains(&run.id))
            .collect();
        match new.len() {
            0 if forge.wait_for(&mut looks).await => {}
            0 => return Err(unknown(lost.as_ref(), file, &page)),
            1 => return Ok(new.remove(0)),
            _ => {
                let pages: Vec<&str> = new.iter().map(|run| run.url.as_str()).collect();
                return Err(Failure::new(
                    Exit::Failed,
                    format!("{file} was started, and {} started it more than once: it is not known which run is this one", by.login),
                )
                .hint(format!("look at {}", pages.join(" and "))));
            }
        }
    }
}

/// It is not known whether the workflow was started, so it is not started again.
fn unknown(lost: Option<&ForgeError>, file: &str, page: &str) -> Failure {
    let why = match lost {
        Some(error) => {
            format!("{error}: {file} may have been started or not, and was not started again")
        }
        None => format!("{file} was started, but GitHub does not list its run"),
    };
    Failure::new(Exit::Failed, why).hint(format!("look at {page} before you try again"))
}

fn not_followed(error: ForgeError, page: &str) -> Failure {
    Failure::from(error).hint(format!("the workflow was started: look at {page}"))
}

/// A refusal: nothing was started.
fn refused(
    error: ForgeError,
    workflow: &Workflow,
    inputs: &BTreeMap<String, String>,
    page: &str,
) -> Failure {
    let file = &workflow.file;
    match error {
        ForgeError::Refused { said, .. } if said.contains("not in the list of allowed values") => {
            let named = inputs.iter().find(|(name, value)| {
                said.contains(&format!("'{name}'")) && said.contains(&format!("'{value}'"))
            });
            match named {
                Some((name, value)) => not_a_choice(file, name, value, &[]),
                None => Failure::usage(format!("GitHub refused to start {file}: {said}"))
                    .hint(format!("compare the inputs with {page}")),
            }
        }
        ForgeError::Forbidden { said, .. } => Failure::new(
            Exit::Failed,
            format!("the token may not start {file}: {said}"),
        )
        .hint("it takes write access to the repository; a fine-grained token needs Actions: write, a classic one the scope `repo`"),
        other => Failure::from(other).hint(format!("nothing was started; the workflow: {page}")),
    }
}

/// Waits until the run of a workflow ends.
///
/// # Errors
/// It could not be read, it took too long, or this command was told to stop; the run goes on.
pub(super) async fn follow(
    session: &Session,
    file: &str,
    mut run: FollowedRun,
) -> Result<FollowedRun, Failure> {
    let forge = &session.forge;
    let goes_on = format!("the run goes on: {}", run.url);
    let mut waited = 0;
    let mut pauses = 0;
    while run.ended == Ended::NotYet {
        tracing::debug!(
            seconds = waited,
            "run {} of {}: {}",
            run.number,
            file,
            run.status
        );
        let pause = match pauses < FIRST_PAUSES {
            true => FIRST_PAUSE,
            false => PAUSE,
        };
        if waited + pause > MAX_FOLLOWED {
            return Err(Failure::new(
                Exit::Failed,
                format!(
                    "run {} of {} has not ended after {} minutes",
                    run.number,
                    file,
                    waited / 60
                ),
            )
            .hint(goes_on));
        }
        if !forge.pause(pause).await {
            return Err(
                Failure::new(Exit::Failed, "told to stop before the run ended").hint(goes_on),
            );
        }
        waited += pause;
        pauses += 1;
        let next = forge.followed_run(run.id).await;
        run = next.map_err(|error| Failure::from(error).hint(goes_on.clone()))?;
    }
    Ok(run)
}
