//! The first look of a run: the snapshot, and along with it what the checkout lets expect.
//!
//! What has to be asked for follows from the manifests, and most often the checkout holds those of the very tip that the snapshot will
//! name. So they are evaluated before anything is asked, and what is found missing goes out together with the snapshot, as one call.
//! What a name means is told by GitHub in that same answer, commits and folders by their ids. The checkout's own manifests and policy are
//! taken only where it is the very tip that GitHub names, by that id; where it is another commit, or GitHub does not answer so much at once,
//! everything is asked for as it would have been.

use jiff::SignedDuration;

use crate::error::Failure;
use crate::forge::Along;
use crate::gather::Depth;
use crate::reconcile::observe::checkout::Checkout;
use crate::reconcile::observe::fetch::observe_at;
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

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
