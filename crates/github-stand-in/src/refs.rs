//! Refs that a client creates, moves or deletes: the checks that GitHub makes first. What follows is in [`super::ref_moves`]. Knows nothing
//! of HTTP.

use super::ids::RepoId;
use super::pull::What;
use super::pull_events::record;
use super::ref_moves::apply;
use super::reply::Refusal;
use super::rules;
use super::session::{By, Level, Session, TokenKind};
use super::world::World;
use git2::Oid;

/// Refuses names that no client may create or move: those that GitHub keeps for itself, and what git takes for none.
fn check_name(name: &str) -> Result<(), Refusal> {
    let kept = ["refs/pull/", "refs/heads/gh-readonly-queue/"];
    let closed = kept.iter().any(|prefix| name.starts_with(prefix));
    if closed || name.matches('/').count() < 2 || !git2::Reference::is_valid_name(name) {
        return Err(Refusal::unprocessable(format!(
            "{name} is not a valid ref name."
        )));
    }
    Ok(())
}

/// A branch is a commit; tags, notes and whatever else may be any object.
fn check_object(world: &World, repo: RepoId, name: &str, oid: Oid) -> Result<(), Refusal> {
    match world.repo(repo).store.kind(oid) {
        None => Err(Refusal::unprocessable("Object does not exist")),
        Some(git2::ObjectType::Commit) => Ok(()),
        Some(_) if !name.starts_with("refs/heads/") => Ok(()),
        Some(_) => Err(Refusal::unprocessable("Reference update failed")),
    }
}

/// A push that brings a workflow file which no branch has, and the default branch did not have where the push leaves
/// it, needs a permission of its own.
fn check_push_of_workflows(
    world: &World,
    session: &Session,
    repo: RepoId,
    after: Oid,
) -> Result<(), Refusal> {
    let here = world.repo(repo);
    let branches = here
        .refs
        .iter()
        .filter(|(name, _)| name.starts_with("refs/heads/"));
    let main = here.branch(&here.default_branch);
    let leaves = main.and_then(|tip| here.store.merge_base(tip, here.store.peel(after)?));
    let have: Vec<(String, Oid)> = branches
        .map(|(_, tip)| *tip)
        .chain(leaves)
        .flat_map(|commit| rules::workflow_files(here, Some(commit)))
        .collect();
    check_workflows(world, session, repo, after, &have)
}

/// A new ref needs that permission too if the workflow files at its commit differ from those at the tip of the default
/// branch, even if only because the default branch moved on; GitHub then says only that the token may not.
fn check_workflows_at_new_ref(
    world: &World,
    session: &Session,
    repo: RepoId,
    at: Oid,
) -> Result<(), Refusal> {
    if session.app().is_none() || session.grants(repo, "workflows", Level::Write) {
        return Ok(());
    }
    let here = world.repo(repo);
    let (Some(commit), Some(tip)) = (here.store.peel(at), here.branch(&here.default_branch)) else {
        return Ok(());
    };
    if rules::workflow_files(here, Some(commit)) == rules::workflow_files(here, Some(tip)) {
        Ok(())
    } else {
        Err(Refusal::forbidden("Resource not accessible by integration"))
    }
}

/// Whether a session may bring workflow files beyond these.
pub fn check_workflows(
    world: &World,
    session: &Session,
    repo: RepoId,
    after: Oid,
    have: &[(String, Oid)],
) -> Result<(), Refusal> {
    let who = match session.token.as_ref().map(|token| &token.kind) {
        Some(TokenKind::Classic(scopes)) if scopes.iter().any(|scope| scope == "workflow") => {
            return Ok(());
        }
        Some(TokenKind::Classic(_)) => ("an OAuth App", "`workflow` scope"),
        _ if session.grants(repo, "workflows", Level::Write) => return Ok(()),
        _ => ("a GitHub App", "`workflows` permission"),
    };
    let brings = rules::workflow_files(world.repo(repo), Some(after));
    match brings.iter().find(|file| !have.contains(file)) {
        Some((path, _)) => Err(Refusal::forbidden(format!(
            "refusing to allow {} to create or update workflow `{path}` without {}",
            who.0, who.1
        ))),
        None => Ok(()),
    }
}

/// `POST git/refs`, or a push of a new branch.
pub fn create(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    name: &str,
    oid: Oid,
) -> Result<(), Refusal> {
    check_name(name)?;
    if world.repo(repo).refs.contains_key(name) {
        return Err(Refusal::unprocessable("Reference already exists"));
    }
    check_object(world, repo, name, oid)?;
    // A ref is a file: none can be under another's name.
    let under = |one: &str, other: &str| {
        one.strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let mut names = world.repo(repo).refs.keys();
    if names.any(|other| under(name, other) || under(other, name)) {
        return Err(Refusal::unprocessable("Reference update failed"));
    }
    check_push_of_workflows(world, session, repo, oid)?;
    check_workflows_at_new_ref(world, session, repo, oid)?;
    apply(
        world,
        By::of(session),
        repo,
        name,
        Some(oid),
        "branch_creation",
    );
    Ok(())
}

/// `PATCH git/refs`, or a push: without force only a fast-forward.
pub fn update(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    name: &str,
    oid: Oid,
    force: bool,
) -> Result<(), Refusal> {
    check_name(name)?;
    let Some(before) = world.repo(repo).refs.get(name).copied() else {
        return Err(Refusal::unprocessable("Reference does not exist"));
    };
    check_object(world, repo, name, oid)?;
    let forward = world.repo(repo).store.is_ancestor(before, oid);
    if !forward && !force {
        return Err(Refusal::unprocessable("Update is not a fast forward"));
    }
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        rules::check_push(world, session, repo, branch, before, Some(oid), !forward)?;
    }
    check_push_of_workflows(world, session, repo, oid)?;
    if before != oid {
        let kind = if forward { "push" } else { "force_push" };
        apply(world, By::of(session), repo, name, Some(oid), kind);
    }
    Ok(())
}

/// `DELETE git/refs`.
pub fn delete(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    name: &str,
) -> Result<(), Refusal> {
    check_name(name)?;
    let Some(before) = world.repo(repo).refs.get(name).copied() else {
        return Err(Refusal::unprocessable("Reference does not exist"));
    };
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        if branch == world.repo(repo).default_branch {
            return Err(Refusal::unprocessable("Cannot delete the default branch"));
        }
        rules::check_push(world, session, repo, branch, before, None, false)?;
    }
    apply(world, By::of(session), repo, name, None, "branch_deletion");
    Ok(())
}

/// The button that restores a deleted head branch. A push of the same branch does not count as that.
pub fn restore_head(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    number: u64,
) -> Result<(), Refusal> {
    let pull = world.repo(repo).pulls.get(&number);
    let pull = pull.ok_or_else(Refusal::not_found)?;
    let home = pull.head_repo.ok_or_else(Refusal::not_found)?;
    let (name, head) = (format!("refs/heads/{}", pull.head), pull.head_sha);
    create(world, session, home, &name, head)?;
    record(world, repo, number, By::of(session), What::HeadRestored);
    Ok(())
}
