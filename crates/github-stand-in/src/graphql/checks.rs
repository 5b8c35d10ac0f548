//! Statuses, check runs, their roll-up, and deployments in the graph.

use super::super::clock::stamp;
use super::super::ids::RepoId;
use super::super::repo::{CheckRun, Deployment, Status};
use super::super::rest::checks::{combine, newest};
use super::super::view;
use super::super::world::World;
use super::people::{actor, app};
use super::value::{Args, Kind, Out, plain};
use git2::Oid;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `StatusContext`.
pub fn status_context(world: &World, at: RepoId, one: &Status) -> Kind {
    plain(
        "StatusContext",
        [
            ("id", Out::leaf(view::node("SC", one.id))),
            ("context", Out::leaf(one.context.as_str())),
            ("state", Out::leaf(one.state.to_uppercase())),
            ("description", Out::leaf(one.description.clone())),
            ("targetUrl", Out::leaf(one.target_url.clone())),
            ("createdAt", Out::leaf(stamp(one.at))),
            ("creator", actor(Some(one.creator))),
            (
                "avatarUrl",
                Out::leaf(format!("{}/avatars/u/{}", world.html, one.creator)),
            ),
            ("isRequired", Out::leaf(false)),
            ("commit", Out::One(Kind::Commit(at, one.sha))),
        ],
    )
}

/// `CheckRun`.
pub fn check_run(world: &World, at: RepoId, one: &CheckRun) -> Kind {
    let path = format!("/{}/runs/{}", world.slug(at), one.id);
    let url = format!("{}{path}", world.html);
    let text = |name: &str| Out::Leaf(one.output.get(name).cloned().unwrap_or(Value::Null));
    plain(
        "CheckRun",
        [
            ("id", Out::leaf(view::node("CR", one.id))),
            ("databaseId", Out::small(one.id)),
            ("name", Out::leaf(one.name.as_str())),
            ("status", Out::leaf(one.status.to_uppercase())),
            (
                "conclusion",
                Out::leaf(one.conclusion.as_ref().map(|word| word.to_uppercase())),
            ),
            ("startedAt", Out::leaf(stamp(one.started_at))),
            ("completedAt", Out::leaf(one.completed_at.map(stamp))),
            ("externalId", Out::leaf(one.external_id.as_str())),
            ("title", text("title")),
            ("summary", text("summary")),
            ("text", text("text")),
            ("isRequired", Out::leaf(false)),
            ("repository", Out::One(Kind::Repository(at))),
            ("checkSuite", Out::One(suite(world, at, one))),
            ("detailsUrl", Out::leaf(url.as_str())),
            ("permalink", Out::leaf(url.as_str())),
            ("url", Out::leaf(url.as_str())),
            ("resourcePath", Out::leaf(path)),
        ],
    )
}

/// `CheckSuite` of a check run: each run made through the API has one of its own here, without a workflow run.
fn suite(world: &World, at: RepoId, one: &CheckRun) -> Kind {
    let path = format!(
        "/{}/commit/{}/checks?check_suite_id={}",
        world.slug(at),
        one.sha,
        one.suite
    );
    plain(
        "CheckSuite",
        [
            ("id", Out::leaf(view::node("CS", one.suite))),
            ("databaseId", Out::small(one.suite)),
            ("app", app(world, one.app)),
            ("commit", Out::One(Kind::Commit(at, one.sha))),
            ("status", Out::leaf(one.status.to_uppercase())),
            (
                "conclusion",
                Out::leaf(one.conclusion.as_ref().map(|word| word.to_uppercase())),
            ),
            ("createdAt", Out::leaf(stamp(one.started_at))),
            (
                "updatedAt",
                Out::leaf(stamp(one.completed_at.unwrap_or(one.started_at))),
            ),
            ("creator", Out::NULL),
            ("branch", Out::NULL),
            ("repository", Out::One(Kind::Repository(at))),
            ("workflowRun", Out::NULL),
            ("url", Out::leaf(format!("{}{path}", world.html))),
            ("resourcePath", Out::leaf(path)),
        ],
    )
}

/// `checkSuites` of a commit, by App if asked.
pub fn suites(world: &World, at: RepoId, oid: Oid, args: &Args) -> Out {
    let wanted = args.get("filterBy")["appId"].as_u64();
    let checks = world.repo(at).checks.iter().filter(|one| one.sha == oid);
    let kept = checks.filter(|one| wanted.is_none_or(|app| one.app == app));
    let kinds = kept.map(|one| {
        let runs = Out::page(vec![check_run(world, at, one)]);
        match suite(world, at, one) {
            Kind::Plain(name, fields) => {
                let mut fields = (*fields).clone();
                fields.insert("checkRuns", runs);
                Kind::Plain(name, fields.into())
            }
            other => other,
        }
    });
    Out::page(kinds.collect())
}

/// `Commit.status`: null if no one has reported.
pub fn status(world: &World, at: RepoId, oid: Oid) -> Out {
    let rows = newest(world, at, oid);
    if rows.is_empty() {
        return Out::NULL;
    }
    let contexts: Vec<Kind> = rows
        .iter()
        .map(|one| status_context(world, at, one))
        .collect();
    let counts = BTreeMap::from([
        ("checkRunCount", json!(0)),
        ("statusContextCount", json!(contexts.len())),
    ]);
    Out::One(plain(
        "Status",
        [
            ("id", Out::leaf(view::node("ST", format!("{at}:{oid}")))),
            ("state", Out::leaf(combine(&rows).to_uppercase())),
            ("commit", Out::One(Kind::Commit(at, oid))),
            ("combinedContexts", Out::Page(contexts.clone(), counts)),
            ("contexts", Out::Many(contexts)),
        ],
    ))
}

/// `Status.context` among `contexts`; null if no one has reported under that name.
pub fn context(contexts: Option<&Out>, args: &Args) -> Out {
    let Some(Out::Many(all)) = contexts else {
        return Out::NULL;
    };
    let named = |one: &&Kind| {
        let Kind::Plain(_, fields) = one else {
            return false;
        };
        let name = args.text("name").unwrap_or_default();
        matches!(fields.get("context"), Some(Out::Leaf(found)) if found == name)
    };
    Out::maybe(all.iter().find(named).cloned())
}

/// `statusCheckRollup`: statuses and check runs together; null if there are none.
pub fn rollup(world: &World, at: RepoId, oid: Oid) -> Out {
    let statuses = newest(world, at, oid);
    let mut checks: Vec<&CheckRun> = Vec::new();
    for one in world
        .repo(at)
        .checks
        .iter()
        .rev()
        .filter(|one| one.sha == oid)
    {
        if !checks
            .iter()
            .any(|have| have.name == one.name && have.app == one.app)
        {
            checks.push(one);
        }
    }
    if statuses.is_empty() && checks.is_empty() {
        return Out::NULL;
    }
    let words: Vec<&str> = statuses
        .iter()
        .map(|one| one.state.as_str())
        .chain(checks.iter().map(|one| match one.conclusion.as_deref() {
            None => "pending",
            Some("success" | "neutral" | "skipped") => "success",
            Some(_) => "failure",
        }))
        .collect();
    let state = if words.contains(&"failure") || words.contains(&"error") {
        "FAILURE"
    } else if words.contains(&"pending") {
        "PENDING"
    } else {
        "SUCCESS"
    };
    let counts = BTreeMap::from([
        ("checkRunCount", json!(checks.len())),
        ("statusContextCount", json!(statuses.len())),
    ]);
    let contexts = checks
        .iter()
        .map(|one| check_run(world, at, one))
        .chain(statuses.iter().map(|one| status_context(world, at, one)))
        .collect();
    Out::One(plain(
        "StatusCheckRollup",
        [
            ("id", Out::leaf(view::node("SCR", format!("{at}:{oid}")))),
            ("state", Out::leaf(state)),
            ("commit", Out::One(Kind::Commit(at, oid))),
            ("contexts", Out::Page(contexts, counts)),
        ],
    ))
}

fn deployment(world: &World, at: RepoId, one: &Deployment) -> Kind {
    let statuses: Vec<Kind> = one
        .statuses
        .iter()
        .rev()
        .map(|status| {
            plain(
                "DeploymentStatus",
                [
                    ("id", Out::leaf(view::node("DES", status.id))),
                    ("state", Out::leaf(status.state.to_uppercase())),
                    ("description", Out::leaf(status.description.as_str())),
                    ("createdAt", Out::leaf(stamp(status.at))),
                    ("updatedAt", Out::leaf(stamp(status.at))),
                    ("creator", actor(Some(status.creator))),
                    ("environment", Out::leaf(one.environment.as_str())),
                    ("environmentUrl", Out::NULL),
                    (
                        "logUrl",
                        Out::leaf(Some(&status.log_url).filter(|url| !url.is_empty()).cloned()),
                    ),
                ],
            )
        })
        .collect();
    let state = match one.statuses.last().map(|status| status.state.as_str()) {
        None => "PENDING".to_owned(),
        Some("success") => "ACTIVE".to_owned(),
        Some(other) => other.to_uppercase(),
    };
    let latest = statuses.first().cloned();
    let named = world
        .repo(at)
        .refs
        .contains_key(&format!("refs/heads/{}", one.name));
    let branch = named.then(|| Kind::Ref(at, format!("refs/heads/{}", one.name)));
    plain(
        "Deployment",
        [
            ("id", Out::leaf(view::node("DE", one.id))),
            ("databaseId", Out::small(one.id)),
            ("commit", Out::One(Kind::Commit(at, one.sha))),
            ("commitOid", Out::leaf(one.sha.to_string())),
            ("ref", Out::maybe(branch)),
            ("creator", actor(Some(one.creator))),
            ("environment", Out::leaf(one.environment.as_str())),
            ("latestEnvironment", Out::leaf(one.environment.as_str())),
            ("originalEnvironment", Out::leaf(one.environment.as_str())),
            ("description", Out::leaf(one.description.clone())),
            ("task", Out::leaf(one.task.as_str())),
            ("payload", Out::leaf(one.payload.to_string())),
            ("state", Out::leaf(state)),
            ("createdAt", Out::leaf(stamp(one.at))),
            (
                "updatedAt",
                Out::leaf(stamp(
                    one.statuses.last().map_or(one.at, |status| status.at),
                )),
            ),
            ("repository", Out::One(Kind::Repository(at))),
            ("latestStatus", Out::maybe(latest)),
            ("statuses", Out::page(statuses)),
        ],
    )
}

/// `deployments` of a repository or a commit, oldest first unless asked otherwise.
pub fn deployments(world: &World, at: RepoId, commit: Option<Oid>, args: &Args) -> Out {
    let wanted = args.texts("environments");
    let mut rows: Vec<Kind> = world
        .repo(at)
        .deployments
        .iter()
        .filter(|one| commit.is_none_or(|oid| one.sha == oid))
        .filter(|one| {
            wanted
                .as_ref()
                .is_none_or(|names| names.contains(&one.environment))
        })
        .map(|one| deployment(world, at, one))
        .collect();
    if args.get("orderBy")["direction"] == "DESC" {
        rows.reverse();
    }
    Out::page(rows)
}
