//! Findings that comparing a target with its source brings up: `repository-differs`, `revision-unresolved`,
//! `secret-encrypted`, `secret-missing`, `secret-to-plaintext` (and `target-not-editable`, which has more to it).

use super::{Check, Context, only};
use crate::model::finding::{Finding, Severity};

pub(super) const REPOSITORY_DIFFERS: Check = Check {
    code: "repository-differs",
    severity: Severity::Error,
    about: "Source and target take git or chart from different places.",
    run: |context| of(context, "repository-differs"),
};

pub(super) const REVISION_UNRESOLVED: Check = Check {
    code: "revision-unresolved",
    severity: Severity::Error,
    about: "A source's revision cannot be resolved, or must not be promoted.",
    run: |context| of(context, "revision-unresolved"),
};

pub(super) const SECRET_ENCRYPTED: Check = Check {
    code: "secret-encrypted",
    severity: Severity::Error,
    about: "A key would be copied from or into a Secret that SOPS encrypts.",
    run: |context| of(context, "secret-encrypted"),
};

pub(super) const SECRET_MISSING: Check = Check {
    code: "secret-missing",
    severity: Severity::Warning,
    about: "The source has no value for a key that is to be copied.",
    run: |context| of(context, "secret-missing"),
};

pub(super) const SECRET_TO_PLAINTEXT: Check = Check {
    code: "secret-to-plaintext",
    severity: Severity::Error,
    about: "A value from a Secret would be written into plain text.",
    run: |context| of(context, "secret-to-plaintext"),
};

/// The problems of one code.
pub(super) fn of(context: &Context<'_>, code: &'static str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in &context.pairs {
        for problem in compared
            .comparison
            .problems
            .iter()
            .filter(|problem| problem.code == code)
        {
            let (place, message) = (problem.place.clone(), problem.message.clone());
            let finding = match problem.severity {
                Severity::Error => Finding::error(code, place, message, only(compared.pipeline)),
                Severity::Warning => Finding::warning(code, place, message),
            };
            findings.push(Finding {
                help: problem.help.clone(),
                ..finding
            });
        }
    }
    findings
}
