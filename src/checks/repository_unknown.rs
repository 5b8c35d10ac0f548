//! `repository-unknown`: nothing is known of a repository but its name, so refs can only be compared as text.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};
use crate::model::nearest::nearest;
use crate::model::origin::Origin;

pub(super) const CHECK: Check = Check {
    code: "repository-unknown",
    severity: Severity::Warning,
    about: "The manifest of a repository is missing, so refs are compared as text.",
    run,
};

/// What to do; a typo in the name comes first.
fn help(context: &Context<'_>, origin: &Origin) -> String {
    const ADD: &str = "add the GitRepository manifest, or `git.url` to the services";
    let near = match origin {
        Origin::Unknown { name, .. } => {
            let known = &context.catalog.repositories;
            nearest(name, known.iter().map(|known| known.name.as_str()))
        }
        _ => Vec::new(),
    };
    match near.first() {
        Some(near) => format!("did you mean {near}? Otherwise {ADD}"),
        None => ADD.to_owned(),
    }
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in &context.pairs {
        let pair = &compared.pair;
        let Some(origin) = pair.source_origin.filter(|origin| origin.is_unknown()) else {
            continue;
        };
        if pair.source_ref().is_none() || !pair.same_origin() {
            continue;
        }
        let at = pair
            .source
            .repository
            .as_ref()
            .map_or(pair.source.at, |reference| reference.at);
        let what = match origin {
            Origin::Unsaid => format!("{} does not name its repository", pair.source.key.name),
            origin => format!("the manifest of {origin} is not in this repository"),
        };
        findings.push(
            Finding::warning(
                CHECK.code,
                pair.source.place(at),
                format!("{what}: its refs are compared and copied as text, and nothing is pinned"),
            )
            .help(help(context, origin)),
        );
    }
    findings
}
