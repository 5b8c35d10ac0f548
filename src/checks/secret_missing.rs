//! `secret-missing`: the source has no value for a key that is to be copied.

use super::check::{Check, Context};
use super::problems;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "secret-missing",
    severity: Severity::Warning,
    about: "The source has no value for a key that should be copied.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    problems::of(context, CHECK.code)
}
