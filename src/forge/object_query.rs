//! What can be looked up in a repository, and what GitHub answers: what names mean, commits, pages of history, folders, files.
//!
//! Results are as GitHub returns them; callers verify trees and blobs by their IDs.

use base64::Engine;
use serde::Deserialize;
use serde_json::Value;

use super::error::ForgeError;
use super::objects::{LEADS, RemoteRef, peeled};
use super::query_builder::QueryBuilder;
use super::shapes::{COMMIT, CommitShape, EdgeShape, Nodes, id, of_enum, shape};
use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::fetched::Fetched;
use crate::model::ids::{BlobId, CommitId, PullNumber, TreeId};
use crate::model::pull::RemoteCommit;

/// Something to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectQuery {
    /// What a name means, as a branch and as a tag.
    Name(String),
    /// A commit, and what is at these paths of it.
    Commit(CommitId, Vec<String>),
    /// What is at these paths of a commit, and nothing else of it. GitHub charges for a list of parents as for any
    /// other list.
    Entries(CommitId, Vec<String>),
    /// A hundred commits of the history of a commit, starting with itself, and what was at these paths of each. Not
    /// only first parents: callers select them.
    Page(CommitId, Vec<String>),
    /// The commits at which a path changed, from a commit backwards over all parents. Without their parents: GitHub charges for
    /// those of each commit as for a list.
    Touches(CommitId, String),
    /// The entries of a folder.
    Tree(TreeId),
    /// The folder at a path of a commit: its own ID and its entries.
    Folder(CommitId, String),
    /// The content of a file as text. GitHub cuts long ones and repairs broken UTF-8: callers verify it, and use
    /// [`Forge::blob`](super::Forge::blob) if that fails.
    Blob(BlobId),
    /// How many bytes a file has.
    Size(BlobId),
    /// The pull request through which a commit came.
    PullOf(CommitId),
    /// The permission of the person with this ID and login, as far as the list of collaborators shows it.
    May(UserId, String),
}

/// What was found, of the kind that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectAnswer {
    /// What the name means.
    Name(RemoteRef),
    /// The commit; `None` if there is none with that ID.
    Commit(Option<HistoryCommit>),
    /// Mode and ID at each path, in the order requested; `None` if there is no commit with that ID.
    Entries(Option<Vec<EntryAt>>),
    /// The page; empty if there is no such commit.
    Page(Vec<HistoryCommit>),
    /// IDs and messages of the commits, newest first; `None` if there are more than are listed at once.
    Touches(Option<Vec<(CommitId, String)>>),
    /// The entries.
    Tree(Vec<RemoteEntry>),
    /// The folder; `None` if there is no folder.
    Folder(Option<FoundTree>),
    /// The text's bytes.
    Blob(Vec<u8>),
    /// The number of bytes.
    Size(u64),
    /// The pull request; `None` if the commit came without one.
    PullOf(Option<PullNumber>),
    /// The person's permission; `None` if the list does not show it.
    May(Option<Permission>),
}

/// A commit with what was at the requested paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCommit {
    /// The commit.
    pub commit: RemoteCommit,
    /// What was at each path, in the order requested.
    pub entries: Vec<EntryAt>,
}

/// What is at a path: mode and ID; `None` if nothing is.
pub(crate) type EntryAt = Option<(u32, String)>;

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
pub(crate) type FoundTree = (TreeId, Vec<RemoteEntry>);

/// A page of history.
const PAGE: usize = 100;
/// At most this many commits at which a path changed.
const TOUCHES: usize = 10;
/// What one query asks for, by [`ObjectQuery::weight`]. GitHub publishes no limit for this; this one is ours.
const MAX_WEIGHT: usize = 1_500;
impl ObjectQuery {
    /// How many of them, from the first, one query asks for: at least one.
    pub fn fitting(wanted: &[Self]) -> usize {
        let mut weight = 0;
        let fit = wanted.iter().take_while(|one| {
            weight += one.weight();
            weight <= MAX_WEIGHT
        });
        fit.count().max(1).min(wanted.len())
    }

    /// About how many objects GitHub has to look up for it.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Name(_) => 2,
            Self::Commit(_, paths) | Self::Entries(_, paths) => 1 + paths.len(),
            // Most of what is at a path is the same in all of its commits.
            Self::Page(_, paths) => 3 * PAGE + 10 * paths.len(),
            Self::Size(_) => 2,
            Self::Touches(..) => TOUCHES,
            Self::Tree(_) | Self::Folder(..) | Self::Blob(_) => 20,
            Self::PullOf(_) | Self::May(..) => 20,
        }
    }

    /// Asks for it under the alias `o{index}` (a name: `o{index}b` and `o{index}t`).
    pub(super) fn ask(&self, index: usize, part: &mut QueryBuilder) {
        let alias = format!("o{index}");
        match self {
            Self::Name(name) => {
                for (kind, prefix) in [("b", "refs/heads/"), ("t", "refs/tags/")] {
                    let alias = format!("{alias}{kind}");
                    let full = part.variable(&alias, "String!", format!("{prefix}{name}"));
                    part.field(&format!(
                        "{alias}: ref(qualifiedName: {full}) {{ target {{ ...leads }} }}"
                    ));
                }
                part.fragment(LEADS);
            }
            Self::Commit(commit, paths) => {
                let at = files(&alias, paths, part);
                object(
                    part,
                    &alias,
                    commit.to_string(),
                    &format!("... on Commit {{ ...commit{at} }}"),
                );
                part.fragment(COMMIT);
            }
            Self::Entries(commit, paths) => {
                let at = files(&alias, paths, part);
                let fields = format!("... on Commit {{ oid{at} }}");
                object(part, &alias, commit.to_string(), &fields);
            }
            Self::Page(from, paths) => {
                let at = files(&alias, paths, part);
                let fields = format!(
                    "... on Commit {{ history(first: {PAGE}) {{ nodes {{ ...commit{at} }} }} }}"
                );
                object(part, &alias, from.to_string(), &fields);
                part.fragment(COMMIT);
            }
            Self::Touches(from, path) => {
                let path = part.variable(&format!("{alias}p"), "String!", path.as_str());
                let fields = format!(
                    "... on Commit {{ history(first: {TOUCHES}, path: {path}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ oid message }} }} }}"
                );
                object(part, &alias, from.to_string(), &fields);
            }
            Self::Tree(tree) => object(part, &alias, tree.to_string(), ENTRIES),
            Self::Folder(commit, path) => {
                let place = part.variable(&alias, "String!", format!("{commit}:{path}"));
                part.field(&format!(
                    "{alias}: object(expression: {place}) {{ {ENTRIES} }}"
                ));
            }
            Self::Blob(blob) => object(part, &alias, blob.to_string(), "... on Blob { text }"),
            Self::Size(blob) => object(part, &alias, blob.to_string(), "... on Blob { byteSize }"),
            Self::PullOf(commit) => object(
                part,
                &alias,
                commit.to_string(),
                "... on Commit { associatedPullRequests(first: 1) { nodes { number } } }",
            ),
            Self::May(_, login) => {
                let login = part.variable(&alias, "String!", login.as_str());
                part.field(&format!(
                    "{alias}: collaborators(query: {login}, affiliation: ALL, first: 100) {{ edges {{ permission node {{ databaseId }} }} }}"
                ));
            }
        }
    }

    /// What the repository's answer says of it.
    pub(super) fn told(
        &self,
        repository: &Value,
        index: usize,
        operation: &str,
    ) -> Fetched<ObjectAnswer> {
        let found = &repository[format!("o{index}")];
        let words = |error: ForgeError| error.to_string();
        Ok(match self {
            Self::Name(_) => {
                let commit = |kind: &str| peeled(&repository[format!("o{index}{kind}")]["target"]);
                ObjectAnswer::Name(RemoteRef {
                    branch: commit("b").map_err(words)?,
                    tag: commit("t").map_err(words)?,
                })
            }
            Self::Commit(_, paths) => {
                ObjectAnswer::Commit(commit_of(found, paths.len(), operation).map_err(words)?)
            }
            Self::Entries(_, paths) => ObjectAnswer::Entries(match found.get("oid") {
                Some(_) => Some(entries_at(found, paths.len(), operation).map_err(words)?),
                None => None,
            }),
            Self::Page(_, paths) => {
                let history = &found["history"];
                let mut page = Vec::new();
                if !history.is_null() {
                    let nodes: Nodes<Value> = shape(history.clone(), operation).map_err(words)?;
                    for node in nodes.nodes {
                        page.extend(commit_of(&node, paths.len(), operation).map_err(words)?);
                    }
                }
                ObjectAnswer::Page(page)
            }
            Self::Touches(..) => {
                let nodes: Nodes<TouchShape> =
                    shape(found["history"].clone(), operation).map_err(words)?;
                let more = nodes.page.as_ref().is_none_or(|page| page.has_next_page);
                ObjectAnswer::Touches(match more {
                    true => None,
                    false => {
                        let commits = nodes.nodes.into_iter();
                        let commits = commits.map(|one| Ok((id(&one.oid)?, one.message)));
                        Some(commits.collect::<Result<_, _>>().map_err(words)?)
                    }
                })
            }
            Self::Tree(_) => ObjectAnswer::Tree(entries(found)?),
            Self::Folder(..) => {
                let id = found["oid"].as_str().and_then(|id| id.parse().ok());
                ObjectAnswer::Folder(match id {
                    Some(id) => Some((id, entries(found)?)),
                    None => None,
                })
            }
            Self::Blob(_) => {
                let text = found["text"].as_str().ok_or("it is not text")?;
                ObjectAnswer::Blob(text.as_bytes().to_vec())
            }
            Self::Size(_) => {
                ObjectAnswer::Size(found["byteSize"].as_u64().ok_or("its size is missing")?)
            }
            Self::PullOf(_) => {
                let pulls: Nodes<NumberShape> =
                    serde_json::from_value(found["associatedPullRequests"].clone())
                        .map_err(|error| error.to_string())?;
                let first = pulls.nodes.first();
                ObjectAnswer::PullOf(first.map(|pull| PullNumber(pull.number)))
            }
            Self::May(id, _) => {
                // The search is for parts of a name, so every hit is compared.
                let mut may = None;
                for edge in found["edges"].as_array().into_iter().flatten() {
                    let edge: EdgeShape = shape(edge.clone(), operation).map_err(words)?;
                    if edge.node.id == Some(*id) {
                        may = Some(of_enum(&edge.permission));
                    }
                }
                ObjectAnswer::May(may)
            }
        })
    }
}

const ENTRIES: &str = "... on Tree { oid entries { nameRaw mode oid } }";

fn object(part: &mut QueryBuilder, alias: &str, id: String, fields: &str) {
    let id = part.variable(alias, "GitObjectID!", id);
    part.field(&format!("{alias}: object(oid: {id}) {{ {fields} }}"));
}

/// The fields that query what is at paths of a commit.
fn files(alias: &str, paths: &[String], part: &mut QueryBuilder) -> String {
    let each = paths.iter().enumerate().map(|(at, path)| {
        let path = part.variable(&format!("{alias}p{at}"), "String!", path.as_str());
        format!(" p{at}: file(path: {path}) {{ mode oid }}")
    });
    each.collect()
}

/// `None` if there is no object, or it is not a commit.
fn commit_of(
    node: &Value,
    paths: usize,
    operation: &str,
) -> Result<Option<HistoryCommit>, ForgeError> {
    if node.get("oid").is_none() {
        return Ok(None);
    }
    Ok(Some(HistoryCommit {
        commit: shape::<CommitShape>(node.clone(), operation)?.commit()?,
        entries: entries_at(node, paths, operation)?,
    }))
}

fn entries_at(node: &Value, paths: usize, operation: &str) -> Result<Vec<EntryAt>, ForgeError> {
    let mut entries = Vec::new();
    for index in 0..paths {
        let entry: Option<EntryShape> = shape(node[format!("p{index}")].clone(), operation)?;
        entries.push(entry.map(|entry| (entry.mode, entry.oid)));
    }
    Ok(entries)
}

/// The entries of a folder.
pub(super) fn entries(found: &Value) -> Fetched<Vec<RemoteEntry>> {
    let entries: Vec<NamedEntryShape> =
        serde_json::from_value(found["entries"].clone()).map_err(|error| error.to_string())?;
    entries.into_iter().map(NamedEntryShape::entry).collect()
}

#[derive(Deserialize)]
struct EntryShape {
    mode: u32,
    oid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedEntryShape {
    name_raw: String,
    mode: u32,
    oid: String,
}

impl NamedEntryShape {
    fn entry(self) -> Fetched<RemoteEntry> {
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
struct TouchShape {
    oid: String,
    message: String,
}

#[derive(Deserialize)]
struct NumberShape {
    number: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_as_much_as_fits_and_at_least_for_one_thing() {
        let commit = |digit: usize, paths: usize| {
            let id = format!("{digit:040x}").parse().unwrap();
            ObjectQuery::Commit(id, vec![String::new(); paths])
        };
        let many = |count: usize, paths: usize| -> Vec<ObjectQuery> {
            (0..count).map(|digit| commit(digit, paths)).collect()
        };
        assert_eq!(ObjectQuery::fitting(&[]), 0);
        assert_eq!(ObjectQuery::fitting(&many(400, 1)), 400);
        assert_eq!(ObjectQuery::fitting(&many(1_000, 1)), 750);
        assert_eq!(ObjectQuery::fitting(&many(2, 5_000)), 1);
        assert_eq!(ObjectQuery::fitting(&[commit(0, 1_300), commit(1, 300)]), 1);
    }
}
