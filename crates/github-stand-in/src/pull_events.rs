//! Events of pull requests, and the workflow runs that they start.

use super::ids::RepoId;
use super::pull::{Event, What};
use super::runs;
use super::session::By;
use super::world::World;

/// Adds an event to a pull request.
pub fn record(world: &mut World, repo: RepoId, number: u64, by: By, what: What) {
    let event = Event {
        id: world.next_id(),
        what,
        actor: Some(by.actor),
        app: by.app,
        at: world.now(),
    };
    let at = event.at;
    let starts = runs::activity(&event.what);
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        pull.events.push(event);
        pull.updated_at = at;
    }
    if let Some((name, activity)) = starts {
        runs::on_pull(world, by, repo, number, name, activity);
    }
}

/// Dismisses every approval, as a push or a change of the base branch does if the rules say so.
pub fn dismiss_approvals(world: &mut World, by: By, at: (RepoId, u64)) {
    let reviews = &world.repo(at.0).pulls[&at.1].reviews;
    let approvals = reviews.iter().filter(|review| review.state == "APPROVED");
    let stale: Vec<u64> = approvals.map(|review| review.id).collect();
    for id in stale {
        dismiss_review(world, by, at, id, "");
    }
}

/// Turns a review into DISMISSED; it keeps its row.
pub fn dismiss_review(
    world: &mut World,
    by: By,
    (repo, number): (RepoId, u64),
    review: u64,
    message: &str,
) {
    let Some(found) = world
        .repo_mut(repo)
        .pulls
        .get_mut(&number)
        .and_then(|pull| pull.reviews.iter_mut().find(|one| one.id == review))
    else {
        return;
    };
    let was = std::mem::replace(&mut found.state, "DISMISSED".to_owned());
    record(
        world,
        repo,
        number,
        by,
        What::ReviewDismissed(review, was.to_lowercase(), message.to_owned()),
    );
}
