//! Deployments and their statuses. `auto_merge` really merges the default branch, as the route does unless it is
//! switched off.

use super::super::call::Call;
use super::super::reply::{Answer, Body, Outcome, Refusal};
use super::super::repo::{Deployment, DeploymentStatus};
use super::super::rules::{Standing, standing};
use super::super::world::World;
use super::super::{refs, signature, view};
use serde_json::{Value, json};

/// `GET deployments`: newest first, by `sha`, `ref`, `task`, `environment`.
pub fn list(world: &mut World, call: &Call) -> Outcome {
    let rows = world
        .repo(call.repo)
        .deployments
        .iter()
        .rev()
        .filter(|one| {
            call.query("sha")
                .is_none_or(|sha| one.sha.to_string() == sha)
        })
        .filter(|one| call.query("ref").is_none_or(|name| one.name == name))
        .filter(|one| call.query("task").is_none_or(|task| one.task == task))
        .filter(|one| {
            call.query("environment")
                .is_none_or(|name| one.environment == name)
        })
        .map(|one| view::run::deployment(world, call.repo, one))
        .collect();
    Answer::list(rows)
}

/// `POST deployments`.
pub fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.need("Deployment", "ref")?.to_owned();
    let repo = world.repo(call.repo);
    let sha = repo
        .resolve(&name)
        .ok_or_else(|| Refusal::unprocessable(format!("No ref found for: {name}")))?;
    let branch = repo.branch(&name);
    let default = repo.branch(&repo.default_branch);
    if let (true, Some(tip), Some(default)) = (
        call.body["auto_merge"].as_bool().unwrap_or(true),
        branch,
        default,
    ) && !repo.store.is_ancestor(default, tip)
    {
        return auto_merge(world, call, &name, tip, default);
    }
    let contexts: Vec<String> = match call.texts("required_contexts") {
        Some(named) => named,
        None => repo
            .statuses
            .iter()
            .filter(|one| one.sha == sha)
            .map(|one| one.context.clone())
            .collect(),
    };
    if contexts
        .iter()
        .any(|context| standing(repo, sha, context, None) != Standing::Success)
    {
        return Err(Refusal::conflict(format!(
            "Conflict: Commit status checks failed for {name}."
        )));
    }
    let deployment = Deployment {
        id: world.next_id(),
        sha,
        name,
        task: call.text("task").unwrap_or("deploy").to_owned(),
        payload: call
            .body
            .get("payload")
            .cloned()
            .unwrap_or_else(|| json!("")),
        environment: call.text("environment").unwrap_or("production").to_owned(),
        description: call.text("description").map(str::to_owned),
        creator: call.actor()?,
        app: call.session.app(),
        at: world.now(),
        statuses: Vec::new(),
    };
    world
        .repo_mut(call.repo)
        .deployments
        .push(deployment.clone());
    Answer::created(view::run::deployment(world, call.repo, &deployment))
}

fn auto_merge(
    world: &mut World,
    call: &Call,
    name: &str,
    tip: git2::Oid,
    default: git2::Oid,
) -> Outcome {
    let repo = world.repo(call.repo);
    let text = format!("Merge {} into {name}", repo.default_branch);
    let Some(tree) = repo.store.merge(tip, default) else {
        return Err(Refusal::conflict(format!(
            "Conflict merging {} into {name}.",
            repo.default_branch
        )));
    };
    let who = signature::author(world, call.actor()?);
    let oid = repo
        .store
        .commit(
            tree,
            &[tip, default],
            &text,
            &who,
            &signature::web_flow(world),
        )
        .map_err(Refusal::unprocessable)?;
    let full = format!("refs/heads/{name}");
    refs::update(world, &call.session, call.repo, &full, oid, false)?;
    let message = format!(
        "Auto-merged {} into {name} on deployment.",
        world.repo(call.repo).default_branch
    );
    Ok(Answer {
        status: 202,
        body: Body::Json(json!({"message": message})),
    })
}

fn find<'w>(world: &'w World, call: &Call) -> Result<&'w Deployment, Refusal> {
    let id = call.number("id")?;
    let found = world
        .repo(call.repo)
        .deployments
        .iter()
        .find(|one| one.id == id);
    found.ok_or_else(Refusal::not_found)
}

/// `GET deployments/{id}`.
pub fn get(world: &mut World, call: &Call) -> Outcome {
    Answer::ok(view::run::deployment(world, call.repo, find(world, call)?))
}

/// `GET deployments/{id}/statuses`: newest first.
pub fn statuses(world: &mut World, call: &Call) -> Outcome {
    let deployment = find(world, call)?;
    let rows: Vec<Value> = deployment
        .statuses
        .iter()
        .rev()
        .map(|one| view::run::deployment_status(world, call.repo, deployment, one))
        .collect();
    Answer::list(rows)
}

/// `POST deployments/{id}/statuses`: a success makes older deployments of the environment inactive, unless that is
/// switched off.
pub fn create_status(world: &mut World, call: &Call) -> Outcome {
    let deployment = find(world, call)?;
    let (id, environment) = (deployment.id, deployment.environment.clone());
    let state = call.need("DeploymentStatus", "state")?.to_owned();
    let words = [
        "error",
        "failure",
        "inactive",
        "in_progress",
        "queued",
        "pending",
        "success",
    ];
    if !words.contains(&state.as_str()) {
        return Err(Refusal::custom(
            "DeploymentStatus",
            "State is not included in the list",
        ));
    }
    let status = DeploymentStatus {
        id: world.next_id(),
        state: state.clone(),
        description: call.text("description").unwrap_or_default().to_owned(),
        log_url: call
            .text("log_url")
            .or_else(|| call.text("target_url"))
            .unwrap_or_default()
            .to_owned(),
        creator: call.actor()?,
        app: call.session.app(),
        at: world.now(),
    };
    let inactive = state == "success" && call.body["auto_inactive"].as_bool().unwrap_or(true);
    let older: Vec<u64> = world
        .repo(call.repo)
        .deployments
        .iter()
        .filter(|one| inactive && one.id != id && one.environment == environment)
        .filter(|one| {
            one.statuses
                .last()
                .is_some_and(|last| last.state == "success")
        })
        .map(|one| one.id)
        .collect();
    for old in older {
        let down = DeploymentStatus {
            id: world.next_id(),
            state: "inactive".to_owned(),
            ..status.clone()
        };
        if let Some(found) = world
            .repo_mut(call.repo)
            .deployments
            .iter_mut()
            .find(|one| one.id == old)
        {
            found.statuses.push(down);
        }
    }
    if let Some(found) = world
        .repo_mut(call.repo)
        .deployments
        .iter_mut()
        .find(|one| one.id == id)
    {
        found.statuses.push(status.clone());
    }
    let deployment = find(world, call)?;
    Answer::created(view::run::deployment_status(
        world, call.repo, deployment, &status,
    ))
}
