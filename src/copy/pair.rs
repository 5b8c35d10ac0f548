//! One target and its source: what a promotion reads to compare them.

use std::collections::BTreeMap;

use super::version::is_full_id;
use crate::model::catalog::Catalog;
use crate::model::facts::RevisionQuery;
use crate::model::ids::{BlobId, ServiceId};
use crate::model::origin::Origin;
use crate::model::policy::{Policy, RevisionMode};
use crate::model::resolved::{ResolvedPipeline, ResolvedService, StageIndex};
use crate::model::service::{Secret, Service};
use crate::model::source_location::RepoPath;
use crate::yaml::Located;

/// One target of a stage and the source that its criteria names, both found.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) policy: &'a Policy,
    /// Which service is the target.
    pub target_id: ServiceId,
    /// Which service is the source.
    pub source_id: ServiceId,
    /// The target.
    pub target: &'a Service,
    /// The source.
    pub source: &'a Service,
    /// The target's `Secret`, if keys are copied and it names one that exists.
    pub target_secret: Option<&'a Secret>,
    /// The source's `Secret`, if keys are copied and it names one that exists.
    pub source_secret: Option<&'a Secret>,
    /// The repository that the target takes git from.
    pub target_origin: Option<&'a Origin>,
    /// The repository that the source takes git from.
    pub source_origin: Option<&'a Origin>,
    /// `criteria.secrets`.
    pub keys: &'a [Located<String>],
    /// What is written as the git ref.
    pub mode: RevisionMode,
    /// The ids of the files at the source's side.
    pub(super) source_files: &'a BTreeMap<RepoPath, BlobId>,
    pub(super) watch: &'a [Located<String>],
}

impl<'a> Pair<'a> {
    /// The pair of a stage's service; `None` if it has no source or a reference cannot be resolved.
    pub fn of(
        catalog: &'a Catalog,
        policy: &'a Policy,
        pipeline: &'a ResolvedPipeline,
        stage: StageIndex,
        entry: usize,
    ) -> Option<Self> {
        let resolved: &ResolvedService = pipeline.stages[stage].services.get(entry)?;
        let manifest = catalog.pipeline(pipeline.id);
        let criteria = manifest.stages[stage].services[entry].criteria.as_ref()?;
        let target_id = resolved.service.found()?;
        let source_id = resolved.source.as_ref()?.found()?;
        let secret = |resolution: &Option<crate::model::resolved::Resolution<_>>| {
            resolution
                .as_ref()
                .and_then(|found| found.found())
                .map(|id| catalog.secret(id))
        };
        let rules = policy.stage_rules(&manifest.name, &manifest.stages[stage].name.value);
        Some(Self {
            catalog,
            policy,
            target_id,
            source_id,
            target: catalog.service(target_id),
            source: catalog.service(source_id),
            target_secret: secret(&resolved.target_secret),
            source_secret: secret(&resolved.source_secret),
            target_origin: resolved.target_origin.as_ref(),
            source_origin: resolved.source_origin.as_ref(),
            keys: &criteria.secrets,
            mode: rules.revision,
            source_files: &catalog.files,
            watch: policy.watch(&manifest.name),
        })
    }

    /// The pair at another point of history: the same question asked of other manifests.
    pub fn with<'b>(&self, source: &'b Service, source_secret: Option<&'b Secret>) -> Pair<'b>
    where
        'a: 'b,
    {
        Pair {
            source,
            source_secret,
            ..self.clone()
        }
    }

    /// The source's `git.ref`, if both sides take git and it has one.
    pub fn source_ref(&self) -> Option<&'a crate::model::service::Value> {
        self.target.git.as_ref()?;
        self.source.git.as_ref()?.reference.value()
    }

    /// Whether both sides take git from the same place.
    pub fn same_origin(&self) -> bool {
        self.source_origin == self.target_origin
    }

    /// Whether both sides take the chart from the same place.
    pub fn same_chart_origin(&self) -> bool {
        match (&self.source.helm, &self.target.helm) {
            (Some(source), Some(target)) => source.origin == target.origin,
            _ => true,
        }
    }

    /// Whether nothing is known of the repository but its name, so that a ref can only be compared and copied as text.
    pub fn unknown_origin(&self) -> bool {
        self.source_origin.is_none_or(Origin::is_unknown)
    }

    /// Whether the ref's text is what is written: in an unknown repository, or because the policy says so.
    pub fn literal(&self) -> bool {
        self.mode == RevisionMode::Literal || self.unknown_origin()
    }

    /// Folders whose content makes up what is released, sorted, as the manifests and `watch` name them; `""` is
    /// the whole repository.
    pub fn watched(&self) -> Vec<String> {
        let of = |service: &'a Service| {
            let own = service
                .git
                .as_ref()
                .map(|git| git.folder.as_deref().unwrap_or(""));
            own.into_iter()
                .chain(service.source_folders.iter().map(String::as_str))
        };
        let mut folders: Vec<String> = of(self.source)
            .chain(of(self.target))
            .chain(self.watch.iter().map(|folder| folder.as_str()))
            .map(normal_folder)
            .collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// The values files outside the service's own folder, sorted; `None` is outside the repository.
    pub fn values_files_outside(&self) -> Vec<Option<String>> {
        let of = |service: &'a Service| {
            let folder = service
                .git
                .as_ref()
                .and_then(|git| git.folder.as_deref())
                .unwrap_or("");
            let files = service.helm.iter().flat_map(|helm| &helm.values_files);
            files
                .filter(|file| file.split('/').any(|segment| segment == ".."))
                .map(move |file| join(folder, file))
        };
        let mut values_files_outside: Vec<Option<String>> =
            of(self.source).chain(of(self.target)).collect();
        values_files_outside.sort();
        values_files_outside.dedup();
        values_files_outside
    }

    /// What has to be resolved before the pair can be compared; `None` if no ref is resolved.
    pub fn revision_query(&self) -> Option<RevisionQuery> {
        let value = self.source_ref()?;
        if !self.same_origin() || self.unknown_origin() {
            return None;
        }
        Some(RevisionQuery {
            origin: self.source_origin?.clone(),
            reference: value.text.clone(),
            folders: self.watched(),
            values_files_outside: self.values_files_outside(),
            target: self.target_commit(),
        })
    }

    /// What the target's own ref resolves to, if its repository is known: whether it moves on its own.
    pub fn target_query(&self) -> Option<RevisionQuery> {
        let value = self.target.git.as_ref()?.reference.value()?;
        let origin = self.target_origin.filter(|origin| !origin.is_unknown())?;
        if is_full_id(&value.text) {
            return None;
        }
        Some(RevisionQuery {
            origin: origin.clone(),
            reference: value.text.clone(),
            folders: self.watched(),
            values_files_outside: self.values_files_outside(),
            target: None,
        })
    }

    /// The commit that the target holds now, if it holds one.
    pub fn target_commit(&self) -> Option<crate::model::ids::CommitId> {
        self.target.git.as_ref()?.reference.text()?.parse().ok()
    }
}

/// A path relative to a folder; `None` if it leaves the repository.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut joined: Vec<&str> = folder
        .split('/')
        .filter(|segment| !segment.is_empty() && *segment != ".")
        .collect();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                joined.pop()?;
            }
            segment => joined.push(segment),
        }
    }
    Some(joined.join("/"))
}

/// A folder as git writes it: no leading `./` or `/`, no closing slash; `""` is the whole repository.
pub(crate) fn normal_folder(folder: &str) -> String {
    folder
        .split('/')
        .filter(|segment| !segment.is_empty() && *segment != ".")
        .collect::<Vec<_>>()
        .join("/")
}
