//! Who may do what in a repository, and the refusals that go with it; roles and permissions themselves are in [`super::session`].
//! Owns the decision; knows nothing of HTTP.
//!
//! A classic personal token acts as its user, cut down by its scopes. A fine-grained one, a workflow token and an App installation
//! token act by a permission map; the last two as a bot.

use super::ids::RepoId;
use super::reply::Refusal;
use super::session::{Level, Role, Session, TokenKind};
use super::world::World;

/// What a route asks for: one of the permissions, and the least role of a person.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// Any one of these is enough.
    pub any: &'static [(&'static str, Level)],
    /// For tokens that act as a person.
    pub role: Role,
}

/// Whether a repository may be known to exist.
pub fn visible(world: &World, session: &Session, repo: RepoId) -> bool {
    if !world.repo(repo).private {
        return true;
    }
    match (&session.token, session.map()) {
        (None, _) => false,
        (Some(token), Some((_, repos))) => {
            repos.contains(&repo)
                && (session.app().is_some() || world.role(repo, token.actor) >= Role::Read)
        }
        (Some(token), None) => {
            let TokenKind::Classic(scopes) = &token.kind else {
                return false;
            };
            scopes.iter().any(|scope| scope == "repo")
                && world.role(repo, token.actor) >= Role::Read
        }
    }
}

/// The role with which a session acts: a person's own, or for bots what `contents` amounts to.
pub fn acting_role(world: &World, session: &Session, repo: RepoId) -> Role {
    match (&session.token, session.app()) {
        (None, _) => Role::None,
        (Some(_), Some(_)) if session.grants(repo, "administration", Level::Write) => Role::Admin,
        (Some(_), Some(_)) if session.grants(repo, "contents", Level::Write) => Role::Write,
        (Some(_), Some(_)) => Role::Read,
        (Some(token), None) => world.role(repo, token.actor),
    }
}

/// Lets a call through or says why not: 401, 403 or 404 as GitHub does.
pub fn check(world: &World, session: &Session, repo: RepoId, need: Need) -> Result<(), Refusal> {
    if !visible(world, session, repo) {
        return Err(Refusal::not_found());
    }
    let writes = need
        .any
        .iter()
        .all(|(_, level)| *level == Level::Write && need.role > Role::None);
    let Some(token) = &session.token else {
        return if writes || need.role > Role::Read {
            Err(Refusal::unauthorized("Requires authentication"))
        } else {
            Ok(())
        };
    };
    if let Some((map, repos)) = session.map() {
        let public_read = !writes && !world.repo(repo).private && need.role <= Role::Read;
        let granted = repos.contains(&repo)
            && need
                .any
                .iter()
                .any(|(name, level)| map.grants(name, *level));
        // What is public can be read whatever the token says; so GitHub documents every such route.
        if !granted && !public_read {
            return Err(Refusal::forbidden(if session.app().is_some() {
                "Resource not accessible by integration"
            } else {
                "Resource not accessible by personal access token"
            }));
        }
    } else if let TokenKind::Classic(scopes) = &token.kind
        && writes
        && !scopes
            .iter()
            .any(|scope| scope == "repo" || (scope == "public_repo" && !world.repo(repo).private))
    {
        return Err(Refusal::not_found());
    }
    if session.app().is_none() && world.role(repo, token.actor) < need.role {
        return Err(match need.role {
            Role::Admin => Refusal::forbidden("Must have admin rights to Repository."),
            Role::Write | Role::Maintain => {
                Refusal::forbidden("Must have push access to repository")
            }
            _ => Refusal::forbidden("You do not have permission to do that on this repository."),
        });
    }
    Ok(())
}
