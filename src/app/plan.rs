//! `plan`: what would be promoted, and why the rest would not.

use std::collections::BTreeMap;

use super::evaluate::{Ask, Evaluation};
use super::world::{Look, World};
use super::{Call, Output};
use crate::error::Failure;
use crate::execute::edited_files;
use crate::model::few::few;
use crate::model::place::RepoPath;
use crate::model::plan::Plan;
use crate::report::escape::terminal;
use crate::report::plan_text::PlanText;
use crate::report::{diff, json};

pub(super) fn run(call: &Call, with_diff: bool, why: bool) -> Result<Output, Failure> {
    let mut world = World::open(call, Look::Commit)?;
    if world.inside_repository {
        world.notices.push(
            "this folder lies inside a git repository, but is not its top: it has no history and no policy of its own"
                .to_owned(),
        );
    }
    let evaluation = Evaluation::of(&world, call.now, true)?;
    let plan = evaluation.plan(&world, call.now, &Ask::default());
    let exit = evaluation.exit(&plan);
    let told = evaluation.told(&world, &plan);
    if call.json() {
        let mut notices = world.notices.clone();
        if evaluation.catalog.pipelines.is_empty() {
            notices.push("There is no Pipeline here, so there is nothing to promote.".to_owned());
        }
        return Ok(Output {
            text: json::plan(
                &evaluation.catalog,
                &plan,
                &told,
                world.tip,
                &evaluation.findings,
            ),
            notices,
            exit,
        });
    }
    let diffs = if with_diff {
        diffs(call, &world, &evaluation, &plan)
    } else {
        BTreeMap::new()
    };
    let notices: Vec<String> = world
        .notices
        .iter()
        .cloned()
        .chain(passed_over(&evaluation))
        .collect();
    let text = PlanText {
        heading: world.heading(),
        catalog: &evaluation.catalog,
        plan: &plan,
        told: &told,
        findings: &evaluation.findings,
        simulate: &world.again.within("sluice simulate --approve NAME"),
        notices: &notices,
        why: why.then_some(&world.policy_file),
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

/// One counted line about documents that are not plain YAML. What is an error has its own finding.
pub(super) fn passed_over(evaluation: &Evaluation) -> Option<String> {
    let passed_over = evaluation.catalog.passed_over();
    let places: Vec<String> = passed_over
        .iter()
        .map(|unread| format!("{}:{}", unread.file, unread.at.line))
        .collect();
    let named = few(&places, ", ");
    match places.len() {
        0 => None,
        1 => Some(format!(
            "1 document that may hold manifests was passed over, since it is not plain YAML: {named}"
        )),
        number => Some(format!(
            "{number} documents that may hold manifests were passed over, since they are not plain YAML: {named}"
        )),
    }
}

/// Whether a file holds a `Secret`, or something that could not be read and may be one.
fn holds_secret(evaluation: &Evaluation, path: &RepoPath) -> bool {
    let catalog = &evaluation.catalog;
    catalog.secrets.iter().any(|secret| secret.file == *path)
        || catalog.unread.iter().any(|unread| unread.file == *path)
}

fn diffs(
    call: &Call,
    world: &World,
    evaluation: &Evaluation,
    plan: &Plan,
) -> BTreeMap<(usize, usize), String> {
    let mut diffs = BTreeMap::new();
    for (pipeline, entry) in plan.pipelines.iter().enumerate() {
        for (position, promotion) in entry.promotions.iter().enumerate() {
            if promotion.changes.is_empty() {
                continue;
            }
            let text = match edited_files(&promotion.changes, |path| world.bytes(path)) {
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
