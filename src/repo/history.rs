//! First-parent history: which commit changed a watched tree, and which changed a file.
//!
//! Walking goes from the newest commit to the oldest. Of each commit only the trees on the way to the wanted paths
//! are read, and only where their id differs from that of the commit walked before; so each tree is read once.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use git2::Oid;

use super::diff::{diff, root_of};
use super::error::RepoError;
use super::objects::{Objects, blob_id, commit_id, segments};
use super::raw_commit::RawCommit;
use super::repository::Repo;
use super::tree_entry::Entry;
use crate::model::ids::{BlobId, CommitId};

/// The trees whose change counts as a change of a service (semantics: revisions).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchedPaths {
    /// Folders (or single files) from the root; `""` is the whole repository.
    pub folders: Vec<String>,
    /// Exact paths of files that are ignored inside them.
    pub except: Vec<String>,
}

/// A commit that changed wanted files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The commit.
    pub commit: CommitId,
    /// Its first parent; `None` for a root commit.
    pub parent: Option<CommitId>,
    /// Indices into the paths asked for, ascending.
    pub paths: Vec<usize>,
    /// What happened at each of `paths`, in the same order.
    pub blobs: Vec<BlobChange>,
}

/// A file before and after a commit; `None`: there was no regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobChange {
    /// At the first parent.
    pub old: Option<BlobId>,
    /// At the commit.
    pub new: Option<BlobId>,
}

impl Repo {
    /// The newest commit on the first-parent history of `tip` at which any watched tree differs from its first
    /// parent. A root commit counts if it holds any of them; `None`: none ever existed.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if `tip` is not here, [`RepoError::Shallow`] if a shallow clone ends before the answer,
    /// [`RepoError::Refused`] if a path contains `..`.
    pub fn newest_change(
        &self,
        tip: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<Option<CommitId>, RepoError> {
        let objects = self.objects()?;
        let except = excepted(watch)?;
        let mut walk = FirstParents::from(&objects, tip, &watch.folders)?;
        while let Some(step) = walk.step()? {
            for moved in step.moved {
                let path = segments(&watch.folders[moved.path])?.join("/");
                if differs(&objects, &path, moved.old, moved.new, &except)? {
                    return commit_id(step.commit).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// Whether all watched trees are equal at both commits. A folder that is absent at both is equal.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if a commit is not here, [`RepoError::Refused`] if a path contains `..`.
    pub fn same_trees(
        &self,
        a: &CommitId,
        b: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<bool, RepoError> {
        let objects = self.objects()?;
        let except = excepted(watch)?;
        let (a, b) = (root_of(&objects, a)?, root_of(&objects, b)?);
        for folder in &watch.folders {
            let path = segments(folder)?;
            let (old, new) = (
                objects.entry_at(a.id, &path)?,
                objects.entry_at(b.id, &path)?,
            );
            if differs(&objects, &path.join("/"), old, new, &except)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Walks the first-parent history of `tip` once for all `paths`, and calls `each`, newest first, with every commit
    /// whose blob at a path still wanted differs from the first parent's (modes alone do not count; only regular files
    /// have a blob). It answers which paths it no longer wants. Ends when none is left, after `most` commits, or after the root commit.
    ///
    /// # Errors
    /// Those of `each`; [`RepoError::NotFound`] if `tip` is not here; [`RepoError::Shallow`] if a shallow clone ends
    /// while paths are still wanted; [`RepoError::Refused`] if a path contains `..`.
    pub fn walk_changes(
        &self,
        tip: &CommitId,
        paths: &[String],
        most: usize,
        each: &mut dyn FnMut(&Change) -> Result<Vec<usize>, RepoError>,
    ) -> Result<(), RepoError> {
        let objects = self.objects()?;
        let blob = |entry: Option<Entry>| {
            entry
                .filter(|entry| entry.is_file())
                .map(|entry| blob_id(entry.id))
                .transpose()
        };
        let mut walk = FirstParents::from(&objects, tip, paths)?;
        walk.left = most;
        while let Some(step) = walk.step()? {
            let mut change = Change {
                commit: commit_id(step.commit)?,
                parent: step.parent.map(commit_id).transpose()?,
                paths: Vec::new(),
                blobs: Vec::new(),
            };
            for moved in &step.moved {
                let (old, new) = (blob(moved.old)?, blob(moved.new)?);
                if old != new {
                    change.paths.push(moved.path);
                    change.blobs.push(BlobChange { old, new });
                }
            }
            if change.paths.is_empty() {
                continue;
            }
            for done in each(&change)? {
                if let Some(path) = paths.get(done) {
                    walk.forget(&segments(path)?, done);
                }
            }
        }
        Ok(())
    }
}

fn excepted(watch: &WatchedPaths) -> Result<BTreeSet<Vec<u8>>, RepoError> {
    let normal = |path: &String| Ok(segments(path)?.join("/").into_bytes());
    watch.except.iter().map(normal).collect()
}

/// Whether two entries at one path differ in anything but the excepted files.
fn differs(
    objects: &Objects<'_>,
    path: &str,
    old: Option<Entry>,
    new: Option<Entry>,
    except: &BTreeSet<Vec<u8>>,
) -> Result<bool, RepoError> {
    if old == new || except.is_empty() {
        return Ok(old != new);
    }
    let flow = diff(objects, path.as_bytes(), old, new, &mut |path, _, _| {
        Ok(if except.contains(path) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(flow.is_break())
}

/// A walk along first parents that watches a set of paths.
struct FirstParents<'a> {
    objects: &'a Objects<'a>,
    /// The commit whose trees `wanted` holds; `None` beyond the root commit.
    at: Option<(Oid, Arc<RawCommit>)>,
    wanted: Wanted,
    /// How many more commits are looked at.
    left: usize,
}

/// One commit of the walk and the paths at which it differs from its first parent.
struct Step {
    commit: Oid,
    parent: Option<Oid>,
    moved: Vec<Moved>,
}

/// A path whose entry differs: `old` at the first parent, `new` at the commit.
struct Moved {
    path: usize,
    old: Option<Entry>,
    new: Option<Entry>,
}

impl<'a> FirstParents<'a> {
    fn from(objects: &'a Objects<'a>, tip: &CommitId, paths: &[String]) -> Result<Self, RepoError> {
        let (id, commit) = objects.commit_of(tip)?;
        let mut wanted = Wanted::default();
        for (index, path) in paths.iter().enumerate() {
            wanted.add(&segments(path)?, index);
        }
        wanted.step_to_parent(objects, Some(Entry::folder(commit.tree)), &mut Vec::new())?;
        Ok(Self {
            objects,
            at: Some((id, commit)),
            wanted,
            left: usize::MAX,
        })
    }

    /// The next commit at which any wanted path differs; `None` at the end of history or if nothing is wanted.
    fn step(&mut self) -> Result<Option<Step>, RepoError> {
        let mut moved = Vec::new();
        while !self.wanted.is_empty()
            && self.left > 0
            && let Some((id, commit)) = self.at.take()
        {
            self.left -= 1;
            let parent = self.objects.first_parent(id, &commit)?;
            let parent = parent
                .map(|id| Ok((id, self.objects.commit(id)?)))
                .transpose()?;
            let tree = parent
                .as_ref()
                .map(|(_, commit)| Entry::folder(commit.tree));
            self.wanted.step_to_parent(self.objects, tree, &mut moved)?;
            let step_parent = parent.as_ref().map(|(id, _)| *id);
            self.at = parent;
            if !moved.is_empty() {
                moved.sort_unstable_by_key(|moved: &Moved| moved.path);
                return Ok(Some(Step {
                    commit: id,
                    parent: step_parent,
                    moved,
                }));
            }
        }
        Ok(None)
    }

    fn forget(&mut self, path: &[&str], index: usize) {
        self.wanted.forget(path, index);
    }
}

/// The wanted paths as a tree of names, each with what is there at the commit that was read last.
#[derive(Default)]
struct Wanted {
    name: Vec<u8>,
    entry: Option<Entry>,
    /// The indices of the paths that end here.
    paths: Vec<usize>,
    below: Vec<Self>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.below.is_empty()
    }

    fn add(&mut self, path: &[&str], index: usize) {
        let Some((first, rest)) = path.split_first() else {
            return self.paths.push(index);
        };
        let place = self
            .below
            .binary_search_by(|node| node.name.as_slice().cmp(first.as_bytes()));
        let place = place.unwrap_or_else(|place| {
            let name = first.as_bytes().to_vec();
            self.below.insert(
                place,
                Self {
                    name,
                    ..Self::default()
                },
            );
            place
        });
        self.below[place].add(rest, index);
    }

    fn forget(&mut self, path: &[&str], index: usize) {
        let Some((first, rest)) = path.split_first() else {
            return self.paths.retain(|path| *path != index);
        };
        if let Ok(place) = self
            .below
            .binary_search_by(|node| node.name.as_slice().cmp(first.as_bytes()))
        {
            self.below[place].forget(rest, index);
            if self.below[place].is_empty() {
                self.below.remove(place);
            }
        }
    }

    /// Steps to an older commit, with `older` at this path, and records every wanted path that differs.
    fn step_to_parent(
        &mut self,
        objects: &Objects<'_>,
        older: Option<Entry>,
        moved: &mut Vec<Moved>,
    ) -> Result<(), RepoError> {
        if self.entry == older {
            return Ok(());
        }
        let new = std::mem::replace(&mut self.entry, older);
        moved.extend(self.paths.iter().map(|path| Moved {
            path: *path,
            old: older,
            new,
        }));
        let mut entries = vec![None; self.below.len()];
        if let Some(folder) = older.filter(|entry| entry.is_folder())
            && !entries.is_empty()
        {
            let mut missing = entries.len();
            objects.tree(folder.id, |name, entry| {
                if let Ok(place) = self
                    .below
                    .binary_search_by(|node| node.name.as_slice().cmp(name))
                    && entries[place].is_none()
                {
                    entries[place] = Some(entry);
                    missing -= 1;
                }
                missing > 0
            })?;
        }
        for (node, entry) in self.below.iter_mut().zip(entries) {
            node.step_to_parent(objects, entry, moved)?;
        }
        Ok(())
    }
}
