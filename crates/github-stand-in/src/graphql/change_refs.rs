//! The mutations that write commits and move several refs at once: `createCommitOnBranch` and `updateRefs`.

use super::super::call::read_oid;
use super::super::ids::RepoId;
use super::super::reply::Refusal;
use super::super::session::Role;
use super::super::store::Edit;
use super::super::world::World;
use super::super::{refs, signature};
use super::input::{PUSH, may, text};
use super::query::need_id;
use super::value::{Ctx, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use git2::Oid;
use serde_json::Value;

fn stale(message: String) -> Refusal {
    Refusal {
        kind: "STALE_DATA",
        ..Refusal::unprocessable(message)
    }
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

/// `createCommitOnBranch`: whole files, a verified commit, a fast-forward of a branch that must point where the caller
/// says.
pub fn commit_on_branch(
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
        // Modes cannot be given, and are not kept: whatever is written becomes a plain file.
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
    let trailer = world.switches.commit_trailer.as_deref();
    let message = format!("{message}{}", trailer.unwrap_or_default());
    let who = signature::author(world, ctx.session.actor().unwrap_or_default());
    let oid = store
        .commit(tree, &[tip], &message, &who, &signature::web_flow(world))
        .map_err(Refusal::unprocessable)?;
    refs::update(world, ctx.session, at, &name, oid, false)?;
    world.repo_mut(at).verified.insert(oid);
    Ok((at, name, oid))
}

/// `updateRefs`: all or nothing. A `beforeOid` of zeros means that the ref must not be there, an `afterOid` of zeros deletes.
pub fn update_refs(
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
    // The rest is tried for real, and undone together if one of them is refused.
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
