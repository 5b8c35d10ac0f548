//! Merging, and GitHub's many ways of saying no.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::client::Forge;
use super::error::ForgeError;
use super::shapes::{ACTOR, ActorShape, Nodes, shape, take, time};
use super::writer::Writer;
use crate::model::actor::Actor;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::pull::Pull;

/// How GitHub merges. Rebasing is never used: it would make commits that no one has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// One new commit.
    Squash,
    /// A merge commit.
    Merge,
}

/// That a pull request was taken out of the merge queue without having landed.
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

/// Why a merge did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeRefused {
    /// The head is another one now: everything that was concluded about it is void.
    HeadMoved,
    /// The base moved or another merge is in progress: read again, then try once more.
    TryAgain(String),
    /// The rules want a merge queue.
    WantsQueue,
    /// The rules, the settings or a conflict forbid it, in GitHub's words: not in this run.
    ByRules(String),
    /// It may or may not have been applied.
    Uncertain(ForgeError),
    /// Anything else.
    Failed(ForgeError),
}

impl Writer {
    /// Merges a pull request whose head is exactly `head`. Sent once; the caller looks what came of it.
    ///
    /// # Errors
    /// [`MergeRefused`].
    pub async fn merge(
        &self,
        number: PullNumber,
        head: &CommitId,
        method: MergeMethod,
        title: &str,
        message: &str,
    ) -> Result<(), MergeRefused> {
        let method = match method {
            MergeMethod::Squash => "squash",
            MergeMethod::Merge => "merge",
        };
        let body = json!({
            "sha": head, "merge_method": method, "commit_title": title, "commit_message": message,
        });
        let path = self.forge.path(&format!("/pulls/{}/merge", number.0));
        match self
            .write(Method::PUT, path, Some(body), &format!("merge {number}"))
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => Err(refused(error)),
        }
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

    /// Takes a pull request out of the merge queue.
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
    /// The newest time that a pull request was taken out of the merge queue by another account than that of its author.
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

fn refused(error: ForgeError) -> MergeRefused {
    if error.uncertain() {
        return MergeRefused::Uncertain(error);
    }
    let ForgeError::Refused { status, said, .. } = &error else {
        return MergeRefused::Failed(error);
    };
    let lower = said.to_ascii_lowercase();
    match status {
        409 if lower.contains("head branch was modified") => MergeRefused::HeadMoved,
        405 | 409 | 422
            if lower.contains("base branch was modified")
                || lower.contains("merge already in progress") =>
        {
            MergeRefused::TryAgain(said.clone())
        }
        _ if lower.contains("merge queue") => MergeRefused::WantsQueue,
        405 | 409 | 422 => MergeRefused::ByRules(said.clone()),
        _ => MergeRefused::Failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_that_is_not_known_to_pass_by_itself_ends_the_try() {
        let say = |status, said: &str| {
            refused(ForgeError::Refused {
                operation: String::new(),
                status,
                said: said.to_owned(),
            })
        };
        assert_eq!(
            say(
                409,
                "Head branch was modified. Review and try the merge again."
            ),
            MergeRefused::HeadMoved
        );
        for passing in [
            "Base branch was modified. Review and try the merge again.",
            "Merge already in progress",
        ] {
            assert_eq!(
                say(405, passing),
                MergeRefused::TryAgain(passing.to_owned())
            );
        }
        assert_eq!(
            say(
                405,
                "Repository rule violations found; Changes must be made through the merge queue"
            ),
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
            assert_eq!(say(405, rules), MergeRefused::ByRules(rules.to_owned()));
        }
    }
}
