//! Branches: created once, moved only forward from where they were seen, deleted only if they are still there.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::shapes::id;
use super::writer::Writer;
use crate::model::ids::CommitId;

/// What came of writing a ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefWrite {
    /// It is where it was expected.
    Done,
    /// It is somewhere else, and was left alone.
    Elsewhere(CommitId),
}

impl Forge {
    /// The commit of a branch; `None` if it does not exist.
    ///
    /// # Errors
    /// Any [`ForgeError`] but that it is not there.
    pub async fn branch(&self, branch: &str) -> Result<Option<CommitId>, ForgeError> {
        let operation = format!("read the branch {branch}");
        match self
            .get(
                self.path(&format!("/git/ref/heads/{}", encoded(branch))),
                &operation,
            )
            .await
        {
            Ok(answer) => {
                let found: RefShape = answer.parse(&operation)?;
                Ok(Some(id(&found.object.sha)?))
            }
            Err(ForgeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Writer {
    /// Creates a branch: it appears whole, or not at all.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn create_branch(
        &self,
        branch: &str,
        commit: &CommitId,
    ) -> Result<RefWrite, ForgeError> {
        let operation = format!("create the branch {branch}");
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": commit });
        for _ in 0..2 {
            let answer = self
                .write(
                    Method::POST,
                    self.forge.path("/git/refs"),
                    Some(body.clone()),
                    &operation,
                )
                .await;
            let error = match answer {
                Ok(_) => return Ok(RefWrite::Done),
                Err(error) if error.uncertain() || error.said("already exists") => error,
                Err(error) => return Err(error),
            };
            match self.forge.branch(branch).await? {
                Some(found) if found == *commit => return Ok(RefWrite::Done),
                Some(found) => return Ok(RefWrite::Elsewhere(found)),
                None if !error.uncertain() => return Err(error),
                None => {}
            }
        }
        Err(ForgeError::Unreachable {
            operation,
            why: "after two attempts the branch does not exist".to_owned(),
        })
    }

    /// Moves a branch forward to a commit whose first parent is `from`, only if it is still at `from`: GitHub refuses
    /// anything that is not a fast-forward, and nothing that descends from another tip is one.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn advance_branch(
        &self,
        branch: &str,
        from: &CommitId,
        to: &CommitId,
    ) -> Result<RefWrite, ForgeError> {
        let operation = format!("move {branch} to {}", to.short());
        let path = self
            .forge
            .path(&format!("/git/refs/heads/{}", encoded(branch)));
        let body = json!({ "sha": to, "force": false });
        for _ in 0..2 {
            let answer = self
                .write(Method::PATCH, path.clone(), Some(body.clone()), &operation)
                .await;
            let error = match answer {
                Ok(_) => return Ok(RefWrite::Done),
                Err(error)
                    if error.uncertain()
                        || error.said("fast forward")
                        || error.said("fast-forward") =>
                {
                    error
                }
                Err(error) => return Err(error),
            };
            match self.forge.branch(branch).await? {
                Some(found) if found == *to => return Ok(RefWrite::Done),
                Some(found) if found != *from => return Ok(RefWrite::Elsewhere(found)),
                _ if !error.uncertain() => return Err(error),
                _ => {}
            }
        }
        Err(ForgeError::Unreachable {
            operation,
            why: "after two attempts the branch did not move".to_owned(),
        })
    }

    /// Gives a commit that a temporary branch leads to its real name, in one step: the new branch appears and the
    /// temporary one is gone, or neither.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn rename_branch(
        &self,
        repository: &str,
        from: &str,
        to: &str,
        commit: &CommitId,
    ) -> Result<RefWrite, ForgeError> {
        let operation = format!("create the branch {to}");
        let zero = "0".repeat(commit.to_string().len());
        let updates = [
            json!({ "name": format!("refs/heads/{to}"), "beforeOid": zero, "afterOid": commit }),
            json!({ "name": format!("refs/heads/{from}"), "beforeOid": commit, "afterOid": zero }),
        ];
        let error = match self.update_refs(repository, &updates, &operation).await {
            Ok(()) => return Ok(RefWrite::Done),
            Err(error) => error,
        };
        match self.forge.branch(to).await? {
            Some(found) if found == *commit => Ok(RefWrite::Done),
            Some(found) => Ok(RefWrite::Elsewhere(found)),
            None => Err(error),
        }
    }

    /// Deletes a branch if it is still at `at`; a branch that is already gone is fine. `repository`: its ID in GraphQL.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn delete_branch(
        &self,
        repository: &str,
        branch: &str,
        at: &CommitId,
    ) -> Result<RefWrite, ForgeError> {
        let operation = format!("delete the branch {branch}");
        let gone = json!({
            "name": format!("refs/heads/{branch}"), "beforeOid": at, "afterOid": "0".repeat(at.to_string().len()),
        });
        let Err(error) = self.update_refs(repository, &[gone], &operation).await else {
            return Ok(RefWrite::Done);
        };
        let refused = matches!(
            error,
            ForgeError::Refused { .. } | ForgeError::NotFound { .. } | ForgeError::Forbidden { .. }
        );
        if !error.uncertain() && !refused {
            return Err(error);
        }
        match self.forge.branch(branch).await? {
            None => return Ok(RefWrite::Done),
            Some(found) if found != *at => return Ok(RefWrite::Elsewhere(found)),
            Some(_) => {}
        }
        // A server that does not know `updateRefs`, does not let this token use it, or did not answer: the look just now is as near as REST comes.
        let path = self
            .forge
            .path(&format!("/git/refs/heads/{}", encoded(branch)));
        match self.write(Method::DELETE, path, None, &operation).await {
            Ok(_) | Err(ForgeError::NotFound { .. }) => Ok(RefWrite::Done),
            Err(error) if error.said("does not exist") => Ok(RefWrite::Done),
            Err(error) if error.uncertain() && self.forge.branch(branch).await?.is_none() => {
                Ok(RefWrite::Done)
            }
            Err(error) => Err(error),
        }
    }

    /// Moves, creates and deletes refs in one step: each must be where the caller says, or none is changed. All zeros
    /// mean that it does not exist.
    async fn update_refs(
        &self,
        repository: &str,
        updates: &[Value],
        operation: &str,
    ) -> Result<(), ForgeError> {
        let query =
            "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
        let input = json!({ "repositoryId": repository, "refUpdates": updates });
        self.mutate(query, json!({ "input": input }), operation)
            .await?;
        Ok(())
    }
}

/// A branch's name in a path: its slashes stay.
pub(super) fn encoded(branch: &str) -> String {
    branch
        .split('/')
        .map(|part| {
            percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[derive(Deserialize)]
struct RefShape {
    object: ObjectShape,
}

#[derive(Deserialize)]
struct ObjectShape {
    sha: String,
}
