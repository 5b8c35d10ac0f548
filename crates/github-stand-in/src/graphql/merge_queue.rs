//! The merge queue of a branch, and its entries.

use super::super::clock::stamp;
use super::super::ids::RepoId;
use super::super::repo::QueueEntry;
use super::super::world::World;
use super::super::{rules, view};
use super::people::actor;
use super::value::{Kind, Out, plain};

/// `MergeQueueEntry`.
pub fn queue_entry(world: &World, at: RepoId, entry: &QueueEntry) -> Kind {
    let ahead = world
        .repo(at)
        .queue
        .iter()
        .filter(|one| one.base == entry.base)
        .position(|one| one.id == entry.id);
    let waits = rules::of(world.repo(at), &entry.base).iter().any(|rule| {
        let green = |(context, app): &(String, Option<u64>)| {
            rules::standing(world.repo(at), entry.head, context, *app) == rules::Standing::Success
        };
        !rule.statuses.iter().all(green)
    });
    plain(
        "MergeQueueEntry",
        [
            ("id", Out::leaf(view::node("MQE", entry.id))),
            ("position", Out::leaf(ahead.unwrap_or(0) + 1)),
            (
                "state",
                Out::leaf(if waits {
                    "AWAITING_CHECKS"
                } else {
                    "MERGEABLE"
                }),
            ),
            ("headCommit", Out::One(Kind::Commit(at, entry.head))),
            ("baseCommit", Out::One(Kind::Commit(at, entry.on))),
            ("enqueuedAt", Out::leaf(stamp(entry.at))),
            ("enqueuer", actor(Some(entry.enqueuer))),
            ("estimatedTimeToMerge", Out::NULL),
            ("jump", Out::leaf(false)),
            ("solo", Out::leaf(false)),
            ("pullRequest", Out::One(Kind::Pull(at, entry.pull))),
        ],
    )
}

/// `MergeQueue` of a branch; null if no rule requires one.
pub fn queue(world: &World, at: RepoId, branch: &str) -> Out {
    let rules = rules::of(world.repo(at), branch);
    if !rules.iter().any(|rule| rule.queue) {
        return Out::NULL;
    }
    let time_out = super::super::queue::time_out(&rules).as_mins();
    let entries = world.repo(at).queue.iter().filter(|one| one.base == branch);
    let path = format!("/{}/queue/{branch}", world.slug(at));
    Out::One(plain(
        "MergeQueue",
        [
            ("id", Out::leaf(view::node("MQ", format!("{at}:{branch}")))),
            (
                "entries",
                Out::page(entries.map(|one| queue_entry(world, at, one)).collect()),
            ),
            (
                "configuration",
                Out::One(plain(
                    "MergeQueueConfiguration",
                    [
                        ("checkResponseTimeout", Out::leaf(time_out)),
                        ("maximumEntriesToBuild", Out::leaf(5)),
                        ("maximumEntriesToMerge", Out::leaf(5)),
                        ("mergeMethod", Out::leaf("MERGE")),
                        ("mergingStrategy", Out::leaf("ALLGREEN")),
                        ("minimumEntriesToMerge", Out::leaf(1)),
                        ("minimumEntriesToMergeWaitTime", Out::leaf(5)),
                    ],
                )),
            ),
            ("nextEntryEstimatedTimeToMerge", Out::NULL),
            ("repository", Out::One(Kind::Repository(at))),
            ("url", Out::leaf(format!("{}{path}", world.html))),
            ("resourcePath", Out::leaf(path)),
        ],
    ))
}
