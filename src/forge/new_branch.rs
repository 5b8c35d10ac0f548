//! Creating a branch with one commit on it, by one document of two mutations.

use serde_json::{Value, json};

use super::error::ForgeError;
use super::git::{NewFile, ReadCommit};
use super::graphql::GraphqlError;
use super::shapes::id;
use super::writer::Writer;
use crate::model::ids::CommitId;

const CREATE: &str = "mutation($branch: UpdateRefsInput!, $commit: CreateCommitOnBranchInput!) { \
    branch: updateRefs(input: $branch) { clientMutationId } \
    commit: createCommitOnBranch(input: $commit) { commit { \
    oid message tree { oid } parents(first: 2) { nodes { oid } } signature { isValid } } } }";

/// A branch to create, with the commit that it begins with.
#[derive(Clone, Copy, Debug)]
pub struct NewBranch<'a> {
    /// The repository's ID in GraphQL.
    pub repository: &'a str,
    /// The branch's name, without `refs/heads/`.
    pub name: &'a str,
    /// The commit's only parent.
    pub parent: &'a CommitId,
    /// The first line of the commit's message.
    pub subject: &'a str,
    /// The rest of it; may be empty.
    pub body: &'a str,
    /// The files that the commit replaces. Their modes are not written: each becomes a plain file.
    pub files: &'a [NewFile],
}

/// What came of creating a branch with a commit on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchWithCommit {
    /// Both were answered without an error. The commit is as GitHub shows it, and is still to be compared.
    Created(CommitId, ReadCommit),
    /// The branch was not created: it exists, or this token may not create it. If someone else created it at the very parent, the commit
    /// may be on it now.
    NoBranch,
    /// The branch was created, and is at the parent unless the answer about the commit was lost.
    OnlyBranch {
        /// GitHub did not know the branch everywhere yet.
        stale: bool,
    },
}

/// What GitHub says of a field that it does not know.
const UNKNOWN_FIELD: &str = "doesn't exist on type";

impl Writer {
    /// Creates a branch that does not exist yet, and GitHub's commit on it, by one document. GitHub carries out the second mutation also if
    /// the first one failed.
    ///
    /// # Errors
    /// Any [`ForgeError`] about the document as a whole. If the server does not know one of the two mutations,
    /// [`Self::creates_branches_with_commits`] is false from then on.
    pub async fn create_branch_with_commit(
        &self,
        new: &NewBranch<'_>,
    ) -> Result<BranchWithCommit, ForgeError> {
        let operation = format!("create the branch {}", new.name);
        let zero = "0".repeat(new.parent.to_string().len());
        let variables = json!({
            "branch": {
                "repositoryId": new.repository,
                "refUpdates": [{
                    "name": format!("refs/heads/{}", new.name), "beforeOid": zero, "afterOid": new.parent,
                }],
            },
            "commit": self.commit_input(new.name, new.parent, (new.subject, new.body), new.files),
        });
        let (data, errors, _) = self.try_mutation(CREATE, variables, &operation).await?;
        let names = |error: &&GraphqlError, field: &str| {
            error.path.first().is_some_and(|part| part == field)
        };
        let of = |field: &str| errors.iter().find(|error| names(error, field));
        // An error that names neither is about the whole: nothing was carried out, or it is not known what was.
        let about_all = |error: &&GraphqlError| !names(error, "branch") && !names(error, "commit");
        if let Some(error) = errors.iter().find(about_all) {
            let error = error.typed(&operation);
            if error.said(UNKNOWN_FIELD) {
                self.create_branches_after_commits();
            }
            return Err(error);
        }
        match (of("branch"), of("commit")) {
            (None, None) => {
                let commit = &data["commit"]["commit"];
                let (head, made) = created(commit)?;
                self.note_branch();
                Ok(BranchWithCommit::Created(head, made))
            }
            // Whether it was carried out is not known.
            (Some(error), _) if error.is_broken_off() => Err(ForgeError::Unreachable {
                why: error.typed(&operation).reason(),
                operation,
            }),
            // The second is allowed to every token that may write contents, the first maybe not.
            (Some(branch), Some(commit)) if branch.is_forbidden() && commit.is_forbidden() => {
                Err(branch.typed(&operation))
            }
            (Some(_), _) => Ok(BranchWithCommit::NoBranch),
            (None, Some(error)) => Ok(BranchWithCommit::OnlyBranch {
                stale: error.is_stale(),
            }),
        }
    }
}

/// A commit as the answer shows it.
fn created(commit: &Value) -> Result<(CommitId, ReadCommit), ForgeError> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parents = commit["parents"]["nodes"].as_array();
    let parents = parents.into_iter().flatten();
    Ok((
        id(&text(&commit["oid"]))?,
        ReadCommit {
            tree: id(&text(&commit["tree"]["oid"]))?,
            parents: parents
                .map(|parent| id(&text(&parent["oid"])))
                .collect::<Result<_, _>>()?,
            message: text(&commit["message"]),
            verified: commit["signature"]["isValid"] == true,
        },
    ))
}
