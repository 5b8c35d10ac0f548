//! All open pull requests into a branch, with what their heads' status `sluice` says now.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::paging::MAX_PAGES;
use super::paging::too_long;
use super::shapes::{
    ACTOR, ActorShape, COMMIT, CommitShape, Nodes, Oid, StatusShape, id, shape, take,
};
use crate::model::actor::{Actor, UserId};
use crate::model::ids::{CommitId, PullNumber};
use crate::model::pull::RemoteCommit;

/// An open pull request, no matter who opened it and from where.
#[derive(Clone, Debug)]
pub struct OpenPull {
    /// Its number.
    pub number: PullNumber,
    /// The commit that it asks to merge.
    pub head: CommitId,
    /// The short name of its branch, here or in a fork; foreign text.
    pub branch: String,
    /// It comes from another repository.
    pub foreign: bool,
    /// This token's account opened it.
    pub own: bool,
    /// How many files it changes, as GitHub counts; by an older base it may.
    pub files: u64,
    /// The newest commits of its list, at most five. The list may lag behind, also behind the head.
    pub commits: Vec<RemoteCommit>,
    /// GitHub says that it conflicts with the tip of the base. `false` also while GitHub does not know.
    pub conflicts: bool,
    /// The current status; `None` if this answer does not include it.
    pub said: Option<Option<StatusNow>>,
}

/// The newest status of a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusNow {
    /// Its state, in lower case.
    pub state: String,
    /// Its description.
    pub description: String,
    /// Who set it.
    pub creator: Option<UserId>,
}

/// Open pull requests, those first that were touched last.
#[derive(Clone, Debug)]
pub struct OpenPulls {
    /// The tip of the base when they were read.
    pub tip: CommitId,
    /// At most as many as were asked for.
    pub pulls: Vec<OpenPull>,
    /// How many there are.
    pub total: u64,
    /// Whose token this is.
    pub viewer: Option<UserId>,
}

/// How many commits of a pull request come with the list. Most have no more, and each costs a list of parents.
const MAX_COMMITS: usize = 5;

const OPEN: &str = "query($owner: String!, $name: String!, $base: String!, $ref: String!, $context: String!, $commits: Int!, $after: String) { \
    viewer { ...who } repository(owner: $owner, name: $name) { ref(qualifiedName: $ref) { target { oid } } \
    pullRequests(states: [OPEN], baseRefName: $base, first: 50, after: $after, \
    orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount pageInfo { hasNextPage endCursor } nodes { \
    number headRefName headRefOid isCrossRepository viewerDidAuthor changedFiles mergeable \
    commits(last: $commits) { nodes { commit { ...commit } } } \
    head: commits(last: 1) { nodes { commit { oid status { context(name: $context) { state description creator { ...who } } } } } } \
    } } } }";

impl Forge {
    /// The open pull requests into `base`, at most `most` of them, with what `context` says of their heads.
    ///
    /// # Errors
    /// Any [`ForgeError`]; one page that cannot be read fails the whole.
    pub async fn open_pulls(
        &self,
        base: &str,
        context: &str,
        most: usize,
    ) -> Result<OpenPulls, ForgeError> {
        let operation = "read the open pull requests";
        let query = format!("{OPEN} {COMMIT} {ACTOR}");
        let mut after = Value::Null;
        let mut found: Option<OpenPulls> = None;
        for _ in 0..MAX_PAGES {
            let variables = json!({
                "owner": self.slug().owner(), "name": self.slug().name(), "base": base,
                "ref": format!("refs/heads/{base}"), "context": context,
                "commits": MAX_COMMITS, "after": after,
            });
            let (mut data, _) = self.query(&query, variables, operation).await?;
            let page: PageShape = shape(take(&mut data, &["repository"]), operation)?;
            let viewer: ActorShape = shape(take(&mut data, &["viewer"]), operation)?;
            let tip = page.tip.ok_or_else(|| ForgeError::NotFound {
                what: format!("the branch {base}"),
            })?;
            let tip = tip.target.commit()?;
            let known = found.get_or_insert(OpenPulls {
                tip,
                pulls: Vec::new(),
                total: page.pulls.total_count,
                viewer: Actor::from(viewer).id,
            });
            if known.tip != tip {
                return Err(ForgeError::Unreachable {
                    operation: operation.to_owned(),
                    why: "the base branch moved while they were being read".to_owned(),
                });
            }
            let next = page.pulls.page.next();
            for pull in page.pulls.page.nodes {
                let pull = pull.pull()?;
                // The list may move while it is read.
                if known.pulls.iter().all(|one| one.number != pull.number) {
                    known.pulls.push(pull);
                }
            }
            match next {
                Some(cursor) if known.pulls.len() < most => after = Value::from(cursor),
                _ => break,
            }
        }
        let mut found = found.ok_or_else(|| too_long(operation))?;
        found.pulls.truncate(most);
        Ok(found)
    }
}

#[derive(Deserialize)]
struct PageShape {
    #[serde(rename = "ref")]
    tip: Option<TipShape>,
    #[serde(rename = "pullRequests")]
    pulls: PullsShape,
}

#[derive(Deserialize)]
struct TipShape {
    target: Oid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullsShape {
    total_count: u64,
    #[serde(flatten)]
    page: Nodes<OpenShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenShape {
    number: u64,
    head_ref_name: String,
    head_ref_oid: String,
    is_cross_repository: bool,
    viewer_did_author: bool,
    changed_files: u64,
    mergeable: String,
    commits: Nodes<OneShape<CommitShape>>,
    head: Nodes<OneShape<StatedShape>>,
}

#[derive(Deserialize)]
struct OneShape<T> {
    commit: T,
}

#[derive(Deserialize)]
struct StatedShape {
    oid: String,
    status: Option<StatusShape>,
}

impl OpenShape {
    fn pull(self) -> Result<OpenPull, ForgeError> {
        let head: CommitId = id(&self.head_ref_oid)?;
        let commits = self.commits.nodes.into_iter();
        let commits = commits.map(|node| node.commit.commit());
        let of_head = self
            .head
            .nodes
            .into_iter()
            .find(|node| node.commit.oid.eq_ignore_ascii_case(&self.head_ref_oid));
        let said = of_head.map(|node| {
            let context = node.commit.status.and_then(|status| status.context)?;
            Some(StatusNow {
                state: context.state.to_ascii_lowercase(),
                description: context.description.unwrap_or_default(),
                creator: context.creator.and_then(|creator| Actor::from(creator).id),
            })
        });
        Ok(OpenPull {
            number: PullNumber(self.number),
            head,
            branch: self.head_ref_name,
            foreign: self.is_cross_repository,
            own: self.viewer_did_author,
            files: self.changed_files,
            commits: commits.collect::<Result<_, _>>()?,
            conflicts: self.mergeable == "CONFLICTING",
            said,
        })
    }
}
