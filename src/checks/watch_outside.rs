//! `watch-outside`: part of what a service is built from is outside its folder.

use super::check::{Check, Context};
use crate::model::facts::Revision;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "watch-outside",
    severity: Severity::Warning,
    about: "A kustomization, chart or values file refers to files outside the watched folders.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in &context.pairs {
        let pair = &compared.pair;
        let Some(value) = pair.source_ref() else {
            continue;
        };
        let place = pair.source.place(value.at);
        let name = &pair.source.key.name;
        let answer = pair
            .revision_query()
            .and_then(|query| context.revisions.get(&query));
        let Some(Revision::Resolved(resolved)) = answer else {
            continue;
        };
        if let Some(why) = &resolved.everything {
            findings.push(
                Finding::warning(
                    CHECK.code,
                    place,
                    format!("it cannot be determined what {name} is built from ({why}), so every commit to its repository counts as a new release"),
                )
                .help("fix it, or keep everything that the service reads inside its folder"),
            );
        } else if !resolved.outside.is_empty() {
            findings.push(
                Finding::warning(
                    CHECK.code,
                    place,
                    format!(
                        "{name} is built from more than its folder: {} {} watched too",
                        resolved.outside.join(", "),
                        if resolved.outside.len() == 1 {
                            "is"
                        } else {
                            "are"
                        },
                    ),
                )
                .help("if this is intended, list it under `pipelines.NAME.watch` in the policy"),
            );
        }
    }
    findings
}
