//! What a history is asked for.

use jiff::Timestamp;

use super::fields::PromotedFields;
use crate::model::ids::CommitId;
use crate::model::landed::Narrowed;
use crate::model::policy::Policy;
use crate::repo::{Repo, RepoError};

/// What is asked of a history.
pub(crate) struct LandingsSearch<'a> {
    /// The clone.
    pub repo: &'a Repo,
    /// The commit whose history it is.
    pub tip: CommitId,
    /// The policy at that commit.
    pub policy: &'a Policy,
    /// The policy as it was at another commit; `None` if there was none that could be parsed. A plan ID contains
    /// namespaces that the policy of its time filled in.
    pub policy_at: &'a dyn Fn(&CommitId) -> Result<Option<Policy>, RepoError>,
    /// Which landings.
    pub narrowed: &'a Narrowed,
    /// Leave out what is older. A commit's date is what its committer says, so the line is drawn behind the last commit of
    /// the walk that is not older: one that is dated back on top of others is looked at all the same.
    pub since: Option<Timestamp>,
    /// Keep at most this many landings.
    pub limit: Option<usize>,
    /// Verify, with the fields that are followed.
    pub verify: Option<&'a PromotedFields<'a>>,
}

/// An error with its causes.
pub(super) fn words(error: &RepoError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
