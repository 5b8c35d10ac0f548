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
    /// What would be written could not be computed.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// Another run was faster, or the state has changed: the next round decides.
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
    /// Nothing landed, and the status `sluice` is still success: anyone could merge with it if it is required.
    #[error(
        "{why}; and the status `sluice` of {pull} is still success, because it could not be reset: {error}"
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
