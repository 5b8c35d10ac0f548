//! Namespaces for manifests that name none, if their names alone are not unique.
//!
//! They go into `manifests.namespaces` of a new policy, by globs as narrow as they must be: a glob must never give a
//! namespace to what a pipeline that is there refers to without one.

use std::collections::{BTreeMap, BTreeSet};

use super::input::Input;
use super::input::in_pipelines;
use super::pair::{Family, lines};
use super::subject::{Placement, Subject};
use super::words::{Environment, EnvironmentSlot, read};
use crate::model::ids::{PipelineId, ServiceId};
use crate::model::policy::Glob;
use crate::model::service::Service;
use crate::model::source_location::RepoPath;

/// Which services need a namespace to be unique.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// The words by which the repository calls its environments, if it uses one word for each.
    words: BTreeMap<Environment, String>,
    /// The namespaces that they get.
    pub wanted: BTreeMap<ServiceId, String>,
    /// Services that cannot be distinguished, and why.
    pub refused: BTreeMap<ServiceId, String>,
}

/// Globs and their namespaces, in the order of the policy.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    globs: Vec<(Glob, String)>,
}

impl Namespaces {
    /// The namespace by which a service is referred to.
    pub(super) fn of(&self, service: &Service) -> Option<String> {
        service.key.namespace.clone().or_else(|| {
            let mut globs = self.globs.iter();
            let found = globs.find(|(glob, _)| glob.matches(service.file.as_str()));
            found.map(|(_, namespace)| namespace.clone())
        })
    }

    /// Glob and namespace, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let globs = self.globs.iter();
        globs.map(|(glob, namespace)| (glob.as_str(), namespace.as_str()))
    }
}

impl Labels {
    /// Looks for manifests of one key.
    pub(super) fn of(
        input: &Input<'_>,
        free: &[&Subject<'_>],
        taken: &BTreeMap<ServiceId, PipelineId>,
    ) -> Self {
        let mut labels = Self {
            words: words(free),
            ..Self::default()
        };
        let mut by_key: BTreeMap<_, Vec<ServiceId>> = BTreeMap::new();
        for id in input.catalog.service_ids() {
            let key = &input.catalog.service(id).key;
            by_key
                .entry((&key.name, &key.namespace))
                .or_default()
                .push(id);
        }
        let subjects: BTreeMap<ServiceId, &&Subject<'_>> =
            free.iter().map(|subject| (subject.id, subject)).collect();
        for ((name, namespace), ids) in &by_key {
            if ids.len() < 2 {
                continue;
            }
            let places = |except: ServiceId| {
                let others = ids.iter().filter(|id| **id != except);
                lines(others.map(|id| input.catalog.service(*id)))
            };
            for id in ids {
                let Some(subject) = subjects.get(id) else {
                    continue;
                };
                match (namespace, &subject.placement, input.policy) {
                    (Some(_), ..) => labels.refuse(*id, format!(
                        "{} has the same name and namespace, so no reference could tell them apart",
                        places(*id)
                    )),
                    (None, Placement::In(slot, _), None) => {
                        let label = labels.stage(slot);
                        let clash = by_key.contains_key(&(*name, &Some(label.clone())));
                        if clash {
                            labels.refuse(*id, no_namespace(&places(*id)));
                        } else {
                            labels.wanted.insert(*id, label);
                        }
                    }
                    (None, Placement::In(..), Some(_)) => {
                        labels.refuse(*id, no_namespace(&places(*id)));
                    }
                    // It has a reason of its own.
                    (None, Placement::Unknown | Placement::Contradictory(_), _) => {}
                }
            }
            labels.refuse_equal(input, ids);
        }
        labels.refuse_files(input, taken);
        labels
    }

    /// The name of a place's stage.
    pub(super) fn stage(&self, slot: &EnvironmentSlot) -> String {
        let word = self.words.get(&slot.environment);
        slot.named(word.map_or(slot.environment.word(), String::as_str))
    }

    fn refuse(&mut self, id: ServiceId, why: String) {
        self.wanted.remove(&id);
        self.refused.insert(id, why);
    }

    /// Several that would get one namespace are several candidates for one place, and pairing reports that; unless they
    /// are also in one file, in which case no reference could ever distinguish them.
    fn refuse_equal(&mut self, input: &Input<'_>, ids: &[ServiceId]) {
        let mut by_file: BTreeMap<_, Vec<ServiceId>> = BTreeMap::new();
        for id in ids {
            by_file
                .entry(&input.catalog.service(*id).file)
                .or_default()
                .push(*id);
        }
        for same in by_file.values().filter(|same| same.len() > 1) {
            for id in same {
                if self.wanted.contains_key(id) {
                    let others = same.iter().filter(|other| *other != id);
                    let others = lines(others.map(|other| input.catalog.service(*other)));
                    self.refuse(*id, no_namespace(&others));
                }
            }
        }
    }

    /// A glob gives a whole file one namespace: not if two are needed, nor if a pipeline depends on none.
    fn refuse_files(&mut self, input: &Input<'_>, taken: &BTreeMap<ServiceId, PipelineId>) {
        let mut by_file: BTreeMap<_, BTreeSet<&String>> = BTreeMap::new();
        for (id, label) in &self.wanted {
            by_file
                .entry(&input.catalog.service(*id).file)
                .or_default()
                .insert(label);
        }
        let shared = |file: &RepoPath| {
            let pipelines = input.catalog.pipelines.iter();
            let mut pipelines = pipelines.filter(|pipeline| pipeline.namespace.is_none());
            pipelines.any(|pipeline| pipeline.file == *file)
                || taken.keys().any(|id| {
                    let service = input.catalog.service(*id);
                    service.file == *file && service.key.namespace.is_none()
                })
        };
        let bad: Vec<_> = by_file
            .into_iter()
            .filter(|(file, labels)| labels.len() > 1 || shared(file))
            .map(|(file, _)| file.clone())
            .collect();
        let ids: Vec<ServiceId> = self.wanted.keys().copied().collect();
        for id in ids {
            if bad.contains(&input.catalog.service(id).file) {
                self.refuse(
                    id,
                    "its name alone is not unique, and its file contains manifests of other environments or of a \
                     pipeline: give it a `metadata.namespace`"
                        .to_owned(),
                );
            }
        }
    }

    /// The globs for the services of these families.
    pub(super) fn namespaces(
        &self,
        input: &Input<'_>,
        families: &[Family],
        subjects: &[Subject<'_>],
    ) -> Namespaces {
        let taken = in_pipelines(input);
        let mut narrow: BTreeMap<(String, &str), bool> = BTreeMap::new();
        let mut globs: BTreeMap<String, String> = BTreeMap::new();
        for id in families.iter().flat_map(|family| family.members.values()) {
            let Some(label) = self.wanted.get(id) else {
                continue;
            };
            let file = input.catalog.service(*id).file.as_str();
            let glob = folder_of(file, label, self)
                .filter(|glob| {
                    *narrow
                        .entry((glob.clone(), label))
                        .or_insert_with(|| self.only(input, subjects, &taken, glob, label))
                })
                .unwrap_or_else(|| escaped(file));
            globs.insert(glob, label.clone());
        }
        let globs = globs
            .into_iter()
            .filter_map(|(glob, label)| Some((Glob::new(&glob).ok()?, label)))
            .collect();
        Namespaces { globs }
    }

    /// Whether everything without a namespace below this glob is a service of this place in no pipeline.
    fn only(
        &self,
        input: &Input<'_>,
        subjects: &[Subject<'_>],
        taken: &BTreeMap<ServiceId, PipelineId>,
        glob: &str,
        label: &str,
    ) -> bool {
        let Ok(glob) = Glob::new(glob) else {
            return false;
        };
        let pipelines = input.catalog.pipelines.iter();
        let mut pipelines = pipelines.filter(|pipeline| pipeline.namespace.is_none());
        !pipelines.any(|pipeline| glob.matches(pipeline.file.as_str()))
            && subjects
                .iter()
                .filter(|subject| {
                    subject.service.key.namespace.is_none()
                        && glob.matches(subject.service.file.as_str())
                })
                .all(|subject| {
                    let same = subject.slot().is_some_and(|slot| self.stage(slot) == label);
                    same && !taken.contains_key(&subject.id)
                })
    }
}

/// `clusters/dev/**` for `clusters/dev/apps/web.yaml`: the deepest folder that names the environment.
fn folder_of(file: &str, label: &str, labels: &Labels) -> Option<String> {
    let folders: Vec<&str> = file.split('/').collect();
    let (_, folders) = folders.split_last()?;
    let names =
        |folder: &&str| read(folder).is_some_and(|found| labels.stage(&found.slot) == label);
    let deepest = folders.iter().rposition(names)?;
    Some(format!("{}/**", escaped(&folders[..=deepest].join("/"))))
}

/// A path as a glob that matches it alone.
fn escaped(path: &str) -> String {
    let mut glob = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' => glob.extend(['[', c, ']']),
            '\\' => glob.push_str("\\\\"),
            c => glob.push(c),
        }
    }
    glob
}

fn no_namespace(others: &str) -> String {
    format!(
        "it has no namespace, and {others} has the same name: give each a `metadata.namespace`, or name their folders \
         under `manifests.namespaces` of the policy"
    )
}

/// The one word for each environment, if the repository uses one.
fn words(subjects: &[&Subject<'_>]) -> BTreeMap<Environment, String> {
    let mut used: BTreeMap<Environment, BTreeSet<&String>> = BTreeMap::new();
    for subject in subjects {
        if let Placement::In(slot, word) = &subject.placement {
            used.entry(slot.environment).or_default().insert(word);
        }
    }
    used.into_iter()
        .filter(|(_, words)| words.len() == 1)
        .filter_map(|(environment, words)| Some((environment, (*words.first()?).clone())))
        .collect()
}
