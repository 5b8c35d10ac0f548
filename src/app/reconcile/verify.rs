//! The look at the base after a landing: what is there must be what was approved (A25, R-3.12).

use std::collections::BTreeMap;

use super::turn::Key;
use super::{Memory, Row, RowKind, Seen};
use crate::app::session::Session;
use crate::error::Failure;
use crate::execute::EditedFile;
use crate::gather::{self, RemoteRepo};
use crate::model::ids::{BlobId, CommitId, PlanId, PullNumber, TreeId};
use crate::model::policy::Policy;
use crate::model::pull::PullState;
use crate::record::Record;
use crate::repo::{EntryId, EntryKind, ReadObjects, Repo, RepoError};

/// A landing that has still to be seen on the base.
#[derive(Clone, Debug)]
pub(super) struct Landing {
    pub key: Key,
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
enum Landed {
    /// Exactly what was approved.
    AsApproved,
    /// GitHub merged it with a change that the base got at the same moment; what it changed still is exactly the plan.
    Merged,
    /// Something else.
    Otherwise,
}

pub(super) fn blobs(files: &[EditedFile]) -> Result<BTreeMap<String, BlobId>, RepoError> {
    files
        .iter()
        .map(|file| Ok((file.path.to_string(), Repo::hash_blob(&file.after)?)))
        .collect()
}

impl Landing {
    /// Whether every file is at a commit as this landing leaves it.
    fn is_at(&self, repo: &RemoteRepo, commit: &CommitId) -> Result<bool, RepoError> {
        let mut there = true;
        for (path, blob) in &self.files {
            there &= repo.entry_at(commit, path)? == Some(EntryId::File(*blob));
        }
        Ok(there)
    }

    /// What a commit on the base, which is this landing, made of its first parent.
    fn judge(
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

/// Looks on the base for what was landed in the turn before. `Ok(false)`: it is not to be seen yet.
pub(super) async fn verify(
    session: &Session,
    seen: &Seen,
    memory: &mut Memory,
) -> Result<bool, Failure> {
    let Some(mut landing) = memory.landing.take() else {
        return Ok(true);
    };
    let tip = &seen.snapshot.tip;
    let merged = landing.pull.and_then(|number| {
        let pulls = seen
            .snapshot
            .branches
            .iter()
            .flat_map(|branch| &branch.pulls);
        // One that was merged into another branch at the last moment did not land (A26).
        pulls
            .into_iter()
            .find(|pull| pull.number == number && pull.base == seen.snapshot.base)
            .cloned()
    });
    let commit = match merged.as_ref().map(|pull| &pull.state) {
        Some(PullState::Merged { commit, .. }) => *commit,
        // GitHub may have deleted its branch already.
        _ => {
            let mut all = seen.snapshot.merged.iter();
            all.find(|pull| Some(pull.number) == landing.pull)
                .and_then(|pull| pull.commit)
        }
    };
    let commit = landing.commit.or(commit);
    let still_open = merged.as_ref().is_some_and(|pull| pull.is_open());
    if tip.id == landing.tip || still_open {
        // The merge was answered; the reading side lags behind it for a moment.
        landing.looks += 1;
        if landing.looks <= 5 && session.forge.wait(landing.looks).await {
            memory.landing = Some(landing);
            return Ok(false);
        }
        if still_open {
            // It was not applied after all: the next run finds it as it is.
            return Ok(true);
        }
    }
    let repo = session.remotes.here();
    let policy = &seen.world.policy;
    let landed = if tip.tree == landing.tree {
        Landed::AsApproved
    } else {
        session
            .settle(|| {
                Ok(match commit {
                    Some(commit) => landing.judge(repo, &commit, &tip.id, policy)?,
                    // GitHub names no commit for it: then what is there now tells.
                    None if landing.is_at(repo, &tip.id)? => Landed::AsApproved,
                    None => Landed::Otherwise,
                })
            })
            .await?
    };
    landing.row.why = match landed {
        Landed::AsApproved => "landed".to_owned(),
        Landed::Merged => format!(
            "landed, and GitHub merged it with a change that {} got at the same moment",
            seen.snapshot.base
        ),
        Landed::Otherwise => format!(
            "what stands on {} is not what was approved: compare {} with its plan",
            seen.snapshot.base,
            landing
                .pull
                .map_or_else(|| "the commit".to_owned(), |number| number.to_string())
        ),
    };
    if landed == Landed::Otherwise {
        memory.stopped.insert(
            (landing.key.0.clone(), landing.key.1.clone()),
            landing.row.why.clone(),
        );
        landing.row.kind = RowKind::Blocked;
        landing.row.next = Some("put right what stands on the base by hand".to_owned());
        memory.failed.insert(landing.key);
    } else {
        landing.row.commit = Some(commit.unwrap_or(tip.id));
        memory.landed.insert(landing.key);
        memory.landed_plans.insert(landing.plan);
    }
    memory.outcome.rows.push(landing.row);
    Ok(true)
}
