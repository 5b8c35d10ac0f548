//! How a `Pipeline` named the services of a stage in the past, also if the pipeline was renamed, moved to another file, or its stage renamed.

use crate::gather::history::wanted::Wanted;
use crate::model::ids::{CommitId, PipelineId};
use crate::model::name::full_name;
use crate::model::pipeline::{Pipeline, Stage, StageService};
use crate::model::reference::{ManifestKey, Reference};
use crate::model::resolved::StageIndex;
use crate::model::service::Secret;
use crate::model::service::Service;

/// At most this many first-parent commits are looked at beyond the one at which a name appeared.
pub(in crate::gather) const COMMITS_BEYOND: usize = 500;

/// A stage of today's catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gather) struct Entry {
    pub pipeline: PipelineId,
    pub stage: StageIndex,
}

/// A reference of a pipeline to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gather) struct Name {
    pub(super) name: String,
    /// As the reference gives it.
    pub(super) given: Option<String>,
    /// The pipeline's own, which counts if the reference gives none.
    pub(super) own: Option<String>,
}

impl Name {
    pub(super) fn new(reference: &Reference, pipeline: &Pipeline) -> Self {
        Self {
            name: reference.name.clone(),
            given: reference.namespace.clone(),
            own: pipeline.namespace.clone(),
        }
    }

    /// Whether it may mean a service, by any rule by which references are looked up.
    pub(in crate::gather) fn means(&self, service: &Service) -> bool {
        let ManifestKey {
            namespace, name, ..
        } = &service.key;
        let wanted = self.given.as_ref().or(self.own.as_ref());
        let unsaid = service
            .written_namespace
            .as_deref()
            .is_none_or(str::is_empty);
        let plain = *name == self.name && (namespace.as_ref() == wanted || unsaid);
        let own = [&service.spec_name, &service.spec_namespace];
        let swapped = self.given.as_deref() == Some(name.as_str())
            && own.into_iter().flatten().any(|own| *own == self.name);
        plain || swapped
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let namespace = self.given.as_deref().or(self.own.as_deref());
        f.write_str(&full_name(namespace, &self.name))
    }
}

/// A stage at a point of its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gather) struct Naming {
    pub(super) pipeline: Followed,
    pub(super) stage: String,
}

/// A stage as a pipeline had it at some commit.
#[derive(Clone, Debug)]
pub(in crate::gather) struct StageThen {
    pub(super) pipeline: Pipeline,
    pub(super) stage: usize,
}

impl StageThen {
    pub(super) fn stage(&self) -> &Stage {
        &self.pipeline.stages[self.stage]
    }

    pub(super) fn names(&self) -> Vec<Name> {
        let services = self.stage().services.iter();
        services
            .map(|one| Name::new(&one.reference, &self.pipeline))
            .collect()
    }

    pub(super) fn names_service(&self, service: &Service) -> bool {
        self.names().iter().any(|name| name.means(service))
    }

    pub(super) fn source_of(&self, entry: &StageService) -> Option<Name> {
        let source = entry.criteria.as_ref()?.source.as_ref()?;
        Some(Name::new(source, &self.pipeline))
    }

    /// The source of a service of the stage, if the service is in it and takes from one.
    pub(in crate::gather) fn source_for(&self, target: &Service) -> Option<Name> {
        let mut services = self.stage().services.iter();
        let entry = services.find(|one| Name::new(&one.reference, &self.pipeline).means(target))?;
        self.source_of(entry)
    }

    /// Whether any service of the stage takes from this one.
    pub(super) fn takes_from(&self, source: &Service) -> bool {
        let mut services = self.stage().services.iter();
        services.any(|one| self.source_of(one).is_some_and(|name| name.means(source)))
    }

    /// The names that it had before and no longer has, if `service` was added. If one is at the same place as
    /// `service`, it is the only one.
    pub(super) fn gave_way_to(&self, after: &Self, service: &Service) -> Vec<Name> {
        let (before, after) = (self.names(), after.names());
        let at = after.iter().position(|name| name.means(service));
        if let Some(at) = at
            && before.len() == after.len()
            && !after.contains(&before[at])
        {
            return vec![before[at].clone()];
        }
        let gone = before.into_iter().filter(|name| !after.contains(name));
        gone.collect()
    }
}

/// A service at the commit at which its name appeared.
pub(super) struct Appeared<'s> {
    pub service: &'s Service,
    pub file: &'s str,
    pub commit: &'s CommitId,
    pub parent: &'s CommitId,
    /// The newer commit at which it left that name, and the file that contained it then.
    pub left: Option<&'s (CommitId, String)>,
}

/// A commit, and a file that it changed.
pub(super) type Changed<'s> = (&'s CommitId, &'s str);

pub(super) fn followed(pipeline: &Pipeline) -> Followed {
    Followed {
        key: pipeline.key(),
        written: pipeline.written_namespace.clone(),
        file: pipeline.file.to_string(),
    }
}

/// A manifest at a point of its way back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::gather) struct Followed {
    pub key: ManifestKey,
    /// `metadata.namespace` as the file has it.
    pub written: Option<String>,
    pub file: String,
}

impl Followed {
    pub(in crate::gather) fn service(service: &Service) -> Self {
        Self {
            key: service.key.clone(),
            written: service.written_namespace.clone(),
            file: service.file.to_string(),
        }
    }

    pub(in crate::gather) fn secret(secret: &Secret) -> Self {
        Self {
            key: secret.key.clone(),
            written: secret.written_namespace.clone(),
            file: secret.file.to_string(),
        }
    }

    pub(in crate::gather) fn wanted(&self) -> Wanted<'_> {
        Wanted::new(&self.key, self.written.as_deref())
    }
}
