//! A `ServiceDeployment` and the `Secret`s behind it: the fields that a promotion reads and writes.
//!
//! Values keep the text of the manifest (`1.10` never becomes `1.1`). Values that come from a `Secret` are
//! [`SecretString`]s, which no format string can show.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::reference::{ManifestKey, Reference};
use super::source_location::{RepoPath, SourceLocation};
use crate::yaml::scalar::PlainType;
use crate::yaml::{Identity, Position};

/// One `ServiceDeployment` manifest.
#[derive(Clone, Debug)]
pub struct Service {
    /// Kind, namespace (also one that the policy fills in) and name.
    pub key: ManifestKey,
    /// `metadata.namespace` as the file has it: what identifies the manifest for the editor.
    pub written_namespace: Option<String>,
    /// The file that holds it.
    pub file: RepoPath,
    /// The position at which the manifest begins.
    pub at: Position,
    /// `spec.name`.
    pub spec_name: Option<String>,
    /// `spec.namespace`.
    pub spec_namespace: Option<String>,
    /// `spec.git`.
    pub git: Option<Git>,
    /// `spec.repositoryRef`.
    pub repository: Option<Reference>,
    /// `spec.helm`.
    pub helm: Option<Helm>,
    /// `spec.cluster` or `spec.clusterRef`.
    pub cluster: Cluster,
    /// `spec.sources[].git.folder`.
    pub source_folders: Vec<String>,
    /// `spec.configuration`: its entries.
    pub configuration: Entries,
    /// `spec.configurationRef`.
    pub configuration_ref: Option<Reference>,
    /// One per path of the policy's `fields`, in the policy's order.
    pub fields: Vec<Field>,
}

impl Service {
    /// What identifies it in its file for the editor.
    pub fn identity(&self) -> Identity {
        self.key.identity(self.written_namespace.as_deref())
    }

    /// A place in this service's file.
    pub fn place(&self, at: Position) -> SourceLocation {
        SourceLocation::new(&self.file, at)
    }
}

/// The cluster that a service is deployed to, as its manifest names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// `cluster`, the handle.
    pub handle: Option<String>,
    /// `clusterRef.name`.
    pub name: Option<String>,
    /// `clusterRef.namespace`.
    pub namespace: Option<String>,
}

/// `spec.git`.
#[derive(Clone, Debug)]
pub struct Git {
    /// `git.url`: makes `repositoryRef` unnecessary.
    pub url: Option<String>,
    /// `git.folder`.
    pub folder: Option<String>,
    /// `git.ref`.
    pub reference: Field,
}

/// `spec.helm`.
#[derive(Clone, Debug)]
pub struct Helm {
    /// `helm.version`.
    pub version: Field,
    /// `helm.chart`.
    pub chart: Field,
    /// The origin of the chart; equal places are equal values.
    pub origin: ChartOrigin,
    /// `helm.valuesFiles`, relative to the service's folder.
    pub values_files: Vec<String>,
}

/// Everything that determines where a chart is taken from. Two missing origins are the same place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartOrigin {
    /// `helm.url`, without a closing slash.
    pub url: Option<String>,
    /// `helm.repository` (namespace, name).
    pub repository: Option<(String, String)>,
    /// `helm.repositoryRef` (namespace, name), if it is not known to refer to a `GitRepository`.
    pub repository_ref: Option<(Option<String>, String)>,
    /// `helm.repositoryRef` to a `GitRepository`, which has no namespace: its name.
    pub git_repository: Option<String>,
    /// `helm.git.folder`.
    pub git_folder: Option<String>,
}

/// A scalar that a promotion may read or write, as it is in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// It has a value.
    Value(Value),
    /// The key exists without a value (nothing, `~` or `null`): as a source it is missing, as a target it is filled in.
    Empty(Position),
    /// The key does not exist.
    Absent {
        /// The position of its parent mapping, or `None` if the parent does not exist either.
        parent: Option<Position>,
    },
    /// There is something other than a scalar.
    NotScalar(Position),
}

impl Field {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The text of the value, if there is one.
    pub fn text(&self) -> Option<&str> {
        self.value().map(|value| value.text.as_str())
    }

    /// Its position, or the position at which it would be added.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Value(value) => Some(value.at),
            Self::Empty(at) | Self::NotScalar(at) => Some(*at),
            Self::Absent { parent } => *parent,
        }
    }
}

/// A scalar value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The decoded text.
    pub text: String,
    /// Its position.
    pub at: Position,
    /// Our own comment behind it, `# sluice: NAME`: the human name of the revision.
    pub note: Option<String>,
    /// The type that YAML parsers read it as.
    pub kind: PlainType,
}

/// A mapping of scalars.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// The position of the mapping; `None` if there is none.
    pub at: Option<Position>,
    /// The entries by key.
    pub entries: BTreeMap<String, Field>,
}

impl Entries {
    /// The entry, present or absent.
    pub fn get(&self, key: &str) -> Field {
        self.entries
            .get(key)
            .cloned()
            .unwrap_or(Field::Absent { parent: self.at })
    }
}

/// One core `v1` `Secret` manifest.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Kind, namespace (also one that the policy fills in) and name.
    pub key: ManifestKey,
    /// `metadata.namespace` as the file has it.
    pub written_namespace: Option<String>,
    /// The file that holds it.
    pub file: RepoPath,
    /// The position at which the manifest begins.
    pub at: Position,
    /// It has a `sops` block: its values are ciphertext.
    pub encrypted: bool,
    /// `stringData`.
    pub string_data: SecretEntries,
    /// `data`: base64 in the file, decoded here.
    pub data: SecretEntries,
}

impl Secret {
    /// A place in this secret's file.
    pub fn place(&self, at: Position) -> SourceLocation {
        SourceLocation::new(&self.file, at)
    }
}

/// `stringData` or `data` of a `Secret`.
#[derive(Clone, Debug, Default)]
pub struct SecretEntries {
    /// The position of the mapping; `None` if there is none.
    pub at: Option<Position>,
    /// The entries by key.
    pub entries: BTreeMap<String, SecretField>,
}

/// One value of a `Secret`.
#[derive(Clone, Debug)]
pub enum SecretField {
    /// Its value, decoded.
    Value {
        /// The value; never shown.
        value: SecretString,
        /// Its position.
        at: Position,
    },
    /// The key without a value.
    Empty(Position),
    /// Not a scalar, or `data` that is not base64 of UTF-8 text.
    Unusable {
        /// Its position.
        at: Position,
        /// Why, without the value.
        why: &'static str,
    },
}

impl SecretField {
    /// Its position.
    pub fn position(&self) -> Position {
        match self {
            Self::Value { at, .. } | Self::Empty(at) | Self::Unusable { at, .. } => *at,
        }
    }
}
