//! Names: the policy itself, the teams and people in it, and labels.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, PolicyFact};
use super::rules::{gates, stages};
use super::said::{Said, list};
use crate::model::label::{BLOCKED, HOLD};
use crate::model::policy::{ApproveLine, GateRule, Policy, UntrustedAccount, Voters};
use crate::model::settings::{Person, TokenKind, Unread};

/// Teams and people of a policy; each with whether its approval counts somewhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedIn {
    /// Teams, as `organisation/team`.
    pub teams: BTreeMap<String, bool>,
    /// People, by login in lower case.
    pub people: BTreeMap<String, bool>,
}

/// Everyone named by the policy. A group counts as approving if some rule requires it, or if none uses it yet.
pub(crate) fn named(policy: &Policy) -> NamedIn {
    let mut found = NamedIn::default();
    let approving: Vec<&ApproveLine> = approve_lines(policy).collect();
    let asked: Vec<&str> = stages(policy)
        .flat_map(|stage| stage.reviewers.iter())
        .map(|name| name.value.as_str())
        .collect();
    for (group, members) in policy.people.iter() {
        let approves = approving
            .iter()
            .any(|line| matches!(&line.by.value, Voters::Group(name) if *name == group.value));
        let only_asked = !approves && asked.contains(&group.value.as_str());
        for member in members {
            found.add(&member.value, !only_asked);
        }
    }
    for line in approving {
        match &line.by.value {
            Voters::Team(name) | Voters::Person(name) => found.add(name, true),
            Voters::Writers | Voters::CodeOwners | Voters::Group(_) => {}
        }
    }
    for name in asked {
        if name.starts_with('@') || name.contains('/') {
            found.add(name, false);
        }
    }
    found
}

impl NamedIn {
    fn add(&mut self, name: &str, approves: bool) {
        let name = name.strip_prefix('@').unwrap_or(name).to_lowercase();
        let kind = if name.contains('/') {
            &mut self.teams
        } else {
            &mut self.people
        };
        *kind.entry(name).or_default() |= approves;
    }
}

fn approve_lines(policy: &Policy) -> impl Iterator<Item = &ApproveLine> {
    let of_gates = gates(policy).flat_map(|gate| match gate {
        GateRule::Approval { approve, .. } => approve.as_slice(),
        _ => &[],
    });
    let of_emergencies = stages(policy)
        .filter_map(|stage| stage.emergency.as_ref())
        .flat_map(|emergency| &emergency.approve);
    of_gates.chain(of_emergencies)
}

pub(super) fn policy(facts: &Facts<'_>) -> Vec<Said> {
    vec![match facts.policy {
        PolicyFact::Read(_) => Said::ok("The policy .github/sluice.yaml can be read."),
        PolicyFact::Absent => Said::info("There is no policy (.github/sluice.yaml).")
            .why("Without one, one person with write access approves every APPROVAL gate, and gates of other types stay closed."),
        PolicyFact::Invalid(why) => Said::change(format!("The policy is not valid: {why}."))
            .why("Without it, it is unknown what gates require, so nothing is promoted.")
            .action("sluice validate shows the position and the fix."),
        PolicyFact::Unread(why) => Said::unread(format!(
            "Policy and manifests could not be read: {why}."
        ))
        .why("Results that depend on them are as if there were none.")
        .action("Make sure that the token may read contents, or give PATH: a clone or folder to read them from."),
    }]
}

pub(super) fn own_evidence(facts: &Facts<'_>) -> Vec<Said> {
    let settings = facts.settings;
    let Ok(identity) = &settings.identity else {
        return Vec::new();
    };
    let own = UntrustedAccount {
        login: identity.login.clone(),
        id: identity.id,
        app: settings
            .app
            .as_ref()
            .and_then(|app| Some(app.as_ref().ok()?.id)),
    };
    let asked = facts.policy().rules_that_trust(&own).into_iter();
    asked
        .map(|asked| {
            Said::change(format!(
                "{}, which is Sluice's own account ({}).",
                asked.what, own.login
            ))
            .why("What Sluice itself reports is not evidence, so the pipelines of that rule are stopped.")
            .action("Use the account of whatever tests or deploys.")
        })
        .collect()
}

pub(super) fn teams(facts: &Facts<'_>) -> Vec<Said> {
    let named = named(facts.policy());
    let mut said = Vec::new();
    let mut fine = Vec::new();
    for (team, found) in &facts.settings.teams {
        let approves = named.teams.get(team).copied().unwrap_or_default();
        match found {
            Ok(found) if found.members == 0 && approves => said.push(
                Said::change(format!("The team {team} has no members."))
                    .why("No one could give the approval that the policy requires from it.")
                    .action("Add members to it, or name other approvers."),
            ),
            Ok(_) => fine.push(team),
            Err(Unread::Failed(why)) => said.push(
                Said::unread(format!("The team {team} could not be read: {why}."))
                    .action("Run this again."),
            ),
            Err(_) => said.push(
                Said::change(format!(
                    "The token cannot read the team {team}; that needs organisation Members: read (GitHub App)."
                ))
                .why("Its members are then unknown, and a gate that depends on it is an error.")
                .action(match facts.kind() {
                    Some(TokenKind::Workflow) => {
                        "A workflow's own token can never read teams: set the input `read-token` to a token of an App with that \
                         permission, or name people instead."
                    }
                    _ => "Give Sluice's App that permission, make sure that the team exists under this name, or name people.",
                }),
            ),
        }
    }
    if !fine.is_empty() {
        said.push(Said::ok(format!("{} can be read.", list(fine))));
    }
    said
}

pub(super) fn people(facts: &Facts<'_>) -> Vec<Said> {
    let named = named(facts.policy());
    let mut said = Vec::new();
    let mut fine = Vec::new();
    for (login, found) in &facts.settings.people {
        let approves = named.people.get(login).copied().unwrap_or_default();
        said.push(match found {
            Ok(Person::Write) => {
                fine.push(login);
                continue;
            }
            Ok(Person::Less) if approves => Said::change(format!(
                "{login} does not have write access to {}.",
                facts.slug
            ))
            .why("Only approvals by people with write access count.")
            .action(format!(
                "Give {login} write access, or remove the name from the policy."
            )),
            Ok(Person::Less) => {
                fine.push(login);
                continue;
            }
            Ok(Person::NotFound) => Said::change(format!("There is no account {login} on GitHub."))
                .why("Anyone can take an unused name, and the policy would then name them.")
                .action("Use this person's present login, or remove it from the policy."),
            Ok(Person::NoPerson) => Said::change(format!("{login} is not a person on GitHub."))
                .why("Only people approve.")
                .action("A team is written organisation/team."),
            Err(why) => Said::unread(format!(
                "The permissions of {login} could not be read: {why}."
            ))
            .why("A gate that depends on it would be an error.")
            .action("Use a token that may read collaborators' permissions."),
        });
    }
    if !fine.is_empty() {
        said.push(Said::ok(format!(
            "{} can do what the policy expects of them.",
            list(fine)
        )));
    }
    said
}

/// The labels that promotions use and that do not exist; `None` if labels or manifests could not be read.
pub(super) fn missing_labels(facts: &Facts<'_>) -> Option<BTreeSet<String>> {
    let found = facts.settings.labels.as_ref().ok()?;
    let of_gates = facts.inbound()?.into_iter().flat_map(|stage| stage.labels);
    let wanted = of_gates.chain([HOLD.to_owned(), BLOCKED.to_owned()]);
    let there = |name: &String| found.iter().any(|one| one.eq_ignore_ascii_case(name));
    Some(wanted.filter(|name| !there(name)).collect())
}

pub(super) fn labels(facts: &Facts<'_>) -> Vec<Said> {
    if let Err(why) = &facts.settings.labels {
        return vec![Said::unread(format!(
            "The labels could not be read: {why}."
        ))];
    }
    let Some(missing) = missing_labels(facts) else {
        return Vec::new();
    };
    vec![if missing.is_empty() {
        Said::ok("Every label that promotions use exists.")
    } else {
        let said = Said::info(format!("Missing so far: {}.", list(missing)));
        if facts.lacks_issues() {
            said.why("This token cannot create them: see `token-permissions`.")
                .action(format!(
                    "Create each: gh label create NAME --repo {}",
                    facts.slug
                ))
        } else {
            said.why("Each is created with the first pull request that needs it.")
        }
    }]
}
