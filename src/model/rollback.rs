//! Rollbacks: a stage that goes back to what it held at a landing of its own, and a stage that went back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use super::change::Change;
use super::ids::{BlobId, CommitId, PlanId};
use super::name::EdgeName;
use super::reference::{Kind, ManifestKey};
use super::service::{Secret, Service};
use super::source_location::RepoPath;
use crate::yaml::FieldPath;

/// What a stage goes back to, read from the blobs of that commit.
#[derive(Clone, Debug)]
pub(crate) struct Rollback {
    /// The landing at which the stage held it.
    pub to: BackTo,
    /// The edges along which it goes back, sorted: those of the landing with `join: any`, else all into the stage.
    pub edges: Vec<EdgeName>,
    /// Targets as they were, by their index in the stage. One that did not exist yet is missing.
    pub services: BTreeMap<usize, ServiceThen>,
    /// What that landing and those after it changed: nothing else goes back.
    pub landed: LandedFields,
}

/// Fields that landings changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LandedFields(BTreeSet<(Kind, String, FieldPath)>);

impl LandedFields {
    /// Adds what a landing changed, under the names that manifests have today.
    pub(crate) fn add<'c>(&mut self, changes: impl Iterator<Item = &'c Change>) {
        self.0.extend(changes.map(Self::place));
    }

    /// Whether one of the landings changed the field that this change sets.
    pub(crate) fn hold(&self, change: &Change) -> bool {
        self.0.contains(&Self::place(change))
    }

    /// The fields of a service's own manifest.
    pub(crate) fn of<'a>(
        &'a self,
        service: &'a ManifestKey,
    ) -> impl Iterator<Item = &'a FieldPath> {
        let fields = self.0.iter();
        fields
            .filter(|(kind, name, _)| *kind == service.kind && *name == service.name)
            .map(|(_, _, path)| path)
    }

    /// A namespace may have been written since, or filled in by the policy.
    fn place(change: &Change) -> (Kind, String, FieldPath) {
        let manifest = &change.manifest;
        (manifest.kind, manifest.name.clone(), change.path.clone())
    }
}

/// A target as it was at a commit.
#[derive(Clone, Debug)]
pub struct ServiceThen {
    /// The manifest.
    pub service: Service,
    /// Its `Secret`, if it names one that existed.
    pub secret: Option<Secret>,
    /// The files of both, by their ids then.
    pub files: BTreeMap<RepoPath, BlobId>,
    /// It takes git from the same place as now, as far as that is known.
    pub same_origin: bool,
}

/// The landing that a rollback goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackTo {
    /// The commit on the base.
    pub landing: CommitId,
    /// Its plan.
    pub plan: PlanId,
}

/// That a stage was rolled back: what was rolled back lands again only once a person with write access releases it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RolledBack {
    /// The landing that took it back.
    pub commit: CommitId,
    /// When that landed, by its committer date.
    pub at: Timestamp,
    /// The landing that it went back to.
    pub to: CommitId,
    /// The numeric id of the person who asked for it.
    pub by: Option<u64>,
    /// Why, as that person said; foreign text.
    pub reason: Option<String>,
}

impl fmt::Display for RolledBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it was rolled back in {}", self.commit.short())?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => f.write_str(", and no reason was given"),
        }
    }
}
