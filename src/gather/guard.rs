//! What merging a pull request would change in the base, read by what GitHub's own trial of the merge gives.
//!
//! Not by the list of files that a pull request shows: that list is drawn up against a merge base of the past, knows no
//! former names, and leaves out what a merge takes back when both sides merged each other before. The trees of the base's
//! tip and of the trial leave nothing out.

use crate::model::ids::{BlobId, CommitId};
use crate::model::pull::RemoteCommit;
use crate::repo::{EntryKind, ReadObjects, RepoError};

use super::remote::RemoteRepo;

/// One path that a merge changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedPath {
    /// The path; what is not UTF-8 in it is shown as `U+FFFD`.
    pub path: String,
    /// The regular file that stands there afterwards.
    pub after: Option<BlobId>,
}

/// Many files: all folders of the trial are then read in one call.
const MANY: u64 = 100;

/// The paths at which a trial of a merge differs from the base's tip, sorted. `files` is about how many there are.
///
/// # Errors
/// Where something must be fetched first, or could not be.
pub fn merged_paths(
    repo: &RemoteRepo,
    tip: &CommitId,
    trial: &RemoteCommit,
    files: u64,
) -> Result<Vec<MergedPath>, RepoError> {
    repo.know_commit(trial);
    if files > MANY {
        repo.prepare(&trial.id)?;
    }
    let regular =
        |kind: Option<EntryKind>| matches!(kind, Some(EntryKind::File | EntryKind::Executable));
    let changes = repo.changed_files(Some(tip), &trial.id)?;
    Ok(changes
        .into_iter()
        .map(|change| MergedPath {
            after: change.new.filter(|_| regular(change.new_kind)),
            path: change.path,
        })
        .collect())
}

/// The contents of files; all that are missing are asked for together.
///
/// # Errors
/// Where something must be fetched first, or could not be.
pub fn contents(repo: &RemoteRepo, blobs: &[BlobId]) -> Result<Vec<Vec<u8>>, RepoError> {
    let mut found = Vec::with_capacity(blobs.len());
    let mut missing = None;
    for blob in blobs {
        match repo.blob(blob) {
            Ok(bytes) => found.push(bytes),
            Err(error) => missing = Some(error),
        }
    }
    missing.map_or(Ok(found), Err)
}
