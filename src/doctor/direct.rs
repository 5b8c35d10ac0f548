//! Updates of the base branch itself: rules that restrict them, and what the policy does without a pull request.

use super::facts::Facts;
use super::said::{Said, Unsure};
use crate::model::settings::{Bypass, RuleKind, TokenKind};

pub(super) fn restricted(facts: &Facts<'_>) -> Vec<Said> {
    let base = facts.base();
    facts
        .rules()
        .filter(|rule| rule.kind == RuleKind::Update)
        .map(|rule| {
            let source = facts.source(rule);
            match facts.bypass(rule) {
                Bypass::Always | Bypass::OnPulls => Said::ok(format!(
                    "Updates of {base} are restricted ({source}), and this token may make them."
                )),
                Bypass::Never => {
                    Said::change(format!(
                        "Updates of {base} are restricted ({source}), and this token may not make them."
                    ))
                    .why("Every landing would be refused.")
                    .action(match facts.kind() {
                        Some(TokenKind::App(slug)) => {
                            format!("Add the App {slug} to the bypass list at {}.", facts.place(rule))
                        }
                        Some(TokenKind::Workflow) => format!(
                            "A workflow's own token cannot be added to a bypass list: give Sluice an App's token, and add \
                             the App to the list at {}.",
                            facts.place(rule)
                        ),
                        _ => format!(
                            "Use the token of an App on the bypass list at {}.",
                            facts.place(rule)
                        ),
                    })
                }
                Bypass::Unknown => Said::unread(format!(
                    "Updates of {base} are restricted ({source}), and it could not be read whether this token may make them."
                ))
                .why("If it may not, every landing is refused.")
                .action(format!("Make sure that Sluice's App is on the bypass list at {}.", facts.place(rule))),
            }
        })
        .collect()
}

pub(super) fn commits(facts: &Facts<'_>) -> Vec<Said> {
    let Some(says) = facts.direct() else {
        return Vec::new();
    };
    let base = facts.base();
    let mut said: Vec<Said> = facts
        .rules()
        .filter_map(|rule| {
            let wants = match &rule.kind {
                RuleKind::PullRequest { .. } => "a pull request",
                RuleKind::MergeQueue(_) => "the merge queue",
                RuleKind::StatusChecks { contexts, .. } if !contexts.is_empty() => {
                    "successful checks before a push"
                }
                _ => return None,
            };
            let unsure = match facts.bypass(rule) {
                Bypass::Always => return None,
                Bypass::OnPulls | Bypass::Never => Unsure(false),
                Bypass::Unknown => Unsure(true),
            };
            Some(
                Said::change(format!(
                    "The policy has {says}, which updates {base} directly, but {} requires {wants}.",
                    facts.source(rule)
                )).unsure(unsure)
                .why("GitHub would refuse every such commit.")
                .action(format!(
                    "Let Sluice's App bypass it at {}, or deliver by pull request and use `land: merge`.",
                    facts.place(rule)
                )),
            )
        })
        .collect();
    if said.is_empty() && facts.rules_known() {
        said.push(Said::ok(format!(
            "The policy has {says}, and no rule prevents that."
        )));
    }
    said
}
