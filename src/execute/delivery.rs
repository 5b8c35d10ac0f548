//! Carrying out what was decided about a stage, on the forge.
//!
//! Every write is compare-and-swap or does nothing the second time, and the next run can continue from wherever this
//! one is interrupted: no one sees objects until a ref points to them, a branch appears whole, a pull request is opened
//! from a branch that already exists, and a landing names the head that was evaluated.

use std::collections::BTreeMap;

use super::edit::EditedFile;
use super::error::DeliveryError;
use crate::forge::{
    Forge, ForgeError, MergeAnswer, MergeMethod, MergeRefused, NewCommit, NewFile, ReadCommit,
    RefWrite, Writer,
};
use crate::gather::RemoteRepo;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::model::pull::{OwnStatus, Pull, Snapshot};
use crate::model::wire_words::TEMPORARY_BRANCHES;
use crate::repo::Repo;

/// The repository and branch that promotions go to.
pub(crate) struct Delivery<'a> {
    /// The right to write there.
    pub writer: &'a Writer,
    /// The same repository, for reading.
    pub forge: &'a Forge,
    /// The repository, for working out trees.
    pub repo: &'a RemoteRepo,
    /// What was seen.
    pub snapshot: &'a Snapshot,
    /// Commits must carry a verified signature.
    pub verified: bool,
}

/// A commit with which something lands, once a ref leads to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// The base's tip on which it was made.
    pub tip: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// Its message.
    pub message: String,
    /// Itself.
    pub commit: CommitId,
}

/// What came of sending a merge.
#[derive(Debug)]
pub(crate) enum Merging {
    /// GitHub took it, and said what it made, unless that has to be looked at.
    Sent(Option<Box<MergeAnswer>>),
    /// The rules require a merge queue.
    WantsQueue,
    /// Another merge is under way, or the base moved at this very moment.
    TryAgain(String),
    /// No usable answer came, and the pull request is open as before.
    NotApplied(ForgeError),
}

/// What the status `sluice` says of a promotion that is not about to land.
pub(crate) const WAITS: &str = "waits for its gates";

/// A tree that was computed.
#[derive(Debug)]
pub(crate) struct BuiltTree {
    /// Its id.
    pub tree: TreeId,
    /// The files that it has and the tip does not.
    pub(super) files: Vec<NewFile>,
}

/// Whether a commit is exactly the one that was worked out, no matter who made it.
pub(super) fn is_as_worked_out(
    made: &ReadCommit,
    message: &str,
    worked: &BuiltTree,
    parents: &[CommitId],
) -> bool {
    made.tree == worked.tree
        && made.parents == parents
        && made.message.trim_end() == message.trim_end()
}

/// Why something cannot be made under a policy that requires signatures.
pub(super) fn not_signed(why: &str) -> DeliveryError {
    DeliveryError::CannotMake(format!("the policy has `verified: true`, and {why}"))
}

impl Delivery<'_> {
    /// The tree that the tip becomes with these edits.
    ///
    /// # Errors
    /// [`DeliveryError::Repo`] if it cannot be computed.
    pub(crate) fn worked(&self, files: &[EditedFile]) -> Result<BuiltTree, DeliveryError> {
        let mut blobs: BTreeMap<String, BlobId> = BTreeMap::new();
        for file in files {
            let blob = Repo::hash_blob(&file.after)?;
            // The next look finds the landed file without asking for it.
            self.repo.know_blob(blob, file.after.clone());
            blobs.insert(file.path.to_string(), blob);
        }
        let (tree, modes) = self.repo.tree_with(&self.snapshot.tip.tree, &blobs)?;
        let files = files
            .iter()
            .map(|file| NewFile {
                path: file.path.to_string(),
                mode: modes.get(file.path.as_str()).copied().unwrap_or(0o100_644),
                bytes: file.after.clone(),
            })
            .collect();
        Ok(BuiltTree { tree, files })
    }

    /// What came of creating a branch. GitHub refuses it to a token without `workflows: write` also if the workflow files at its commit differ
    /// from those of the default branch: so it does if they changed since the base was looked at, which says nothing about the token.
    pub(super) async fn unless_base_moved(
        &self,
        created: Result<RefWrite, ForgeError>,
    ) -> Result<RefWrite, DeliveryError> {
        let refused = match created {
            Err(error @ ForgeError::Forbidden { .. }) => error,
            other => return Ok(other?),
        };
        let base = &self.snapshot.base;
        match self.forge.branch(base).await? {
            Some(found) if found != self.snapshot.tip.id => Err(self.base_moved(&found)),
            _ => Err(refused.into()),
        }
    }

    pub(super) fn base_moved(&self, to: &CommitId) -> DeliveryError {
        DeliveryError::Overtaken(format!(
            "{} moved to {} meanwhile",
            self.snapshot.base,
            to.short()
        ))
    }

    /// Makes a commit to which nothing leads.
    pub(super) async fn detached(
        &self,
        message: &str,
        worked: &BuiltTree,
        parents: &[CommitId],
    ) -> Result<NewCommit, DeliveryError> {
        self.writer
            .create_tree(&self.snapshot.tip.tree, &worked.files, &worked.tree)
            .await?;
        let made = self
            .writer
            .create_commit(message, &worked.tree, parents)
            .await?;
        Ok(made)
    }

    /// Lets GitHub make a commit, so that it signs it, on a temporary branch. `unsigned`: the same commit, which it did not sign.
    async fn signed(
        &self,
        unsigned: &CommitId,
        message: &str,
        worked: &BuiltTree,
        parents: &[CommitId],
    ) -> Result<CommitId, DeliveryError> {
        let [parent] = parents else {
            return Err(not_signed(
                "GitHub does not sign commits with two parents made with this token; use `land: merge`",
            ));
        };
        if worked.files.iter().any(|file| file.mode != 0o100_644) {
            return Err(not_signed(
                "GitHub does not sign commits that change an executable file",
            ));
        }
        let temporary = format!("{TEMPORARY_BRANCHES}{}", unsigned.short());
        let created = self.writer.create_branch(&temporary, parent).await;
        match self.unless_base_moved(created).await? {
            RefWrite::Done => {}
            RefWrite::Elsewhere(_) => {
                return Err(DeliveryError::Overtaken(format!(
                    "another run uses {temporary}"
                )));
            }
        }
        let (subject, body) = message.split_once("\n\n").unwrap_or((message, ""));
        let signed = self
            .writer
            .create_signed_commit(&temporary, parent, subject, body, &worked.files)
            .await?;
        let made = self.read_back(&signed, message, worked, parents).await?;
        if !made.verified {
            return Err(not_signed(
                "the commit on its temporary branch is not signed by GitHub",
            ));
        }
        Ok(signed)
    }

    /// Reads a commit back before anything points to it: it must be what was computed, whoever made it. Another account
    /// may have pushed to a branch on which GitHub makes one.
    async fn read_back(
        &self,
        commit: &CommitId,
        message: &str,
        worked: &BuiltTree,
        parents: &[CommitId],
    ) -> Result<ReadCommit, DeliveryError> {
        let found = self.forge.read_commit(commit).await?;
        match is_as_worked_out(&found, message, worked, parents) {
            true => Ok(found),
            false => Err(DeliveryError::CannotMake(format!(
                "the commit {} is not the one that was made: another account pushed it, and it is not used",
                commit.short()
            ))),
        }
    }

    /// Makes the commit with which something lands: on the tip that was seen, with these edits, and with the head as
    /// its second parent if there is one. Nothing points to it yet.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub(crate) async fn prepare(
        &self,
        message: &str,
        files: &[EditedFile],
        head: Option<&CommitId>,
    ) -> Result<Prepared, DeliveryError> {
        let worked = self.worked(files)?;
        let tip = self.snapshot.tip.id;
        let parents: Vec<CommitId> = [Some(tip), head.copied()].into_iter().flatten().collect();
        let made = self.detached(message, &worked, &parents).await?;
        let commit = match made.verified || !self.verified {
            true => {
                self.read_back(&made.id, message, &worked, &parents).await?;
                made.id
            }
            false => self.signed(&made.id, message, &worked, &parents).await?,
        };
        Ok(Prepared {
            tip,
            tree: worked.tree,
            message: message.to_owned(),
            commit,
        })
    }

    /// Moves the base to a commit that was prepared, if it still is at the tip on which that was made. One write.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub(crate) async fn advance(&self, prepared: &Prepared) -> Result<(), DeliveryError> {
        let base = &self.snapshot.base;
        let moved = self
            .writer
            .advance_branch(base, &prepared.tip, &prepared.commit)
            .await;
        match moved {
            Ok(RefWrite::Done) => Ok(()),
            Ok(RefWrite::Elsewhere(found)) => Err(self.base_moved(&found)),
            Err(ForgeError::Refused { said, .. }) => Err(DeliveryError::Refused(said)),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets the head's status to say that every gate passed, unless it already does.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub(crate) async fn announce(
        &self,
        pull: &Pull,
        now: Option<&OwnStatus>,
        text: &str,
    ) -> Result<(), DeliveryError> {
        let said = now.is_some_and(|now| now.is_success() && now.description == text);
        if !said {
            self.writer.set_status(&pull.head, true, text).await?;
        }
        Ok(())
    }

    /// Resets `success`: it must not outlive a landing that failed, because a required status would let anyone merge
    /// with it long after the gates closed again. Returns why nothing landed, and whether the status was reset.
    pub(crate) async fn retract(
        &self,
        pull: &Pull,
        text: &str,
        why: DeliveryError,
    ) -> DeliveryError {
        match self.writer.reset_success(&pull.head, text).await {
            Ok(()) => why,
            Err(error) => DeliveryError::SuccessLeft {
                pull: pull.number,
                why: why.to_string(),
                error,
            },
        }
    }

    /// Sends GitHub's merge of exactly this head, once.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub(crate) async fn merge(
        &self,
        pull: &Pull,
        method: MergeMethod,
        title: &str,
        message: &str,
    ) -> Result<Merging, DeliveryError> {
        let sent = self
            .writer
            .merge(
                (pull.number, &pull.node),
                &pull.head,
                method,
                title,
                message,
            )
            .await;
        let head_moved = || DeliveryError::Overtaken(format!("the head of {} moved", pull.number));
        match sent {
            Ok(answer) => Ok(Merging::Sent(answer.map(Box::new))),
            Err(MergeRefused::HeadMoved) => Err(head_moved()),
            Err(MergeRefused::WantsQueue) => Ok(Merging::WantsQueue),
            Err(MergeRefused::TryAgain(said)) => Ok(Merging::TryAgain(said)),
            Err(MergeRefused::ByRules(said)) => match self.forge.pull(pull.number).await {
                // GitHub says of what is merged already that it cannot be merged.
                Ok(now) if !now.is_open() => Err(DeliveryError::Overtaken(format!(
                    "{} was just merged or closed by another account",
                    pull.number
                ))),
                _ => Err(DeliveryError::Refused(said)),
            },
            Err(MergeRefused::Uncertain(error)) => {
                let now = self.forge.pull(pull.number).await?;
                if !now.is_open() {
                    // Whether the content landed is looked at on the base, as after every merge.
                    Ok(Merging::Sent(None))
                } else if now.head != pull.head {
                    Err(head_moved())
                } else {
                    Ok(Merging::NotApplied(error))
                }
            }
            Err(MergeRefused::Failed(error)) => Err(error.into()),
        }
    }

    /// Closes a pull request that is replaced, and deletes its branch if that is still where it was seen.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub(crate) async fn close(&self, pull: &Pull) -> Result<(), DeliveryError> {
        if pull.queued {
            self.writer.dequeue(pull).await?;
        }
        self.writer.close_pull(pull.number).await?;
        self.writer
            .delete_branch(&self.snapshot.node, &pull.branch, &pull.head)
            .await?;
        Ok(())
    }

    /// Keeps GitHub from merging a pull request automatically: it leaves the merge queue, and auto-merge is disabled.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub(crate) async fn disarm(&self, pull: &Pull) -> Result<(), DeliveryError> {
        if pull.queued {
            self.writer.dequeue(pull).await?;
        }
        if pull.auto_merge {
            self.writer.disable_auto_merge(pull).await?;
        }
        Ok(())
    }
}
