//! The catalog: all manifests of one commit or folder, and what could not be read there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::finding::Finding;
use super::ids::{BlobId, PipelineId, SecretId, ServiceId};
use super::pipeline::Pipeline;
use super::reference::{Kind, ManifestKey};
use super::service::{Secret, Service};
use super::source_location::{RepoPath, SourceLocation};
use crate::yaml::Position;

/// All manifests of one commit or folder. Sorted by file and place, so that the same input gives the same catalog.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Every file that was looked at, with the id of its content.
    pub files: BTreeMap<RepoPath, BlobId>,
    /// `Pipeline` manifests.
    pub pipelines: Vec<Pipeline>,
    /// `ServiceDeployment` manifests.
    pub services: Vec<Service>,
    /// `Secret` manifests; read only if some pipeline copies keys and some service refers to a `Secret`.
    pub secrets: Vec<Secret>,
    /// `GitRepository` manifests.
    pub repositories: Vec<GitRepository>,
    /// `HelmRepository` manifests.
    pub helm_repositories: Vec<HelmRepository>,
    /// Manifests of the other kinds: known by key and place only.
    pub others: Vec<Other>,
    /// Files and documents that were not read; they may hold what a reference does not find.
    pub unread: Vec<Unread>,
    /// What is wrong with files and manifests themselves.
    pub findings: Vec<Finding>,
}

impl Catalog {
    /// The pipeline.
    pub fn pipeline(&self, id: PipelineId) -> &Pipeline {
        &self.pipelines[id.0]
    }

    /// The service.
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id.0]
    }

    /// What was passed over without being a mistake, by file and position. Errors have findings of their own.
    pub fn passed_over(&self) -> Vec<&Unread> {
        let unread = self.unread.iter();
        let mut found: Vec<&Unread> = unread
            .filter(|one| !one.is_broken() || one.may_hold == MayHold::Secret)
            .collect();
        found.sort_by(|a, b| (&a.file, a.at).cmp(&(&b.file, b.at)));
        found
    }

    /// The secret.
    pub fn secret(&self, id: SecretId) -> &Secret {
        &self.secrets[id.0]
    }

    /// The ids of all pipelines.
    pub fn pipeline_ids(&self) -> impl Iterator<Item = PipelineId> + use<> {
        (0..self.pipelines.len()).map(PipelineId)
    }

    /// The ids of all services.
    pub fn service_ids(&self) -> impl Iterator<Item = ServiceId> + use<> {
        (0..self.services.len()).map(ServiceId)
    }

    /// The pipeline with this name, and with this namespace if one is given.
    pub fn pipelines_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = PipelineId> + 'a {
        self.pipeline_ids()
            .filter(move |id| self.pipeline(*id).name.as_str() == name)
    }
}

/// A `GitRepository` manifest.
#[derive(Clone, Debug)]
pub struct GitRepository {
    /// `metadata.name`.
    pub name: String,
    /// `spec.url`.
    pub url: Option<String>,
    /// The position at which the manifest begins.
    pub place: SourceLocation,
}

/// A `HelmRepository` manifest.
#[derive(Clone, Debug)]
pub struct HelmRepository {
    /// Its key.
    pub key: ManifestKey,
    /// `spec.url`.
    pub url: Option<String>,
}

/// A manifest of which only the key matters.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its key.
    pub key: ManifestKey,
    /// The position at which it begins.
    pub place: SourceLocation,
}

/// Whether a file with this content may contain a `Secret`, read or not. Errs on the safe side: the content of such a
/// file is never shown.
pub(crate) fn speaks_of_secrets(bytes: &[u8]) -> bool {
    let is_word = |at: usize| {
        let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !is_part(before) && !is_part(bytes.get(at + "Secret".len()))
    };
    memchr::memmem::find_iter(bytes, b"Secret").any(is_word)
        || memchr::memmem::find(bytes, b"stringData").is_some()
}

/// A file, or a document of one, that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The file.
    pub file: RepoPath,
    /// The position at which reading stopped.
    pub at: Position,
    /// Why.
    pub why: String,
    /// What it may hold, judged by its bytes.
    pub may_hold: MayHold,
    /// Why it was not read.
    pub kind: UnreadKind,
    /// The words of the file: names that it may hold. Everything that could not be read in one file shares them.
    pub words: Arc<BTreeSet<String>>,
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadKind {
    /// It is broken, or would cost too much.
    Broken,
    /// It is a template, whose text is not YAML yet, so no one applies it as it is.
    Template,
    /// It is not YAML at all: a link, a Git LFS pointer, another encoding.
    NoYaml,
}

/// What an unread file may hold, judged by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayHold {
    /// Manifests of Plural's group.
    Ours,
    /// A `Secret`.
    Secret,
}

impl Unread {
    /// Whether it is a template.
    pub fn is_template(&self) -> bool {
        self.kind == UnreadKind::Template
    }

    /// Whether it is broken YAML.
    pub fn is_broken(&self) -> bool {
        self.kind == UnreadKind::Broken
    }

    /// Whether a manifest of this kind and name may be in it.
    pub fn may_hold(&self, kind: Kind, name: &str) -> bool {
        let kind = self.may_hold == MayHold::Ours || kind == Kind::Secret;
        kind && self.words.contains(name)
    }

    /// The words of a text: everything that could be a name.
    pub fn words_of(bytes: &[u8]) -> Arc<BTreeSet<String>> {
        #[cfg(any(test, fuzzing))]
        crate::yaml::syntax::steps::count_many(bytes.len());
        let text = String::from_utf8_lossy(bytes);
        let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        let words = text
            .split(|c| !part_of_name(c))
            .filter(|word| !word.is_empty() && word.len() <= 253)
            .map(str::to_owned);
        Arc::new(words.collect())
    }
}
