//! `policy-invalid`: the policy cannot be parsed, or a value in it is not valid. Found while it is read; without it, it
//! is unknown what gates require, so it stops every pipeline.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "policy-invalid",
    severity: Severity::Error,
    about: "The policy cannot be parsed, or a value in it is not valid.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    context.policy_finding.into_iter().cloned().collect()
}
