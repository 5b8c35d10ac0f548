//! Creating objects: blobs, trees and commits, which no one sees until a ref points to them.

use base64::Engine;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::backoff::Backoff;
use super::client::Forge;
use super::error::ForgeError;
use super::shapes::id;
use super::writer::Writer;
use crate::model::ids::{CommitId, TreeId};

/// The waits between the attempts at a commit on a branch: GitHub may not know everywhere yet where a newly created
/// branch points.
const WAITS: Backoff = Backoff::doubling(2, 2);

/// A file for a new tree.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its path.
    pub path: String,
    /// Its mode: 0o100644 or 0o100755.
    pub mode: u32,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A commit that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// Its id.
    pub id: CommitId,
    /// GitHub says that its signature is verified.
    pub verified: bool,
}

impl Writer {
    /// Creates the tree that is `base` with these files replaced. The answer must be the tree that was computed here,
    /// `expected`; anything else is an error, and nothing points to it.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn create_tree(
        &self,
        base: &TreeId,
        files: &[NewFile],
        expected: &TreeId,
    ) -> Result<(), ForgeError> {
        let mut entries = Vec::new();
        for file in files {
            let mut entry =
                json!({ "path": file.path, "mode": format!("{:o}", file.mode), "type": "blob" });
            match std::str::from_utf8(&file.bytes) {
                Ok(text) => entry["content"] = Value::from(text),
                Err(_) => entry["sha"] = Value::from(self.create_blob(&file.bytes).await?),
            }
            entries.push(entry);
        }
        let operation = "make the tree of a promotion";
        let body = json!({ "base_tree": base.to_string(), "tree": entries });
        let answer = self
            .write_again(
                Method::POST,
                self.forge.path("/git/trees"),
                Some(body),
                operation,
            )
            .await?;
        let made: ShaShape = answer.parse(operation)?;
        if id::<TreeId>(&made.sha)? == *expected {
            Ok(())
        } else {
            Err(ForgeError::NotUnderstood(format!(
                "to {operation}: GitHub made {} instead of {expected}",
                made.sha
            )))
        }
    }

    async fn create_blob(&self, bytes: &[u8]) -> Result<String, ForgeError> {
        let operation = "store a file of a promotion";
        let content = base64::engine::general_purpose::STANDARD.encode(bytes);
        let body = json!({ "content": content, "encoding": "base64" });
        let answer = self
            .write_again(
                Method::POST,
                self.forge.path("/git/blobs"),
                Some(body),
                operation,
            )
            .await?;
        Ok(answer.parse::<ShaShape>(operation)?.sha)
    }

    /// Makes a commit that GitHub signs: with `createCommitOnBranch` on its own branch at `parent`. It cannot set
    /// modes, so an executable file is refused. The branch is left for the caller to rename or delete.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn create_signed_commit(
        &self,
        branch: &str,
        parent: &CommitId,
        subject: &str,
        body: &str,
        files: &[NewFile],
    ) -> Result<CommitId, ForgeError> {
        let operation = "make the signed commit of a promotion";
        let query = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
        let input = self.commit_input(branch, parent, (subject, body), files);
        let variables = json!({ "input": input });
        let mut waits = WAITS;
        loop {
            let answer = self.try_mutation(query, variables.clone(), operation).await;
            let error = match answer {
                Ok((data, errors, _)) => match errors.first() {
                    None => {
                        let oid = &data["createCommitOnBranch"]["commit"]["oid"];
                        return id(oid.as_str().unwrap_or_default());
                    }
                    // A branch that was just created may not be known everywhere yet.
                    Some(error) if error.is_stale() => error.typed(operation),
                    Some(error) => return Err(error.typed(operation)),
                },
                Err(error) if error.uncertain() => error,
                Err(error) => return Err(error),
            };
            // Whether it was applied can be seen from where the branch is; the caller proves what it contains.
            match self.forge.branch(branch).await? {
                Some(tip) if tip != *parent => return Ok(tip),
                _ => {}
            }
            if !self.forge.wait_for(&mut waits).await {
                return Err(error);
            }
        }
    }

    /// The input of `createCommitOnBranch`: these files replaced at `parent`, where the branch must be.
    pub(super) fn commit_input(
        &self,
        branch: &str,
        parent: &CommitId,
        (subject, body): (&str, &str),
        files: &[NewFile],
    ) -> Value {
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let additions: Vec<Value> = files
            .iter()
            .map(|file| json!({ "path": file.path, "contents": encode(&file.bytes) }))
            .collect();
        json!({
            "branch": { "repositoryNameWithOwner": self.forge.slug().to_string(), "branchName": branch },
            "expectedHeadOid": parent,
            "message": { "headline": subject, "body": body },
            "fileChanges": { "additions": additions },
        })
    }

    /// Makes a commit.
    ///
    /// # Errors
    /// Any [`ForgeError`]; also if the answer has another tree or other parents.
    pub async fn create_commit(
        &self,
        message: &str,
        tree: &TreeId,
        parents: &[CommitId],
    ) -> Result<NewCommit, ForgeError> {
        let operation = "make the commit of a promotion";
        let body = json!({ "message": message, "tree": tree.to_string(), "parents": parents });
        let answer = self
            .write_again(
                Method::POST,
                self.forge.path("/git/commits"),
                Some(body),
                operation,
            )
            .await?;
        let made: CommitShape = answer.parse(operation)?;
        let found: Vec<CommitId> = made
            .parents
            .iter()
            .map(|parent| id(&parent.sha))
            .collect::<Result<_, _>>()?;
        if id::<TreeId>(&made.tree.sha)? != *tree || found != parents {
            return Err(ForgeError::NotUnderstood(format!(
                "to {operation}: {} has different content",
                made.sha
            )));
        }
        Ok(NewCommit {
            id: id(&made.sha)?,
            verified: made
                .verification
                .is_some_and(|verification| verification.verified),
        })
    }
}

/// A commit as it was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCommit {
    /// Its tree.
    pub tree: TreeId,
    /// Its parents, the first one first.
    pub parents: Vec<CommitId>,
    /// Its whole message; foreign text until it is compared.
    pub message: String,
    /// GitHub says that its signature is verified.
    pub verified: bool,
}

impl Forge {
    /// Reads a commit back, whoever made it.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn read_commit(&self, commit: &CommitId) -> Result<ReadCommit, ForgeError> {
        let operation = "read a commit back";
        let answer = self
            .get(self.path(&format!("/git/commits/{commit}")), operation)
            .await?;
        let found: CommitShape = answer.parse(operation)?;
        if id::<CommitId>(&found.sha)? != *commit {
            return Err(ForgeError::NotUnderstood(format!(
                "to {operation}: GitHub answered with {} instead of {commit}",
                found.sha
            )));
        }
        Ok(ReadCommit {
            tree: id(&found.tree.sha)?,
            parents: found
                .parents
                .iter()
                .map(|parent| id(&parent.sha))
                .collect::<Result<_, _>>()?,
            message: found.message,
            verified: found
                .verification
                .is_some_and(|verification| verification.verified),
        })
    }
}

#[derive(Deserialize)]
struct ShaShape {
    sha: String,
}

#[derive(Deserialize)]
struct CommitShape {
    sha: String,
    tree: ShaShape,
    parents: Vec<ShaShape>,
    #[serde(default)]
    message: String,
    verification: Option<Verification>,
}

#[derive(Deserialize)]
struct Verification {
    verified: bool,
}
