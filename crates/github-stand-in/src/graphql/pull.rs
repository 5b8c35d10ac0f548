//! Pull requests in the graph, and their reviews.

use super::super::access::acting_role;
use super::super::clock::stamp;
use super::super::ids::RepoId;
use super::super::pull::Pull;
use super::super::reply::Refusal;
use super::super::session::{Level, Role};
use super::super::store::Change;
use super::super::world::{Kind as AccountKind, World};
use super::super::{merge, rules, view};
use super::merge_queue::{queue, queue_entry};
use super::people::{actor, team_of};
use super::pull_parts::{comment_of, commit_of, commits_of, label_of};
use super::value::{Args, CONTENTS, Ctx, Found, Kind, Out, plain, unmodelled};
use super::{checks, events};
use serde_json::json;

/// `PullRequestReview`.
pub fn review(ctx: &Ctx<'_>, (at, number): (RepoId, u64), id: u64, field: &str) -> Found {
    let world = ctx.world();
    let found = world.repo(at).pulls[&number]
        .reviews
        .iter()
        .find(|one| one.id == id);
    let one = found.ok_or_else(Refusal::not_found)?;
    let created = one.at.unwrap_or_else(|| world.now());
    let path = format!("/{}/pull/{number}#pullrequestreview-{id}", world.slug(at));
    Ok(match field {
        "id" => Out::leaf(view::node("PRR", id)),
        "databaseId" => Out::small(id),
        "fullDatabaseId" => Out::leaf(id.to_string()),
        "author" => actor(one.user),
        "authorAssociation" => Out::leaf(
            one.user
                .map_or("NONE", |who| view::pull::association(&world, at, who)),
        ),
        "authorCanPushToRepository" => {
            Out::leaf(one.user.is_some_and(|who| world.can_push(at, who)))
        }
        "body" | "bodyText" => Out::leaf(one.body.as_str()),
        "commit" => Out::maybe(one.commit.map(|oid| Kind::Commit(at, oid))),
        "state" => Out::leaf(one.state.as_str()),
        "submittedAt" | "publishedAt" => Out::leaf(one.at.map(stamp)),
        "createdAt" | "updatedAt" => Out::leaf(stamp(created)),
        "lastEditedAt" | "editor" | "minimizedReason" => Out::NULL,
        "includesCreatedEdit" | "isMinimized" => Out::leaf(false),
        "reactionGroups" => Out::Many(Vec::new()),
        "onBehalfOf" => {
            let owner = world.repo(at).owner;
            let teams = world
                .orgs
                .get(&owner)
                .map(|org| org.teams.as_slice())
                .unwrap_or_default();
            let asked = &world.repo(at).pulls[&number].requested_teams;
            let on_behalf = teams.iter().filter(|team| {
                asked.contains(&team.slug)
                    && one.user.is_some_and(|who| team.members.contains_key(&who))
            });
            Out::page(on_behalf.map(|team| team_of(&world, owner, team)).collect())
        }
        "pullRequest" => Out::One(Kind::Pull(at, number)),
        "repository" => Out::One(Kind::Repository(at)),
        "comments" => Out::page(Vec::new()),
        "viewerDidAuthor" => Out::leaf(one.user.is_some() && ctx.session.actor() == one.user),
        "url" => Out::leaf(format!("{}{path}", world.html)),
        "resourcePath" => Out::leaf(path),
        _ => unmodelled("PullRequestReview", field),
    })
}

fn changes_of(world: &World, at: RepoId, pull: &Pull) -> Vec<Change> {
    let store = &world.repo(at).store;
    let tree = |oid| store.info(oid).map(|commit| commit.tree);
    let from = store
        .merge_base(pull.base_sha, pull.seen_head())
        .and_then(tree);
    tree(pull.seen_head())
        .map(|to| store.diff(from, to))
        .unwrap_or_default()
}

/// The reviews that a caller may see: pending ones only their own.
fn reviews(ctx: &Ctx<'_>, world: &World, at: RepoId, pull: &Pull, field: &str, args: &Args) -> Out {
    let me = ctx.session.actor();
    let kind = |one: &super::super::pull::Review| Kind::Review(at, pull.number, one.id);
    let rows: Vec<Kind> = match field {
        "latestOpinionatedReviews" => {
            let writers = args.get("writersOnly") == &json!(true);
            let mut last: Vec<_> = pull
                .opinions()
                .into_iter()
                .filter(|(who, _)| !writers || world.can_push(at, *who))
                .collect();
            last.sort_by_key(|(_, one)| one.id);
            last.into_iter().map(|(_, one)| kind(one)).collect()
        }
        "latestReviews" => {
            let mut last = std::collections::BTreeMap::new();
            for one in pull.reviews.iter().filter(|one| one.state != "PENDING") {
                last.insert(one.user, one);
            }
            let mut last: Vec<_> = last.into_values().collect();
            last.sort_by_key(|one| one.id);
            last.into_iter().map(kind).collect()
        }
        _ => {
            let states = args.texts("states");
            let author = args.text("author").and_then(|login| world.user_id(login));
            pull.reviews
                .iter()
                .filter(|one| one.state != "PENDING" || one.user == me)
                .filter(|one| {
                    states
                        .as_ref()
                        .is_none_or(|states| states.contains(&one.state))
                })
                .filter(|one| args.text("author").is_none() || one.user == author)
                .map(kind)
                .collect()
        }
    };
    Out::page(rows)
}

/// `PullRequest`.
pub fn pull(ctx: &Ctx<'_>, at: RepoId, number: u64, field: &str, args: &Args) -> Found {
    match field {
        "files" => ctx.need(at, CONTENTS, Role::Read)?,
        "statusCheckRollup" => ctx.need(
            at,
            &[("statuses", Level::Read), ("checks", Level::Read)],
            Role::Read,
        )?,
        _ => {}
    }
    let mut world = ctx.world();
    match field {
        "mergeable" => {
            return Ok(Out::leaf(match merge::mergeable(&mut world, at, number) {
                None => "UNKNOWN",
                Some(true) => "MERGEABLE",
                Some(false) => "CONFLICTING",
            }));
        }
        "mergeStateStatus" => return Ok(Out::leaf(merge::state_status(&mut world, at, number))),
        "canBeRebased" => {
            return Ok(Out::leaf(
                merge::mergeable(&mut world, at, number) == Some(true),
            ));
        }
        "potentialMergeCommit" => {
            let fits = merge::mergeable(&mut world, at, number) == Some(true);
            let test = world.repo(at).pulls[&number].test.filter(|_| fits);
            return Ok(Out::maybe(
                test.and_then(|test| test.commit)
                    .map(|oid| Kind::Commit(at, oid)),
            ));
        }
        _ => {}
    }
    let world = &**world;
    let repo = world.repo(at);
    let pull = &repo.pulls[&number];
    let path = format!("/{}/pull/{number}", world.slug(at));
    let time = |at: Option<jiff::Timestamp>| Out::leaf(at.map(stamp));
    let head_ref = || {
        pull.head_repo
            .filter(|id| world.repo(*id).branch(&pull.head).is_some())
    };
    let entry = repo.queue.iter().find(|entry| entry.pull == number);
    let role = acting_role(world, ctx.session, at);
    let own = ctx.session.actor() == Some(pull.author);
    Ok(match field {
        "id" => Out::leaf(view::node("PR", pull.id)),
        "databaseId" => Out::small(pull.id),
        "fullDatabaseId" => Out::leaf(pull.id.to_string()),
        "number" => Out::leaf(number),
        "title" | "titleHTML" => Out::leaf(pull.title.as_str()),
        "body" | "bodyText" => Out::leaf(pull.body.clone().unwrap_or_default()),
        "state" => Out::leaf(pull.state()),
        "closed" => Out::leaf(!pull.open),
        "merged" => Out::leaf(pull.merged.is_some()),
        "isDraft" => Out::leaf(pull.draft),
        "locked" | "createdViaEmail" | "maintainerCanModify" => Out::leaf(false),
        "includesCreatedEdit" => Out::leaf(pull.edited.is_some()),
        "editor" => actor(pull.edited.map(|(who, _)| who)),
        "lastEditedAt" => time(pull.edited.map(|(_, at)| at)),
        "activeLockReason" | "milestone" => Out::NULL,
        "author" => actor(Some(pull.author)),
        "authorAssociation" => Out::leaf(view::pull::association(world, at, pull.author)),
        "createdAt" | "publishedAt" => Out::leaf(stamp(pull.created_at)),
        "updatedAt" => Out::leaf(stamp(pull.updated_at)),
        "closedAt" => time(pull.closed_at),
        "mergedAt" => time(pull.merged.as_ref().map(|merged| merged.at)),
        "mergedBy" => actor(pull.merged.as_ref().map(|merged| merged.by)),
        "mergeCommit" => Out::maybe(
            pull.merged
                .as_ref()
                .map(|merged| Kind::Commit(at, merged.commit)),
        ),
        "baseRefName" => Out::leaf(pull.base.as_str()),
        // Not the tip of the base branch: what it was when the pull request was opened or its head last moved.
        "baseRefOid" => Out::leaf(pull.base_sha.to_string()),
        "baseRef" => Out::maybe(
            repo.branch(&pull.base)
                .map(|_| Kind::Ref(at, format!("refs/heads/{}", pull.base))),
        ),
        "baseRepository" | "repository" => Out::One(Kind::Repository(at)),
        "headRefName" => Out::leaf(pull.head.as_str()),
        "headRefOid" => Out::leaf(pull.seen_head().to_string()),
        "headRef" => {
            Out::maybe(head_ref().map(|id| Kind::Ref(id, format!("refs/heads/{}", pull.head))))
        }
        "headRepository" => Out::maybe(pull.head_repo.map(Kind::Repository)),
        "headRepositoryOwner" => {
            Out::maybe(pull.head_repo.map(|id| Kind::Account(world.repo(id).owner)))
        }
        "isCrossRepository" => Out::leaf(pull.head_repo != Some(at)),
        "reviewDecision" => Out::leaf(rules::review_decision(world, at, pull)),
        "reviews" | "latestReviews" | "latestOpinionatedReviews" => {
            reviews(ctx, world, at, pull, field, args)
        }
        "viewerLatestReview" => {
            let mine = pull
                .reviews
                .iter()
                .rev()
                .find(|one| one.user.is_some() && one.user == ctx.session.actor());
            Out::maybe(mine.map(|one| Kind::Review(at, number, one.id)))
        }
        "reviewRequests" => {
            let people = pull
                .requested
                .iter()
                .map(|who| (format!("{number}:{who}"), Kind::Account(*who)));
            let owner = repo.owner;
            let org = world
                .orgs
                .get(&owner)
                .map(|org| org.teams.as_slice())
                .unwrap_or_default();
            let teams = org
                .iter()
                .filter(|team| pull.requested_teams.contains(&team.slug));
            let teams = teams.map(|team| {
                (
                    format!("{number}:t{}", team.id),
                    team_of(world, owner, team),
                )
            });
            let request = |(id, who): (String, Kind)| {
                plain(
                    "ReviewRequest",
                    [
                        ("id", Out::leaf(view::node("RR", id))),
                        ("asCodeOwner", Out::leaf(false)),
                        ("pullRequest", Out::One(Kind::Pull(at, number))),
                        ("requestedReviewer", Out::One(who)),
                    ],
                )
            };
            Out::page(people.chain(teams).map(request).collect())
        }
        "labels" => {
            let on = repo
                .labels
                .iter()
                .filter(|label| pull.labels.contains(&label.id));
            Out::page(on.map(|label| label_of(world, at, label)).collect())
        }
        "assignees" => Out::page(pull.assignees.iter().map(|id| Kind::Account(*id)).collect()),
        "participants" => Out::page(vec![Kind::Account(pull.author)]),
        "comments" => Out::page(
            pull.comments
                .iter()
                .map(|one| comment_of(world, ctx, at, number, one))
                .collect(),
        ),
        "totalCommentsCount" => Out::leaf(pull.comments.len()),
        "commits" => {
            let oids = commits_of(world, at, pull);
            Out::page(
                oids.into_iter()
                    .map(|oid| commit_of(world, at, number, oid))
                    .collect(),
            )
        }
        "files" => {
            let file = |change: &Change| {
                let kind = match change.status {
                    "added" => "ADDED",
                    "removed" => "DELETED",
                    _ => "MODIFIED",
                };
                plain(
                    "PullRequestChangedFile",
                    [
                        ("path", Out::leaf(change.path.as_str())),
                        ("additions", Out::leaf(change.additions)),
                        ("deletions", Out::leaf(change.deletions)),
                        ("changeType", Out::leaf(kind)),
                        ("viewerViewedState", Out::leaf("UNVIEWED")),
                    ],
                )
            };
            Out::page(changes_of(world, at, pull).iter().map(file).collect())
        }
        "additions" => Out::leaf(
            changes_of(world, at, pull)
                .iter()
                .map(|change| change.additions)
                .sum::<usize>(),
        ),
        "deletions" => Out::leaf(
            changes_of(world, at, pull)
                .iter()
                .map(|change| change.deletions)
                .sum::<usize>(),
        ),
        "changedFiles" => Out::leaf(changes_of(world, at, pull).len()),
        "timelineItems" => events::timeline(ctx, world, at, pull, args),
        "statusCheckRollup" => checks::rollup(world, at, pull.seen_head()),
        "autoMergeRequest" => pull.auto_merge.as_ref().map_or(Out::NULL, |auto| {
            Out::One(plain(
                "AutoMergeRequest",
                [
                    ("authorEmail", Out::NULL),
                    ("commitHeadline", Out::leaf(auto.title.as_str())),
                    ("commitBody", Out::leaf(auto.message.as_str())),
                    ("enabledAt", Out::leaf(stamp(auto.at))),
                    ("enabledBy", actor(Some(auto.by))),
                    ("mergeMethod", Out::leaf(auto.method.to_uppercase())),
                    ("pullRequest", Out::One(Kind::Pull(at, number))),
                ],
            ))
        }),
        "mergeQueueEntry" => Out::maybe(entry.map(|entry| queue_entry(world, at, entry))),
        "mergeQueue" => queue(world, at, &pull.base),
        "isInMergeQueue" => Out::leaf(entry.is_some()),
        "isMergeQueueEnabled" => {
            Out::leaf(rules::of(repo, &pull.base).iter().any(|rule| rule.queue))
        }
        "url" | "permalink" => Out::leaf(format!("{}{path}", world.html)),
        "resourcePath" => Out::leaf(path),
        "viewerDidAuthor" => Out::leaf(own),
        "viewerCanUpdate" | "viewerCanClose" => Out::leaf(own || role >= Role::Triage),
        "viewerCanReopen" => {
            Out::leaf(!pull.open && pull.merged.is_none() && (own || role >= Role::Triage))
        }
        "viewerCanDeleteHeadRef" | "viewerCanUpdateBranch" => {
            Out::leaf(!pull.open && role >= Role::Write)
        }
        "viewerCanEnableAutoMerge" => {
            Out::leaf(pull.open && role >= Role::Write && repo.settings.auto_merge)
        }
        "viewerCanDisableAutoMerge" => Out::leaf(pull.auto_merge.is_some() && role >= Role::Write),
        "viewerCanMergeAsAdmin" => {
            Out::leaf(role >= Role::Admin && world.user(repo.owner).kind != AccountKind::Bot)
        }
        "reactionGroups" => Out::Many(Vec::new()),
        "projectCards" | "projectItems" | "closingIssuesReferences" => Out::page(Vec::new()),
        _ => unmodelled("PullRequest", field),
    })
}
