//! The first look of a run: the snapshot, and along with it what the checkout lets expect.
//!
//! What has to be asked for follows from the manifests, and most often the checkout holds those of the very tip that the snapshot will
//! name. So they are evaluated before anything is asked, and what is found missing goes out together with the snapshot, as one call.
//! What a name means is told by GitHub in that same answer, commits and folders by their ids. The checkout's own manifests and policy are
//! taken only where it is the very tip that GitHub names, by that id; where it is another commit, or GitHub does not answer so much at once,
//! everything is asked for as it would have been.

use jiff::{SignedDuration, Timestamp};

use crate::error::Failure;
use crate::evaluation::evaluate::{Evaluation, Manifests};
use crate::evaluation::repository_state::RepositoryState;
use crate::forge::Along;
use crate::gather::Depth;
use crate::model::ids::CommitId;
use crate::reconcile::observe::fetch::observe_at;
use crate::reconcile::observe::observation::Observation;
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

/// The first look of a run: as [`fetch`], with as much in its first call as the checkout lets expect.
pub(crate) async fn observe_first(session: &Session, depth: Depth) -> Result<Observation, Failure> {
    let repo = session.remotes.here();
    let checkout = Checkout::read(session, depth);
    let along = Along {
        wanted: repo.take_along(),
        closed: true,
    };
    session.remotes.forget_wanted();
    let (snapshot, told) = session.forge.snapshot_and(&along).await?;
    repo.know_along(&along.wanted, told.looked_up);
    // Their promotions are not opened again for a day at least, and why not depends on what they may do.
    let day_ago = snapshot.now - SignedDuration::from_hours(24);
    let closers = told.closed.iter().flat_map(|page| page.closers(day_ago));
    repo.want_people(closers.collect());
    Ok(Observation {
        closed: told.closed,
        ..observe_at(session, depth, snapshot, checkout).await?
    })
}
