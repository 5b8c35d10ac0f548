//! `write-conflict`: two promotions, of any two pipelines, write the same field.

use std::collections::BTreeMap;

use super::check::{Check, Context};
use crate::copy::Write;
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::ids::PipelineId;
use crate::model::reference::ManifestKey;
use crate::model::resolved::StageIndex;
use crate::model::source_location::RepoPath;

pub(super) const CHECK: Check = Check {
    code: "write-conflict",
    severity: Severity::Error,
    about: "Two promotions write the same or overlapping fields of one manifest.",
    run,
};

type Promotion = (PipelineId, StageIndex);

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut by_manifest: BTreeMap<(RepoPath, ManifestKey), Vec<(Write, Promotion)>> =
        BTreeMap::new();
    for compared in &context.pairs {
        for write in compared.pair.writes() {
            by_manifest
                .entry((write.place.file.clone(), write.manifest.clone()))
                .or_default()
                .push((write, (compared.pipeline, compared.stage)));
        }
    }
    let mut findings = Vec::new();
    for writes in by_manifest.values_mut() {
        if writes
            .iter()
            .all(|(_, promotion)| *promotion == writes[0].1)
        {
            continue;
        }
        // Sorted by path, a path that leads through another follows it at once, or after others that do the same.
        writes.sort_by(|(a, x), (b, y)| (&a.path, x).cmp(&(&b.path, y)));
        let mut first = 0;
        for index in 1..writes.len() {
            let ((before, one), (write, other)) = (&writes[first], &writes[index]);
            if !write.path.starts_with(&before.path) {
                first = index;
                continue;
            }
            if one == other {
                continue;
            }
            let name = |(pipeline, stage): &Promotion| {
                let pipeline = context.catalog.pipeline(*pipeline);
                format!("{} → {}", pipeline.name, pipeline.stages[*stage].name)
            };
            findings.push(
                Finding::error(
                    CHECK.code,
                    write.place.clone(),
                    format!(
                        "two promotions write {} of {}: {} and {}",
                        write.path,
                        write.manifest.name,
                        name(one),
                        name(other)
                    ),
                    Stops::Pipelines(vec![one.0, other.0]),
                )
                .help("keep the service's criteria in one pipeline, and remove it from the other"),
            );
        }
    }
    findings
}
