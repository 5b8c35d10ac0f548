//! What the plan at the end of a run brings. A run that writes lists it in its pull requests: their own records say it, what
//! was asked for them, or the checkout, and no call is made for it. A dry run puts none up, so it asks.

use super::stages::Stages;
use super::{Seen, texts};
use crate::app::session::Session;
use crate::gather::{self, Bringing};
use crate::model::brought::{Brings, Told, ToldOf};
use crate::model::change::Change;
use crate::model::fetched::Fetched;

/// What the changes of a plan bring; `asks`: also what only a call can tell.
pub(super) async fn told(session: &Session, seen: &Seen, stages: &Stages, asks: bool) -> ToldOf {
    let mut told = known(session, seen, stages);
    if !asks {
        return told;
    }
    let missing = |place: &Place| !told.contains_key(place);
    let open = bringing(seen, stages)
        .into_iter()
        .filter(|(place, _)| missing(place));
    // As many as a run that writes would put up.
    let most = usize::try_from(seen.world.policy.limits.open).unwrap_or(usize::MAX);
    let open: Vec<(Place, Bringing<'_>)> = open.take(most).collect();
    let found = session
        .settle(|| {
            let found = open.iter().map(|(place, bringing)| {
                let found = gather::brings(&session.remotes, std::slice::from_ref(bringing));
                (*place, found.into_iter().next())
            });
            Ok(found.collect::<Vec<_>>())
        })
        .await;
    for (place, brings) in found.unwrap_or_default() {
        told.extend(brings.map(|brings| (place, with_page(session, brings))));
    }
    told
}

/// Pipeline, promotion, change.
type Place = (usize, usize, usize);

/// The changes of git refs in a plan.
fn bringing<'a>(seen: &'a Seen, stages: &'a Stages) -> Vec<(Place, Bringing<'a>)> {
    let mut all = Vec::new();
    for (pipeline, entry) in stages.plan.pipelines.iter().enumerate() {
        for (position, promotion) in entry.promotions.iter().enumerate() {
            let changes = &promotion.changes;
            if !changes.iter().any(Change::sets_git_ref) {
                continue;
            }
            let found = seen
                .evaluation
                .bringing(&seen.world, entry.id, promotion.index, changes);
            let refs = found
                .into_iter()
                .filter(|(_, bringing)| bringing.change.sets_git_ref());
            all.extend(refs.map(|(at, bringing)| ((pipeline, position, at), bringing)));
        }
    }
    all
}

fn known(session: &Session, seen: &Seen, stages: &Stages) -> ToldOf {
    let open = stages.all_candidates();
    let recorded: Vec<Brings> = open.flat_map(|(_, one)| texts::brings_of(one)).collect();
    let mut told = ToldOf::new();
    for (place, bringing) in bringing(seen, stages) {
        let old = bringing.change.old.as_ref().map(|old| old.expose());
        let is_it = |brings: &&Brings| {
            brings.is_of(bringing.change) && old == Some(brings.old.to_string().as_str())
        };
        let brings = recorded.iter().find(is_it).cloned();
        let brings = brings.or_else(|| gather::known(&session.remotes, &bringing));
        told.extend(brings.map(|brings| (place, with_page(session, brings))));
    }
    told
}

fn with_page(session: &Session, brings: Brings) -> Fetched<Told> {
    let compare = brings.compare(session.remotes.host());
    Ok(Told { brings, compare })
}
