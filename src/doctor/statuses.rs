//! Required statuses and checks: strict ones, Sluice's own, and those of others.

use super::facts::{ACTIONS_APP, Facts};
use super::merging::binds;
use super::said::{Said, Unsure, list};
use crate::model::settings::{RequiredContext, Rule, RuleKind, TokenKind};
use crate::model::wire_words::STATUS;

/// Rules that demand checks, each with whether it binds this token for sure.
fn demands<'a>(
    facts: &'a Facts<'_>,
) -> impl Iterator<Item = (&'a Rule, bool, &'a [RequiredContext], Unsure)> {
    facts.rules().filter_map(|rule| match &rule.kind {
        RuleKind::StatusChecks {
            strict, contexts, ..
        } => Some((rule, *strict, contexts.as_slice(), binds(facts, rule)?)),
        _ => None,
    })
}

pub(super) fn strict(facts: &Facts<'_>) -> Vec<Said> {
    let base = facts.base();
    if facts.queue() {
        return vec![Said::ok(
            "The merge queue brings pull requests up to date itself.",
        )];
    }
    let mut said: Vec<Said> = demands(facts)
        .filter(|(_, strict, contexts, _)| *strict && !contexts.is_empty())
        .map(|(rule, _, _, unsure)| {
            Said::change(format!(
                "Branches must be up to date with {base} before they are merged ({}).",
                facts.source(rule)
            )).unsure(unsure)
            .why(
                "After each landing all other open promotions are out of date, and nothing updates them: a push to their \
                 branch would void their approvals. They would wait forever.",
            )
            .action(format!(
                "Switch off “Require branches to be up to date before merging” at {}. Sluice proves what a merge \
                 would give by git objects, on whatever tip.",
                facts.place(rule)
            ))
        })
        .collect();
    if said.is_empty() && facts.rules_known() {
        said.push(Said::ok("Branches need not be up to date to be merged."));
    }
    said
}

/// Every rule that requires Sluice's own status counts, not only those that bind this token: even if Sluice may bypass
/// one, everyone else's pull requests wait for it.
pub(super) fn own(facts: &Facts<'_>) -> Vec<Said> {
    let required: Vec<(&Rule, &RequiredContext)> = facts
        .rules()
        .filter_map(|rule| match &rule.kind {
            RuleKind::StatusChecks { contexts, .. } => Some((rule, contexts)),
            _ => None,
        })
        .flat_map(|(rule, contexts)| contexts.iter().map(move |context| (rule, context)))
        .filter(|(_, context)| context.name == STATUS)
        .collect();
    if !required.is_empty() {
        let said = required.into_iter();
        return said
            .map(|(rule, context)| own_required(facts, rule, context))
            .collect();
    }
    match (facts.policy().guard, facts.rules_known()) {
        (_, false) => Vec::new(),
        (true, true) => vec![
            Said::info(format!(
                "`guard: true` sets the status `{STATUS}` on every pull request, but no rule requires it."
            ))
            .why("So it only informs reviewers of changes that bypass a gate, and stops no one.")
            .action(format!(
                "Require the status `{STATUS}` from Sluice's App in a ruleset for {}, or remove `guard`.",
                facts.base()
            )),
        ],
        (false, true) => vec![Said::ok(format!("The status `{STATUS}` is not required."))],
    }
}

fn own_required(facts: &Facts<'_>, rule: &Rule, context: &RequiredContext) -> Said {
    if !facts.policy().guard {
        return Said::change(format!(
            "The status `{STATUS}` is required ({}), but the policy does not have `guard: true`.",
            facts.source(rule)
        ))
        .why("Sluice then sets it only on promotions: every other pull request would wait for it forever.")
        .action(format!(
            "Set `guard: true` in the policy, or stop requiring it at {}. Before you switch `guard` off, stop requiring the status.",
            facts.place(rule)
        ));
    }
    if facts.queue() {
        return Said::change(format!(
            "The status `{STATUS}` is required ({}), and {} has a merge queue.",
            facts.source(rule),
            facts.base()
        ))
        .why(
            "A queue needs it on its own commits, on which it is never reported: everything in the queue would wait until it \
             is thrown out.",
        )
        .action(format!(
            "Stop requiring it at {}, or disable the queue.",
            facts.place(rule)
        ));
    }
    match (context.app, facts.app()) {
        (Some(pinned), Some(app)) if pinned != app => Said::change(format!(
            "The status `{STATUS}` is required from the App {pinned}, but this token is of the App {app}."
        ))
        .why("Statuses of another App do not count, so nothing could be merged.")
        .action(format!(
            "Choose Sluice's App as its source at {}.",
            facts.place(rule)
        )),
        (None, _) => Said::info(format!("The status `{STATUS}` is required from anyone."))
            .why("Anyone with write access can set a status of any name.")
            .action(format!(
                "Choose Sluice's App as its source at {}.",
                facts.place(rule)
            )),
        _ => Said::ok(format!(
            "The status `{STATUS}` is required, and `guard: true` sets it on every pull request."
        )),
    }
}

/// How many heads of open promotions were looked at.
fn reported_on(facts: &Facts<'_>) -> usize {
    let reported = facts.settings.reported.as_ref();
    reported.map_or(0, |reported| reported.heads)
}

/// Whether a promotion is open and nothing of this name was reported on any. What could not be read says nothing.
fn silent(facts: &Facts<'_>, context: &RequiredContext) -> bool {
    let reported = facts.settings.reported.as_ref();
    reported.is_ok_and(|found| found.heads > 0 && !found.names.contains(&context.name))
}

pub(super) fn others(facts: &Facts<'_>) -> Vec<Said> {
    let workflow = matches!(facts.kind(), Some(TokenKind::Workflow));
    let mut said = Vec::new();
    for (rule, _, contexts, unsure) in demands(facts) {
        let others = contexts.iter().filter(|context| context.name != STATUS);
        let (waiting, free): (Vec<_>, Vec<_>) =
            others.partition(|context| workflow && context.app == Some(ACTIONS_APP));
        let names =
            |contexts: &[&RequiredContext]| list(contexts.iter().map(|context| &context.name));
        if !waiting.is_empty() {
            said.push(
                Said::change(format!(
                    "{} must succeed before a merge ({}), and workflows run on promotions only after someone presses \
                     “Approve workflows to run”.",
                    names(&waiting),
                    facts.source(rule)
                )).unsure(unsure)
                .why("A pull request opened by a workflow's own token does not start workflows automatically.")
                .action("Give Sluice an App's token: docs/install.md, hardened."),
            );
        }
        let (silent, free): (Vec<_>, Vec<_>) =
            free.into_iter().partition(|context| silent(facts, context));
        if !silent.is_empty() {
            said.push(
                Said::change(format!(
                    "{} must succeed before a merge ({}), and nothing has reported it on {}.",
                    names(&silent),
                    facts.source(rule),
                    match reported_on(facts) {
                        1 => "the promotion that is open".to_owned(),
                        many => format!("any of the {many} promotions that are open"),
                    }
                ))
                .unsure(unsure)
                .why("A promotion on which a required check never reports waits forever.")
                .action(format!(
                    "If they were opened a moment ago, run this again. Otherwise see that its workflow runs on pull requests \
                     from sluice/… (no `paths` or `branches` that leave them out), or stop requiring it at {}.",
                    facts.place(rule)
                )),
            );
        }
        if !free.is_empty() {
            said.push(
                Said::info(format!(
                    "{} must succeed before a merge ({}).",
                    names(&free),
                    facts.source(rule)
                )).unsure(unsure)
                .why(if workflow {
                    "Every one of them must report on promotions too. A workflow does so only after someone presses \
                     “Approve workflows to run”, because a workflow's own token opened the pull request."
                } else {
                    "Every one of them must report on promotions too, whatever files these touch."
                })
                .action("See that none of their workflows is limited to `paths` that promotions do not touch."),
            );
        }
    }
    if said.is_empty() && facts.rules_known() {
        said.push(Said::ok("No other status or check is required."));
    }
    said
}
