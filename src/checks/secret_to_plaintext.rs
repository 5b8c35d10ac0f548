//! `secret-to-plaintext`: a value from a `Secret` would be written into plain text.

use super::check::{Check, Context};
use super::problems;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "secret-to-plaintext",
    severity: Severity::Error,
    about: "A value from a Secret would be written into plain text.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    problems::of(context, CHECK.code)
}
