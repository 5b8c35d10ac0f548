//! `write-escapes-stage`: a `Secret` that a promotion writes is shared with a service outside the target stage, so that
//! an early edge would write a later stage's secret.

use std::collections::BTreeMap;

use super::check::{Check, Context, only};
use crate::catalog::Resolver;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{SecretId, ServiceId};
use crate::model::reference::Kind;

pub(super) const CHECK: Check = Check {
    code: "write-escapes-stage",
    severity: Severity::Error,
    about: "A promotion would write a Secret that a service outside the stage also uses.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    if context.catalog.secrets.is_empty() {
        return Vec::new();
    }
    let resolver = Resolver::new(context.catalog);
    let mut users: BTreeMap<SecretId, Vec<ServiceId>> = BTreeMap::new();
    for id in context.catalog.service_ids() {
        let service = context.catalog.service(id);
        let secret = service.configuration_ref.as_ref().and_then(|reference| {
            resolver
                .secret(reference, service.key.namespace.as_deref())
                .found()
        });
        if let Some(secret) = secret {
            users.entry(secret).or_default().push(id);
        }
    }
    let mut findings = Vec::new();
    for compared in &context.pairs {
        let resolved = &context.resolved[compared.pipeline.0];
        let secret = resolved.stages[compared.stage].services[compared.service]
            .target_secret
            .as_ref()
            .and_then(|secret| secret.found());
        let Some(write) = compared
            .pair
            .writes()
            .into_iter()
            .find(|write| write.manifest.kind == Kind::Secret)
        else {
            continue;
        };
        for user in secret
            .and_then(|secret| users.get(&secret))
            .into_iter()
            .flatten()
        {
            if resolved
                .stages_of(*user)
                .any(|stage| stage == compared.stage)
            {
                continue;
            }
            let other = context.catalog.service(*user);
            let stage = &context.catalog.pipeline(compared.pipeline).stages[compared.stage].name;
            findings.push(
                Finding::error(
                    CHECK.code,
                    write.place.clone(),
                    format!(
                        "promoting into {stage} would write Secret {}, which {} ({}) outside that stage also uses",
                        write.manifest.name,
                        other.key.name,
                        other.place(other.at)
                    ),
                    only(compared.pipeline),
                )
                .help("give each stage its own Secret"),
            );
        }
    }
    findings
}
