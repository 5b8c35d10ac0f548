//! Reading another repository through the API, as far as it is requested individually: a long file, all folders at
//! once, how two commits relate, lists of refs. What is looked up in bulk is in [`super::object_query`].

use base64::Engine;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::shapes::{Nodes, Oid, id, shape, take};
use crate::model::ids::{BlobId, CommitId, TreeId};

/// What a name means on the forge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteRef {
    /// The tip of the branch of that name.
    pub branch: Option<CommitId>,
    /// The commit that the tag of that name leads to.
    pub tag: Option<CommitId>,
}

/// How two commits relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The first is the second or an ancestor of it.
    Contained,
    /// It is not.
    Not,
}

impl Forge {
    /// The content of one blob by REST, which neither cuts nor repairs.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn blob(&self, blob: &BlobId) -> Result<Vec<u8>, ForgeError> {
        let operation = format!("read the file {}", blob.short());
        let answer = self
            .get(self.path(&format!("/git/blobs/{blob}")), &operation)
            .await?;
        let found: BlobShape = answer.parse(&operation)?;
        let text: String = found
            .content
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .collect();
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_err(|error| ForgeError::NotUnderstood(format!("to {operation}: {error}")))
    }

    /// All trees below one, each with its path: `""` is the tree itself. `None` if GitHub cut the list.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn tree_recursive(
        &self,
        tree: &TreeId,
    ) -> Result<Option<Vec<PathEntry>>, ForgeError> {
        let operation = format!("read the files of {}", self.slug());
        let answer = self
            .get(
                self.path(&format!("/git/trees/{tree}?recursive=1")),
                &operation,
            )
            .await?;
        let found: RecursiveShape = answer.parse(&operation)?;
        if found.truncated {
            return Ok(None);
        }
        let entries = found.tree.into_iter().map(|entry| {
            Ok(PathEntry {
                mode: u32::from_str_radix(&entry.mode, 8).map_err(|_| {
                    ForgeError::NotUnderstood(format!("{} is not a valid mode", entry.mode))
                })?,
                path: entry.path,
                id: entry.sha,
            })
        });
        entries.collect::<Result<_, ForgeError>>().map(Some)
    }

    /// Whether `inner` is `outer` or an ancestor of it.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn contains(
        &self,
        outer: &CommitId,
        inner: &CommitId,
    ) -> Result<Relation, ForgeError> {
        let operation = format!("compare {} with {}", inner.short(), outer.short());
        let path = self.path(&format!("/compare/{inner}...{outer}?per_page=1"));
        let found: CompareShape = self.get(path, &operation).await?.parse(&operation)?;
        Ok(match found.status.as_str() {
            "ahead" | "identical" => Relation::Contained,
            _ => Relation::Not,
        })
    }

    /// Names and commits of branches or tags: at most a hundred, and whether there are more.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn list_refs(
        &self,
        tags: bool,
    ) -> Result<(Vec<(String, CommitId)>, bool), ForgeError> {
        let operation = format!("list refs of {}", self.slug());
        let prefix = if tags { "refs/tags/" } else { "refs/heads/" };
        let query = format!(
            "query($owner: String!, $name: String!, $prefix: String!) {{ repository(owner: $owner, name: $name) {{ \
             refs(refPrefix: $prefix, first: 100) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ name target {{ ...leads }} }} }} }} }} {LEADS}"
        );
        let variables =
            json!({ "owner": self.slug().owner(), "name": self.slug().name(), "prefix": prefix });
        let (mut data, _) = self.query(&query, variables, &operation).await?;
        let nodes: Nodes<Value> = shape(take(&mut data, &["repository", "refs"]), &operation)?;
        let more = nodes.next().is_some();
        let mut found = Vec::new();
        for node in nodes.nodes {
            if let (Some(name), Some(commit)) = (node["name"].as_str(), peeled(&node["target"])?) {
                found.push((name.to_owned(), commit));
            }
        }
        Ok((found, more))
    }
}

/// A file, folder, link or submodule below a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathEntry {
    /// Its path.
    pub path: String,
    /// Its mode.
    pub mode: u32,
    /// Its id.
    pub id: String,
}

pub(super) const LEADS: &str = "fragment leads on GitObject { __typename oid ... on Tag { target { __typename oid \
    ... on Tag { target { __typename oid ... on Tag { target { __typename oid } } } } } } }";

/// The commit that an object resolves to, through tags of tags; `None` if there is nothing or not a commit.
pub(super) fn peeled(target: &Value) -> Result<Option<CommitId>, ForgeError> {
    let mut at = target;
    for _ in 0..5 {
        match at["__typename"].as_str() {
            Some("Commit") => {
                let oid: Oid = shape(at.clone(), "read a ref")?;
                return Ok(Some(id(&oid.oid)?));
            }
            Some("Tag") => at = &at["target"],
            _ => return Ok(None),
        }
    }
    Ok(None)
}

#[derive(Deserialize)]
struct BlobShape {
    content: String,
}

#[derive(Deserialize)]
struct RecursiveShape {
    tree: Vec<RecursiveEntry>,
    truncated: bool,
}

#[derive(Deserialize)]
struct RecursiveEntry {
    path: String,
    mode: String,
    sha: String,
}

#[derive(Deserialize)]
struct CompareShape {
    status: String,
}
