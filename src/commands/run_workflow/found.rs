//! What a workflow's run left on GitHub: landings and pull requests of one stage.
//!
//! Pull requests and landings are found by their records, and shown as links: nothing is decided by them.

use crate::commands::installed::pages;
use crate::error::Failure;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::pull::Snapshot;
use crate::model::record::Record;
use crate::reconcile::request::{PromoteRequest, RunOptions};
use crate::repo::{ReadObjects, RepoError};
use crate::session::Session;

/// At most this many commits of the base branch are looked at.
const MAX_COMMITS: usize = 20;

/// What a run left for its stage.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What landed while it ran, newest first.
    pub landed: Vec<FoundLanding>,
    /// The pull requests that are open.
    pub open: Vec<FoundPull>,
}

/// A commit that landed.
#[derive(Debug)]
pub(super) struct FoundLanding {
    pub commit: CommitId,
    /// Its subject; foreign text.
    pub subject: String,
    pub url: String,
}

/// An open pull request.
#[derive(Debug)]
pub(super) struct FoundPull {
    pub number: PullNumber,
    /// Its title; foreign text.
    pub title: String,
    pub url: String,
    /// It was not there before the run.
    pub is_new: bool,
}

/// What there is for the stage of a request now, compared with what there was before.
pub(super) async fn results(
    session: &Session,
    options: &RunOptions,
    request: &PromoteRequest,
    before: &Snapshot,
) -> Result<Found, Failure> {
    let after = session.forge.snapshot().await?;
    let here = session.remotes.here();
    here.know_commit(&after.tip);
    let is_it = |message: &str| {
        Record::parse(message).is_some_and(|record| {
            options.includes(&record.promotion().pipeline) && record.stage == request.to
        })
    };
    let pages = pages(session);
    let ask = || Ok(commits_since(here, &after.tip.id, &before.tip.id)?);
    let commits = session.fetch_until_complete(ask).await?;
    let landed = commits
        .into_iter()
        .filter(|(_, message)| is_it(message))
        .map(|(commit, message)| FoundLanding {
            commit,
            subject: message.lines().next().unwrap_or_default().to_owned(),
            url: format!("{pages}/commit/{commit}"),
        });
    let open = after
        .branches
        .iter()
        .filter(|branch| is_it(&branch.tip.message))
        .flat_map(|branch| &branch.pulls)
        .filter(|pull| pull.is_open() && !pull.foreign && pull.base == after.base)
        .map(|pull| FoundPull {
            number: pull.number,
            title: pull.title.clone(),
            url: pull.url.clone(),
            is_new: !before
                .branches
                .iter()
                .flat_map(|branch| &branch.pulls)
                .any(|other| other.number == pull.number),
        });
    Ok(Found {
        landed: landed.collect(),
        open: open.collect(),
    })
}

/// The commits of the base branch that are newer than another one, newest first, with their messages. First parents are followed.
fn commits_since(
    repo: &dyn ReadObjects,
    tip: &CommitId,
    since: &CommitId,
) -> Result<Vec<(CommitId, String)>, RepoError> {
    let mut found = Vec::new();
    let mut next = Some(*tip);
    while let Some(commit) = next.filter(|commit| commit != since) {
        if found.len() == MAX_COMMITS {
            break;
        }
        let info = repo.commit_info(&commit)?;
        next = info.parents.first().copied();
        found.push((commit, info.message));
    }
    Ok(found)
}
