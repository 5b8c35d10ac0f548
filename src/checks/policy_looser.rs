//! `policy-looser`: an entry for one pipeline demands less than the general entry that it replaces. Meant or not, a
//! reviewer of the policy should see it.

use super::{Check, Context};
use crate::model::finding::{Finding, Severity};
use crate::model::place::Place;
use crate::model::policy::{
    ApproveLine, Delivery, GateRule, Hours, Join, Ready, RevisionMode, StageEntry, Trigger, Voters,
};

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
                    Place::new(context.policy_file, at),
                    format!(
                        "{what} of {pipeline} demands less than the general entry at line {} that it replaces: {}",
                        general.line,
                        reasons.join(", ")
                    ),
                )
                .help("an entry replaces the whole less specific one: say again what still holds"),
            );
        };
        for (gate, rule) in entry.gates.iter() {
            if let Some(general) = policy.gates.get(&gate.value) {
                looser(
                    &format!("the gate {gate}"),
                    gate.at,
                    general.at,
                    gate_reasons(general.rule, rule),
                );
            }
        }
        for (stage, rule) in entry.stages.iter() {
            if let Some(general) = policy.stages.get(&stage.value) {
                looser(
                    &format!("the stage {stage}"),
                    stage.at,
                    general.at,
                    stage_reasons(general.rule, rule),
                );
            }
        }
    }
    findings
}

fn gate_reasons(general: &GateRule, own: &GateRule) -> Vec<String> {
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
            let mut reasons = approval_reasons(general_lines, approve);
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
        ) if general_zone == zone => {
            let (general, own) = (minutes(general_open), minutes(open));
            if own
                .iter()
                .zip(&general)
                .any(|(own, general)| *own && !general)
            {
                vec!["open at more hours".to_owned()]
            } else {
                Vec::new()
            }
        }
        _ => Vec::new(),
    }
}

/// A general line is kept where some line of the entry asks for at least as many of the same or of a narrower group.
fn approval_reasons(general: &[ApproveLine], own: &[ApproveLine]) -> Vec<String> {
    let kept = |line: &ApproveLine| {
        own.iter().any(|mine| {
            let narrower = mine.by.value == line.by.value || line.by.value == Voters::Writers;
            narrower && mine.count.value >= line.count.value
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

fn stage_reasons(general: &StageEntry, own: &StageEntry) -> Vec<String> {
    let mut reasons = Vec::new();
    let freedom = |trigger: Option<Trigger>| match trigger {
        Some(Trigger::Manual) => 0,
        None => 1,
        Some(Trigger::Auto) => 2,
    };
    if freedom(own.trigger) > freedom(general.trigger) {
        reasons.push("it moves by itself more easily".to_owned());
    }
    for required in &general.require {
        if !own.require.iter().any(|mine| mine.value == required.value) {
            reasons.push(format!("no {} required", required.value.kind()));
        }
    }
    if own.join == Join::Any && general.join == Join::All {
        reasons.push("its edges count one by one".to_owned());
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
    if own.emergency.is_some() && general.emergency.is_none() {
        reasons.push("an emergency way".to_owned());
    }
    reasons
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
