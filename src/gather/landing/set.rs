//! A field that a commit set.

use std::collections::HashMap;

use crate::catalog::{ChangedManifest, Difference, SetValue};
use crate::model::change::{Change, SecretFiles, Text};
use crate::model::ids::BlobId;
use crate::model::reference::Kind;
use crate::model::source_location::RepoPath;

/// A value that a commit set.
pub(super) struct Set<'a> {
    pub(super) file: &'a FileDifference,
    /// Which of the changed files it is.
    pub(super) file_at: usize,
    pub(super) manifest: &'a ChangedManifest,
    pub(super) value: &'a SetValue,
}

impl Set<'_> {
    /// The change as a plan states it. The record names the file that held a secret's new value, and the plan ID proves
    /// whether that is true; `None` if it does not say.
    pub(super) fn change(&self, slots: &HashMap<&str, BlobId>) -> Option<Change> {
        let key = &self.manifest.key;
        let is_secret = key.kind == Kind::Secret;
        let text = |value: &String| match is_secret {
            true => Text::Secret(value.as_str().into()),
            false => Text::Plain(value.clone()),
        };
        let secret = match self.value.path.last_key().filter(|_| is_secret) {
            Some(last) => Some(SecretFiles {
                old: self.file.old,
                new: *slots.get(key.secret_slot(last).as_str())?,
            }),
            None if is_secret => return None,
            None => None,
        };
        Some(Change {
            manifest: key.clone(),
            written_namespace: self.manifest.written_namespace.clone(),
            file: self.file.path.clone(),
            at: crate::yaml::Position::default(),
            path: self.value.path.clone(),
            old: self.value.old.as_ref().map(text),
            new: text(&self.value.new),
            form: crate::yaml::Form::Text,
            note: crate::yaml::Note::Remove,
            said: None,
            secret,
        })
    }
}

/// A file that a commit changed.
pub(super) struct FileDifference {
    pub(super) path: RepoPath,
    /// Its content before.
    pub(super) old: BlobId,
    pub(super) difference: Difference,
}
