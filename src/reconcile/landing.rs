//! A landing that still has to be seen on the base, and whether the commit there is what was approved.

use std::collections::BTreeMap;

use crate::execute::EditedFile;
use crate::forge::{Backoff, MergeAnswer, Receipt};
use crate::gather::{self, RemoteRepo};
use crate::model::ids::{BlobId, CommitId, PlanId, PullNumber, TreeId};
use crate::model::policy::Policy;
use crate::model::promotion_id::StageKey;
use crate::model::pull::{MergedPull, Pull, PullState, Snapshot};
use crate::model::record::Record;
use crate::reconcile::outcome::Row;
use crate::repo::{EntryId, EntryKind, ReadObjects, Repo, RepoError};

/// A landing that still has to be seen on the base.
#[derive(Clone, Debug)]
pub(crate) struct PendingLanding {
    /// The stage that was promoted.
    pub key: StageKey,
    /// Its row in the report.
    pub row: Row,
    /// The plan that it lands.
    pub plan: PlanId,
    /// The base's tip at the last look.
    pub tip: CommitId,
    /// The tree that the landing makes of that tip.
    pub tree: TreeId,
    /// The blobs that it leaves, by path.
    pub files: BTreeMap<String, BlobId>,
    /// The record of the head, if it lands a pull request.
    pub record: Option<Record>,
    /// The pull request, unless it is a commit directly onto the base.
    pub pull: Option<PullNumber>,
    /// The commit that Sluice itself advanced the base to.
    pub commit: Option<CommitId>,
    /// What a look would show after it, if GitHub's answer to the merge said enough for that. The next round begins with
    /// it.
    pub after: Option<Box<Snapshot>>,
    /// What its pull request will say once the landing was seen, if it is known as which commit it lands.
    pub receipt: Option<Receipt>,
    /// The waits before the next looks for it.
    pub looks: Backoff,
}

/// What a look would show after this merge, of what the look before it showed: the base branch where GitHub says that it is
/// now, and the pull request merged. `None` if the merge is not the one commit on the tip that was looked at, or went into
/// another branch: then it has to be looked at.
///
/// Other people's changes since that look are not in it. They are not in any look that was sent a moment earlier either:
/// every write is compare-and-swap, and the next landing has a last look of its own.
pub(crate) fn after_merge(before: &Snapshot, pull: &Pull, answer: MergeAnswer) -> Option<Snapshot> {
    let MergeAnswer {
        commit,
        base,
        base_tip,
        at,
        now,
    } = answer;
    let on_the_tip = commit.parents.first() == Some(&before.tip.id);
    if base != before.base || base_tip != commit.id || !on_the_tip {
        return None;
    }
    let mut after = before.clone();
    after.now = now;
    let by = pull.author.clone();
    let branch = after.branches.iter_mut().find(|branch| {
        let mut pulls = branch.pulls.iter();
        pulls.any(|one| one.number == pull.number)
    })?;
    let success = branch
        .status
        .as_ref()
        .is_some_and(|status| status.is_success());
    let merged = MergedPull {
        number: pull.number,
        branch: pull.branch.clone(),
        head: pull.head,
        message: branch.tip.message.clone(),
        success,
        gates_passed: success,
        status: String::new(),
        author: by.clone(),
        at,
        by: by.clone(),
        commit: Some(commit.id),
    };
    for one in &mut branch.pulls {
        if one.number == pull.number {
            one.state = PullState::Merged {
                at,
                by: by.clone(),
                commit: Some(commit.id),
            };
            one.said = None;
        }
    }
    if after.deletes_merged {
        after.branches.retain(|branch| branch.name != pull.branch);
    }
    after.merged.insert(0, merged);
    after.tip = commit;
    Some(after)
}

/// The waits between looks at a base branch that does not show a landing yet.
pub(crate) const LOOKS_AFTERWARDS: Backoff = Backoff::linear(5);

/// What a landing made of the base.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Landed {
    /// Exactly what was approved.
    AsApproved,
    /// GitHub merged it with a change that the base got at the same moment; its own changes are exactly the plan's.
    Merged,
    /// Something else.
    Otherwise,
}

/// The blob of each file after its edits, by path.
pub(crate) fn blobs(files: &[EditedFile]) -> Result<BTreeMap<String, BlobId>, RepoError> {
    files
        .iter()
        .map(|file| Ok((file.path.to_string(), Repo::hash_blob(&file.after)?)))
        .collect()
}

impl PendingLanding {
    /// Whether every file at a commit is as this landing leaves it.
    pub(crate) fn is_at(&self, repo: &RemoteRepo, commit: &CommitId) -> Result<bool, RepoError> {
        let mut there = true;
        for (path, blob) in &self.files {
            there &= repo.entry_at(commit, path)? == Some(EntryId::File(*blob));
        }
        Ok(there)
    }

    /// Judges what this landing's commit on the base made of its first parent.
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
        // Sluice made this commit, so comparing the tree is enough.
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
