//! Merging, and GitHub's many ways of saying no.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::shapes::{ACTOR, ActorShape, COMMIT, CommitShape, Nodes, Oid, shape, take, time};
use super::writer::Writer;
use crate::model::actor::Actor;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::pull::{Pull, RemoteCommit};

/// How GitHub merges. Rebasing is never used: it would make commits that no one has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// One new commit.
    Squash,
    /// A merge commit.
    Merge,
}

/// That a pull request was removed from the merge queue without having landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eviction {
    /// When.
    pub at: Timestamp,
    /// Why, in GitHub's word; foreign text.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemovalShape {
    created_at: String,
    reason: Option<String>,
    actor: Option<ActorShape>,
}

/// What GitHub says of a merge that it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeAnswer {
    /// The commit that it made on the base branch.
    pub commit: RemoteCommit,
    /// The branch that it was merged into, without `refs/heads/`.
    pub base: String,
    /// Where that branch is after it.
    pub base_tip: CommitId,
    /// When it was merged.
    pub at: Timestamp,
    /// GitHub's time at the answer.
    pub now: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MergedShape {
    merged_at: String,
    merge_commit: CommitShape,
    base_ref_name: String,
    base_ref: BaseShape,
}

#[derive(Deserialize)]
struct BaseShape {
    target: Oid,
}

/// Why a merge did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeRefused {
    /// The head is another one now: everything that was concluded about it is void.
    HeadMoved,
    /// The base moved or another merge is in progress: read again, then try once more.
    TryAgain(String),
    /// The rules require a merge queue.
    WantsQueue,
    /// The rules, the settings or a conflict forbid it, in GitHub's words: not in this run.
    ByRules(String),
    /// It may or may not have been applied.
    Uncertain(ForgeError),
    /// Anything else.
    Failed(ForgeError),
}

impl Writer {
    /// Merges a pull request whose head is exactly `head`: what GitHub says that it made, if its answer holds all of it.
    /// Sent once; the caller looks what came of it. `node`: the pull request's ID in GraphQL.
    ///
    /// # Errors
    /// [`MergeRefused`].
    pub async fn merge(
        &self,
        (number, node): (PullNumber, &str),
        head: &CommitId,
        method: MergeMethod,
        title: &str,
        message: &str,
    ) -> Result<Option<MergeAnswer>, MergeRefused> {
        let method = match method {
            MergeMethod::Squash => "SQUASH",
            MergeMethod::Merge => "MERGE",
        };
        let query = format!(
            "mutation($input: MergePullRequestInput!) {{ mergePullRequest(input: $input) {{ pullRequest {{ \
             mergedAt mergeCommit {{ ...commit }} baseRefName baseRef {{ target {{ oid }} }} }} }} }} {COMMIT}"
        );
        let input = json!({
            "pullRequestId": node, "expectedHeadOid": head, "mergeMethod": method, "commitHeadline": title, "commitBody": message,
        });
        let operation = format!("merge {number}");
        let sent = self
            .try_mutation(&query, json!({ "input": input }), &operation)
            .await;
        let (mut data, errors, now) = sent.map_err(refused)?;
        if let Some(error) = errors.iter().find(|error| error.is_broken_off()) {
            return Err(MergeRefused::Uncertain(ForgeError::Unreachable {
                why: error.typed(&operation).reason(),
                operation,
            }));
        }
        if let Some(error) = errors.iter().find(|error| error.path.len() <= 1) {
            return Err(refused(error.typed(&operation)));
        }
        // It was merged. What the answer does not show, because of another error or without one, is looked at.
        let merged = take(&mut data, &["mergePullRequest", "pullRequest"]);
        Ok(now.and_then(|now| answer_of(merged, now, &operation).ok()))
    }

    /// Puts a pull request with exactly this head into the merge queue.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn enqueue(&self, pull: &Pull) -> Result<(), ForgeError> {
        let query = "mutation($id: ID!, $head: GitObjectID!) { enqueuePullRequest(input: { pullRequestId: $id, \
            expectedHeadOid: $head }) { mergeQueueEntry { id } } }";
        let variables = json!({ "id": pull.node, "head": pull.head });
        match self
            .mutate(
                query,
                variables,
                &format!("add {} to the merge queue", pull.number),
            )
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.said("already in the queue") || error.said("already queued") => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Removes a pull request from the merge queue.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn dequeue(&self, pull: &Pull) -> Result<(), ForgeError> {
        let query = "mutation($id: ID!) { dequeuePullRequest(input: { id: $id }) { mergeQueueEntry { id } } }";
        let operation = format!("remove {} from the merge queue", pull.number);
        self.mutate(query, json!({ "id": pull.node }), &operation)
            .await?;
        Ok(())
    }

    /// Disarms auto-merge, which would merge without looking at the gates (A30).
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn disable_auto_merge(&self, pull: &Pull) -> Result<(), ForgeError> {
        let query = "mutation($id: ID!) { disablePullRequestAutoMerge(input: { pullRequestId: $id }) { pullRequest { number } } }";
        let operation = format!("disable auto-merge of {}", pull.number);
        self.mutate(query, json!({ "id": pull.node }), &operation)
            .await?;
        Ok(())
    }
}

impl Forge {
    /// The newest time that a pull request was removed from the merge queue by another account than that of its author.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn eviction(&self, pull: &Pull) -> Result<Option<Eviction>, ForgeError> {
        let operation = format!("read the merge queue events of {}", pull.number);
        let query = format!(
            "query($owner: String!, $name: String!, $number: Int!) {{ repository(owner: $owner, name: $name) {{ \
             pullRequest(number: $number) {{ removals: timelineItems(last: 20, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) {{ nodes {{ \
             ... on RemovedFromMergeQueueEvent {{ createdAt reason actor {{ ...who }} }} }} }} }} }} }} {ACTOR}"
        );
        let slug = self.slug();
        let variables =
            json!({ "owner": slug.owner(), "name": slug.name(), "number": pull.number.0 });
        let (mut data, _) = self.query(&query, variables, &operation).await?;
        let removals: Nodes<RemovalShape> = shape(
            take(&mut data, &["repository", "pullRequest", "removals"]),
            &operation,
        )?;
        let own = pull.author.as_ref().and_then(|author| author.id);
        let mut found = None;
        for removal in removals.nodes {
            let by = removal.actor.map(Actor::from).and_then(|actor| actor.id);
            if by.is_none() || by != own {
                found = Some(Eviction {
                    at: time(&removal.created_at)?,
                    reason: removal.reason.unwrap_or_default(),
                });
            }
        }
        Ok(found)
    }
}

/// What GitHub made, of the merged pull request in its answer.
fn answer_of(merged: Value, now: Timestamp, operation: &str) -> Result<MergeAnswer, ForgeError> {
    let found: MergedShape = shape(merged, operation)?;
    Ok(MergeAnswer {
        commit: found.merge_commit.commit()?,
        base: found.base_ref_name,
        base_tip: found.base_ref.target.commit()?,
        at: time(&found.merged_at)?,
        now,
    })
}

fn refused(error: ForgeError) -> MergeRefused {
    if error.uncertain() {
        return MergeRefused::Uncertain(error);
    }
    let said = match &error {
        ForgeError::Refused { said, .. } => said,
        // A rule may say no in the way in which a token's permissions do, but in other words.
        ForgeError::Forbidden { said, .. } if !error.said("not accessible by") => said,
        _ => return MergeRefused::Failed(error),
    };
    let lower = said.to_ascii_lowercase();
    if lower.contains("head branch was modified") {
        MergeRefused::HeadMoved
    } else if lower.contains("base branch was modified")
        || lower.contains("merge already in progress")
    {
        MergeRefused::TryAgain(said.clone())
    } else if lower.contains("merge queue") {
        MergeRefused::WantsQueue
    } else {
        MergeRefused::ByRules(said.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_that_is_not_known_to_pass_by_itself_ends_the_try() {
        let say = |said: &str| {
            refused(ForgeError::Refused {
                operation: String::new(),
                status: 200,
                said: said.to_owned(),
            })
        };
        let forbidden = |said: &str| {
            refused(ForgeError::Forbidden {
                operation: String::new(),
                said: said.to_owned(),
            })
        };
        let no_permission = "Resource not accessible by integration";
        assert!(matches!(forbidden(no_permission), MergeRefused::Failed(_)));
        let rules = "You're not authorized to push to this branch.";
        assert_eq!(forbidden(rules), MergeRefused::ByRules(rules.to_owned()));
        assert_eq!(
            say("Head branch was modified. Review and try the merge again."),
            MergeRefused::HeadMoved
        );
        for passing in [
            "Base branch was modified. Review and try the merge again.",
            "Merge already in progress",
        ] {
            assert_eq!(say(passing), MergeRefused::TryAgain(passing.to_owned()));
        }
        assert_eq!(
            say("Repository rule violations found; Changes must be made through the merge queue"),
            MergeRefused::WantsQueue
        );
        for rules in [
            "Squash merges are not allowed on this repository.",
            "You're not authorized to push to this branch.",
            "Pull Request is still a draft",
            "Pull Request is not mergeable",
            "At least 1 approving review is required by reviewers with write access.",
            "a text that nobody has seen yet",
        ] {
            assert_eq!(say(rules), MergeRefused::ByRules(rules.to_owned()));
        }
    }
}
