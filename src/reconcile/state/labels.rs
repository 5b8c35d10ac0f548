//! The labels of the repository in a run: which exist, which this run created, and which it could not create.
//!
//! A label other than `sluice/hold` may be lost, so it is created last and once per run, and a refusal is one notice.
//! Texts offer only labels that exist. If a description offers one that does not, the run that wrote it was interrupted
//! before it created the label, or the label was deleted later: then the label is created, or the description changed.
//! So a run without that permission tries only if it writes anyway, and the next one writes nothing.

use std::collections::BTreeSet;

use crate::model::label::NewLabel;
use crate::model::pull::Snapshot;

/// A snapshot lists at most this many labels of a kind: GitHub's largest page.
const MAX_LABELS_READ: usize = 100;

/// What this run knows about labels beyond its last snapshot. Names are in lower case, except in `missing`.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// Created, or found to exist already.
    pub(crate) created: BTreeSet<String>,
    /// Refused by GitHub.
    pub(crate) refused: BTreeSet<String>,
    /// It is not known whether they were created: the next run looks.
    pub(crate) uncertain: BTreeSet<String>,
    /// The token may not create labels, in GitHub's words.
    pub(crate) forbidden: Option<String>,
    /// Labels that promotions use and that do not exist.
    pub(crate) missing: BTreeSet<String>,
}

/// Whether the repository has a label. A full list says nothing about what is not on it: such a label is assumed to
/// exist.
pub(crate) fn exists(snapshot: &Snapshot, name: &str) -> bool {
    let known = &snapshot.labels;
    known.len() >= MAX_LABELS_READ || is_listed(snapshot, name)
}

fn is_listed(snapshot: &Snapshot, name: &str) -> bool {
    let mut known = snapshot.labels.iter();
    known.any(|known| known.eq_ignore_ascii_case(name))
}

impl Labels {
    /// Whether a label exists, as far as is known, or may exist by now.
    pub(crate) fn has(&self, snapshot: &Snapshot, name: &str) -> bool {
        let key = name.to_ascii_lowercase();
        exists(snapshot, name) || self.created.contains(&key) || self.uncertain.contains(&key)
    }

    /// Whether this run may still try to create a label.
    pub(crate) fn may_create(&self, snapshot: &Snapshot, name: &str) -> bool {
        let key = name.to_ascii_lowercase();
        let tried = [&self.created, &self.refused, &self.uncertain];
        self.forbidden.is_none()
            && !is_listed(snapshot, name)
            && !tried.iter().any(|names| names.contains(&key))
    }

    /// Whether a label exists, or is about to be created.
    pub(crate) fn will_have(&self, snapshot: &Snapshot, name: &str) -> bool {
        self.has(snapshot, name) || self.may_create(snapshot, name)
    }

    /// Whether this run tried to create a label without learning the result.
    pub(crate) fn is_uncertain(&self, name: &str) -> bool {
        self.uncertain.contains(&name.to_ascii_lowercase())
    }

    /// Whether this run created a label.
    pub(crate) fn was_created(&self, name: &str) -> bool {
        self.created.contains(&name.to_ascii_lowercase())
    }

    /// Why a label that does not exist could not be created.
    pub(crate) fn why_missing(&self, name: &str) -> String {
        match &self.forbidden {
            Some(said) => format!("the label {name} does not exist and cannot be created: {said}"),
            None => format!("the label {name} does not exist in this repository"),
        }
    }

    /// Records which of these labels do not exist, for the notice at the end.
    pub(crate) fn note_missing(&mut self, snapshot: &Snapshot, wanted: &[NewLabel]) {
        let names = wanted.iter().map(|label| label.name.as_str());
        // One that was refused individually has a notice of its own.
        let refused = |name: &str| self.refused.contains(&name.to_ascii_lowercase());
        let missing: Vec<String> = names
            .filter(|name| !self.has(snapshot, name) && !refused(name))
            .map(str::to_owned)
            .collect();
        self.missing.extend(missing);
    }

    /// The one notice about all labels that do not exist.
    pub(crate) fn notice(&self) -> Option<String> {
        if self.missing.is_empty() {
            return None;
        }
        let mut names: Vec<&str> = self.missing.iter().map(String::as_str).take(5).collect();
        let more = self.missing.len() - names.len();
        let more = format!("{more} more");
        if self.missing.len() > names.len() {
            names.push(&more);
        }
        let said = self.forbidden.as_ref();
        let said = said.map_or_else(String::new, |said| format!(" (GitHub says: {said})"));
        Some(format!(
            "labels that this repository does not have, and that the token could not create{said}: {}. Pull requests do not offer them. Give the \
             token `issues: write`, in the `permissions` of the workflow's job or in the App's settings, and the next pull request creates \
             them; or create them by hand",
            names.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::pull::{Allows, RemoteCommit};

    fn snapshot() -> Snapshot {
        let id = "0".repeat(40);
        Snapshot {
            repository: 1,
            node: String::new(),
            base: "main".to_owned(),
            tip: RemoteCommit {
                id: id.parse().unwrap(),
                tree: id.parse().unwrap(),
                parents: Vec::new(),
                message: String::new(),
                author: String::new(),
                authored: Timestamp::UNIX_EPOCH,
                committed: Timestamp::UNIX_EPOCH,
            },
            branches: Vec::new(),
            merged: Vec::new(),
            deletes_merged: false,
            held_closed: Ok(Vec::new()),
            labels: BTreeSet::new(),
            allows: Allows {
                squash: true,
                merge: true,
            },
            queue: false,
            protection: Ok(crate::model::pull::Protection::default()),
            rules: None,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_refused_label_with_capitals_is_not_reported_as_missing_too() {
        let mut labels = Labels::default();
        labels.refused.insert("approve/prod/qa".to_owned());
        let wanted = ["approve/prod/QA", "approve/prod/Release"].map(|name| NewLabel {
            name: name.to_owned(),
            colour: "000000",
            description: String::new(),
        });
        labels.note_missing(&snapshot(), &wanted);
        let missing: Vec<&String> = labels.missing.iter().collect();
        assert_eq!(missing, ["approve/prod/Release"]);
    }
}
