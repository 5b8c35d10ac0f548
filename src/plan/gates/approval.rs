//! APPROVAL: people approve exactly this plan.
//!
//! Without a forge the approvals are names given on the command line. Every name is assumed to be a person with write,
//! which the caller says to the reader; teams, code owners and the authors of changes cannot be known then, and a rule
//! that needs them stays Pending.

use std::collections::BTreeSet;

use crate::model::facts::Facts;
use crate::model::policy::{ApproveLine, Exclude, GateRule, Policy, Voters};
use crate::model::verdict::{Judgement, Verdict};

pub(super) fn evaluate(facts: &Facts<'_>, rule: Option<&GateRule>) -> Judgement {
    let default = [ApproveLine::default()];
    let (lines, exclude) = match rule {
        None => (&default[..], &[][..]),
        Some(GateRule::Approval {
            approve, exclude, ..
        }) => (approve.as_slice(), exclude.as_slice()),
        Some(other) => {
            return Judgement::new(
                Verdict::Error,
                format!(
                    "its entry in the policy is for a gate of type {}",
                    other.meant_for()
                ),
            );
        }
    };
    let demand = |line: &ApproveLine| {
        let count = line.count.get();
        format!(
            "{count} approval{} by {}",
            if count == 1 { "" } else { "s" },
            line.by.value
        )
    };
    let all_demands = || lines.iter().map(demand).collect::<Vec<_>>().join(" and ");
    let Some(approvals) = &facts.approvals else {
        return Judgement::new(
            Verdict::Pending,
            format!("{} (unread: no forge)", all_demands()),
        );
    };
    if exclude.contains(&Exclude::ChangeAuthors) {
        return Judgement::new(
            Verdict::Pending,
            "its rule leaves out the authors of the changes, which is not evaluated by this version",
        );
    }
    let mut counted = BTreeSet::new();
    for line in lines {
        let Some(who) = eligible(facts.policy, &line.by, &approvals.names) else {
            return Judgement::new(
                Verdict::Pending,
                format!(
                    "needs {}, which is not evaluated by this version",
                    demand(line)
                ),
            );
        };
        let needed = line.count.get() as usize;
        if who.len() < needed {
            let reason = match who.len() {
                0 => format!("waits for {}", demand(line)),
                given => format!("{given} of {needed} approvals by {}", line.by.value),
            };
            return Judgement::new(Verdict::Pending, reason);
        }
        counted.extend(who);
    }
    let names: Vec<&str> = counted.into_iter().collect();
    Judgement::new(Verdict::Pass, format!("approved by {}", names.join(", ")))
}

/// Those of the names whose approval counts for a line; `None` where that cannot be known without a forge.
fn eligible<'a>(
    policy: &Policy,
    by: &Voters,
    names: &'a BTreeSet<String>,
) -> Option<BTreeSet<&'a str>> {
    let all = names.iter().map(String::as_str);
    match by {
        Voters::Writers => Some(all.collect()),
        Voters::Person(login) => Some(
            all.filter(|name| name.eq_ignore_ascii_case(login))
                .collect(),
        ),
        Voters::Group(group) => {
            let members = policy.people.get(group.as_str())?.rule;
            let is_member = |name: &str| {
                members
                    .iter()
                    .any(|member| member.eq_ignore_ascii_case(name))
            };
            Some(all.filter(|name| is_member(name)).collect())
        }
        Voters::CodeOwners | Voters::Team(_) => None,
    }
}
