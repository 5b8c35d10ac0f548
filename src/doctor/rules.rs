//! The rules of a policy, whichever pipeline they are of.

use crate::model::policy::{GateRule, Policy, StageEntry};

/// Every gate rule of a policy.
pub(super) fn gates(policy: &Policy) -> impl Iterator<Item = &GateRule> {
    let own = policy
        .pipelines
        .iter()
        .flat_map(|(_, entry)| entry.gates.iter());
    policy.gates.iter().chain(own).map(|(_, rule)| rule)
}

/// Every stage entry of a policy.
pub(super) fn stages(policy: &Policy) -> impl Iterator<Item = &StageEntry> {
    let own = policy
        .pipelines
        .iter()
        .flat_map(|(_, entry)| entry.stages.iter());
    policy.stages.iter().chain(own).map(|(_, entry)| entry)
}
