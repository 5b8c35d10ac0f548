//! Landing a commit on the current branch of a local repository: files, index and branch move together or not at all.
//!
//! `HEAD` and the branch stay locked from before the first check until the end, so no other git can commit or switch
//! branches meanwhile, and moving the branch is a compare-and-swap.

use std::collections::BTreeSet;
use std::path::Path;

use git2::build::CheckoutBuilder;
use git2::{ErrorCode, ObjectType, Oid, Repository, RepositoryState, Transaction};

use super::diff::EntryKind;
use super::error::{RepoError, git_error};
use super::objects::{commit_id, oid};
use super::repository::Repo;
use super::restore::Saved;
use crate::model::ids::CommitId;

/// The bits by which the index tells git not to check a file (`git update-index --assume-unchanged`, and
/// `--skip-worktree` or a sparse checkout).
const ASSUME_UNCHANGED: u16 = 0x8000;
const SKIP_WORK_TREE: u16 = 0x4000;

impl Repo {
    /// Moves the current branch from `expected` to `new` and checks out exactly `paths`, which must be all that `new`
    /// changes and must be clean. A bare repository only moves the branch. Other files, staged or not, stay as they
    /// are; on any failure files, index and branch are as before.
    ///
    /// # Errors
    /// [`RepoError::Moved`] if the branch is not at `expected`. [`RepoError::Refused`] if `HEAD` is detached, another
    /// git process holds a lock, a merge or rebase is in progress, a path is not clean (all are listed) or not checked
    /// out by plain git rules, `new` is not `expected` plus these paths, or the repository is in memory.
    /// [`RepoError::Git`] if the file system fails; it lists what could not be restored, if anything.
    pub fn land_on_current_branch(
        &self,
        expected: &CommitId,
        new: &CommitId,
        paths: &[String],
    ) -> Result<(), RepoError> {
        let git = self.disk_to_write("landing a commit")?;
        let target = oid(new.as_bytes(), || format!("the commit {new}"))?;
        self.check_commit(expected, new, paths)?;
        let mut locks = git
            .transaction()
            .map_err(git_error("lock the current branch"))?;
        lock(&mut locks, "HEAD")?;
        let branch = current_branch(git)?;
        lock(&mut locks, &branch)?;
        check_branch(git, &branch, expected)?;
        let message = format!("sluice: {}", one_line(&self.commit_info(new)?.subject));
        let move_branch = move |mut locks: Transaction<'_>| {
            let moved = locks
                .set_target(&branch, target, None, &message)
                .and_then(|()| locks.commit());
            // What follows the move (there is nothing today) could fail after it: then it has happened all the same.
            match moved {
                Err(error) if git.refname_to_id(&branch).ok() != Some(target) => {
                    Err(git_error(format!("move {branch}"))(error))
                }
                _ => Ok(()),
            }
        };
        let Some(work_dir) = git.workdir() else {
            return move_branch(locks);
        };
        self.check_work_tree(git, work_dir, paths)?;
        let saved = Saved::take(git, work_dir, paths)?;
        let checked_out =
            check_out(git, target, paths).and_then(|()| self.check_checked_out(git, target, paths));
        let (cause, failed) = match checked_out {
            // The locks are held until all is put back.
            Err(cause) => (cause, saved.restore()),
            Ok(()) => match move_branch(locks) {
                Ok(()) => return Ok(()),
                Err(cause) => (cause, saved.restore()),
            },
        };
        // Later questions must not be answered from an index that was put back under libgit2.
        let _ = git.index().and_then(|mut index| index.read(true));
        if failed.is_empty() {
            return Err(cause);
        }
        Err(RepoError::Git {
            operation: format!(
                "restore these files by hand, a landing failed halfway: {}",
                failed.join("; ")
            ),
            source: cause.into(),
        })
    }

    /// `new` must be `expected` plus plain files at exactly `paths`.
    fn check_commit(
        &self,
        expected: &CommitId,
        new: &CommitId,
        paths: &[String],
    ) -> Result<(), RepoError> {
        if self.commit_info(new)?.parents != [*expected] {
            return Err(RepoError::refused(format!(
                "{new} is not a single commit on top of {expected}"
            )));
        }
        let mut changed = BTreeSet::new();
        for change in self.changed_files(Some(expected), new)? {
            if !matches!(
                change.new_kind,
                Some(EntryKind::File | EntryKind::Executable)
            ) {
                return Err(RepoError::refused(format!(
                    "{new} does more than write a file at {}",
                    change.path
                )));
            }
            changed.insert(change.path);
        }
        if changed != paths.iter().cloned().collect() {
            return Err(RepoError::refused(format!(
                "{new} changes other files than the ones to check out"
            )));
        }
        Ok(())
    }

    fn check_work_tree(
        &self,
        git: &Repository,
        work_dir: &Path,
        paths: &[String],
    ) -> Result<(), RepoError> {
        if git.state() != RepositoryState::Clean {
            return Err(RepoError::refused(format!(
                "a merge, rebase or similar is in progress in {}; finish or abort it first",
                work_dir.display()
            )));
        }
        let mut index = git.index().map_err(git_error("open the index"))?;
        index.read(true).map_err(git_error("read the index"))?;
        if index.has_conflicts() {
            return Err(RepoError::refused(
                "the index has unresolved conflicts; resolve them first",
            ));
        }
        let dirty = self.uncommitted(Some(paths))?;
        if !dirty.is_empty() {
            return Err(RepoError::refused(format!(
                "uncommitted changes would be lost in {}; commit or stash them first",
                dirty.join(", ")
            )));
        }
        for path in paths {
            if let Some(entry) = index.get_path(Path::new(path), 0)
                && (entry.flags & ASSUME_UNCHANGED != 0
                    || entry.flags_extended & SKIP_WORK_TREE != 0)
            {
                return Err(RepoError::refused(format!(
                    "git was told not to look at {path} (assume-unchanged, skip-worktree or a sparse checkout), so \
                     whether it is changed is unknown; undo that first"
                )));
            }
            for attribute in ["filter", "working-tree-encoding"] {
                let value = git.get_attr(
                    Path::new(path),
                    attribute,
                    git2::AttrCheckFlags::FILE_THEN_INDEX,
                );
                if let Some(value) =
                    value.map_err(git_error(format!("read the attributes of {path}")))?
                    && !matches!(value, "false" | "unset")
                {
                    return Err(RepoError::refused(format!(
                        "{path} has the attribute {attribute}={value}, which only git itself can check out"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The index must name the new blobs and the files must match them, before the branch moves.
    fn check_checked_out(
        &self,
        git: &Repository,
        new: Oid,
        paths: &[String],
    ) -> Result<(), RepoError> {
        let operation = "check what was checked out";
        let objects = self.objects()?;
        let tree = objects.commit(new)?.tree;
        let index = git.index().map_err(git_error(operation))?;
        for path in paths {
            let wanted = objects.entry_at(tree, &path.split('/').collect::<Vec<_>>())?;
            let there = index.get_path(Path::new(path), 0);
            if wanted.map(|entry| (entry.id, entry.mode))
                != there.map(|entry| (entry.id, entry.mode))
            {
                return Err(RepoError::malformed(
                    operation,
                    format!("the index does not contain the new {path}"),
                ));
            }
        }
        let mut options = git2::DiffOptions::new();
        options.disable_pathspec_match(true).include_untracked(true);
        for path in paths {
            options.pathspec(path);
        }
        let diff = git
            .diff_index_to_workdir(Some(&index), Some(&mut options))
            .map_err(git_error(operation))?;
        if diff.deltas().len() > 0 {
            return Err(RepoError::malformed(
                operation,
                "the files do not have the content that was checked out",
            ));
        }
        Ok(())
    }
}

fn lock(locks: &mut Transaction<'_>, name: &str) -> Result<(), RepoError> {
    locks.lock_ref(name).map_err(|error| match error.code() {
        ErrorCode::Locked => RepoError::refused(format!(
            "another git process has locked {name}; try again when it is done, or remove its .lock file if none is running"
        )),
        _ => git_error(format!("lock {name}"))(error),
    })
}

/// The full name of the branch that `HEAD` is on.
fn current_branch(git: &Repository) -> Result<String, RepoError> {
    let head = git.find_reference("HEAD").map_err(git_error("read HEAD"))?;
    match head.symbolic_target() {
        Ok(Some(name)) if name.starts_with("refs/heads/") => Ok(name.to_owned()),
        _ => Err(RepoError::refused(
            "no branch is checked out (HEAD is detached); switch to one first",
        )),
    }
}

fn check_branch(git: &Repository, branch: &str, expected: &CommitId) -> Result<(), RepoError> {
    let found = match git.refname_to_id(branch) {
        Ok(id) => Some(commit_id(id)?),
        Err(error) if error.code() == ErrorCode::NotFound => None,
        Err(error) => return Err(git_error(format!("read {branch}"))(error)),
    };
    if found == Some(*expected) {
        return Ok(());
    }
    Err(RepoError::Moved {
        branch: branch.trim_start_matches("refs/heads/").to_owned(),
        expected: *expected,
        found,
    })
}

/// Writes files and index. libgit2 compares again with the current commit and changes nothing that differs.
fn check_out(git: &Repository, commit: Oid, paths: &[String]) -> Result<(), RepoError> {
    let mut options = CheckoutBuilder::new();
    options.safe().disable_pathspec_match(true);
    for path in paths {
        options.path(path);
    }
    let operation = "check out the new files";
    let object = git
        .find_object(commit, Some(ObjectType::Commit))
        .map_err(git_error(operation))?;
    git.checkout_tree(&object, Some(&mut options))
        .map_err(git_error(operation))
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
