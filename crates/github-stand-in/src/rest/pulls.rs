//! Pull requests: list, look, change, merge; opening one is in [`super::open_pull`].

use super::super::call::Call;
use super::super::ids::RepoId;
use super::super::pull::{Pull, What};
use super::super::reply::{Answer, Outcome, Refusal};
use super::super::session::Role;
use super::super::world::World;
use super::super::{merge, pull_events, ref_moves, rules, runs, view};
use super::open_pull::{New, check_setting, open};
use super::text_length::check_length;
use serde_json::{Value, json};

/// A pull request in full, with what GitHub knows of mergeability at this read.
pub fn full(world: &mut World, at: RepoId, number: u64) -> Value {
    let mergeable = merge::mergeable(world, at, number);
    let state = merge::state_status(world, at, number);
    let pull = &world.repo(at).pulls[&number];
    view::pull::pull_full(world, at, pull, mergeable, state)
}

/// `POST pulls`.
pub fn create(world: &mut World, call: &Call) -> Outcome {
    check_setting(world, call)?;
    let title = call.need("Issue", "title")?.to_owned();
    let new = New {
        title,
        body: call.text("body").map(str::to_owned),
        head: call.need("PullRequest", "head")?.to_owned(),
        base: call.need("PullRequest", "base")?.to_owned(),
        draft: call.body["draft"].as_bool().unwrap_or(false),
    };
    let number = open(world, call, new)?;
    // Whether it can be merged is never known this early.
    let pull = &world.repo(call.repo).pulls[&number];
    let shown = view::pull::pull_full(world, call.repo, pull, None, "UNKNOWN");
    Answer::created(shown)
}

/// Whether a list shows a pull request already; counts one read for each request.
pub fn listed(world: &mut World, at: RepoId, number: u64) -> bool {
    let serial = world.serial;
    let Some(pull) = world.repo_mut(at).pulls.get_mut(&number) else {
        return false;
    };
    let (left, seen) = pull.hidden_lists;
    if seen == serial && seen != 0 {
        return false;
    }
    if left > 0 {
        pull.hidden_lists = (left - 1, serial);
        return false;
    }
    true
}

/// `GET pulls`: by `state`, `head` (`owner:branch`), `base`; newest first.
pub fn list(world: &mut World, call: &Call) -> Outcome {
    let state = call.query("state").unwrap_or("open");
    let head = call.query("head").and_then(|text| text.split_once(':'));
    let mut numbers: Vec<u64> = world
        .repo(call.repo)
        .pulls
        .values()
        .filter(|pull| match state {
            "all" => true,
            "closed" => !pull.open,
            _ => pull.open,
        })
        .filter(|pull| call.query("base").is_none_or(|base| pull.base == base))
        .filter(|pull| {
            head.is_none_or(|(owner, branch)| {
                pull.head == branch
                    && pull.head_repo.is_some_and(|id| {
                        world
                            .user(world.repo(id).owner)
                            .login
                            .eq_ignore_ascii_case(owner)
                    })
            })
        })
        .map(|pull| pull.number)
        .collect();
    if call.query("sort") == Some("updated") {
        numbers.sort_by_key(|number| world.repo(call.repo).pulls[number].updated_at);
    }
    if call.query("direction").unwrap_or("desc") == "desc" {
        numbers.reverse();
    }
    numbers.retain(|number| listed(world, call.repo, *number));
    let rows = numbers
        .iter()
        .map(|number| {
            view::pull::pull_short(world, call.repo, &world.repo(call.repo).pulls[number])
        })
        .collect();
    Answer::list(rows)
}

/// `GET pulls/{n}`; a diff if `Accept` asks for one.
pub fn get(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    if call.accept.contains("diff") {
        let text: String = changes(world, call)?
            .iter()
            .map(|change| {
                let path = &change.path;
                format!(
                    "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{}",
                    change.patch.as_deref().unwrap_or_default()
                )
            })
            .collect();
        return Ok(Answer {
            status: 200,
            body: super::super::reply::Body::Raw(
                "application/vnd.github.diff; charset=utf-8",
                text.into_bytes(),
            ),
        });
    }
    let shown = full(world, call.repo, number);
    Answer::ok(shown)
}

/// Closes or opens again, as `PATCH` and GraphQL do.
pub fn set_state(world: &mut World, call: &Call, number: u64, open: bool) -> Result<(), Refusal> {
    let at = call.repo;
    let pull = world.repo(at).pulls[&number].clone();
    if pull.open == open {
        return Ok(());
    }
    let by = call.by();
    if !open {
        ref_moves::close(world, at, number, by);
        return Ok(());
    }
    let cannot = |text: String| {
        Err(Refusal::custom(
            "PullRequest",
            format!("state cannot be changed. {text}"),
        ))
    };
    if pull.merged.is_some() {
        return cannot("The pull request cannot be reopened.".to_owned());
    }
    let tip = pull
        .head_repo
        .and_then(|id| world.repo(id).branch(&pull.head));
    let Some(tip) = tip else {
        return cannot(format!("The {} branch was deleted.", pull.head));
    };
    if !world.repo(at).store.is_ancestor(pull.head_sha, tip) {
        return cannot(format!(
            "The {} branch was force-pushed or recreated.",
            pull.head
        ));
    }
    let twin = |other: &Pull| {
        other.open
            && other.head_repo == pull.head_repo
            && other.head == pull.head
            && other.base == pull.base
    };
    if world.repo(at).branch(&pull.base).is_none() {
        return cannot(format!("The {} branch was deleted.", pull.base));
    }
    if world.repo(at).pulls.values().any(twin) {
        return cannot(format!(
            "There is already an open pull request from {} to {}.",
            pull.head, pull.base
        ));
    }
    let base_tip = world.repo(at).branch(&pull.base);
    let (moved, lag) = (tip != pull.head_sha, world.switches.mergeable_after);
    if let Some(pull) = world.repo_mut(at).pulls.get_mut(&number) {
        pull.open = true;
        pull.closed_at = None;
        pull.closed_by = None;
        pull.unknown_reads.0 = lag;
        if moved {
            pull.head_sha = tip;
            pull.base_sha = base_tip.unwrap_or(pull.base_sha);
        }
    }
    let name = format!("refs/pull/{number}/head");
    world.repo_mut(at).refs.insert(name, tip);
    pull_events::record(world, at, number, by, What::Reopened);
    Ok(())
}

/// Moves a pull request to another base branch.
fn set_base(world: &mut World, call: &Call, number: u64, base: &str) -> Result<(), Refusal> {
    let at = call.repo;
    let pull = &world.repo(at).pulls[&number];
    let from = pull.base.clone();
    if from == base {
        return Ok(());
    }
    let tip = world
        .repo(at)
        .branch(base)
        .ok_or_else(|| Refusal::invalid("PullRequest", "base", "invalid"))?;
    let cannot = |text: String| Err(Refusal::custom("PullRequest", text));
    if !pull.open {
        return cannot("Cannot change the base branch of a closed pull request.".to_owned());
    }
    let twin = |other: &Pull| {
        other.open
            && other.head_repo == pull.head_repo
            && other.head == pull.head
            && other.base == base
    };
    if world.repo(at).pulls.values().any(twin) {
        return cannot(format!(
            "A pull request already exists for base branch '{base}' and head branch '{}'",
            pull.head
        ));
    }
    if world.repo(at).store.is_ancestor(pull.head_sha, tip) {
        return cannot(format!(
            "There are no new commits between base branch '{base}' and head branch '{}'",
            pull.head
        ));
    }
    ref_moves::leave(world, at, number, call.by(), "base_changed");
    let lag = world.switches.mergeable_after;
    if let Some(pull) = world.repo_mut(at).pulls.get_mut(&number) {
        base.clone_into(&mut pull.base);
        pull.base_sha = tip;
        pull.unknown_reads.0 = lag;
    }
    pull_events::record(
        world,
        at,
        number,
        call.by(),
        What::BaseChanged(from.clone(), base.to_owned()),
    );
    let bound = |branch: &str| {
        let rules = rules::of(world.repo(at), branch);
        rules.iter().any(|rule| rule.dismiss_stale)
    };
    if bound(&from) || bound(base) {
        pull_events::dismiss_approvals(world, call.by(), (at, number));
    }
    Ok(())
}

/// Whether the caller may change a pull request: its author, or someone with the role.
pub fn check_edit(world: &World, call: &Call, pull: &Pull, role: Role) -> Result<(), Refusal> {
    let allowed = call.session.app().is_some()
        || call.session.actor() == Some(pull.author)
        || call
            .session
            .actor()
            .is_some_and(|who| world.role(call.repo, who) >= role);
    if allowed {
        Ok(())
    } else {
        Err(Refusal::forbidden("Must have admin rights to Repository."))
    }
}

/// `PATCH pulls/{n}`: title, body, state, base.
pub fn update(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let (number, title) = (pull.number, pull.title.clone());
    let (body, by) = (pull.body.clone().unwrap_or_default(), call.actor()?);
    check_edit(world, call, pull, Role::Triage)?;
    // Triage may close and reopen, not rewrite.
    if ["base", "title", "body"]
        .iter()
        .any(|key| call.body.get(key).is_some())
    {
        check_edit(world, call, pull, Role::Write)?;
    }
    check_length("Issue", "title", call.text("title").unwrap_or_default())?;
    check_length("Issue", "body", call.text("body").unwrap_or_default())?;
    if let Some(base) = call.text("base") {
        set_base(world, call, number, base)?;
    }
    if let Some(new) = call.text("title").filter(|new| *new != title) {
        if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
            new.clone_into(&mut pull.title);
        }
        pull_events::record(
            world,
            call.repo,
            number,
            call.by(),
            What::Renamed(title, new.to_owned()),
        );
    }
    let now = world.now();
    if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
        if let Some(new) = call.body.get("body").map(|new| new.as_str()) {
            if new.unwrap_or_default() != body {
                pull.edited = Some((by, now));
            }
            pull.body = new.map(str::to_owned);
        }
        pull.updated_at = now;
    }
    let new_body = call.body.get("body");
    if new_body.is_some_and(|new| new.as_str().unwrap_or_default() != body) {
        runs::on_pull(
            world,
            call.by(),
            call.repo,
            number,
            "pull_request",
            "edited",
        );
    }
    match call.text("state") {
        Some("closed") => set_state(world, call, number, false)?,
        Some("open") => set_state(world, call, number, true)?,
        Some(_) => return Err(Refusal::invalid("PullRequest", "state", "invalid")),
        None => {}
    }
    let shown = full(world, call.repo, number);
    Answer::ok(shown)
}

/// `GET pulls/{n}/commits`: oldest first, 250 at most.
pub fn commits(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let store = &world.repo(call.repo).store;
    let mut oids = store.between(
        store.merge_base(pull.base_sha, pull.seen_head()),
        pull.seen_head(),
    );
    oids.reverse();
    let rows = oids
        .into_iter()
        .take(250)
        .filter_map(|oid| store.info(oid))
        .map(|commit| view::commit(world, call.repo, &commit))
        .collect();
    Answer::list(rows)
}

fn changes(world: &World, call: &Call) -> Result<Vec<super::super::store::Change>, Refusal> {
    let pull = call.pull(world)?;
    let store = &world.repo(call.repo).store;
    let tree = |oid| store.info(oid).map(|commit| commit.tree);
    let from = store
        .merge_base(pull.base_sha, pull.seen_head())
        .and_then(tree);
    let to = tree(pull.seen_head()).ok_or_else(Refusal::not_found)?;
    Ok(store.diff(from, to))
}

/// `GET pulls/{n}/files`.
pub fn files(world: &mut World, call: &Call) -> Outcome {
    let head = call.pull(world)?.seen_head();
    let rows = changes(world, call)?
        .iter()
        .map(|change| view::change(world, call.repo, head, change))
        .collect();
    Answer::list(rows)
}

/// `GET pulls/{n}/merge`: 204 when merged, else 404.
pub fn is_merged(world: &mut World, call: &Call) -> Outcome {
    if call.pull(world)?.merged.is_some() {
        Answer::empty()
    } else {
        Err(Refusal::not_found())
    }
}

/// `GET pulls/{n}/comments`: comments on the diff, which no one writes here.
pub fn review_comments(world: &mut World, call: &Call) -> Outcome {
    call.pull(world)?;
    Answer::list(Vec::new())
}

/// `PUT pulls/{n}/merge`.
pub fn merge(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    let text = |name: &str| call.text(name).map(str::to_owned);
    let request = merge::Request {
        sha: text("sha"),
        method: text("merge_method"),
        title: text("commit_title"),
        message: text("commit_message"),
    };
    let commit = merge::merge(world, &call.session, call.repo, number, &request)?;
    Answer::ok(
        json!({"sha": commit.to_string(), "merged": true, "message": "Pull Request successfully merged"}),
    )
}
