//! Raw git objects: reading, parsing and writing commits, trees and blobs by id.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use git2::{ErrorCode, ObjectType, Odb, OdbObject, Oid, Repository};

use super::commit_cache::{CommitCache, WholeCommit};
use super::error::{RepoError, git_error};
use super::raw_commit::RawCommit;
use super::repository::Repo;
use super::tree_cache::TreeCache;
use super::tree_entry::{Entry, parse_entry};
use crate::model::ids::{BlobId, CommitId, TreeId};

/// Folders deeper than this are refused: no repository of manifests needs them, and reading is recursive.
pub(super) const MAX_DEPTH: usize = 256;
/// More entries than this are refused: a few small trees can name each other into billions of files.
pub(super) const MAX_ENTRIES: usize = 2_000_000;

/// The object database with what is known about where history is cut off.
pub(super) struct Objects<'repo> {
    odb: Odb<'repo>,
    shallow: HashSet<Oid>,
    commits: &'repo CommitCache,
    trees: &'repo TreeCache,
}

impl<'repo> Objects<'repo> {
    pub(super) fn new(
        git: &'repo Repository,
        shallow: Option<PathBuf>,
        commits: &'repo CommitCache,
        trees: &'repo TreeCache,
    ) -> Result<Self, RepoError> {
        let odb = git.odb().map_err(git_error("open the object database"))?;
        let text = match shallow.map(std::fs::read_to_string) {
            None => String::new(),
            Some(Ok(text)) => text,
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Some(Err(error)) => {
                return Err(RepoError::io("read where the clone is shallow", error));
            }
        };
        let shallow = text
            .lines()
            .map(Oid::from_str)
            .collect::<Result<_, _>>()
            .map_err(git_error("read where the clone is shallow"))?;
        Ok(Self {
            odb,
            shallow,
            commits,
            trees,
        })
    }

    fn read(&self, id: Oid, kind: ObjectType) -> Result<OdbObject<'_>, RepoError> {
        let named = || format!("the {} {id}", kind.str());
        let object = self.odb.read(id).map_err(|error| match error.code() {
            ErrorCode::NotFound => RepoError::not_found(named()),
            _ => git_error(format!("read {}", named()))(error),
        })?;
        if object.kind() == kind {
            #[cfg(test)]
            if kind == ObjectType::Commit {
                super::reads::count(id);
            }
            Ok(object)
        } else {
            Err(RepoError::not_found(named()))
        }
    }

    pub(super) fn commit_of(&self, id: &CommitId) -> Result<(Oid, Arc<RawCommit>), RepoError> {
        let oid = oid(id.as_bytes(), || format!("the commit {id}"))?;
        Ok((oid, self.commit(oid)?))
    }

    /// The part of a commit that walking needs. It is read only if this repository has not read it before.
    pub(super) fn commit(&self, id: Oid) -> Result<Arc<RawCommit>, RepoError> {
        match self.commits.get(id) {
            Some(known) => Ok(known),
            None => Ok(self.read_commit(id)?.0),
        }
    }

    /// A commit and the whole object that it was read from. It is read again if that was not just now, since messages are not kept.
    pub(super) fn whole_commit(&self, id: Oid) -> Result<WholeCommit, RepoError> {
        match self.commits.whole(id) {
            Some(known) => Ok(known),
            None => self.read_commit(id),
        }
    }

    fn read_commit(&self, id: Oid) -> Result<WholeCommit, RepoError> {
        let object = self.read(id, ObjectType::Commit)?;
        let commit = parse_commit(object.data()).ok_or_else(|| malformed("commit", id))?;
        let whole = (Arc::new(commit), Arc::from(object.data()));
        self.commits.keep(id, &whole);
        Ok(whole)
    }

    /// The first parent, `None` for a root commit.
    ///
    /// # Errors
    /// [`RepoError::Shallow`] at the boundary of a shallow clone, where a parent is listed but cannot be read.
    pub(super) fn first_parent(
        &self,
        id: Oid,
        commit: &RawCommit,
    ) -> Result<Option<Oid>, RepoError> {
        Ok(self.parents(id, commit)?.first().copied())
    }

    /// All parents; errors as [`Objects::first_parent`].
    pub(super) fn parents<'c>(
        &self,
        id: Oid,
        commit: &'c RawCommit,
    ) -> Result<&'c [Oid], RepoError> {
        if !commit.parents.is_empty() && self.shallow.contains(&id) {
            return Err(RepoError::Shallow {
                boundary: commit_id(id)?,
            });
        }
        Ok(&commit.parents)
    }

    /// Calls `each` with every entry of a tree, in git's order; it returns whether to continue.
    pub(super) fn tree(
        &self,
        id: Oid,
        mut each: impl FnMut(&[u8], Entry) -> bool,
    ) -> Result<(), RepoError> {
        let object = self.read(id, ObjectType::Tree)?;
        let mut rest = object.data();
        while !rest.is_empty() {
            let (name, entry, after) = parse_entry(rest).ok_or_else(|| malformed("tree", id))?;
            if !each(name, entry) {
                break;
            }
            rest = after;
        }
        Ok(())
    }

    /// All entries of a tree, sorted by name as bytes.
    ///
    /// # Errors
    /// [`RepoError::Git`] if a name appears twice: two readers could see two different files.
    pub(super) fn sorted_tree(&self, id: Oid) -> Result<Vec<(Vec<u8>, Entry)>, RepoError> {
        let mut entries = Vec::new();
        self.tree(id, |name, entry| {
            entries.push((name.to_vec(), entry));
            true
        })?;
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(malformed("tree", id));
        }
        Ok(entries)
    }

    /// What is at `path` (segments) below a root tree; the empty path is the root itself.
    pub(super) fn entry_at(&self, root: Oid, path: &[&str]) -> Result<Option<Entry>, RepoError> {
        let mut at = Entry::folder(root);
        for segment in path {
            if !at.is_folder() {
                return Ok(None);
            }
            match self.entry_of(at.id, segment.as_bytes())? {
                Some(entry) => at = entry,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// What a tree has under a name. The tree is read only if it is not among those that were read last.
    fn entry_of(&self, tree: Oid, name: &[u8]) -> Result<Option<Entry>, RepoError> {
        if let Some(known) = self.trees.get(tree) {
            return known.entry(name).ok_or_else(|| malformed("tree", tree));
        }
        let object = self.read(tree, ObjectType::Tree)?;
        self.trees.keep(tree, object.data());
        let mut rest = object.data();
        while !rest.is_empty() {
            let (found, entry, after) = parse_entry(rest).ok_or_else(|| malformed("tree", tree))?;
            if found == name {
                return Ok(Some(entry));
            }
            rest = after;
        }
        Ok(None)
    }

    /// How many bytes a blob has: its header is read, and nothing else.
    pub(super) fn blob_size(&self, id: Oid) -> Result<u64, RepoError> {
        let named = || format!("the {} {id}", ObjectType::Blob.str());
        let (size, kind) = self
            .odb
            .read_header(id)
            .map_err(|error| match error.code() {
                ErrorCode::NotFound => RepoError::not_found(named()),
                _ => git_error(format!("read {}", named()))(error),
            })?;
        match kind {
            ObjectType::Blob => Ok(size as u64),
            _ => Err(RepoError::not_found(named())),
        }
    }

    /// The bytes of a blob. libgit2 hashed them again and compared with the id.
    pub(super) fn blob(&self, id: Oid) -> Result<Vec<u8>, RepoError> {
        Ok(self.read(id, ObjectType::Blob)?.data().to_vec())
    }
}

impl Repo {
    /// Whether the commit can be read here.
    pub fn has_commit(&self, commit: &CommitId) -> bool {
        self.objects()
            .is_ok_and(|objects| objects.commit_of(commit).is_ok())
    }

    /// One look at the object database, for the length of one question.
    pub(super) fn objects(&self) -> Result<Objects<'_>, RepoError> {
        Objects::new(&self.git, self.shallow_file(), &self.commits, &self.trees)
    }

    /// Writes one object, or finds it there already, and returns its id.
    pub(super) fn put(&self, kind: ObjectType, data: &[u8]) -> Result<Oid, RepoError> {
        let operation = || format!("write a {}", kind.str());
        let odb = self.git.odb().map_err(git_error(operation()))?;
        if let Some(memory) = &self.memory {
            let id = Oid::hash_object(kind, data).map_err(git_error(operation()))?;
            // libgit2 would touch the file of an object that the disk below already holds.
            if odb.exists(id) {
                return Ok(id);
            }
            memory.written.borrow_mut().push(id);
        }
        odb.write(kind, data).map_err(git_error(operation()))
    }
}

fn malformed(kind: &str, id: Oid) -> RepoError {
    RepoError::malformed(
        format!("read the {kind} {id}"),
        format!("it is not a well-formed {kind}"),
    )
}

fn parse_commit(data: &[u8]) -> Option<RawCommit> {
    let (tree, mut rest) = header_id(data, b"tree ")?;
    let mut parents = Vec::new();
    while let Some((parent, after)) = header_id(rest, b"parent ") {
        parents.push(parent);
        rest = after;
    }
    let time = header_lines(rest)
        .find_map(|line| line.strip_prefix(b"committer "))
        .and_then(|line| {
            let mut words = std::str::from_utf8(&line[memchr::memrchr(b'>', line)? + 1..])
                .ok()?
                .split(' ');
            words.find(|word| !word.is_empty())?.parse().ok()
        });
    Some(RawCommit {
        tree,
        parents: parents.into_boxed_slice(),
        time: time.unwrap_or(0),
    })
}

/// The header lines up to the empty line before the message.
pub(super) fn header_lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b'\n')
        .take_while(|line| !line.is_empty())
}

fn header_id<'d>(data: &'d [u8], key: &[u8]) -> Option<(Oid, &'d [u8])> {
    let (hex, rest) = data.strip_prefix(key)?.split_at_checked(40)?;
    let id = Oid::from_str(std::str::from_utf8(hex).ok()?).ok()?;
    Some((id, rest.strip_prefix(b"\n")?))
}

/// libgit2's id of the given bytes. A SHA-256 id names nothing in a SHA-1 repository, the only kind libgit2 opens.
pub(super) fn oid(bytes: &[u8], what: impl FnOnce() -> String) -> Result<Oid, RepoError> {
    Oid::from_bytes(bytes).map_err(|_| RepoError::not_found(what()))
}

pub(super) fn commit_id(id: Oid) -> Result<CommitId, RepoError> {
    CommitId::from_bytes(id.as_bytes()).ok_or_else(|| malformed("object id", id))
}

pub(super) fn blob_id(id: Oid) -> Result<BlobId, RepoError> {
    BlobId::from_bytes(id.as_bytes()).ok_or_else(|| malformed("object id", id))
}

pub(super) fn tree_id(id: Oid) -> Result<TreeId, RepoError> {
    TreeId::from_bytes(id.as_bytes()).ok_or_else(|| malformed("object id", id))
}

/// The segments of a path inside the repository: `""`, `"."` and `"/"` are the root, `./a/` is `a`.
///
/// # Errors
/// [`RepoError::Refused`] if `..` leads upwards.
pub(super) fn segments(path: &str) -> Result<Vec<&str>, RepoError> {
    let segments: Vec<_> = path
        .split('/')
        .filter(|segment| !matches!(*segment, "" | "."))
        .collect();
    if segments.contains(&"..") {
        return Err(RepoError::refused(format!(
            "the path {path:?} contains `..`"
        )));
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    #[test]
    fn a_commit_gives_its_tree_its_parents_and_its_time() {
        let text = format!(
            "tree {ID}\nparent {ID}\nparent {ID}\nauthor A <a@b> 1 +0000\ncommitter A > B <a@b> 1700000000 +0100\n\nx"
        );
        let commit = parse_commit(text.as_bytes()).unwrap();
        assert_eq!(commit.tree.to_string(), ID);
        assert_eq!(commit.parents.len(), 2);
        assert_eq!(commit.time, 1_700_000_000);
    }

    #[test]
    fn a_parent_line_in_the_message_is_no_parent() {
        let text = format!(
            "tree {ID}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nparent {ID}\n"
        );
        assert!(parse_commit(text.as_bytes()).unwrap().parents.is_empty());
    }

    #[test]
    fn the_root_has_many_spellings_and_nothing_leads_upwards() {
        for root in ["", ".", "/", "./", "//"] {
            assert_eq!(segments(root).unwrap(), Vec::<&str>::new(), "{root:?}");
        }
        assert_eq!(segments("./apps//prod/").unwrap(), ["apps", "prod"]);
        assert!(segments("apps/../..").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_commit(&data);
        }
    }
}
