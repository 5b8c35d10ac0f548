//! The difference of two trees, file by file, without guessing at renames.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use git2::Oid;

use super::error::RepoError;
use super::objects::{MAX_DEPTH, MAX_ENTRIES};
use super::objects::{Objects, blob_id, oid};
use super::repository::Repo;
use super::tree_entry::{Entry, mode};
use crate::model::ids::{BlobId, CommitId};

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file of mode 100644.
    File,
    /// A file of mode 100755.
    Executable,
    /// A symbolic link.
    Symlink,
    /// A submodule.
    Submodule,
    /// A mode that git itself does not write any more.
    Odd,
}

impl EntryKind {
    pub(super) fn of(entry: Entry) -> Self {
        match entry.mode {
            mode::FILE => Self::File,
            mode::EXECUTABLE => Self::Executable,
            mode::SYMLINK => Self::Symlink,
            mode::SUBMODULE => Self::Submodule,
            _ => Self::Odd,
        }
    }
}

/// One path at which two commits differ. A change of mode alone has equal blobs and different kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Path from the root; bytes that are not UTF-8 are shown as `U+FFFD`.
    pub path: String,
    /// The blob before; `None` if there was none (also for a submodule).
    pub old: Option<BlobId>,
    /// The blob after; `None` if there is none (also for a submodule).
    pub new: Option<BlobId>,
    /// What was there before; `None`: nothing, or a folder.
    pub old_kind: Option<EntryKind>,
    /// What is there after.
    pub new_kind: Option<EntryKind>,
}

impl Repo {
    /// Every path at which the tree of `commit` differs from that of `parent` (`None`: from the empty tree), sorted.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if a commit is not here, [`RepoError::Git`] if an object is missing or broken,
    /// [`RepoError::Refused`] if the trees are deeper or larger than any real ones.
    pub fn changed_files(
        &self,
        parent: Option<&CommitId>,
        commit: &CommitId,
    ) -> Result<Vec<FileChange>, RepoError> {
        let objects = self.objects()?;
        let old = match parent {
            Some(parent) => Some(Entry::folder(objects.commit_of(parent)?.1.tree)),
            None => None,
        };
        let new = Some(Entry::folder(objects.commit_of(commit)?.1.tree));
        let mut changes = Vec::new();
        let blob = |entry: Option<Entry>| match entry {
            Some(entry) if entry.mode != mode::SUBMODULE => blob_id(entry.id).map(Some),
            _ => Ok(None),
        };
        let _all = diff(&objects, &[], old, new, &mut |path, old, new| {
            changes.push(FileChange {
                path: String::from_utf8_lossy(path).into_owned(),
                old: blob(old)?,
                new: blob(new)?,
                old_kind: old.map(EntryKind::of),
                new_kind: new.map(EntryKind::of),
            });
            Ok(ControlFlow::Continue(()))
        })?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }
}

/// Called for each differing path: what was there, what is there.
type Each<'a> =
    dyn FnMut(&[u8], Option<Entry>, Option<Entry>) -> Result<ControlFlow<()>, RepoError> + 'a;

/// Calls `each` for every path at or below `path` that is not a folder and differs between two entries, until it says
/// to stop. If a folder replaces a file, that is one removal and the additions, and the other way round.
pub(super) fn diff(
    objects: &Objects<'_>,
    path: &[u8],
    old: Option<Entry>,
    new: Option<Entry>,
    each: &mut Each<'_>,
) -> Result<ControlFlow<()>, RepoError> {
    let mut walk = Diff {
        objects,
        path: path.to_vec(),
        entries_left: MAX_ENTRIES,
        each,
    };
    walk.entries(old, new, 0)
}

struct Diff<'a, 'e> {
    objects: &'a Objects<'a>,
    path: Vec<u8>,
    entries_left: usize,
    each: &'a mut Each<'e>,
}

impl Diff<'_, '_> {
    fn entries(
        &mut self,
        old: Option<Entry>,
        new: Option<Entry>,
        depth: usize,
    ) -> Result<ControlFlow<()>, RepoError> {
        if old == new {
            return Ok(ControlFlow::Continue(()));
        }
        let leaf = |entry: Option<Entry>| entry.filter(|entry| !entry.is_folder());
        let folder = |entry: Option<Entry>| {
            entry
                .filter(|entry| entry.is_folder())
                .map(|entry| entry.id)
        };
        if (leaf(old).is_some() || leaf(new).is_some())
            && (self.each)(&self.path, leaf(old), leaf(new))?.is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        match (folder(old), folder(new)) {
            (None, None) => Ok(ControlFlow::Continue(())),
            (old, new) => self.folders(old, new, depth),
        }
    }

    fn folders(
        &mut self,
        old: Option<Oid>,
        new: Option<Oid>,
        depth: usize,
    ) -> Result<ControlFlow<()>, RepoError> {
        if depth > MAX_DEPTH {
            return Err(RepoError::refused(format!(
                "folders are nested more than {MAX_DEPTH} deep"
            )));
        }
        let read = |tree: Option<Oid>| {
            tree.map_or_else(|| Ok(Vec::new()), |tree| self.objects.sorted_tree(tree))
        };
        let (old, new) = (read(old)?, read(new)?);
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        loop {
            let side = match (old.peek(), new.peek()) {
                (None, None) => return Ok(ControlFlow::Continue(())),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((a, _)), Some((b, _))) => a.cmp(b),
            };
            let before = if side.is_le() { old.next() } else { None };
            let after = if side.is_ge() { new.next() } else { None };
            self.entries_left = self.entries_left.checked_sub(1).ok_or_else(|| {
                RepoError::refused(format!("more than {MAX_ENTRIES} entries to compare"))
            })?;
            let length = self.path.len();
            if let Some((name, _)) = before.as_ref().or(after.as_ref()) {
                if length > 0 {
                    self.path.push(b'/');
                }
                self.path.extend_from_slice(name);
            }
            let flow = self.entries(
                before.map(|(_, entry)| entry),
                after.map(|(_, entry)| entry),
                depth + 1,
            )?;
            self.path.truncate(length);
            if flow.is_break() {
                return Ok(flow);
            }
        }
    }
}

/// The root folder of a commit, as an entry to compare.
pub(super) fn root_of(objects: &Objects<'_>, commit: &CommitId) -> Result<Entry, RepoError> {
    let id = oid(commit.as_bytes(), || format!("the commit {commit}"))?;
    Ok(Entry::folder(objects.commit(id)?.tree))
}
