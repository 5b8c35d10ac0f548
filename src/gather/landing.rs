//! Whether a commit is a landing of Sluice: its plan id must recompute from its own difference.
//!
//! The trailers only say what to compute. A hand edit on top of a landing, a landing with one more file, or a forged
//! trailer gives another id and is what it is: a hand edit.

mod names;
mod set;

use std::collections::HashMap;

use crate::catalog::{Difference, Namer};
use crate::model::change::Change;
use crate::model::ids::{BlobId, CommitId};
use crate::model::plan::Taken;
use crate::model::plan_id::PlanSubject;
use crate::model::policy::Policy;
use crate::model::record::Record;
use crate::model::source_location::RepoPath;
use crate::repo::{CommitInfo, EntryKind, ReadObjects, RepoError};
use names::Lists;
use set::FileDifference;
use set::Set;

/// The record of a commit.
pub(super) struct Borne {
    /// The record.
    pub record: Record,
    /// The head that the commit merges, if the record is there; otherwise it is in the commit's own message.
    pub head: Option<CommitInfo>,
}

/// The record of a commit: a merge commit may have it in the head that it merged.
pub(super) fn borne_record(
    repo: &dyn ReadObjects,
    info: &CommitInfo,
) -> Result<Option<Borne>, RepoError> {
    if let Some(record) = Record::parse(&info.message) {
        return Ok(Some(Borne { record, head: None }));
    }
    let [_, head] = info.parents[..] else {
        return Ok(None);
    };
    let head = repo.commit_info(&head)?;
    let record = Record::parse(&head.message);
    Ok(record.map(|record| Borne {
        record,
        head: Some(head),
    }))
}

/// The record of a commit that is a landing, and what it changed: its own difference proves the plan that its record names.
pub(super) fn landing(
    repo: &dyn ReadObjects,
    info: &CommitInfo,
    commit: &CommitId,
    parent: &CommitId,
    policy: &Policy,
) -> Result<Option<(Record, Vec<Change>)>, RepoError> {
    let Some(Borne { record, .. }) = borne_record(repo, info)? else {
        return Ok(None);
    };
    let changes = landed_changes(repo, commit, parent, &record, policy)?;
    Ok(changes.proved().map(|changes| (record, changes)))
}

/// What comes of computing the plan ID of a record again from what its commit changed.
#[derive(Debug)]
pub enum Recomputed {
    /// The plan: these are its changes.
    Plan(Vec<Change>),
    /// Another plan, or what no plan does.
    Another,
    /// The elements of the lists in it can be named in more ways than are tried. It does not count as a landing as long
    /// as that cannot be determined.
    TooManyWays,
}

impl Recomputed {
    /// The changes of a plan that was proved.
    pub fn proved(self) -> Option<Vec<Change>> {
        match self {
            Self::Plan(changes) => Some(changes),
            Self::Another | Self::TooManyWays => None,
        }
    }
}

/// Computes the plan ID of a record again from what a commit changed.
pub fn landed_changes(
    repo: &dyn ReadObjects,
    commit: &CommitId,
    parent: &CommitId,
    record: &Record,
    policy: &Policy,
) -> Result<Recomputed, RepoError> {
    let Some(files) = differences(repo, parent, commit, policy)? else {
        return Ok(Recomputed::Another);
    };
    let values: Vec<Set<'_>> = files
        .iter()
        .enumerate()
        .flat_map(|(at, file)| file.values(at))
        .collect();
    let slots = files_of_secrets(record);
    let changes = values.iter().map(|value| value.change(&slots));
    let Some(mut changes) = changes.collect::<Option<Vec<Change>>>() else {
        return Ok(Recomputed::Another);
    };
    if proves(record, &changes) {
        return Ok(Recomputed::Plan(changes));
    }
    let lists = Lists::of(&values, policy);
    let (choices, more) = lists.choices();
    let mut namers: Vec<Namer<'_>> = files.iter().map(|file| file.difference.namer()).collect();
    for choice in choices {
        let mut led = true;
        for (value, change) in values.iter().zip(&mut changes) {
            let namer = namers.get_mut(value.file_at);
            match namer.and_then(|namer| lists.path(&choice, value, namer)) {
                Some(path) => change.path = path,
                None => led = false,
            }
        }
        if led && proves(record, &changes) {
            return Ok(Recomputed::Plan(changes));
        }
    }
    Ok(match more {
        true => Recomputed::TooManyWays,
        false => Recomputed::Another,
    })
}

/// Whether the plan of a record made exactly these changes.
fn proves(record: &Record, changes: &[Change]) -> bool {
    let id = PlanSubject {
        repository: &record.repository,
        base: &record.base,
        namespace: record.namespace.as_deref(),
        pipeline: &record.pipeline.as_str().into(),
        stage: &record.stage.as_str().into(),
        edges: record
            .edges
            .iter()
            .map(|edge| (edge.from.to_string(), edge.to.to_string()))
            .collect(),
        changes: changes.iter().map(Change::identity).collect(),
    }
    .id();
    id == record.plan
}

/// The source's files that the record names for the values of secrets, by slot; the first of each slot.
fn files_of_secrets(record: &Record) -> HashMap<&str, BlobId> {
    let mut files = HashMap::new();
    for (slot, taken) in record.sources.iter().flat_map(|source| &source.values) {
        if let Taken::Secret(file) = taken {
            files.entry(slot.as_str()).or_insert(*file);
        }
    }
    files
}

impl FileDifference {
    fn values(&self, file_at: usize) -> impl Iterator<Item = Set<'_>> {
        let manifests = self.difference.manifests.iter();
        manifests.flat_map(move |manifest| {
            manifest.values.iter().map(move |value| Set {
                file: self,
                file_at,
                manifest,
                value,
            })
        })
    }
}

/// What differs between two commits, by file; `None` if something else was done than setting values of manifests.
fn differences(
    repo: &dyn ReadObjects,
    parent: &CommitId,
    commit: &CommitId,
    policy: &Policy,
) -> Result<Option<Vec<FileDifference>>, RepoError> {
    let mut found = Vec::new();
    for file in repo.changed_files(Some(parent), commit)? {
        let regular =
            |kind: Option<EntryKind>| matches!(kind, Some(EntryKind::File | EntryKind::Executable));
        let (Some(old), Some(new)) = (file.old, file.new) else {
            return Ok(None);
        };
        if !regular(file.old_kind) || file.old_kind != file.new_kind {
            return Ok(None);
        }
        let path: RepoPath = file.path.as_str().into();
        let (before, after) = (repo.blob(&old)?, repo.blob(&new)?);
        match Difference::of(&path, &before, &after, policy) {
            Some(difference) => found.push(FileDifference {
                path,
                old,
                difference,
            }),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}
