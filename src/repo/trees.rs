//! Trees and blobs at a commit: what the files were then, never what is in the work tree.

use git2::{ObjectType, Oid};

use super::diff::EntryKind;
use super::error::{RepoError, git_error};
use super::objects::{MAX_DEPTH, MAX_ENTRIES};
use super::objects::{Objects, blob_id, commit_id, oid, segments, tree_id};
use super::repository::Repo;
use super::tree_entry::{Entry, mode};
use crate::model::ids::{BlobId, CommitId, TreeId};

/// A regular file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFile {
    /// Path from the root, `/` between segments.
    pub path: String,
    /// Its content.
    pub blob: BlobId,
    /// Mode 100755 rather than 100644.
    pub executable: bool,
}

/// Something in a tree that is not a regular file and so is never read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    /// Path from the root.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
}

/// The files of a commit that a filter takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeListing {
    /// The files taken, sorted by path as bytes.
    pub files: Vec<TreeFile>,
    /// Symlinks and unknown modes at paths that the filter accepts, and all submodules, sorted by path.
    pub skipped: Vec<SkippedEntry>,
    /// How many regular files the filter did not take, in folders that were entered.
    pub passed_over: usize,
    /// Files and folders whose name is not UTF-8, as well as it can be shown; such a folder is not entered.
    pub non_utf8: Vec<String>,
}

/// What is at a path of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryId {
    /// A regular file (100644 or 100755).
    File(BlobId),
    /// A folder.
    Folder(TreeId),
    /// A symbolic link; the blob holds its target.
    Symlink(BlobId),
    /// A submodule at a commit of another repository.
    Submodule(CommitId),
}

impl Repo {
    /// All regular files of the commit whose path `take` takes.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if the commit is not here; [`RepoError::Git`] if an object is missing or broken;
    /// [`RepoError::Refused`] beyond 256 levels or 2,000,000 files and folders.
    pub fn files(
        &self,
        commit: &CommitId,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<TreeListing, RepoError> {
        self.files_in(commit, &|_| true, take)
    }

    /// As [`Repo::files`], reading only folders whose path `enter` takes. The root is always entered.
    ///
    /// # Errors
    /// As [`Repo::files`].
    pub fn files_in(
        &self,
        commit: &CommitId,
        enter: &dyn Fn(&str) -> bool,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<TreeListing, RepoError> {
        self.list(commit, enter, take, MAX_ENTRIES)
    }

    fn list(
        &self,
        commit: &CommitId,
        enter: &dyn Fn(&str) -> bool,
        take: &dyn Fn(&str) -> bool,
        max_entries: usize,
    ) -> Result<TreeListing, RepoError> {
        let objects = self.objects()?;
        let (_, root) = objects.commit_of(commit)?;
        let mut walk = Listing {
            objects: &objects,
            enter,
            take,
            entries_left: max_entries,
            listing: TreeListing::default(),
        };
        walk.folder("", root.tree, 0)?;
        let mut listing = walk.listing;
        listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        listing.skipped.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        listing.non_utf8.sort_unstable();
        Ok(listing)
    }

    /// The bytes of a blob; they hash to the id.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if there is no blob with that ID; [`RepoError::Git`] if its bytes do not hash to it.
    pub fn blob(&self, blob: &BlobId) -> Result<Vec<u8>, RepoError> {
        self.objects()?
            .blob(oid(blob.as_bytes(), || format!("the blob {blob}"))?)
    }

    /// How many bytes a blob has, without reading it.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if no blob of that id is here.
    pub fn blob_size(&self, blob: &BlobId) -> Result<u64, RepoError> {
        self.objects()?
            .blob_size(oid(blob.as_bytes(), || format!("the blob {blob}"))?)
    }

    /// The regular file at `path` of the commit; `None` if there is none.
    ///
    /// # Errors
    /// Like [`Repo::blob`], and [`RepoError::Refused`] if the path contains `..`.
    pub fn blob_at(
        &self,
        commit: &CommitId,
        path: &str,
    ) -> Result<Option<(BlobId, Vec<u8>)>, RepoError> {
        let objects = self.objects()?;
        let (_, commit) = objects.commit_of(commit)?;
        match objects.entry_at(commit.tree, &segments(path)?)? {
            Some(entry) if entry.is_file() => {
                Ok(Some((blob_id(entry.id)?, objects.blob(entry.id)?)))
            }
            _ => Ok(None),
        }
    }

    /// What is at `path` of the commit (`""`, `"."` and `"/"` are the root), by ID.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if the commit is not here; [`RepoError::Refused`] if the path contains `..` or an entry
    /// has a mode that git does not know.
    pub fn entry_at(&self, commit: &CommitId, path: &str) -> Result<Option<EntryId>, RepoError> {
        let objects = self.objects()?;
        let (_, commit) = objects.commit_of(commit)?;
        let Some(entry) = objects.entry_at(commit.tree, &segments(path)?)? else {
            return Ok(None);
        };
        Ok(Some(match entry.mode {
            mode::FOLDER => EntryId::Folder(tree_id(entry.id)?),
            mode::SYMLINK => EntryId::Symlink(blob_id(entry.id)?),
            mode::SUBMODULE => EntryId::Submodule(commit_id(entry.id)?),
            mode::FILE | mode::EXECUTABLE => EntryId::File(blob_id(entry.id)?),
            odd => {
                return Err(RepoError::refused(format!(
                    "{path} has the unexpected mode {odd:o}"
                )));
            }
        }))
    }

    /// The id that these bytes have as a blob. Nothing is written.
    ///
    /// # Errors
    /// [`RepoError::Git`] if libgit2 cannot hash them.
    pub fn hash_blob(bytes: &[u8]) -> Result<BlobId, RepoError> {
        blob_id(Oid::hash_object(ObjectType::Blob, bytes).map_err(git_error("hash a blob"))?)
    }
}

/// The walk behind [`Repo::files_in`].
struct Listing<'a> {
    objects: &'a Objects<'a>,
    enter: &'a dyn Fn(&str) -> bool,
    take: &'a dyn Fn(&str) -> bool,
    entries_left: usize,
    listing: TreeListing,
}

impl Listing<'_> {
    fn folder(&mut self, folder: &str, tree: Oid, depth: usize) -> Result<(), RepoError> {
        if depth > MAX_DEPTH {
            return Err(RepoError::refused(format!(
                "folders are nested more than {MAX_DEPTH} deep at {folder:?}"
            )));
        }
        for (name, entry) in self.objects.sorted_tree(tree)? {
            self.entries_left = self.entries_left.checked_sub(1).ok_or_else(|| {
                RepoError::refused(format!(
                    "the commit has too many files and folders (at {folder:?})"
                ))
            })?;
            let slash = if folder.is_empty() { "" } else { "/" };
            match String::from_utf8(name) {
                Ok(name) => self.entry(format!("{folder}{slash}{name}"), entry, depth)?,
                Err(error) => {
                    let name = String::from_utf8_lossy(error.as_bytes());
                    self.listing.non_utf8.push(format!("{folder}{slash}{name}"));
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: String, entry: Entry, depth: usize) -> Result<(), RepoError> {
        if entry.is_folder() {
            if (self.enter)(&path) {
                self.folder(&path, entry.id, depth + 1)?;
            }
        } else if entry.is_file() {
            if (self.take)(&path) {
                self.listing.files.push(TreeFile {
                    path,
                    blob: blob_id(entry.id)?,
                    executable: entry.mode == mode::EXECUTABLE,
                });
            } else {
                self.listing.passed_over += 1;
            }
        } else if entry.mode == mode::SUBMODULE || (self.take)(&path) {
            let kind = EntryKind::of(entry);
            self.listing.skipped.push(SkippedEntry { path, kind });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A commit whose root holds `names`, each the folder that holds `names`, and so on, `levels` deep.
    fn nested(repo: &Repo, names: &[&str], levels: usize) -> CommitId {
        let blob = repo.put(ObjectType::Blob, b"1").unwrap();
        let mut entry = Entry {
            mode: mode::FILE,
            id: blob,
        };
        for _ in 0..levels {
            let mut data = Vec::new();
            for name in names {
                data.extend(format!("{:o} {name}\0", entry.mode).into_bytes());
                data.extend_from_slice(entry.id.as_bytes());
            }
            entry = Entry::folder(repo.put(ObjectType::Tree, &data).unwrap());
        }
        let who = "A <a@b> 1 +0000";
        let text = format!("tree {}\nauthor {who}\ncommitter {who}\n\nx", entry.id);
        commit_id(repo.put(ObjectType::Commit, text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn trees_that_multiply_each_other_are_refused_at_the_limit() {
        let repo = Repo::virtual_empty().unwrap();
        let names: Vec<_> = "abcdefghij"
            .split("")
            .filter(|name| !name.is_empty())
            .collect();
        let bomb = nested(&repo, &names, 12);
        let answer = repo.list(&bomb, &|_| true, &|_| true, 1_000);
        assert!(matches!(answer, Err(RepoError::Refused { why }) if why.contains("too many")));
        let small = nested(&repo, &names, 2);
        assert_eq!(
            repo.list(&small, &|_| true, &|_| true, 110)
                .unwrap()
                .files
                .len(),
            100
        );
        assert!(repo.list(&small, &|_| true, &|_| true, 109).is_err());
    }

    #[test]
    fn folders_nested_too_deep_are_refused_by_listing_and_by_comparing() {
        let repo = Repo::virtual_empty().unwrap();
        let deep = nested(&repo, &["a"], 1_000);
        let is_refused = |answer: Result<(), RepoError>| matches!(answer, Err(RepoError::Refused { why }) if why.contains("nested more than 256"));
        assert!(is_refused(repo.files(&deep, &|_| true).map(|_| ())));
        assert!(is_refused(repo.changed_files(None, &deep).map(|_| ())));
    }
}
