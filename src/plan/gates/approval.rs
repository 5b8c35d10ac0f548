//! APPROVAL: people approve exactly this plan.
//!
//! With a forge, by the evidence of the promotion's pull request. Without one the approvals are names given on the
//! command line: every name is assumed to be a person with write access, which the output says.

mod counted;
#[cfg(test)]
mod tests;
mod voters;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::actor::UserId;
use crate::model::evidence::Evidence;
use crate::model::policy::{ApprovalChannel, ApproveLine, Exclude, GateRule, Voters};
use crate::model::text;
use crate::model::verdict::{Judgement, Verdict};
use crate::plan::gate_subject::{Judged, Subject};
use counted::{Counted, count};
use voters::{Eligible, People, Register};

/// The rule of one gate, with its defaults.
pub(super) struct Rule<'a> {
    pub lines: &'a [ApproveLine],
    pub ways: &'a [ApprovalChannel],
    pub exclude: &'a [Exclude],
}

/// How approvals may be given if the rule does not say.
pub(super) const DEFAULT_WAYS: &[ApprovalChannel] =
    &[ApprovalChannel::Review, ApprovalChannel::Label];

/// What the gate's rule in the policy, or its default, says to the evidence at hand.
pub(super) fn evaluate(subject: &Subject<'_>, rule: Option<&GateRule>, label: &str) -> Judged {
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
        Some(other) => return Judged::of(crate::plan::gate_subject::other_kind(other)),
    };
    by(subject, &rule, label)
}

/// What a rule says to the evidence at hand.
pub(super) fn by(subject: &Subject<'_>, rule: &Rule<'_>, label: &str) -> Judged {
    let facts = subject.facts;
    let files: BTreeSet<&str> = subject
        .changes
        .iter()
        .map(|change| change.file.as_str())
        .collect();
    let register = Register {
        policy: facts.policy,
        roster: facts.roster,
        files: &files,
    };
    if facts.on_forge {
        return match subject.evidence {
            None => Judged::of(pending(format!("waits for {}", all_demands(rule.lines)))),
            Some(Err(why)) => Judged::of(Judgement::new(Verdict::Error, why.clone())),
            Some(Ok(evidence)) => by_evidence(&register, rule, evidence, label),
        };
    }
    let Some(approvals) = &facts.approvals else {
        return Judged::of(pending(format!(
            "{} (unread: not on GitHub)",
            all_demands(rule.lines)
        )));
    };
    if rule.exclude.contains(&Exclude::ChangeAuthors) && !approvals.assumed {
        return Judged::of(pending(
            "its rule excludes authors of the changes, who cannot be identified without GitHub",
        ));
    }
    let names: Vec<Given<'_>> = approvals
        .names
        .iter()
        .map(|name| Given {
            id: None,
            login: name,
            way: None,
        })
        .collect();
    Judged::of(tally(
        &register,
        rule.lines,
        &names,
        approvals.assumed,
        &BTreeMap::new(),
    ))
}

fn pending(reason: impl Into<String>) -> Judgement {
    Judgement::new(Verdict::Pending, reason)
}

/// One approval that is valid, before it is known whose approval a line needs.
struct Given<'a> {
    id: Option<UserId>,
    login: &'a str,
    way: Option<&'static str>,
}

impl Given<'_> {
    fn shown(&self) -> String {
        match self.way {
            Some(way) => format!("{} ({way})", self.login),
            None => self.login.to_owned(),
        }
    }
}

fn by_evidence(
    register: &Register<'_>,
    rule: &Rule<'_>,
    evidence: &Evidence,
    label: &str,
) -> Judged {
    let mut counted = count(evidence, rule.ways, label);
    let authors = match rule.exclude.contains(&Exclude::ChangeAuthors) {
        true => Some(without_change_authors(evidence, &mut counted)),
        false => None,
    };
    let given: Vec<Given<'_>> = counted
        .approvals
        .iter()
        .map(|(id, (login, way))| Given {
            id: Some(*id),
            login,
            way: Some(way),
        })
        .collect();
    // What counts for no line is not an approval of this gate: it must not keep a newer plan waiting.
    let approvals = given
        .iter()
        .filter(|one| {
            rule.lines
                .iter()
                .any(|line| match register.asked(&line.by.value) {
                    Ok(Eligible::Anyone) => true,
                    Ok(Eligible::Each(sets)) => sets.iter().any(|set| set.holds(one.id, one.login)),
                    Ok(Eligible::NoOne(_)) | Err(_) => false,
                })
        })
        .map(Given::shown)
        .collect();
    let judgement = if let Some(why) = counted.unread.first() {
        Judgement::new(Verdict::Error, why.clone())
    } else if !counted.refusals.is_empty() {
        let who: Vec<&str> = counted.refusals.iter().map(String::as_str).collect();
        let who = who.join(", ");
        Judgement::new(Verdict::Blocked, format!("{who} requested changes"))
    } else if let Some(Untold(why)) = authors.flatten() {
        pending(why)
    } else {
        let mut judgement = tally(register, rule.lines, &given, false, &counted.excluded);
        if judgement.verdict == Verdict::Pending {
            let more = counted.unknown.iter().chain(counted.void.first());
            for note in more {
                judgement.reason = format!("{}; {note}", judgement.reason);
            }
        }
        judgement
    };
    Judged {
        approvals,
        stale_label: counted.stale_label,
        ..Judged::of(judgement)
    }
}

/// Why the rule that leaves out the authors of the changes cannot be applied.
struct Untold(String);

/// Removes the people who made what is promoted from those who count.
fn without_change_authors(evidence: &Evidence, counted: &mut Counted) -> Option<Untold> {
    match &evidence.change_authors {
        None => {
            let why = "it was not read who made the changes";
            counted.unread.push(why.to_owned());
            None
        }
        Some(Err(why)) => {
            counted.unread.push(why.clone());
            None
        }
        Some(Ok(authors)) => {
            for (id, did) in &authors.people {
                counted.exclude(*id, did.clone());
            }
            let first = authors.untold.first()?;
            let more = match authors.untold.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more like this)"),
            };
            Some(Untold(format!(
                "{first}{more}, and this gate excludes change authors"
            )))
        }
    }
}

/// Whether every line is met by what was given.
fn tally(
    register: &Register<'_>,
    lines: &[ApproveLine],
    given: &[Given<'_>],
    assumed: bool,
    excluded: &BTreeMap<UserId, String>,
) -> Judgement {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut open: Option<Judgement> = None;
    for line in lines {
        let asked = match register.asked(&line.by.value) {
            // Team members are unknown without GitHub.
            Err(_) | Ok(Eligible::NoOne(_)) if assumed => Ok(Eligible::Anyone),
            other => other,
        };
        let judged = match asked {
            Err(why) => Err(Judgement::new(Verdict::Error, why)),
            Ok(Eligible::NoOne(why)) => Err(Judgement::new(
                Verdict::Blocked,
                format!("needs {}: {why}", demand(line)),
            )),
            Ok(Eligible::Anyone) => met(line, given.iter().collect(), None),
            Ok(Eligible::Each(sets)) => each(register, line, given, &sets, excluded),
        };
        match judged {
            Ok(people) => names.extend(people),
            // The worst line decides: what could not be read, then what cannot be met, then what is still missing.
            Err(judgement) => {
                let worse = open
                    .as_ref()
                    .is_none_or(|known| judgement.verdict > known.verdict);
                if worse {
                    open = Some(judgement);
                }
            }
        }
    }
    open.unwrap_or_else(|| {
        let names: Vec<String> = names.into_iter().collect();
        Judgement::new(Verdict::Pass, format!("approved by {}", names.join(", ")))
    })
}

/// A line that asks closed sets of people: enough of them together, and one of each.
fn each(
    register: &Register<'_>,
    line: &ApproveLine,
    given: &[Given<'_>],
    sets: &[People],
    excluded: &BTreeMap<UserId, String>,
) -> Result<Vec<String>, Judgement> {
    let needed = line.count.get() as usize;
    let holds = |people: &People, one: &&Given<'_>| people.holds(one.id, one.login);
    let of_any: Vec<&Given<'_>> = given
        .iter()
        .filter(|one| sets.iter().any(|people| holds(people, one)))
        .collect();
    let mut able: BTreeMap<String, &str> = BTreeMap::new();
    let mut unmet: Option<&People> = None;
    for people in sets {
        let of_set = register.able(people, excluded);
        let gave = given.iter().any(|one| holds(people, &one));
        if of_set.is_empty() && !gave {
            return Err(too_few(line, people, &[]));
        }
        if !gave {
            unmet = Some(people);
        }
        able.extend(
            of_set
                .into_iter()
                .map(|login| (login.to_lowercase(), login)),
        );
    }
    let mut all = able.clone();
    all.extend(
        of_any
            .iter()
            .map(|one| (one.login.to_lowercase(), one.login)),
    );
    if all.len() < needed {
        let left: Vec<&str> = all.into_values().collect();
        return Err(too_few(line, &sets[0], &left));
    }
    let has_given = |login: &&str| {
        of_any
            .iter()
            .any(|one| one.login.eq_ignore_ascii_case(login))
    };
    let may: Vec<&str> = match unmet {
        Some(people) if of_any.len() >= needed => register.able(people, excluded),
        _ => able
            .into_values()
            .filter(|login| !has_given(login))
            .collect(),
    };
    if unmet.is_some() && of_any.len() >= needed {
        return Err(pending(format!(
            "waits for an approval by another member of {}{}",
            line.by.value,
            who_can(&may)
        )));
    }
    met(line, of_any, Some(&may))
}

fn too_few(line: &ApproveLine, people: &People, left: &[&str]) -> Judgement {
    let whom: Vec<&str> = people.names().collect();
    let why = match (&whom[..], left) {
        ([], _) => "it has no members".to_owned(),
        (all, []) => format!("of {} no one is left who could approve", list(all, "and")),
        (all, left) => format!(
            "of {} only {} could approve",
            list(all, "and"),
            list(left, "and")
        ),
    };
    Judgement::new(Verdict::Blocked, format!("needs {}: {why}", demand(line)))
}

fn met(
    line: &ApproveLine,
    who: Vec<&Given<'_>>,
    may: Option<&[&str]>,
) -> Result<Vec<String>, Judgement> {
    let needed = line.count.get() as usize;
    if who.len() >= needed {
        return Ok(who.into_iter().map(Given::shown).collect());
    }
    let can = may.map(who_can).unwrap_or_default();
    Err(pending(match who.len() {
        0 => format!("waits for {}{can}", demand(line)),
        given => format!("{given} of {needed} approvals by {}{can}", line.by.value),
    }))
}

/// More names than this are counted.
const NAMED: usize = 5;

/// ` (dave or erin can approve)`.
fn who_can(who: &[&str]) -> String {
    match who.is_empty() {
        true => String::new(),
        false => format!(" ({} can approve)", list(who, "or")),
    }
}

/// `carol, dave and erin`.
fn list(names: &[&str], word: &str) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| (*name).to_owned())
        .collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    text::list(shown, word)
}

fn demand(line: &ApproveLine) -> String {
    let count = line.count.get();
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} approval{plural} by {}", line.by.value)
}

fn all_demands(lines: &[ApproveLine]) -> String {
    lines.iter().map(demand).collect::<Vec<_>>().join(" and ")
}

/// What has to be looked up for a rule: teams as `organisation/team`, and people by login.
pub(super) fn wants(
    register_of: &dyn Fn(&str) -> Vec<String>,
    lines: &[ApproveLine],
    teams: &mut BTreeSet<String>,
    logins: &mut BTreeSet<String>,
) -> bool {
    let mut add = |member: &str| match member.contains('/') {
        true => teams.insert(member.to_lowercase()),
        false => logins.insert(member.trim_start_matches('@').to_lowercase()),
    };
    let mut code_owners = false;
    for line in lines {
        match &line.by.value {
            Voters::Writers => {}
            Voters::CodeOwners => code_owners = true,
            Voters::Person(name) | Voters::Team(name) => {
                add(name);
            }
            Voters::Group(group) => register_of(group).iter().for_each(|member| {
                add(member);
            }),
        }
    }
    code_owners
}
