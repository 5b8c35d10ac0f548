//! `repository-differs`: source and target take git or chart from different places: a ref would cross repositories.

use super::check::{Check, Context};
use super::problems;
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "repository-differs",
    severity: Severity::Error,
    about: "Source and target take git or the chart from different places.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    problems::of(context, CHECK.code)
}
