//! All pairs of all pipelines, and what the planner asks about them first.

use std::collections::BTreeSet;

use crate::copy::Pair;
use crate::model::catalog::Catalog;
use crate::model::facts::{Facts, RevisionQuery, ServiceRef};
use crate::model::policy::Policy;
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::plan::gates::Needs;

/// The revisions that must be resolved before anything can be compared.
pub(crate) fn revision_queries(
    catalog: &Catalog,
    policy: &Policy,
    resolved: &[ResolvedPipeline],
) -> BTreeSet<RevisionQuery> {
    pairs(catalog, policy, resolved)
        .flat_map(|(_, pair)| [pair.revision_query(), pair.target_query()])
        .flatten()
        .collect()
}

/// Whose history must be read: targets of running pipelines that differ from their source.
pub(crate) fn history_queries(facts: &Facts<'_>) -> Vec<ServiceRef> {
    pairs(facts.catalog, facts.policy, facts.resolved)
        .filter(|(query, pair)| {
            !facts.stopped.contains_key(&query.pipeline) && !compare(facts, pair).changes.is_empty()
        })
        .map(|(query, _)| query)
        .collect()
}

/// The files of a pair whose history is asked for if the two differ: those of the target, and those of the source if a
/// gate excludes the authors of the changes.
pub(crate) fn history_files(
    catalog: &Catalog,
    policy: &Policy,
    pipeline: &ResolvedPipeline,
    stage: StageIndex,
    pair: &Pair<'_>,
) -> BTreeSet<String> {
    let manifest = catalog.pipeline(pipeline.id);
    let mut needs = Needs::default();
    for edge in pipeline.edges_into(stage) {
        for gate in &manifest.edges[edge].gates {
            needs.add_gate(policy, &manifest.name, gate);
        }
    }
    let mut files = BTreeSet::from([&pair.target.file]);
    files.extend(pair.target_secret.map(|secret| &secret.file));
    if needs.change_authors {
        files.insert(&pair.source.file);
        files.extend(pair.source_secret.map(|secret| &secret.file));
    }
    files.into_iter().map(ToString::to_string).collect()
}

/// All pairs of all pipelines, in order.
pub(crate) fn pairs<'a>(
    catalog: &'a Catalog,
    policy: &'a Policy,
    resolved: &'a [ResolvedPipeline],
) -> impl Iterator<Item = (ServiceRef, Pair<'a>)> {
    resolved.iter().flat_map(move |pipeline| {
        pipeline
            .stages
            .iter()
            .enumerate()
            .flat_map(move |(stage, services)| {
                (0..services.services.len()).filter_map(move |service| {
                    let place = ServiceRef {
                        pipeline: pipeline.id,
                        stage,
                        service,
                    };
                    Some((place, Pair::of(catalog, policy, pipeline, stage, service)?))
                })
            })
    })
}

pub(super) fn compare(facts: &Facts<'_>, pair: &Pair<'_>) -> crate::copy::Comparison {
    let revision = pair
        .revision_query()
        .and_then(|query| facts.revisions.get(&query));
    pair.compare(revision)
}
