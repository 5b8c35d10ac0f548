//! `forbidden-path`: a promotion would write to a path that is never written: under `.github/`, git's own files,
//! outside the repository.

use super::check::{Check, Context, only};
use crate::model::finding::{Finding, Severity};

pub(super) const CHECK: Check = Check {
    code: "forbidden-path",
    severity: Severity::Error,
    about: "A promotion would write under .github/ or into git's own files.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in &context.pairs {
        for write in compared.pair.writes() {
            if let Some(why) = write.place.file.refusal_to_write() {
                findings.push(
                    Finding::error(
                        CHECK.code,
                        write.place.clone(),
                        format!("a promotion would write into {}: {why}", write.place.file),
                        only(compared.pipeline),
                    )
                    .help("move the manifest to another folder"),
                );
            }
        }
    }
    findings
}
