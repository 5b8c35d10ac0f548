//! Real git repositories in temporary folders, built commit by commit with git2.
//!
//! Nothing here goes through the code under test. Commits get fixed times, one minute apart, so ids are repeatable.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use git2::build::CheckoutBuilder;
use git2::{Index, IndexEntry, IndexTime, Oid, Repository, RepositoryInitOptions, Signature, Time};
use sluice::model::ids::{BlobId, CommitId};
use sluice::repo::Repo;
use tempfile::TempDir;

/// A repository of its own, on the branch `main`, deleted when dropped.
pub struct TestRepo {
    dir: TempDir,
    git: Repository,
    minutes: Cell<i64>,
}

impl Default for TestRepo {
    fn default() -> Self {
        Self::new()
    }
}

impl TestRepo {
    /// With a work tree, on the unborn branch `main`.
    pub fn new() -> Self {
        Self::init(false)
    }

    /// Without a work tree.
    pub fn bare() -> Self {
        Self::init(true)
    }

    fn init(bare: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        options
            .bare(bare)
            .initial_head("main")
            .external_template(false);
        let git = Repository::init_opts(dir.path(), &options).unwrap();
        let minutes = Cell::new(0);
        let repo = Self { dir, git, minutes };
        // What the machine's own configuration may say otherwise.
        repo.configure("core.autocrlf", "false");
        repo.configure("user.name", "Test");
        repo.configure("user.email", "test@example.com");
        repo
    }

    /// The top of the work tree, or the bare repository.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The same repository through git2, for what the helpers here do not do.
    pub fn git(&self) -> &Repository {
        &self.git
    }

    /// The repository through the code under test.
    pub fn open(&self) -> Repo {
        Repo::at(self.path()).unwrap().unwrap()
    }

    /// Sets a key of its own configuration.
    pub fn configure(&self, key: &str, value: &str) {
        self.git.config().unwrap().set_str(key, value).unwrap();
    }

    /// Starts a commit on top of `branch` (made if it does not exist, as an orphan).
    pub fn on(&self, branch: &str) -> CommitBuilder<'_> {
        let refname = format!("refs/heads/{branch}");
        let tip = self.git.refname_to_id(&refname).ok();
        let mut index = Index::new().unwrap();
        if let Some(tip) = tip {
            index
                .read_tree(&self.git.find_commit(tip).unwrap().tree().unwrap())
                .unwrap();
        }
        CommitBuilder {
            repo: self,
            refname,
            index,
            parents: tip.into_iter().collect(),
            message: String::new(),
        }
    }

    /// One commit on top of `branch` that writes these files.
    pub fn commit(&self, branch: &str, files: &[(&str, &str)]) -> CommitId {
        let mut commit = self.on(branch);
        for (path, text) in files {
            commit = commit.file(path, text);
        }
        commit.done()
    }

    /// Sets `branch` to a commit, or creates it there.
    pub fn branch(&self, branch: &str, at: &CommitId) {
        self.reference(&format!("refs/heads/{branch}"), at);
    }

    /// Any ref by its full name.
    pub fn reference(&self, full: &str, at: &CommitId) {
        self.git.reference(full, to_oid(at), true, "test").unwrap();
    }

    /// A tag without an object of its own.
    pub fn light_tag(&self, tag: &str, at: &CommitId) {
        self.reference(&format!("refs/tags/{tag}"), at);
    }

    /// A tag object; it may lead to any object.
    pub fn annotated_tag(&self, tag: &str, at: Oid) -> Oid {
        let object = self.git.find_object(at, None).unwrap();
        self.git
            .tag(tag, &object, &self.signature(), "a tag", true)
            .unwrap()
    }

    /// Puts `HEAD` on the branch, and index and work tree at its tip, whatever they held.
    pub fn check_out(&self, branch: &str) {
        self.git.set_head(&format!("refs/heads/{branch}")).unwrap();
        self.git
            .checkout_head(Some(CheckoutBuilder::new().force()))
            .unwrap();
    }

    /// The tip of a branch, or `None`.
    pub fn tip(&self, branch: &str) -> Option<CommitId> {
        let id = self
            .git
            .refname_to_id(&format!("refs/heads/{branch}"))
            .ok()?;
        Some(to_commit(id))
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, text: &str) {
        let full = self.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    /// A file of the work tree; `None` if there is none.
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path().join(path)).ok()
    }

    /// Adds a file of the work tree to the index.
    pub fn stage(&self, path: &str) {
        let mut index = self.git.index().unwrap();
        index.read(true).unwrap();
        index.add_path(Path::new(path)).unwrap();
        index.write().unwrap();
    }

    fn signature(&self) -> Signature<'static> {
        self.minutes.set(self.minutes.get() + 1);
        let time = Time::new(1_700_000_000 + 60 * self.minutes.get(), 60);
        Signature::new("Test", "test@example.com", &time).unwrap()
    }
}

/// A commit in the making.
pub struct CommitBuilder<'r> {
    repo: &'r TestRepo,
    refname: String,
    index: Index,
    parents: Vec<Oid>,
    message: String,
}

impl CommitBuilder<'_> {
    /// A file of mode 100644.
    pub fn file(self, path: &str, text: &str) -> Self {
        self.raw(path.as_bytes(), 0o100_644, text.as_bytes())
    }

    /// A file of mode 100755.
    pub fn executable(self, path: &str, text: &str) -> Self {
        self.raw(path.as_bytes(), 0o100_755, text.as_bytes())
    }

    /// A symbolic link.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.raw(path.as_bytes(), 0o120_000, target.as_bytes())
    }

    /// A submodule at some commit that is nowhere here.
    pub fn submodule(self, path: &str) -> Self {
        let somewhere = Oid::from_str(&"5".repeat(40)).unwrap();
        self.entry(path.as_bytes(), 0o160_000, somewhere)
    }

    /// A blob with any mode at a path of any bytes.
    pub fn raw(self, path: &[u8], mode: u32, bytes: &[u8]) -> Self {
        let id = self.repo.git.blob(bytes).unwrap();
        self.entry(path, mode, id)
    }

    /// Removes a file.
    pub fn remove(mut self, path: &str) -> Self {
        self.index.remove(Path::new(path), 0).unwrap();
        self
    }

    /// Moves a file, with its mode.
    pub fn rename(mut self, from: &str, to: &str) -> Self {
        let entry = self.index.get_path(Path::new(from), 0).unwrap();
        self.index.remove(Path::new(from), 0).unwrap();
        self.entry(to.as_bytes(), entry.mode, entry.id)
    }

    /// One more parent: the tip of `branch`. Its files are not taken: say with [`CommitBuilder::file`] what the merge holds.
    pub fn merging(mut self, branch: &str) -> Self {
        self.parents.push(
            self.repo
                .git
                .refname_to_id(&format!("refs/heads/{branch}"))
                .unwrap(),
        );
        self
    }

    /// The message; without it, the commit has an empty one.
    pub fn message(mut self, message: &str) -> Self {
        self.message = message.to_owned();
        self
    }

    /// Makes the commit and moves the branch to it. The work tree stays as it is.
    pub fn done(mut self) -> CommitId {
        let git = &self.repo.git;
        let tree = git
            .find_tree(self.index.write_tree_to(git).unwrap())
            .unwrap();
        let parents: Vec<_> = self
            .parents
            .iter()
            .map(|id| git.find_commit(*id).unwrap())
            .collect();
        let parents: Vec<_> = parents.iter().collect();
        let who = self.repo.signature();
        let id = git
            .commit(None, &who, &who, &self.message, &tree, &parents)
            .unwrap();
        git.reference(&self.refname, id, true, "test").unwrap();
        to_commit(id)
    }

    fn entry(mut self, path: &[u8], mode: u32, id: Oid) -> Self {
        let zero = IndexTime::new(0, 0);
        let entry = IndexEntry {
            ctime: zero,
            mtime: zero,
            dev: 0,
            ino: 0,
            mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path: path.to_vec(),
        };
        self.index.add(&entry).unwrap();
        self
    }
}

/// Runs the git command, without any configuration of this machine, and returns what it printed.
pub fn git(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Everything below a folder: bytes and time of change of each file, and each folder.
pub fn listing(dir: &Path) -> BTreeMap<PathBuf, (Option<Vec<u8>>, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let bytes = metadata.is_file().then(|| fs::read(&path).unwrap());
            if metadata.is_dir() {
                open.push(path.clone());
            }
            found.insert(path, (bytes, metadata.modified().unwrap()));
        }
    }
    found
}

/// The id as git2 has it.
pub fn to_oid(commit: &CommitId) -> Oid {
    Oid::from_bytes(commit.as_bytes()).unwrap()
}

/// The id of a commit, from git2's.
pub fn to_commit(id: Oid) -> CommitId {
    CommitId::from_bytes(id.as_bytes()).unwrap()
}

/// The id of a text as a blob.
pub fn blob_of(text: &str) -> BlobId {
    let id = Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).unwrap();
    BlobId::from_bytes(id.as_bytes()).unwrap()
}
