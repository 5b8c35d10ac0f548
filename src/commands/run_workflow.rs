//! `promote`, `rollback` and `retry` with a person's token: start the workflow that is installed in the repository, as *Run workflow*
//! does, wait until its run ends, and say what came of it.
//!
//! A person's token opens and lands nothing here: only pull requests of Sluice's own account are promotions. Nothing is written before
//! it is known that there is one workflow to start, and that it takes these inputs. It is started once: if the answer is lost, its run
//! is looked for.

mod choose;
mod found;
mod start;
mod started;

use super::installed::{pages, workflows};
use crate::cli::WorkflowArgs;
use crate::error::{Exit, Failure};
use crate::model::actor::Actor;
use crate::reconcile::request::{PromoteRequest, RunOptions};
use crate::session::Session;

use choose::{choose, inputs};
use found::results;
use start::{follow, start};
pub(super) use started::StartedWorkflow;

/// The person that the token belongs to, if a person's request goes to the installed workflow: not in a run of a workflow, nor with an
/// App's token, which act themselves.
///
/// # Errors
/// The account could not be read.
pub(super) async fn person_who_starts(
    session: &Session,
    options: &RunOptions,
    in_workflow: bool,
) -> Result<Option<Actor>, Failure> {
    if in_workflow || options.mode.observes() || options.request.is_none() {
        return Ok(None);
    }
    let own = session.own().await;
    let own = own.map_err(|why| Failure::new(Exit::Failed, why))?;
    Ok(own.person().is_some().then_some(own))
}

/// Starts the workflow, and waits for its run unless it is not to.
///
/// # Errors
/// Nothing was started; or it is not known whether; or the run could not be followed to its end.
pub(super) async fn run(
    session: &Session,
    options: &RunOptions,
    request: &PromoteRequest,
    by: &Actor,
    how: &WorkflowArgs,
) -> Result<StartedWorkflow, Failure> {
    if options.freeze.is_some() {
        return Err(Failure::usage(
            "--freeze cannot be passed on to the workflow that a person's token starts",
        )
        .hint("set the repository's variable SLUICE_FREEZE, or freeze in .github/sluice.yaml"));
    }
    let before = session.forge.snapshot().await?;
    session.remotes.here().know_commit(&before.tip);
    let pages = pages(session);
    let files = workflows(session, &before.tip.id).await?;
    let workflow = choose(&files, how.workflow.as_deref(), &pages)?;
    let inputs = inputs(request, workflow)?;
    let started = start(
        session,
        options,
        &before.base,
        workflow,
        &inputs,
        by,
        &pages,
    )
    .await?;
    let mut done = StartedWorkflow {
        what: format!(
            "{} of {}/{}",
            choose::command(request),
            request.pipeline,
            request.to
        ),
        by: by.login.clone(),
        file: workflow.file.clone(),
        run: started,
        found: None,
    };
    if how.no_wait {
        return Ok(done);
    }
    done.run = follow(session, &done.file, done.run).await?;
    done.found = Some(results(session, options, request, &before).await?);
    Ok(done)
}
