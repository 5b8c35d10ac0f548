//! What to change on GitHub before the first promotion. Pure: what was read goes in, sentences come out.
//!
//! Owns: what Sluice needs of a repository's settings, and the texts for what is missing. Must not know: how any of it
//! was read. What could not be read is reported as such, and never counts as fine.

mod branches;
mod direct;
mod facts;
mod installation;
mod merging;
mod names;
mod needs;
mod rules;
mod said;
mod statuses;
mod token;

pub use facts::Facts;
pub use facts::PolicyFact;
pub(crate) use needs::wanted;

use crate::model::diagnosis::{Diagnosis, Outcome};
use said::Said;

/// One check.
pub struct Check {
    /// Its stable code.
    pub code: &'static str,
    /// What it looks at, for the documentation.
    pub about: &'static str,
    look: fn(&Facts<'_>) -> Vec<Said>,
}

/// All checks; among equals, what bites first comes first.
pub const CHECKS: &[Check] = &[
    Check {
        code: "repository",
        about: "The repository can be read, is not archived and has a commit.",
        look: token::repository,
    },
    Check {
        code: "token-identity",
        about: "The token's account, and how far its gates bind.",
        look: token::identity,
    },
    Check {
        code: "token-permissions",
        about: "The token may do what promotions need.",
        look: token::permissions,
    },
    Check {
        code: "policy",
        about: "The policy on the default branch can be read and is valid.",
        look: names::policy,
    },
    Check {
        code: "workflow",
        about: "The workflow that reconciles is on the default branch, filled in and enabled, and its newest run there succeeded and is not too old.",
        look: installation::workflow,
    },
    Check {
        code: "actions-may-open",
        about: "GitHub Actions is allowed to open pull requests.",
        look: token::actions_may_open,
    },
    Check {
        code: "branch-rules",
        about: "The rules of the default branch can be read, rulesets and classic protection.",
        look: branches::readable,
    },
    Check {
        code: "promotion-branches",
        about: "Rules allow creating the branches of promotions, and deleting them afterwards.",
        look: branches::of_promotions,
    },
    Check {
        code: "merge-method",
        about: "The policy's merge method is allowed.",
        look: merging::method,
    },
    Check {
        code: "linear-history",
        about: "No linear history is required if landings make merge commits.",
        look: merging::linear_history,
    },
    Check {
        code: "strict-checks",
        about: "Branches need not be up to date before they are merged.",
        look: statuses::strict,
    },
    Check {
        code: "required-status-sluice",
        about: "The status `sluice` is required only if `guard` sets it on every pull request.",
        look: statuses::own,
    },
    Check {
        code: "required-checks",
        about: "Required checks can report on promotions.",
        look: statuses::others,
    },
    Check {
        code: "required-reviews",
        about: "Someone is asked for the reviews that GitHub itself requires.",
        look: merging::reviews,
    },
    Check {
        code: "required-deployments",
        about: "No deployment is required before a merge.",
        look: merging::deployments,
    },
    Check {
        code: "merge-queue",
        about: "A merge queue merges in a way that Sluice can follow.",
        look: merging::queue,
    },
    Check {
        code: "signatures",
        about: "If signed commits are required, the policy requires them too.",
        look: merging::signatures,
    },
    Check {
        code: "restricted-updates",
        about: "If updates of the default branch are restricted, this token may make them.",
        look: direct::restricted,
    },
    Check {
        code: "direct-commits",
        about: "Rules allow the commits that the policy makes without a pull request.",
        look: direct::commits,
    },
    Check {
        code: "other-rules",
        about: "Rules that Sluice does not evaluate.",
        look: branches::others,
    },
    Check {
        code: "teams",
        about: "Teams that the policy names can be read and have members.",
        look: names::teams,
    },
    Check {
        code: "people",
        about: "People whom the policy names exist, and approvers have write access.",
        look: names::people,
    },
    Check {
        code: "own-evidence",
        about: "The policy does not trust reports of Sluice's own account.",
        look: names::own_evidence,
    },
    Check {
        code: "bypass",
        about: "Who may bypass the rules of the default branch, and so every gate.",
        look: branches::bypass,
    },
    Check {
        code: "auto-merge",
        about: "Auto-merge, which a person with write access could enable on a promotion.",
        look: merging::auto_merge,
    },
    Check {
        code: "labels",
        about: "The labels that promotions use; missing ones are created with the first pull request.",
        look: names::labels,
    },
    Check {
        code: "rate-limit",
        about: "API requests that the token has left.",
        look: token::rate_limit,
    },
];

/// Looks at everything: what must be changed first, and within that what bites first.
pub fn examine(facts: &Facts<'_>) -> Vec<Diagnosis> {
    let mut found: Vec<Diagnosis> = CHECKS
        .iter()
        .flat_map(|check| {
            (check.look)(facts)
                .into_iter()
                .map(|said| said.of(check.code))
        })
        .collect();
    // Stable: within an outcome the order of the checks stays.
    found.sort_by_key(|diagnosis| diagnosis.outcome);
    found
}

/// The last line.
pub fn end(found: &[Diagnosis]) -> String {
    let changes = found
        .iter()
        .filter(|one| one.outcome == Outcome::Change)
        .count();
    match changes {
        0 => "Nothing to change.".to_owned(),
        1 => "1 thing to change before the first promotion.".to_owned(),
        many => format!("{many} things to change before the first promotion."),
    }
}
