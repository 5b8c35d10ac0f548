//! The commits between two points of a repository that touch some folders: what a promotion brings, and who wrote it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::client::Forge;
use super::error::ForgeError;
use super::object_lookup::may_be_too_much;
use super::query_builder::QueryBuilder;
use super::shapes::{GitActor, Nodes, id, shape, take, time};
use crate::model::commit_range::{Direction, Person, RangeCommit, RangeCommits};
use crate::model::ids::CommitId;

/// The maximum number of pages of a hundred commits that are read; anything longer is reported as cut.
const PAGES: usize = 5;

const TOLD: &str = "fragment told on CommitHistoryConnection { pageInfo { hasNextPage endCursor } nodes { oid messageHeadline committedDate \
    authors(first: 10) { nodes { name email user { databaseId login } } } \
    associatedPullRequests(first: 1) { nodes { number } } } }";

impl Forge {
    /// The commits that `new` has and `old` does not have and that touch one of the folders (`""`: any), newest first.
    /// If it goes back, those that `old` has and `new` does not.
    ///
    /// One call if no folder was ever touched by more than a hundred commits, and the older of the two is one of them,
    /// as what Sluice pins is. Otherwise the set of all commits in between is read too, a hundred per call, at most
    /// five hundred of them.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn between(
        &self,
        old: &CommitId,
        new: &CommitId,
        folders: &[String],
    ) -> Result<RangeCommits, ForgeError> {
        if let Some(brought) = self.by_lists(old, new, folders).await? {
            return Ok(brought);
        }
        let (way, mut set, mut oldest, mut whole) = self.set_between(old, new).await?;
        let mut of = new;
        if way == Direction::Back {
            (_, set, oldest, whole) = self.set_between(new, old).await?;
            of = old;
        }
        let mut brought = RangeCommits {
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
                // In the order of dates: anything older than the oldest commit of the set is not in it.
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
        brought.cut |= cursors.iter().any(Option::is_some);
        brought.newest_first();
        Ok(brought)
    }

    /// The same from the whole lists of commits that touch the folders, before and after: those in one list but not in
    /// the other. `None` if a list is too long, or if the lists do not show how the two commits relate. A list that was
    /// cut is not enough: committers choose the dates of their commits, and could hide one at its end.
    async fn by_lists(
        &self,
        old: &CommitId,
        new: &CommitId,
        folders: &[String],
    ) -> Result<Option<RangeCommits>, ForgeError> {
        if folders.is_empty() || folders.iter().any(String::is_empty) {
            return Ok(None);
        }
        let (before, after) = match self.lists(old, new, folders).await {
            Ok(Some(lists)) => lists,
            Ok(None) => return Ok(None),
            Err(error) if may_be_too_much(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let held: BTreeSet<CommitId> = before.iter().map(|one| one.commit).collect();
        let (way, commits) = if after.iter().any(|one| one.commit == *old) {
            let fresh = after.into_iter().filter(|one| !held.contains(&one.commit));
            (Direction::Forward, fresh.collect())
        } else if held.contains(new) {
            let stays: BTreeSet<CommitId> = after.iter().map(|one| one.commit).collect();
            let goes = before
                .into_iter()
                .filter(|one| !stays.contains(&one.commit));
            (Direction::Back, goes.collect())
        } else {
            return Ok(None);
        };
        let mut brought = RangeCommits {
            way,
            commits,
            total: 0,
            cut: false,
        };
        brought.newest_first();
        Ok(Some(brought))
    }

    /// All commits that touch one of the folders, in the history of one commit and of another; `None` if that is more
    /// than a page.
    async fn lists(
        &self,
        old: &CommitId,
        new: &CommitId,
        folders: &[String],
    ) -> Result<Option<(Vec<RangeCommit>, Vec<RangeCommit>)>, ForgeError> {
        let operation = "read what a promotion brings";
        let mut part = QueryBuilder::default();
        let paths: Vec<String> = folders
            .iter()
            .enumerate()
            .map(|(at, folder)| part.variable(&format!("p{at}"), "String!", folder.as_str()))
            .collect();
        for (alias, commit) in [("before", old), ("after", new)] {
            let id = part.variable(alias, "GitObjectID!", commit.to_string());
            let lists = paths.iter().enumerate().map(|(at, path)| {
                format!(" h{at}: history(first: 100, path: {path}) {{ ...told }}")
            });
            let lists: String = lists.collect();
            part.field(&format!(
                "{alias}: object(oid: {id}) {{ ... on Commit {{{lists} }} }}"
            ));
        }
        part.fragment(TOLD);
        let (query, variables) = self.build(part);
        let (mut data, _) = self.query_once(&query, variables, operation).await?;
        let mut lists = [Vec::new(), Vec::new()];
        for (alias, list) in ["before", "after"].into_iter().zip(&mut lists) {
            let mut known = BTreeSet::new();
            for at in 0..folders.len() {
                let page = take(&mut data, &["repository", alias, &format!("h{at}")]);
                // A commit that is not there has no list.
                if page.is_null() {
                    return Ok(None);
                }
                let page: Nodes<CommitShape> = shape(page, operation)?;
                if page.next().is_some() {
                    return Ok(None);
                }
                for commit in page.nodes {
                    let oid: CommitId = id(&commit.oid)?;
                    if known.insert(oid) {
                        list.push(commit.brought(oid)?);
                    }
                }
            }
        }
        let [before, after] = lists;
        Ok(Some((before, after)))
    }

    /// How the two relate, the IDs of the commits in between, the oldest committer date among them, and whether that is
    /// all of them.
    async fn set_between(
        &self,
        old: &CommitId,
        new: &CommitId,
    ) -> Result<(Direction, BTreeSet<CommitId>, Timestamp, bool), ForgeError> {
        let (way, commits, whole) = self.compared(old, new).await?;
        let oldest = commits.iter().map(|(_, _, at)| *at).min();
        let set = commits.into_iter().map(|(commit, ..)| commit).collect();
        Ok((way, set, oldest.unwrap_or(Timestamp::MAX), whole))
    }

    /// The commits that `new` has and `old` does not, each with its parents; if more than five hundred, the oldest of them.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn ahead(
        &self,
        old: &CommitId,
        new: &CommitId,
    ) -> Result<Vec<(CommitId, Vec<CommitId>)>, ForgeError> {
        let (_, commits, _) = self.compared(old, new).await?;
        let commits = commits.into_iter();
        Ok(commits
            .map(|(commit, parents, _)| (commit, parents))
            .collect())
    }

    /// How the two relate, the commits in between with their parents and committer dates, oldest first, and whether
    /// that is all of them.
    async fn compared(
        &self,
        old: &CommitId,
        new: &CommitId,
    ) -> Result<(Direction, Vec<(CommitId, Vec<CommitId>, Timestamp)>, bool), ForgeError> {
        let operation = format!("compare {} with {}", old.short(), new.short());
        let mut commits = Vec::new();
        let mut way = Direction::Forward;
        for page in 1..=PAGES {
            let path = self.path(&format!("/compare/{old}...{new}?per_page=100&page={page}"));
            let found: CompareShape = self.get(path, &operation).await?.parse(&operation)?;
            way = match found.status.as_str() {
                "ahead" | "identical" => Direction::Forward,
                "behind" => Direction::Back,
                _ => Direction::Sideways,
            };
            let here = found.commits.len();
            for commit in found.commits {
                let parents = commit.parents.iter().map(|parent| id(&parent.sha));
                commits.push((
                    id(&commit.sha)?,
                    parents.collect::<Result<_, _>>()?,
                    time(&commit.commit.committer.date)?,
                ));
            }
            if commits.len() >= found.total_commits || here == 0 {
                return Ok((way, commits, true));
            }
        }
        Ok((way, commits, false))
    }

    async fn touching(
        &self,
        from: &CommitId,
        folders: &[String],
        cursors: &[Option<Option<String>>],
    ) -> Result<Vec<Option<Nodes<CommitShape>>>, ForgeError> {
        let operation = "read what a promotion brings";
        let mut part = QueryBuilder::default();
        let mut lists = String::new();
        for (at, (folder, cursor)) in folders.iter().zip(cursors).enumerate() {
            let Some(cursor) = cursor else { continue };
            let path = match folder.is_empty() {
                true => String::new(),
                false => {
                    let path = part.variable(&format!("p{at}"), "String", folder.as_str());
                    format!(", path: {path}")
                }
            };
            let after = part.variable(&format!("a{at}"), "String", cursor.as_deref());
            lists += &format!(" h{at}: history(first: 100, after: {after}{path}) {{ ...told }}");
        }
        let id = part.variable("oid", "GitObjectID!", from.to_string());
        part.field(&format!(
            "object(oid: {id}) {{ ... on Commit {{{lists} }} }}"
        ));
        part.fragment(TOLD);
        let (query, variables) = self.build(part);
        let (mut data, _) = self.query(&query, variables, operation).await?;
        cursors
            .iter()
            .enumerate()
            .map(|(at, cursor)| match cursor {
                None => Ok(None),
                Some(_) => {
                    let page = take(&mut data, &["repository", "object", &format!("h{at}")]);
                    Ok(Some(shape(page, operation)?))
                }
            })
            .collect()
    }
}

impl RangeCommits {
    fn newest_first(&mut self) {
        self.total = self.commits.len();
        self.commits
            .sort_by_key(|commit| std::cmp::Reverse(commit.at));
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
    #[serde(default)]
    parents: Vec<ParentShape>,
}

#[derive(Deserialize)]
struct ParentShape {
    sha: String,
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
    associated_pull_requests: Option<Nodes<NumberShape>>,
}

#[derive(Deserialize)]
struct NumberShape {
    number: u64,
}

impl CommitShape {
    fn brought(self, commit: CommitId) -> Result<RangeCommit, ForgeError> {
        let number = self
            .associated_pull_requests
            .and_then(|pulls| pulls.nodes.into_iter().next())
            .map(|pull| pull.number);
        Ok(RangeCommit {
            commit,
            subject: self.message_headline,
            at: time(&self.committed_date)?,
            authors: self.authors.nodes.into_iter().map(Person::from).collect(),
            number,
        })
    }
}
