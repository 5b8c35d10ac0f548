//! Who made commits: their authors and committers, and the pull requests of which they are the merge commits.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::client::Forge;
use super::error::ForgeError;
use super::query_builder::QueryBuilder;
use super::shapes::{ACTOR, ActorShape, GitActor, Nodes, Oid, shape, take};
use crate::model::authors::{Makers, Merge};
use crate::model::commit_range::Person;
use crate::model::fetched::Fetched;
use crate::model::ids::{CommitId, PullNumber};

/// At most this many commits are asked about in a query.
const COMMITS: usize = 50;
/// At most this many pull requests are asked about in a query.
const PULLS: usize = 10;

const PERSON: &str = "fragment person on GitActor { name email user { databaseId login } }";
const MADE: &str = "fragment made on Commit { oid committedViaWeb signature { isValid wasSignedByGitHub } \
    authors(first: 100) { pageInfo { hasNextPage endCursor } nodes { ...person } } committer { ...person } \
    associatedPullRequests(first: 10) { nodes { number merged mergeCommit { oid } } } }";
const MERGED: &str = "fragment merged on PullRequest { merged mergeCommit { oid } author { ...who } mergedBy { ...who } commits(first: 100) { \
    pageInfo { hasNextPage endCursor } nodes { commit { authors(first: 10) { pageInfo { hasNextPage endCursor } nodes { ...person } } } } } }";

impl Forge {
    /// Who made each of these commits: one call for fifty of them, and one more for ten pull requests of which they are the merge commits.
    pub async fn makers(&self, commits: &[CommitId]) -> BTreeMap<CommitId, Fetched<Makers>> {
        let mut found = BTreeMap::new();
        for part in commits.chunks(COMMITS) {
            match self.makers_of(part).await {
                Ok(makers) => found.extend(makers.into_iter().map(|one| (one.commit, Ok(one)))),
                Err(error) => {
                    let why = error.to_string();
                    found.extend(part.iter().map(|commit| (*commit, Err(why.clone()))));
                }
            }
        }
        found
    }

    async fn makers_of(&self, commits: &[CommitId]) -> Result<Vec<Makers>, ForgeError> {
        let operation = "read the authors of commits";
        let mut part = QueryBuilder::default();
        for (at, commit) in commits.iter().enumerate() {
            let id = part.variable(&format!("c{at}"), "GitObjectID!", commit.to_string());
            part.field(&format!(
                "c{at}: object(oid: {id}) {{ ... on Commit {{ ...made }} }}"
            ));
        }
        part.fragment(PERSON);
        part.fragment(MADE);
        let (query, variables) = self.build(part);
        let (mut data, _) = self.query(&query, variables, operation).await?;
        let mut found = Vec::with_capacity(commits.len());
        let mut wanted: BTreeSet<u64> = BTreeSet::new();
        for (at, commit) in commits.iter().enumerate() {
            let node = take(&mut data, &["repository", &format!("c{at}")]);
            if node.get("oid").is_none() {
                return Err(ForgeError::NotUnderstood(format!(
                    "to {operation}: there is no commit {commit}"
                )));
            }
            let made: MadeShape = shape(node, operation)?;
            let pulls = made.associated_pull_requests.iter();
            for pull in pulls.flat_map(|pulls| &pulls.nodes) {
                if pull.end.is_in(commit)? {
                    wanted.insert(pull.number);
                }
            }
            found.push(made.makers(*commit));
        }
        let wanted: Vec<u64> = wanted.into_iter().collect();
        for part in wanted.chunks(PULLS) {
            for (merge, end) in self.merges(part, operation).await? {
                for one in &mut found {
                    // The pull request itself is asked again: the list may name one of another repository.
                    if end.is_in(&one.commit)? {
                        one.merge = Some(merge.clone());
                    }
                }
            }
        }
        Ok(found)
    }

    async fn merges(
        &self,
        numbers: &[u64],
        operation: &str,
    ) -> Result<Vec<(Merge, EndShape)>, ForgeError> {
        let mut part = QueryBuilder::default();
        for (at, number) in numbers.iter().enumerate() {
            let number = part.variable(&format!("n{at}"), "Int!", *number);
            part.field(&format!(
                "n{at}: pullRequest(number: {number}) {{ ...merged }}"
            ));
        }
        part.fragment(PERSON);
        part.fragment(ACTOR);
        part.fragment(MERGED);
        let (query, variables) = self.build(part);
        let (mut data, _) = self.query(&query, variables, operation).await?;
        let each = numbers.iter().enumerate();
        each.map(|(at, number)| {
            let node = take(&mut data, &["repository", &format!("n{at}")]);
            let merged: MergedShape = shape(node, operation)?;
            Ok(merged.merge(PullNumber(*number)))
        })
        .collect()
    }

    /// The default branch and its tip.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn default_branch(&self) -> Result<(String, CommitId), ForgeError> {
        let operation = "read the default branch";
        let mut part = QueryBuilder::default();
        part.field("defaultBranchRef { name target { oid } }");
        let (query, variables) = self.build(part);
        let (mut data, _) = self.query(&query, variables, operation).await?;
        let found: BranchShape = shape(
            take(&mut data, &["repository", "defaultBranchRef"]),
            operation,
        )?;
        Ok((found.name, found.target.commit()?))
    }
}

#[derive(Deserialize)]
struct BranchShape {
    name: String,
    target: Oid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MadeShape {
    committed_via_web: bool,
    signature: Option<SignatureShape>,
    authors: Nodes<GitActor>,
    committer: Option<GitActor>,
    associated_pull_requests: Option<Nodes<PullShape>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignatureShape {
    is_valid: bool,
    was_signed_by_git_hub: bool,
}

#[derive(Deserialize)]
struct PullShape {
    number: u64,
    #[serde(flatten)]
    end: EndShape,
}

/// How a pull request ended.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndShape {
    merged: bool,
    merge_commit: Option<Oid>,
}

impl EndShape {
    /// Whether it was merged by exactly this commit.
    fn is_in(&self, commit: &CommitId) -> Result<bool, ForgeError> {
        let end = self.merge_commit.as_ref().map(Oid::commit).transpose()?;
        Ok(self.merged && end == Some(*commit))
    }
}

impl MadeShape {
    fn makers(self, commit: CommitId) -> Makers {
        let signature = self.signature;
        Makers {
            commit,
            more_authors: self.authors.next().is_some(),
            authors: people(self.authors),
            committer: self.committer.map(Person::from),
            via_web: self.committed_via_web,
            signed: signature.is_some_and(|one| one.is_valid && one.was_signed_by_git_hub),
            merge: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MergedShape {
    #[serde(flatten)]
    end: EndShape,
    author: Option<ActorShape>,
    merged_by: Option<ActorShape>,
    commits: Nodes<CommitShape>,
}

#[derive(Deserialize)]
struct CommitShape {
    commit: AuthorsShape,
}

#[derive(Deserialize)]
struct AuthorsShape {
    authors: Nodes<GitActor>,
}

impl MergedShape {
    fn merge(self, number: PullNumber) -> (Merge, EndShape) {
        let mut more = self.commits.next().is_some();
        let mut authors = Vec::new();
        for node in self.commits.nodes {
            more |= node.commit.authors.next().is_some();
            authors.extend(people(node.commit.authors));
        }
        let merge = Merge {
            number,
            opened_by: self.author.map(Into::into),
            merged_by: self.merged_by.map(Into::into),
            authors,
            more,
        };
        (merge, self.end)
    }
}

fn people(nodes: Nodes<GitActor>) -> Vec<Person> {
    nodes.nodes.into_iter().map(Person::from).collect()
}
