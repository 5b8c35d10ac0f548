//! The merge queue: what is let in, what lands, and what is evicted. The groups and their branches are in [`super::ref_moves`].
//!
//! A group contains one pull request, on top of those ahead of it. Nothing lands automatically (see [`land`]);
//! evictions happen automatically, at the next read or write after their time.

use super::ids::{ACTIONS_APP, RepoId};
use super::merge;
use super::pull::What;
use super::pull_events;
use super::ref_moves;
use super::reply::Refusal;
use super::repo::{QueueEntry, Rule};
use super::rules::{self, Standing};
use super::session::By;
use super::world::World;
use git2::Oid;
use jiff::SignedDuration;

/// `enqueuePullRequest`: refuses what is not ready to be merged, then builds the group commit on a read-only branch.
pub fn enqueue(
    world: &mut World,
    session: &super::session::Session,
    repo: RepoId,
    number: u64,
    expected_head: Option<&str>,
) -> Result<QueueEntry, Refusal> {
    let pull = world
        .repo(repo)
        .pulls
        .get(&number)
        .ok_or_else(Refusal::not_found)?
        .clone();
    if !rules::of(world.repo(repo), &pull.base)
        .iter()
        .any(|rule| rule.queue)
    {
        return Err(Refusal::unprocessable(
            "Pull request's base branch has no merge queue",
        ));
    }
    if !pull.open {
        return Err(Refusal::unprocessable("Pull request is not mergeable"));
    }
    if world
        .repo(repo)
        .queue
        .iter()
        .any(|entry| entry.pull == number)
    {
        return Err(Refusal::unprocessable(
            "Pull request is already in the queue",
        ));
    }
    if expected_head.is_some_and(|sha| !sha.eq_ignore_ascii_case(&pull.head_sha.to_string())) {
        return Err(Refusal::unprocessable(
            "Head branch was modified. Review and try the merge again.",
        ));
    }
    let unready =
        |why: &str| Refusal::unprocessable(format!("Pull request {}", why.trim_end_matches('\n')));
    if pull.draft {
        return Err(unready("Pull Request is still a draft"));
    }
    rules::check_merge(world, session, repo, &pull, "squash", true).map_err(|refusal| {
        let text = refusal.message;
        unready(
            text.strip_prefix("Repository rule violations found\n\n")
                .unwrap_or(&text),
        )
    })?;
    let by = By::of(session);
    let group =
        ref_moves::build_group(world, repo, number).map_err(|refusal| unready(&refusal.message))?;
    let entry = QueueEntry {
        id: world.next_id(),
        pull: number,
        base: pull.base,
        head: group.head,
        on: group.on,
        name: group.name,
        enqueuer: by.actor,
        app: by.app,
        at: world.now(),
        built_at: world.now(),
    };
    pull_events::record(world, repo, number, by, What::Enqueued);
    ref_moves::place_group(world, repo, entry.clone());
    Ok(entry)
}

/// The state of the contexts that the rules require on a group's commit.
fn required(world: &World, repo: RepoId, entry: &QueueEntry) -> Vec<Standing> {
    let here = world.repo(repo);
    let rules = rules::of(here, &entry.base);
    let contexts = rules.iter().flat_map(|rule| &rule.statuses);
    contexts
        .map(|(context, app)| rules::standing(here, entry.head, context, *app))
        .collect()
}

/// After how long without an answer an entry is evicted.
pub fn time_out(rules: &[&Rule]) -> SignedDuration {
    let set = rules.iter().filter(|rule| rule.queue);
    let minutes = set.filter_map(|rule| rule.queue_timeout_minutes).min();
    SignedDuration::from_mins(minutes.unwrap_or(Rule::QUEUE_TIMEOUT_MINUTES))
}

/// Evicts every entry whose required contexts are red, or have not all reported in time.
pub fn evict(world: &mut World) {
    let now = world.now();
    for repo in 0..world.repos.len() {
        while let Some((number, reason)) = world.repo(repo).queue.iter().find_map(|entry| {
            let standing = required(world, repo, entry);
            let limit = time_out(&rules::of(world.repo(repo), &entry.base));
            let waits = standing.iter().any(|one| *one != Standing::Success);
            if standing.contains(&Standing::Failure) {
                Some((entry.pull, "failed_checks"))
            } else if waits && now.duration_since(entry.built_at) >= limit {
                Some((entry.pull, "checks_timed_out"))
            } else {
                None
            }
        }) {
            ref_moves::leave(world, repo, number, ref_moves::QUEUE, reason);
        }
    }
}

/// Lets the first entry of the queue land: the base moves to its group commit.
pub fn land(world: &mut World, repo: RepoId) -> Result<Oid, Refusal> {
    let entry = world
        .repo(repo)
        .queue
        .first()
        .cloned()
        .ok_or_else(Refusal::not_found)?;
    if world.repo(repo).branch(&entry.base) != Some(entry.on) {
        return Err(Refusal::conflict("the base has moved under the queue"));
    }
    let standing = required(world, repo, &entry);
    if standing.iter().any(|one| *one != Standing::Success) {
        return Err(Refusal::conflict(
            "required contexts are not green on the group's commit",
        ));
    }
    // What the workflow token put in starts no runs when it lands either.
    let by = By {
        app: entry.app.filter(|app| *app == ACTIONS_APP),
        ..ref_moves::QUEUE
    };
    ref_moves::mark_merged(world, repo, entry.pull, by, entry.head);
    let name = format!("refs/heads/{}", entry.base);
    ref_moves::apply(
        world,
        by,
        repo,
        &name,
        Some(entry.head),
        "merge_queue_merge",
    );
    merge::delete_head(world, by, repo, entry.pull);
    Ok(entry.head)
}
