//! A push as git makes it: commits on a branch, without HTTP.

use super::ids::RepoId;
use super::reply::Refusal;
use super::session::{By, Session};
use super::store::{Edit, Store};
use super::world::World;
use super::{ref_moves, refs, signature};
use git2::Oid;

/// Commits edits to a branch and moves (or makes) it, as a push does. `free` skips rules, for setting up.
pub fn push(
    world: &mut World,
    id: RepoId,
    session: &Session,
    branch: &str,
    edits: &[Edit],
    message: &str,
    free: bool,
) -> Result<Oid, Refusal> {
    world.clock.tick();
    let by = By::of(session);
    let who = signature::author(world, by.actor);
    let repo = world.repo(id);
    let parent = repo
        .branch(branch)
        .or_else(|| repo.branch(&repo.default_branch));
    let tree = parent
        .and_then(|oid| repo.store.info(oid))
        .map(|commit| commit.tree);
    let tree = repo
        .store
        .tree(tree, edits)
        .map_err(Refusal::unprocessable)?;
    let parents: Vec<Oid> = parent.into_iter().collect();
    let oid = repo
        .store
        .commit(tree, &parents, message, &who, &who)
        .map_err(Refusal::unprocessable)?;
    let name = format!("refs/heads/{branch}");
    let exists = repo.refs.contains_key(&name);
    match (free, exists) {
        (true, _) => ref_moves::apply(
            world,
            by,
            id,
            &name,
            Some(oid),
            if exists { "push" } else { "branch_creation" },
        ),
        (false, true) => refs::update(world, session, id, &name, oid, false)?,
        (false, false) => refs::create(world, session, id, &name, oid)?,
    }
    Ok(oid)
}

/// Files with their texts as edits of a tree.
pub fn puts(store: &Store, files: &[(&str, &str)]) -> Vec<Edit> {
    let put = |(path, text): &(&str, &str)| {
        let blob = store.blob(text.as_bytes());
        ((*path).to_owned(), Some((0o100_644, blob)))
    };
    files.iter().map(put).collect()
}
