//! What the guard compares: the fields that only promotions are to change, and what a pull request would make of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::Text;
use super::name::{GateName, StageName};
use super::reference::{Kind, ManifestKey};
use super::source_location::RepoPath;
use crate::yaml::FieldPath;

/// What protects a field from promotions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barrier {
    /// A gate on the way.
    Gate(GateName),
    /// The `ready` rule of the stage that it comes from.
    Ready(StageName),
    /// Only a person moves this stage: `trigger: manual`.
    Manual(StageName),
}

/// What a field is to promotions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A promotion may write it.
    Promoted,
    /// It names the `Secret` that contains the keys that a promotion may write.
    LeadsToSecret,
}

/// A field behind a barrier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GatedField {
    /// What it is to promotions.
    pub role: Role,
    /// What a promotion into it has to pass; the first, if there are several.
    pub barrier: Barrier,
}

/// The gated fields of one manifest.
pub type GatedFields = BTreeMap<FieldPath, GatedField>;

/// The gated fields of one state of the repository, by manifest: kind, name, namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gated(BTreeMap<Kind, BTreeMap<String, BTreeMap<Option<String>, GatedFields>>>);

impl Gated {
    /// Notes a gated field of a manifest; what was noted of it first stays.
    pub fn add(&mut self, manifest: ManifestKey, path: FieldPath, field: GatedField) {
        let of_kind = self.0.entry(manifest.kind).or_default();
        let of_name = of_kind.entry(manifest.name).or_default();
        let fields = of_name.entry(manifest.namespace).or_default();
        fields.entry(path).or_insert(field);
    }

    /// The gated fields of whatever may be this manifest: one without a namespace may be applied into any.
    pub fn of<'a>(
        &'a self,
        key: &ManifestKey,
    ) -> impl Iterator<Item = (&'a FieldPath, &'a GatedField)> + use<'a> {
        let of_kind = self.0.get(&key.kind);
        let of_name = of_kind.and_then(|names| names.get(&key.name));
        let (all, own, free) = match &key.namespace {
            None => (of_name, None, None),
            Some(_) => (
                None,
                of_name.and_then(|namespaces| namespaces.get(&key.namespace)),
                of_name.and_then(|namespaces| namespaces.get(&None)),
            ),
        };
        let all = all.into_iter().flat_map(BTreeMap::values);
        free.into_iter().chain(own).chain(all).flatten()
    }

    /// Every gated field, by manifest.
    pub fn iter(&self) -> impl Iterator<Item = (ManifestKey, &FieldPath, &GatedField)> {
        self.0.iter().flat_map(|(kind, names)| {
            names.iter().flat_map(move |(name, namespaces)| {
                namespaces.iter().flat_map(move |(namespace, fields)| {
                    let key = ManifestKey {
                        kind: *kind,
                        namespace: namespace.clone(),
                        name: name.clone(),
                    };
                    fields
                        .iter()
                        .map(move |(path, field)| (key.clone(), path, field))
                })
            })
        })
    }
}

/// One manifest as it is in a file.
#[derive(Clone, Debug)]
pub struct ManifestThen {
    /// Its key.
    pub key: ManifestKey,
    /// The text at the gated fields; a field without a value is missing.
    pub values: BTreeMap<FieldPath, Text>,
    /// `spec.stages` and `spec.edges` of a `Pipeline`: stages, edges, gates and criteria, without comments and layout.
    pub ways: Option<[Value; 2]>,
}

/// A file at one point of time, as far as it concerns Sluice.
#[derive(Clone, Debug)]
pub enum FileThen {
    /// There is no file, or nothing in it is ours.
    Nothing,
    /// Its manifests, in the order of the file.
    Read(Vec<ManifestThen>),
    /// It is in Plural's group but not valid, for this reason.
    Unreadable(String),
}

/// A manifest file that a merge would change.
#[derive(Clone, Debug)]
pub struct ChangedFile {
    /// Its path.
    pub path: RepoPath,
    /// At the base's tip.
    pub before: FileThen,
    /// After the merge.
    pub after: FileThen,
}

/// A file that decides about gates although it is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateFile {
    /// The policy.
    Policy,
    /// CODEOWNERS, if a rule requires code owners.
    CodeOwners,
    /// The workflow of this gate. What it does is read from the base branch, so anyone who changes it changes the gate.
    Workflow(GateName),
}
