//! Helm values in which a service and its source differ: some of them are a release, the rest belongs to the environment. Which
//! is which only a person can say, so they are named and nothing more.

use std::collections::{BTreeMap, BTreeSet};

use super::input::Input;
use super::pipelines::Planned;
use crate::model::ids::ServiceId;
use crate::yaml::{FieldPath, Segment};

/// Helm values that differ, by their path, with the stages between which they do: `dev → prod`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Differing {
    paths: BTreeMap<String, BTreeSet<String>>,
}

/// What a release is usually called.
const RELEASE: [&str; 4] = ["tag", "version", "digest", "image"];

impl Differing {
    /// Compares every service of a proposed pipeline with its source.
    pub(super) fn of(input: &Input<'_>, planned: &[Planned]) -> Self {
        let mut differing = Self::default();
        for stage in planned.iter().flat_map(|pipeline| &pipeline.stages) {
            for service in &stage.services {
                let Some((from, source)) = &service.source else {
                    continue;
                };
                let way = format!("{from} → {}", stage.name);
                let before = values(input, *source);
                for (path, value) in values(input, service.id) {
                    let known = input.policy.is_some_and(|policy| {
                        let mut fields = policy.fields.iter();
                        fields.any(|field| field.path().to_string() == path)
                    });
                    if !known && before.get(&path).is_some_and(|other| *other != value) {
                        let ways = differing.paths.entry(path).or_default();
                        ways.insert(way.clone());
                    }
                }
            }
        }
        differing
    }

    /// Those whose name says that they are a release.
    pub(super) fn releases(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(String::as_str).filter(|path| {
            let last = path.rsplit('.').next().unwrap_or(path).to_lowercase();
            RELEASE.iter().any(|word| last.ends_with(word))
        })
    }

    /// One sentence for the reader, if there are any.
    pub(super) fn note(&self) -> Option<String> {
        const SHOWN: usize = 8;
        if self.paths.is_empty() {
            return None;
        }
        let mut paths: Vec<String> = self
            .paths
            .iter()
            .map(|(path, ways)| {
                let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
                format!("{path} ({})", ways.join(", "))
            })
            .collect();
        let more = paths.len().saturating_sub(SHOWN);
        paths.truncate(SHOWN);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "These helm values differ and are not promoted: {}{more}. If one of them is a release, list it under `fields` in {}.",
            paths.join(", "),
            super::proposal::POLICY_PATH
        ))
    }
}

/// The scalars below `spec.helm.values`, outside lists.
fn values(input: &Input<'_>, id: ServiceId) -> BTreeMap<String, String> {
    let service = input.catalog.service(id);
    let Some(manifest) = input.sources.manifest(&service.file, service.at) else {
        return BTreeMap::new();
    };
    let below = FieldPath::keys(&["spec", "helm", "values"]);
    let in_list = |path: &FieldPath| {
        let mut segments = path.segments().iter();
        segments.any(|segment| !matches!(segment, Segment::Key(_)))
    };
    manifest
        .leaves()
        .into_iter()
        .filter(|(path, _)| path.starts_with(&below) && !in_list(path))
        .filter_map(|(path, _)| Some((path.to_string(), manifest.text(&path)?.to_owned())))
        .collect()
}
