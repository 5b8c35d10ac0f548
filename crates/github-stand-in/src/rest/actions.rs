//! Workflows, their dispatch, and runs. Nothing runs here: a test (or a person, through the scene) ends a run.

use super::super::call::Call;
use super::super::ids::{RepoId, UserId};
use super::super::reply::{Answer, Outcome, Refusal};
use super::super::repo::{Run, Workflow};
use super::super::runs::{self, Started, Trigger};
use super::super::view;
use super::super::world::World;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use serde_yaml::Value as Yaml;

/// `GET actions/workflows`.
pub fn workflows(world: &mut World, call: &Call) -> Outcome {
    let repo = world.repo(call.repo);
    let rows = repo
        .workflows
        .iter()
        .map(|one| view::run::workflow(world, call.repo, one))
        .collect();
    Answer::wrapped("workflows", rows)
}

/// A workflow by number or file name.
fn find<'w>(world: &'w World, at: RepoId, key: &str) -> Result<&'w Workflow, Refusal> {
    world
        .repo(at)
        .workflows
        .iter()
        .find(|one| {
            one.id.to_string() == key || one.path == key || one.path.rsplit('/').next() == Some(key)
        })
        .ok_or_else(Refusal::not_found)
}

/// `GET actions/workflows/{id or file}`.
pub fn workflow(world: &mut World, call: &Call) -> Outcome {
    let found = find(world, call.repo, call.param("workflow"))?;
    Answer::ok(view::run::workflow(world, call.repo, found))
}

/// `GET actions/permissions/workflow`: for admins; says whether `GITHUB_TOKEN` may open and approve pull requests.
pub fn permissions(world: &mut World, call: &Call) -> Outcome {
    let may = world.repo(call.repo).settings.actions_may_create_pulls;
    Answer::ok(
        json!({"default_workflow_permissions": "read", "can_approve_pull_request_reviews": may}),
    )
}

/// The beginning of a range of times that is open at its end, the only one that is modelled.
fn since(range: &str) -> Result<Timestamp, Refusal> {
    let at = range.strip_prefix(">=").and_then(|at| at.parse().ok());
    at.ok_or_else(|| Refusal::unprocessable(format!("the range {range} is not modelled")))
}

/// `GET actions/runs` and `GET actions/workflows/{id}/runs`: newest first.
pub fn runs(world: &mut World, call: &Call) -> Outcome {
    let mut missed = Vec::new();
    let only = match call.param("workflow") {
        "" => None,
        key => Some(find(world, call.repo, key)?.id),
    };
    let since = match call.query("created") {
        None => None,
        Some(range) => Some(since(range)?),
    };
    for run in &mut world.repo_mut(call.repo).runs {
        if run.unlisted > 0 {
            run.unlisted -= 1;
            missed.push(run.id);
        }
    }
    let rows = world
        .repo(call.repo)
        .runs
        .iter()
        .rev()
        .filter(|run| !missed.contains(&run.id))
        .filter(|run| since.is_none_or(|since| run.created_at >= since))
        .filter(|run| only.is_none_or(|id| run.workflow == id))
        .filter(|run| call.query("event").is_none_or(|event| run.event == event))
        .filter(|run| {
            call.query("branch")
                .is_none_or(|branch| run.head_branch == branch)
        })
        .filter(|run| {
            call.query("head_sha")
                .is_none_or(|sha| run.head_sha.to_string() == sha)
        })
        .filter(|run| {
            call.query("actor")
                .is_none_or(|login| world.user(run.actor).login.eq_ignore_ascii_case(login))
        })
        .filter(|run| {
            call.query("status")
                .is_none_or(|word| run.status == word || run.conclusion.as_deref() == Some(word))
        })
        .map(|run| view::run::run(world, call.repo, run))
        .collect();
    Answer::wrapped("workflow_runs", rows)
}

/// `GET actions/runs/{id}`.
pub fn run(world: &mut World, call: &Call) -> Outcome {
    let id = call.number("id")?;
    let found = world.repo(call.repo).runs.iter().find(|run| run.id == id);
    Answer::ok(view::run::run(
        world,
        call.repo,
        found.ok_or_else(Refusal::not_found)?,
    ))
}

/// `POST actions/workflows/{id}/dispatches`.
pub fn dispatch(world: &mut World, call: &Call) -> Outcome {
    let workflow = find(world, call.repo, call.param("workflow"))?.clone();
    let name = call.need("Workflow", "ref")?.to_owned();
    let details = call.body.get("return_run_details");
    if details.is_some() && !world.switches.run_details {
        return Err(Refusal::unprocessable(
            "Invalid request.\n\n\"return_run_details\" is not a permitted key.",
        ));
    }
    let repo = world.repo(call.repo);
    let short = name
        .trim_start_matches("refs/heads/")
        .trim_start_matches("refs/tags/")
        .to_owned();
    let known = ["refs/heads/", "refs/tags/"]
        .iter()
        .find_map(|prefix| repo.refs.get(&format!("{prefix}{short}")));
    let sha = known
        .and_then(|oid| repo.store.peel(*oid))
        .ok_or_else(|| Refusal::unprocessable(format!("No ref found for: {name}")))?;
    let text = repo
        .store
        .info(sha)
        .and_then(|commit| repo.store.at(commit.tree, &workflow.path))
        .and_then(|entry| repo.store.bytes(entry.oid));
    if workflow.state != "active" {
        return Err(Refusal::unprocessable(
            "Cannot trigger a 'workflow_dispatch' on a disabled workflow",
        ));
    }
    let event = "workflow_dispatch";
    let found = text.as_deref().and_then(|text| runs::trigger(text, event));
    let Some(Trigger { block, run_name }) = found else {
        return Err(Refusal::unprocessable(
            "Workflow does not have 'workflow_dispatch' trigger",
        ));
    };
    let inputs = inputs(&block, call.body["inputs"].as_object())?;
    let actor = call.actor()?;
    let title = run_name.map_or_else(|| workflow.name.clone(), |name| runs::title(&name, &inputs));
    let started = Started {
        event,
        branch: short,
        sha,
        head_repo: call.repo,
        title,
        inputs: Value::Object(inputs),
        actor,
        waits: false,
    };
    let id = runs::add(world, call.repo, &workflow, started);
    if details.and_then(Value::as_bool) == Some(true) {
        let (api, page) = (view::base(world, call.repo), view::page(world, call.repo));
        return Answer::ok(json!({
            "workflow_run_id": id, "run_url": format!("{api}/actions/runs/{id}"), "html_url": format!("{page}/actions/runs/{id}"),
        }));
    }
    Answer::empty()
}

/// A run that some event started on a branch. Panics if the workflow or branch is not there: only tests call this.
pub fn start(
    world: &mut World,
    at: RepoId,
    workflow: &str,
    event: &'static str,
    branch: &str,
    actor: UserId,
) -> u64 {
    let workflow = find(world, at, workflow).unwrap().clone();
    let sha = world.repo(at).branch(branch).unwrap();
    let started = Started {
        event,
        branch: branch.to_owned(),
        sha,
        head_repo: at,
        title: workflow.name.clone(),
        inputs: Value::Null,
        actor,
        waits: false,
    };
    runs::add(world, at, &workflow, started)
}

/// The inputs of a run: what was given, filled up with the defaults of the file; refuses what the file does not name.
fn inputs(block: &Yaml, given: Option<&Map<String, Value>>) -> Result<Map<String, Value>, Refusal> {
    let empty = Map::new();
    let given = given.unwrap_or(&empty);
    let declared = block
        .get("inputs")
        .and_then(Yaml::as_mapping)
        .cloned()
        .unwrap_or_default();
    if given.len() > 25 {
        return Err(Refusal::unprocessable(
            "Invalid request.\n\nNo more than 25 properties are allowed; 26 were supplied.",
        ));
    }
    let unknown: Vec<&String> = given
        .keys()
        .filter(|key| declared.get(key.as_str()).is_none())
        .collect();
    if !unknown.is_empty() {
        return Err(Refusal::unprocessable(format!(
            "Unexpected inputs provided: {unknown:?}"
        )));
    }
    let mut all = Map::new();
    for (key, about) in &declared {
        let Some(key) = key.as_str() else { continue };
        let value = given.get(key).cloned().or_else(|| {
            about
                .get("default")
                .and_then(|value| serde_json::to_value(value).ok())
        });
        match value {
            Some(value) => {
                check_value(key, about, &value)?;
                all.insert(key.to_owned(), value);
            }
            None if about.get("required").and_then(Yaml::as_bool) == Some(true) => {
                return Err(Refusal::unprocessable(format!(
                    "Required input '{key}' not provided"
                )));
            }
            None => {}
        }
    }
    Ok(all)
}

/// A choice takes one of its options, and a boolean `true` or `false`.
fn check_value(key: &str, about: &Yaml, value: &Value) -> Result<(), Refusal> {
    let given = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let taken = match about.get("type").and_then(Yaml::as_str) {
        Some("choice") => {
            let options = about.get("options").and_then(Yaml::as_sequence);
            let mut options = options.into_iter().flatten().filter_map(Yaml::as_str);
            options.any(|option| option == given)
        }
        Some("boolean") => ["true", "false"].contains(&given.as_str()),
        _ => true,
    };
    match taken {
        true => Ok(()),
        false => Err(Refusal::unprocessable(format!(
            "Provided value '{given}' for input '{key}' not in the list of allowed values"
        ))),
    }
}

/// `POST dispatches`: starts the workflows of the default branch that wait for events of this type.
pub fn repository_dispatch(world: &mut World, call: &Call) -> Outcome {
    let kind = call.need("RepositoryDispatch", "event_type")?;
    runs::on_repository_dispatch(world, call.by(), call.repo, kind);
    Answer::empty()
}

fn change(world: &mut World, call: &Call, to: impl FnOnce(&mut Run)) -> Result<(), Refusal> {
    let id = call.number("id")?;
    let now = world.now();
    let found = world
        .repo_mut(call.repo)
        .runs
        .iter_mut()
        .find(|run| run.id == id);
    let run = found.ok_or_else(Refusal::not_found)?;
    to(run);
    run.updated_at = now;
    Ok(())
}

/// `POST actions/runs/{id}/rerun`: a new attempt with the same actor and the caller as triggering actor.
pub fn rerun(world: &mut World, call: &Call) -> Outcome {
    let actor = call.actor()?;
    change(world, call, |run| {
        run.attempt += 1;
        run.triggering_actor = actor;
        "queued".clone_into(&mut run.status);
        run.conclusion = None;
    })?;
    Answer::created(json!({}))
}

/// `POST actions/runs/{id}/cancel`.
pub fn cancel(world: &mut World, call: &Call) -> Outcome {
    change(world, call, |run| {
        "completed".clone_into(&mut run.status);
        run.conclusion = Some("cancelled".to_owned());
    })?;
    Ok(Answer {
        status: 202,
        body: super::super::reply::Body::Json(json!({})),
    })
}
