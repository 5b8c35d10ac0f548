//! `self-feeding`: a promotion writes under a tree that its own sources watch, so that each landing makes the next one
//! due.

use std::collections::BTreeSet;

use super::{Check, Context, only};
use crate::model::facts::Revision;
use crate::model::finding::{Finding, Severity};
use crate::model::origin::Origin;
use crate::model::place::RepoPath;

pub(super) const CHECK: Check = Check {
    code: "self-feeding",
    severity: Severity::Error,
    about: "A promotion writes under a folder that its own sources watch.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
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
        let written: BTreeSet<RepoPath> = context
            .pairs
            .iter()
            .filter(|other| other.pipeline == compared.pipeline && other.stage == compared.stage)
            .flat_map(|other| other.pair.writes())
            .map(|write| write.place.file)
            .collect();
        for file in written {
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
                        "promoting {} writes {file}, which lies in {folder} that {} is made of: each landing would make the \
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
