//! What every stage runs before and after a simulation.

use std::collections::{BTreeMap, BTreeSet};

use super::Simulation;
use crate::copy::values;
use crate::evaluation::evaluate::Evaluation;
use crate::model::change::Text;
use crate::model::facts::Slot;
use crate::model::ids::{PipelineId, ServiceId};
use crate::model::timeline::{StageEnd, ValueEnd};
use crate::plan::pairs;

/// Promoted values of services, by pipeline, stage and service.
pub(super) type StageValues = BTreeMap<(PipelineId, usize, ServiceId), BTreeMap<Slot, Text>>;

impl Simulation<'_> {
    /// The promoted values of every service that takes part.
    pub(super) fn stage_values(&self) -> StageValues {
        let mut slots: BTreeMap<(PipelineId, ServiceId), BTreeSet<Slot>> = BTreeMap::new();
        let mut keys = BTreeMap::new();
        let Evaluation {
            catalog,
            resolved,
            revisions,
            ..
        } = &self.evaluation;
        for (place, pair) in pairs(catalog, &self.repository.policy, resolved) {
            let revision = pair
                .revision_query()
                .and_then(|query| revisions.get(&query));
            let taken = pair.compare(revision).taken;
            for (service, secret) in [
                (pair.source_id, pair.source_secret),
                (pair.target_id, pair.target_secret),
            ] {
                slots
                    .entry((place.pipeline, service))
                    .or_default()
                    .extend(taken.keys().cloned());
                keys.insert((place.pipeline, service), (pair.keys, secret));
            }
        }
        let mut found = BTreeMap::new();
        for pipeline in resolved.iter() {
            for stage in 0..pipeline.stages.len() {
                for service in pipeline.stages[stage]
                    .services
                    .iter()
                    .filter_map(|entry| entry.service.found())
                {
                    let Some((keys, secret)) = keys.get(&(pipeline.id, service)) else {
                        continue;
                    };
                    let mut all = values(
                        catalog.service(service),
                        *secret,
                        keys,
                        &self.repository.policy,
                    );
                    let wanted = &slots[&(pipeline.id, service)];
                    all.retain(|slot, _| wanted.contains(slot));
                    found.insert((pipeline.id, stage, service), all);
                }
            }
        }
        found
    }

    /// What every stage runs at the end, compared with the values before.
    pub(super) fn stages(&self, before: &StageValues) -> Vec<StageEnd> {
        let after = self.stage_values();
        let catalog = &self.evaluation.catalog;
        // A value that changed anywhere in a pipeline is shown for all its stages; if none changed, all are shown.
        let mut moved: BTreeMap<PipelineId, BTreeSet<&Slot>> = BTreeMap::new();
        for (place, now) in &after {
            let was = before.get(place);
            for slot in now.keys().chain(was.into_iter().flat_map(BTreeMap::keys)) {
                if now.get(slot) != was.and_then(|was| was.get(slot)) {
                    moved.entry(place.0).or_default().insert(slot);
                }
            }
        }
        let mut stages: Vec<StageEnd> = Vec::new();
        for pipeline in self.evaluation.resolved.iter() {
            let manifest = catalog.pipeline(pipeline.id);
            for (index, stage) in manifest.stages.iter().enumerate() {
                let mut values = Vec::new();
                for ((_, _, service), now) in after.range(
                    (pipeline.id, index, ServiceId(0))..(pipeline.id, index + 1, ServiceId(0)),
                ) {
                    let was = before.get(&(pipeline.id, index, *service));
                    let slots: BTreeSet<&Slot> = now
                        .keys()
                        .chain(was.into_iter().flat_map(BTreeMap::keys))
                        .filter(|slot| {
                            moved
                                .get(&pipeline.id)
                                .is_none_or(|moved| moved.contains(slot))
                        })
                        .collect();
                    for slot in slots {
                        let (now, was) = (now.get(slot), was.and_then(|was| was.get(slot)));
                        let secret = [now, was]
                            .into_iter()
                            .flatten()
                            .any(|text| text.shown().is_none());
                        let shown =
                            |text: Option<&Text>| text.and_then(Text::shown).map(str::to_owned);
                        values.push(ValueEnd {
                            service: catalog.service(*service).key.name.clone(),
                            field: field(slot),
                            now: shown(now),
                            was: shown(was),
                            secret: secret.then_some(now != was),
                        });
                    }
                }
                stages.push(StageEnd {
                    pipeline: manifest.name.clone(),
                    stage: stage.name.value.clone(),
                    values,
                });
            }
        }
        stages
    }
}

fn field(slot: &Slot) -> String {
    match slot {
        Slot::GitRef => "ref".to_owned(),
        Slot::HelmVersion => "chart version".to_owned(),
        Slot::HelmChart => "chart".to_owned(),
        Slot::Key(key) => key.clone(),
        Slot::Field(path) => path
            .last_key()
            .map_or_else(|| path.to_string(), str::to_owned),
    }
}
