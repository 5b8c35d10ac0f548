//! Reading another clone through the API: refs, trees, blobs. Its commits are in [`super::commits`].
//!
//! What is returned is as GitHub says it; whoever asked proves trees and blobs by their ids.

use std::fmt::Write;

use base64::Engine;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Forge;
use super::error::ForgeError;
use super::shapes::{Nodes, Oid, id, shape};
use crate::model::evidence::Looked;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::model::pull::PullNumber;

/// How many objects one query asks for.
const BATCH: usize = 50;

/// The part of a query that asks what names mean.
#[derive(Default)]
pub(super) struct NamesPart {
    /// Declarations of variables.
    pub head: String,
    /// Fields of the repository.
    pub fields: String,
}

impl NamesPart {
    /// Asks for these names, and puts them among the variables.
    pub(super) fn of(names: &[String], variables: &mut Value) -> Self {
        let mut part = Self::default();
        for (index, name) in names.iter().enumerate() {
            for (kind, prefix) in [("b", "refs/heads/"), ("t", "refs/tags/")] {
                let alias = format!("{kind}{index}");
                variables[&alias] = Value::from(format!("{prefix}{name}"));
                // Writing to a String cannot fail.
                let _ = write!(part.head, ", ${alias}: String!");
                let _ = write!(
                    part.fields,
                    " {alias}: ref(qualifiedName: ${alias}) {{ target {{ ...leads }} }}"
                );
            }
        }
        part
    }

    /// What the answer says of the `index`th name.
    pub(super) fn told(data: &Value, index: usize) -> Result<RemoteRef, ForgeError> {
        let commit = |kind: &str| peeled(&data["repository"][format!("{kind}{index}")]["target"]);
        Ok(RemoteRef {
            branch: commit("b")?,
            tag: commit("t")?,
        })
    }
}

/// What a name means on the forge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteRef {
    /// The tip of the branch of that name.
    pub branch: Option<CommitId>,
    /// The commit that the tag of that name leads to.
    pub tag: Option<CommitId>,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEntry {
    /// Its name as bytes.
    pub name: Vec<u8>,
    /// Its mode.
    pub mode: u32,
    /// Its id.
    pub id: String,
}

/// A folder's own id and its entries.
pub type FoundTree = (TreeId, Vec<RemoteEntry>);

/// An object, by its id or as `COMMIT:PATH`.
enum Named {
    Id(String),
    Path(String),
}

/// How two commits lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The first is the second or an ancestor of it.
    Contained,
    /// It is not.
    Not,
}

impl Forge {
    /// The entries of trees, fifty in a call.
    pub async fn trees(&self, trees: &[TreeId]) -> Vec<Looked<Vec<RemoteEntry>>> {
        self.trees_and_folders(trees, &[]).await.0
    }

    /// The entries of trees, and in the same call those of folders at commits, with the ids that GitHub gives them; nothing for a
    /// folder that is not there.
    pub async fn trees_and_folders(
        &self,
        trees: &[TreeId],
        folders: &[(CommitId, String)],
    ) -> (Vec<Looked<Vec<RemoteEntry>>>, Vec<Option<FoundTree>>) {
        let doing = format!("read folders of {}", self.slug());
        let by_id = trees.iter().map(|id| Named::Id(id.to_string()));
        let by_path = folders
            .iter()
            .map(|(commit, path)| Named::Path(format!("{commit}:{path}")));
        let named: Vec<Named> = by_id.chain(by_path).collect();
        let entries = |value: &Value| -> Looked<Vec<RemoteEntry>> {
            let entries: Vec<NamedEntryShape> = serde_json::from_value(value["entries"].clone())
                .map_err(|error| error.to_string())?;
            entries.into_iter().map(NamedEntryShape::entry).collect()
        };
        let shape_of = |value: &Value| -> Looked<(Option<TreeId>, Vec<RemoteEntry>)> {
            let id = value["oid"].as_str().and_then(|id| id.parse().ok());
            Ok((id, entries(value)?))
        };
        let fields = "... on Tree { oid entries { nameRaw mode oid } }";
        let mut found = self.objects(&named, fields, &doing, shape_of).await;
        let folders = found.split_off(trees.len());
        let folders = folders.into_iter().map(|folder| {
            let (id, entries) = folder.ok()?;
            Some((id?, entries))
        });
        let trees = found
            .into_iter()
            .map(|tree| tree.map(|(_, entries)| entries));
        (trees.collect(), folders.collect())
    }

    /// The contents of blobs as text, fifty in a call. GitHub cuts long ones and mends broken UTF-8: who asked proves
    /// them, and takes [`Forge::blob`] where the proof fails.
    pub async fn blobs(&self, blobs: &[BlobId]) -> Vec<Looked<Vec<u8>>> {
        let doing = format!("read files of {}", self.slug());
        let ids: Vec<Named> = blobs.iter().map(|id| Named::Id(id.to_string())).collect();
        let shape_of = |value: &Value| -> Looked<Vec<u8>> {
            let text = value["text"].as_str().ok_or("it is no text")?;
            Ok(text.as_bytes().to_vec())
        };
        self.objects(&ids, "... on Blob { text }", &doing, shape_of)
            .await
    }

    /// The pull request through which each commit came, where there was one; fifty in a call.
    pub async fn pulls_of(&self, commits: &[CommitId]) -> Vec<Looked<Option<PullNumber>>> {
        let doing = format!(
            "read through which pull requests {} was changed",
            self.slug()
        );
        let ids: Vec<Named> = commits.iter().map(|id| Named::Id(id.to_string())).collect();
        let shape_of = |value: &Value| -> Looked<Option<PullNumber>> {
            let pulls: Nodes<PullShape> =
                serde_json::from_value(value["associatedPullRequests"].clone())
                    .map_err(|error| error.to_string())?;
            Ok(pulls.nodes.first().map(|pull| PullNumber(pull.number)))
        };
        self.objects(
            &ids,
            "... on Commit { associatedPullRequests(first: 1) { nodes { number } } }",
            &doing,
            shape_of,
        )
        .await
    }

    async fn objects<T>(
        &self,
        ids: &[Named],
        fields: &str,
        doing: &str,
        shape_of: impl Fn(&Value) -> Looked<T>,
    ) -> Vec<Looked<T>> {
        let batches = ids.chunks(BATCH).map(|chunk| async move {
            let mut variables = json!({ "owner": self.slug().owner(), "name": self.slug().name() });
            let (mut head, mut aliases) = (String::new(), String::new());
            for (index, id) in chunk.iter().enumerate() {
                let (name, kind, by) = match id {
                    Named::Id(id) => (id, "GitObjectID", "oid"),
                    Named::Path(path) => (path, "String", "expression"),
                };
                variables[format!("o{index}")] = Value::from(name.as_str());
                let _ = write!(head, ", $o{index}: {kind}!");
                let _ = write!(aliases, " o{index}: object({by}: $o{index}) {{ {fields} }}");
            }
            let query = format!(
                "query($owner: String!, $name: String!{head}) {{ repository(owner: $owner, name: $name) {{{aliases} }} }}"
            );
            (chunk.len(), self.query(&query, variables, doing).await)
        });
        let mut found = Vec::new();
        for (length, answer) in join_all(batches).await {
            for index in 0..length {
                found.push(match &answer {
                    Ok((data, _)) => shape_of(&data["repository"][format!("o{index}")]),
                    Err(error) => Err(error.to_string()),
                });
            }
        }
        found
    }

    /// The content of one blob by REST, which neither cuts nor mends.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn blob(&self, blob: &BlobId) -> Result<Vec<u8>, ForgeError> {
        let doing = format!("read the file {}", blob.short());
        let answer = self
            .get(self.path(&format!("/git/blobs/{blob}")), &doing)
            .await?;
        let found: BlobShape = answer.parse(&doing)?;
        let text: String = found
            .content
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .collect();
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_err(|error| ForgeError::NotUnderstood(format!("to {doing}: {error}")))
    }

    /// All trees below one, each with its path: `""` is itself. `None` where GitHub cut the list.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn tree_recursive(
        &self,
        tree: &TreeId,
    ) -> Result<Option<Vec<PathEntry>>, ForgeError> {
        let doing = format!("read the files of {}", self.slug());
        let answer = self
            .get(self.path(&format!("/git/trees/{tree}?recursive=1")), &doing)
            .await?;
        let found: RecursiveShape = answer.parse(&doing)?;
        if found.truncated {
            return Ok(None);
        }
        let entries = found.tree.into_iter().map(|entry| {
            Ok(PathEntry {
                mode: u32::from_str_radix(&entry.mode, 8)
                    .map_err(|_| ForgeError::NotUnderstood(format!("{} is no mode", entry.mode)))?,
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
        let doing = format!("compare {} with {}", inner.short(), outer.short());
        let path = self.path(&format!("/compare/{inner}...{outer}?per_page=1"));
        let found: CompareShape = self.get(path, &doing).await?.parse(&doing)?;
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
        let doing = format!("list refs of {}", self.slug());
        let prefix = if tags { "refs/tags/" } else { "refs/heads/" };
        let query = format!(
            "query($owner: String!, $name: String!, $prefix: String!) {{ repository(owner: $owner, name: $name) {{ \
             refs(refPrefix: $prefix, first: 100) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ name target {{ ...leads }} }} }} }} }} {LEADS}"
        );
        let variables =
            json!({ "owner": self.slug().owner(), "name": self.slug().name(), "prefix": prefix });
        let (mut data, _) = self.query(&query, variables, &doing).await?;
        let nodes: Nodes<Value> = shape(data["repository"]["refs"].take(), &doing)?;
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

/// The commit that an object leads to, through tags of tags; `None` where there is nothing or no commit.
fn peeled(target: &Value) -> Result<Option<CommitId>, ForgeError> {
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
#[serde(rename_all = "camelCase")]
struct NamedEntryShape {
    name_raw: String,
    mode: u32,
    oid: String,
}

impl NamedEntryShape {
    fn entry(self) -> Looked<RemoteEntry> {
        Ok(RemoteEntry {
            name: base64::engine::general_purpose::STANDARD
                .decode(self.name_raw)
                .map_err(|error| error.to_string())?,
            mode: self.mode,
            id: self.oid,
        })
    }
}

#[derive(Deserialize)]
struct PullShape {
    number: u64,
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
