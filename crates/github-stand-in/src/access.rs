//! Who may do what: roles of people, scopes and permissions of tokens, and the refusals that go with them.
//! Owns the decision; knows nothing of HTTP.
//!
//! A classic personal token acts as its user, cut down by its scopes. A fine-grained one, a workflow token and an App installation
//! token act by a permission map; the last two as a bot.

use super::reply::Refusal;
use super::world::{AppId, RepoId, UserId, World};
use std::collections::BTreeMap;

/// What a person may do in a repository, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nothing at all; a private repository is hidden.
    None,
    /// See, comment, review.
    Read,
    /// Also label, close and request reviews.
    Triage,
    /// Also push, merge and create labels.
    Write,
    /// Also some settings.
    Maintain,
    /// Everything.
    Admin,
}

impl Role {
    /// The `role_name` of REST.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// The older `permission` word of REST: maintain is `write`, triage is `read`.
    pub fn permission(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read | Self::Triage => "read",
            Self::Write | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        [
            Self::None,
            Self::Read,
            Self::Triage,
            Self::Write,
            Self::Maintain,
            Self::Admin,
        ]
        .into_iter()
        .find(|role| role.name() == word)
        .ok_or_else(|| {
            format!("unknown role {word:?}: none, read, triage, write, maintain or admin")
        })
    }
}

/// How far a permission of a token reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Look.
    Read,
    /// Change.
    Write,
}

/// The permission map of a token: `contents` → write, and so on. `metadata: read` is always there.
#[derive(Debug, Clone, Default)]
pub struct Permissions(pub BTreeMap<String, Level>);

impl std::str::FromStr for Permissions {
    type Err = String;
    /// Reads `contents:write, pull-requests:read`; the words of a workflow's `permissions` block.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut map = BTreeMap::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, level) = part
                .split_once(':')
                .ok_or_else(|| format!("permission {part:?} has no level"))?;
            let level = match level.trim() {
                "read" => Level::Read,
                "write" => Level::Write,
                other => return Err(format!("unknown level {other:?}: read or write")),
            };
            map.insert(name.trim().replace('-', "_"), level);
        }
        Ok(Self(map))
    }
}

impl Permissions {
    /// Whether the map grants `name` at `level`.
    pub fn grants(&self, name: &str, level: Level) -> bool {
        (name == "metadata" && level == Level::Read)
            || self.0.get(name).is_some_and(|have| *have >= level)
    }
}

/// What stands behind a token.
#[derive(Debug, Clone)]
pub enum TokenKind {
    /// A classic personal token with OAuth scopes.
    Classic(Vec<String>),
    /// A fine-grained personal token: these repositories, these permissions.
    FineGrained(Vec<RepoId>, Permissions),
    /// `GITHUB_TOKEN` of a workflow in one repository.
    Workflow(RepoId, Permissions),
    /// An installation token of an App in these repositories.
    Installation(AppId, Vec<RepoId>, Permissions),
}

/// A token and whom it acts as.
#[derive(Debug, Clone)]
pub struct Token {
    /// The account that its writes are made by.
    pub actor: UserId,
    /// What it may do.
    pub kind: TokenKind,
    /// The text that goes into the `Authorization` header.
    pub text: String,
}

/// Who asks.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// None: nobody has signed in.
    pub token: Option<Token>,
}

impl Session {
    /// The account behind the call.
    pub fn actor(&self) -> Option<UserId> {
        self.token.as_ref().map(|token| token.actor)
    }

    /// The App that writes are "performed via", for installation and workflow tokens.
    pub fn app(&self) -> Option<AppId> {
        match self.token.as_ref()?.kind {
            TokenKind::Installation(app, ..) => Some(app),
            TokenKind::Workflow(..) => Some(super::world::ACTIONS_APP),
            TokenKind::Classic(_) | TokenKind::FineGrained(..) => None,
        }
    }

    /// Whether this is `GITHUB_TOKEN`.
    pub fn is_workflow(&self) -> bool {
        self.token
            .as_ref()
            .is_some_and(|token| matches!(token.kind, TokenKind::Workflow(..)))
    }

    fn map(&self) -> Option<(&Permissions, Vec<RepoId>)> {
        match &self.token.as_ref()?.kind {
            TokenKind::Classic(_) => None,
            TokenKind::Workflow(repo, map) => Some((map, vec![*repo])),
            TokenKind::FineGrained(repos, map) | TokenKind::Installation(_, repos, map) => {
                Some((map, repos.clone()))
            }
        }
    }

    /// Whether the token grants a permission in a repository; classic tokens grant what their user may do.
    pub fn grants(&self, repo: RepoId, name: &str, level: Level) -> bool {
        match self.map() {
            Some((map, repos)) => repos.contains(&repo) && map.grants(name, level),
            None => true,
        }
    }
}

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
