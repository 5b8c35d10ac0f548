//! How REST prints pull requests, reviews, labels, comments, issues and their events.

use super::super::clock::stamp;
use super::super::ids::{RepoId, UserId};
use super::super::pull::{Comment, Event, Pull, Review, What};
use super::super::repo::Label;
use super::super::world::{Kind, World};
use super::{app, base, git_commit, merge, node, page, repo, team, user, user_or_null};
use serde_json::{Value, json};

/// `author_association`: never evidence of anything.
pub fn association(world: &World, at: RepoId, who: UserId) -> &'static str {
    let here = world.repo(at);
    if here.owner == who {
        "OWNER"
    } else if world
        .orgs
        .get(&here.owner)
        .is_some_and(|org| org.members.contains_key(&who))
    {
        "MEMBER"
    } else if here.roles.contains_key(&who) {
        "COLLABORATOR"
    } else if world.user(who).kind == Kind::Bot {
        "CONTRIBUTOR"
    } else {
        "NONE"
    }
}

/// A label.
pub fn label(world: &World, at: RepoId, label: &Label) -> Value {
    json!({
        "id": label.id, "node_id": node("LA", label.id), "url": format!("{}/labels/{}", base(world, at), label.name.replace('/', "%2F")),
        "name": label.name, "color": label.color, "default": false, "description": label.description,
    })
}

fn labels(world: &World, at: RepoId, pull: &Pull) -> Vec<Value> {
    let here = world.repo(at);
    here.labels
        .iter()
        .filter(|one| pull.labels.contains(&one.id))
        .map(|one| label(world, at, one))
        .collect()
}

/// The teams of an organisation by slug, as lists of requested reviewers carry them.
pub fn teams(world: &World, at: RepoId, slugs: &[String]) -> Vec<Value> {
    let owner = world.repo(at).owner;
    let Some(org) = world.orgs.get(&owner) else {
        return Vec::new();
    };
    org.teams
        .iter()
        .filter(|one| slugs.contains(&one.slug))
        .map(|one| team(world, owner, one))
        .collect()
}

/// The commit that `merge_commit_sha` names: what landed, otherwise the newest test merge that succeeded, however old.
fn merge_commit(pull: &Pull) -> Value {
    let landed = pull.merged.as_ref().map(|merged| merged.commit);
    let oid = landed.or(pull.merge_ref);
    oid.map_or(Value::Null, |oid| json!(oid.to_string()))
}

/// A pull request as lists print it.
pub fn pull_short(world: &World, at: RepoId, pull: &Pull) -> Value {
    let (api, page) = (base(world, at), page(world, at));
    let n = pull.number;
    let here = world.repo(at);
    let owner = &world.user(here.owner).login;
    let (head_label, head_repo, head_user) = match pull.head_repo {
        Some(id) => {
            let owner = world.repo(id).owner;
            (
                format!("{}:{}", world.user(owner).login, pull.head),
                repo(world, id),
                user(world, owner),
            )
        }
        None => (
            format!("unknown repository:{}", pull.head),
            Value::Null,
            Value::Null,
        ),
    };
    let auto = pull.auto_merge.as_ref().map_or(Value::Null, |auto| {
        json!({"enabled_by": user(world, auto.by), "merge_method": auto.method, "commit_title": auto.title, "commit_message": auto.message})
    });
    let time = |at: Option<jiff::Timestamp>| at.map_or(Value::Null, |at| json!(stamp(at)));
    let link = |tail: &str| json!({"href": format!("{api}{tail}")});
    let assignees: Vec<Value> = pull.assignees.iter().map(|id| user(world, *id)).collect();
    let mut view = json!({
        "url": format!("{api}/pulls/{n}"), "id": pull.id, "node_id": node("PR", pull.id), "html_url": format!("{page}/pull/{n}"),
        "diff_url": format!("{page}/pull/{n}.diff"), "patch_url": format!("{page}/pull/{n}.patch"),
        "issue_url": format!("{api}/issues/{n}"), "commits_url": format!("{api}/pulls/{n}/commits"),
        "review_comments_url": format!("{api}/pulls/{n}/comments"), "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{api}/issues/{n}/comments"), "statuses_url": format!("{api}/statuses/{}", pull.seen_head()),
        "number": n, "state": if pull.open { "open" } else { "closed" }, "locked": false, "title": pull.title,
        "user": user(world, pull.author), "body": pull.body, "created_at": stamp(pull.created_at), "updated_at": stamp(pull.updated_at),
        "closed_at": time(pull.closed_at), "merged_at": time(pull.merged.as_ref().map(|merged| merged.at)),
        "merge_commit_sha": merge_commit(pull), "assignee": assignees.first(), "assignees": assignees,
        "requested_reviewers": pull.requested.iter().map(|id| user(world, *id)).collect::<Vec<_>>(),
        "requested_teams": teams(world, at, &pull.requested_teams), "labels": labels(world, at, pull), "milestone": null,
        "draft": pull.draft, "active_lock_reason": null, "auto_merge": auto,
        "author_association": association(world, at, pull.author),
    });
    merge(
        &mut view,
        json!({
            "head": {"label": head_label, "ref": pull.head, "sha": pull.seen_head().to_string(), "user": head_user, "repo": head_repo},
            "base": {"label": format!("{owner}:{}", pull.base), "ref": pull.base, "sha": pull.base_sha.to_string(),
                "user": user(world, here.owner), "repo": repo(world, at)},
            "_links": {
                "self": link(&format!("/pulls/{n}")), "html": {"href": format!("{page}/pull/{n}")}, "issue": link(&format!("/issues/{n}")),
                "comments": link(&format!("/issues/{n}/comments")), "review_comments": link(&format!("/pulls/{n}/comments")),
                "review_comment": link("/pulls/comments{/number}"), "commits": link(&format!("/pulls/{n}/commits")),
                "statuses": link(&format!("/statuses/{}", pull.seen_head())),
            },
        }),
    );
    view
}

/// A pull request in full. `mergeable` and `state` come from [`super::super::merge`], which counts reads.
pub fn pull_full(
    world: &World,
    at: RepoId,
    pull: &Pull,
    mergeable: Option<bool>,
    state: &str,
) -> Value {
    let mut view = pull_short(world, at, pull);
    // Here GitHub describes teams without their parents.
    for team in view["requested_teams"].as_array_mut().into_iter().flatten() {
        team.as_object_mut().map(|team| team.remove("parent"));
    }
    let store = &world.repo(at).store;
    let from = store.merge_base(pull.base_sha, pull.seen_head());
    let tree = |oid| store.info(oid).map(|commit| commit.tree);
    let changes = tree(pull.seen_head())
        .map(|head| store.diff(from.and_then(tree), head))
        .unwrap_or_default();
    merge(
        &mut view,
        json!({
            "merged": pull.merged.is_some(), "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state.to_lowercase(),
            "merged_by": user_or_null(world, pull.merged.as_ref().map(|merged| merged.by)), "comments": pull.comments.len(),
            "review_comments": 0, "maintainer_can_modify": false, "commits": store.between(from, pull.seen_head()).len(),
            "additions": changes.iter().map(|change| change.additions).sum::<usize>(),
            "deletions": changes.iter().map(|change| change.deletions).sum::<usize>(), "changed_files": changes.len(),
        }),
    );
    view
}

/// A review.
pub fn review(world: &World, at: RepoId, number: u64, review: &Review) -> Value {
    let html = format!(
        "{}/pull/{number}#pullrequestreview-{}",
        page(world, at),
        review.id
    );
    let pull = format!("{}/pulls/{number}", base(world, at));
    let mut view = json!({
        "id": review.id, "node_id": node("PRR", review.id), "user": user_or_null(world, review.user), "body": review.body,
        "state": review.state, "html_url": html, "pull_request_url": pull,
        "author_association": review.user.map_or("NONE", |who| association(world, at, who)),
        "_links": {"html": {"href": html}, "pull_request": {"href": pull}}, "commit_id": review.commit.map(|oid| oid.to_string()),
    });
    if let Some(at) = review.at {
        view["submitted_at"] = json!(stamp(at));
    }
    view
}

/// A comment.
pub fn comment(world: &World, at: RepoId, number: u64, comment: &Comment) -> Value {
    let api = base(world, at);
    json!({
        "url": format!("{api}/issues/comments/{}", comment.id), "issue_url": format!("{api}/issues/{number}"), "id": comment.id,
        "html_url": format!("{}/pull/{number}#issuecomment-{}", page(world, at), comment.id), "node_id": node("IC", comment.id),
        "user": user(world, comment.user), "created_at": stamp(comment.created_at), "updated_at": stamp(comment.updated_at),
        "body": comment.body, "author_association": association(world, at, comment.user),
        "performed_via_github_app": app(world, comment.app),
    })
}

/// A pull request as the issues routes print it.
pub fn issue(world: &World, at: RepoId, pull: &Pull) -> Value {
    let (api, page) = (base(world, at), page(world, at));
    let n = pull.number;
    let assignees: Vec<Value> = pull.assignees.iter().map(|id| user(world, *id)).collect();
    json!({
        "url": format!("{api}/issues/{n}"), "repository_url": api, "labels_url": format!("{api}/issues/{n}/labels{{/name}}"),
        "comments_url": format!("{api}/issues/{n}/comments"), "events_url": format!("{api}/issues/{n}/events"),
        "html_url": format!("{page}/pull/{n}"), "id": pull.id, "node_id": node("PR", pull.id), "number": n, "title": pull.title,
        "user": user(world, pull.author), "labels": labels(world, at, pull), "state": if pull.open { "open" } else { "closed" },
        "locked": false, "assignee": assignees.first(), "assignees": assignees, "milestone": null, "comments": pull.comments.len(),
        "created_at": stamp(pull.created_at), "updated_at": stamp(pull.updated_at), "closed_at": pull.closed_at.map(stamp),
        "author_association": association(world, at, pull.author), "active_lock_reason": null, "draft": pull.draft,
        "pull_request": {
            "url": format!("{api}/pulls/{n}"), "html_url": format!("{page}/pull/{n}"), "diff_url": format!("{page}/pull/{n}.diff"),
            "patch_url": format!("{page}/pull/{n}.patch"), "merged_at": pull.merged.as_ref().map(|merged| stamp(merged.at)),
        },
        "body": pull.body, "closed_by": user_or_null(world, pull.closed_by), "timeline_url": format!("{api}/issues/{n}/timeline"),
        "performed_via_github_app": null, "state_reason": null,
    })
}

/// An event, as `issues/{n}/events` prints it.
pub fn event(world: &World, at: RepoId, event: &Event) -> Value {
    let api = base(world, at);
    let commit = match &event.what {
        What::Merged(oid) | What::HeadForcePushed(_, oid) | What::BaseForcePushed(_, oid) => {
            Some(*oid)
        }
        _ => None,
    };
    let mut view = json!({
        "id": event.id, "node_id": node("EV", event.id), "url": format!("{api}/issues/events/{}", event.id),
        "actor": user_or_null(world, event.actor), "event": event.what.word(), "commit_id": commit.map(|oid| oid.to_string()),
        "commit_url": commit.map(|oid| format!("{api}/commits/{oid}")), "created_at": stamp(event.at),
        "performed_via_github_app": app(world, event.app),
    });
    match &event.what {
        What::Labeled(name, color) | What::Unlabeled(name, color) => {
            let (mut name, mut color) = (name, color);
            if world.switches.label_events_follow.1
                && let Some(label) = world.repo(at).label_once(name)
            {
                (name, color) = (&label.name, &label.color);
            }
            view["label"] = json!({"name": name, "color": color});
        }
        What::Renamed(from, to) => view["rename"] = json!({"from": from, "to": to}),
        What::ReviewRequested(who) | What::ReviewRequestRemoved(who) => {
            view["review_requester"] = user_or_null(world, event.actor);
            view["requested_reviewer"] = user(world, *who);
        }
        What::ReviewDismissed(review, state, message) => {
            view["dismissed_review"] =
                json!({"state": state, "review_id": review, "dismissal_message": message});
        }
        _ => {}
    }
    view
}

/// Events, comments, reviews and commits in the order of time, as `issues/{n}/timeline` prints them.
pub fn timeline(world: &World, at: RepoId, pull: &Pull) -> Vec<Value> {
    let mut lines: Vec<(jiff::Timestamp, u64, Value)> = Vec::new();
    let store = &world.repo(at).store;
    let from = store.merge_base(pull.base_sha, pull.seen_head());
    for oid in store.between(from, pull.seen_head()) {
        if let Some(commit) = store.info(oid) {
            let mut view = git_commit(world, at, &commit);
            view["event"] = json!("committed");
            lines.push((commit.committer.at, 0, view));
        }
    }
    for one in &pull.events {
        lines.push((one.at, one.id, event(world, at, one)));
    }
    for one in &pull.comments {
        let mut view = comment(world, at, pull.number, one);
        merge(
            &mut view,
            json!({"event": "commented", "actor": user(world, one.user)}),
        );
        lines.push((one.created_at, one.id, view));
    }
    for one in &pull.reviews {
        if let (Some(when), Some(_)) = (one.at, one.user) {
            let mut view = review(world, at, pull.number, one);
            view["event"] = json!("reviewed");
            view["state"] = json!(one.state.to_lowercase());
            lines.push((when, one.id, view));
        }
    }
    lines.sort_by_key(|(at, id, _)| (*at, *id));
    lines.into_iter().map(|(_, _, view)| view).collect()
}
