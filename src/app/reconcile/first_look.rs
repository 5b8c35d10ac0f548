//! The first look of a run: the snapshot, and along with it what the checkout lets expect.
//!
//! What has to be asked for follows from the manifests, and most often the checkout holds those of the very tip that the snapshot will
//! name. So they are evaluated before anything is asked, and what is found missing goes out together with the snapshot, as one call.
//! What a name means is told by GitHub in that same answer, commits and folders by their ids. The checkout's own manifests and policy are
//! taken only where it is the very tip that GitHub names, by that id; where it is another commit, or GitHub does not answer so much at once,
//! everything is asked for as it would have been.

use jiff::Timestamp;

use crate::app::evaluate::{Evaluation, Manifests};
use crate::app::session::Session;
use crate::app::world::World;
use crate::gather::Depth;
use crate::model::ids::CommitId;

/// The checkout's manifests.
pub(super) struct Checkout {
    tip: CommitId,
    world: World,
    manifests: Manifests,
}

impl Checkout {
    /// Reads it, where there is one that can be read; what an evaluation of it asks for is noted.
    pub(super) fn read(session: &Session, depth: Depth) -> Option<Self> {
        let repo = session.remotes.here();
        let head = repo.local()?.head().ok()?;
        let (tip, branch) = (head.commit?, head.branch?);
        let world = World::of_forge(&session.remotes, &branch, tip, session.here.clone()).ok()?;
        let manifests = Manifests::of(&world);
        // What it comes to does not matter, nor does the time: it is made only to see what it asks for.
        let _ = Evaluation::on_forge(&world, &manifests, Timestamp::UNIX_EPOCH, depth);
        Some(Self {
            tip,
            world,
            manifests,
        })
    }

    /// The same, as what stands at the tip of the base; `None` where that is another commit.
    pub(super) fn at(self, base: &str, tip: CommitId) -> Option<(World, Manifests)> {
        (self.tip == tip).then(|| {
            let world = World {
                branch: Some(base.to_owned()),
                ..self.world
            };
            (world, self.manifests)
        })
    }
}
