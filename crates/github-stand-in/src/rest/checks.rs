//! Commit statuses and check runs.

use super::super::call::{Call, read_oid};
use super::super::reply::{Answer, Body, Outcome, Refusal};
use super::super::repo::{CheckRun, Status};
use super::super::view;
use super::super::world::World;
use git2::Oid;
use serde_json::{Map, json};

fn commit(world: &World, call: &Call) -> Result<Oid, Refusal> {
    let text = call.param("sha");
    world
        .repo(call.repo)
        .resolve(text)
        .ok_or_else(|| Refusal::unprocessable(format!("No commit found for SHA: {text}")))
}

/// `POST statuses/{sha}`: any writer may set any context. A branch's name will not do.
pub fn create_status(world: &mut World, call: &Call) -> Outcome {
    let text = call.param("sha");
    let known = |oid: &Oid| world.repo(call.repo).store.info(*oid).is_some();
    let sha = read_oid(text)
        .filter(known)
        .ok_or_else(|| Refusal::unprocessable(format!("No commit found for SHA: {text}")))?;
    let state = call.need("Status", "state")?;
    if !["error", "failure", "pending", "success"].contains(&state) {
        return Err(Refusal::custom(
            "Status",
            "State is not included in the list",
        ));
    }
    let description = call.text("description");
    if description.is_some_and(|text| text.chars().count() > 140) {
        return Err(Refusal::custom(
            "Status",
            "description is too long (maximum is 140 characters)",
        ));
    }
    let status = Status {
        id: world.next_id(),
        sha,
        state: state.to_owned(),
        context: call.text("context").unwrap_or("default").to_owned(),
        description: description.map(str::to_owned),
        target_url: call.text("target_url").map(str::to_owned),
        creator: call.actor()?,
        at: world.now(),
    };
    let same = |one: &&Status| one.sha == sha && one.context == status.context;
    if world.repo(call.repo).statuses.iter().filter(same).count() >= 1000 {
        return Err(Refusal::custom(
            "Status",
            "This SHA and context has reached the maximum number of statuses.",
        ));
    }
    world.repo_mut(call.repo).statuses.push(status.clone());
    Answer::created(view::run::status(world, call.repo, &status))
}

/// `GET commits/{ref}/statuses`: newest first, every report.
pub fn statuses(world: &mut World, call: &Call) -> Outcome {
    let sha = commit(world, call)?;
    let rows = world
        .repo(call.repo)
        .statuses
        .iter()
        .rev()
        .filter(|status| status.sha == sha)
        .map(|status| view::run::status(world, call.repo, status))
        .collect();
    Answer::list(rows)
}

/// The newest report of each context on a commit.
pub fn newest(world: &World, at: usize, sha: Oid) -> Vec<&Status> {
    let mut rows: Vec<&Status> = Vec::new();
    for status in world
        .repo(at)
        .statuses
        .iter()
        .rev()
        .filter(|status| status.sha == sha)
    {
        if !rows.iter().any(|have| have.context == status.context) {
            rows.push(status);
        }
    }
    rows
}

/// The one word for several reports.
pub fn combine(rows: &[&Status]) -> &'static str {
    let any = |state: &str| rows.iter().any(|row| row.state == state);
    if any("failure") || any("error") {
        "failure"
    } else if rows.is_empty() || any("pending") {
        "pending"
    } else {
        "success"
    }
}

/// `GET commits/{ref}/status`.
pub fn combined(world: &mut World, call: &Call) -> Outcome {
    let sha = commit(world, call)?;
    let rows = newest(world, call.repo, sha);
    let api = view::base(world, call.repo);
    let mut extra = Map::new();
    extra.insert("state".to_owned(), json!(combine(&rows)));
    extra.insert("sha".to_owned(), json!(sha.to_string()));
    extra.insert("repository".to_owned(), view::repo_short(world, call.repo));
    extra.insert(
        "commit_url".to_owned(),
        json!(format!("{api}/commits/{sha}")),
    );
    extra.insert(
        "url".to_owned(),
        json!(format!("{api}/commits/{sha}/status")),
    );
    let rows = rows
        .into_iter()
        .map(|row| view::run::status_short(world, call.repo, row))
        .collect();
    Ok(Answer {
        status: 200,
        body: Body::Wrapped("statuses", rows, extra),
    })
}

/// `GET commits/{ref}/check-runs`: the newest of each name and App, or all with `filter=all`.
pub fn runs_of(world: &mut World, call: &Call) -> Outcome {
    let sha = commit(world, call)?;
    let mut rows: Vec<&CheckRun> = Vec::new();
    for check in world
        .repo(call.repo)
        .checks
        .iter()
        .rev()
        .filter(|check| check.sha == sha)
    {
        let newer = rows
            .iter()
            .any(|have| have.name == check.name && have.app == check.app);
        if call.query("filter") == Some("all") || !newer {
            rows.push(check);
        }
    }
    rows.retain(|check| {
        call.query("check_name")
            .is_none_or(|name| check.name == name)
            && call
                .query("app_id")
                .is_none_or(|app| check.app.to_string() == app)
            && call
                .query("status")
                .is_none_or(|status| check.status == status)
    });
    let rows = rows
        .into_iter()
        .map(|check| view::run::check(world, call.repo, check))
        .collect();
    Answer::wrapped("check_runs", rows)
}

/// `POST check-runs`: Apps only.
pub fn create(world: &mut World, call: &Call) -> Outcome {
    let Some(app) = call.session.app() else {
        return Err(Refusal::forbidden(
            "You must authenticate via a GitHub App.",
        ));
    };
    let sha = call.oid("CheckRun", "head_sha")?;
    if world.repo(call.repo).store.info(sha).is_none() {
        return Err(Refusal::unprocessable(format!(
            "No commit found for SHA: {sha}"
        )));
    }
    let (id, suite, now) = (world.next_id(), world.next_id(), world.now());
    let mut check = CheckRun {
        id,
        suite,
        sha,
        name: call.need("CheckRun", "name")?.to_owned(),
        status: "queued".to_owned(),
        conclusion: None,
        app,
        external_id: String::new(),
        output: json!({"title": null, "summary": null, "text": null}),
        started_at: now,
        completed_at: None,
    };
    change(&mut check, call, now);
    world.repo_mut(call.repo).checks.push(check.clone());
    Answer::created(view::run::check(world, call.repo, &check))
}

fn change(check: &mut CheckRun, call: &Call, now: jiff::Timestamp) {
    if let Some(name) = call.text("name") {
        name.clone_into(&mut check.name);
    }
    if let Some(status) = call.text("status") {
        status.clone_into(&mut check.status);
    }
    if let Some(id) = call.text("external_id") {
        id.clone_into(&mut check.external_id);
    }
    if call.body["output"].is_object() {
        check.output = call.body["output"].clone();
    }
    if let Some(conclusion) = call.text("conclusion") {
        check.conclusion = Some(conclusion.to_owned());
        "completed".clone_into(&mut check.status);
        check.completed_at = Some(now);
    }
}

fn find<'w>(world: &'w World, call: &Call) -> Result<&'w CheckRun, Refusal> {
    let id = call.number("id")?;
    let found = world
        .repo(call.repo)
        .checks
        .iter()
        .find(|check| check.id == id);
    found.ok_or_else(Refusal::not_found)
}

/// `GET check-runs/{id}`.
pub fn get(world: &mut World, call: &Call) -> Outcome {
    Answer::ok(view::run::check(world, call.repo, find(world, call)?))
}

/// `PATCH check-runs/{id}`: by the App that made it.
pub fn update(world: &mut World, call: &Call) -> Outcome {
    let mut check = find(world, call)?.clone();
    if call.session.app() != Some(check.app) {
        return Err(Refusal::forbidden(
            "Invalid app_id - check run can only be modified by the GitHub App that created it.",
        ));
    }
    change(&mut check, call, world.now());
    if let Some(found) = world
        .repo_mut(call.repo)
        .checks
        .iter_mut()
        .find(|one| one.id == check.id)
    {
        *found = check.clone();
    }
    Answer::ok(view::run::check(world, call.repo, &check))
}
