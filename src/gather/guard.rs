//! What merging a pull request into the base's tip would change, computed from git objects.
//!
//! Not from the list of files that a pull request shows: it knows no former names, and leaves out what a merge takes back when both
//! sides merged each other before. Nor from GitHub's own test merge: GitHub keeps it for hours while the base moves on. What counts is
//! what the pull request changes since its merge base with the tip, applied to the tip.

use super::merge_base::{MergeBase, Missing, Node, merge_base};
use super::remote::{AtPath, EntryContent, RemoteRepo};
use crate::model::ids::{BlobId, CommitId};
use crate::model::pull::RemoteCommit;
use crate::repo::{AskAll, EntryKind, ReadObjects, Repo, RepoError};

/// One path that a merge changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedPath {
    /// The path; what is not UTF-8 in it is shown as `U+FFFD`.
    pub path: String,
    /// What is there afterwards.
    pub after: After,
}

impl MergedPath {
    /// What has to be read to determine what is there afterwards.
    fn blobs(&self, read: impl Fn(&str) -> bool) -> Vec<&BlobId> {
        match &self.after {
            After::File(id) if read(&self.path) => vec![id],
            After::BothSides { base, tip, head } => vec![base, tip, head],
            After::File(_) | After::Nothing => Vec::new(),
        }
    }
}

/// What is at a path after a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// No regular file.
    Nothing,
    /// This file.
    File(BlobId),
    /// Both sides changed the file: what comes of it depends on its contents.
    BothSides {
        /// At the merge base.
        base: BlobId,
        /// At the tip of the base branch.
        tip: BlobId,
        /// At the head of the pull request.
        head: BlobId,
    },
}

/// A path that a merge changes, with what is there afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedFile {
    /// The path, as in [`MergedPath`].
    pub path: String,
    /// The regular file that is there, if its content was requested.
    pub after: Option<(BlobId, Vec<u8>)>,
}

/// Why the result of a merge cannot be determined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Untold {
    /// Both sides changed this file in ways that do not go together.
    Conflict(String),
    /// Both sides changed this file, and it is too large to be merged here.
    TooLarge(String),
    /// They have several merge bases.
    SeveralBases,
    /// Their histories are unrelated.
    Unrelated,
    /// Their merge base is too far back.
    TooFar,
    /// A commit in between has more parents than GitHub lists.
    CutOff(CommitId),
}

/// Many files: all folders of the head are then read in one call.
const MANY: u64 = 100;
/// At most this many commits that no clone holds are looked at for one merge base. A page of them costs a call.
const MAX_REMOTE: usize = 1_000;
/// This many commits of one side are read before the other side is read further.
const NEAR: usize = 100;
/// This many pages of history are asked for at once, for each side.
const MAX_PAGES: usize = 4;
/// With at most this many merge bases it is determined which one descends from the others.
const MAX_BASES: usize = 3;
/// A file of more bytes is not merged here.
const MAX_BYTES: usize = 1 << 20;

/// The judged paths at which a merge of `head` into the base's tip differs from that tip, sorted. `commits` are commits of the pull
/// request as far as they are known, `files` is about how many files it changes.
///
/// # Errors
/// If something must be fetched first, or could not be.
pub(crate) fn merged_paths(
    repo: &RemoteRepo,
    tip: &CommitId,
    head: &CommitId,
    commits: &[RemoteCommit],
    files: u64,
    judged: impl Fn(&str) -> bool,
) -> Result<Result<Vec<MergedPath>, Untold>, RepoError> {
    for commit in commits {
        repo.know_commit(commit);
    }
    let base = match base_of(repo, tip, head)? {
        Ok(base) => base,
        Err(untold) => return Ok(Err(untold)),
    };
    if files > MANY {
        repo.prepare(head)?;
    }
    let mut paths = Vec::new();
    let mut all = AskAll::new();
    for change in repo.changed_files(Some(&base), head)? {
        if !judged(&change.path) {
            continue;
        }
        let Some(at_tip) = all.ask(repo.entry_content(tip, &change.path)) else {
            continue;
        };
        let sides = Sides {
            base: change.old_kind.map(|kind| (kind, change.old)),
            tip: at_tip,
            head: change.new_kind.map(|kind| (kind, change.new)),
        };
        match sides.merged() {
            Merged::AsAtTip => {}
            Merged::To(after) => paths.push(MergedPath {
                path: change.path,
                after,
            }),
            Merged::Conflict => return Ok(Err(Untold::Conflict(change.path))),
        }
    }
    all.answered(Ok(paths))
}

/// One path on the three sides of a merge. `base` and `head` differ.
struct Sides {
    base: EntryContent,
    tip: AtPath,
    head: EntryContent,
}

enum Merged {
    AsAtTip,
    To(After),
    Conflict,
}

impl Sides {
    fn merged(&self) -> Merged {
        let regular = |entry: EntryContent| match entry {
            Some((kind @ (EntryKind::File | EntryKind::Executable), Some(blob))) => {
                Some((kind, blob))
            }
            _ => None,
        };
        let tip = match self.tip {
            AtPath::Entry(tip) => tip,
            // The base branch has a folder in the place of the file, and the pull request deletes it.
            AtPath::Folder if self.head.is_none() => return Merged::AsAtTip,
            AtPath::Folder => return Merged::Conflict,
        };
        if tip == self.base {
            let file = regular(self.head).map(|(_, blob)| After::File(blob));
            return Merged::To(file.unwrap_or(After::Nothing));
        }
        if tip == self.head {
            return Merged::AsAtTip;
        }
        let (Some(base), Some(tip), Some(head)) =
            (regular(self.base), regular(tip), regular(self.head))
        else {
            return Merged::Conflict;
        };
        // The mode and the content are merged separately; a file has one of two modes.
        let kind = if base.0 == head.0 { tip.0 } else { head.0 };
        let after = match (base.1, tip.1, head.1) {
            (base, tip, head) if tip == head || base == head => After::File(tip),
            (base, tip, head) if base == tip => After::File(head),
            (base, tip, head) => After::BothSides { base, tip, head },
        };
        if kind == tip.0 && after == After::File(tip.1) {
            return Merged::AsAtTip;
        }
        Merged::To(after)
    }
}

/// The one merge base of the base's tip and a head.
fn base_of(
    repo: &RemoteRepo,
    tip: &CommitId,
    head: &CommitId,
) -> Result<Result<CommitId, Untold>, RepoError> {
    let mut remote = 0;
    let found = merge_base(*tip, *head, |commit| {
        let Some((info, all_parents)) = repo.commit_at_hand(commit)? else {
            return Ok(None);
        };
        remote += usize::from(!repo.is_local(commit));
        Ok(Some(Node {
            parents: info.parents.clone(),
            all_parents,
            time: info.committer_time.unix_seconds,
        }))
    })?;
    Ok(match found {
        MergeBase::One(base) => Ok(base),
        MergeBase::Unrelated => Err(Untold::Unrelated),
        MergeBase::Several(bases) => newest(repo, &bases)?.ok_or(Untold::SeveralBases),
        MergeBase::TooFar => Err(Untold::TooFar),
        MergeBase::CutOff(commit) => Err(Untold::CutOff(commit)),
        MergeBase::Unknown(_) if remote > MAX_REMOTE => Err(Untold::TooFar),
        MergeBase::Unknown(missing) => {
            read_on(repo, &missing);
            return Err(RepoError::pending("the history"));
        }
    })
}

/// Requests pages of history from where it is not known. Those of the tip serve all pull requests, and most branches
/// left it recently; so a branch is read separately only after that, and no further than it may have commits of its
/// own.
fn read_on(repo: &RemoteRepo, missing: &Missing) {
    let tip_ends = missing.of_tip.is_empty();
    let read_head = tip_ends || (missing.tip_alone >= NEAR && missing.head_alone < NEAR);
    let of_head = if read_head { MAX_PAGES } else { 0 };
    let of_tip = missing.of_tip.iter().take(MAX_PAGES);
    for commit in of_tip.chain(missing.of_head.iter().take(of_head)) {
        repo.want_page(commit);
    }
}

/// The one of these commits that descends from all others, if there is one.
fn newest(repo: &RemoteRepo, bases: &[CommitId]) -> Result<Option<CommitId>, RepoError> {
    if bases.len() > MAX_BASES {
        return Ok(None);
    }
    let mut found = None;
    let mut all = AskAll::new();
    for base in bases {
        let mut descends = true;
        for other in bases {
            descends &= all.ask(repo.is_ancestor(other, base)).unwrap_or(true);
        }
        if descends {
            found = Some(*base);
        }
    }
    all.answered(found)
}

/// How many bytes [`merged_files`] would read for these paths. All that is missing is asked for together.
///
/// # Errors
/// If something must be fetched first, or could not be.
pub(crate) fn merged_bytes(
    repo: &RemoteRepo,
    paths: &[MergedPath],
    read: impl Fn(&str) -> bool,
) -> Result<u64, RepoError> {
    let mut all = AskAll::new();
    let mut bytes: u64 = 0;
    for merged in paths {
        for blob in merged.blobs(&read) {
            bytes = bytes.saturating_add(all.ask(repo.size(blob)).unwrap_or_default());
        }
    }
    all.answered(bytes)
}

/// What is at each path after the merge; for files that both sides changed only those that differ from the tip. `read`
/// says for which paths the content is needed. Everything missing is requested together.
///
/// # Errors
/// If something must be fetched first, or could not be.
pub(crate) fn merged_files(
    repo: &RemoteRepo,
    paths: &[MergedPath],
    read: impl Fn(&str) -> bool,
) -> Result<Result<Vec<MergedFile>, Untold>, RepoError> {
    let mut all = AskAll::new();
    let mut contents = Vec::with_capacity(paths.len());
    for merged in paths {
        let blobs = merged.blobs(&read);
        let blobs = blobs.into_iter().map(|id| all.ask(repo.blob(id)));
        contents.push(blobs.collect::<Vec<_>>());
    }
    let contents = all.answered(contents)?;
    let mut files = Vec::with_capacity(paths.len());
    for (merged, contents) in paths.iter().zip(contents) {
        let path = merged.path.clone();
        let mut contents = contents.into_iter().flatten();
        let after = match (
            &merged.after,
            contents.next(),
            contents.next(),
            contents.next(),
        ) {
            (After::File(id), Some(bytes), ..) => Some((*id, bytes)),
            (After::BothSides { .. }, Some(base), Some(tip), Some(head)) => {
                if [&base, &tip, &head].iter().any(|one| one.len() > MAX_BYTES) {
                    return Ok(Err(Untold::TooLarge(path)));
                }
                match Repo::merge_texts(&base, &tip, &head)? {
                    None => return Ok(Err(Untold::Conflict(path))),
                    Some(bytes) if bytes == tip => continue,
                    Some(bytes) => Some((Repo::hash_blob(&bytes)?, bytes)),
                }
            }
            _ => None,
        };
        files.push(MergedFile { path, after });
    }
    Ok(Ok(files))
}

#[cfg(test)]
mod tests;
