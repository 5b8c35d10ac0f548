//! Which plans are open on GitHub, and whether their builds are still valid (semantics: delivery; A3, A25).

use std::collections::BTreeMap;

use super::landing::landed_changes;
use super::remote::RemoteRepo;
use crate::model::change::Change;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::model::policy::Policy;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::{Pull, RemoteCommit, Snapshot};
use crate::model::record::{Record, branch_is_of};
use crate::repo::{EntryKind, ReadObjects, RepoError};

/// The proposals among our branches, and foreign open pull requests: the head's message has no record or one that does
/// not match the branch's name, or another account opened it. A record proves nothing about who wrote it.
pub(crate) fn proposals(snapshot: &Snapshot) -> (Vec<Proposal>, Vec<Pull>) {
    let mut found = Vec::new();
    let mut strange = Vec::new();
    for branch in &snapshot.branches {
        // It is not used: what was not read of it may hold or refuse what it proposes.
        if branch.has_more_pulls {
            continue;
        }
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
pub(crate) struct Wanted<'a> {
    /// The base's tip.
    pub tip: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// The plan's files with the edits made on that tip; `None` for a plan that would not be made now.
    pub files: Option<&'a BTreeMap<String, BlobId>>,
    /// The policy.
    pub policy: &'a Policy,
}

/// Whether the build of an open pull request is valid. An `Err` is something that was not fetched yet.
///
/// GitHub's own test merge is not used: since 2026-02-19 it stays for hours when only the base moves. Instead the build
/// is valid while its parent is an ancestor of the tip, it changes nothing but files that the plan edits, and each of
/// them is the same regular file at parent and tip. The parent is then the merge base, one side of the merge equals it
/// in each of these files, and the result of a merge is the tip's tree with the head's files.
///
/// # Errors
/// If something must be fetched first.
pub(crate) fn build(
    repo: &RemoteRepo,
    proposal: &Proposal,
    pull: &Pull,
    wanted: &Wanted<'_>,
) -> Result<Build, RepoError> {
    let head = &proposal.branch.tip;
    let [parent] = head.parents[..] else {
        return Ok(Build::HeadMoved(
            "its head is not one commit on top of the base".to_owned(),
        ));
    };
    // Checked first: if the base was pushed back, the pull request shows commits that no one pushed to it.
    let pushed_back = parent != wanted.tip && !repo.is_ancestor(&parent, &wanted.tip)?;
    if pushed_back {
        return ours(repo, proposal, wanted.policy, Build::BaseMoved);
    }
    if let Some(moved) = moved(proposal, pull) {
        return Ok(moved);
    }
    let stands = match wanted.files {
        Some(files) => edits_only(repo, head, &parent, files, wanted)?,
        // A plan that would not be made now is proved by its head's own difference, see [`changes`].
        None => still_as_found(repo, &head.id, &parent, &wanted.tip)?,
    };
    if stands {
        return Ok(Build::Intact);
    }
    ours(repo, proposal, wanted.policy, Build::BaseMoved)
}

/// Whether a build of the plan that would be made now is valid as far as its record shows, without reading anything:
/// enough to leave a pull request alone that can only wait for a person. `build`: what the record of a build of that
/// plan on the tip would say. `None` if that is not enough to decide.
pub(crate) fn build_by_record(proposal: &Proposal, pull: &Pull, build: &str) -> Option<Build> {
    let as_opened = moved(proposal, pull).is_none();
    (as_opened && proposal.build == build).then_some(Build::Intact)
}

/// Whether anything about the pull request says that its head was moved, as far as that shows without reading objects.
pub(crate) fn moved(proposal: &Proposal, pull: &Pull) -> Option<Build> {
    let why = if pull.head_force_pushed {
        "the branch was force-pushed"
    } else if pull.commits > 1 || proposal.branch.tip.id != pull.head {
        // Sluice never moves a branch: if branch and pull request show two heads, one answer is older than a push.
        "someone pushed to the branch"
    } else {
        return None;
    };
    Some(Build::HeadMoved(why.to_owned()))
}

/// Whether the head is its parent with exactly these files, and each of them is the same regular file at parent and tip.
fn edits_only(
    repo: &RemoteRepo,
    head: &RemoteCommit,
    parent: &CommitId,
    files: &BTreeMap<String, BlobId>,
    wanted: &Wanted<'_>,
) -> Result<bool, RepoError> {
    let root = if *parent == wanted.tip {
        wanted.tree
    } else {
        for path in files.keys() {
            repo.expect(parent, path);
        }
        repo.commit_info(parent)?.tree
    };
    let expected = match repo.tree_with(&root, files) {
        Ok((tree, _)) => tree,
        // No regular file is there.
        Err(RepoError::Refused { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    if head.tree != expected {
        return Ok(false);
    }
    let mut same = true;
    for path in files.keys() {
        same &= repo.same_file(parent, &wanted.tip, path)?;
    }
    Ok(same)
}

/// Whether a commit changes nothing but the content of regular files, each of which is at the tip as the commit found it.
fn still_as_found(
    repo: &RemoteRepo,
    head: &CommitId,
    parent: &CommitId,
    tip: &CommitId,
) -> Result<bool, RepoError> {
    let regular =
        |kind: Option<EntryKind>| matches!(kind, Some(EntryKind::File | EntryKind::Executable));
    for change in repo.changed_files(Some(parent), head)? {
        let edited =
            change.old.is_some() && change.new.is_some() && change.old_kind == change.new_kind;
        if !edited || !regular(change.old_kind) || !repo.same_file(parent, tip, &change.path)? {
            return Ok(false);
        }
    }
    Ok(true)
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
/// If something must be fetched first, or could not be.
pub(crate) fn changes(
    repo: &RemoteRepo,
    proposal: &Proposal,
    policy: &Policy,
) -> Result<Option<Vec<Change>>, RepoError> {
    let head = &proposal.branch.tip;
    let ([parent], Some(record)) = (&head.parents[..], Record::parse(&head.message)) else {
        return Ok(None);
    };
    repo.know_commit(head);
    Ok(landed_changes(repo, &head.id, parent, &record, policy)?.proved())
}
