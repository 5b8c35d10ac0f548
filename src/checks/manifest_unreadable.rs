//! `manifest-unreadable`: a Plural manifest is not valid, exceeds a limit, or has a key twice. Found while reading;
//! what refers to it does not find it.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "manifest-unreadable",
    severity: Severity::Error,
    about: "A Plural manifest cannot be read.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    context.catalog.findings.clone()
}
