//! Commits of another clone through the API, with what stood at some paths: a page of a history, or many commits by their ids; and
//! what names mean, in the same call.

use std::fmt::Write;

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Forge;
use super::error::ForgeError;
use super::objects::{LEADS, NamesPart, RemoteRef};
use super::shapes::{COMMIT, CommitShape, Nodes, shape};
use crate::model::evidence::Looked;
use crate::model::ids::CommitId;
use crate::model::pull::RemoteCommit;

/// How many commits, and how many paths of them, one query asks for.
const BATCH: usize = 100;
/// How many names one query asks for.
const NAMES: usize = 50;

/// A commit of a history with what stood at the paths that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCommit {
    /// The commit.
    pub commit: RemoteCommit,
    /// Mode and id at each path, in the order asked; `None` where nothing stood.
    pub entries: Vec<Option<(u32, String)>>,
}

/// A commit to read, and the paths at which is asked what stood there.
pub type CommitWanted = (CommitId, Vec<String>);

impl Forge {
    /// Up to `first` (at most 100) commits of the history of `from`, itself the first, with what stood at `paths`.
    /// Not only first parents: whoever walks picks them out. Empty where there is no such commit.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn commits(
        &self,
        from: &CommitId,
        first: usize,
        paths: &[String],
    ) -> Result<Vec<HistoryCommit>, ForgeError> {
        let doing = format!("read the history of {} at {}", self.slug(), from.short());
        let mut variables = json!({
            "owner": self.slug().owner(), "name": self.slug().name(), "from": from, "first": first.min(100),
        });
        let (mut head, mut fields) = (String::new(), String::new());
        for (index, path) in paths.iter().enumerate() {
            variables[format!("p{index}")] = Value::from(path.as_str());
            let _ = write!(head, ", $p{index}: String!");
            let _ = write!(fields, " p{index}: file(path: $p{index}) {{ mode oid }}");
        }
        let query = format!(
            "query($owner: String!, $name: String!, $from: GitObjectID!, $first: Int!{head}) {{ \
             repository(owner: $owner, name: $name) {{ object(oid: $from) {{ ... on Commit {{ history(first: $first) {{ nodes {{ \
             ...commit{fields} }} }} }} }} }} }} {COMMIT}"
        );
        let (mut data, _) = self.query(&query, variables, &doing).await?;
        let history = data["repository"]["object"]["history"].take();
        if history.is_null() {
            return Ok(Vec::new());
        }
        let nodes: Nodes<Value> = shape(history, &doing)?;
        let mut found = Vec::new();
        for node in nodes.nodes {
            found.extend(commit_of(&node, paths.len(), &doing)?);
        }
        Ok(found)
    }

    /// What names mean, and commits by their ids, each with what stood at its paths: one call for as much as fits into a query. `None`
    /// where there is no such commit.
    pub async fn look_up(
        &self,
        names: &[String],
        wanted: &[CommitWanted],
    ) -> (Vec<Looked<RemoteRef>>, Vec<Looked<Option<HistoryCommit>>>) {
        let doing = format!("read refs and commits of {}", self.slug());
        let doing = doing.as_str();
        let mut commits = batches(wanted).into_iter();
        let mut names = names.chunks(NAMES);
        let parts = std::iter::from_fn(|| match (names.next(), commits.next()) {
            (None, None) => None,
            (names, commits) => Some((names.unwrap_or_default(), commits.unwrap_or_default())),
        });
        let answers = parts.map(|(names, commits)| async move {
            let (query, variables) = self.look_up_query(names, commits);
            (names, commits, self.query(&query, variables, doing).await)
        });
        let (mut refs, mut found) = (Vec::new(), Vec::new());
        for (names, commits, answer) in join_all(answers).await {
            let data = answer
                .map(|(data, _)| data)
                .map_err(|error| error.to_string());
            let words = |error: ForgeError| error.to_string();
            for index in 0..names.len() {
                let told = data.as_ref().map_err(String::clone);
                refs.push(told.and_then(|data| NamesPart::told(data, index).map_err(words)));
            }
            for (index, (_, paths)) in commits.iter().enumerate() {
                let told = data.as_ref().map_err(String::clone);
                found.push(told.and_then(|data| {
                    let node = &data["repository"][format!("o{index}")];
                    commit_of(node, paths.len(), doing).map_err(words)
                }));
            }
        }
        (refs, found)
    }

    fn look_up_query(&self, names: &[String], commits: &[CommitWanted]) -> (String, Value) {
        let mut variables = json!({ "owner": self.slug().owner(), "name": self.slug().name() });
        let NamesPart {
            mut head,
            fields: mut aliases,
        } = NamesPart::of(names, &mut variables);
        for (index, (id, paths)) in commits.iter().enumerate() {
            variables[format!("o{index}")] = json!(id);
            // Writing to a String cannot fail.
            let _ = write!(head, ", $o{index}: GitObjectID!");
            let mut fields = String::new();
            for (at, path) in paths.iter().enumerate() {
                variables[format!("o{index}p{at}")] = Value::from(path.as_str());
                let _ = write!(head, ", $o{index}p{at}: String!");
                let _ = write!(fields, " p{at}: file(path: $o{index}p{at}) {{ mode oid }}");
            }
            let _ = write!(
                aliases,
                " o{index}: object(oid: $o{index}) {{ ... on Commit {{ ...commit{fields} }} }}"
            );
        }
        // A fragment that is not used is an error.
        let fragments = match (names.is_empty(), commits.is_empty()) {
            (false, false) => format!("{LEADS} {COMMIT}"),
            (false, true) => LEADS.to_owned(),
            _ => COMMIT.to_owned(),
        };
        let query = format!(
            "query($owner: String!, $name: String!{head}) {{ repository(owner: $owner, name: $name) {{{aliases} }} }} {fragments}"
        );
        (query, variables)
    }
}

/// As many as fit into a query each.
fn batches(wanted: &[CommitWanted]) -> Vec<&[CommitWanted]> {
    let mut found = Vec::new();
    let (mut start, mut paths) = (0, 0);
    for (index, (_, own)) in wanted.iter().enumerate() {
        let full = index - start >= BATCH || (index > start && paths + own.len() > 2 * BATCH);
        if full {
            found.push(&wanted[start..index]);
            (start, paths) = (index, 0);
        }
        paths += own.len();
    }
    found.extend((start < wanted.len()).then(|| &wanted[start..]));
    found
}

/// `None` where there is no object, or it is no commit.
fn commit_of(node: &Value, paths: usize, doing: &str) -> Result<Option<HistoryCommit>, ForgeError> {
    if node.get("oid").is_none() {
        return Ok(None);
    }
    let mut entries = Vec::new();
    for index in 0..paths {
        let entry: Option<EntryShape> = shape(node[format!("p{index}")].clone(), doing)?;
        entries.push(entry.map(|entry| (entry.mode, entry.oid)));
    }
    Ok(Some(HistoryCommit {
        commit: shape::<CommitShape>(node.clone(), doing)?.commit()?,
        entries,
    }))
}

#[derive(Deserialize)]
struct EntryShape {
    mode: u32,
    oid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_a_hundred_commits_or_two_hundred_paths() {
        let wanted = |paths: &[usize]| -> Vec<CommitWanted> {
            let id = |digit: usize| format!("{digit:040x}").parse().unwrap();
            let each = paths.iter().enumerate();
            each.map(|(index, paths)| (id(index), vec![String::new(); *paths]))
                .collect()
        };
        let lengths = |wanted: &[CommitWanted]| -> Vec<usize> {
            batches(wanted).into_iter().map(<[_]>::len).collect()
        };
        assert_eq!(lengths(&[]), Vec::<usize>::new());
        assert_eq!(lengths(&wanted(&[1; 250])), [100, 100, 50]);
        assert_eq!(lengths(&wanted(&[150, 50, 1, 500, 2])), [2, 1, 1, 1]);
    }
}
