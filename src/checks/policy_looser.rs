//! `policy-looser`: an entry for one pipeline demands less than the general entry that it replaces. Meant or not, a
//! reviewer of the policy should see it.

use std::collections::BTreeSet;

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};
use crate::model::policy::{
    ApproveLine, Delivery, Emergency, EmergencySkip, GateRule, Hours, Join, Policy, Ready,
    RevisionMode, StageEntry, Trigger, Voters, Zone,
};
use crate::model::source_location::SourceLocation;

pub(super) const CHECK: Check = Check {
    code: "policy-looser",
    severity: Severity::Warning,
    about: "A pipeline's own entry demands less than the one that it replaces.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let policy = context.policy;
    let mut findings = Vec::new();
    for (pipeline, entry) in policy.pipelines.iter() {
        let mut looser = |what: &str, at, general: crate::yaml::Position, reasons: Vec<String>| {
            if reasons.is_empty() {
                return;
            }
            findings.push(
                Finding::warning(
                    CHECK.code,
                    SourceLocation::new(context.policy_file, at),
                    format!(
                        "{what} of {pipeline} demands less than the general entry at line {} that it replaces: {}",
                        general.line,
                        reasons.join(", ")
                    ),
                )
                .help("an entry replaces the whole less specific one: repeat what should still apply"),
            );
        };
        for (gate, rule) in entry.gates.iter() {
            if let Some(general) = policy.gates.get(&gate.value) {
                looser(
                    &format!("the gate {gate}"),
                    gate.at,
                    general.at,
                    gate_reasons(policy, general.rule, rule),
                );
            }
        }
        for (stage, rule) in entry.stages.iter() {
            if let Some(general) = policy.stages.get(&stage.value) {
                looser(
                    &format!("the stage {stage}"),
                    stage.at,
                    general.at,
                    stage_reasons(policy, general.rule, rule),
                );
            }
        }
    }
    findings
}

fn gate_reasons(policy: &Policy, general: &GateRule, own: &GateRule) -> Vec<String> {
    match (general, own) {
        (
            GateRule::Approval {
                approve: general_lines,
                ways: general_ways,
                exclude: general_exclude,
            },
            GateRule::Approval {
                approve,
                ways,
                exclude,
            },
        ) => {
            let mut reasons = approval_reasons(policy, general_lines, approve);
            if ways.iter().any(|way| !general_ways.contains(way)) {
                reasons.push("more ways to approve".to_owned());
            }
            if general_exclude.iter().any(|who| !exclude.contains(who)) {
                reasons.push("authors of the changes may approve".to_owned());
            }
            reasons
        }
        (
            GateRule::Window {
                open: general_open,
                zone: general_zone,
            },
            GateRule::Window { open, zone },
        ) => window_reasons((general_open, general_zone), (open, zone))
            .into_iter()
            .collect(),
        // Rules of different forms are for different types of gate. Another workflow or check is neither more nor less.
        _ => Vec::new(),
    }
}

/// A general line is kept if some line of the entry requires at least as many of the same or of a narrower group.
fn approval_reasons(policy: &Policy, general: &[ApproveLine], own: &[ApproveLine]) -> Vec<String> {
    let kept = |line: &ApproveLine| {
        own.iter().any(|mine| {
            is_within(policy, &mine.by, &line.by) && mine.count.value >= line.count.value
        })
    };
    general
        .iter()
        .filter(|line| !kept(line))
        .map(|line| {
            format!(
                "no line with {} by {} or more",
                line.count.get(),
                line.by.value
            )
        })
        .collect()
}

/// Whether everyone in one is also in the other.
fn is_within(policy: &Policy, narrow: &Voters, wide: &Voters) -> bool {
    if narrow == wide || *wide == Voters::Writers {
        return true;
    }
    match (members(policy, narrow), members(policy, wide)) {
        (Some(narrow), Some(wide)) => narrow.is_subset(&wide),
        _ => false,
    }
}

/// People and teams, in lower case; a team counts as one, because its members are unknown here.
fn members(policy: &Policy, voters: &Voters) -> Option<BTreeSet<String>> {
    match voters {
        Voters::Person(one) | Voters::Team(one) => Some(BTreeSet::from([one.to_lowercase()])),
        Voters::Group(group) => {
            let members = policy.people.get(group.as_str())?.rule.iter();
            Some(members.map(|member| member.to_lowercase()).collect())
        }
        Voters::Writers | Voters::CodeOwners => None,
    }
}

fn window_reasons(general: (&[Hours], &Zone), own: (&[Hours], &Zone)) -> Option<String> {
    let (general_week, own_week) = (minutes(general.0), minutes(own.0));
    let wider = own_week
        .iter()
        .zip(&general_week)
        .any(|(own, general)| *own && !general);
    if general.1 == own.1 {
        return wider.then(|| "open at more hours".to_owned());
    }
    // Two zones drift against each other over the year; only a week that is open throughout covers any other.
    let always = general_week.iter().all(|open| *open);
    (!always).then(|| {
        format!(
            "its hours are in {} instead of {}",
            own.1.name(),
            general.1.name()
        )
    })
}

/// Which minutes of a week are open, from Monday on; hours over the end of Sunday go round to Monday.
fn minutes(open: &[Hours]) -> Vec<bool> {
    const DAY: usize = 24 * 60;
    let mut week = vec![false; 7 * DAY];
    let minute = |time: jiff::civil::Time| {
        usize::try_from(time.hour()).unwrap_or(0) * 60 + usize::try_from(time.minute()).unwrap_or(0)
    };
    for hours in open {
        let from = minute(hours.from);
        let until = hours.until.map_or(DAY, minute);
        let until = if until <= from { until + DAY } else { until };
        for day in &hours.days {
            for at in from..until {
                week[(*day as usize * DAY + at) % (7 * DAY)] = true;
            }
        }
    }
    week
}

fn stage_reasons(policy: &Policy, general: &StageEntry, own: &StageEntry) -> Vec<String> {
    let mut reasons = Vec::new();
    let freedom = |trigger: Option<Trigger>| match trigger {
        Some(Trigger::Manual) => 0,
        None => 1,
        Some(Trigger::Auto) => 2,
    };
    if freedom(own.trigger) > freedom(general.trigger) {
        reasons.push("it is triggered more easily".to_owned());
    }
    for required in &general.require {
        if !own.require.iter().any(|mine| mine.value == required.value) {
            reasons.push(format!("no {} required", required.value.kind()));
        }
    }
    if own.join == Join::Any && general.join == Join::All {
        reasons.push("its edges are promoted independently".to_owned());
    }
    if own.revision == RevisionMode::Literal && general.revision == RevisionMode::Pin {
        reasons.push("revisions are not pinned".to_owned());
    }
    if own.delivery == Delivery::Commit && general.delivery == Delivery::PullRequest {
        reasons.push("delivered without a pull request".to_owned());
    }
    if let Some(ready) = &general.ready {
        match &own.ready {
            None => reasons.push("nothing needs to be ready".to_owned()),
            Some(mine) => reasons.extend(ready_reasons(ready, mine)),
        }
    }
    match (&general.emergency, &own.emergency) {
        (None, Some(_)) => reasons.push("an `emergency` rule".to_owned()),
        (Some(general), Some(own)) => reasons.extend(emergency_reasons(policy, general, own)),
        (_, None) => {}
    }
    reasons
}

fn emergency_reasons(policy: &Policy, general: &Emergency, own: &Emergency) -> Vec<String> {
    let more = |skip: &EmergencySkip| own.skip.contains(skip) && !general.skip.contains(skip);
    let named = [
        (EmergencySkip::Window, "windows"),
        (EmergencySkip::Soak, "the soak"),
        (EmergencySkip::Freeze, "freezes"),
    ];
    let skips = named
        .iter()
        .filter(|(skip, _)| more(skip))
        .map(|(_, name)| format!("an emergency skips {name}"));
    let approvals = approval_reasons(policy, &general.approve, &own.approve);
    let approvals = approvals
        .iter()
        .map(|reason| format!("{reason} in an emergency"));
    skips.chain(approvals).collect()
}

fn ready_reasons(general: &Ready, own: &Ready) -> Vec<String> {
    let mut reasons = Vec::new();
    if general.deployment.is_some() && own.deployment.is_none() {
        reasons.push("no deployment needed".to_owned());
    }
    if general.check.is_some() && own.check.is_none() {
        reasons.push("no check needed".to_owned());
    }
    if general.status.is_some() && own.status.is_none() {
        reasons.push("no status needed".to_owned());
    }
    if own.soak < general.soak {
        reasons.push("a shorter soak".to_owned());
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DEFAULT_PATH, parse};

    /// What an own entry gives up of the general one; both under `gates` or `stages`.
    fn reasons(kind: &str, general: &str, own: &str) -> Vec<String> {
        let text = format!(
            "version: 1\npeople: {{ sre: [ann, bob, acme/sre], two: [Ann, bob] }}\n{kind}: {{ x: {general} }}\npipelines: {{ p: {{ \
             {kind}: {{ x: {own} }} }} }}\n"
        );
        let policy = parse(&DEFAULT_PATH.into(), text.as_bytes()).unwrap_or_else(|finding| {
            panic!("{text}{}", finding.message);
        });
        let entry = &policy.pipelines.get("p").unwrap().rule;
        if kind == "gates" {
            let general = policy.gates.get("x").unwrap().rule;
            gate_reasons(&policy, general, entry.gates.get("x").unwrap().rule)
        } else {
            let general = policy.stages.get("x").unwrap().rule;
            stage_reasons(&policy, general, entry.stages.get("x").unwrap().rule)
        }
    }

    #[test]
    fn what_a_gate_of_one_pipeline_gives_up_is_named() {
        let two_sre = "{ approve: [{ by: sre, count: 2 }] }";
        let hours = "{ open: [\"Mon-Fri 09:00-17:00\"], zone: UTC }";
        let table: &[(&str, &str, &[&str])] = &[
            (two_sre, two_sre, &[]),
            (
                two_sre,
                "{ approve: [{ by: sre, count: 3 }, { by: writers }] }",
                &[],
            ),
            (two_sre, "{ approve: [{ by: two, count: 2 }] }", &[]),
            (
                two_sre,
                "{ approve: [{ by: sre }] }",
                &["no line with 2 by sre or more"],
            ),
            (
                two_sre,
                "{ approve: [{ by: writers, count: 2 }] }",
                &["no line with 2 by sre or more"],
            ),
            (
                two_sre,
                "{ approve: [{ by: code-owners, count: 2 }] }",
                &["no line with 2 by sre or more"],
            ),
            (
                "{ approve: [{ by: sre }] }",
                "{ approve: [{ by: \"@bob\" }] }",
                &[],
            ),
            (
                "{ approve: [{ by: sre }] }",
                "{ approve: [{ by: ACME/sre }] }",
                &[],
            ),
            (
                "{ approve: [{ by: two }] }",
                "{ approve: [{ by: \"@eve\" }] }",
                &["no line with 1 by two or more"],
            ),
            (
                "{ approve: [{ by: two }] }",
                "{ approve: [{ by: sre }] }",
                &["no line with 1 by two or more"],
            ),
            (
                "{ approve: [{ by: two }] }",
                "{ approve: [{ by: gone }] }",
                &["no line with 1 by two or more"],
            ),
            (
                "{ approve: [{ by: writers }, { by: code-owners }] }",
                "{ approve: [{ by: two }] }",
                &["no line with 1 by code owners or more"],
            ),
            (
                "{ ways: [review] }",
                "{ ways: [review, label] }",
                &["more ways to approve"],
            ),
            ("{ ways: [review, label] }", "{ ways: [label] }", &[]),
            (
                "{ ways: [review] }",
                "{ exclude: [change-authors] }",
                &["more ways to approve"],
            ),
            (
                "{ exclude: [change-authors] }",
                "{ ways: [label] }",
                &["authors of the changes may approve"],
            ),
            (hours, "{ open: [\"Mon-Fri 10:00-16:59\"], zone: UTC }", &[]),
            (
                hours,
                "{ open: [\"Mon-Fri 09:00-17:01\"], zone: UTC }",
                &["open at more hours"],
            ),
            (
                hours,
                "{ open: [\"Sun 23:00-00:30\"], zone: UTC }",
                &["open at more hours"],
            ),
            (
                hours,
                "{ open: [\"Mon 12:00-13:00\"], zone: Asia/Tokyo }",
                &["its hours are in Asia/Tokyo instead of UTC"],
            ),
            (
                "{ open: [\"Mon-Sun 00:00-24:00\"], zone: UTC }",
                "{ open: [\"Mon 12:00-13:00\"], zone: Asia/Tokyo }",
                &[],
            ),
            (
                "{ workflow: x.yml, timeout: 5m }",
                "{ workflow: x.yml, timeout: 9h }",
                &[],
            ),
            ("{ workflow: x.yml }", "{ check: { name: x, app: 1 } }", &[]),
        ];
        for (general, own, expected) in table {
            assert_eq!(
                reasons("gates", general, own),
                *expected,
                "{general} → {own}"
            );
        }
    }

    #[test]
    fn what_a_stage_of_one_pipeline_gives_up_is_named() {
        let all = "deployment: d, creator: 1, check: { name: c, app: 1 }, status: { context: s, creator: 1 }, soak: 4h";
        let emergency = "{ emergency: { approve: [{ by: two, count: 2 }], skip: [soak] } }";
        let table: &[(&str, &str, &[&str])] = &[
            ("{ trigger: manual }", "{ trigger: manual }", &[]),
            (
                "{ trigger: manual }",
                "{}",
                &["it is triggered more easily"],
            ),
            (
                "{ trigger: manual }",
                "{ trigger: auto }",
                &["it is triggered more easily"],
            ),
            ("{}", "{ trigger: auto }", &["it is triggered more easily"]),
            ("{ trigger: auto }", "{}", &[]),
            (
                "{ require: [APPROVAL, JOB] }",
                "{ require: [JOB] }",
                &["no APPROVAL required"],
            ),
            (
                "{}",
                "{ join: any }",
                &["its edges are promoted independently"],
            ),
            ("{ join: any }", "{}", &[]),
            ("{}", "{ revision: literal }", &["revisions are not pinned"]),
            (
                "{}",
                "{ delivery: commit }",
                &["delivered without a pull request"],
            ),
            ("{ delivery: commit, revision: literal }", "{}", &[]),
            (
                "{ ready: { soak: 4h } }",
                "{}",
                &["nothing needs to be ready"],
            ),
            (
                "{ ready: { soak: 4h } }",
                "{ ready: { soak: 3h59m } }",
                &["a shorter soak"],
            ),
            ("{ ready: { soak: 4h } }", "{ ready: { soak: 1d } }", &[]),
            (
                &format!("{{ ready: {{ {all} }} }}"),
                "{ ready: { check: { name: c, app: 1 } } }",
                &["no deployment needed", "no status needed", "a shorter soak"],
            ),
            (
                &format!("{{ ready: {{ {all} }} }}"),
                "{ ready: { soak: 5h } }",
                &[
                    "no deployment needed",
                    "no check needed",
                    "no status needed",
                ],
            ),
            ("{}", &format!("{{ ready: {{ {all} }} }}"), &[]),
            ("{}", emergency, &["an `emergency` rule"]),
            (emergency, "{}", &[]),
            (
                emergency,
                "{ emergency: { approve: [{ by: two, count: 2 }], skip: [freeze, soak, window] } }",
                &["an emergency skips windows", "an emergency skips freezes"],
            ),
            (
                emergency,
                "{ emergency: { approve: [{ by: two }], skip: [soak] } }",
                &["no line with 2 by two or more in an emergency"],
            ),
        ];
        for (general, own, expected) in table {
            assert_eq!(
                reasons("stages", general, own),
                *expected,
                "{general} → {own}"
            );
        }
    }
}
