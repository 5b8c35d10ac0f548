//! Everything that is shown of a history.

use jiff::Timestamp;

use crate::model::ids::CommitId;
use crate::model::landed::PastLandings;

/// Everything that a history contains.
pub(crate) struct HistoryReport<'a> {
    /// Repository, branch and commit.
    pub heading: String,
    /// The branch, if one is checked out.
    pub branch: Option<&'a str>,
    /// The commit whose history it is.
    pub tip: CommitId,
    /// The date that was given.
    pub since: Option<Timestamp>,
    /// What was read.
    pub found: &'a PastLandings,
    /// The command that computes it all again.
    pub verify: &'a str,
}
