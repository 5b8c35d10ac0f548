//! The files whose history will be asked for, so that it is read together with what is asked before it.

use std::collections::{BTreeMap, BTreeSet};

use super::repository_state::RepositoryState;
use crate::gather::Repositories;
use crate::model::catalog::Catalog;
use crate::model::facts::{Revision, RevisionQuery};
use crate::model::pipeline::EdgeEnds;
use crate::model::policy::Policy;
use crate::model::promotion_id::PromotionId;
use crate::model::resolved::ResolvedPipeline;
use crate::plan;

/// The files whose history is asked for if the targets of a revision query differ, for each.
pub(super) fn targets(
    repository: &RepositoryState,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
) -> BTreeMap<RevisionQuery, BTreeSet<String>> {
    let mut files: BTreeMap<RevisionQuery, BTreeSet<String>> = BTreeMap::new();
    let policy = &repository.policy;
    for (place, pair) in plan::pairs(catalog, policy, resolved) {
        if let Some(query) = pair.revision_query() {
            let pipeline = &resolved[place.pipeline.0];
            let own = plan::history_files(catalog, policy, pipeline, place.stage, &pair);
            files.entry(query).or_default().extend(own);
        }
    }
    files
}

/// The files that hold the targets of a stage.
pub(super) fn stage_files(
    catalog: &Catalog,
    policy: &Policy,
    resolved: &[ResolvedPipeline],
    stage: &PromotionId,
) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for (place, pair) in plan::pairs(catalog, policy, resolved) {
        let pipeline = catalog.pipeline(place.pipeline);
        let found = pipeline.pipeline_key() == stage.pipeline
            && pipeline.stages[place.stage].name.value == stage.stage;
        if found {
            files.insert(pair.target.file.to_string());
            files.extend(pair.target_secret.map(|secret| secret.file.to_string()));
        }
    }
    files
}

/// The files whose history is asked for once a stage has landed: those of the stages that are promoted from it.
pub(super) fn next_files(
    catalog: &Catalog,
    policy: &Policy,
    resolved: &[ResolvedPipeline],
    stage: &PromotionId,
) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for (place, pair) in plan::pairs(catalog, policy, resolved) {
        let pipeline = catalog.pipeline(place.pipeline);
        if pipeline.pipeline_key() != stage.pipeline {
            continue;
        }
        let target = &pipeline.stages[place.stage].name.value;
        let mut edges = pipeline.edges.iter();
        let follows = edges.any(|edge| match &edge.ends {
            EdgeEnds::Stages { from, to } => from.value == stage.stage && to.value == *target,
            EdgeEnds::ConsoleIds => false,
        });
        if follows {
            let pipeline = &resolved[place.pipeline.0];
            let own = plan::history_files(catalog, policy, pipeline, place.stage, &pair);
            files.extend(own);
        }
    }
    files
}

/// Says that the history of the services that differ will be asked for, as far as that is known without what revisions
/// resolve to: so it is read together with them.
pub(super) fn expect_history(
    repository: &RepositoryState,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
    repositories: &Repositories<'_>,
    revisions: &BTreeMap<RevisionQuery, Revision>,
) {
    let Some((here, tip)) = &repositories.here else {
        return;
    };
    let policy = &repository.policy;
    let mut files = BTreeSet::new();
    for (place, pair) in plan::pairs(catalog, policy, resolved) {
        let revision = pair
            .revision_query()
            .and_then(|query| revisions.get(&query));
        if !pair.compare(revision).changes.is_empty() {
            let pipeline = &resolved[place.pipeline.0];
            files.extend(plan::history_files(
                catalog,
                policy,
                pipeline,
                place.stage,
                &pair,
            ));
        }
    }
    here.objects().expect_history(tip, &files);
}
