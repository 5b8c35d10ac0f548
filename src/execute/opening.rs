//! Opening the pull request of a promotion: its branch and commit, then the pull request.
//!
//! Branch and commit are created by one document of two mutations. GitHub carries out the second also if the first one
//! failed, so the pull request is opened by a call of its own, and only after both were answered without an error and the
//! commit is the one that was worked out. Otherwise someone who created the branch first would get a pull request in
//! Sluice's name. A branch of which it is not known who created it is not used.
//!
//! One document cannot do it if a file is executable, if the server does not know `updateRefs`, if GitHub refuses one of the
//! two for this token, or if it makes another commit than the one that was worked out. Then the tree and the commit are
//! created first, which no one sees, and the branch after them.

use std::collections::BTreeSet;

use super::delivery::{BuiltTree, Delivery, is_as_worked_out, not_signed};
use super::edit::EditedFile;
use super::error::DeliveryError;
use crate::forge::{BranchWithCommit, ForgeError, NewBranch, NewPull, RefWrite};
use crate::model::ids::{CommitId, PullNumber};
use crate::model::record::{Record, SUFFIX_LENGTH, branch_name};

/// A plan to propose.
#[derive(Debug)]
pub(crate) struct NewProposal<'a> {
    /// Its record.
    pub record: &'a Record,
    /// The commit's message.
    pub message: &'a str,
    /// The pull request's title.
    pub title: &'a str,
    /// The pull request's description.
    pub body: &'a str,
    /// The files with the edits made.
    pub files: &'a [EditedFile],
    /// Branches of pull requests that are closed: a name is never used twice, so that no review of those counts here.
    pub used: &'a BTreeSet<String>,
}

/// A pull request that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// Its number.
    pub number: PullNumber,
    /// The commit at its head.
    pub head: CommitId,
}

/// Characters that no one can guess, for a branch whose plain name is taken.
fn random_suffix() -> Result<String, DeliveryError> {
    let mut bytes = [0; SUFFIX_LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| {
        DeliveryError::CannotMake(format!("no random numbers available: {error}"))
    })?;
    let letters = b"abcdefghijklmnopqrstuvwxyz012345";
    let letter = |byte: &u8| char::from(letters[usize::from(byte % 32)]);
    Ok(bytes.iter().map(letter).collect())
}

impl Delivery<'_> {
    /// Opens a plan's pull request: tree, commit, branch, pull request.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub(crate) async fn open(&self, draft: &NewProposal<'_>) -> Result<Opened, DeliveryError> {
        let worked = self.worked(draft.files)?;
        let (branch, head) = self.new_branch(draft, &worked).await?;
        let pull = NewPull {
            title: draft.title,
            body: draft.body,
            branch: &branch,
            base: &self.snapshot.base,
            repository: self.snapshot.repository,
        };
        match self.writer.open_pull(&pull).await {
            Ok(opened) if opened.head == head => Ok(Opened {
                number: opened.number,
                head,
            }),
            // Its content is not what this run made: no review of it may count.
            Ok(opened) => {
                self.writer.close_pull(opened.number).await?;
                Err(DeliveryError::Overtaken(format!(
                    "someone pushed to {branch} before {} was opened from it, so it is closed",
                    opened.number
                )))
            }
            Err(ForgeError::OpenedByAnother(number)) => Err(DeliveryError::Overtaken(format!(
                "another account opened {number} from {branch}"
            ))),
            Err(error) => {
                // Nothing will be opened from it, and no later run may use it.
                if !error.uncertain() {
                    let node = &self.snapshot.node;
                    let _ = self.writer.delete_branch(node, &branch, &head).await;
                }
                Err(match error.said("no commits between") {
                    true => {
                        DeliveryError::Overtaken("the base branch already contains it".to_owned())
                    }
                    false => error.into(),
                })
            }
        }
    }

    /// Creates the branch with its one commit: its name, and the commit.
    async fn new_branch(
        &self,
        draft: &NewProposal<'_>,
        worked: &BuiltTree,
    ) -> Result<(String, CommitId), DeliveryError> {
        let plain = branch_name(draft.record);
        let branches = &self.snapshot.branches;
        let taken = draft.used.contains(&plain) || branches.iter().any(|one| one.name == plain);
        let name = match taken {
            true => format!("{plain}-{}", random_suffix()?),
            false => plain,
        };
        let at_once = self
            .branch_with_commit(&name, draft.message, worked)
            .await?;
        let head = match at_once {
            Some(head) => head,
            None => {
                self.commit_then_branch(&name, draft.message, worked)
                    .await?
            }
        };
        Ok((name, head))
    }

    /// Creates the branch and its commit by one document. `None`: it cannot be done this way, and neither is there.
    async fn branch_with_commit(
        &self,
        name: &str,
        message: &str,
        worked: &BuiltTree,
    ) -> Result<Option<CommitId>, DeliveryError> {
        // It cannot set modes.
        let plain_files = worked.files.iter().all(|file| file.mode == 0o100_644);
        if !plain_files || !self.writer.creates_branches_with_commits() {
            return Ok(None);
        }
        let parent = &self.snapshot.tip.id;
        let (subject, body) = message.split_once("\n\n").unwrap_or((message, ""));
        let new = NewBranch {
            repository: &self.snapshot.node,
            name,
            parent,
            subject,
            body,
            files: &worked.files,
        };
        let mut created = self.writer.create_branch_with_commit(&new).await;
        if let Err(error) = &created
            && error.uncertain()
        {
            if self.forge.branch(name).await?.is_some() {
                return Err(DeliveryError::Overtaken(format!(
                    "GitHub did not say whether it created {name}, so that branch is not used"
                )));
            }
            created = self.writer.create_branch_with_commit(&new).await;
        }
        let (head, made) = match created {
            Ok(BranchWithCommit::Created(head, made)) => (head, made),
            // The branch is certainly this run's, but not known everywhere yet.
            Ok(BranchWithCommit::OnlyBranch { stale: true }) => {
                let made =
                    self.writer
                        .create_signed_commit(name, parent, subject, body, &worked.files);
                match made.await {
                    // Where the branch is may be all that is known of it, and GitHub signs whatever it commits itself.
                    Ok(head) => match self.forge.read_commit(&head).await? {
                        made if made.verified => (head, made),
                        _ => return Err(pushed_by_another(name)),
                    },
                    Err(error) => {
                        let node = &self.snapshot.node;
                        let _ = self.writer.delete_branch(node, name, parent).await;
                        return Err(error.into());
                    }
                }
            }
            Ok(BranchWithCommit::OnlyBranch { stale: false }) => {
                self.delete_new(name, parent).await?;
                return Ok(None);
            }
            Ok(BranchWithCommit::NoBranch) => {
                if self.forge.branch(name).await?.is_some() {
                    return Err(created_by_another(name));
                }
                // It refuses this too if the workflow files of the base changed: see `unless_base_moved`.
                let base = &self.snapshot.base;
                return match self.forge.branch(base).await? {
                    Some(found) if found != *parent => Err(self.base_moved(&found)),
                    _ => Ok(None),
                };
            }
            Err(ForgeError::Refused { .. } | ForgeError::NotFound { .. }) => return Ok(None),
            // As after the branch alone, if the workflow files of the base changed.
            Err(error) => return self.unless_base_moved(Err(error)).await.map(|_| None),
        };
        if is_as_worked_out(&made, message, worked, &[*parent]) && (made.verified || !self.verified)
        {
            return Ok(Some(head));
        }
        // GitHub made something else of it, such as a sign-off in its message, or did not sign it.
        self.writer.create_branches_after_commits();
        self.delete_new(name, &head).await?;
        Ok(None)
    }

    /// Deletes a branch that this run created and will not use.
    async fn delete_new(&self, name: &str, at: &CommitId) -> Result<(), DeliveryError> {
        let node = &self.snapshot.node;
        match self.writer.delete_branch(node, name, at).await? {
            RefWrite::Done => Ok(()),
            RefWrite::Elsewhere(_) => Err(pushed_by_another(name)),
        }
    }

    /// Creates tree and commit, to which nothing leads, and then the branch.
    async fn commit_then_branch(
        &self,
        name: &str,
        message: &str,
        worked: &BuiltTree,
    ) -> Result<CommitId, DeliveryError> {
        let made = self
            .detached(message, worked, &[self.snapshot.tip.id])
            .await?;
        if self.verified && !made.verified {
            return Err(not_signed(
                "GitHub did not sign the commit that it made with this token",
            ));
        }
        let head = made.id;
        let written = self.writer.create_branch(name, &head).await;
        let written = self.unless_base_moved(written).await?;
        match written {
            RefWrite::Done => Ok(head),
            // Another run may have just created it and open its pull request, or another account did: the next round
            // decides.
            RefWrite::Elsewhere(_) => Err(created_by_another(name)),
        }
    }
}

fn created_by_another(branch: &str) -> DeliveryError {
    DeliveryError::Overtaken(format!("another account created the branch {branch}"))
}

fn pushed_by_another(branch: &str) -> DeliveryError {
    DeliveryError::Overtaken(format!("another account pushed to {branch}"))
}
