//! The first observation of a run: the snapshot, and with it what the checkout predicts will be needed.
//!
//! What has to be looked up depends on the manifests, and most often the checkout is at the very tip that the snapshot
//! will name. So its manifests are evaluated before anything is requested, and what that lacks is requested together
//! with the snapshot, in one call. In that same answer GitHub itself says what names mean; commits and folders are
//! identified by their IDs. The checkout's own manifests and policy are used only if it is at the commit that GitHub
//! names as the tip. If it is at another one, or GitHub does not answer that much at once, everything is requested as
//! usual.
//!
//! Without a checkout the files of a small repository come with the snapshot.

use jiff::SignedDuration;

use crate::error::Failure;
use crate::forge::Prefetch;
use crate::gather::Depth;
use crate::reconcile::observe::checkout::Checkout;
use crate::reconcile::observe::fetch::observe_at;
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// Like [`crate::reconcile::observe::fetch::observe`], with what the checkout predicts in its first call.
pub(crate) async fn observe_first(session: &Session, depth: Depth) -> Result<Observation, Failure> {
    let repo = session.remotes.here();
    let checkout = Checkout::read(session, depth);
    let prefetch = Prefetch {
        wanted: repo.take_wanted(),
        closed: true,
        files: checkout.is_none() && session.is_small,
    };
    session.remotes.forget_wanted();
    let (snapshot, found) = session.forge.snapshot_and(&prefetch).await?;
    repo.store(&prefetch.wanted, found.looked_up);
    repo.store_files(found.files);
    // What they closed is not opened again for at least a day. Whether that is a veto depends on their permissions.
    let day_ago = snapshot.now - SignedDuration::from_hours(24);
    let closers = found.closed.iter().flat_map(|page| page.closers(day_ago));
    repo.want_people(closers.collect());
    Ok(Observation {
        closed: found.closed,
        ..observe_at(session, depth, snapshot, checkout).await?
    })
}
