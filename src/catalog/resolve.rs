//! Looking references up (semantics: references).
//!
//! The first rule with exactly one match wins; a rule with several matches is ambiguous. There is no other fallback.

use std::cell::Cell;
use std::collections::HashMap;

use super::identity::RepositoryIdentity;
use crate::model::catalog::{Catalog, GitRepository, MayHold, Unread};
use crate::model::ids::{SecretId, ServiceId};
use crate::model::name::{StageName, full_name};
use crate::model::nearest::nearest;
use crate::model::pipeline::{EdgeEnds, Pipeline, StageService};
use crate::model::reference::{Kind, ManifestKey, Reference};
use crate::model::resolved::{
    Resolution, ResolvedPipeline, ResolvedService, ResolvedStage, StageIndex,
};
use crate::model::source_location::{RepoPath, SourceLocation};

#[cfg(any(test, fuzzing))]
use crate::yaml::syntax::steps;

/// Looks all references of all pipelines up, in the order of the catalog.
pub fn resolve_pipelines(
    catalog: &Catalog,
    identity: &RepositoryIdentity,
) -> Vec<ResolvedPipeline> {
    let resolver = Resolver::new(catalog);
    catalog
        .pipeline_ids()
        .map(|id| {
            let pipeline = catalog.pipeline(id);
            let stages = pipeline
                .stages
                .iter()
                .map(|stage| ResolvedStage {
                    services: stage
                        .services
                        .iter()
                        .map(|entry| resolve_service(&resolver, pipeline, entry, identity))
                        .collect(),
                })
                .collect();
            let mut named: HashMap<&StageName, StageIndex> = HashMap::new();
            for (index, stage) in pipeline.stages.iter().enumerate() {
                named.entry(&stage.name.value).or_insert(index);
            }
            let edges = pipeline
                .edges
                .iter()
                .map(|edge| ends(&named, &edge.ends))
                .collect();
            ResolvedPipeline::new(id, stages, edges)
        })
        .collect()
}

fn ends(
    named: &HashMap<&StageName, StageIndex>,
    ends: &EdgeEnds,
) -> Option<(StageIndex, StageIndex)> {
    let index = |name: &StageName| named.get(name).copied();
    match ends {
        EdgeEnds::Stages { from, to } => Some((index(&from.value)?, index(&to.value)?)),
        EdgeEnds::ConsoleIds => None,
    }
}

fn resolve_service(
    resolver: &Resolver<'_>,
    pipeline: &Pipeline,
    entry: &StageService,
    identity: &RepositoryIdentity,
) -> ResolvedService {
    let own = pipeline.namespace.as_deref();
    let service = resolver.service(&entry.reference, own);
    let source = entry
        .criteria
        .as_ref()
        .and_then(|criteria| criteria.source.as_ref())
        .map(|reference| resolver.service(reference, own));
    let copies_keys = entry
        .criteria
        .as_ref()
        .is_some_and(|criteria| !criteria.secrets.is_empty());
    let of = |resolution: &Resolution<ServiceId>| {
        resolution.found().map(|id| resolver.catalog.service(id))
    };
    let target_manifest = of(&service);
    let source_manifest = source.as_ref().and_then(of);
    let secret = |manifest: Option<&crate::model::service::Service>| {
        let manifest = manifest.filter(|_| copies_keys)?;
        let reference = manifest.configuration_ref.as_ref()?;
        Some(resolver.secret(reference, manifest.key.namespace.as_deref()))
    };
    ResolvedService {
        source_secret: secret(source_manifest),
        target_secret: secret(target_manifest),
        source_origin: source_manifest.and_then(|manifest| resolver.origin_of(manifest, identity)),
        target_origin: target_manifest.and_then(|manifest| resolver.origin_of(manifest, identity)),
        service,
        source,
    }
}

/// The catalog, indexed by name.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    catalog: &'a Catalog,
    services: HashMap<&'a str, Vec<ServiceId>>,
    secrets: HashMap<&'a str, Vec<SecretId>>,
    repositories: HashMap<&'a str, Vec<usize>>,
    /// The files of which something could not be read.
    unread_files: Vec<UnreadFile<'a>>,
    /// Which of them contain a word, so that a manifest with that name may be in them.
    unread: HashMap<&'a str, Vec<usize>>,
    /// All unread files that may hold manifests of ours, and those that may hold secrets.
    unread_ours: Vec<RepoPath>,
    unread_secrets: Vec<RepoPath>,
    /// How many references were not found: names are compared with every other one only for the first few, so that
    /// ten thousand broken references stay cheap.
    misses: Cell<usize>,
}

const SUGGESTED_FOR: usize = 100;
/// How many unread files are named with a reference that finds nothing.
const SHOWN_UNREAD: usize = 5;

impl<'a> Resolver<'a> {
    /// Indexes a catalog.
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        let mut services: HashMap<_, Vec<_>> = HashMap::new();
        for id in catalog.service_ids() {
            services
                .entry(catalog.service(id).key.name.as_str())
                .or_default()
                .push(id);
        }
        let mut secrets: HashMap<_, Vec<_>> = HashMap::new();
        for (index, secret) in catalog.secrets.iter().enumerate() {
            secrets
                .entry(secret.key.name.as_str())
                .or_default()
                .push(SecretId(index));
        }
        let mut repositories: HashMap<_, Vec<_>> = HashMap::new();
        for (index, repository) in catalog.repositories.iter().enumerate() {
            repositories
                .entry(repository.name.as_str())
                .or_default()
                .push(index);
        }
        let mut unread: HashMap<_, Vec<_>> = HashMap::new();
        let unread_files = UnreadFile::all(catalog);
        for (index, file) in unread_files.iter().enumerate() {
            for word in file.first.words.iter() {
                #[cfg(any(test, fuzzing))]
                steps::count();
                unread.entry(word.as_str()).or_default().push(index);
            }
        }
        Self {
            catalog,
            services,
            secrets,
            repositories,
            unread_ours: UnreadFile::paths(&unread_files, Kind::ServiceDeployment),
            unread_secrets: UnreadFile::paths(&unread_files, Kind::Secret),
            unread_files,
            unread,
            misses: Cell::new(0),
        }
    }

    /// The `GitRepository` manifests of this name; they are cluster-scoped.
    pub(crate) fn repositories(&self, name: &str) -> impl Iterator<Item = &'a GitRepository> + '_ {
        self.repositories
            .get(name)
            .into_iter()
            .flatten()
            .map(|index| &self.catalog.repositories[*index])
    }

    /// Looks a `ServiceDeployment` up for a manifest of namespace `own`.
    pub(crate) fn service(
        &self,
        reference: &Reference,
        own: Option<&str>,
    ) -> Resolution<ServiceId> {
        let of = |id: ServiceId| {
            let service = self.catalog.service(id);
            (&service.key, service.place(service.at))
        };
        let candidates = self
            .services
            .get(reference.name.as_str())
            .map_or(&[][..], Vec::as_slice);
        let kind = Kind::ServiceDeployment;
        if let Some(resolution) = self.by_key(kind, candidates, of, reference, own) {
            return resolution;
        }
        if let Some(resolution) = self.swapped(reference, own, of) {
            return resolution;
        }
        let known = self.catalog.services.iter().map(|service| &service.key);
        self.not_found(kind, reference, known)
    }

    /// Looks a `Secret` up for a manifest of namespace `own`.
    pub(crate) fn secret(&self, reference: &Reference, own: Option<&str>) -> Resolution<SecretId> {
        let of = |id: SecretId| {
            let secret = self.catalog.secret(id);
            (&secret.key, secret.place(secret.at))
        };
        let candidates = self
            .secrets
            .get(reference.name.as_str())
            .map_or(&[][..], Vec::as_slice);
        if let Some(resolution) = self.by_key(Kind::Secret, candidates, of, reference, own) {
            return resolution;
        }
        let known = self.catalog.secrets.iter().map(|secret| &secret.key);
        self.not_found(Kind::Secret, reference, known)
    }

    /// Rules 1 and 2: name and namespace equal; otherwise name equal, and the manifest has no namespace. A later rule
    /// only applies if it is known that no earlier one would have matched: not while a file that cannot be read may
    /// contain the manifest that is meant.
    fn by_key<T: Copy>(
        &self,
        kind: Kind,
        candidates: &[T],
        of: impl Fn(T) -> (&'a ManifestKey, SourceLocation),
        reference: &Reference,
        own: Option<&str>,
    ) -> Option<Resolution<T>> {
        let wanted = reference.namespace.as_deref().or(own);
        let of_namespace = |namespace: Option<&str>| -> Vec<T> {
            let same = |id: &T| of(*id).0.namespace.as_deref() == namespace;
            candidates.iter().copied().filter(same).collect()
        };
        let mut hits = of_namespace(wanted);
        if hits.is_empty() {
            hits = of_namespace(None);
            let unread = self.broken_files_with(kind, &reference.name);
            if !hits.is_empty() && !unread.is_empty() {
                return Some(Resolution::NotFound {
                    nearest: Vec::new(),
                    unread,
                    more_unread: 0,
                });
            }
        }
        Self::exactly_one(&hits, |id| of(id).1)
    }

    fn exactly_one<T: Copy>(
        hits: &[T],
        place: impl Fn(T) -> SourceLocation,
    ) -> Option<Resolution<T>> {
        match hits {
            [] => None,
            [one] => Some(Resolution::Found(*one)),
            _ => Some(Resolution::Ambiguous(
                hits.iter().map(|id| place(*id)).collect(),
            )),
        }
    }

    /// Files that could not be read, are not templates, and may contain a manifest of this kind and name.
    pub(crate) fn broken_files_with(&self, kind: Kind, name: &str) -> Vec<RepoPath> {
        self.unread_with(kind, name, false)
    }

    fn unread_with(&self, kind: Kind, name: &str, templates: bool) -> Vec<RepoPath> {
        let indices = self.unread.get(name).into_iter().flatten();
        let mut files: Vec<RepoPath> = indices
            .map(|index| &self.unread_files[*index])
            .filter(|file| (templates || file.is_broken) && file.first.may_hold(kind, name))
            .map(|file| file.first.file.clone())
            .collect();
        files.dedup();
        files
    }

    /// Rule 3: the form printed in Plural's documentation, which mixes `metadata` and `spec` up.
    fn swapped(
        &self,
        reference: &Reference,
        own: Option<&str>,
        of: impl Fn(ServiceId) -> (&'a ManifestKey, SourceLocation),
    ) -> Option<Resolution<ServiceId>> {
        let name = reference.namespace.as_deref()?;
        let hits: Vec<ServiceId> = self
            .services
            .get(name)?
            .iter()
            .copied()
            .filter(|id| {
                let service = self.catalog.service(*id);
                [&service.spec_name, &service.spec_namespace]
                    .into_iter()
                    .any(|field| field.as_deref() == Some(&reference.name))
            })
            .collect();
        let unread = self.broken_files_with(Kind::ServiceDeployment, &reference.name);
        if !hits.is_empty() && !unread.is_empty() {
            return Some(Resolution::NotFound {
                nearest: Vec::new(),
                unread,
                more_unread: 0,
            });
        }
        match Self::exactly_one(&hits, |id| of(id).1)? {
            Resolution::Found(found) => {
                let service = self.catalog.service(found);
                Some(Resolution::Swapped {
                    found,
                    name: service.key.name.clone(),
                    namespace: service
                        .key
                        .namespace
                        .clone()
                        .or_else(|| own.map(str::to_owned)),
                })
            }
            other => Some(other),
        }
    }

    fn not_found<'k, T>(
        &self,
        kind: Kind,
        reference: &Reference,
        known: impl Iterator<Item = &'k ManifestKey>,
    ) -> Resolution<T> {
        self.misses.set(self.misses.get() + 1);
        let suggest = self.misses.get() <= SUGGESTED_FOR;
        let known = known.filter(|_| suggest);
        let wanted = full_name(reference.namespace.as_deref(), &reference.name);
        let names: Vec<String> = known
            .map(|key| full_name(key.namespace.as_deref(), &key.name))
            .collect();
        let mut near = nearest(&wanted, names.iter().map(String::as_str));
        if near.is_empty() {
            near = nearest(
                &reference.name,
                names
                    .iter()
                    .map(|name| name.rsplit('/').next().unwrap_or(name)),
            );
        }
        let mut unread = self.unread_with(kind, &reference.name, true);
        let all = match kind {
            Kind::Secret => &self.unread_secrets,
            _ => &self.unread_ours,
        };
        for file in all.iter().take(SHOWN_UNREAD) {
            if unread.len() < SHOWN_UNREAD && !unread.contains(file) {
                unread.push(file.clone());
            }
        }
        unread.truncate(SHOWN_UNREAD);
        let more_unread = all.len() - unread.len();
        Resolution::NotFound {
            nearest: near.into_iter().map(str::to_owned).collect(),
            unread,
            more_unread,
        }
    }
}

/// A file of which something could not be read: one, however many of its manifests are broken.
#[derive(Debug)]
struct UnreadFile<'a> {
    first: &'a Unread,
    /// Something of it is broken and not a template.
    is_broken: bool,
}

impl<'a> UnreadFile<'a> {
    fn all(catalog: &'a Catalog) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for one in &catalog.unread {
            match found.last_mut() {
                Some(last) if last.first.file == one.file => last.is_broken |= !one.is_template(),
                _ => found.push(Self {
                    first: one,
                    is_broken: !one.is_template(),
                }),
            }
        }
        found
    }

    /// The files that may hold a manifest of this kind.
    fn paths(all: &[Self], kind: Kind) -> Vec<RepoPath> {
        let suits = |file: &&Self| file.first.may_hold == MayHold::Ours || kind == Kind::Secret;
        let mut files: Vec<RepoPath> = all
            .iter()
            .filter(suits)
            .map(|file| file.first.file.clone())
            .collect();
        files.sort();
        files.dedup();
        files
    }
}
