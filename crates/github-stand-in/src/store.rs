//! Real git objects: reading, writing, merging, comparing, all with libgit2 and all in memory. Owns object IDs; knows
//! nothing of refs, people or HTTP. A `Store` is shared by every repository of one fork network, as on GitHub, where a
//! commit that only a fork has can be read through the parent.

mod compare;
mod history;

use git2::{ObjectType, Oid, Repository, Signature, Time};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use tempfile::TempDir;

/// Name, address and time of an author, committer or tagger.
#[derive(Debug, Clone)]
pub struct Person {
    /// Display name.
    pub name: String,
    /// Address.
    pub email: String,
    /// When.
    pub at: Timestamp,
}

/// A commit, read.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its id.
    pub oid: Oid,
    /// Its tree.
    pub tree: Oid,
    /// Its parents.
    pub parents: Vec<Oid>,
    /// Its whole message.
    pub message: String,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
}

/// One entry of a tree.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Path from the root of the walk.
    pub path: String,
    /// Its own name as it is stored; the path shows what is not UTF-8 in it as U+FFFD.
    pub name: Vec<u8>,
    /// As git writes it: `100644`, `100755`, `120000`, `040000`, `160000`.
    pub mode: String,
    /// `blob`, `tree` or `commit`.
    pub kind: &'static str,
    /// The object.
    pub oid: Oid,
    /// Bytes of a blob.
    pub size: Option<usize>,
}

/// One change of a tree: an object with a mode at a path, or None to remove the path.
pub type Edit = (String, Option<(u32, Oid)>);

/// One changed file.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its path now (before, if it was removed).
    pub path: String,
    /// `added`, `removed`, `modified`.
    pub status: &'static str,
    /// Blob now (before, if it was removed).
    pub oid: Oid,
    /// Lines.
    pub additions: usize,
    /// Lines.
    pub deletions: usize,
    /// Unified diff without file header; None for binaries.
    pub patch: Option<String>,
}

struct Inner {
    git: Repository,
    written: BTreeSet<Oid>,
    /// Histories that were asked for, by head and path; they never change.
    histories: HashMap<(Oid, String), Arc<Vec<Oid>>>,
    _folder: TempDir,
}

/// The objects of one fork network.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Inner>>);

fn person(signature: &Signature<'_>) -> Person {
    Person {
        name: String::from_utf8_lossy(signature.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(signature.email_bytes()).into_owned(),
        at: Timestamp::from_second(signature.when().seconds()).unwrap_or_default(),
    }
}

fn signature(person: &Person) -> Result<Signature<'static>, git2::Error> {
    Signature::new(
        &person.name,
        &person.email,
        &Time::new(person.at.as_second(), 0),
    )
}

impl Default for Store {
    fn default() -> Self {
        let folder = TempDir::new().unwrap();
        let git = Repository::init_bare(folder.path()).unwrap();
        // New objects stay in memory; nothing is written to the folder.
        git.odb()
            .and_then(|odb| odb.add_new_mempack_backend(1000).map(|_| ()))
            .unwrap();
        Self(Arc::new(Mutex::new(Inner {
            git,
            written: BTreeSet::new(),
            histories: HashMap::new(),
            _folder: folder,
        })))
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Makes the objects of a repository on disk readable, without copying them.
    pub fn read_also(&self, objects: &Path) {
        let inner = self.lock();
        inner
            .git
            .odb()
            .and_then(|odb| odb.add_disk_alternate(&objects.to_string_lossy()))
            .unwrap();
    }

    fn note(&self, oid: Oid) -> Oid {
        self.lock().written.insert(oid);
        oid
    }

    /// Writes a blob.
    pub fn blob(&self, bytes: &[u8]) -> Oid {
        let oid = self.lock().git.blob(bytes).unwrap();
        self.note(oid)
    }

    /// Type and bytes of any object.
    pub fn read(&self, oid: Oid) -> Option<(ObjectType, Vec<u8>)> {
        let inner = self.lock();
        let odb = inner.git.odb().ok()?;
        let object = odb.read(oid).ok()?;
        Some((object.kind(), object.data().to_vec()))
    }

    /// Type of any object.
    pub fn kind(&self, oid: Oid) -> Option<ObjectType> {
        self.read(oid).map(|(kind, _)| kind)
    }

    /// The bytes of a blob.
    pub fn bytes(&self, oid: Oid) -> Option<Vec<u8>> {
        match self.read(oid)? {
            (ObjectType::Blob, bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The commit behind a tag object, or the commit itself.
    pub fn peel(&self, oid: Oid) -> Option<Oid> {
        let inner = self.lock();
        let object = inner.git.find_object(oid, None).ok()?;
        object.peel_to_commit().ok().map(|commit| commit.id())
    }

    /// An object by its full ID, or by 7 or more first digits if only one matches.
    pub fn by_prefix(&self, text: &str) -> Option<Oid> {
        if text.len() < 7 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let inner = self.lock();
        let odb = inner.git.odb().ok()?;
        if text.len() == 40 {
            return Oid::from_str(&text).ok().filter(|oid| odb.exists(*oid));
        }
        let mut hits = inner
            .written
            .iter()
            .filter(|oid| oid.to_string().starts_with(&text));
        match (hits.next(), hits.next()) {
            (Some(only), None) => Some(*only),
            (Some(_), Some(_)) => None,
            (None, _) => inner
                .git
                .revparse_single(&text)
                .ok()
                .map(|object| object.id()),
        }
    }

    /// A tree like `base` with the edits made; refuses to remove what is not there.
    pub fn tree(&self, base: Option<Oid>, edits: &[Edit]) -> Result<Oid, String> {
        let oid = {
            let inner = self.lock();
            let git = &inner.git;
            let empty = git
                .treebuilder(None)
                .and_then(|builder| builder.write())
                .map_err(|e| e.to_string())?;
            let base = git
                .find_tree(base.unwrap_or(empty))
                .map_err(|e| e.message().to_owned())?;
            let mut builder = git2::build::TreeUpdateBuilder::new();
            for (path, edit) in edits {
                match edit {
                    Some((mode, oid)) => {
                        builder.upsert(path.as_str(), *oid, file_mode(*mode));
                    }
                    None => {
                        base.get_path(Path::new(path))
                            .map_err(|_| format!("path {path} is not there"))?;
                        builder.remove(path.as_str());
                    }
                }
            }
            builder
                .create_updated(git, &base)
                .map_err(|e| e.message().to_owned())?
        };
        Ok(self.note(oid))
    }

    /// Writes a commit.
    pub fn commit(
        &self,
        tree: Oid,
        parents: &[Oid],
        message: &str,
        author: &Person,
        committer: &Person,
    ) -> Result<Oid, String> {
        let oid = {
            let inner = self.lock();
            let git = &inner.git;
            let make = || {
                let tree = git.find_tree(tree)?;
                let parents = parents
                    .iter()
                    .map(|parent| git.find_commit(*parent))
                    .collect::<Result<Vec<_>, _>>()?;
                git.commit(
                    None,
                    &signature(author)?,
                    &signature(committer)?,
                    message,
                    &tree,
                    &parents.iter().collect::<Vec<_>>(),
                )
            };
            make().map_err(|e: git2::Error| e.message().to_owned())?
        };
        Ok(self.note(oid))
    }

    /// Writes an annotated tag.
    pub fn tag(
        &self,
        name: &str,
        target: Oid,
        message: &str,
        tagger: &Person,
    ) -> Result<Oid, String> {
        let oid = {
            let inner = self.lock();
            let make = || {
                let target = inner.git.find_object(target, None)?;
                inner
                    .git
                    .tag_annotation_create(name, &target, &signature(tagger)?, message)
            };
            make().map_err(|e: git2::Error| e.message().to_owned())?
        };
        Ok(self.note(oid))
    }

    /// Name, target, message and tagger of a tag object.
    pub fn tag_info(&self, oid: Oid) -> Option<(String, Oid, String, Person)> {
        let inner = self.lock();
        let tag = inner.git.find_tag(oid).ok()?;
        let tagger = tag.tagger().map(|signature| person(&signature))?;
        Some((
            String::from_utf8_lossy(tag.name_bytes()).into_owned(),
            tag.target_id(),
            String::from_utf8_lossy(tag.message_bytes().unwrap_or_default()).into_owned(),
            tagger,
        ))
    }

    /// A pack of one commit and everything below it, without its history.
    pub fn pack_of(&self, commit: Oid) -> Vec<u8> {
        let inner = self.lock();
        let pack = || {
            let mut builder = inner.git.packbuilder()?;
            builder.insert_commit(commit)?;
            let mut bytes = git2::Buf::new();
            builder.write_buf(&mut bytes)?;
            Ok(bytes.to_vec())
        };
        pack().unwrap_or_else(|error: git2::Error| panic!("{error}"))
    }

    /// Reads a commit.
    pub fn info(&self, oid: Oid) -> Option<Commit> {
        let inner = self.lock();
        let commit = inner.git.find_commit(oid).ok()?;
        Some(Commit {
            oid,
            tree: commit.tree_id(),
            parents: commit.parent_ids().collect(),
            message: String::from_utf8_lossy(commit.message_raw_bytes()).into_owned(),
            author: person(&commit.author()),
            committer: person(&commit.committer()),
        })
    }

    /// The entries of a tree, sub-trees included if asked, in git's order.
    pub fn entries(&self, tree: Oid, recursive: bool) -> Option<Vec<Entry>> {
        let inner = self.lock();
        let mut found = Vec::new();
        walk(&inner.git, tree, "", recursive, &mut found)?;
        Some(found)
    }

    /// What is at a path of a tree; the empty path is the tree itself.
    pub fn at(&self, tree: Oid, path: &str) -> Option<Entry> {
        let path = path.trim_matches('/');
        if path.is_empty() {
            return Some(Entry {
                path: String::new(),
                name: Vec::new(),
                mode: "040000".to_owned(),
                kind: "tree",
                oid: tree,
                size: None,
            });
        }
        let inner = self.lock();
        let tree = inner.git.find_tree(tree).ok()?;
        let entry = tree.get_path(Path::new(path)).ok()?;
        Some(entry_of(&inner.git, &entry, path.to_owned()))
    }
}

fn file_mode(mode: u32) -> git2::FileMode {
    match mode {
        0o040_000 => git2::FileMode::Tree,
        0o100_755 => git2::FileMode::BlobExecutable,
        0o120_000 => git2::FileMode::Link,
        0o160_000 => git2::FileMode::Commit,
        _ => git2::FileMode::Blob,
    }
}

fn entry_of(git: &Repository, entry: &git2::TreeEntry<'_>, path: String) -> Entry {
    let kind = match entry.kind() {
        Some(ObjectType::Tree) => "tree",
        Some(ObjectType::Commit) => "commit",
        _ => "blob",
    };
    let size = (kind == "blob")
        .then(|| git.find_blob(entry.id()).ok().map(|blob| blob.size()))
        .flatten();
    Entry {
        path,
        name: entry.name_bytes().to_vec(),
        mode: format!("{:06o}", entry.filemode()),
        kind,
        oid: entry.id(),
        size,
    }
}

fn walk(
    git: &Repository,
    tree: Oid,
    at: &str,
    recursive: bool,
    found: &mut Vec<Entry>,
) -> Option<()> {
    let tree = git.find_tree(tree).ok()?;
    for entry in &tree {
        let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
        let path = if at.is_empty() {
            name
        } else {
            format!("{at}/{name}")
        };
        let entry = entry_of(git, &entry, path);
        let below = (recursive && entry.kind == "tree").then(|| (entry.oid, entry.path.clone()));
        found.push(entry);
        if let Some((oid, path)) = below {
            walk(git, oid, &path, true, found)?;
        }
    }
    Some(())
}
