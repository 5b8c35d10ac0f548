//! `plan`: what would be promoted, and why the rest would not.

use std::collections::BTreeMap;

use super::call::Call;
use super::output::Output;
use crate::error::Failure;
use crate::evaluation::evaluate::{Evaluation, PlanInputs};
use crate::evaluation::passed_over::passed_over;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::execute::edited_files;
use crate::model::plan::Plan;
use crate::model::source_location::RepoPath;
use crate::report::escape::terminal;
use crate::report::plan_text::PlanText;
use crate::report::{diff, json};

/// Plans the promotions of PATH.
pub(super) fn run(call: &Call, with_diff: bool, why: bool) -> Result<Output, Failure> {
    let mut repository = call.open(ReadFrom::Commit)?;
    if repository.inside_repository {
        repository.notices.push(
            "this folder is inside a git repository but not its top: it has no history and no policy of its own"
                .to_owned(),
        );
    }
    let evaluation = Evaluation::of(&repository, call.now, true)?;
    let plan = evaluation.plan(&repository, call.now, &PlanInputs::default());
    let exit = evaluation.exit(&plan);
    let ranges = evaluation.ranges_by_change(&repository, &plan);
    if call.json() {
        let mut notices = repository.notices.clone();
        if evaluation.catalog.pipelines.is_empty() {
            notices.push("There is no Pipeline here, so there is nothing to promote.".to_owned());
        }
        return Ok(Output {
            text: json::plan(
                &evaluation.catalog,
                &plan,
                &ranges,
                repository.tip,
                &evaluation.findings,
            ),
            notices,
            exit,
        });
    }
    let diffs = if with_diff {
        diffs(call, &repository, &evaluation, &plan)
    } else {
        BTreeMap::new()
    };
    let notices: Vec<String> = repository
        .notices
        .iter()
        .cloned()
        .chain(passed_over(&evaluation))
        .collect();
    let text = PlanText {
        heading: repository.heading(),
        catalog: &evaluation.catalog,
        plan: &plan,
        ranges: &ranges,
        findings: &evaluation.findings,
        simulate: &repository.again.within("sluice simulate --approve NAME"),
        notices: &notices,
        why: why.then_some(&repository.policy_file),
        diffs: &diffs,
        style: call.style,
    }
    .render();
    Ok(Output {
        text,
        notices: Vec::new(),
        exit,
    })
}

/// Whether a file holds a `Secret`, or something that could not be read and may be one.
fn holds_secret(evaluation: &Evaluation, path: &RepoPath) -> bool {
    let catalog = &evaluation.catalog;
    catalog.secrets.iter().any(|secret| secret.file == *path)
        || catalog.unread.iter().any(|unread| unread.file == *path)
}

fn diffs(
    call: &Call,
    repository: &RepositoryState,
    evaluation: &Evaluation,
    plan: &Plan,
) -> BTreeMap<(usize, usize), String> {
    let mut diffs = BTreeMap::new();
    for (pipeline, entry) in plan.pipelines.iter().enumerate() {
        for (position, promotion) in entry.promotions.iter().enumerate() {
            if promotion.changes.is_empty() {
                continue;
            }
            let text = match edited_files(&promotion.changes, |path| repository.bytes(path)) {
                Ok(files) => files
                    .iter()
                    .map(|file| {
                        diff::file(
                            &file.path,
                            &file.before,
                            &file.after,
                            &promotion.changes,
                            holds_secret(evaluation, &file.path),
                            call.style,
                        )
                    })
                    .collect(),
                Err(refused) => format!("  no diff: {}\n", terminal(&refused.to_string())),
            };
            diffs.insert((pipeline, position), text);
        }
    }
    diffs
}
