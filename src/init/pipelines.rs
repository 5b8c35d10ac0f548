//! Families of services → pipelines: one for all that share a chain of environments.

use std::collections::{BTreeMap, BTreeSet};

use super::input::Input;
use super::labels::Labels;
use super::pair::Family;
use super::words::{Environment, EnvironmentSlot};
use crate::model::ids::ServiceId;
use crate::model::pipeline::GateKind;
use crate::model::source_location::RepoPath;

/// A pipeline to be proposed.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// `metadata.name`: a valid name of Kubernetes that no pipeline here has.
    pub name: String,
    /// The file that it goes into.
    pub path: RepoPath,
    /// Its stages, the first environments first.
    pub stages: Vec<PlannedStage>,
    /// Its edges, in the order of the stages that they lead into.
    pub edges: Vec<PlannedEdge>,
}

/// A stage.
#[derive(Clone, Debug)]
pub(super) struct PlannedStage {
    /// Its name.
    pub name: String,
    /// What it is like production.
    pub production: bool,
    /// Its services.
    pub services: Vec<PlannedService>,
}

/// A service of a stage.
#[derive(Clone, Debug)]
pub(super) struct PlannedService {
    /// What it is called without environment.
    pub base: String,
    /// Which service.
    pub id: ServiceId,
    /// The stage and the service that it takes its values from.
    pub source: Option<(String, ServiceId)>,
}

/// An edge.
#[derive(Clone, Debug)]
pub(super) struct PlannedEdge {
    /// From this stage.
    pub from: String,
    /// To this stage.
    pub to: String,
    /// The APPROVAL gate on it.
    pub gate: Option<String>,
}

/// Which stages and which edges: equal for families of one pipeline.
type Shape = (
    Vec<EnvironmentSlot>,
    BTreeSet<(EnvironmentSlot, EnvironmentSlot)>,
);

/// Plans the pipelines.
pub(super) fn plan(input: &Input<'_>, labels: &Labels, families: Vec<Family>) -> Vec<Planned> {
    let mut by_shape: BTreeMap<Shape, Vec<Family>> = BTreeMap::new();
    for family in families {
        let shape = (
            family.members.keys().cloned().collect(),
            family.links.clone(),
        );
        by_shape.entry(shape).or_default().push(family);
    }
    let mut used: BTreeSet<String> = input
        .catalog
        .pipelines
        .iter()
        .map(|pipeline| pipeline.name.to_string())
        .collect();
    let names: Vec<String> = by_shape
        .values()
        .map(|families| common_name(families, input.folder))
        .collect();
    let alone = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let mut planned = Vec::new();
    for ((shape, families), name) in by_shape.iter().zip(&names) {
        let chain = chain(&shape.0);
        let long = || valid_name(&format!("{name}-{chain}"));
        let first = if alone(name) { name.clone() } else { long() };
        let name = free_name(first, long(), &used);
        used.insert(name.clone());
        planned.push(one(input, labels, name, shape, families));
    }
    planned
}

fn one(
    input: &Input<'_>,
    labels: &Labels,
    name: String,
    (spots, links): &Shape,
    families: &[Family],
) -> Planned {
    let stage = |slot: &EnvironmentSlot| PlannedStage {
        name: labels.stage(slot),
        production: slot.environment == Environment::Prod,
        services: families
            .iter()
            .map(|family| PlannedService {
                base: family.base.clone(),
                id: family.members[slot],
                source: family
                    .links
                    .iter()
                    .find(|(_, to)| to == slot)
                    .map(|(from, _)| (labels.stage(from), family.members[from])),
            })
            .collect(),
    };
    let gate = |to: &EnvironmentSlot| {
        let stage = labels.stage(to);
        let rule = input
            .policy
            .and_then(|policy| policy.stage(&name.as_str().into(), &stage.as_str().into()));
        let required = rule.is_some_and(|ruled| {
            let mut kinds = ruled.rule.require.iter().map(|gate| gate.value.kind());
            kinds.any(|kind| kind == GateKind::Approval)
        });
        let production = to.environment == Environment::Prod;
        // Regions of one environment share a gate's name, and with it its rule.
        (production || required).then(|| {
            let whole = EnvironmentSlot {
                environment: to.environment,
                region: String::new(),
            };
            format!("{}-approval", labels.stage(&whole))
        })
    };
    let mut edges: Vec<(&EnvironmentSlot, PlannedEdge)> = links
        .iter()
        .map(|(from, to)| {
            let edge = PlannedEdge {
                from: labels.stage(from),
                to: labels.stage(to),
                gate: gate(to),
            };
            (to, edge)
        })
        .collect();
    edges.sort_by_key(|(to, _)| *to);
    Planned {
        path: format!("pipelines/{name}.yaml").into(),
        stages: spots.iter().map(stage).collect(),
        edges: edges.into_iter().map(|(_, edge)| edge).collect(),
        name,
    }
}

/// The common name of all of them; if they have nothing in common, the repository's name.
fn common_name(families: &[Family], folder: &str) -> String {
    let words = |text: &str| -> Vec<String> { text.split('-').map(str::to_owned).collect() };
    let mut common: Option<Vec<String>> = None;
    for family in families {
        let own = words(&family.base);
        common = Some(match common {
            None => own,
            Some(common) => common
                .into_iter()
                .zip(own)
                .take_while(|(a, b)| a == b)
                .map(|(a, _)| a)
                .collect(),
        });
    }
    let common = common.unwrap_or_default().join("-");
    match valid_name(&common) {
        name if name.is_empty() => match valid_name(folder) {
            name if name.is_empty() => "services".to_owned(),
            name => name,
        },
        name => name,
    }
}

/// `dev-qa-prod`: the environments once each.
fn chain(spots: &[EnvironmentSlot]) -> String {
    let mut words: Vec<&str> = spots.iter().map(|slot| slot.environment.word()).collect();
    words.dedup();
    words.join("-")
}

fn free_name(name: String, long: String, used: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| {
        let end = format!("-{number}");
        format!(
            "{}{end}",
            long.chars()
                .take(MAX_NAME_LENGTH - end.len())
                .collect::<String>()
        )
    });
    let mut names = [name.clone(), long.clone()].into_iter().chain(numbered);
    names.find(|name| !used.contains(name)).unwrap_or(name)
}

/// The maximum length of an object's name if it is also a label.
const MAX_NAME_LENGTH: usize = 63;

/// A text as a Kubernetes name: lower-case letters, digits and `-`, with a letter or digit at both ends; empty if
/// nothing of it can be used.
pub(super) fn valid_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name: String = name.chars().take(MAX_NAME_LENGTH).collect();
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_that_is_taken_gets_its_chain_and_then_a_number() {
        let used = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let free =
            |names: &[&str]| free_name("a".to_owned(), "a-dev-prod".to_owned(), &used(names));
        assert_eq!(free(&[]), "a");
        assert_eq!(free(&["a"]), "a-dev-prod");
        assert_eq!(free(&["a", "a-dev-prod", "a-dev-prod-2"]), "a-dev-prod-3");
    }

    proptest! {
        #[test]
        fn whatever_the_text_its_name_is_one_of_kubernetes(text in any::<String>()) {
            let name = valid_name(&text);
            let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            prop_assert!(name.len() <= 63);
            prop_assert!(name.chars().all(|c| letter(c) || c == '-'));
            prop_assert!(!name.starts_with('-') && !name.ends_with('-'));
        }
    }
}
