//! Whether a commit is a landing of Sluice: its plan id must recompute from its own difference.
//!
//! The trailers only say what to compute. A hand edit on top of a landing, a landing with one more file, or a forged
//! trailer gives another id and is what it is: a hand edit.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::{ManifestScalars, scalars_of_file};
use crate::model::change::{Change, SecretFiles, Text};
use crate::model::ids::{BlobId, CommitId};
use crate::model::place::RepoPath;
use crate::model::plan::Taken;
use crate::model::plan_id::PlanSubject;
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::record::Record;
use crate::repo::{CommitInfo, EntryKind, ReadObjects, RepoError};
use crate::yaml::FieldPath;

/// The record that a commit bears.
pub struct Borne {
    /// The record.
    pub record: Record,
    /// It stands in the commit's own message. Else the commit merges a head, and the record stands there.
    pub own: bool,
}

/// The record that a commit bears: a merge commit may carry it in the head that it merged.
pub fn borne_record(repo: &dyn ReadObjects, info: &CommitInfo) -> Result<Option<Borne>, RepoError> {
    if let Some(record) = Record::parse(&info.message) {
        return Ok(Some(Borne { record, own: true }));
    }
    let [_, head] = info.parents[..] else {
        return Ok(None);
    };
    let record = Record::parse(&repo.commit_info(&head)?.message);
    Ok(record.map(|record| Borne { record, own: false }))
}

/// The record of a commit that is a landing, and what it changed: its own difference proves the plan that its record names.
pub fn landing(
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
    Ok(changes.map(|changes| (record, changes)))
}

/// The changes that a commit made, if they prove the plan that its record names.
pub fn landed_changes(
    repo: &dyn ReadObjects,
    commit: &CommitId,
    parent: &CommitId,
    record: &Record,
    policy: &Policy,
) -> Result<Option<Vec<Change>>, RepoError> {
    let Some(found) = changes_between(repo, parent, commit, policy)? else {
        return Ok(None);
    };
    let files = files_of_secrets(record);
    let mut changes = Vec::new();
    for mut change in found {
        if let Some(slot) = &change.secret_slot {
            // The file that held the new value stands in the record; the plan id proves whether it tells the truth.
            let file = files.get(slot.as_str());
            let Some((file, secret)) = file.zip(change.change.secret.as_mut()) else {
                return Ok(None);
            };
            secret.new = *file;
        }
        changes.push(change.change);
    }
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
    Ok((id == record.plan).then_some(changes))
}

struct FoundChange {
    change: Change,
    /// Where the value lies in a `Secret`: how the record calls it.
    secret_slot: Option<String>,
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

/// The changes between two commits, as a plan would state them; `None` where something else was done than setting
/// scalars of manifests.
fn changes_between(
    repo: &dyn ReadObjects,
    parent: &CommitId,
    commit: &CommitId,
    policy: &Policy,
) -> Result<Option<Vec<FoundChange>>, RepoError> {
    let mut changes = Vec::new();
    for file in repo.changed_files(Some(parent), commit)? {
        let regular =
            |kind: Option<EntryKind>| matches!(kind, Some(EntryKind::File | EntryKind::Executable));
        let (Some(old_id), Some(new_id)) = (file.old, file.new) else {
            return Ok(None);
        };
        if !regular(file.old_kind) || file.old_kind != file.new_kind {
            return Ok(None);
        }
        let path: RepoPath = file.path.as_str().into();
        let read = |id: &BlobId| -> Result<Option<Vec<ManifestScalars>>, RepoError> {
            Ok(scalars_of_file(&path, &repo.blob(id)?, policy))
        };
        let (Some(old), Some(new)) = (read(&old_id)?, read(&new_id)?) else {
            return Ok(None);
        };
        if old.len() != new.len() {
            return Ok(None);
        }
        for (old, new) in old.into_iter().zip(new) {
            if old.key != new.key {
                return Ok(None);
            }
            if old.scalars == new.scalars {
                continue;
            }
            let Some(key) = old.key else { return Ok(None) };
            match scalar_changes(&key, &path, old_id, old.scalars, new.scalars) {
                Some(found) => changes.extend(found),
                None => return Ok(None),
            }
        }
    }
    Ok(Some(changes))
}

fn text(secret: bool, value: String) -> Text {
    if secret {
        Text::Secret(value.into())
    } else {
        Text::Plain(value)
    }
}

type Scalars = BTreeMap<FieldPath, Option<String>>;

fn scalar_changes(
    key: &ManifestKey,
    file: &RepoPath,
    old_file: BlobId,
    old: Scalars,
    new: Scalars,
) -> Option<Vec<FoundChange>> {
    // A value that was taken away is nothing that a promotion does.
    if old
        .iter()
        .any(|(path, value)| value.is_some() && new.get(path).is_none_or(Option::is_none))
    {
        return None;
    }
    let namespace = FieldPath::keys(&["metadata", "namespace"]);
    let written_namespace = old.get(&namespace).cloned().flatten();
    let mut changes = Vec::new();
    for (path, value) in new {
        let before = old.get(&path).cloned().flatten();
        let Some(value) = value.filter(|value| before.as_ref() != Some(value)) else {
            continue;
        };
        let secret = key.kind == Kind::Secret;
        changes.push(FoundChange {
            secret_slot: path
                .last_key()
                .filter(|_| secret)
                .map(|last| key.secret_slot(last)),
            change: Change {
                manifest: key.clone(),
                written_namespace: written_namespace.clone(),
                file: file.clone(),
                at: crate::yaml::Position::default(),
                path,
                old: before.map(|before| text(secret, before)),
                new: text(secret, value),
                note: crate::yaml::Note::Remove,
                said: None,
                secret: secret.then_some(SecretFiles {
                    old: old_file,
                    new: old_file,
                }),
            },
        });
    }
    Some(changes)
}
