//! What a proposal is made from.

use std::collections::BTreeMap;

use super::sources::Sources;
use crate::catalog::RepositoryIdentity;
use crate::model::catalog::Catalog;
use crate::model::ids::{PipelineId, ServiceId};
use crate::model::policy::Policy;
use crate::model::resolved::ResolvedPipeline;
use crate::model::source_location::SourceLocation;

/// What a proposal is made from.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    /// The manifests.
    pub catalog: &'a Catalog,
    /// Its pipelines, looked up.
    pub resolved: &'a [ResolvedPipeline],
    /// What makes a repository this one.
    pub here: &'a RepositoryIdentity,
    /// The manifests' own text.
    pub sources: &'a Sources,
    /// What the repository is called: the name of a pipeline of many things.
    pub folder: &'a str,
    /// The policy, if there is one.
    pub policy: Option<&'a Policy>,
    /// A workflow runs Sluice already.
    pub workflow: bool,
    /// The default branch, if it is known.
    pub branch: Option<&'a str>,
    /// Services that must be left out, by where their manifests begin, and why.
    pub left_out: &'a BTreeMap<SourceLocation, String>,
}

/// The pipelines that contain services, as their own or as sources.
pub(super) fn in_pipelines(input: &Input<'_>) -> BTreeMap<ServiceId, PipelineId> {
    let mut taken = BTreeMap::new();
    for pipeline in input.resolved {
        for entry in pipeline.stages.iter().flat_map(|stage| &stage.services) {
            let source = entry.source.as_ref().and_then(|source| source.found());
            for id in entry.service.found().into_iter().chain(source) {
                taken.entry(id).or_insert(pipeline.id);
            }
        }
    }
    taken
}
