//! `self-feeding`: a promotion writes under a tree that its own sources watch, so that each landing makes the next one
//! due.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, Context, only};
use crate::model::facts::Revision;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::PipelineId;
use crate::model::origin::Origin;
use crate::model::resolved::StageIndex;
use crate::model::source_location::RepoPath;

pub(super) const CHECK: Check = Check {
    code: "self-feeding",
    severity: Severity::Error,
    about: "A promotion writes into a folder that its own sources watch.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut written: BTreeMap<(PipelineId, StageIndex), BTreeSet<RepoPath>> = BTreeMap::new();
    for compared in &context.pairs {
        let files = compared
            .pair
            .writes()
            .into_iter()
            .map(|write| write.place.file);
        written
            .entry((compared.pipeline, compared.stage))
            .or_default()
            .extend(files);
    }
    for compared in &context.pairs {
        let pair = &compared.pair;
        if pair.source_origin != Some(&Origin::Here)
            || !pair.same_origin()
            || pair.source_ref().is_none()
        {
            continue;
        }
        let answer = pair
            .revision_query()
            .and_then(|query| context.revisions.get(&query));
        if matches!(answer, Some(Revision::Resolved(resolved)) if !resolved.moving) {
            continue;
        }
        let watched = pair.watched();
        let files = written.get(&(compared.pipeline, compared.stage));
        for file in files.into_iter().flatten() {
            let below = |folder: &String| {
                folder.is_empty()
                    || file
                        .as_str()
                        .strip_prefix(folder.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            };
            let Some(folder) = watched.iter().find(|folder| below(folder)) else {
                continue;
            };
            let at = pair.source_ref().map_or(pair.source.at, |value| value.at);
            let folder = if folder.is_empty() {
                "the whole repository"
            } else {
                folder
            };
            findings.push(
                Finding::error(
                    CHECK.code,
                    pair.source.place(at),
                    format!(
                        "promoting {} writes {file}, which is in {folder}, and {} is built from that: each landing would make the \
                         next one due",
                        pair.target.key.name, pair.source.key.name
                    ),
                    only(compared.pipeline),
                )
                .help("keep the manifests outside the folder that is deployed"),
            );
        }
    }
    findings
}
