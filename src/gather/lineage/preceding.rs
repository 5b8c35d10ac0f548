//! What a manifest was before its name appeared.

use super::naming::Followed;
use crate::model::ids::CommitId;

/// What preceded a manifest.
pub(super) enum Preceding {
    Was {
        manifest: Followed,
        at: CommitId,
        /// The commit at which the manifest left that name, or was deleted; `None` if it only moved to another file.
        left: Option<CommitId>,
    },
    /// Everything was looked at: it was created there.
    Nothing,
    Untold(String),
}
