//! The walks: the same questions that a clone answers, answered from what GitHub returned.

use std::collections::BTreeSet;

use super::repository::{FetchDepth, RemoteRepo};
use super::trees::Differing;
use crate::forge::EntryAt;
use crate::model::ids::{BlobId, CommitId};
use crate::model::policy::Refs;
use crate::repo::{
    AskAll, BlobChange, Change, CommitInfo, EntryId, FOLDER, FileChange, FoundBy, ReadObjects,
    RefHits, ReplacedFile, Repo, RepoError, TreeEntry, TreeFile, TreeListing, WantedRef,
    WatchedPaths,
};

/// History is not walked further back than this, apart from what the clone at hand has.
pub(super) const MAX_COMMITS: usize = 5_000;
/// At most this many commits at the newest end of a history may be available if a page of it is read as well: a
/// checkout's, and a run's own.
const AT_HAND: usize = 20;
/// A commit that is only given by its ID is searched from at most this many branches and tags.
const MAX_TIPS: usize = 30;

impl RemoteRepo {
    /// Whether the watched paths differ between two commits, files that are excepted aside.
    fn differs(
        &self,
        old: Option<&CommitId>,
        new: &CommitId,
        watch: &WatchedPaths,
        much: FetchDepth,
    ) -> Result<bool, RepoError> {
        let mut all = AskAll::new();
        for folder in &watch.folders {
            let before = old.map_or(Ok(None), |old| self.at(old, folder, much));
            let after = self.at(new, folder, much);
            // If two fail, the first failure is reported.
            let (after, before) = (all.ask(after), all.ask(before));
            let (Some(before), Some(after)) = (before, after) else {
                continue;
            };
            if before == after {
                continue;
            }
            if watch.except.is_empty() {
                return Ok(true);
            }
            let mut changes = Vec::new();
            let path = Repo::path_segments(folder)?.join("/");
            self.difference(
                entry(&before)?.as_ref(),
                entry(&after)?.as_ref(),
                &path,
                0,
                Differing::Every,
                &mut changes,
            )?;
            if changes
                .iter()
                .any(|change| !watch.except.contains(&change.path))
            {
                return Ok(true);
            }
        }
        all.answered(false)
    }

    /// The first parent of a commit; a page of history is read along.
    pub(super) fn parent_of(&self, commit: &CommitId) -> Result<Option<CommitId>, RepoError> {
        match self.info(commit, FetchDepth::Page, &[])? {
            Some(info) => Ok(info.parents.first().copied()),
            None => self.failed(&format!("the commit {} does not exist", commit.short())),
        }
    }

    /// Asks for a page of history from a commit that is not here.
    pub(in crate::gather) fn want_page(&self, commit: &CommitId) {
        self.want_commits(commit, FetchDepth::Page, &[]);
    }

    /// The files that differ between two commits, sorted.
    fn changes(
        &self,
        parent: Option<&CommitId>,
        commit: &CommitId,
        what: Differing,
    ) -> Result<Vec<FileChange>, RepoError> {
        let root = |commit: &CommitId| -> Result<TreeEntry, RepoError> {
            Ok(TreeEntry {
                mode: FOLDER,
                name: Vec::new(),
                id: self.info_of(commit)?.tree.as_bytes().to_vec(),
            })
        };
        let (old, new) = (parent.map(root).transpose(), root(commit));
        let (old, new) = (old?, new?);
        let mut found = Vec::new();
        self.difference(old.as_ref(), Some(&new), "", 0, what, &mut found)?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn too_far<T>(&self) -> Result<T, RepoError> {
        Err(RepoError::TooFar {
            why: format!(
                "{}: nothing was found in its last {MAX_COMMITS} commits; a checkout with `fetch-depth: 0` reads all of them",
                self.slug()
            ),
        })
    }

    /// Whether a clone's answer is one, and not that it is shallow or lacks something.
    fn settled<T>(answer: Result<T, RepoError>) -> Option<Result<T, RepoError>> {
        match answer {
            Err(RepoError::Shallow { .. } | RepoError::NotFound { .. }) => None,
            other => Some(other),
        }
    }
}

/// An entry as part of a tree, without its name.
fn entry(at: &EntryAt) -> Result<Option<TreeEntry>, RepoError> {
    let Some((mode, id)) = at else {
        return Ok(None);
    };
    let id: CommitId =
        id.parse()
            .map_err(|error: crate::model::ids::IdError| RepoError::Remote {
                why: error.to_string(),
            })?;
    Ok(Some(TreeEntry {
        mode: *mode,
        name: Vec::new(),
        id: id.as_bytes().to_vec(),
    }))
}

impl ReadObjects for RemoteRepo {
    fn resolve(&self, name: &str, _: Option<&str>) -> Result<RefHits, RepoError> {
        let wanted = WantedRef::parse(name)?;
        let (WantedRef::Short(short) | WantedRef::Branch(short) | WantedRef::Tag(short)) = wanted;
        let mut hits = RefHits::default();
        let full_id = matches!(wanted, WantedRef::Short(_)) && matches!(short.len(), 40 | 64);
        let commit = match short.parse::<CommitId>() {
            Ok(id) if full_id => self.has(&id).map(|there| there.then_some(id)),
            _ => Ok(None),
        };
        let known = self.known.borrow().refs.get(short).cloned();
        match known {
            Some(Ok(found)) => {
                if !matches!(wanted, WantedRef::Tag(_)) {
                    hits.branch = found.branch;
                }
                if !matches!(wanted, WantedRef::Branch(_)) {
                    hits.tag = found.tag;
                }
            }
            Some(Err(why)) => return self.failed(&why),
            None => {
                self.wants.borrow_mut().refs.insert(short.to_owned());
                return self.pending();
            }
        }
        hits.commit = commit?;
        Ok(hits)
    }

    fn promotable(
        &self,
        commit: &CommitId,
        by: FoundBy<'_>,
        refs: &Refs,
    ) -> Result<Option<bool>, RepoError> {
        match by {
            FoundBy::Branch(name) if refs.allows_branch(name) => return Ok(Some(true)),
            FoundBy::Tag(name) if refs.allows_tag(name) => return Ok(Some(true)),
            _ => {}
        }
        // Most likely it is on the base branch, whose tip is known without listing anything.
        let base = self.base.borrow().clone();
        if let Some((_, tip)) = base.filter(|(name, _)| refs.allows_branch(name))
            && self.related(commit, &tip)?
        {
            return Ok(Some(true));
        }
        let listed = self.listed()?;
        let branches = listed
            .branches
            .iter()
            .filter(|(name, _)| refs.allows_branch(name));
        let tags = listed.tags.iter().filter(|(name, _)| refs.allows_tag(name));
        // The branches that most likely contain a commit come first.
        let mut tips: Vec<&(String, CommitId)> = branches.collect();
        tips.sort_by_key(|(name, _)| !matches!(name.as_str(), "main" | "master"));
        tips.extend(tags);
        for (_, tip) in tips.iter().take(MAX_TIPS) {
            if self.related(commit, tip)? {
                return Ok(Some(true));
            }
        }
        if listed.more || tips.len() > MAX_TIPS {
            return self.failed(&format!(
                "{} was not found on the first {MAX_TIPS} branches and tags that may be promoted; use a branch or tag, \
                 or narrow `refs` in the policy",
                commit.short()
            ));
        }
        Ok(Some(false))
    }

    fn has(&self, commit: &CommitId) -> Result<bool, RepoError> {
        let known = self.known.borrow().there.contains(commit);
        Ok(known || self.info(commit, FetchDepth::Entries, &[])?.is_some())
    }

    fn reachable_from_any(&self, commit: &CommitId, tips: &[CommitId]) -> Result<bool, RepoError> {
        for tip in tips {
            if self.related(commit, tip)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_ancestor(&self, ancestor: &CommitId, of: &CommitId) -> Result<bool, RepoError> {
        self.related(ancestor, of)
    }

    fn newest_change(
        &self,
        tip: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<Option<CommitId>, RepoError> {
        if let Some(local) = self.clone_with(tip)
            && let Some(answer) = Self::settled(local.newest_change(tip, watch))
        {
            return answer;
        }
        let mut at = *tip;
        for _ in 0..MAX_COMMITS {
            let Some(info) = self.info(&at, FetchDepth::Page, &watch.folders)? else {
                return self.failed(&format!("the commit {} does not exist", at.short()));
            };
            let parent = info.parents.first().copied();
            if self.differs(parent.as_ref(), &at, watch, FetchDepth::Page)? {
                return Ok(Some(at));
            }
            match parent {
                Some(parent) => at = parent,
                None => return Ok(None),
            }
        }
        self.too_far()
    }

    fn same_trees(
        &self,
        a: &CommitId,
        b: &CommitId,
        watch: &WatchedPaths,
    ) -> Result<bool, RepoError> {
        Ok(!self.differs(Some(a), b, watch, FetchDepth::Entries)?)
    }

    fn walk_changes(
        &self,
        tip: &CommitId,
        paths: &[String],
        most: usize,
        each: &mut dyn FnMut(&Change) -> Result<Vec<usize>, RepoError>,
    ) -> Result<(), RepoError> {
        let mut wanted: Vec<bool> = vec![true; paths.len()];
        let mut at = *tip;
        // Commits that the clone at hand does not have: reading the others costs no call.
        let mut fetched = 0;
        for walked in 0.. {
            if !wanted.contains(&true) || walked == most {
                return Ok(());
            }
            fetched += usize::from(!self.is_local(&at));
            if fetched > MAX_COMMITS {
                break;
            }
            let Some(info) = self.info(&at, FetchDepth::Page, paths)? else {
                return self.failed(&format!("the commit {} does not exist", at.short()));
            };
            let parent = info.parents.first().copied();
            let blob = |commit: &CommitId, path: &String| -> Result<Option<BlobId>, RepoError> {
                Ok(
                    match Self::entry_id(&self.at(commit, path, FetchDepth::Page)?, path)? {
                        Some(EntryId::File(blob)) => Some(blob),
                        _ => None,
                    },
                )
            };
            let mut change = Change {
                commit: at,
                parent,
                paths: Vec::new(),
                blobs: Vec::new(),
            };
            let mut all = AskAll::new();
            for (index, path) in paths.iter().enumerate() {
                if !wanted[index] {
                    continue;
                }
                let old = parent
                    .as_ref()
                    .map_or(Ok(None), |parent| blob(parent, path));
                // If two fail, the first failure is reported.
                let (new, old) = (all.ask(blob(&at, path)), all.ask(old));
                if let (Some(old), Some(new)) = (old, new)
                    && old != new
                {
                    change.paths.push(index);
                    change.blobs.push(BlobChange { old, new });
                }
            }
            let change = all.answered(change)?;
            if !change.paths.is_empty() {
                for done in each(&change)? {
                    wanted[done] = false;
                }
            }
            match parent {
                Some(parent) => at = parent,
                None => return Ok(()),
            }
        }
        self.too_far()
    }

    fn changed_files(
        &self,
        parent: Option<&CommitId>,
        commit: &CommitId,
    ) -> Result<Vec<FileChange>, RepoError> {
        self.changes(parent, commit, Differing::Every)
    }

    fn replaced_files(
        &self,
        parent: &CommitId,
        commit: &CommitId,
    ) -> Result<Vec<ReplacedFile>, RepoError> {
        let changed = self.changes(Some(parent), commit, Differing::Replaced)?;
        Ok(changed.into_iter().filter_map(ReplacedFile::of).collect())
    }

    fn touches(&self, tip: &CommitId, path: &str) -> Result<Option<Vec<String>>, RepoError> {
        if self.is_local(tip) {
            return Ok(None);
        }
        if self.never_at_hand(tip, path) || self.touched_only_later(tip, path) {
            return Ok(Some(Vec::new()));
        }
        let question = (*tip, path.to_owned());
        let known = self.known.borrow().touches.get(&question).cloned();
        match known {
            Some(Ok(found)) => Ok(found),
            Some(Err(why)) => self.failed(&why),
            None => {
                self.wants.borrow_mut().touches.insert(question);
                self.pending()
            }
        }
    }

    fn expect(&self, commit: &CommitId, path: &str) {
        if self.clone_with(commit).is_some() {
            return;
        }
        let above = path.match_indices('/').map(|(end, _)| &path[..end]);
        for folder in std::iter::once("").chain(above) {
            let wanted = (*commit, folder.to_owned());
            if self.expected.borrow_mut().insert(wanted.clone()) {
                self.wants.borrow_mut().folders.insert(wanted);
            }
        }
    }

    fn expect_history(&self, tip: &CommitId, files: &BTreeSet<String>) {
        let mut at = *tip;
        // A page begins where nothing is available any more.
        for _ in 0..AT_HAND {
            match self.parent_at_hand(&at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        // A deeper clone can answer alone.
        if self.clone_with(&at).is_some() {
            return;
        }
        let known = self.known.borrow();
        // A page that could not be had, or a commit that is not there, is asked for once.
        if matches!(known.commits.get(&at), Some(Err(_) | Ok(None))) {
            return;
        }
        let missing = files.iter().filter(|file| {
            let entry = (at, (*file).clone());
            !known.entries.contains_key(&entry)
        });
        let missing: Vec<String> = missing.cloned().collect();
        drop(known);
        if !missing.is_empty() {
            let next: Vec<String> = self.next_files.borrow().iter().cloned().collect();
            self.want_commits(&at, FetchDepth::Page, &next);
            self.want_commits(&at, FetchDepth::Page, &missing);
            // If that page leads back to where a file appeared, the next question is whether it was there before.
            self.want_touches(&at, missing);
        }
    }

    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, RepoError> {
        Ok(self.info_of(commit)?.as_ref().clone())
    }

    fn entry_at(&self, commit: &CommitId, path: &str) -> Result<Option<EntryId>, RepoError> {
        Self::entry_id(&self.at(commit, path, FetchDepth::Entries)?, path)
    }

    fn files_in(
        &self,
        commit: &CommitId,
        enter: &dyn Fn(&str) -> bool,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<TreeListing, RepoError> {
        let root = self.info_of(commit)?.tree;
        let mut listing = TreeListing::default();
        self.list(&root, "", 0, enter, take, &mut listing)?;
        listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        listing.skipped.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        listing.non_utf8.sort_unstable();
        Ok(listing)
    }

    fn begins_with(&self, digits: &str) -> Option<CommitId> {
        self.local()?.begins_with(digits)
    }

    fn blob(&self, blob: &BlobId) -> Result<Vec<u8>, RepoError> {
        Ok(self.content(blob)?.as_ref().clone())
    }

    /// From the folder's own tree: its neighbours need not be available, and an equal folder of another commit is
    /// enough too.
    fn files_below(
        &self,
        commit: &CommitId,
        folder: &str,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<TreeFile>, RepoError> {
        let Some(EntryId::Folder(tree)) = self.entry_at(commit, folder)? else {
            return Ok(Vec::new());
        };
        let folder = Repo::path_segments(folder)?.join("/");
        let mut listing = TreeListing::default();
        self.list(&tree, &folder, 1, &|_| true, take, &mut listing)?;
        listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(listing.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Author, GitTime};

    #[test]
    fn a_full_checkout_is_walked_to_its_first_commit() {
        let repo = Repo::virtual_empty().unwrap();
        let time = GitTime {
            unix_seconds: 1_577_836_800,
            offset_minutes: 0,
        };
        let (name, email) = ("A".to_owned(), "a@example.com".to_owned());
        let author = Author { name, email, time };
        let file = [("a.yaml".to_owned(), b"a: 1\n".to_vec())];
        let first = repo.write_commit(None, &file, "", &author).unwrap();
        let mut tip = first;
        for number in 0..=MAX_COMMITS {
            let message = number.to_string();
            tip = repo
                .write_commit(Some(&tip), &[], &message, &author)
                .unwrap();
        }
        let here = RemoteRepo::new("acme/gitops".parse().unwrap(), Some(repo));
        let mut found = Vec::new();
        let mut each = |change: &Change| {
            found.push(change.commit);
            Ok(vec![0])
        };
        let paths = ["a.yaml".to_owned()];
        here.walk_changes(&tip, &paths, usize::MAX, &mut each)
            .unwrap();
        assert_eq!(found, [first]);
    }
}
