//! Reports about content by those who may make them: deployments, check runs, commit statuses.

use std::collections::BTreeSet;

use super::content::Stretch;
use crate::model::actor::UserId;
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::policy::CheckOf;
use crate::model::signal::{Ended, Signal};
use crate::repo::{AskAll, RepoError};

/// In a long stretch, this many commits are read from its old end, where content is tested, and this many from its new
/// end.
const FROM_OLD: usize = 150;
const FROM_NEW: usize = 50;

/// Of commits that have reports, and of deployments, this many are read in full from either end.
const READ: usize = 10;

/// This many from either end.
fn ends<T: Clone>(all: &[T], old: usize, new: usize) -> Vec<T> {
    if all.len() <= old + new {
        return all.to_vec();
    }
    let newest = all.iter().take(new);
    let oldest = all.iter().skip(all.len() - old);
    newest.chain(oldest).cloned().collect()
}

fn words(error: RepoError) -> String {
    error.to_string()
}

/// Check runs by the App.
pub(super) fn checks(stretches: &[Stretch<'_>], check: &CheckOf) -> Fetched<Vec<Signal>> {
    each(stretches, |stretch, commits| {
        let spoken = stretch.repo.spoken_about(commits, None, Some(check.app))?;
        read(&ends(&spoken, READ, READ), |commit| {
            Ok(stretch.repo.check_runs(commit, check)?.to_vec())
        })
    })
}

/// Commit statuses of a context by its creator.
pub(super) fn statuses(
    stretches: &[Stretch<'_>],
    context: &str,
    creator: UserId,
) -> Fetched<Vec<Signal>> {
    each(stretches, |stretch, commits| {
        let spoken = stretch.repo.spoken_about(commits, Some(context), None)?;
        read(&ends(&spoken, READ, READ), |commit| {
            let all = stretch.repo.statuses(commit)?;
            let by_them = all
                .iter()
                .filter(|status| status.context == context && status.creator == Some(creator));
            Ok(by_them.map(|status| status.signal.clone()).collect())
        })
    })
}

/// What the creator reported about deployments to an environment. A deployment that another one with the same content
/// replaced is not held against it.
pub(super) fn deployments(
    stretches: &[Stretch<'_>],
    environment: &str,
    creator: UserId,
) -> Fetched<Vec<Signal>> {
    each(stretches, |stretch, commits| {
        let commits: BTreeSet<&CommitId> = commits.iter().collect();
        let all = stretch.repo.deployments(environment)?;
        let of_it: Vec<u64> = all
            .iter()
            .filter(|deployment| commits.contains(&deployment.commit))
            .map(|deployment| deployment.id)
            .collect();
        let newest = of_it.iter().max().copied();
        read(&ends(&of_it, READ, READ), |id| {
            let all = stretch.repo.deployment_statuses(*id)?;
            let by_them = all.iter().filter(|status| status.creator == Some(creator));
            let counts = by_them.filter(|status| status.state != "inactive" || newest == Some(*id));
            Ok(counts.map(|status| status.signal.clone()).collect())
        })
    })
    .map(|mut signals| {
        // The last report about a deployment is its result.
        signals.retain(|signal: &Signal| signal.ended != Ended::NotYet);
        signals
    })
}

/// What a look at every stretch comes to; all are looked at, so that what is missing is fetched side by side.
fn each(
    stretches: &[Stretch<'_>],
    look: impl Fn(&Stretch<'_>, &[CommitId]) -> Result<Vec<Signal>, RepoError>,
) -> Fetched<Vec<Signal>> {
    let look = |stretch: &Stretch<'_>| look(stretch, &ends(&stretch.commits, FROM_OLD, FROM_NEW));
    read(stretches, look).map_err(words)
}

/// What a look at each of these comes to.
fn read<T>(
    all: &[T],
    look: impl Fn(&T) -> Result<Vec<Signal>, RepoError>,
) -> Result<Vec<Signal>, RepoError> {
    let mut found = Vec::new();
    let mut looks = AskAll::new();
    for one in all {
        found.extend(looks.ask(look(one)).unwrap_or_default());
    }
    looks.answered(found)
}
