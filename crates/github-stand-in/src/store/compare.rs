//! Two sides brought together or held against each other: merges, replays and differences.

use super::{Change, Store};
use git2::Oid;

impl Store {
    /// The tree of a merge of `theirs` into `ours`; None on conflict.
    pub fn merge(&self, ours: Oid, theirs: Oid) -> Option<Oid> {
        let oid = {
            let inner = self.lock();
            let ours = inner.git.find_commit(ours).ok()?;
            let theirs = inner.git.find_commit(theirs).ok()?;
            let mut index = inner.git.merge_commits(&ours, &theirs, None).ok()?;
            if index.has_conflicts() {
                return None;
            }
            index.write_tree_to(&inner.git).ok()?
        };
        Some(self.note(oid))
    }

    /// The tree of `commit` replayed on `onto`; None on conflict.
    pub fn replay(&self, commit: Oid, onto: Oid) -> Option<Oid> {
        let oid = {
            let inner = self.lock();
            let commit = inner.git.find_commit(commit).ok()?;
            let onto = inner.git.find_commit(onto).ok()?;
            let mut index = inner.git.cherrypick_commit(&commit, &onto, 0, None).ok()?;
            if index.has_conflicts() {
                return None;
            }
            index.write_tree_to(&inner.git).ok()?
        };
        Some(self.note(oid))
    }

    /// The files in which two trees differ.
    pub fn diff(&self, old: Option<Oid>, new: Oid) -> Vec<Change> {
        let inner = self.lock();
        let git = &inner.git;
        let old = old.and_then(|oid| git.find_tree(oid).ok());
        let Ok(new) = git.find_tree(new) else {
            return Vec::new();
        };
        let Ok(diff) = git.diff_tree_to_tree(old.as_ref(), Some(&new), None) else {
            return Vec::new();
        };
        (0..diff.deltas().len())
            .filter_map(|index| {
                let delta = diff.get_delta(index)?;
                let (status, file) = match delta.status() {
                    git2::Delta::Added => ("added", delta.new_file()),
                    git2::Delta::Deleted => ("removed", delta.old_file()),
                    _ => ("modified", delta.new_file()),
                };
                let mut patch = git2::Patch::from_diff(&diff, index).ok().flatten();
                let (additions, deletions) = patch
                    .as_ref()
                    .and_then(|patch| patch.line_stats().ok())
                    .map_or((0, 0), |(_, added, removed)| (added, removed));
                let text = patch
                    .as_mut()
                    .and_then(|patch| patch.to_buf().ok())
                    .map(|buffer| String::from_utf8_lossy(&buffer).into_owned());
                Some(Change {
                    path: file.path()?.to_string_lossy().into_owned(),
                    status,
                    oid: file.id(),
                    additions,
                    deletions,
                    patch: text
                        .and_then(|text| text.find("@@ ").map(|start| text[start..].to_owned())),
                })
            })
            .collect()
    }
}
