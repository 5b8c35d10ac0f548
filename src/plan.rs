//! The planner: facts in, plan out. Pure: no clock, no I/O, no environment; the same facts give the same plan.
//!
//! It works in rounds with whoever gathers: [`revision_queries`] names the revisions that are needed, [`history_queries`]
//! the histories (only of services that differ), [`way_queries`] what may go back, and [`plan`] decides.

pub mod attempt;
pub mod delivery;
mod due;
mod gates;
pub mod guard;
mod hold;
mod planner;
mod ready;
mod take;

use std::collections::BTreeSet;

pub use gates::{FORMS, GateForm, Needs, form_of};
pub use hold::{ClosedHold, LabelHold, closed_hold, hold_names, label_hold};
pub use planner::{Standing, needs, plan, ready_queries, standing, way_queries};

use crate::copy::Pair;
use crate::model::catalog::Catalog;
use crate::model::facts::{Facts, HistoryQuery, RevisionQuery};
use crate::model::policy::Policy;
use crate::model::resolved::ResolvedPipeline;
pub use crate::model::when;

/// The revisions that must be resolved before anything can be compared.
pub fn revision_queries(
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
pub fn history_queries(facts: &Facts<'_>) -> Vec<HistoryQuery> {
    pairs(facts.catalog, facts.policy, facts.resolved)
        .filter(|(query, pair)| {
            !facts.stopped.contains_key(&query.pipeline) && !compare(facts, pair).changes.is_empty()
        })
        .map(|(query, _)| query)
        .collect()
}

/// All pairs of all pipelines, in order.
pub fn pairs<'a>(
    catalog: &'a Catalog,
    policy: &'a Policy,
    resolved: &'a [ResolvedPipeline],
) -> impl Iterator<Item = (HistoryQuery, Pair<'a>)> {
    resolved.iter().flat_map(move |pipeline| {
        pipeline
            .stages
            .iter()
            .enumerate()
            .flat_map(move |(stage, services)| {
                (0..services.services.len()).filter_map(move |service| {
                    let place = HistoryQuery {
                        pipeline: pipeline.id,
                        stage,
                        service,
                    };
                    Some((place, Pair::of(catalog, policy, pipeline, stage, service)?))
                })
            })
    })
}

fn compare(facts: &Facts<'_>, pair: &Pair<'_>) -> crate::copy::Comparison {
    let revision = pair
        .revision_query()
        .and_then(|query| facts.revisions.get(&query));
    pair.compare(revision)
}
