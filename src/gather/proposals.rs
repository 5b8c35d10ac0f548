//! Which plans stand on the forge, and whether their builds still do (semantics: delivery; A3, A25).

use std::collections::BTreeMap;

use super::landing::landed_changes;
use super::remote::RemoteRepo;
use crate::model::change::Change;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::model::policy::Policy;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::{Mergeable, Pull, Snapshot};
use crate::record::{Record, branch_is_of};
use crate::repo::{EntryId, ReadObjects, RepoError};

/// The proposals among our branches, and open pull requests that are somebody else's doing: the head's message is no record
/// or does not fit the branch's name, or somebody else opened it. A record proves nothing about who wrote it.
pub fn proposals(snapshot: &Snapshot) -> (Vec<Proposal>, Vec<Pull>) {
    let mut found = Vec::new();
    let mut strange = Vec::new();
    for branch in &snapshot.branches {
        let open = branch.pulls.iter().find(|pull| {
            pull.is_open()
                && !pull.foreign
                && pull.base == snapshot.base
                && pull.branch == branch.name
        });
        let record = Record::parse(&branch.tip.message)
            .filter(|record| branch_is_of(&branch.name, record))
            .filter(|_| open.is_none_or(|pull| pull.own));
        let Some(record) = record else {
            strange.extend(open.cloned());
            continue;
        };
        let mut edges = record.edges;
        edges.sort();
        found.push(Proposal {
            branch: branch.clone(),
            namespace: record.namespace,
            pipeline: record.pipeline,
            stage: record.stage.as_str().into(),
            edges,
            plan: record.plan,
            build: record.build,
            requested_by: record.requested_by,
            emergency: record.emergency.is_some() && record.requested_by.is_some(),
            rollback: record.rollback.map(|(landing, _)| landing),
        });
    }
    (found, strange)
}

/// What a build is compared with.
pub struct Wanted<'a> {
    /// The base's tip.
    pub tip: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// The plan's files with the edits made on that tip; `None` for a plan that would not be made now.
    pub files: Option<&'a BTreeMap<String, BlobId>>,
    /// The policy.
    pub policy: &'a Policy,
}

/// Whether the build of an open pull request stands. An `Err` is something that is not here yet.
///
/// # Errors
/// Where something must be fetched first.
pub fn build(
    repo: &RemoteRepo,
    proposal: &Proposal,
    pull: &Pull,
    wanted: &Wanted<'_>,
) -> Result<Build, RepoError> {
    if let Some(moved) = moved(proposal, pull) {
        return Ok(moved);
    }
    let head = &proposal.branch.tip;
    let [parent] = head.parents[..] else {
        return Ok(Build::HeadMoved(
            "its head is not one commit on top of the base".to_owned(),
        ));
    };
    let files = match wanted.files {
        Some(files) => files.clone(),
        None => match files_of(repo, &head.id, &parent, &wanted.tip)? {
            Some(files) => files,
            // The files that it edits have changed since.
            None => return ours(repo, proposal, wanted.policy, Build::BaseMoved),
        },
    };
    let expected = match repo.tree_with(&wanted.tree, &files) {
        Ok((tree, _)) => tree,
        Err(RepoError::Refused { .. }) => {
            return ours(repo, proposal, wanted.policy, Build::BaseMoved);
        }
        Err(error) => return Err(error),
    };
    if parent == wanted.tip {
        if head.tree == expected {
            return Ok(Build::Stands);
        }
        return ours(repo, proposal, wanted.policy, Build::BaseMoved);
    }
    match &pull.mergeable {
        Mergeable::Yes(test) if test.parents == [wanted.tip, head.id] => {
            if test.tree == expected {
                Ok(Build::Stands)
            } else {
                ours(repo, proposal, wanted.policy, Build::BaseMoved)
            }
        }
        Mergeable::No => ours(repo, proposal, wanted.policy, Build::BaseMoved),
        // Also a trial of an older tip.
        Mergeable::Yes(_) | Mergeable::Unknown => Ok(Build::Unknown),
    }
}

/// Whether anything about the pull request says that its head was moved, as far as that shows without reading objects.
pub fn moved(proposal: &Proposal, pull: &Pull) -> Option<Build> {
    let head_moved = |why: &str| Some(Build::HeadMoved(why.to_owned()));
    if pull.force_pushes > 0 {
        return head_moved("somebody pushed over the branch");
    }
    if pull.commits > 1 {
        return head_moved("somebody pushed to the branch");
    }
    if proposal.branch.tip.id != pull.head {
        // One of the two answers lags; the next look tells.
        return Some(Build::Unknown);
    }
    None
}

/// `otherwise`, if the head's own difference proves the plan of its record; else its head was moved.
fn ours(
    repo: &RemoteRepo,
    proposal: &Proposal,
    policy: &Policy,
    otherwise: Build,
) -> Result<Build, RepoError> {
    Ok(match changes(repo, proposal, policy)? {
        Some(_) => otherwise,
        None => Build::HeadMoved("its content is not what its plan says".to_owned()),
    })
}

/// What a proposal changes, if its head's own difference proves the plan of its record.
///
/// # Errors
/// Where something must be fetched first, or could not be.
pub fn changes(
    repo: &RemoteRepo,
    proposal: &Proposal,
    policy: &Policy,
) -> Result<Option<Vec<Change>>, RepoError> {
    let head = &proposal.branch.tip;
    let ([parent], Some(record)) = (&head.parents[..], Record::parse(&head.message)) else {
        return Ok(None);
    };
    repo.know_commit(head);
    landed_changes(repo, &head.id, parent, &record, policy)
}

/// The files that a commit changed, as it left them, where each still stands at the tip as it found it.
fn files_of(
    repo: &RemoteRepo,
    head: &CommitId,
    parent: &CommitId,
    tip: &CommitId,
) -> Result<Option<BTreeMap<String, BlobId>>, RepoError> {
    let mut files = BTreeMap::new();
    for change in repo.changed_files(Some(parent), head)? {
        let (Some(old), Some(new)) = (change.old, change.new) else {
            return Ok(None);
        };
        if repo.entry_at(tip, &change.path)? != Some(EntryId::File(old)) {
            return Ok(None);
        }
        files.insert(change.path, new);
    }
    Ok(Some(files))
}
