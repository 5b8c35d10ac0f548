//! Mutations. Each holds the caller to the permission of its REST counterpart and lets the same code do the work.

use super::super::access::{Need, check};
use super::super::call::{Call, read_oid};
use super::super::ids::RepoId;
use super::super::pull::What;
use super::super::reply::Refusal;
use super::super::rest::{issues, pulls, reviews};
use super::super::session::{By, Level, Role};
use super::super::store::Edit;
use super::super::world::World;
use super::super::{merge, pull_events, queue, ref_moves, refs, signature, view};
use super::query::{need_id, need_pull};
use super::value::{Args, Ctx, Found, Kind, Out, plain, unmodelled};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use git2::Oid;
use serde_json::{Value, json};
use std::mem::take;

const PUSH: &[(&str, Level)] = &[("contents", Level::Write)];
const PULL: &[(&str, Level)] = &[("pull_requests", Level::Write)];
const LABEL: &[(&str, Level)] = &[("issues", Level::Write), ("pull_requests", Level::Write)];

fn may(
    world: &World,
    ctx: &Ctx<'_>,
    at: RepoId,
    any: &'static [(&'static str, Level)],
    role: Role,
) -> Result<(), Refusal> {
    check(world, ctx.session, at, Need { any, role })
}

/// A call without the wire, for code that REST shares.
fn call(ctx: &Ctx<'_>, at: RepoId) -> Call {
    Call {
        session: ctx.session.clone(),
        repo: at,
        ..Call::default()
    }
}

fn text(input: &Value, name: &str) -> String {
    input[name].as_str().unwrap_or_default().to_owned()
}

fn maybe(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(str::to_owned)
}

fn repo(world: &World, id: &str) -> Result<RepoId, Refusal> {
    match need_id(world, id)? {
        Kind::Repository(at) => Ok(at),
        _ => Err(Refusal {
            message: format!("Could not resolve to a Repository with the global id of '{id}'"),
            ..Refusal::not_found()
        }),
    }
}

fn stale(message: String) -> Refusal {
    Refusal {
        kind: "STALE_DATA",
        ..Refusal::unprocessable(message)
    }
}

/// `Mutation`. The clock moved once for the whole request.
pub fn root(ctx: &Ctx<'_>, field: &str, args: &Args) -> Found {
    let input = args.get("input");
    let mut guard = ctx.world();
    let world = &mut **guard;
    let client = (
        "clientMutationId",
        Out::Leaf(input["clientMutationId"].clone()),
    );
    let payload = |name: &'static str, fields: Vec<(&'static str, Out)>| {
        let mut all = std::collections::BTreeMap::from([client.clone()]);
        all.extend(fields);
        Out::One(Kind::Plain(name, all.into()))
    };
    Ok(match field {
        "createCommitOnBranch" => {
            let (at, name, oid) = commit_on_branch(world, ctx, input)?;
            payload(
                "CreateCommitOnBranchPayload",
                vec![
                    ("commit", Out::One(Kind::Commit(at, oid))),
                    ("ref", Out::One(Kind::Ref(at, name))),
                ],
            )
        }
        "createRef" => {
            let at = repo(world, &text(input, "repositoryId"))?;
            may(world, ctx, at, PUSH, Role::Write)?;
            let name = text(input, "name");
            let oid = read_oid(&text(input, "oid"))
                .ok_or_else(|| Refusal::unprocessable("Object does not exist"))?;
            refs::create(world, ctx.session, at, &name, oid).map_err(|refusal| {
                match refusal.message.as_str() {
                    "Reference already exists" => Refusal::unprocessable(format!(
                        "A ref named \"{name}\" already exists in the repository."
                    )),
                    _ => refusal,
                }
            })?;
            payload(
                "CreateRefPayload",
                vec![("ref", Out::One(Kind::Ref(at, name)))],
            )
        }
        "updateRef" => {
            let Kind::Ref(at, name) = need_id(world, &text(input, "refId"))? else {
                return Err(Refusal::not_found());
            };
            may(world, ctx, at, PUSH, Role::Write)?;
            let oid = read_oid(&text(input, "oid"))
                .ok_or_else(|| Refusal::unprocessable("Object does not exist"))?;
            refs::update(world, ctx.session, at, &name, oid, input["force"] == true)?;
            payload(
                "UpdateRefPayload",
                vec![("ref", Out::One(Kind::Ref(at, name)))],
            )
        }
        "deleteRef" => {
            let Kind::Ref(at, name) = need_id(world, &text(input, "refId"))? else {
                return Err(Refusal::not_found());
            };
            may(world, ctx, at, PUSH, Role::Write)?;
            refs::delete(world, ctx.session, at, &name)?;
            payload("DeleteRefPayload", Vec::new())
        }
        "updateRefs" => {
            let at = repo(world, &text(input, "repositoryId"))?;
            may(world, ctx, at, PUSH, Role::Write)?;
            update_refs(
                world,
                ctx,
                at,
                input["refUpdates"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default(),
            )?;
            payload("UpdateRefsPayload", Vec::new())
        }
        "enqueuePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let entry = queue::enqueue(
                world,
                ctx.session,
                at,
                number,
                input["expectedHeadOid"].as_str(),
            )?;
            payload(
                "EnqueuePullRequestPayload",
                vec![(
                    "mergeQueueEntry",
                    Out::One(super::merge_queue::queue_entry(world, at, &entry)),
                )],
            )
        }
        "dequeuePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "id"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let entry = world
                .repo(at)
                .queue
                .iter()
                .find(|entry| entry.pull == number)
                .cloned();
            let missing = || Refusal::unprocessable("Pull request is not in the queue");
            let shown = super::merge_queue::queue_entry(world, at, &entry.ok_or_else(missing)?);
            ref_moves::leave(world, at, number, By::of(ctx.session), "manual");
            payload(
                "DequeuePullRequestPayload",
                vec![("mergeQueueEntry", Out::One(shown))],
            )
        }
        "mergePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PUSH, Role::Write)?;
            let request = merge::Request {
                sha: maybe(input, "expectedHeadOid"),
                method: maybe(input, "mergeMethod").map(|method| method.to_lowercase()),
                title: maybe(input, "commitHeadline"),
                message: maybe(input, "commitBody"),
            };
            merge::merge(world, ctx.session, at, number, &request)?;
            payload(
                "MergePullRequestPayload",
                vec![
                    ("pullRequest", Out::One(Kind::Pull(at, number))),
                    ("actor", super::people::actor(ctx.session.actor())),
                ],
            )
        }
        "enablePullRequestAutoMerge" | "disablePullRequestAutoMerge" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let method = field.starts_with("enable").then(|| {
                maybe(input, "mergeMethod")
                    .unwrap_or_else(|| "merge".to_owned())
                    .to_lowercase()
            });
            merge::set_auto_merge(world, ctx.session, at, number, method)?;
            let name = if field.starts_with("enable") {
                "EnablePullRequestAutoMergePayload"
            } else {
                "DisablePullRequestAutoMergePayload"
            };
            payload(
                name,
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "convertPullRequestToDraft" | "markPullRequestReadyForReview" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let draft = field == "convertPullRequestToDraft";
            if let Some(pull) = world.repo_mut(at).pulls.get_mut(&number) {
                pull.draft = draft;
            }
            let what = if draft { What::Draft } else { What::Ready };
            pull_events::record(world, at, number, By::of(ctx.session), what);
            let name = if draft {
                "ConvertPullRequestToDraftPayload"
            } else {
                "MarkPullRequestReadyForReviewPayload"
            };
            payload(
                name,
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "createPullRequest" => {
            let at = repo(world, &text(input, "repositoryId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            let call = call(ctx, at);
            pulls::check_setting(world, &call)?;
            let new = pulls::New {
                title: text(input, "title"),
                body: maybe(input, "body"),
                head: text(input, "headRefName"),
                base: text(input, "baseRefName"),
                draft: input["draft"] == true,
            };
            let number = pulls::open(world, &call, new)?;
            payload(
                "CreatePullRequestPayload",
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "addPullRequestReview" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            let (event, body) = (text(input, "event"), text(input, "body"));
            let id = reviews::give(
                world,
                &call(ctx, at),
                number,
                &event,
                &body,
                input["commitOID"].as_str(),
            )?;
            payload(
                "AddPullRequestReviewPayload",
                vec![("pullRequestReview", Out::One(Kind::Review(at, number, id)))],
            )
        }
        "addLabelsToLabelable" | "removeLabelsFromLabelable" => {
            let (at, number) = need_pull(world, &text(input, "labelableId"))?;
            may(world, ctx, at, LABEL, Role::Triage)?;
            let ids: Vec<&str> = input["labelIds"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let node = |id: u64| view::node("LA", id);
            let names: Vec<String> = world
                .repo(at)
                .labels
                .iter()
                .filter(|label| ids.contains(&node(label.id).as_str()))
                .map(|label| label.name.clone())
                .collect();
            if names.len() < ids.len() {
                return Err(Refusal {
                    message: "Could not resolve to a node with the global id of a label".to_owned(),
                    ..Refusal::not_found()
                });
            }
            if field.starts_with("add") {
                issues::put_on(world, &call(ctx, at), number, &names)?;
                payload(
                    "AddLabelsToLabelablePayload",
                    vec![("labelable", Out::One(Kind::Pull(at, number)))],
                )
            } else {
                for name in names {
                    issues::take_off(world, &call(ctx, at), number, &name);
                }
                payload(
                    "RemoveLabelsFromLabelablePayload",
                    vec![("labelable", Out::One(Kind::Pull(at, number)))],
                )
            }
        }
        "addComment" => {
            let (at, number) = need_pull(world, &text(input, "subjectId"))?;
            may(world, ctx, at, LABEL, Role::Read)?;
            let comment = issues::write(world, &call(ctx, at), number, &text(input, "body"))?;
            let node = super::pull_parts::comment_of(world, ctx, at, number, &comment);
            payload(
                "AddCommentPayload",
                vec![(
                    "commentEdge",
                    Out::One(plain(
                        "IssueCommentEdge",
                        [("node", Out::One(node)), ("cursor", Out::leaf(""))],
                    )),
                )],
            )
        }
        "requestReviews" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Triage)?;
            let ids = |name: &str| -> Vec<&str> {
                let list = input[name].as_array().into_iter().flatten();
                list.filter_map(Value::as_str).collect()
            };
            let mut logins = Vec::new();
            for id in ids("userIds") {
                match need_id(world, id)? {
                    Kind::Account(who) => logins.push(world.user(who).login.clone()),
                    _ => return Err(Refusal::not_found()),
                }
            }
            let owner = world.repo(at).owner;
            let teams = world.orgs.get(&owner).map(|org| org.teams.as_slice());
            let slugs: Vec<&String> = teams
                .unwrap_or_default()
                .iter()
                .filter(|team| ids("teamIds").contains(&view::node("T", team.id).as_str()))
                .map(|team| &team.slug)
                .collect();
            let mut call = call(ctx, at);
            call.params.insert("number", number.to_string());
            call.body = json!({"reviewers": logins, "team_reviewers": slugs});
            let pull = world.repo_mut(at).pulls.get_mut(&number);
            let before = pull
                .filter(|_| input["union"] != true)
                .map(|pull| (take(&mut pull.requested), take(&mut pull.requested_teams)));
            if let Err(refusal) = reviews::request(world, &call) {
                let pull = world.repo_mut(at).pulls.get_mut(&number);
                if let (Some(pull), Some(before)) = (pull, before) {
                    (pull.requested, pull.requested_teams) = before;
                }
                return Err(refusal);
            }
            payload(
                "RequestReviewsPayload",
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "closePullRequest" | "reopenPullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            pulls::check_edit(
                world,
                &call(ctx, at),
                &world.repo(at).pulls[&number],
                Role::Triage,
            )?;
            let open = field == "reopenPullRequest";
            pulls::set_state(world, &call(ctx, at), number, open)?;
            let name = if open {
                "ReopenPullRequestPayload"
            } else {
                "ClosePullRequestPayload"
            };
            payload(
                name,
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "updatePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            let mut call = call(ctx, at);
            call.params.insert("number", number.to_string());
            let mut body = serde_json::Map::new();
            for (from, to) in [
                ("title", "title"),
                ("body", "body"),
                ("baseRefName", "base"),
            ] {
                if let Some(value) = input.get(from).filter(|value| !value.is_null()) {
                    body.insert(to.to_owned(), value.clone());
                }
            }
            call.body = Value::Object(body);
            pulls::update(world, &call)?;
            payload(
                "UpdatePullRequestPayload",
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        _ => unmodelled("Mutation", field),
    })
}

/// Names a branch by its node id, or by repository and name.
fn branch(world: &World, input: &Value) -> Result<(RepoId, String), Refusal> {
    let input = &input["branch"];
    if let Some(id) = input["id"].as_str() {
        return match need_id(world, id)? {
            Kind::Ref(at, name) => Ok((at, name)),
            _ => Err(Refusal::not_found()),
        };
    }
    let slug = text(input, "repositoryNameWithOwner");
    let (owner, name) = slug.split_once('/').unwrap_or_default();
    let found = world.repo_id(owner, name).ok_or_else(|| Refusal {
        message: format!("Could not resolve to a Repository with the name '{slug}'."),
        ..Refusal::not_found()
    })?;
    let name = text(input, "branchName");
    Ok((
        found,
        format!("refs/heads/{}", name.trim_start_matches("refs/heads/")),
    ))
}

/// Whether nothing happened to a branch since it was created.
fn just_created(world: &World, at: RepoId, name: &str) -> bool {
    let mut newest = world.repo(at).activity.iter().rev();
    newest
        .find(|one| one.name == name)
        .is_some_and(|one| one.kind == "branch_creation")
}

/// `createCommitOnBranch`: whole files, a verified commit, a fast-forward of a branch that must point where the caller says.
fn commit_on_branch(
    world: &mut World,
    ctx: &Ctx<'_>,
    input: &Value,
) -> Result<(RepoId, String, Oid), Refusal> {
    let (at, name) = branch(world, input)?;
    may(world, ctx, at, PUSH, Role::Write)?;
    let missing = || Refusal {
        message: format!(
            "No ref found for: {}",
            name.trim_start_matches("refs/heads/")
        ),
        ..Refusal::not_found()
    };
    let tip = *world.repo(at).refs.get(&name).ok_or_else(missing)?;
    let expected = text(input, "expectedHeadOid");
    let lags = world.switches.stale_branches > 0 && just_created(world, at, &name);
    if lags {
        world.switches.stale_branches -= 1;
    }
    if lags || expected != tip.to_string() {
        // Two blanks, as GitHub writes it.
        return Err(stale(format!(
            "Expected branch to point to \"{expected}\" but it did not.  Pull and try again."
        )));
    }
    let store = world.repo(at).store.clone();
    let tree = store.info(tip).ok_or_else(missing)?.tree;
    let mut edits: Vec<Edit> = Vec::new();
    let changes = &input["fileChanges"];
    for one in changes["additions"].as_array().into_iter().flatten() {
        let path = text(one, "path");
        let bytes = BASE64
            .decode(text(one, "contents"))
            .map_err(|_| Refusal::unprocessable(format!("A file was not valid Base64: {path}")))?;
        // Modes cannot be said, and are not kept: whatever is written becomes a plain file.
        edits.push((path, Some((0o100_644, store.blob(&bytes)))));
    }
    for one in changes["deletions"].as_array().into_iter().flatten() {
        let path = text(one, "path");
        if store.at(tree, &path).is_none() {
            return Err(Refusal::unprocessable(format!(
                "A path was requested for deletion which does not exist as of commit oid `{tip}`: {path}"
            )));
        }
        edits.push((path, None));
    }
    let mut paths: Vec<&String> = edits.iter().map(|(path, _)| path).collect();
    paths.sort();
    if paths.windows(2).any(|two| two[0] == two[1]) {
        return Err(Refusal::unprocessable(
            "A path was specified more than once",
        ));
    }
    let tree = store
        .tree(Some(tree), &edits)
        .map_err(Refusal::unprocessable)?;
    let headline = text(&input["message"], "headline");
    let message = match input["message"]["body"].as_str() {
        Some(body) if !body.is_empty() => format!("{headline}\n\n{body}"),
        _ => headline,
    };
    let who = signature::author(world, ctx.session.actor().unwrap_or_default());
    let oid = store
        .commit(tree, &[tip], &message, &who, &signature::web_flow(world))
        .map_err(Refusal::unprocessable)?;
    refs::update(world, ctx.session, at, &name, oid, false)?;
    world.repo_mut(at).verified.insert(oid);
    Ok((at, name, oid))
}

/// `updateRefs`: all or nothing. A `beforeOid` of zeros means that the ref must not be there, an `afterOid` of zeros deletes.
fn update_refs(
    world: &mut World,
    ctx: &Ctx<'_>,
    at: RepoId,
    updates: &[Value],
) -> Result<(), Refusal> {
    let zero = Oid::ZERO_SHA1.to_string();
    for one in updates {
        let name = text(one, "name");
        let now = world
            .repo(at)
            .refs
            .get(&name)
            .map_or(zero.clone(), Oid::to_string);
        if let Some(before) = one["beforeOid"].as_str()
            && before != now
        {
            return Err(stale(format!(
                "Reference update failed: {name} is at {now} but expected {before}"
            )));
        }
    }
    // The rest is tried for real, and undone together where one of them is refused.
    let before: Vec<_> = world
        .repos
        .iter()
        .map(|repo| {
            (
                repo.refs.clone(),
                repo.activity.clone(),
                repo.pulls.clone(),
                repo.workflows.clone(),
                repo.runs.clone(),
                repo.queue.clone(),
            )
        })
        .collect();
    for one in updates {
        let name = text(one, "name");
        let after = text(one, "afterOid");
        let exists = world.repo(at).refs.contains_key(&name);
        let done = match read_oid(&after) {
            None => Err(Refusal::unprocessable(format!(
                "{after} is not a valid object id"
            ))),
            Some(oid) if oid.is_zero() => refs::delete(world, ctx.session, at, &name),
            Some(oid) if exists => {
                refs::update(world, ctx.session, at, &name, oid, one["force"] == true)
            }
            Some(oid) => refs::create(world, ctx.session, at, &name, oid),
        };
        if let Err(refusal) = done {
            for (repo, was) in world.repos.iter_mut().zip(before) {
                (
                    repo.refs,
                    repo.activity,
                    repo.pulls,
                    repo.workflows,
                    repo.runs,
                    repo.queue,
                ) = was;
            }
            return Err(match refusal.kind {
                "FORBIDDEN" => refusal,
                _ => {
                    Refusal::unprocessable(format!("Reference update failed: {}", refusal.message))
                }
            });
        }
    }
    Ok(())
}
