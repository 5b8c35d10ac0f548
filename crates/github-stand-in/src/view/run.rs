//! How REST prints statuses, check runs, workflows, runs, deployments and the activity log.

use super::super::clock::stamp;
use super::super::ids::{GHOST, RepoId};
use super::super::repo::{Activity, CheckRun, Deployment, DeploymentStatus, Run, Status, Workflow};
use super::super::world::World;
use super::{app, base, node, page, repo_short, user, user_or_null};
use serde_json::{Value, json};

/// A status, with its creator.
pub fn status(world: &World, at: RepoId, status: &Status) -> Value {
    let mut view = status_short(world, at, status);
    view["creator"] = user(world, status.creator);
    view
}

/// A status as the combined status lists it.
pub fn status_short(world: &World, at: RepoId, status: &Status) -> Value {
    json!({
        "url": format!("{}/statuses/{}", base(world, at), status.sha), "avatar_url": format!("{}/avatars/u/{}", world.html, status.creator),
        "id": status.id, "node_id": node("SC", status.id), "state": status.state, "description": status.description,
        "target_url": status.target_url, "context": status.context, "created_at": stamp(status.at), "updated_at": stamp(status.at),
    })
}

/// A check run.
pub fn check(world: &World, at: RepoId, check: &CheckRun) -> Value {
    let (api, page) = (base(world, at), page(world, at));
    let pulls: Vec<Value> = pulls_of(world, at, check.sha);
    json!({
        "id": check.id, "name": check.name, "node_id": node("CR", check.id), "head_sha": check.sha.to_string(),
        "external_id": check.external_id, "url": format!("{api}/check-runs/{}", check.id),
        "html_url": format!("{page}/runs/{}", check.id), "details_url": format!("{page}/runs/{}", check.id), "status": check.status,
        "conclusion": check.conclusion, "started_at": stamp(check.started_at), "completed_at": check.completed_at.map(stamp),
        "output": {
            "title": check.output["title"], "summary": check.output["summary"], "text": check.output["text"], "annotations_count": 0,
            "annotations_url": format!("{api}/check-runs/{}/annotations", check.id),
        },
        "check_suite": {"id": check.suite}, "app": app(world, Some(check.app)), "pull_requests": pulls,
    })
}

/// The open pull requests of one repository with that head.
fn pulls_of(world: &World, at: RepoId, sha: git2::Oid) -> Vec<Value> {
    let side = |name: &str, sha: git2::Oid, repo: RepoId| json!({"ref": name, "sha": sha.to_string(), "repo": {"id": world.repo(repo).id, "url": base(world, repo), "name": world.repo(repo).name}});
    world
        .repo(at)
        .pulls
        .values()
        .filter(|pull| pull.open && pull.head_sha == sha && pull.head_repo == Some(at))
        .map(|pull| {
            json!({
                "id": pull.id, "number": pull.number, "url": format!("{}/pulls/{}", base(world, at), pull.number),
                "head": side(&pull.head, pull.head_sha, at), "base": side(&pull.base, pull.base_sha, at),
            })
        })
        .collect()
}

/// A workflow.
pub fn workflow(world: &World, at: RepoId, workflow: &Workflow) -> Value {
    let (api, page) = (base(world, at), page(world, at));
    let file = workflow.path.rsplit('/').next().unwrap_or_default();
    json!({
        "id": workflow.id, "node_id": node("W", workflow.id), "name": workflow.name, "path": workflow.path, "state": workflow.state,
        "created_at": stamp(workflow.at), "updated_at": stamp(workflow.at), "url": format!("{api}/actions/workflows/{}", workflow.id),
        "html_url": format!("{page}/blob/{}/{}", world.repo(at).default_branch, workflow.path),
        "badge_url": format!("{page}/actions/workflows/{file}/badge.svg"),
    })
}

/// A workflow run.
pub fn run(world: &World, at: RepoId, run: &Run) -> Value {
    let (api, page) = (base(world, at), page(world, at));
    let url = format!("{api}/actions/runs/{}", run.id);
    let here = world.repo(at);
    let path = match world.switches.run_path_with_ref {
        true => format!("{}@{}", run.path, run.head_branch),
        false => run.path.clone(),
    };
    let name = here
        .workflows
        .iter()
        .find(|one| one.id == run.workflow)
        .map(|one| one.name.clone());
    let head = here.store.info(run.head_sha).map_or(Value::Null, |commit| {
        let person = |person: &super::super::store::Person| json!({"name": person.name, "email": person.email});
        json!({
            "id": run.head_sha.to_string(), "tree_id": commit.tree.to_string(), "message": commit.message,
            "timestamp": stamp(commit.committer.at), "author": person(&commit.author), "committer": person(&commit.committer),
        })
    });
    json!({
        "id": run.id, "name": name, "node_id": node("WFR", run.id), "check_suite_id": run.id, "check_suite_node_id": node("CS", run.id),
        "head_branch": run.head_branch, "head_sha": run.head_sha.to_string(), "path": path, "run_number": run.number,
        "run_attempt": run.attempt, "referenced_workflows": [], "event": run.event, "display_title": run.title, "status": run.status,
        "conclusion": run.conclusion, "workflow_id": run.workflow, "url": url, "html_url": format!("{page}/actions/runs/{}", run.id),
        "pull_requests": [], "created_at": stamp(run.created_at), "updated_at": stamp(run.updated_at),
        "actor": user(world, run.actor), "triggering_actor": user(world, run.triggering_actor), "run_started_at": stamp(run.created_at),
        "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"), "check_suite_url": format!("{api}/check-suites/{}", run.id),
        "artifacts_url": format!("{url}/artifacts"), "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"),
        "previous_attempt_url": null, "workflow_url": format!("{api}/actions/workflows/{}", run.workflow), "head_commit": head,
        "repository": repo_short(world, at), "head_repository": repo_short(world, run.head_repo),
    })
}

/// A deployment.
pub fn deployment(world: &World, at: RepoId, one: &Deployment) -> Value {
    let api = base(world, at);
    json!({
        "url": format!("{api}/deployments/{}", one.id), "id": one.id, "node_id": node("DE", one.id), "sha": one.sha.to_string(),
        "ref": one.name, "task": one.task, "payload": one.payload, "original_environment": one.environment,
        "environment": one.environment, "description": one.description, "creator": user(world, one.creator),
        "created_at": stamp(one.at), "updated_at": stamp(one.statuses.last().map_or(one.at, |status| status.at)),
        "statuses_url": format!("{api}/deployments/{}/statuses", one.id), "repository_url": api, "transient_environment": false,
        "production_environment": false, "performed_via_github_app": app(world, one.app),
    })
}

/// A deployment's status.
pub fn deployment_status(
    world: &World,
    at: RepoId,
    of: &Deployment,
    one: &DeploymentStatus,
) -> Value {
    let api = base(world, at);
    json!({
        "url": format!("{api}/deployments/{}/statuses/{}", of.id, one.id), "id": one.id, "node_id": node("DES", one.id),
        "state": one.state, "creator": user(world, one.creator), "description": one.description, "environment": of.environment,
        "target_url": one.log_url, "created_at": stamp(one.at), "updated_at": stamp(one.at),
        "deployment_url": format!("{api}/deployments/{}", of.id), "repository_url": api, "environment_url": "", "log_url": one.log_url,
        "performed_via_github_app": app(world, one.app),
    })
}

/// One line of the activity log.
pub fn activity(world: &World, one: &Activity) -> Value {
    json!({
        "id": one.id, "node_id": node("PSH", one.id), "before": one.before.to_string(), "after": one.after.to_string(),
        "ref": one.name, "timestamp": stamp(one.at), "activity_type": one.kind,
        "actor": user_or_null(world, Some(one.actor).filter(|actor| *actor != GHOST)),
    })
}
