//! The commits between two points of a repository that touch some folders: what a promotion brings, and who wrote it.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Forge;
use super::error::ForgeError;
use super::shapes::{Nodes, id, shape, time};
use crate::model::brought::{Brought, BroughtCommit, Person, Way};
use crate::model::ids::CommitId;

/// Pages of a hundred commits that are looked through; what is longer is said to be cut.
const PAGES: usize = 5;

const TOLD: &str = "fragment told on CommitHistoryConnection { pageInfo { hasNextPage endCursor } nodes { oid messageHeadline committedDate \
    authors(first: 10) { nodes { name email user { databaseId login } } } committer { name email user { databaseId login } } \
    associatedPullRequests(first: 1) { nodes { number } } } }";

impl Forge {
    /// The commits that `new` has and `old` has not and that touch one of the folders (`""`: any), newest first: one call
    /// for the set, one for what they are. Where it goes back, those that `old` has and `new` has not: one call more.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn between(
        &self,
        old: &CommitId,
        new: &CommitId,
        folders: &[String],
    ) -> Result<Brought, ForgeError> {
        let (way, mut set, mut oldest, mut whole) = self.set_between(old, new).await?;
        let mut of = new;
        if way == Way::Back {
            (_, set, oldest, whole) = self.set_between(new, old).await?;
            of = old;
        }
        let mut brought = Brought {
            way,
            commits: Vec::new(),
            total: 0,
            cut: !whole,
        };
        if set.is_empty() {
            return Ok(brought);
        }
        let everything = [String::new()];
        let folders = match folders.iter().any(String::is_empty) || folders.is_empty() {
            true => &everything[..],
            false => folders,
        };
        let mut known = BTreeSet::new();
        let mut cursors: Vec<Option<Option<String>>> = vec![Some(None); folders.len()];
        for _ in 0..PAGES {
            if cursors.iter().all(Option::is_none) {
                break;
            }
            let pages = self.touching(of, folders, &cursors).await?;
            for (cursor, page) in cursors.iter_mut().zip(pages) {
                let Some(page) = page else { continue };
                // In the order of dates: what is older than the oldest commit of the set is none of it.
                let mut older = false;
                let next = page.next();
                for commit in page.nodes {
                    let oid: CommitId = id(&commit.oid)?;
                    older |= time(&commit.committed_date)? < oldest;
                    if set.contains(&oid) && known.insert(oid) {
                        brought.commits.push(commit.brought(oid)?);
                    }
                }
                *cursor = next.filter(|_| !older).map(Some);
            }
        }
        brought.total = brought.commits.len();
        brought.cut |= cursors.iter().any(Option::is_some);
        brought
            .commits
            .sort_by_key(|commit| std::cmp::Reverse(commit.at));
        Ok(brought)
    }

    /// How the two stand to each other, the ids of the commits in between, the oldest committer date among them, and whether
    /// that is all of them.
    async fn set_between(
        &self,
        old: &CommitId,
        new: &CommitId,
    ) -> Result<(Way, BTreeSet<CommitId>, Timestamp, bool), ForgeError> {
        let doing = format!("compare {} with {}", old.short(), new.short());
        let mut set = BTreeSet::new();
        let mut way = Way::Forward;
        let mut oldest = Timestamp::MAX;
        for page in 1..=PAGES {
            let path = self.path(&format!("/compare/{old}...{new}?per_page=100&page={page}"));
            let found: CompareShape = self.get(path, &doing).await?.parse(&doing)?;
            way = match found.status.as_str() {
                "ahead" | "identical" => Way::Forward,
                "behind" => Way::Back,
                _ => Way::Sideways,
            };
            let here = found.commits.len();
            for commit in found.commits {
                set.insert(id(&commit.sha)?);
                oldest = oldest.min(time(&commit.commit.committer.date)?);
            }
            if set.len() >= found.total_commits || here == 0 {
                return Ok((way, set, oldest, true));
            }
        }
        Ok((way, set, oldest, false))
    }

    async fn touching(
        &self,
        from: &CommitId,
        folders: &[String],
        cursors: &[Option<Option<String>>],
    ) -> Result<Vec<Option<Nodes<CommitShape>>>, ForgeError> {
        let doing = "read what a promotion brings";
        let mut variables = json!({
            "owner": self.slug().owner(), "name": self.slug().name(), "oid": from.to_string(),
        });
        let mut head = String::from("query($owner: String!, $name: String!, $oid: GitObjectID!");
        let mut fields = String::new();
        for (at, (folder, cursor)) in folders.iter().zip(cursors).enumerate() {
            let Some(cursor) = cursor else { continue };
            let path = match folder.is_empty() {
                true => String::new(),
                false => {
                    variables[format!("p{at}")] = folder.as_str().into();
                    // Writing to a String cannot fail.
                    let _ = write!(head, ", $p{at}: String");
                    format!(", path: $p{at}")
                }
            };
            variables[format!("a{at}")] = cursor.as_deref().map_or(Value::Null, Value::from);
            let _ = write!(head, ", $a{at}: String");
            let _ = write!(
                fields,
                " h{at}: history(first: 100, after: $a{at}{path}) {{ ...told }}"
            );
        }
        let query = format!(
            "{head}) {{ repository(owner: $owner, name: $name) {{ object(oid: $oid) {{ ... on Commit {{{fields} }} }} }} }} {TOLD}"
        );
        let (mut data, _) = self.query(&query, variables, doing).await?;
        cursors
            .iter()
            .enumerate()
            .map(|(at, cursor)| match cursor {
                None => Ok(None),
                Some(_) => {
                    let page = data["repository"]["object"][format!("h{at}")].take();
                    Ok(Some(shape(page, doing)?))
                }
            })
            .collect()
    }
}

#[derive(Deserialize)]
struct CompareShape {
    status: String,
    total_commits: usize,
    commits: Vec<ShaShape>,
}

#[derive(Deserialize)]
struct ShaShape {
    sha: String,
    commit: DatedShape,
}

#[derive(Deserialize)]
struct DatedShape {
    committer: DateShape,
}

#[derive(Deserialize)]
struct DateShape {
    date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitShape {
    oid: String,
    message_headline: String,
    committed_date: String,
    authors: Nodes<GitActor>,
    committer: Option<GitActor>,
    associated_pull_requests: Option<Nodes<NumberShape>>,
}

#[derive(Deserialize)]
struct NumberShape {
    number: u64,
}

#[derive(Deserialize)]
struct GitActor {
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

impl CommitShape {
    fn brought(self, commit: CommitId) -> Result<BroughtCommit, ForgeError> {
        let number = self
            .associated_pull_requests
            .and_then(|pulls| pulls.nodes.into_iter().next())
            .map(|pull| pull.number);
        Ok(BroughtCommit {
            commit,
            subject: self.message_headline,
            at: time(&self.committed_date)?,
            authors: self.authors.nodes.into_iter().map(Person::from).collect(),
            committer: self.committer.map(Person::from),
            number,
        })
    }
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
