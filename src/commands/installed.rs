//! The workflows of a repository on GitHub: which one reconciles it, and how that is doing.

use jiff::Timestamp;

use crate::error::Failure;
use crate::forge::ForgeError;
use crate::gather::workflow_files;
use crate::model::ids::CommitId;
use crate::model::signal::Ended;
use crate::model::workflow::{
    Installation, Installed, LastRun, UnreadWorkflow, Workflow, is_placeholder,
};
use crate::session::Session;
use crate::workflow::{longest_interval, parse};

/// The workflow files of a commit, each as it was read.
pub(super) type WorkflowFiles = Vec<Result<Workflow, UnreadWorkflow>>;

/// The workflow files at a commit of the repository.
///
/// # Errors
/// They could not be fetched.
pub(super) async fn workflows(session: &Session, tip: &CommitId) -> Result<WorkflowFiles, Failure> {
    let ask = || Ok(workflow_files(session.remotes.here(), tip)?);
    let files = session.fetch_until_complete(ask).await?;
    let files = files.iter();
    Ok(files.map(|(name, bytes)| parse(name, bytes)).collect())
}

/// The address of the repository's pages.
pub(super) fn pages(session: &Session) -> String {
    format!(
        "https://{}/{}",
        session.remotes.host(),
        session.forge.slug()
    )
}

/// The workflow that reconciles the repository. `tip` is that of the base branch.
pub(super) async fn installed(
    session: &Session,
    base: &str,
    tip: &CommitId,
    now: Timestamp,
) -> Installation {
    let files = workflows(session, tip).await;
    let files = files.map_err(|failure| failure.message)?;
    let mut reconciling: Vec<&Workflow> = files
        .iter()
        .filter_map(|file| file.as_ref().ok())
        .filter(|workflow| workflow.reconciles())
        .collect();
    // One that has a schedule is the install; another one may only be started by hand.
    reconciling.sort_by_key(|workflow| workflow.schedule.is_empty());
    let Some(workflow) = reconciling.first() else {
        let unread = files.iter().find_map(|file| file.as_ref().err());
        return match unread {
            Some(UnreadWorkflow { file, why }) => Err(format!("{file}: {why}")),
            None => Ok(None),
        };
    };
    let file = workflow.file.as_str();
    let (entry, runs) = tokio::join!(
        session.forge.workflow_entry(file),
        session.forge.runs_on(file, base)
    );
    let state = match entry {
        Ok(entry) => Ok(entry.state),
        // The file is on the default branch, so GitHub would know it if the token might read workflows.
        Err(ForgeError::NotFound { .. }) => Err("the token may not read workflows".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let last = runs.map_err(|error| error.to_string()).map(|runs| {
        let mut ended = runs.into_iter().filter(|run| match &run.ended {
            Ended::NotYet => false,
            Ended::Well => true,
            // A newer run takes the place of one that waits.
            Ended::Badly(word) => word != "cancelled" && word != "skipped",
        });
        ended.next().map(|run| LastRun {
            url: run.url,
            at: run.created,
            ended: run.ended,
        })
    });
    Ok(Some(Installed {
        file: workflow.file.clone(),
        url: format!("{}/actions/workflows/{file}", pages(session)),
        has_placeholder: workflow.steps.iter().any(|step| is_placeholder(&step.uses)),
        state,
        interval: longest_interval(&workflow.schedule, now),
        last,
    }))
}
