//! Why something was not carried out on the forge.

use crate::forge::ForgeError;
use crate::model::ids::PullNumber;
use crate::repo::RepoError;

/// Why something was not carried out. Nothing that was is undone by it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    /// The forge.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// What is written could not be worked out.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// Somebody else was faster, or the state is another one now: the next look tells.
    #[error("{0}")]
    Overtaken(String),
    /// GitHub refused the landing: these are its words.
    #[error("GitHub refused to merge it: {0}")]
    Refused(String),
    /// Sluice cannot make what would be landed.
    #[error("{0}")]
    CannotMake(String),
    /// A gate's workflow was not started: why.
    #[error("{0}")]
    NotStarted(String),
    /// Nothing landed, and the status `sluice` still says success: anybody could merge by it if it is required.
    #[error(
        "{why}; and the status `sluice` of {pull} still says success, because it could not be set back: {error}"
    )]
    SuccessLeft {
        /// The pull request.
        pull: PullNumber,
        /// Why nothing landed.
        why: String,
        /// Why the status was not set back.
        error: ForgeError,
    },
}
