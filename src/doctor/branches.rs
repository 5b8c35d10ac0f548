//! Rules as such: whether they can be read, those for the branches of promotions, those that are not evaluated here,
//! and who may bypass them.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::said::{Said, Unsure, list};
use crate::model::settings::{Bypass, Rule, RuleFrom, RuleKind, TokenKind, Unread};

pub(super) fn readable(facts: &Facts<'_>) -> Vec<Said> {
    let base = facts.base();
    let mut said = Vec::new();
    if let Err(why) = &facts.settings.base_rules {
        said.push(
            Said::unread(format!("The rulesets for {base} could not be read: {why}."))
                .action("Check Settings →  Rules → Rulesets."),
        );
    }
    match &facts.settings.classic {
        Err(why) => said.push(
            Said::unread(format!(
                "Could not read whether {base} has classic branch protection: {why}."
            ))
            .action(format!("Check Settings →  Branches → {base}.")),
        ),
        Ok(classic) => match &classic.unread {
            None => {}
            Some(Unread::Failed(why)) => said.push(
                Said::unread(format!(
                    "The classic branch protection of {base} could not be read: {why}."
                ))
                .action(format!("Check Settings →  Branches → {base}.")),
            ),
            Some(_) => said.push(
                Said::unread(format!(
                    "{base} has classic branch protection; only an administrator's token can read more of it than the \
                     required checks."
                ))
                .why("It may require reviews, signatures or a linear history, or restrict who may push.")
                .action(format!(
                    "Run this with an administrator's token, or look at Settings → Branches → {base}."
                )),
            ),
        },
    }
    if said.is_empty() {
        let count = facts.rules().count();
        said.push(Said::ok(match count {
            0 => format!("There are no rules for {base}."),
            1 => format!("The one rule for {base} was read."),
            many => format!("The {many} rules for {base} were read."),
        }));
    }
    said
}

pub(super) fn of_promotions(facts: &Facts<'_>) -> Vec<Said> {
    let rules = match &facts.settings.branch_rules {
        Ok(rules) => rules,
        Err(why) => {
            return vec![
                Said::unread(format!(
                    "The rules for branches sluice/… could not be read: {why}."
                ))
                .action("Check Settings →  Rules → Rulesets."),
            ];
        }
    };
    let mut said: Vec<Said> = rules
        .iter()
        .filter_map(|rule| of_promotion(facts, rule))
        .collect();
    if said.is_empty() {
        said.push(Said::ok("Branches sluice/… may be created and deleted."));
    }
    said.extend(kept_for_the_app(facts, rules));
    said
}

/// Whether others are kept away from the branches of promotions. Only an App can be distinguished from others with
/// write access: a workflow's own token uses the account of everyone's workflows.
fn kept_for_the_app(facts: &Facts<'_>, rules: &[Rule]) -> Option<Said> {
    let Some(TokenKind::App(_)) = facts.kind() else {
        return None;
    };
    let wanted = [
        (RuleKind::Creation, "create"),
        (RuleKind::Update, "push to"),
        (RuleKind::Deletion, "delete"),
    ];
    let of_kind = |kind: &RuleKind| rules.iter().find(|rule| rule.kind == *kind);
    let open: Vec<&str> = wanted
        .iter()
        .filter(|(kind, _)| of_kind(kind).is_none())
        .map(|(_, word)| *word)
        .collect();
    if open.is_empty() {
        let all_free = wanted.iter().all(|(kind, _)| {
            of_kind(kind).is_some_and(|rule| facts.bypass(rule) == Bypass::Always)
        });
        // What also binds Sluice was reported above.
        if !all_free {
            return None;
        }
        return Some(Said::ok(
            "Only Sluice may create, update or delete branches sluice/….",
        ));
    }
    Some(
        Said::info(format!(
            "Anyone with write access can {} branches sluice/….",
            list(open)
        ))
        .why("Sluice adopts nothing that it did not make, but a promotion that someone pushes to is blocked until it is closed.")
        .action(
            "Add a ruleset for `sluice/**/*` with Restrict creations, updates and deletions, and this App alone in its bypass list: docs/install.md, hardened.",
        ),
    )
}

fn of_promotion(facts: &Facts<'_>, rule: &Rule) -> Option<Said> {
    let refuses = match &rule.kind {
        RuleKind::Creation => "lets no one create them",
        RuleKind::PullRequest { .. } => "requires a pull request for their commits",
        RuleKind::StatusChecks {
            on_create: true,
            contexts,
            ..
        } if !contexts.is_empty() => "requires successful checks before they are created",
        RuleKind::Signatures if !facts.policy().verified => "requires signed commits",
        RuleKind::Deletion => {
            return match facts.bypass(rule) {
                Bypass::Always => None,
                _ => Some(
                    Said::info(format!(
                        "Branches sluice/… stay after their promotion: {} lets no one delete them.",
                        facts.source(rule)
                    ))
                    .action(format!("Exclude `sluice/**/*` at {}.", facts.place(rule))),
                ),
            };
        }
        RuleKind::Other(word) if word == "branch_name_pattern" => {
            return match facts.bypass(rule) {
                Bypass::Always => None,
                _ => Some(
                    Said::unread(format!(
                        "Branch names must match a pattern ({}), which is not evaluated here.",
                        facts.source(rule)
                    ))
                    .why("A promotion's branch is named sluice/<pipeline>/<stage>/<plan>-<build>.")
                    .action(format!("Exclude `sluice/**/*` at {}.", facts.place(rule))),
                ),
            };
        }
        _ => return None,
    };
    let source = facts.source(rule);
    let unsure = match facts.bypass(rule) {
        Bypass::Always => return None,
        Bypass::Unknown => Unsure(true),
        Bypass::OnPulls | Bypass::Never => Unsure(false),
    };
    let action = match &rule.kind {
        RuleKind::Signatures => format!(
            "Set `verified: true` in the policy, or exclude `sluice/**/*` at {}.",
            facts.place(rule)
        ),
        _ => format!("Exclude `sluice/**/*` at {}.", facts.place(rule)),
    };
    Some(
        Said::change(format!(
            "Branches sluice/… cannot be created: {source} {refuses}."
        ))
        .unsure(unsure)
        .why("Every promotion starts with its own branch, which is created once and never updated.")
        .action(action),
    )
}

pub(super) fn others(facts: &Facts<'_>) -> Vec<Said> {
    let mut by_source: BTreeMap<&RuleFrom, (Vec<&str>, &Rule)> = BTreeMap::new();
    for rule in facts.rules() {
        if let RuleKind::Other(word) = &rule.kind
            && facts.bypass(rule) != Bypass::Always
        {
            let entry = by_source.entry(&rule.from).or_insert((Vec::new(), rule));
            entry.0.push(word);
        }
    }
    by_source
        .into_values()
        .map(|(words, rule)| {
            Said::info(format!(
                "{} also requires {}, which is not evaluated here.",
                capital(&facts.source(rule)),
                list(words)
            ))
            .why("GitHub refuses a promotion that does not meet it, and the summary shows its message.")
            .action(format!("Check whether promotions can meet it: {}.", facts.place(rule)))
        })
        .collect()
}

pub(super) fn bypass(facts: &Facts<'_>) -> Vec<Said> {
    let base = facts.base();
    let numbers: BTreeSet<u64> = facts
        .rules()
        .filter_map(|rule| match rule.from {
            RuleFrom::Ruleset(number) => Some(number),
            RuleFrom::Classic(_) => None,
        })
        .collect();
    let mut said: Vec<Said> = numbers
        .into_iter()
        .map(|number| of_ruleset(facts, number))
        .collect();
    let closed = facts.rules().any(|rule| {
        matches!(
            rule.kind,
            RuleKind::Update | RuleKind::PullRequest { .. } | RuleKind::MergeQueue(_)
        )
    });
    if !closed && facts.rules_known() {
        said.push(
            Said::info(format!(
                "Anyone with write access can push to {base}, past every gate."
            ))
            .why("No rule restricts its updates or requires a pull request.")
            .action("If gates must bind people who can push, see docs/install.md, hardened."),
        );
    }
    said
}

fn of_ruleset(facts: &Facts<'_>, number: u64) -> Said {
    let place = format!("Settings → Rules → Rulesets (ruleset {number})");
    match facts.settings.rulesets.get(&number) {
        Some(Ok(ruleset)) => match &ruleset.actors {
            Some(actors) if actors.is_empty() => {
                Said::ok(format!("No one may bypass the ruleset “{}”.", ruleset.name))
            }
            Some(actors) => Said::info(format!(
                "The ruleset “{}” does not bind {}.",
                ruleset.name,
                list(actors)
            ))
            .why("Anyone it does not bind can land changes past every gate."),
            None => Said::unread(format!(
                "Could not read who may bypass the ruleset “{}”: that needs an administrator's token.",
                ruleset.name
            ))
            .action(format!("Check {place}.")),
        },
        Some(Err(Unread::Failed(why))) => {
            Said::unread(format!("Could not read who may bypass the ruleset {number}: {why}."))
                .action(format!("Check {place}."))
        }
        _ => Said::unread(format!(
            "Could not read who may bypass the ruleset {number}: this token cannot see it."
        ))
        .action(format!("Check {place}.")),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
