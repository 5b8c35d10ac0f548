//! Folders of a repository that is read through GitHub: what is where, what differs, and the tree that results when
//! some of its files are replaced.

use std::collections::BTreeMap;

use super::repository::{FetchDepth, RemoteRepo};
use crate::forge::EntryAt;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::repo::{
    AskAll, EntryId, EntryKind, FOLDER, FileChange, Repo, RepoError, TreeEntry, TreeFile,
    TreeListing,
};

const MAX_ENTRIES: usize = 2_000_000;
const MAX_DEPTH: usize = 256;

const FILE: u32 = 0o100_644;
const EXECUTABLE: u32 = 0o100_755;
const SYMLINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;

pub(super) fn id_of<T>(bytes: &[u8], from: impl Fn(&[u8]) -> Option<T>) -> Result<T, RepoError> {
    from(bytes).ok_or_else(|| RepoError::Remote {
        why: "an ID of unknown length".to_owned(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is at a path: nothing, or a kind of entry with its content; the content of a submodule is not returned, as in a
/// [`FileChange`].
pub(in crate::gather) type EntryContent = Option<(EntryKind, Option<BlobId>)>;

/// What is at a path of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gather) enum AtPath {
    /// A folder.
    Folder,
    /// Anything else, or nothing.
    Entry(EntryContent),
}

/// Which differences are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Differing {
    /// All.
    Every,
    /// What was there before: a folder that is entirely new need not be read.
    Replaced,
}

impl RemoteRepo {
    /// What is at a path below a tree.
    fn below(&self, tree: &TreeId, path: &[&str]) -> Result<EntryAt, RepoError> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(Some((FOLDER, tree.to_string())));
        };
        let entries = self.tree(tree, false)?;
        let Some(entry) = entries.iter().find(|entry| entry.name == first.as_bytes()) else {
            return Ok(None);
        };
        if rest.is_empty() {
            return Ok(Some((entry.mode, hex(&entry.id))));
        }
        if entry.mode != FOLDER {
            return Ok(None);
        }
        self.below(&id_of(&entry.id, TreeId::from_bytes)?, rest)
    }

    /// What is at a path of a commit: from a page of history, or from its trees.
    pub(super) fn at(
        &self,
        commit: &CommitId,
        path: &str,
        much: FetchDepth,
    ) -> Result<EntryAt, RepoError> {
        let segments = Repo::path_segments(path)?;
        let normal = segments.join("/");
        if let Some(known) = self.known.borrow().entries.get(&(*commit, normal.clone())) {
            return Ok(known.clone());
        }
        if segments.is_empty() {
            let info = self.info(commit, much.max(FetchDepth::Commit), &[])?;
            return Ok(info.map(|info| (FOLDER, info.tree.to_string())));
        }
        if let Some(local) = self.clone_with(commit) {
            let root = local.commit_info(commit)?.tree;
            return self.below(&root, &segments);
        }
        // A tree that is here already answers without another call.
        let known_root = match self.known.borrow().commits.get(commit) {
            Some(Ok(Some(info))) => Some(info.tree),
            Some(Ok(None)) => return Ok(None),
            Some(Err(why)) => return self.failed(why),
            None => None,
        };
        if let Some(root) = known_root
            && self.known.borrow().trees.contains_key(&root)
        {
            return self.below(&root, &segments);
        }
        self.want_commits(commit, much, &[normal]);
        self.pending()
    }

    /// Whether the same regular file, with the same mode, is at a path of two commits.
    ///
    /// # Errors
    /// If something must be fetched first, or could not be.
    pub(crate) fn same_file(
        &self,
        one: &CommitId,
        other: &CommitId,
        path: &str,
    ) -> Result<bool, RepoError> {
        let (one, other) = (
            self.at(one, path, FetchDepth::Entries),
            self.at(other, path, FetchDepth::Entries),
        );
        let (one, other) = (one?, other?);
        Ok(one == other && matches!(one, Some((FILE | EXECUTABLE, _))))
    }

    /// What is at a path of a commit, including its mode.
    ///
    /// # Errors
    /// If something must be fetched first, or could not be.
    pub(in crate::gather) fn entry_content(
        &self,
        commit: &CommitId,
        path: &str,
    ) -> Result<AtPath, RepoError> {
        let entry = match self.at(commit, path, FetchDepth::Entries)? {
            None => None,
            Some((FOLDER, _)) => return Ok(AtPath::Folder),
            Some((SUBMODULE, _)) => Some((EntryKind::Submodule, None)),
            Some((mode, id)) => {
                let broken = |error: crate::model::ids::IdError| RepoError::Remote {
                    why: error.to_string(),
                };
                Some((kind_of(mode), Some(id.parse().map_err(broken)?)))
            }
        };
        Ok(AtPath::Entry(entry))
    }

    pub(super) fn entry_id(entry: &EntryAt, path: &str) -> Result<Option<EntryId>, RepoError> {
        let Some((mode, id)) = entry else {
            return Ok(None);
        };
        let broken = |error: crate::model::ids::IdError| RepoError::Remote {
            why: error.to_string(),
        };
        Ok(Some(match *mode {
            FOLDER => EntryId::Folder(id.parse().map_err(broken)?),
            SYMLINK => EntryId::Symlink(id.parse().map_err(broken)?),
            SUBMODULE => EntryId::Submodule(id.parse().map_err(broken)?),
            FILE | EXECUTABLE => EntryId::File(id.parse().map_err(broken)?),
            odd => {
                return Err(RepoError::Refused {
                    why: format!("{path} has the unexpected mode {odd:o}"),
                });
            }
        }))
    }

    pub(super) fn list(
        &self,
        tree: &TreeId,
        folder: &str,
        depth: usize,
        enter: &dyn Fn(&str) -> bool,
        take: &dyn Fn(&str) -> bool,
        listing: &mut TreeListing,
    ) -> Result<(), RepoError> {
        let size = listing.files.len() + listing.passed_over;
        if depth > MAX_DEPTH || size > MAX_ENTRIES {
            return Err(RepoError::Refused {
                why: format!("{folder} contains more than any real repository"),
            });
        }
        let mut all = AskAll::new();
        for entry in self.tree(tree, depth == 0)?.iter() {
            let Ok(name) = std::str::from_utf8(&entry.name) else {
                listing
                    .non_utf8
                    .push(String::from_utf8_lossy(&entry.name).into_owned());
                continue;
            };
            let path = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            match entry.mode {
                FOLDER if enter(&path) => {
                    let tree = id_of(&entry.id, TreeId::from_bytes)?;
                    all.ask(self.list(&tree, &path, depth + 1, enter, take, listing));
                }
                FILE | EXECUTABLE if take(&path) => listing.files.push(TreeFile {
                    blob: id_of(&entry.id, BlobId::from_bytes)?,
                    executable: entry.mode == EXECUTABLE,
                    path,
                }),
                FILE | EXECUTABLE => listing.passed_over += 1,
                FOLDER => {}
                mode if mode == SUBMODULE || take(&path) => {
                    listing.skipped.push(crate::repo::SkippedEntry {
                        path,
                        kind: kind_of(mode),
                    });
                }
                _ => {}
            }
        }
        all.answered(())
    }

    pub(super) fn difference(
        &self,
        old: Option<&TreeEntry>,
        new: Option<&TreeEntry>,
        path: &str,
        depth: usize,
        what: Differing,
        found: &mut Vec<FileChange>,
    ) -> Result<(), RepoError> {
        if what == Differing::Replaced && old.is_none() {
            return Ok(());
        }
        if old.map(|entry| (entry.mode, &entry.id)) == new.map(|entry| (entry.mode, &entry.id)) {
            return Ok(());
        }
        if depth > MAX_DEPTH || found.len() > MAX_ENTRIES {
            return Err(RepoError::Refused {
                why: format!("{path} contains more than any real repository"),
            });
        }
        let folder = |entry: Option<&TreeEntry>| entry.is_some_and(|entry| entry.mode == FOLDER);
        if !folder(old) && !folder(new) {
            found.push(FileChange {
                path: path.to_owned(),
                old: blob_of(old)?,
                new: blob_of(new)?,
                old_kind: old.map(|entry| kind_of(entry.mode)),
                new_kind: new.map(|entry| kind_of(entry.mode)),
            });
            return Ok(());
        }
        let mut children: BTreeMap<Vec<u8>, (Option<TreeEntry>, Option<TreeEntry>)> =
            BTreeMap::new();
        let mut sides = AskAll::new();
        for (side, entry) in [(0, old), (1, new)] {
            let Some(entry) = entry.filter(|entry| entry.mode == FOLDER) else {
                continue;
            };
            let entries = self.tree(&id_of(&entry.id, TreeId::from_bytes)?, false);
            for child in sides.ask(entries).iter().flat_map(|entries| entries.iter()) {
                let slot = children.entry(child.name.clone()).or_default();
                if side == 0 {
                    slot.0 = Some(child.clone());
                } else {
                    slot.1 = Some(child.clone());
                }
            }
        }
        let children = sides.answered(children)?;
        // A file in the place of a folder shows as one removal and the additions, and the other way round.
        if old.is_some() && !folder(old) {
            self.difference(old, None, path, depth + 1, what, found)?;
        }
        if new.is_some() && !folder(new) {
            self.difference(None, new, path, depth + 1, what, found)?;
        }
        let mut all = AskAll::new();
        for (name, (old, new)) in children {
            let name = String::from_utf8_lossy(&name);
            let inside = if path.is_empty() {
                name.into_owned()
            } else {
                format!("{path}/{name}")
            };
            let (old, new) = (old.as_ref(), new.as_ref());
            all.ask(self.difference(old, new, &inside, depth + 1, what, found));
        }
        all.answered(())
    }

    /// The tree that `root` becomes with these files in place of existing regular files, and their modes.
    ///
    /// # Errors
    /// If a folder was not fetched yet, or a path has no regular file.
    pub(crate) fn tree_with(
        &self,
        root: &TreeId,
        files: &BTreeMap<String, BlobId>,
    ) -> Result<(TreeId, BTreeMap<String, u32>), RepoError> {
        let paths: Vec<(Vec<&str>, &BlobId)> = files
            .iter()
            .map(|(path, blob)| (path.split('/').collect(), blob))
            .collect();
        let mut modes = BTreeMap::new();
        let tree = self.replaced(root, &paths, "", &mut modes)?;
        Ok((tree, modes))
    }

    fn replaced(
        &self,
        tree: &TreeId,
        files: &[(Vec<&str>, &BlobId)],
        folder: &str,
        modes: &mut BTreeMap<String, u32>,
    ) -> Result<TreeId, RepoError> {
        let mut entries = self.tree(tree, false)?.as_ref().clone();
        let mut by_name: BTreeMap<&str, Vec<(Vec<&str>, &BlobId)>> = BTreeMap::new();
        for (path, blob) in files {
            if let Some((first, rest)) = path.split_first() {
                by_name
                    .entry(first)
                    .or_default()
                    .push((rest.to_vec(), blob));
            }
        }
        let mut all = AskAll::new();
        for (name, inside) in by_name {
            let path = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            let gone = || RepoError::Refused {
                why: format!("{path} is not a regular file any more"),
            };
            let entry = entries
                .iter_mut()
                .find(|entry| entry.name == name.as_bytes())
                .ok_or_else(gone)?;
            match (&inside[..], entry.mode) {
                ([(rest, blob)], FILE | EXECUTABLE) if rest.is_empty() => {
                    modes.insert(path, entry.mode);
                    entry.id = blob.as_bytes().to_vec();
                }
                (inside, FOLDER) if inside.iter().all(|(rest, _)| !rest.is_empty()) => {
                    let below = id_of(&entry.id, TreeId::from_bytes)?;
                    let new = match self.replaced(&below, inside, &path, modes) {
                        Err(error @ (RepoError::Pending(_) | RepoError::Remote { .. })) => {
                            Err(error)
                        }
                        other => Ok(other?),
                    };
                    if let Some(new) = all.ask(new) {
                        entry.id = new.as_bytes().to_vec();
                    }
                }
                _ => return Err(gone()),
            }
        }
        let entries = all.answered(entries)?;
        let id = Repo::hash_tree(&entries)?;
        self.known
            .borrow_mut()
            .trees
            .insert(id, Ok(std::rc::Rc::new(entries)));
        Ok(id)
    }
}

fn kind_of(mode: u32) -> EntryKind {
    match mode {
        FILE => EntryKind::File,
        EXECUTABLE => EntryKind::Executable,
        SYMLINK => EntryKind::Symlink,
        SUBMODULE => EntryKind::Submodule,
        _ => EntryKind::Odd,
    }
}

fn blob_of(entry: Option<&TreeEntry>) -> Result<Option<BlobId>, RepoError> {
    match entry {
        Some(entry) if entry.mode != SUBMODULE => id_of(&entry.id, BlobId::from_bytes).map(Some),
        _ => Ok(None),
    }
}
