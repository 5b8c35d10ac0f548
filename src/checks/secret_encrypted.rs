//! `secret-encrypted`: a key would be copied from or into a `Secret` that SOPS encrypts.

use super::check::{Check, Context};
use super::problems;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "secret-encrypted",
    severity: Severity::Error,
    about: "A key would be copied from or into a Secret that is encrypted with SOPS.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    problems::of(context, CHECK.code)
}
