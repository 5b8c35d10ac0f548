//! Whether a commit is a landing of Sluice: its plan id must recompute from its own difference.
//!
//! The trailers only say what to compute. A hand edit on top of a landing, a landing with one more file, or a forged
//! trailer gives another id and is what it is: a hand edit.

use std::collections::BTreeMap;

use crate::catalog::{ManifestScalars, scalars_of_file};
use crate::model::ids::{BlobId, CommitId, PlanId};
use crate::model::plan_id::{PlanChange, PlanSubject};
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::record::{Record, Taken};
use crate::repo::{EntryKind, Repo, RepoError};

/// The plan that a commit landed, if its own difference proves it.
pub fn landed_plan(
    repo: &Repo,
    commit: &CommitId,
    parent: &CommitId,
    record: &Record,
    policy: &Policy,
) -> Result<Option<PlanId>, RepoError> {
    let Some(changes) = changes_between(repo, parent, commit, policy)? else {
        return Ok(None);
    };
    let proves = |files: &[BlobId]| {
        let mut files = files.iter();
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
            changes: changes
                .iter()
                .map(|change| match change.secret_key {
                    Some(_) => PlanChange {
                        new: files.next().map(BlobId::to_string).unwrap_or_default(),
                        ..change.plan.clone()
                    },
                    None => change.plan.clone(),
                })
                .collect(),
        }
        .id();
        id == record.plan
    };
    let keys: Vec<&str> = changes
        .iter()
        .filter_map(|change| change.secret_key.as_deref())
        .collect();
    let choices: Vec<Vec<BlobId>> = keys
        .iter()
        .map(|key| files_of_secret(record, key))
        .collect();
    Ok(any_choice(&choices, &proves).then_some(record.plan))
}

struct FoundChange {
    plan: PlanChange,
    /// The key, where the value lies in a `Secret`: then the file that held the new value has to be known.
    secret_key: Option<String>,
}

/// Source files that the record names for a secret's key.
fn files_of_secret(record: &Record, key: &str) -> Vec<BlobId> {
    let mut files: Vec<BlobId> = record
        .sources
        .iter()
        .flat_map(|source| &source.values)
        .filter_map(|(slot, taken)| match taken {
            Taken::Secret(file) if slot == key => Some(*file),
            _ => None,
        })
        .collect();
    files.sort();
    files.dedup();
    files
}

/// Tries each combination, up to a bound: several services may copy a key of the same name from different files.
fn any_choice(choices: &[Vec<BlobId>], proves: &impl Fn(&[BlobId]) -> bool) -> bool {
    const MOST: usize = 256;
    let mut tried = vec![Vec::new()];
    for choice in choices {
        tried = tried
            .iter()
            .flat_map(|before: &Vec<BlobId>| {
                choice.iter().map(move |file| {
                    let mut next = before.clone();
                    next.push(*file);
                    next
                })
            })
            .take(MOST)
            .collect();
    }
    tried.iter().any(|files| proves(files))
}

/// The changes between two commits, as a plan would state them; `None` where something else was done than setting
/// scalars of manifests.
fn changes_between(
    repo: &Repo,
    parent: &CommitId,
    commit: &CommitId,
    policy: &Policy,
) -> Result<Option<Vec<FoundChange>>, RepoError> {
    let mut changes = Vec::new();
    for file in repo.changed_files(Some(parent), commit)? {
        let regular = |kind: Option<EntryKind>| matches!(kind, Some(EntryKind::File { .. }));
        let (Some(old_id), Some(new_id)) = (file.old, file.new) else {
            return Ok(None);
        };
        if !regular(file.old_kind) || file.old_kind != file.new_kind {
            return Ok(None);
        }
        let path = file.path.as_str().into();
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
            match scalar_changes(&key, old_id, old.scalars, new.scalars) {
                Some(found) => changes.extend(found),
                None => return Ok(None),
            }
        }
    }
    Ok(Some(changes))
}

type Scalars = BTreeMap<crate::yaml::FieldPath, Option<String>>;

fn scalar_changes(
    key: &ManifestKey,
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
    let mut changes = Vec::new();
    for (path, value) in new {
        let before = old.get(&path).cloned().flatten();
        let Some(value) = value.filter(|value| before.as_ref() != Some(value)) else {
            continue;
        };
        let secret = key.kind == Kind::Secret;
        changes.push(FoundChange {
            secret_key: secret.then(|| path.last_key().map(str::to_owned)).flatten(),
            plan: PlanChange {
                kind: key.kind.as_str().to_owned(),
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                path: path.to_string(),
                old: before.map(|before| if secret { old_file.to_string() } else { before }),
                new: if secret { String::new() } else { value },
            },
        });
    }
    Some(changes)
}
