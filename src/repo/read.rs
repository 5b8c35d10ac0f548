//! What can be asked of a repository, wherever it is kept: a clone on disk, or one that is read through a forge.

use std::collections::BTreeSet;

use git2::{ObjectType, Oid};

use super::commit::CommitInfo;
use super::diff::FileChange;
use super::error::{RepoError, git_error};
use super::history::{Change, WatchedPaths};
use super::objects::{oid, segments, tree_id};
use super::refs::RefHits;
use super::repository::Repo;
use super::trees::{EntryId, TreeFile, TreeListing};
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::model::policy::Refs;

/// By which name a commit was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy<'a> {
    /// As the tip, or on the first-parent history, of this branch.
    Branch(&'a str),
    /// By this tag.
    Tag(&'a str),
    /// By its own id.
    Id,
}

/// A regular file that a commit removed or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedFile {
    /// Its commit.
    pub path: String,
    /// What it held before.
    pub old: BlobId,
    /// What it holds since; `None` if it was removed.
    pub new: Option<BlobId>,
}

impl ReplacedFile {
    /// `None` for a file that was added.
    pub fn of(change: FileChange) -> Option<Self> {
        Some(Self {
            path: change.path,
            old: change.old?,
            new: change.new,
        })
    }
}

/// Reading a repository. Every answer may be an error; "not there" is an answer of its own.
pub trait ReadObjects {
    /// What a name means; `remote` is the remote whose branches count, in a clone.
    ///
    /// # Errors
    /// [`RepoError::Refused`] for names that must not be followed.
    fn resolve(&self, name: &str, remote: Option<&str>) -> Result<RefHits, RepoError>;
    /// Whether the commit is reachable from a branch or tag that may be promoted. `None`: the caller knows the tips and
    /// walks itself.
    ///
    /// # Errors
    /// If that could not be read.
    fn promotable(
        &self,
        commit: &CommitId,
        by: FoundBy<'_>,
        refs: &Refs,
    ) -> Result<Option<bool>, RepoError>;
    /// Whether the commit is there.
    ///
    /// # Errors
    /// If that could not be read.
    fn has(&self, commit: &CommitId) -> Result<bool, RepoError>;
    /// As [`Repo::reachable_from_any`].
    ///
    /// # Errors
    /// As there.
    fn reachable_from_any(&self, commit: &CommitId, tips: &[CommitId]) -> Result<bool, RepoError>;
    /// As [`Repo::is_ancestor`].
    ///
    /// # Errors
    /// As there.
    fn is_ancestor(&self, ancestor: &CommitId, of: &CommitId) -> Result<bool, RepoError>;
    /// As [`Repo::newest_change`].
    ///
    /// # Errors
    /// As there.
    fn newest_change(
        &self,
        tip: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<Option<CommitId>, RepoError>;
    /// As [`Repo::same_trees`].
    ///
    /// # Errors
    /// As there.
    fn same_trees(
        &self,
        a: &CommitId,
        b: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<bool, RepoError>;
    /// As [`Repo::walk_changes`].
    ///
    /// # Errors
    /// As there.
    fn walk_changes(
        &self,
        tip: &CommitId,
        paths: &[String],
        most: usize,
        each: &mut dyn FnMut(&Change) -> Result<Vec<usize>, RepoError>,
    ) -> Result<(), RepoError>;
    /// As [`Repo::changed_files`].
    ///
    /// # Errors
    /// As there.
    fn changed_files(
        &self,
        parent: Option<&CommitId>,
        commit: &CommitId,
    ) -> Result<Vec<FileChange>, RepoError>;
    /// The regular files at the parent that are different, or missing, at the commit: with their content before.
    ///
    /// # Errors
    /// As [`Repo::changed_files`].
    fn replaced_files(
        &self,
        parent: &CommitId,
        commit: &CommitId,
    ) -> Result<Vec<ReplacedFile>, RepoError> {
        let changed = self.changed_files(Some(parent), commit)?.into_iter();
        Ok(changed.filter_map(ReplacedFile::of).collect())
    }

    /// The messages of all commits at which this path, or something below it, changed, over all parents, from `tip` backwards, if that
    /// can be answered at once: `None` says that history has to be walked.
    ///
    /// # Errors
    /// If it could not be read.
    fn touches(&self, tip: &CommitId, path: &str) -> Result<Option<Vec<String>>, RepoError> {
        let _ = (tip, path);
        Ok(None)
    }

    /// Says that the folders above a path will be asked for at this commit, so that they may be read together.
    fn expect(&self, commit: &CommitId, path: &str) {
        let _ = (commit, path);
    }

    /// Says that it will be asked when files changed last, of the history that is about to be read from this commit, so that both may be
    /// read together.
    fn expect_history(&self, tip: &CommitId, files: &BTreeSet<String>) {
        let _ = (tip, files);
    }

    /// As [`Repo::commit_info`].
    ///
    /// # Errors
    /// As there.
    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, RepoError>;
    /// As [`Repo::entry_at`].
    ///
    /// # Errors
    /// As there.
    fn entry_at(&self, commit: &CommitId, path: &str) -> Result<Option<EntryId>, RepoError>;
    /// As [`Repo::files_in`].
    ///
    /// # Errors
    /// As there.
    fn files_in(
        &self,
        commit: &CommitId,
        enter: &dyn Fn(&str) -> bool,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<TreeListing, RepoError>;
    /// The commit whose id begins with these hexadecimal digits, if it is at hand and the only one.
    fn begins_with(&self, _digits: &str) -> Option<CommitId> {
        None
    }
    /// As [`Repo::blob`].
    ///
    /// # Errors
    /// As there.
    fn blob(&self, blob: &BlobId) -> Result<Vec<u8>, RepoError>;

    /// The regular files at or below a folder that `take` selects, by their whole paths; empty if there is no such
    /// folder.
    ///
    /// # Errors
    /// As [`Repo::files_in`].
    fn files_below(
        &self,
        commit: &CommitId,
        folder: &str,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<TreeFile>, RepoError> {
        if !matches!(self.entry_at(commit, folder)?, Some(EntryId::Folder(_))) {
            return Ok(Vec::new());
        }
        let enter = |path: &str| is_below(path, folder) || is_below(folder, path);
        let take = |path: &str| is_below(path, folder) && take(path);
        Ok(self.files_in(commit, &enter, &take)?.files)
    }

    /// The regular file at `path` of the commit; `None` if there is none.
    ///
    /// # Errors
    /// As [`Repo::blob_at`].
    fn blob_at(
        &self,
        commit: &CommitId,
        path: &str,
    ) -> Result<Option<(BlobId, Vec<u8>)>, RepoError> {
        match self.entry_at(commit, path)? {
            Some(EntryId::File(blob)) => Ok(Some((blob, self.blob(&blob)?))),
            _ => Ok(None),
        }
    }
}

impl ReadObjects for Repo {
    fn resolve(&self, name: &str, remote: Option<&str>) -> Result<RefHits, RepoError> {
        Self::resolve(self, name, remote)
    }

    fn promotable(
        &self,
        _: &CommitId,
        _: FoundBy<'_>,
        _: &Refs,
    ) -> Result<Option<bool>, RepoError> {
        Ok(None)
    }

    fn has(&self, commit: &CommitId) -> Result<bool, RepoError> {
        Ok(self.has_commit(commit))
    }

    fn reachable_from_any(&self, commit: &CommitId, tips: &[CommitId]) -> Result<bool, RepoError> {
        Self::reachable_from_any(self, commit, tips)
    }

    fn is_ancestor(&self, ancestor: &CommitId, of: &CommitId) -> Result<bool, RepoError> {
        Self::is_ancestor(self, ancestor, of)
    }

    fn newest_change(
        &self,
        tip: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<Option<CommitId>, RepoError> {
        Self::newest_change(self, tip, watch)
    }

    fn same_trees(
        &self,
        a: &CommitId,
        b: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<bool, RepoError> {
        Self::same_trees(self, a, b, watch)
    }

    fn walk_changes(
        &self,
        tip: &CommitId,
        paths: &[String],
        most: usize,
        each: &mut dyn FnMut(&Change) -> Result<Vec<usize>, RepoError>,
    ) -> Result<(), RepoError> {
        Self::walk_changes(self, tip, paths, most, each)
    }

    fn changed_files(
        &self,
        parent: Option<&CommitId>,
        commit: &CommitId,
    ) -> Result<Vec<FileChange>, RepoError> {
        Self::changed_files(self, parent, commit)
    }

    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, RepoError> {
        Self::commit_info(self, commit)
    }

    fn entry_at(&self, commit: &CommitId, path: &str) -> Result<Option<EntryId>, RepoError> {
        Self::entry_at(self, commit, path)
    }

    fn files_in(
        &self,
        commit: &CommitId,
        enter: &dyn Fn(&str) -> bool,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<TreeListing, RepoError> {
        Self::files_in(self, commit, enter, take)
    }

    fn begins_with(&self, digits: &str) -> Option<CommitId> {
        self.commit_by_prefix(digits)
    }

    fn blob(&self, blob: &BlobId) -> Result<Vec<u8>, RepoError> {
        Self::blob(self, blob)
    }
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its mode: 0o100644, 0o100755, 0o120000, 0o160000 or 0o40000.
    pub mode: u32,
    /// Its name; git does not say in which encoding.
    pub name: Vec<u8>,
    /// The bytes of its id.
    pub id: Vec<u8>,
}

/// The mode of a folder.
pub(crate) const FOLDER: u32 = 0o40000;

impl Repo {
    /// The id that a folder with these entries has, whatever their order. Nothing is written.
    ///
    /// # Errors
    /// [`RepoError::Git`] if libgit2 cannot hash them.
    pub fn hash_tree(entries: &[TreeEntry]) -> Result<TreeId, RepoError> {
        let mut sorted: Vec<&TreeEntry> = entries.iter().collect();
        // git sorts folders as if their names ended in a slash.
        sorted.sort_by_key(|entry| {
            let mut name = entry.name.clone();
            if entry.mode == FOLDER {
                name.push(b'/');
            }
            name
        });
        let mut bytes = Vec::new();
        for entry in sorted {
            bytes.extend(format!("{:o} ", entry.mode).bytes());
            bytes.extend(&entry.name);
            bytes.push(0);
            bytes.extend(&entry.id);
        }
        tree_id(Oid::hash_object(ObjectType::Tree, &bytes).map_err(git_error("hash a tree"))?)
    }

    /// The entries of a folder by its ID; `None` if it is not here.
    ///
    /// # Errors
    /// [`RepoError::Git`] if it is broken.
    pub fn tree_entries(&self, tree: &TreeId) -> Result<Option<Vec<TreeEntry>>, RepoError> {
        let id = oid(tree.as_bytes(), || format!("the tree {tree}"))?;
        let mut entries = Vec::new();
        let objects = self.objects()?;
        let read = objects.tree(id, |name, entry| {
            entries.push(TreeEntry {
                mode: entry.mode,
                name: name.to_vec(),
                id: entry.id.as_bytes().to_vec(),
            });
            true
        });
        match read {
            Ok(()) => Ok(Some(entries)),
            Err(RepoError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The segments of a path inside a repository: `""`, `"."` and `"/"` are the root.
    ///
    /// # Errors
    /// [`RepoError::Refused`] if `..` leads upwards.
    pub fn path_segments(path: &str) -> Result<Vec<&str>, RepoError> {
        segments(path)
    }
}

/// Whether a path is that folder or below it; everything is below `""`.
fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
