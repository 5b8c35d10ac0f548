//! Which permissions of a token a policy needs.

use super::names::named;
use super::rules::{gates, stages};
use crate::model::policy::{ApprovalChannel, GateRule, Policy, Ready};
use crate::model::settings::{Area, Wanted};

/// A branch such as promotions have, by which rules for them are asked for.
const PROMOTION_BRANCH: &str = "sluice/doctor/doctor/000000000000-000000000000";

/// What is to be read for a policy.
pub(crate) fn wanted(policy: &Policy) -> Wanted {
    let names = named(policy);
    Wanted {
        areas: needs(policy).into_iter().map(|need| need.area).collect(),
        teams: names.teams.into_keys().collect(),
        people: names.people.into_keys().collect(),
        promotion_branch: PROMOTION_BRANCH.to_owned(),
    }
}

/// A permission that promotions need.
pub(super) struct Need {
    pub(super) area: Area,
    pub(super) write: bool,
    /// What for.
    pub(super) why: &'static str,
}

/// What a policy needs, without what only teams need.
pub(super) fn needs(policy: &Policy) -> Vec<Need> {
    let mut needs = vec![
        Need {
            area: Area::Contents,
            write: true,
            why: "branches, commits and merges",
        },
        Need {
            area: Area::PullRequests,
            write: true,
            why: "pull requests and their labels",
        },
        Need {
            area: Area::Issues,
            write: true,
            why: "creating labels",
        },
        Need {
            area: Area::Statuses,
            write: true,
            why: "the status `sluice`",
        },
    ];
    let gates: Vec<&GateRule> = gates(policy).collect();
    let ready: Vec<&Ready> = stages(policy)
        .filter_map(|stage| stage.ready.as_ref())
        .collect();
    let mut more = |wanted: bool, area, write, why| {
        if wanted {
            needs.push(Need { area, write, why });
        }
    };
    let dispatches = |gate: &&GateRule| matches!(gate, GateRule::Approval { ways, .. } if ways.contains(&ApprovalChannel::Dispatch));
    let workflows = gates
        .iter()
        .any(|gate| matches!(gate, GateRule::Workflow { .. }));
    more(workflows, Area::Actions, true, "gates that run a workflow");
    more(
        !workflows && gates.iter().any(dispatches),
        Area::Actions,
        false,
        "who started a run",
    );
    let checks = gates.iter().any(|gate| matches!(gate, GateRule::Check(_)))
        || ready.iter().any(|ready| ready.check.is_some());
    more(
        checks,
        Area::Checks,
        false,
        "checks that the policy requires",
    );
    let deployments = ready.iter().any(|ready| ready.deployment.is_some());
    more(
        deployments,
        Area::Deployments,
        false,
        "deployments that the policy requires",
    );
    needs
}
