//! Who asks: roles of people, permissions of tokens, and whom a token acts as.

use super::ids::{ACTIONS_APP, AppId, GHOST, RepoId, UserId};
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

/// The account behind a token.
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
    /// None: no one has signed in.
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
            TokenKind::Workflow(..) => Some(ACTIONS_APP),
            TokenKind::Classic(_) | TokenKind::FineGrained(..) => None,
        }
    }

    /// Whether this is `GITHUB_TOKEN`.
    pub fn is_workflow(&self) -> bool {
        self.token
            .as_ref()
            .is_some_and(|token| matches!(token.kind, TokenKind::Workflow(..)))
    }

    /// The permission map of the token and the repositories it holds for; `None` without a token, and for a classic one.
    pub fn map(&self) -> Option<(&Permissions, Vec<RepoId>)> {
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

/// Who does something, and through which App.
#[derive(Debug, Clone, Copy)]
pub struct By {
    /// The account.
    pub actor: UserId,
    /// The App, for tokens of Apps.
    pub app: Option<AppId>,
}

impl By {
    /// The account and App of a session; the ghost if no one has signed in.
    pub fn of(session: &Session) -> Self {
        Self {
            actor: session.actor().unwrap_or(GHOST),
            app: session.app(),
        }
    }
}
