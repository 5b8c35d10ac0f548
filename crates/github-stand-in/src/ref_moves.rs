//! What follows when a ref moves: the activity log, pull requests that follow their branches, groups of the merge queue, workflows of
//! the default branch. A group has a branch of its own, so it belongs to the same chain.

use super::ids::{MERGE_QUEUE_BOT, RepoId};
use super::pull::{Merged, Pull, What};
use super::reply::Refusal;
use super::repo::{Activity, QueueEntry};
use super::session::By;
use super::signature::{author, web_flow};
use super::world::World;
use super::{pull_events, rules, runs};
use git2::Oid;

/// The queue itself, which evicts and merges.
pub const QUEUE: By = By {
    actor: MERGE_QUEUE_BOT,
    app: None,
};

/// Moves a ref without asking, and lets everything that depends on it follow.
pub fn apply(
    world: &mut World,
    by: By,
    repo: RepoId,
    name: &str,
    to: Option<Oid>,
    kind: &'static str,
) {
    let before = world.repo(repo).refs.get(name).copied();
    match to {
        Some(oid) => world.repo_mut(repo).refs.insert(name.to_owned(), oid),
        None => world.repo_mut(repo).refs.remove(name),
    };
    let id = world.next_id();
    let at = world.now();
    let unseen_reads = world.switches.activity_after;
    if name.starts_with("refs/heads/") {
        world.repo_mut(repo).activity.push(Activity {
            id,
            name: name.to_owned(),
            before: before.unwrap_or(Oid::ZERO_SHA1),
            after: to.unwrap_or(Oid::ZERO_SHA1),
            kind,
            actor: by.actor,
            at,
            unseen_reads,
        });
    }
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        let moved = Moved {
            repo,
            branch,
            before,
            after: to,
            by_queue: kind == "merge_queue_merge",
        };
        follow_heads(world, by, &moved);
        follow_bases(world, by, &moved);
        if branch == world.repo(repo).default_branch {
            find_workflows(world, repo);
        }
    }
    if let Some(oid) = to {
        runs::on_push(world, by, repo, name, oid);
    }
}

struct Moved<'a> {
    repo: RepoId,
    branch: &'a str,
    before: Option<Oid>,
    after: Option<Oid>,
    by_queue: bool,
}

/// Closes an open pull request.
pub fn close(world: &mut World, repo: RepoId, number: u64, by: By) {
    let at = world.now();
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        pull.open = false;
        pull.closed_at = Some(at);
        pull.closed_by = Some(by.actor);
        pull.auto_merge = None;
    }
    pull_events::record(world, repo, number, by, What::Closed);
    leave(world, repo, number, by, "closed");
}

/// Marks a pull request as merged by this commit.
pub fn mark_merged(world: &mut World, repo: RepoId, number: u64, by: By, commit: Oid) {
    leave(world, repo, number, by, "merged");
    let at = world.now();
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        pull.open = false;
        pull.merged = Some(Merged {
            by: by.actor,
            at,
            commit,
        });
        pull.closed_at = Some(at);
        pull.closed_by = Some(by.actor);
        pull.auto_merge = None;
    }
    pull_events::record(world, repo, number, by, What::Merged(commit));
    pull_events::record(world, repo, number, by, What::Closed);
}

fn numbers(world: &World, filter: impl Fn(RepoId, &Pull) -> bool) -> Vec<(RepoId, u64)> {
    world
        .repos
        .iter()
        .enumerate()
        .flat_map(|(id, repo)| repo.pulls.values().map(move |pull| (id, pull)))
        .filter(|(id, pull)| filter(*id, pull))
        .map(|(id, pull)| (id, pull.number))
        .collect()
}

/// Pull requests whose head branch moved.
fn follow_heads(world: &mut World, by: By, moved: &Moved<'_>) {
    for (repo, number) in numbers(world, |_, pull| {
        pull.head_repo == Some(moved.repo) && pull.head == moved.branch
    }) {
        let open = world.repo(repo).pulls[&number].open;
        match (moved.before, moved.after) {
            (_, None) => {
                if open {
                    close(world, repo, number, by);
                }
                pull_events::record(world, repo, number, by, What::HeadDeleted);
            }
            (Some(before), Some(after)) if open => {
                head_moved(world, by, (repo, number), before, after);
            }
            _ => {}
        }
    }
}

fn head_moved(world: &mut World, by: By, at: (RepoId, u64), before: Oid, after: Oid) {
    let (repo, number) = at;
    let forced = !world.repo(repo).store.is_ancestor(before, after);
    let writer = world.can_push(repo, by.actor);
    let (lag, slow) = (world.switches.mergeable_after, world.switches.head_after);
    let base = world.repo(repo).pulls[&number].base.clone();
    let base_tip = world.repo(repo).branch(&base);
    let dismiss = rules::of(world.repo(repo), &base)
        .iter()
        .any(|rule| rule.dismiss_stale);
    let mut disarmed = false;
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        let seen = pull.seen_head();
        pull.lag = (slow > 0).then_some((seen, slow));
        pull.head_sha = after;
        pull.pusher = by.actor;
        pull.unknown_reads.0 = lag;
        pull.base_sha = base_tip.unwrap_or(pull.base_sha);
        disarmed = !writer && pull.auto_merge.take().is_some();
    }
    world
        .repo_mut(repo)
        .refs
        .insert(format!("refs/pull/{number}/head"), after);
    if forced {
        pull_events::record(
            world,
            repo,
            number,
            by,
            What::HeadForcePushed(before, after),
        );
    }
    if disarmed {
        pull_events::record(world, repo, number, by, What::AutoMergeOff);
    }
    runs::on_pull(world, by, repo, number, "pull_request", "synchronize");
    if dismiss {
        pull_events::dismiss_approvals(world, by, at);
    }
    leave(world, repo, number, by, "head_moved");
    if let Some(tip) = base_tip
        && world.repo(repo).store.is_ancestor(after, tip)
    {
        if world.switches.empty_head_closes {
            close(world, repo, number, by);
        } else {
            let landing = world.repo(repo).store.landing(after, tip);
            mark_merged(world, repo, number, by, landing);
        }
    }
}

/// Pull requests whose base branch moved.
fn follow_bases(world: &mut World, by: By, moved: &Moved<'_>) {
    let lag = world.switches.mergeable_after;
    for (repo, number) in numbers(world, |repo, pull| {
        repo == moved.repo && pull.base == moved.branch && pull.open
    }) {
        let head = world.repo(repo).pulls[&number].head_sha;
        let Some(after) = moved.after else {
            let name = moved.branch.to_owned();
            pull_events::record(world, repo, number, by, What::BaseDeleted(name));
            close(world, repo, number, by);
            continue;
        };
        if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
            pull.unknown_reads.0 = lag;
        }
        if let Some(before) = moved.before
            && !world.repo(repo).store.is_ancestor(before, after)
        {
            pull_events::record(
                world,
                repo,
                number,
                by,
                What::BaseForcePushed(before, after),
            );
        }
        if world.repo(repo).store.is_ancestor(head, after) {
            let landing = world.repo(repo).store.landing(head, after);
            mark_merged(world, repo, number, by, landing);
        }
    }
    if moved.after.is_some() && !moved.by_queue {
        rebuild(world, moved.repo, moved.branch, 0);
    }
}

/// Registers the workflow files of the default branch.
pub fn find_workflows(world: &mut World, repo: RepoId) {
    let tip = world.repo(repo).branch(&world.repo(repo).default_branch);
    for (path, blob) in rules::workflow_files(world.repo(repo), tip) {
        runs::register(world, repo, &path, blob);
    }
}

/// Removes a pull request from the queue. Unless it was merged, the groups behind it are built again without it.
pub fn leave(world: &mut World, repo: RepoId, number: u64, by: By, reason: &str) -> bool {
    let queue = &mut world.repo_mut(repo).queue;
    let Some(at) = queue.iter().position(|entry| entry.pull == number) else {
        return false;
    };
    let entry = queue.remove(at);
    apply(world, by, repo, &entry.name, None, "branch_deletion");
    let what = What::Dequeued {
        reason: reason.to_owned(),
        group: entry.head,
        enqueuer: entry.enqueuer,
    };
    pull_events::record(world, repo, number, by, what);
    if reason != "merged" {
        rebuild(world, repo, &entry.base, at);
    }
    true
}

/// Builds the groups of a branch again from that position of the queue on; those that conflict are removed.
fn rebuild(world: &mut World, repo: RepoId, base: &str, from: usize) {
    let queue = &mut world.repo_mut(repo).queue;
    let later: Vec<QueueEntry> = queue.drain(from.min(queue.len())..).collect();
    let (behind, other): (Vec<_>, Vec<_>) = later.into_iter().partition(|one| one.base == base);
    queue.extend(other);
    for old in behind {
        apply(world, QUEUE, repo, &old.name, None, "branch_deletion");
        match build_group(world, repo, old.pull) {
            Ok(Group { head, on, name }) => {
                let built_at = world.now();
                let new = QueueEntry {
                    head,
                    on,
                    name,
                    built_at,
                    ..old
                };
                place_group(world, repo, new);
            }
            Err(_) => {
                let what = What::Dequeued {
                    reason: "merge_conflict".to_owned(),
                    group: old.head,
                    enqueuer: old.enqueuer,
                };
                pull_events::record(world, repo, old.pull, QUEUE, what);
            }
        }
    }
}

/// The group of an entry.
pub struct Group {
    /// The commit that would land.
    pub head: Oid,
    /// Its first parent: the base, or the group ahead.
    pub on: Oid,
    /// The full name of its read-only branch.
    pub name: String,
}

/// Builds the commit for a pull request at the end of the queue.
pub fn build_group(world: &mut World, repo: RepoId, number: u64) -> Result<Group, Refusal> {
    let here = world.repo(repo);
    let pull = &here.pulls[&number];
    let on = match here
        .queue
        .iter()
        .rev()
        .find(|entry| entry.base == pull.base)
    {
        Some(ahead) => ahead.head,
        None => here.branch(&pull.base).ok_or_else(Refusal::not_found)?,
    };
    let tree = here
        .store
        .merge(on, pull.head_sha)
        .ok_or_else(|| Refusal::unprocessable("Pull Request has merge conflicts"))?;
    let message = format!("Merge pull request #{number}\n\n{}", pull.title);
    let by = author(world, pull.author);
    let head = here
        .store
        .commit(tree, &[on, pull.head_sha], &message, &by, &web_flow(world))
        .map_err(Refusal::unprocessable)?;
    let name = format!(
        "refs/heads/gh-readonly-queue/{}/pr-{number}-{on}",
        pull.base
    );
    world.repo_mut(repo).verified.insert(head);
    Ok(Group { head, on, name })
}

/// Puts an entry at the end of the queue, with its branch, and asks the workflows for their checks.
pub fn place_group(world: &mut World, repo: RepoId, entry: QueueEntry) {
    let by = entry.by();
    let (name, head, base) = (entry.name.clone(), entry.head, entry.base.clone());
    world.repo_mut(repo).queue.push(entry);
    apply(world, by, repo, &name, Some(head), "branch_creation");
    runs::on_merge_group(world, by, repo, &name, head, &base);
}
