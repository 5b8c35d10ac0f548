//! What the stages run: the promoted values of their services, by the current manifests. No value of a `Secret` ever
//! leaves this module.

use std::collections::{BTreeMap, BTreeSet};

use crate::copy::{Pair, is_full_id, values};
use crate::evaluation::evaluate::Evaluation;
use crate::gather::SinceOf;
use crate::model::change::Text;
use crate::model::facts::{ResolvedRevision, Revision, Slot};
use crate::model::ids::{PipelineId, ServiceId};
use crate::model::origin::Origin;
use crate::model::policy::Policy;
use crate::model::resolved::StageIndex;
use crate::model::service::Secret;
use crate::model::status::Running;
use crate::plan::pairs;
use crate::yaml::Located;

/// A service of a pipeline.
pub(super) type Member = (PipelineId, ServiceId);

/// What promotions read or write in each service.
pub(super) struct Content<'a> {
    evaluation: &'a Evaluation,
    policy: &'a Policy,
    takes_part: BTreeMap<Member, Part<'a>>,
    /// Keys whose value some service of the pipeline keeps in a `Secret`: they are secret in all its services.
    secret_keys: BTreeSet<(PipelineId, String)>,
}

#[derive(Default)]
struct Part<'a> {
    slots: BTreeSet<Slot>,
    keys: Vec<Located<String>>,
    secret: Option<&'a Secret>,
    /// What its git ref resolves to: one answer for each of its targets, which watch different folders.
    resolved: Vec<&'a ResolvedRevision>,
    here: bool,
}

impl<'a> Content<'a> {
    /// The content of the pipelines that `wanted` accepts.
    pub(super) fn of(
        evaluation: &'a Evaluation,
        policy: &'a Policy,
        wanted: &dyn Fn(PipelineId) -> bool,
    ) -> Self {
        let mut content = Self {
            evaluation,
            policy,
            takes_part: BTreeMap::new(),
            secret_keys: BTreeSet::new(),
        };
        for pipeline in evaluation.resolved.iter().filter(|one| wanted(one.id)) {
            let entries = pipeline.stages.iter().flat_map(|stage| &stage.services);
            for service in entries.filter_map(|entry| entry.service.found()) {
                content
                    .takes_part
                    .entry((pipeline.id, service))
                    .or_default();
            }
        }
        for (place, pair) in pairs(&evaluation.catalog, policy, &evaluation.resolved) {
            if wanted(place.pipeline) {
                content.add(place.pipeline, &pair);
            }
        }
        for part in content.takes_part.values_mut() {
            // Nothing is promoted from or into it, but people still want to see what it runs.
            if part.slots.is_empty() {
                part.slots = BTreeSet::from([Slot::GitRef, Slot::HelmVersion]);
            }
        }
        content
    }

    fn add(&mut self, pipeline: PipelineId, pair: &Pair<'a>) {
        let slots = slots(pair, self.policy);
        let resolved = pair
            .revision_query()
            .and_then(|query| self.evaluation.revisions.get(&query));
        for (service, secret, is_source) in [
            (pair.source_id, pair.source_secret, true),
            (pair.target_id, pair.target_secret, false),
        ] {
            let part = self.takes_part.entry((pipeline, service)).or_default();
            part.slots.extend(slots.iter().cloned());
            part.secret = part.secret.or(secret);
            for key in pair.keys {
                if part.keys.iter().all(|known| known.value != key.value) {
                    part.keys.push(key.clone());
                }
            }
            if let (Some(Revision::Resolved(found)), true) = (resolved, is_source) {
                part.resolved.push(found);
                part.here = pair.source_origin == Some(&Origin::Here);
            }
            let all = values(
                self.evaluation.catalog.service(service),
                secret,
                pair.keys,
                self.policy,
            );
            for (slot, text) in all {
                if let (Slot::Key(key), Text::Secret(_)) = (slot, text) {
                    self.secret_keys.insert((pipeline, key));
                }
            }
        }
    }

    /// Every service, with the question about when its content was set.
    pub(super) fn asked(&self) -> (Vec<Member>, Vec<SinceOf<'a>>) {
        self.takes_part
            .iter()
            .map(|(member, part)| {
                let moving = part.revision().filter(|found| found.moving && part.here);
                let asked = SinceOf {
                    service: self.evaluation.catalog.service(member.1),
                    secret: part.secret,
                    keys: part.keys.clone(),
                    slots: part.slots.clone(),
                    follows: moving.map(|found| found.commit),
                };
                (*member, asked)
            })
            .unzip()
    }

    /// What the services of a stage run, in the order of the manifest.
    pub(super) fn running(&self, pipeline: PipelineId, stage: StageIndex) -> Vec<Running> {
        let services = &self.evaluation.resolved[pipeline.0].stages[stage].services;
        services
            .iter()
            .filter_map(|entry| entry.service.found())
            .flat_map(|service| self.runs((pipeline, service)))
            .collect()
    }

    fn runs(&self, member: Member) -> Vec<Running> {
        let Some(part) = self.takes_part.get(&member) else {
            return Vec::new();
        };
        let service = self.evaluation.catalog.service(member.1);
        let all = values(service, part.secret, &part.keys, self.policy);
        let running = |(slot, text): (Slot, Text)| {
            let hidden = match &slot {
                Slot::Key(key) => self.secret_keys.contains(&(member.0, key.clone())),
                _ => false,
            };
            let mut value = text.shown().filter(|_| !hidden).map(str::to_owned);
            let mut name = None;
            if slot == Slot::GitRef {
                let written = service.git.as_ref().and_then(|git| git.reference.value());
                let moving = value.as_deref().is_some_and(|text| !is_full_id(text));
                name = written.and_then(|written| written.note.clone());
                if let Some(found) = part.revision().filter(|_| moving) {
                    name = found.name.clone().or(value.take());
                    value = Some(found.commit.to_string());
                }
            }
            Running {
                service: service.key.name.clone(),
                slot,
                value,
                name,
            }
        };
        all.into_iter()
            .filter(|(slot, _)| part.slots.contains(slot))
            .map(running)
            .collect()
    }
}

impl<'a> Part<'a> {
    /// What its ref resolves to, if that is the same for all of its targets.
    fn revision(&self) -> Option<&'a ResolvedRevision> {
        let first = *self.resolved.first()?;
        let same = |other: &&ResolvedRevision| other.commit == first.commit;
        self.resolved.iter().all(same).then_some(first)
    }
}

/// What is copied from a source to a target, whatever the current values are and whether or not a revision could be
/// read.
fn slots(pair: &Pair<'_>, policy: &Policy) -> BTreeSet<Slot> {
    let mut slots: BTreeSet<Slot> = pair
        .keys
        .iter()
        .map(|key| Slot::Key(key.value.clone()))
        .collect();
    if pair.source_ref().is_some() {
        slots.insert(Slot::GitRef);
    }
    if let (Some(source), Some(_)) = (&pair.source.helm, &pair.target.helm) {
        if source.version.value().is_some() {
            slots.insert(Slot::HelmVersion);
        }
        if source.chart.value().is_some() {
            slots.insert(Slot::HelmChart);
        }
    }
    for (path, field) in policy.fields.iter().zip(&pair.source.fields) {
        if field.value().is_some() {
            slots.insert(Slot::Field(path.path().clone()));
        }
    }
    slots
}
