//! `target-not-editable`: a field that is due cannot be set without touching other bytes, or holds no single value.

use std::collections::BTreeMap;

use super::{Check, Compared, Context, only, problems};
use crate::model::finding::{Finding, Severity};
use crate::model::place::{Place, RepoPath};
use crate::yaml::edit::Prober;
use crate::yaml::{Limits, Stream};

pub(super) const CHECK: Check = Check {
    code: "target-not-editable",
    severity: Severity::Error,
    about: "A field to be promoted cannot be set byte-exactly, or is a bare `true` or `false`, which would become a text.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = problems::of(context, CHECK.code);
    let mut by_file: BTreeMap<&RepoPath, Vec<(&Compared<'_>, &crate::model::change::Change)>> =
        BTreeMap::new();
    for compared in &context.pairs {
        for change in &compared.comparison.changes {
            by_file
                .entry(&change.file)
                .or_default()
                .push((compared, change));
        }
    }
    for (file, changes) in by_file {
        let Some(stream) =
            (context.bytes)(file).and_then(|bytes| Stream::parse(&bytes, &Limits::default()).ok())
        else {
            continue;
        };
        let mut prober = Prober::of(&stream);
        for (compared, change) in changes {
            let edit = change.edit();
            if let Err(refusal) = prober.probe(&edit.object, &edit.path) {
                let at = refusal.position.unwrap_or(change.at);
                findings.push(Finding::error(
                    CHECK.code,
                    Place::new(file, at),
                    format!(
                        "{} of {} cannot be set: {}",
                        change.path, change.manifest.name, refusal.message
                    ),
                    only(compared.pipeline),
                ));
            }
        }
    }
    findings
}
