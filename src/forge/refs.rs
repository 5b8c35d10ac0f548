//! Branches: created once, moved only forward from where they were seen, deleted only if they are still there.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::shapes::id;
use super::writer::Writer;
use crate::model::ids::CommitId;

/// At most this many receipts are written, and this many branches deleted, by one document.
const MAX_OF_EACH: usize = 20;

/// The text of a pull request that landed: who approved it, as which commit it landed, how to undo it.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The pull request's ID in GraphQL.
    pub node: String,
    /// Its description, in Markdown.
    pub body: String,
}

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
                Ok(_) => {
                    self.note_branch();
                    return Ok(RefWrite::Done);
                }
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

    /// Writes the receipts of landed pull requests, and deletes branches as [`Self::delete_branch`] does: together, in as few documents
    /// as they fit into. What came of each branch, in the order given. A receipt may be lost.
    pub async fn finish_landings(
        &self,
        repository: &str,
        receipts: &[Receipt],
        branches: &[(&str, &CommitId)],
    ) -> Vec<Result<RefWrite, ForgeError>> {
        let mut done = Vec::new();
        let documents = receipts.len().max(branches.len()).div_ceil(MAX_OF_EACH);
        for document in 0..documents {
            let (receipts, branches) = (part(receipts, document), part(branches, document));
            // A branch alone: if it fails, the answer has to be looked at anyway.
            let gone = match (receipts, branches) {
                ([], [_]) => vec![false],
                _ => self.try_to_finish(repository, receipts, branches).await,
            };
            for ((branch, at), gone) in branches.iter().zip(gone) {
                done.push(match gone {
                    true => Ok(RefWrite::Done),
                    false => self.delete_branch(repository, branch, at).await,
                });
            }
        }
        done
    }

    /// Writes receipts and deletes branches by one document, one mutation each; whether each branch was certainly deleted by it.
    async fn try_to_finish(
        &self,
        repository: &str,
        receipts: &[Receipt],
        branches: &[(&str, &CommitId)],
    ) -> Vec<bool> {
        let mut variables = serde_json::Map::new();
        let (mut inputs, mut fields) = (String::new(), String::new());
        for (index, Receipt { node, body }) in receipts.iter().enumerate() {
            let input = json!({ "pullRequestId": node, "body": body });
            variables.insert(format!("p{index}"), input);
            inputs += &format!("$p{index}: UpdatePullRequestInput! ");
            fields +=
                &format!("r{index}: updatePullRequest(input: $p{index}) {{ clientMutationId }} ");
        }
        for (index, (branch, at)) in branches.iter().enumerate() {
            let gone = json!({
                "name": format!("refs/heads/{branch}"), "beforeOid": at, "afterOid": "0".repeat(at.to_string().len()),
            });
            let input = json!({ "repositoryId": repository, "refUpdates": [gone] });
            variables.insert(format!("i{index}"), input);
            inputs += &format!("$i{index}: UpdateRefsInput! ");
            fields += &format!("d{index}: updateRefs(input: $i{index}) {{ clientMutationId }} ");
        }
        let query = format!("mutation({inputs}) {{ {fields} }}");
        let operation = format!(
            "write {} receipts and delete {} branches",
            receipts.len(),
            branches.len()
        );
        let answer = self
            .try_mutation(&query, Value::Object(variables), &operation)
            .await;
        let Ok((data, _, _)) = answer else {
            return vec![false; branches.len()];
        };
        let deleted = |index: usize| data[format!("d{index}")].is_object();
        (0..branches.len()).map(deleted).collect()
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

/// What one of several documents does of a list.
fn part<T>(all: &[T], document: usize) -> &[T] {
    all.chunks(MAX_OF_EACH).nth(document).unwrap_or_default()
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
