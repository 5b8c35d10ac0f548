//! The manifests of the clone at hand, read before anything is asked of GitHub.

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
    /// Reads it, where there is one that can be read; what an evaluation of it asks for is noted.
    pub(crate) fn read(session: &Session, depth: Depth) -> Option<Self> {
        let repo = session.remotes.here();
        let head = repo.local()?.head().ok()?;
        let (tip, branch) = (head.commit?, head.branch?);
        let repository =
            RepositoryState::of_forge(&session.remotes, &branch, tip, session.here.clone()).ok()?;
        let manifests = Manifests::of(&repository);
        // What it comes to does not matter, nor does the time: it is made only to see what it asks for.
        let _ = Evaluation::on_forge(&repository, &manifests, Timestamp::UNIX_EPOCH, depth);
        Some(Self {
            tip,
            repository,
            manifests,
        })
    }

    /// The same, as what stands at the tip of the base; `None` where that is another commit.
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
