//! Which workflow runs an event starts, and how a run is recorded. Nothing runs here: a run stays as it is until a test
//! ends it.
//!
//! What the token of a workflow (`GITHUB_TOKEN`) causes starts no run, except `workflow_dispatch` and `repository_dispatch`. A pull request
//! that it opens, pushes to or reopens gets runs that wait for a person: completed at once, with the conclusion `action_required`.

use super::ids::{ACTIONS_APP, RepoId, UserId};
use super::pull::{Pull, What};
use super::repo::{Run, Workflow};
use super::rules;
use super::session::By;
use super::world::World;
use git2::Oid;
use globset::GlobBuilder;
use serde_json::{Map, Value};
use serde_yaml::Value as Yaml;

/// How a run came about.
pub struct Started {
    /// The event.
    pub event: &'static str,
    /// Branch it runs on.
    pub branch: String,
    /// Commit it runs on.
    pub sha: Oid,
    /// The repository of that commit.
    pub head_repo: RepoId,
    /// The title people see.
    pub title: String,
    /// The inputs of its dispatch.
    pub inputs: Value,
    /// Who started it.
    pub actor: UserId,
    /// A person has to approve it first.
    pub waits: bool,
}

/// Records a run of a workflow; gives its number.
pub fn add(world: &mut World, at: RepoId, workflow: &Workflow, how: Started) -> u64 {
    let (id, now) = (world.next_id(), world.now());
    let unlisted = world.switches.runs_listed_after;
    let runs = &mut world.repo_mut(at).runs;
    let earlier = runs.iter().filter(|run| run.workflow == workflow.id);
    let number = earlier.count() as u64 + 1;
    let status = if how.waits { "completed" } else { "queued" };
    runs.push(Run {
        id,
        workflow: workflow.id,
        path: workflow.path.clone(),
        number,
        attempt: 1,
        event: how.event.to_owned(),
        head_branch: how.branch,
        head_sha: how.sha,
        head_repo: how.head_repo,
        title: how.title,
        status: status.to_owned(),
        conclusion: how.waits.then(|| "action_required".to_owned()),
        actor: how.actor,
        triggering_actor: how.actor,
        inputs: how.inputs,
        unlisted,
        created_at: now,
        updated_at: now,
    });
    id
}

/// The workflow of a file, noted as one of the repository's when it is first seen.
pub fn register(world: &mut World, at: RepoId, path: &str, blob: Oid) -> Workflow {
    let known = world.repo(at).workflows.iter().find(|w| w.path == path);
    if let Some(known) = known {
        return known.clone();
    }
    let text = world.repo(at).store.bytes(blob).unwrap_or_default();
    let name = serde_yaml::from_slice::<Yaml>(&text)
        .ok()
        .and_then(|yaml| yaml.get("name")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| path.to_owned());
    let workflow = Workflow {
        id: world.next_small_id(),
        path: path.to_owned(),
        name,
        state: "active".to_owned(),
        at: world.now(),
    };
    world.repo_mut(at).workflows.push(workflow.clone());
    workflow
}

/// A trigger of a workflow file.
pub struct Trigger {
    /// The block under its name; null if there is none.
    pub block: Yaml,
    /// `run-name`, if the file has one.
    pub run_name: Option<String>,
}

/// The trigger with that name in the text of a workflow file; None if it has no such trigger.
pub fn trigger(text: &[u8], name: &str) -> Option<Trigger> {
    let yaml: Yaml = serde_yaml::from_slice(text).ok()?;
    let run_name = yaml
        .get("run-name")
        .and_then(Yaml::as_str)
        .map(str::to_owned);
    // YAML 1.1 readers take the key `on` for a boolean.
    let on = yaml
        .get("on")
        .or_else(|| yaml.as_mapping()?.get(Yaml::Bool(true)))?
        .clone();
    let block = match &on {
        Yaml::String(word) if word == name => Yaml::Null,
        Yaml::Sequence(words) if words.iter().any(|word| word.as_str() == Some(name)) => Yaml::Null,
        Yaml::Mapping(map) => map.get(name)?.clone(),
        _ => return None,
    };
    Some(Trigger { block, run_name })
}

/// Fills `${{ inputs.x }}` and `${{ github.event.inputs.x }}` of a `run-name`; other expressions stay as they are.
pub fn title(pattern: &str, inputs: &Map<String, Value>) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(start) = rest.find("${{") {
        let Some(end) = rest[start..].find("}}") else {
            break;
        };
        text.push_str(&rest[..start]);
        let inner = rest[start + 3..start + end].trim();
        let key = inner
            .strip_prefix("github.event.")
            .unwrap_or(inner)
            .strip_prefix("inputs.");
        match key.and_then(|key| inputs.get(key)) {
            Some(Value::String(value)) => text.push_str(value),
            Some(value) => text.push_str(&value.to_string()),
            None => text.push_str(&rest[start..start + end + 2]),
        }
        rest = &rest[start + end + 2..];
    }
    text + rest
}

/// Something that may start runs.
struct Event {
    name: &'static str,
    /// The activity type: `opened`, `labeled`, …; None if the event has none.
    activity: Option<String>,
    /// The ref that filters use: what was pushed, or the base of a pull request.
    filtered: String,
    /// The tree whose workflow files are read.
    tree: Oid,
    branch: String,
    sha: Oid,
    head_repo: RepoId,
    title: String,
}

/// Starts a run of every workflow that an event triggers.
fn fire(world: &mut World, at: RepoId, by: By, event: &Event) {
    let by_token = by.app == Some(ACTIONS_APP);
    let waits = by_token
        && event.name == "pull_request"
        && matches!(
            event.activity.as_deref(),
            Some("opened" | "synchronize" | "reopened")
        );
    // Actions are off in a fork until its owner switches them on.
    if world.repo(at).fork_of.is_some()
        || (by_token && !waits && event.name != "repository_dispatch")
    {
        return;
    }
    for (path, blob) in rules::workflow_files_of(world.repo(at), event.tree) {
        let text = world.repo(at).store.bytes(blob).unwrap_or_default();
        let Some(trigger) = trigger(&text, event.name) else {
            continue;
        };
        if !wants(&trigger.block, event) {
            continue;
        }
        let workflow = register(world, at, &path, blob);
        if workflow.state != "active" {
            continue;
        }
        let started = Started {
            event: event.name,
            branch: event.branch.clone(),
            sha: event.sha,
            head_repo: event.head_repo,
            title: trigger
                .run_name
                .map_or_else(|| event.title.clone(), |name| title(&name, &Map::new())),
            inputs: Value::Null,
            actor: by.actor,
            waits,
        };
        add(world, at, &workflow, started);
    }
}

/// A list of words, or a single one.
fn words(block: &Yaml, key: &str) -> Option<Vec<String>> {
    match block.get(key)? {
        Yaml::String(word) => Some(vec![word.clone()]),
        Yaml::Sequence(all) => {
            let texts = all.iter().filter_map(Yaml::as_str);
            Some(texts.map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// Whether the last of these patterns that fits lets a name in; one that begins with `!` keeps it out.
fn lets_in(patterns: &[String], name: &str) -> bool {
    let fits = |pattern: &str| {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(name))
    };
    patterns
        .iter()
        .fold(false, |so_far, pattern| match pattern.strip_prefix('!') {
            Some(not) => so_far && !fits(not),
            None => so_far || fits(pattern),
        })
}

/// Whether a trigger's activity types and filters let an event in.
fn wants(block: &Yaml, event: &Event) -> bool {
    if let Some(activity) = &event.activity {
        let types = words(block, "types");
        let asked = match (&types, event.name) {
            (Some(types), _) => types.contains(activity),
            (None, "pull_request") => {
                ["opened", "synchronize", "reopened"].contains(&activity.as_str())
            }
            (None, _) => true,
        };
        if !asked {
            return false;
        }
    }
    let tag = event.filtered.strip_prefix("refs/tags/");
    let name = tag.unwrap_or_else(|| event.filtered.trim_start_matches("refs/heads/"));
    let [own, other] = match tag {
        Some(_) => [["tags", "tags-ignore"], ["branches", "branches-ignore"]],
        None => [["branches", "branches-ignore"], ["tags", "tags-ignore"]],
    };
    match own.map(|key| words(block, key)) {
        [Some(only), _] => lets_in(&only, name),
        [None, Some(but)] => !lets_in(&but, name),
        // A workflow that filters tags alone starts for no branches, and the other way round.
        [None, None] => other.iter().all(|key| block.get(key).is_none()),
    }
}

fn headline(world: &World, at: RepoId, oid: Oid) -> String {
    let info = world.repo(at).store.info(oid);
    let line = info.and_then(|commit| commit.message.lines().next().map(str::to_owned));
    line.unwrap_or_default()
}

/// A ref was created or moved by a push or a merge.
pub fn on_push(world: &mut World, by: By, at: RepoId, name: &str, to: Oid) {
    let Some(commit) = world.repo(at).store.peel(to) else {
        return;
    };
    let Some(info) = world.repo(at).store.info(commit) else {
        return;
    };
    if rules::workflow_files_of(world.repo(at), info.tree).is_empty() {
        return;
    }
    let short = ["refs/heads/", "refs/tags/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    let Some(short) = short else { return };
    let event = Event {
        name: "push",
        activity: None,
        filtered: name.to_owned(),
        tree: info.tree,
        branch: short.to_owned(),
        sha: commit,
        head_repo: at,
        title: headline(world, at, commit),
    };
    fire(world, at, by, &event);
}

/// The merge queue asks for checks of a group: of the workflows of the default branch.
pub fn on_merge_group(world: &mut World, by: By, at: RepoId, branch: &str, group: Oid, base: &str) {
    let here = world.repo(at);
    let tip = here.branch(&here.default_branch);
    let Some(info) = tip.and_then(|tip| here.store.info(tip)) else {
        return;
    };
    let event = Event {
        name: "merge_group",
        activity: Some("checks_requested".to_owned()),
        filtered: format!("refs/heads/{base}"),
        tree: info.tree,
        branch: branch.trim_start_matches("refs/heads/").to_owned(),
        sha: group,
        head_repo: at,
        title: headline(world, at, group),
    };
    fire(world, at, by, &event);
}

/// Someone dispatched an event of that type.
pub fn on_repository_dispatch(world: &mut World, by: By, at: RepoId, kind: &str) {
    let here = world.repo(at);
    let branch = here.default_branch.clone();
    let Some(info) = here.branch(&branch).and_then(|tip| here.store.info(tip)) else {
        return;
    };
    let event = Event {
        name: "repository_dispatch",
        activity: Some(kind.to_owned()),
        filtered: format!("refs/heads/{branch}"),
        tree: info.tree,
        branch,
        sha: info.oid,
        head_repo: at,
        title: kind.to_owned(),
    };
    fire(world, at, by, &event);
}

/// What a test merge holds: the one that is known for this head, else one into the base as the pull request last knew it. None on conflict,
/// and if neither side has any workflow file.
fn merged_tree(world: &World, at: RepoId, pull: &Pull) -> Option<Oid> {
    let store = &world.repo(at).store;
    let tree = |oid: Oid| store.info(oid).map(|commit| commit.tree);
    let has_files = |oid: Oid| {
        tree(oid).is_some_and(|tree| !rules::workflow_files_of(world.repo(at), tree).is_empty())
    };
    if !has_files(pull.head_sha) && !has_files(pull.base_sha) {
        return None;
    }
    match pull.test.filter(|test| test.head == pull.head_sha) {
        Some(known) => known.commit.and_then(tree),
        None => store.merge(pull.base_sha, pull.head_sha),
    }
}

/// Something happened to a pull request; the workflow files are those of its test merge.
pub fn on_pull(
    world: &mut World,
    by: By,
    at: RepoId,
    number: u64,
    name: &'static str,
    activity: &str,
) {
    let Some(pull) = world.repo(at).pulls.get(&number) else {
        return;
    };
    let Some(tree) = merged_tree(world, at, pull) else {
        return;
    };
    let event = Event {
        name,
        activity: Some(activity.to_owned()),
        filtered: format!("refs/heads/{}", pull.base),
        tree,
        branch: pull.head.clone(),
        sha: pull.head_sha,
        head_repo: pull.head_repo.unwrap_or(at),
        title: pull.title.clone(),
    };
    fire(world, at, by, &event);
}

/// The event and activity type of what was noted about a pull request; None for what starts nothing.
pub fn activity(what: &What) -> Option<(&'static str, &'static str)> {
    let activity = match what {
        What::Labeled(..) => "labeled",
        What::Unlabeled(..) => "unlabeled",
        What::Closed => "closed",
        What::Reopened => "reopened",
        What::BaseChanged(..) | What::Renamed(..) => "edited",
        What::ReviewRequested(_) => "review_requested",
        What::ReviewRequestRemoved(_) => "review_request_removed",
        What::Ready => "ready_for_review",
        What::Draft => "converted_to_draft",
        What::AutoMergeOn => "auto_merge_enabled",
        What::AutoMergeOff => "auto_merge_disabled",
        What::Enqueued => "enqueued",
        What::Dequeued { .. } => "dequeued",
        What::ReviewDismissed(..) => return Some(("pull_request_review", "dismissed")),
        What::Merged(_)
        | What::HeadForcePushed(..)
        | What::BaseForcePushed(..)
        | What::HeadDeleted
        | What::HeadRestored
        | What::BaseDeleted(_) => return None,
    };
    Some(("pull_request", activity))
}
