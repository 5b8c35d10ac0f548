//! `revision-unresolved`: a source's revision cannot be resolved, or must not be promoted (or is a range of versions).

use super::check::{Check, Context};
use super::problems;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "revision-unresolved",
    severity: Severity::Error,
    about: "A source's revision cannot be resolved, or must not be promoted.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    problems::of(context, CHECK.code)
}
