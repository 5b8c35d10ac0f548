//! A pipeline with its references looked up in the catalog.

use std::collections::HashMap;

use super::ids::{PipelineId, SecretId, ServiceId};
use super::origin::Origin;
use super::source_location::{RepoPath, SourceLocation};

/// What a reference leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolution<T> {
    /// Exactly one manifest.
    Found(T),
    /// Exactly one manifest, by the form printed in Plural's documentation, whose name and namespace are mixed up.
    Swapped {
        /// What it leads to.
        found: T,
        /// The right `name`.
        name: String,
        /// The right `namespace`, if one is known.
        namespace: Option<String>,
    },
    /// Several manifests by the same rule.
    Ambiguous(Vec<SourceLocation>),
    /// None.
    NotFound {
        /// Names that are near, best first, as a reference would write them.
        nearest: Vec<String>,
        /// Files that could not be read and may contain it: a few, those that mention its name first.
        unread: Vec<RepoPath>,
        /// How many more there are.
        more_unread: usize,
    },
}

impl<T: Copy> Resolution<T> {
    /// What it leads to, if it is one manifest.
    pub fn found(&self) -> Option<T> {
        match self {
            Self::Found(found) | Self::Swapped { found, .. } => Some(*found),
            _ => None,
        }
    }
}

/// Which stage of a pipeline: its index in `spec.stages`.
pub(crate) type StageIndex = usize;

/// A pipeline whose references were looked up. Indices are those of the manifest.
#[derive(Clone, Debug)]
pub struct ResolvedPipeline {
    /// Which pipeline.
    pub id: PipelineId,
    /// Its stages.
    pub stages: Vec<ResolvedStage>,
    /// Its edges; `None` if an end names no stage or the edge uses console IDs.
    pub edges: Vec<Option<(StageIndex, StageIndex)>>,
    stages_of: HashMap<ServiceId, Vec<StageIndex>>,
    /// By stage.
    edges_into: Vec<Vec<usize>>,
}

/// A stage whose references were looked up.
#[derive(Clone, Debug)]
pub struct ResolvedStage {
    /// Its services.
    pub services: Vec<ResolvedService>,
}

/// A service of a stage and its source.
#[derive(Clone, Debug)]
pub struct ResolvedService {
    /// The `ServiceDeployment`.
    pub service: Resolution<ServiceId>,
    /// The source, if the criteria names one.
    pub source: Option<Resolution<ServiceId>>,
    /// The source's `Secret`, if it names one and keys are copied.
    pub source_secret: Option<Resolution<SecretId>>,
    /// The target's `Secret`, if it names one and keys are copied.
    pub target_secret: Option<Resolution<SecretId>>,
    /// The repository that the source takes git from.
    pub source_origin: Option<Origin>,
    /// The repository that the target takes git from.
    pub target_origin: Option<Origin>,
}

impl ResolvedPipeline {
    /// A pipeline from what its stages and edges lead to.
    pub fn new(
        id: PipelineId,
        stages: Vec<ResolvedStage>,
        edges: Vec<Option<(StageIndex, StageIndex)>>,
    ) -> Self {
        let mut stages_of: HashMap<ServiceId, Vec<StageIndex>> = HashMap::new();
        for (index, stage) in stages.iter().enumerate() {
            for service in stage
                .services
                .iter()
                .filter_map(|entry| entry.service.found())
            {
                let known = stages_of.entry(service).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
        }
        let mut edges_into = vec![Vec::new(); stages.len()];
        for (edge, ends) in edges.iter().enumerate() {
            if let Some(into) = ends.and_then(|(_, to)| edges_into.get_mut(to)) {
                into.push(edge);
            }
        }
        Self {
            id,
            stages,
            edges,
            stages_of,
            edges_into,
        }
    }

    /// Indices of the edges that lead into a stage, in the order of the manifest.
    pub fn edges_into(&self, stage: StageIndex) -> impl Iterator<Item = usize> + '_ {
        let edges = self.edges_into.get(stage).into_iter().flatten();
        edges.copied().inspect(|_| {
            #[cfg(any(test, fuzzing))]
            crate::yaml::syntax::steps::count();
        })
    }

    /// The stages that contain a service.
    pub fn stages_of(&self, service: ServiceId) -> impl Iterator<Item = StageIndex> + '_ {
        self.stages_of.get(&service).into_iter().flatten().copied()
    }
}
