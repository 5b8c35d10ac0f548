//! The possible errors of a repository, as far as callers distinguish them.

use std::error::Error;
use std::path::Path;

use git2::{ErrorClass, ErrorCode};

use crate::model::ids::CommitId;

/// Why the repository did not answer, or did not do what it was asked to do.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// Something that was named by the caller does not exist here.
    #[error("{what} was not found")]
    NotFound {
        /// The thing, with its article if it has one: `the commit 1234…`.
        what: String,
    },
    /// Compare-and-swap lost: the branch is not where it was expected, and nothing was written.
    #[error(
        "{branch} moved: expected {expected}, found {}; run again on the new state",
        found.map_or_else(|| "no commit".to_owned(), |id| id.to_string())
    )]
    Moved {
        /// The branch's short name.
        branch: String,
        /// The commit at which it was read before.
        expected: CommitId,
        /// The commit at which it is now; `None` if it is gone.
        found: Option<CommitId>,
    },
    /// The question needs history that a shallow clone does not hold.
    #[error(
        "the clone is shallow and its history ends at {boundary}; fetch it completely (`git fetch --unshallow`, or \
         `fetch-depth: 0` for actions/checkout)"
    )]
    Shallow {
        /// The oldest commit that is here on the way that was walked.
        boundary: CommitId,
    },
    /// It could be done, and must not be.
    #[error("{why}")]
    Refused {
        /// The reason, and what to do instead.
        why: String,
    },
    /// It was asked for, and comes with the next fetch: asking again after that gives the answer.
    #[error(transparent)]
    Pending(Pending),
    /// A repository that is read through a forge could not be read.
    #[error("{why}")]
    Remote {
        /// Why.
        why: String,
    },
    /// It is further back in history than is read.
    #[error("{why}")]
    TooFar {
        /// Where, how far, and what reads further.
        why: String,
    },
    /// git or the file system failed.
    #[error("could not {operation}")]
    Git {
        /// What was being done, as the end of "could not …".
        operation: String,
        /// What git or the system said.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What was asked for and has not been fetched yet.
#[derive(Debug, thiserror::Error)]
#[error("{what} was not read yet")]
pub struct Pending {
    /// The thing, with its article if it has one: `the history`.
    pub what: String,
}

impl RepoError {
    /// What was just asked for, and comes with the next fetch.
    pub(crate) fn pending(what: impl Into<String>) -> Self {
        Self::Pending(Pending { what: what.into() })
    }

    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }

    pub(super) fn io(operation: impl Into<String>, source: std::io::Error) -> Self {
        Self::Git {
            operation: operation.into(),
            source: source.into(),
        }
    }

    /// An object, a file of git's or a name that breaks git's own rules.
    pub(super) fn malformed(operation: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Git {
            operation: operation.into(),
            source: why.into().into(),
        }
    }

    /// The answer to a failed opening: what to do next depends on why libgit2 turned away.
    pub(super) fn opening(path: &Path, error: git2::Error) -> Self {
        let shown = path.display();
        if error.code() == ErrorCode::Owner {
            return Self::refused(format!(
                "the repository at {shown} belongs to another user, so git does not trust its configuration; if you \
                 do, run: git config --global --add safe.directory {shown}"
            ));
        }
        if error.class() == ErrorClass::Repository && error.message().contains("extension") {
            return Self::refused(format!(
                "the repository at {shown} uses a feature that cannot be read here ({}); clone it again without it \
                 (for instance without --filter)",
                error.message()
            ));
        }
        git_error(format!("open the repository at {shown}"))(error)
    }
}

/// For `map_err`: an error of libgit2 with what was being done, as the end of "could not …".
pub(super) fn git_error(operation: impl Into<String>) -> impl FnOnce(git2::Error) -> RepoError {
    move |source| RepoError::Git {
        operation: operation.into(),
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untrusted_owner_is_answered_with_the_command_that_trusts_it() {
        let error = git2::Error::new(
            ErrorCode::Owner,
            ErrorClass::Config,
            "not owned by current user",
        );
        assert_eq!(
            RepoError::opening(Path::new("/srv/gitops"), error).to_string(),
            "the repository at /srv/gitops belongs to another user, so git does not trust its configuration; if you \
             do, run: git config --global --add safe.directory /srv/gitops"
        );
    }
}
