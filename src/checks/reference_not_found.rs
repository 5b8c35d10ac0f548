//! `reference-not-found`: a reference that must lead to a manifest leads nowhere.

use super::check::{Check, Context, only};
use super::{reference_kind, references};
use crate::model::finding::{Finding, Severity};
use crate::model::reference::Kind;
use crate::model::resolved::Resolution;
use crate::model::source_location::RepoPath;

pub(super) const CHECK: Check = Check {
    code: "reference-not-found",
    severity: Severity::Error,
    about: "A service, source or secret that a pipeline needs is not in the repository.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in references::services(context) {
        if let Resolution::NotFound {
            nearest,
            unread,
            more_unread,
        } = found.resolution
            && reference_kind::other_kind(found.reference).is_none()
        {
            let what = references::shown(Kind::ServiceDeployment, found.reference);
            findings.push(
                Finding::error(
                    CHECK.code,
                    found.place(),
                    format!("{what} was not found"),
                    only(found.pipeline),
                )
                .help(help(nearest, unread, *more_unread)),
            );
        }
    }
    for found in references::secrets(context) {
        if let Resolution::NotFound {
            nearest,
            unread,
            more_unread,
        } = found.resolution
        {
            let what = references::shown(Kind::Secret, found.reference);
            findings.push(
                Finding::error(
                    CHECK.code,
                    found.place.clone(),
                    format!(
                        "{what} was not found, and only it could hold a key that has to be copied"
                    ),
                    only(found.pipeline),
                )
                .help(help(nearest, unread, *more_unread)),
            );
        }
    }
    findings
}

fn help(nearest: &[String], unread: &[RepoPath], more_unread: usize) -> String {
    let mut help = match nearest {
        [] => "add its manifest to this repository, or fix the reference".to_owned(),
        [one] => format!("did you mean {one}?"),
        several => format!("did you mean one of {}?", several.join(", ")),
    };
    if !unread.is_empty() {
        let shown: Vec<String> = unread.iter().map(RepoPath::to_string).collect();
        let more = match more_unread {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        help.push_str(&format!(
            "; it may also be in a file that could not be read: {}{more}",
            shown.join(", ")
        ));
    }
    help
}
