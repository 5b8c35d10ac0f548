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
                            format!("Put the App {slug} on the bypass list at {}.", facts.place(rule))
                        }
                        Some(TokenKind::Workflow) => format!(
                            "A workflow's own token cannot be put on a bypass list: give Sluice an App's, and put the App \
                             on the list at {}.",
                            facts.place(rule)
                        ),
                        _ => format!(
                            "Use the token of an App that stands on the bypass list at {}.",
                            facts.place(rule)
                        ),
                    })
                }
                Bypass::Unknown => Said::unread(format!(
                    "Updates of {base} are restricted ({source}), and whether this token may make them could not be read."
                ))
                .why("Where it may not, every landing is refused.")
                .action(format!("See that Sluice's App is on the bypass list at {}.", facts.place(rule))),
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
                    "green checks before a push"
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
                    "The policy says {says}, which updates {base} itself, and {} wants {wants}.",
                    facts.source(rule)
                )).unsure(unsure)
                .why("GitHub would refuse every such commit.")
                .action(format!(
                    "Let Sluice's App bypass it at {}, or deliver by pull request and land by merge.",
                    facts.place(rule)
                )),
            )
        })
        .collect();
    if said.is_empty() && facts.rules_known() {
        said.push(Said::ok(format!(
            "The policy says {says}, and no rule stands against that."
        )));
    }
    said
}
