//! The matrix: services by stages. A pure function from the two documents to cells.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cell::{Cell, Sheet, cell};
use super::documents::{Pipeline, StatusDocument};
use super::links::Site;
use super::past::Past;

/// Pipelines whose stages have the same order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Table {
    /// The stages, sources before targets.
    pub columns: Vec<String>,
    pub pipelines: Vec<PipelineRows>,
}

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct PipelineRows {
    pub name: String,
    pub rows: Vec<Row>,
}

/// One service in all stages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// What the names of the service in its stages have in common.
    pub service: String,
    /// One for each column; `None` if the service is not in that stage.
    pub cells: Vec<Option<Cell>>,
}

/// The tables, what needs a person first.
pub(super) fn tables(status: &StatusDocument, past: &Past<'_>, site: Option<&Site>) -> Vec<Table> {
    let stages: Vec<Vec<&str>> = status
        .pipelines
        .iter()
        .map(|pipeline| {
            let stages = pipeline.stages.iter();
            stages.map(|stage| stage.stage.as_str()).collect()
        })
        .collect();
    let mut tables: Vec<Table> = Vec::new();
    for (pipeline, columns) in status.pipelines.iter().zip(columns(&stages)) {
        let rows = PipelineRows {
            name: pipeline.name_in(status),
            rows: rows(
                pipeline,
                &columns,
                &Sheet {
                    now: status.now,
                    past,
                    site,
                },
            ),
        };
        match tables.iter_mut().find(|table| table.columns == columns) {
            Some(table) => table.pipelines.push(rows),
            None => tables.push(Table {
                columns: columns.iter().map(|stage| (*stage).to_owned()).collect(),
                pipelines: vec![rows],
            }),
        }
    }
    tables
}

/// For each pipeline, the columns of its table: its own stages, or those of another pipeline that has all of them in the
/// same order and more between them.
fn columns<'a>(stages: &[Vec<&'a str>]) -> Vec<Vec<&'a str>> {
    let mut kinds: Vec<&Vec<&str>> = Vec::new();
    for list in stages {
        if !kinds.contains(&list) {
            kinds.push(list);
        }
    }
    // Longest first; of equal ones, the first.
    kinds.sort_by_key(|list| std::cmp::Reverse(list.len()));
    stages
        .iter()
        .map(|own| {
            let table = kinds.iter().find(|list| is_part(own, list));
            table.map_or_else(|| own.clone(), |list| (*list).clone())
        })
        .collect()
}

/// Whether a list is what is left of another one if some are removed.
fn is_part(part: &[&str], whole: &[&str]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|name| whole.any(|other| other == name))
}

/// A row while it is put together: for each stage of the pipeline the service's index in it.
type Chain = Vec<Option<usize>>;

fn rows(pipeline: &Pipeline, columns: &[&str], sheet: &Sheet<'_>) -> Vec<Row> {
    let at: BTreeMap<&str, usize> = columns
        .iter()
        .enumerate()
        .map(|(at, stage)| (*stage, at))
        .collect();
    chains(pipeline)
        .iter()
        .map(|chain| {
            let mut cells = vec![None; columns.len()];
            let mut names = Vec::new();
            for (stage, service) in pipeline.stages.iter().zip(chain) {
                let service = service.and_then(|index| stage.services.get(index));
                let place = at.get(stage.stage.as_str());
                if let (Some(service), Some(place)) = (service, place) {
                    names.push(service.service.as_str());
                    cells[*place] = Some(cell(pipeline, stage, service, sheet));
                }
            }
            Row {
                service: common_name(&names),
                cells,
            }
        })
        .collect()
}

/// The services of a pipeline as chains along their sources.
fn chains(pipeline: &Pipeline) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    // By stage and name of the last service.
    let mut ends: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (stage, of_stage) in pipeline.stages.iter().enumerate() {
        let mut added = Vec::new();
        for (index, service) in of_stage.services.iter().enumerate() {
            let sources = service.source.as_deref().and_then(|name| ends.get(name));
            // A service with several targets in one stage goes on with the first; each of the others begins a row.
            let free = sources.and_then(|sources| {
                let mut sources = sources.iter().rev();
                sources.find(|chain| chains[**chain][stage].is_none())
            });
            let chain = match free {
                Some(chain) => *chain,
                None => {
                    chains.push(vec![None; pipeline.stages.len()]);
                    chains.len() - 1
                }
            };
            chains[chain][stage] = Some(index);
            added.push((service.service.as_str(), chain));
        }
        for (name, chain) in added {
            ends.entry(name).or_default().push(chain);
        }
    }
    chains
}

/// What the names have in common at their beginning or end, or else the first.
fn common_name(names: &[&str]) -> String {
    let Some(first) = names.first() else {
        return String::new();
    };
    let between = |c: char| matches!(c, '-' | '_' | '.' | '/');
    let starts = |one: &str, other: &str| {
        let pairs = one.chars().zip(other.chars());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let backwards = |text: &str| text.chars().rev().collect::<String>();
    let start = names.iter().map(|name| starts(first, name)).min();
    let end = names
        .iter()
        .map(|name| starts(&backwards(first), &backwards(name)))
        .min();
    let length = first.chars().count();
    let (start, end) = (start.unwrap_or(0), end.unwrap_or(0));
    // Only whole words: `web-prod` and `web-preview` have `web` in common.
    let is_whole = |name: &&str| name.chars().nth(start).is_none_or(between);
    let part: String = first.chars().take(start).collect();
    let start = match (names.iter().all(is_whole), part.rfind(between)) {
        (true, _) => part.as_str(),
        (false, Some(at)) => &part[..at],
        (false, None) => "",
    };
    if !start.is_empty() {
        return start.to_owned();
    }
    let part: String = first.chars().skip(length - end).collect();
    match part.find(between) {
        Some(at) if at + 1 < part.len() => part[at + 1..].to_owned(),
        _ => (*first).to_owned(),
    }
}
