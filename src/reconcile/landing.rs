//! A landing that has still to be seen on the base, and what a commit there made of it.

use std::collections::BTreeMap;

use crate::execute::EditedFile;
use crate::gather::{self, RemoteRepo};
use crate::model::ids::{BlobId, CommitId, PlanId, TreeId};
use crate::model::policy::Policy;
use crate::model::promotion_id::StageKey;
use crate::model::pull::PullNumber;
use crate::reconcile::outcome::Row;
use crate::record::Record;
use crate::repo::{EntryId, EntryKind, ReadObjects, Repo, RepoError};

/// A landing that has still to be seen on the base.
#[derive(Clone, Debug)]
pub(crate) struct PendingLanding {
    pub key: StageKey,
    pub row: Row,
    pub plan: PlanId,
    /// The base's tip at the last look before it.
    pub tip: CommitId,
    /// The tree that it makes of that tip.
    pub tree: TreeId,
    /// The files as it leaves them.
    pub files: BTreeMap<String, BlobId>,
    /// What the head's record says, if it lands a pull request.
    pub record: Option<Record>,
    pub pull: Option<PullNumber>,
    /// The commit to which Sluice itself moved the base.
    pub commit: Option<CommitId>,
    /// How often it was looked for.
    pub looks: u32,
}

/// What a landing came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Landed {
    /// Exactly what was approved.
    AsApproved,
    /// GitHub merged it with a change that the base got at the same moment; what it changed still is exactly the plan.
    Merged,
    /// Something else.
    Otherwise,
}

pub(crate) fn blobs(files: &[EditedFile]) -> Result<BTreeMap<String, BlobId>, RepoError> {
    files
        .iter()
        .map(|file| Ok((file.path.to_string(), Repo::hash_blob(&file.after)?)))
        .collect()
}

impl PendingLanding {
    /// Whether every file is at a commit as this landing leaves it.
    pub(crate) fn is_at(&self, repo: &RemoteRepo, commit: &CommitId) -> Result<bool, RepoError> {
        let mut there = true;
        for (path, blob) in &self.files {
            there &= repo.entry_at(commit, path)? == Some(EntryId::File(*blob));
        }
        Ok(there)
    }

    /// What a commit on the base, which is this landing, made of its first parent.
    pub(crate) fn judge(
        &self,
        repo: &RemoteRepo,
        commit: &CommitId,
        tip: &CommitId,
        policy: &Policy,
    ) -> Result<Landed, RepoError> {
        if !repo.is_ancestor(commit, tip)? {
            return Ok(Landed::Otherwise);
        }
        let info = repo.commit_info(commit)?;
        // Its tree was compared when it was made.
        if self.commit == Some(*commit) {
            return Ok(match info.tree == self.tree {
                true => Landed::AsApproved,
                false => Landed::Otherwise,
            });
        }
        let Some(parent) = info.parents.first() else {
            return Ok(Landed::Otherwise);
        };
        let regular =
            |kind: Option<EntryKind>| matches!(kind, Some(EntryKind::File | EntryKind::Executable));
        let changed = repo.changed_files(Some(parent), commit)?;
        let as_approved = changed.len() == self.files.len()
            && changed.iter().all(|change| {
                regular(change.old_kind)
                    && change.old_kind == change.new_kind
                    && self.files.get(&change.path) == change.new.as_ref()
            });
        if as_approved {
            return Ok(Landed::AsApproved);
        }
        let Some(record) = &self.record else {
            return Ok(Landed::Otherwise);
        };
        let proved = gather::landed_changes(repo, commit, parent, record, policy)?;
        Ok(match proved.proved() {
            Some(_) => Landed::Merged,
            None => Landed::Otherwise,
        })
    }
}
