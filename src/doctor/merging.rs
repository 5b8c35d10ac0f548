//! How promotions are merged: methods, history, reviews, deployments, the queue, signatures, auto-merge.

use super::facts::{Facts, Inbound};
use super::said::{Said, Unsure, list};
use crate::model::policy::{Delivery, Land, MergeMethod};
use crate::model::settings::{Bypass, Rule, RuleKind, TokenKind};
use crate::model::text::counted;

/// Whether a rule binds a merge by this token, which may be unsure; `None` if it does not.
pub(super) fn binds(facts: &Facts<'_>, rule: &Rule) -> Option<Unsure> {
    match facts.bypass(rule) {
        Bypass::Always | Bypass::OnPulls => None,
        Bypass::Never => Some(Unsure(false)),
        Bypass::Unknown => Some(Unsure(true)),
    }
}

pub(super) fn method(facts: &Facts<'_>) -> Vec<Said> {
    let policy = facts.policy();
    if policy.land == Land::Exact {
        return vec![Said::ok(
            "The policy has `land: exact`: no merge method is used.",
        )];
    }
    if facts.queue() {
        return vec![Said::ok("The merge queue has its own merge method.")];
    }
    let (word, title) = match policy.merge {
        MergeMethod::Squash => ("squash", "squash merging"),
        MergeMethod::Merge => ("merge", "merge commits"),
    };
    let other = match policy.merge {
        MergeMethod::Squash => "merge",
        MergeMethod::Merge => "squash",
    };
    let mut said = Vec::new();
    match &facts.settings.merging {
        Ok(found) => {
            let allowed = match policy.merge {
                MergeMethod::Squash => found.squash,
                MergeMethod::Merge => found.merge,
            };
            if !allowed {
                said.push(
                    Said::change(format!(
                        "The repository does not allow {title}, which is the policy's method (`merge: {word}`)."
                    ))
                    .why("Every landing would be refused.")
                    .action(format!(
                        "Settings → General → Pull Requests → Allow {title}; or `merge: {other}` in the policy."
                    )),
                );
            }
        }
        Err(why) => said.push(Said::unread(format!(
            "Could not read whether the repository allows {title}: {why}."
        ))),
    }
    for rule in facts.rules() {
        let RuleKind::PullRequest {
            methods: Some(methods),
            ..
        } = &rule.kind
        else {
            continue;
        };
        if let Some(unsure) = binds(facts, rule)
            && !methods.contains(word)
        {
            said.push(
                Said::change(format!(
                    "{} does not allow merging by {word}, only by {}, but the policy has `merge: {word}`.",
                    capitalised(facts, rule),
                    list(methods)
                )).unsure(unsure)
                .why("Every landing would be refused.")
                .action(format!(
                    "Allow {word} at {}, or set `merge: {other}` in the policy.",
                    facts.place(rule)
                )),
            );
        }
    }
    if said.is_empty() {
        said.push(Said::ok(format!("Merging by {word} is allowed.")));
    }
    said
}

fn capitalised(facts: &Facts<'_>, rule: &Rule) -> String {
    let source = facts.source(rule);
    source
        .strip_prefix("the ")
        .map(|rest| format!("The {rest}"))
        .or_else(|| {
            source
                .strip_prefix("classic ")
                .map(|rest| format!("Classic {rest}"))
        })
        .unwrap_or(source)
}

pub(super) fn linear_history(facts: &Facts<'_>) -> Vec<Said> {
    let policy = facts.policy();
    let (makes, fix) = match (policy.land, policy.merge) {
        (Land::Exact, _) => (
            "`land: exact` lands every promotion as a merge commit",
            "set `land: merge` and `merge: squash`",
        ),
        (Land::Merge, MergeMethod::Merge) => (
            "`merge: merge` lands every promotion as a merge commit",
            "set `merge: squash`",
        ),
        (Land::Merge, MergeMethod::Squash) => return Vec::new(),
    };
    let rules = facts
        .rules()
        .filter(|rule| rule.kind == RuleKind::LinearHistory);
    rules
        .filter_map(|rule| {
            let unsure = binds(facts, rule)?;
            Some(
                Said::change(format!(
                    "{} requires a linear history of {}, but {makes}.",
                    capitalised(facts, rule),
                    facts.base()
                ))
                .unsure(unsure)
                .why("Every landing would be refused.")
                .action(format!(
                    "In the policy {fix}; or switch it off at {}.",
                    facts.place(rule)
                )),
            )
        })
        .collect()
}

pub(super) fn reviews(facts: &Facts<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    for rule in facts.rules() {
        let RuleKind::PullRequest {
            reviews,
            code_owners,
            ..
        } = rule.kind
        else {
            continue;
        };
        if reviews == 0 && !code_owners {
            continue;
        }
        let wants = match (reviews, code_owners) {
            (0, _) => "a code owner's review".to_owned(),
            (count, true) => format!(
                "{}, including a code owner's",
                counted(count, "approving review")
            ),
            (count, false) => counted(count, "approving review"),
        };
        let source = capitalised(facts, rule);
        let Some(unsure) = binds(facts, rule) else {
            said.push(Said::ok(format!(
                "{source} requires {wants}, and this token may bypass it."
            )));
            continue;
        };
        let stages = facts.inbound().unwrap_or_default();
        let without_approval: Vec<&Inbound> = stages
            .iter()
            .filter(|stage| !stage.approval && stage.delivery == Delivery::PullRequest)
            .collect();
        said.push(if without_approval.is_empty() {
            Said::info(format!("{source} requires {wants} before a merge.")).unsure(unsure)
                .why("Only reviews count there. An approval by label or dispatch passes Sluice's gate, but GitHub still refuses the merge.")
                .action("Let the gates count only reviews (`ways: [review]`), and require as many.")
        } else {
            Said::change(format!(
                "{source} requires {wants}, but no one is asked to approve {}.",
                list(without_approval.iter().map(|stage| &stage.name))
            )).unsure(unsure)
            .why("Without an APPROVAL gate, such a promotion would wait for a review that no one knows about.")
            .action(format!(
                "Add an APPROVAL gate to the edge, or let Sluice's App bypass it at {}.",
                facts.place(rule)
            ))
        });
    }
    if said.is_empty() && facts.rules_known() {
        said.push(Said::ok("GitHub itself requires no review."));
    }
    said
}

pub(super) fn deployments(facts: &Facts<'_>) -> Vec<Said> {
    facts
        .rules()
        .filter_map(|rule| {
            let RuleKind::Deployments(environments) = &rule.kind else {
                return None;
            };
            let unsure = binds(facts, rule)?;
            Some(
                Said::change(format!(
                    "{} requires a deployment to {} before a merge.",
                    capitalised(facts, rule),
                    list(environments)
                )).unsure(unsure)
                .why("A promotion is deployed after it has landed, so it would wait forever.")
                .action(format!(
                    "Switch it off at {}; a `ready` rule in the policy requires a deployment at the right moment.",
                    facts.place(rule)
                )),
            )
        })
        .collect()
}

pub(super) fn queue(facts: &Facts<'_>) -> Vec<Said> {
    if !facts.queue() {
        return if facts.rules_known() {
            vec![Said::ok(format!("{} has no merge queue.", facts.base()))]
        } else {
            Vec::new()
        };
    }
    let rebase = facts
        .rules()
        .find(|rule| matches!(&rule.kind, RuleKind::MergeQueue(method) if method == "REBASE"));
    let mut said = Vec::new();
    if facts.kind() == Some(&TokenKind::Workflow) {
        said.push(
            Said::change(format!(
                "{} has a merge queue, and the token is a workflow's own (GITHUB_TOKEN): a queue needs an App.",
                facts.base()
            ))
            .why(
                "No run on `merge_group` starts for what a workflow's own token adds to a queue. Required checks never report \
                 there, and GitHub removes the promotion from the queue when they time out.",
            )
            .action("Give Sluice an App's token: docs/install.md, hardened. Or disable the queue."),
        );
    }
    if let Some(rule) = rebase
        && let Some(unsure) = binds(facts, rule)
    {
        said.push(
            Said::change(format!("The merge queue of {} rebases.", facts.base()))
                .unsure(unsure)
                .why("Rebasing makes commits that no one has seen, so such a landing is not recognised.")
                .action(format!(
                    "Choose squash or merge as its method at {}.",
                    facts.place(rule)
                )),
        );
    }
    if !said.is_empty() {
        return said;
    }
    vec![
        Said::info(format!(
            "{} has a merge queue: Sluice puts promotions into it instead of merging.",
            facts.base()
        ))
        .why("Gates must be evaluated again while a promotion waits there, and only a run on `merge_group` does that in time.")
        .action("Let the workflow run on `merge_group` too. Do not require the status `sluice`: it is never reported on the groups of a queue."),
    ]
}

pub(super) fn signatures(facts: &Facts<'_>) -> Vec<Said> {
    let policy = facts.policy();
    let rules = facts
        .rules()
        .filter(|rule| rule.kind == RuleKind::Signatures);
    rules
        .filter_map(|rule| {
            let unsure = binds(facts, rule)?;
            let source = capitalised(facts, rule);
            // GitHub signs a squashed commit itself.
            let squashed = policy.land == Land::Merge
                && policy.merge == MergeMethod::Squash
                && facts.direct().is_none();
            Some(if policy.verified {
                Said::ok(format!("{source} requires signed commits, and so does the policy."))
            } else if squashed {
                Said::ok(format!(
                    "{source} requires signed commits; GitHub signs squashed commits."
                ))
            } else {
                Said::change(format!(
                    "{source} requires signed commits on {}, but the policy does not have `verified: true`.",
                    facts.base()
                )).unsure(unsure)
                .why("Commits made through the API are signed for some tokens but not for others.")
                .action("Set `verified: true` in the policy.")
            })
        })
        .collect()
}

pub(super) fn auto_merge(facts: &Facts<'_>) -> Vec<Said> {
    match &facts.settings.merging {
        Ok(found) if found.auto => vec![
            Said::info("Auto-merge is allowed here.")
                .why(
                    "A person with write access can enable it on a promotion, and GitHub then merges by its own rules alone. \
                     Sluice disables it when it sees it.",
                )
                .action("Disable Settings → General → Pull Requests → Allow auto-merge, if no one needs it."),
        ],
        Ok(_) => vec![Said::ok("Auto-merge is not allowed here.")],
        Err(_) => Vec::new(),
    }
}
