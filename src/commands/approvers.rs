//! The people that `--approve` and `--approved-by` name.

use std::collections::BTreeSet;

use crate::error::Failure;

/// Names of people from the command line: logins, without regard to case and with or without `@`. A name given twice
/// counts once.
pub(crate) fn people(names: &[String]) -> Result<BTreeSet<String>, Failure> {
    names
        .iter()
        .map(|name| {
            let login = name.strip_prefix('@').unwrap_or(name).trim().to_lowercase();
            if login.is_empty() {
                return Err(Failure::usage("an approver needs a name"));
            }
            Ok(login)
        })
        .collect()
}
