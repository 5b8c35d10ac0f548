//! Promotions whose pipeline is missing because the file that held it can no longer be read: missing does not mean
//! deleted.

use std::collections::BTreeSet;

use crate::catalog::read_file;
use crate::error::Failure;
use crate::model::catalog::MayHold;
use crate::model::life::LifeState;
use crate::model::proposal::Proposal;
use crate::model::source_location::RepoPath;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::repo::{ReadObjects, RepoError};

impl Round<'_> {
    /// Whether the pipeline of a proposal was, at its base, in a file that is now a template, a link or the like. Adds
    /// a row that says so.
    pub(crate) async fn is_out_of_sight(
        &self,
        proposal: &Proposal,
        run: &mut RunState,
    ) -> Result<bool, Failure> {
        let files = may_hold(self.observation, proposal);
        if files.is_empty() {
            return Ok(false);
        }
        let repo = self.session.remotes.here();
        repo.know_commit(&proposal.branch.tip);
        let policy = &self.observation.repository.policy;
        let look = || {
            let held = files.iter().map(|file| held(repo, proposal, file, policy));
            Ok(held.collect::<Result<Vec<_>, _>>())
        };
        let why = match self.session.fetch_until_complete(look).await? {
            Ok(held) => held.into_iter().flatten().next(),
            Err(error) => Some(format!(
                "it could not be read where {} was when this was opened: {error}",
                proposal.pipeline
            )),
        };
        let Some(why) = why else {
            return Ok(false);
        };
        let next = "turn it back into a manifest, or close the pull request".to_owned();
        let row = self.row_of(proposal, LifeState::Error, why, Some(next));
        if !run
            .outcome
            .rows
            .iter()
            .any(|said| said.pull == row.pull && said.why == row.why)
        {
            run.outcome.rows.push(row);
        }
        Ok(true)
    }
}

/// The files that may hold the pipeline of a proposal out of sight; empty if the catalog has it.
fn may_hold(observation: &Observation, proposal: &Proposal) -> BTreeSet<RepoPath> {
    let catalog = &observation.evaluation.catalog;
    let mut pipelines = catalog.pipelines.iter();
    let is_there = pipelines.any(|pipeline| {
        pipeline.name.as_str() == proposal.pipeline && pipeline.namespace == proposal.namespace
    });
    if is_there {
        return BTreeSet::new();
    }
    let unread = catalog.unread.iter();
    let files = unread.filter(|one| !one.is_broken() && one.may_hold == MayHold::Ours);
    files.map(|one| one.file.clone()).collect()
}

/// Why a pipeline is out of sight, if this file held it at the base of its proposal.
fn held(
    repo: &dyn ReadObjects,
    proposal: &Proposal,
    file: &RepoPath,
    policy: &crate::model::policy::Policy,
) -> Result<Option<String>, RepoError> {
    let Some(base) = proposal.branch.tip.parents.first() else {
        return Ok(None);
    };
    let Some((_, bytes)) = repo.blob_at(base, file.as_str())? else {
        return Ok(None);
    };
    let found = read_file(file, &bytes, policy).unwrap_or_default();
    let mut pipelines = found.pipelines.iter();
    let was_there = pipelines.any(|pipeline| {
        pipeline.name.as_str() == proposal.pipeline && pipeline.namespace == proposal.namespace
    });
    Ok(was_there.then(|| {
        format!(
            "{file} contained the Pipeline {} when this was opened, and now contains no plain YAML for it",
            proposal.pipeline
        )
    }))
}
