//! The four DORA figures of each stage, in plain numbers, from landings alone. Dates are those of commits.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::ages::{duration, median};
use super::documents::{HistoryDocument, Landing, StatusDocument};

/// The figures are about this many days before the status was read.
pub(super) const DAYS: i64 = 90;

/// The figures of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Figures {
    pub pipeline: String,
    pub stage: String,
    /// How often something landed.
    pub frequency: String,
    pub lead_time: String,
    pub failure_rate: String,
    pub restore_time: String,
}

/// The stage of a landing.
type Key<'a> = (&'a str, Option<&'a str>, &'a str);

/// All stages into which something landed in these days, by name.
pub(super) fn figures(status: &StatusDocument, history: &HistoryDocument) -> Vec<Figures> {
    let now = status.now;
    let from = now
        .checked_sub(SignedDuration::from_hours(DAYS * 24))
        .unwrap_or(Timestamp::MIN);
    let first = first_landings(history);
    let set = set_now(status);
    let sources = sources(status);
    let mut stages: BTreeMap<Key<'_>, Vec<&Landing>> = BTreeMap::new();
    // Oldest first.
    for landing in history.landings.iter().rev() {
        stages.entry(key(landing)).or_default().push(landing);
    }
    stages
        .into_iter()
        .filter_map(|((pipeline, namespace, stage), landings)| {
            let recent = |landing: &Landing| (from..=now).contains(&landing.date);
            let number = landings.iter().filter(|one| recent(one)).count();
            if number == 0 {
                return None;
            }
            let ordinary: Vec<(usize, &Landing)> = landings
                .iter()
                .enumerate()
                .filter(|(_, one)| recent(one) && one.rollback.is_none())
                .map(|(at, one)| (at, *one))
                .collect();
            let restored: Vec<SignedDuration> = ordinary
                .iter()
                .filter_map(|(at, failed)| {
                    let next = landings.get(at + 1)?;
                    let taken_back = next.rollback.is_some();
                    taken_back.then(|| next.date.duration_since(failed.date))
                })
                .collect();
            let leads: Vec<Option<SignedDuration>> = ordinary
                .iter()
                .flat_map(|(_, landing)| lead_times(landing, &first, &set, &sources))
                .collect();
            Some(Figures {
                pipeline: status.name_of(namespace, pipeline),
                stage: stage.to_owned(),
                frequency: frequency(number),
                lead_time: lead_time(&leads),
                failure_rate: failure_rate(restored.len(), ordinary.len()),
                restore_time: match median(restored.clone()) {
                    Some(middle) => format!("{}{}", duration(middle), of(restored.len())),
                    None => "–".to_owned(),
                },
            })
        })
        .collect()
}

fn key(landing: &Landing) -> Key<'_> {
    (
        &landing.pipeline,
        landing.namespace.as_deref(),
        &landing.stage,
    )
}

fn frequency(number: usize) -> String {
    // Tenths of a landing a week, rounded.
    let tenths = (number * 70 * 2 + DAYS as usize) / (2 * DAYS as usize);
    format!("{number}, {}.{} a week", tenths / 10, tenths % 10)
}

fn failure_rate(failed: usize, all: usize) -> String {
    match all {
        0 => "–".to_owned(),
        _ => format!("{failed} of {all} ({} %)", (failed * 200 + all) / (2 * all)),
    }
}

fn lead_time(all: &[Option<SignedDuration>]) -> String {
    let known: Vec<SignedDuration> = all.iter().flatten().copied().collect();
    let number = known.len();
    match (median(known), number == all.len()) {
        (None, _) => "not known".to_owned(),
        (Some(middle), true) => format!("{}{}", duration(middle), of(number)),
        (Some(middle), false) => {
            format!("{} (known of {number} of {})", duration(middle), all.len())
        }
    }
}

/// How many a median is of.
fn of(number: usize) -> String {
    match number {
        1 => " (of 1)".to_owned(),
        _ => format!(" (median of {number})"),
    }
}

/// A field of a service of a pipeline with a value: pipeline, namespace, service, path, value.
type Held<'a> = (&'a str, Option<&'a str>, &'a str, &'a str, &'a str);

/// When a service first got a value by a landing.
fn first_landings(history: &HistoryDocument) -> BTreeMap<Held<'_>, Timestamp> {
    let mut first = BTreeMap::new();
    for landing in history.landings.iter().rev() {
        for change in &landing.changes {
            if let Some(new) = &change.new {
                let held: Held<'_> = (
                    &landing.pipeline,
                    landing.namespace.as_deref(),
                    &change.name,
                    &change.path,
                    new,
                );
                first.entry(held).or_insert(landing.date);
            }
        }
    }
    first
}

/// What services hold now, and since when: pipeline, namespace, service, value.
type Now<'a> = (&'a str, Option<&'a str>, &'a str, &'a str);

fn set_now(status: &StatusDocument) -> BTreeMap<Now<'_>, Timestamp> {
    let mut set = BTreeMap::new();
    for pipeline in &status.pipelines {
        for stage in &pipeline.stages {
            for service in &stage.services {
                let values = stage.values.iter();
                let own = values.filter(|value| value.service == service.service);
                for value in own.filter_map(|value| value.value.as_deref()) {
                    let held: Now<'_> = (
                        &pipeline.pipeline,
                        pipeline.namespace.as_deref(),
                        &service.service,
                        value,
                    );
                    if let Some(since) = &service.since {
                        set.insert(held, since.at);
                    }
                }
            }
        }
    }
    set
}

/// The source of each service: pipeline, namespace, service.
type Sources<'a> = BTreeMap<(&'a str, Option<&'a str>, &'a str), &'a str>;

fn sources(status: &StatusDocument) -> Sources<'_> {
    let mut sources = BTreeMap::new();
    for pipeline in &status.pipelines {
        let services = pipeline.stages.iter().flat_map(|stage| &stage.services);
        for service in services {
            if let Some(source) = &service.source {
                let key = (
                    pipeline.pipeline.as_str(),
                    pipeline.namespace.as_deref(),
                    service.service.as_str(),
                );
                sources.insert(key, source.as_str());
            }
        }
    }
    sources
}

/// For each change of a landing: how long before it the value came into the pipeline, as far back along the sources as
/// that is known; `None` if it is not known at all.
fn lead_times(
    landing: &Landing,
    first: &BTreeMap<Held<'_>, Timestamp>,
    set: &BTreeMap<Now<'_>, Timestamp>,
    sources: &Sources<'_>,
) -> Vec<Option<SignedDuration>> {
    let pipeline = landing.pipeline.as_str();
    let namespace = landing.namespace.as_deref();
    let values = landing
        .changes
        .iter()
        .filter_map(|change| Some((change, change.new.as_deref()?)));
    values
        .map(|(change, new)| {
            let mut earliest = None;
            let mut service = change.name.as_str();
            // A chain of sources is no longer than there are services; a circle of them is an error elsewhere.
            for _ in 0..sources.len() {
                let Some(source) = sources.get(&(pipeline, namespace, service)) else {
                    break;
                };
                service = source;
                let landed = first.get(&(pipeline, namespace, service, &change.path, new));
                let held = set.get(&(pipeline, namespace, service, new));
                let known = landed.or(held).filter(|at| **at <= landing.date);
                earliest = known.or(earliest);
            }
            earliest.map(|at| landing.date.duration_since(*at))
        })
        .collect()
}
