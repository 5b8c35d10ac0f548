//! The manifests of the local clone, read before anything is requested from GitHub.

use jiff::Timestamp;

use crate::evaluation::evaluate::{Evaluation, Manifests};
use crate::evaluation::repository_state::RepositoryState;
use crate::gather::Depth;
use crate::model::ids::CommitId;
use crate::session::Session;

/// The checkout's manifests.
pub(crate) struct Checkout {
    tip: CommitId,
    repository: RepositoryState,
    manifests: Manifests,
}

impl Checkout {
    /// Reads the checkout, and records what an evaluation of it would look up. `None` if there is none that can be
    /// read.
    pub(crate) fn read(session: &Session, depth: Depth) -> Option<Self> {
        let repo = session.remotes.here();
        let head = repo.local()?.head().ok()?;
        let (tip, branch) = (head.commit?, head.branch?);
        let repository =
            RepositoryState::of_forge(&session.remotes, &branch, tip, session.here.clone()).ok()?;
        let manifests = Manifests::of(&repository);
        // Only what it looks up matters, so neither the result nor the time is used.
        let _ = Evaluation::on_forge(&repository, &manifests, Timestamp::UNIX_EPOCH, depth);
        Some(Self {
            tip,
            repository,
            manifests,
        })
    }

    /// The checkout's content, for the tip of the base; `None` if the checkout is at another commit.
    pub(crate) fn at(self, base: &str, tip: CommitId) -> Option<(RepositoryState, Manifests)> {
        (self.tip == tip).then(|| {
            let repository = RepositoryState {
                branch: Some(base.to_owned()),
                ..self.repository
            };
            (repository, self.manifests)
        })
    }
}
