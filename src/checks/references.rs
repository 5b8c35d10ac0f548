//! The references of a pipeline that must lead somewhere, each with its place. Shared by the reference checks.

use super::check::Context;
use crate::model::ids::{PipelineId, SecretId, ServiceId};
use crate::model::reference::{Kind, Reference};
use crate::model::resolved::Resolution;
use crate::model::source_location::{RepoPath, SourceLocation};

/// A reference to a `ServiceDeployment`.
pub(super) struct ServiceReference<'a> {
    pub pipeline: PipelineId,
    pub file: &'a RepoPath,
    pub reference: &'a Reference,
    pub resolution: &'a Resolution<ServiceId>,
}

impl ServiceReference<'_> {
    pub(super) fn place(&self) -> SourceLocation {
        SourceLocation::new(self.file, self.reference.name_at)
    }
}

/// Every `serviceRef` and `criteria.serviceRef`.
pub(super) fn services<'a>(context: &Context<'a>) -> Vec<ServiceReference<'a>> {
    let mut found = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        for (stage, looked_up) in pipeline.stages.iter().zip(&resolved.stages) {
            for (entry, looked_up) in stage.services.iter().zip(&looked_up.services) {
                let mut add = |reference: &'a Reference, resolution: &'a Resolution<ServiceId>| {
                    found.push(ServiceReference {
                        pipeline: resolved.id,
                        file: &pipeline.file,
                        reference,
                        resolution,
                    });
                };
                add(&entry.reference, &looked_up.service);
                let source = entry
                    .criteria
                    .as_ref()
                    .and_then(|criteria| criteria.source.as_ref());
                if let (Some(reference), Some(resolution)) = (source, &looked_up.source) {
                    add(reference, resolution);
                }
            }
        }
    }
    found
}

/// A `configurationRef` whose keys are asked for.
pub(super) struct SecretReference<'a> {
    pub pipeline: PipelineId,
    pub place: SourceLocation,
    pub reference: &'a Reference,
    pub resolution: &'a Resolution<SecretId>,
}

/// Every `configurationRef` from which a key is asked that the service itself does not have.
pub(super) fn secrets<'a>(context: &Context<'a>) -> Vec<SecretReference<'a>> {
    let mut found = Vec::new();
    for compared in &context.pairs {
        let looked_up = &context.resolved[compared.pipeline.0].stages[compared.stage].services
            [compared.service];
        let pair = &compared.pair;
        for (service, resolution) in [
            (pair.source, &looked_up.source_secret),
            (pair.target, &looked_up.target_secret),
        ] {
            let asked = pair
                .keys
                .iter()
                .any(|key| !service.configuration.entries.contains_key(&key.value));
            if let (true, Some(reference), Some(resolution)) =
                (asked, &service.configuration_ref, resolution)
            {
                found.push(SecretReference {
                    pipeline: compared.pipeline,
                    place: service.place(reference.name_at),
                    reference,
                    resolution,
                });
            }
        }
    }
    found
}

/// How a reference is spoken of.
pub(super) fn shown(kind: Kind, reference: &Reference) -> String {
    format!("the {kind} {reference}")
}
