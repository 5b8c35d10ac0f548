//! Shapes that several answers share: actors, commits, pages.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::error::ForgeError;
use crate::model::actor::UserId;
use crate::model::actor::{Actor, ActorKind};
use crate::model::commit_range::Person;
use crate::model::evidence::Permission;
use crate::model::ids::{CommitId, TreeId};
use crate::model::pull::RemoteCommit;

/// GraphQL for an actor.
pub(super) const ACTOR: &str = "fragment who on Actor { __typename login ... on User { databaseId } \
    ... on Bot { databaseId } ... on Mannequin { databaseId } ... on Organization { databaseId } }";

/// How many parents of a commit are returned: one that has as many may have more.
pub(crate) const MAX_PARENTS: usize = 3;

/// GraphQL for a commit, with [`MAX_PARENTS`] parents.
pub(super) const COMMIT: &str = "fragment commit on Commit { oid message authoredDate author { name } committedDate tree { oid } parents(first: 3) { nodes { oid } } }";

/// What has an ID in an answer of which nothing else is read.
#[derive(Deserialize)]
pub(super) struct IdShape {
    pub id: u64,
}

#[derive(Deserialize)]
pub(super) struct ActorShape {
    #[serde(rename = "__typename")]
    kind: String,
    #[serde(default)]
    login: String,
    #[serde(rename = "databaseId")]
    id: Option<u64>,
}

impl From<ActorShape> for Actor {
    fn from(shape: ActorShape) -> Self {
        Self {
            id: shape.id,
            login: shape.login,
            kind: match shape.kind.as_str() {
                "User" => ActorKind::User,
                "Bot" => ActorKind::Bot,
                _ => ActorKind::Other,
            },
        }
    }
}

/// Author or committer of a commit.
#[derive(Deserialize)]
pub(super) struct GitActor {
    name: Option<String>,
    email: Option<String>,
    user: Option<UserShape>,
}

#[derive(Deserialize)]
struct UserShape {
    #[serde(rename = "databaseId")]
    id: Option<u64>,
    login: String,
}

impl From<GitActor> for Person {
    fn from(actor: GitActor) -> Self {
        let (id, login) = match actor.user {
            Some(user) => (user.id, Some(user.login)),
            None => (None, None),
        };
        Self {
            id,
            login,
            name: actor.name.unwrap_or_default(),
            email: actor.email.unwrap_or_default(),
        }
    }
}

/// A commit's status of one context.
#[derive(Deserialize)]
pub(super) struct StatusShape {
    pub context: Option<ContextShape>,
}

/// Takes the value at this path out of an answer; null if there is nothing, or if the path leads through something
/// else.
pub(super) fn take(answer: &mut Value, names: &[&str]) -> Value {
    let found = names.iter().try_fold(answer, |at, name| at.get_mut(*name));
    found.map(Value::take).unwrap_or_default()
}

#[derive(Deserialize)]
pub(super) struct ContextShape {
    pub state: String,
    /// Present if it was requested.
    pub description: Option<String>,
    /// Present if it was requested.
    pub creator: Option<ActorShape>,
    /// Present if it was requested.
    #[serde(rename = "createdAt")]
    pub created_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub has_next_page: bool,
    pub end_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Nodes<T> {
    #[serde(rename = "pageInfo")]
    pub page: Option<PageInfo>,
    pub nodes: Vec<T>,
}

impl<T> Nodes<T> {
    /// The cursor of the next page.
    pub(super) fn next(&self) -> Option<String> {
        let page = self.page.as_ref()?;
        page.end_cursor.clone().filter(|_| page.has_next_page)
    }
}

#[derive(Deserialize)]
pub(super) struct Oid {
    pub oid: String,
}

impl Oid {
    pub(super) fn commit(&self) -> Result<CommitId, ForgeError> {
        id(&self.oid)
    }
}

/// A commit as [`COMMIT`] asks for it; or another object, of which only the id is known.
#[derive(Deserialize)]
pub(super) struct CommitShape {
    oid: String,
    #[serde(default)]
    message: String,
    author: Option<NameShape>,
    #[serde(rename = "authoredDate")]
    authored: Option<String>,
    #[serde(rename = "committedDate")]
    committed: Option<String>,
    tree: Option<Oid>,
    parents: Option<Nodes<Oid>>,
}

#[derive(Deserialize)]
struct NameShape {
    name: Option<String>,
}

impl CommitShape {
    /// `Err` if it is not a commit.
    pub(super) fn commit(self) -> Result<RemoteCommit, ForgeError> {
        let (Some(tree), Some(parents)) = (self.tree, self.parents) else {
            return Err(ForgeError::NotUnderstood(format!(
                "{} is not a commit",
                self.oid
            )));
        };
        let when = |text: Option<String>| time(text.as_deref().unwrap_or("1970-01-01T00:00:00Z"));
        Ok(RemoteCommit {
            id: id(&self.oid)?,
            tree: id::<TreeId>(&tree.oid)?,
            parents: parents
                .nodes
                .iter()
                .map(Oid::commit)
                .collect::<Result<_, _>>()?,
            message: self.message,
            author: self
                .author
                .and_then(|author| author.name)
                .unwrap_or_default(),
            authored: when(self.authored)?,
            committed: when(self.committed)?,
        })
    }
}

/// Reads an id out of an answer.
pub(super) fn id<T: std::str::FromStr>(text: &str) -> Result<T, ForgeError>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error| ForgeError::NotUnderstood(format!("{error}")))
}

/// Reads a time out of an answer.
pub(super) fn time(text: &str) -> Result<Timestamp, ForgeError> {
    text.parse()
        .map_err(|_| ForgeError::NotUnderstood(format!("`{text}` is not a valid time")))
}

/// Reads a shape out of an answer.
pub(super) fn shape<T: serde::de::DeserializeOwned>(
    value: Value,
    operation: &str,
) -> Result<T, ForgeError> {
    serde_json::from_value(value)
        .map_err(|error| ForgeError::NotUnderstood(format!("to {operation}: {error}")))
}

/// The word of an enum: one that is not known here is less than triage.
pub(super) fn of_enum(word: &str) -> Permission {
    match word {
        "ADMIN" | "MAINTAIN" | "WRITE" => Permission::Write,
        "TRIAGE" => Permission::Triage,
        _ => Permission::Less,
    }
}

/// A person in the list of collaborators.
#[derive(Deserialize)]
pub(super) struct EdgeShape {
    pub permission: String,
    pub node: NodeShape,
}

#[derive(Deserialize)]
pub(super) struct NodeShape {
    #[serde(rename = "databaseId")]
    pub id: Option<UserId>,
}
