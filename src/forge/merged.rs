//! Pull requests that were merged lately: what a person merged is found by them if its branch is gone.

use serde::Deserialize;

use super::error::ForgeError;
use super::shapes::{ActorShape, Nodes, Oid, StatusShape, id, time};
use crate::model::actor::Actor;
use crate::model::ids::PullNumber;
use crate::model::pull::{MergedPull, is_author};

/// GraphQL for the pull requests that were merged last, under `merged`; needs the fragment `who` and the variable `$context`. Into any base:
/// which one is the default branch is known only from the same answer.
pub(super) const MERGED: &str = "merged: pullRequests(states: [MERGED], first: 20, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { \
    number baseRefName headRefName headRefOid isCrossRepository viewerDidAuthor mergedAt author { ...who } mergedBy { ...who } \
    mergeCommit { oid } commits(last: 1) { nodes { commit { message status { context(name: $context) { state description creator { ...who } } } } } } } }";

/// A pull request as [`MERGED`] asks for it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MergedShape {
    number: u64,
    base_ref_name: String,
    head_ref_name: String,
    head_ref_oid: String,
    is_cross_repository: bool,
    viewer_did_author: bool,
    merged_at: String,
    author: Option<ActorShape>,
    merged_by: Option<ActorShape>,
    merge_commit: Option<Oid>,
    commits: Nodes<HeadShape>,
}

#[derive(Deserialize)]
struct HeadShape {
    commit: HeadCommit,
}

#[derive(Deserialize)]
struct HeadCommit {
    message: String,
    status: Option<StatusShape>,
}

impl MergedShape {
    /// Whether this account opened it from a branch of this repository into that base.
    pub(super) fn is_ours(&self, base: &str) -> bool {
        self.viewer_did_author && !self.is_cross_repository && self.base_ref_name == base
    }

    pub(super) fn merged(self) -> Result<MergedPull, ForgeError> {
        let head = self.commits.nodes.into_iter().next();
        let (message, status) = head.map_or((String::new(), None), |head| {
            (head.commit.message, head.commit.status)
        });
        let status = status.and_then(|status| status.context);
        let author: Option<Actor> = self.author.map(Into::into);
        let (success, description, creator) = match status {
            Some(one) => (
                one.state == "SUCCESS",
                one.description.unwrap_or_default(),
                one.creator.map(Actor::from),
            ),
            None => Default::default(),
        };
        let is_own = is_author(creator.as_ref(), author.as_ref());
        Ok(MergedPull {
            number: PullNumber(self.number),
            branch: self.head_ref_name,
            head: id(&self.head_ref_oid)?,
            message,
            success,
            gates_passed: success && is_own,
            status: description,
            author,
            at: time(&self.merged_at)?,
            by: self.merged_by.map(Into::into),
            commit: self.merge_commit.as_ref().map(Oid::commit).transpose()?,
        })
    }
}
