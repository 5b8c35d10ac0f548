//! APPROVAL: people approve exactly this plan.
//!
//! With a forge, by the evidence of the promotion's pull request. Without one the approvals are names given on the
//! command line: every name is assumed to be a person with write, which the caller says to the reader. Teams, code
//! owners and the authors of changes are not known to this version, and a rule that needs them stays Pending.

mod counted;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use counted::count;

use super::Judged;
use crate::model::evidence::Evidence;
use crate::model::facts::Facts;
use crate::model::ids::PlanId;
use crate::model::policy::{ApproveLine, Exclude, GateRule, Policy, Voters, Way};
use crate::model::verdict::{Judgement, Verdict};

/// The rule of one gate, with its defaults.
struct Rule<'a> {
    lines: &'a [ApproveLine],
    ways: &'a [Way],
    exclude: &'a [Exclude],
}

const DEFAULT_WAYS: &[Way] = &[Way::Review, Way::Label];

pub(super) fn evaluate(
    facts: &Facts<'_>,
    rule: Option<&GateRule>,
    plan: Option<&PlanId>,
    label: &str,
) -> Judged {
    let default = [ApproveLine::default()];
    let rule = match rule {
        None => Rule {
            lines: &default,
            ways: DEFAULT_WAYS,
            exclude: &[],
        },
        Some(GateRule::Approval {
            approve,
            ways,
            exclude,
        }) => Rule {
            lines: approve,
            ways,
            exclude,
        },
        Some(other) => {
            return Judged::of(Judgement::new(
                Verdict::Error,
                format!(
                    "its entry in the policy is for a gate of type {}",
                    other.meant_for()
                ),
            ));
        }
    };
    if let Some(evidence) = &facts.evidence {
        return match plan.and_then(|plan| evidence.get(plan)) {
            None => Judged::of(pending(format!("waits for {}", all_demands(rule.lines)))),
            Some(Err(why)) => Judged::of(Judgement::new(Verdict::Error, why.clone())),
            Some(Ok(evidence)) => by_evidence(facts.policy, &rule, evidence, label),
        };
    }
    let Some(approvals) = &facts.approvals else {
        return Judged::of(pending(format!(
            "{} (unread: no forge)",
            all_demands(rule.lines)
        )));
    };
    if rule.exclude.contains(&Exclude::ChangeAuthors) {
        return Judged::of(pending(CHANGE_AUTHORS));
    }
    let people: BTreeMap<&str, &str> = approvals
        .names
        .iter()
        .map(|name| (name.as_str(), name.as_str()))
        .collect();
    Judged::of(tally(facts.policy, rule.lines, &people, |name| {
        (*name).to_owned()
    }))
}

const CHANGE_AUTHORS: &str =
    "its rule leaves out the authors of the changes, which is not evaluated by this version";

fn pending(reason: impl Into<String>) -> Judgement {
    Judgement::new(Verdict::Pending, reason)
}

fn by_evidence(policy: &Policy, rule: &Rule<'_>, evidence: &Evidence, label: &str) -> Judged {
    let counted = count(evidence, rule.ways, label);
    let given: Vec<String> = counted
        .approvals
        .values()
        .map(|(login, way)| format!("{login} ({way})"))
        .collect();
    let judgement = if let Some(why) = counted.unread.first() {
        Judgement::new(Verdict::Error, why.clone())
    } else if !counted.refusals.is_empty() {
        let who: Vec<&str> = counted.refusals.iter().map(String::as_str).collect();
        Judgement::new(
            Verdict::Blocked,
            format!("{} requested changes", who.join(", ")),
        )
    } else if rule.exclude.contains(&Exclude::ChangeAuthors) {
        pending(CHANGE_AUTHORS)
    } else {
        let people: BTreeMap<u64, &str> = counted
            .approvals
            .iter()
            .map(|(id, (login, _))| (*id, login.as_str()))
            .collect();
        let way = |id: &u64| {
            let (login, way) = &counted.approvals[id];
            format!("{login} ({way})")
        };
        let mut judgement = tally(policy, rule.lines, &people, way);
        if judgement.verdict != Verdict::Pass {
            let more = counted.unknown.iter().chain(counted.void.first());
            for note in more {
                judgement.reason = format!("{}; {note}", judgement.reason);
            }
        }
        judgement
    };
    Judged {
        judgement,
        approvals: given,
    }
}

/// Whether every line is met by these people, each given as what tells them apart and their login.
fn tally<K: Ord + Copy>(
    policy: &Policy,
    lines: &[ApproveLine],
    people: &BTreeMap<K, &str>,
    shown: impl Fn(&K) -> String,
) -> Judgement {
    let mut counted: BTreeSet<K> = BTreeSet::new();
    for line in lines {
        let Some(who) = eligible(policy, &line.by, people) else {
            return pending(format!(
                "needs {}, which is not evaluated by this version",
                demand(line)
            ));
        };
        let needed = line.count.get() as usize;
        if who.len() < needed {
            return pending(match who.len() {
                0 => format!("waits for {}", demand(line)),
                given => format!("{given} of {needed} approvals by {}", line.by.value),
            });
        }
        counted.extend(who);
    }
    let names: Vec<String> = counted.iter().map(shown).collect();
    Judgement::new(Verdict::Pass, format!("approved by {}", names.join(", ")))
}

fn demand(line: &ApproveLine) -> String {
    let count = line.count.get();
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} approval{plural} by {}", line.by.value)
}

fn all_demands(lines: &[ApproveLine]) -> String {
    lines.iter().map(demand).collect::<Vec<_>>().join(" and ")
}

/// Those of the people whose approval counts for a line; `None` where this version cannot know that.
fn eligible<K: Ord + Copy>(
    policy: &Policy,
    by: &Voters,
    people: &BTreeMap<K, &str>,
) -> Option<BTreeSet<K>> {
    let those = |may: &dyn Fn(&str) -> bool| {
        people
            .iter()
            .filter(|(_, login)| may(login))
            .map(|(key, _)| *key)
            .collect()
    };
    match by {
        Voters::Writers => Some(those(&|_| true)),
        Voters::Person(login) => Some(those(&|name| name.eq_ignore_ascii_case(login))),
        Voters::Group(group) => {
            let members = policy.people.get(group.as_str())?.rule;
            let is_member = |name: &str| {
                members
                    .iter()
                    .any(|member| member.eq_ignore_ascii_case(name))
            };
            Some(those(&is_member))
        }
        Voters::CodeOwners | Voters::Team(_) => None,
    }
}
