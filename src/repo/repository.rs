//! One repository: opening it, its `HEAD`, its remotes, and copies of it in memory.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Once;

use git2::{ErrorCode, Odb, Oid, Repository};

use super::commit_cache::CommitCache;
use super::error::RepoError;
use super::error::git_error;
use super::tree_cache::TreeCache;
use crate::model::ids::CommitId;
use crate::model::repo_url::Location;

/// One repository: on disk, or in memory over one on disk, or in memory alone.
///
/// It is `Send` but not `Sync`: each thread works on its own, got by [`Repo::reopen`].
pub struct Repo {
    /// Where objects are read from and written to.
    pub(super) git: Repository,
    /// Set if writes stay in memory.
    pub(super) memory: Option<Memory>,
    /// The commits that it has read.
    pub(super) commits: CommitCache,
    /// The trees that it read last.
    pub(super) trees: TreeCache,
}

/// What belongs to a repository whose writes stay in memory.
pub(super) struct Memory {
    /// The repository on disk below: its refs and remotes answer, it is never written to.
    pub(super) under: Option<Repository>,
    /// Every object written so far, so that [`Repo::reopen`] can copy them.
    pub(super) written: RefCell<Vec<Oid>>,
}

/// What `HEAD` points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The commit, or `None` on a branch without one (unborn).
    pub commit: Option<CommitId>,
    /// The branch's short name (`main`), or `None` if `HEAD` is detached.
    pub branch: Option<String>,
}

/// A configured remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its name, for instance `origin`.
    pub name: String,
    /// The address it fetches from, with `url.*.insteadOf` applied; `None` if the text is not a location that we
    /// understand.
    pub url: Option<Location>,
}

impl Repo {
    /// Opens the repository whose work tree (a linked one too) or bare directory is exactly `path`, as git would see it
    /// from there; parents are not searched. `None`: a folder that is not a repository.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if `path` does not exist; [`RepoError::Refused`] if it is not a folder, belongs to
    /// another user (`safe.directory`), or is a kind of repository that libgit2 cannot read; [`RepoError::Git`] if it
    /// is broken.
    pub fn at(path: &Path) -> Result<Option<Self>, RepoError> {
        let real = path.canonicalize().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                RepoError::not_found(format!("the folder {}", path.display()))
            }
            _ => RepoError::io(format!("read {}", path.display()), source),
        })?;
        if !real.is_dir() {
            return Err(RepoError::refused(format!(
                "{} is not a folder",
                path.display()
            )));
        }
        read_without_cache();
        let git = match Repository::open(&real) {
            Ok(git) => git,
            // A `.git` that leads nowhere must not turn a repository into a plain folder.
            Err(error) if error.code() == ErrorCode::NotFound && !exists(&real.join(".git")) => {
                return Ok(None);
            }
            Err(error) => return Err(RepoError::opening(&real, error)),
        };
        let is_at = |place: &Path| place.canonicalize().is_ok_and(|place| place == real);
        let top = match git.workdir() {
            Some(work_dir) => is_at(work_dir),
            None => is_at(git.path()) || exists(&real.join(".git")),
        };
        Ok(top.then(|| Self::of(git, None)))
    }

    /// The same objects and refs, with every write kept in memory: nothing on disk changes, not even a time stamp.
    ///
    /// # Errors
    /// [`RepoError::Git`] if the object database cannot be opened again.
    pub fn virtual_over(&self) -> Result<Self, RepoError> {
        let under = self.disk().map(open_again).transpose()?;
        let copy = Self::in_memory(under)?;
        if let Some(memory) = &self.memory {
            copy.copy_from(self, &memory.written.borrow())?;
        }
        Ok(copy)
    }

    /// A repository that exists in memory only, without refs and remotes.
    ///
    /// # Errors
    /// [`RepoError::Git`] if memory runs out.
    pub fn virtual_empty() -> Result<Self, RepoError> {
        Self::in_memory(None)
    }

    /// The same repository for another thread. A virtual one is copied as it is: what either writes later, the other
    /// does not see (libgit2's memory store is not safe to share between threads).
    ///
    /// # Errors
    /// [`RepoError::Git`] if it cannot be opened any more.
    pub fn reopen(&self) -> Result<Self, RepoError> {
        if self.memory.is_some() {
            return self.virtual_over();
        }
        Ok(Self::of(open_again(&self.git)?, None))
    }

    fn of(git: Repository, memory: Option<Memory>) -> Self {
        Self {
            git,
            memory,
            commits: CommitCache::default(),
            trees: TreeCache::default(),
        }
    }

    fn in_memory(under: Option<Repository>) -> Result<Self, RepoError> {
        let operation = "make a repository in memory";
        read_without_cache();
        let odb = Odb::new().map_err(git_error(operation))?;
        if let Some(under) = &under {
            let objects = under.commondir().join("objects");
            let objects = objects.to_str().ok_or_else(|| {
                RepoError::refused(format!("the path {} is not UTF-8", objects.display()))
            })?;
            // An alternate is only read; libgit2 writes to the first store that is not one.
            odb.add_disk_alternate(objects)
                .map_err(git_error(operation))?;
        }
        odb.add_new_mempack_backend(MEMORY_PRIORITY)
            .map_err(git_error(operation))?;
        let git = Repository::from_odb(odb).map_err(git_error(operation))?;
        let written = RefCell::default();
        Ok(Self::of(git, Some(Memory { under, written })))
    }

    fn copy_from(&self, other: &Self, written: &[Oid]) -> Result<(), RepoError> {
        let odb = other
            .git
            .odb()
            .map_err(git_error("copy objects in memory"))?;
        for id in written {
            let object = odb.read(*id).map_err(git_error("copy objects in memory"))?;
            self.put(object.kind(), object.data())?;
        }
        Ok(())
    }

    /// The repository on disk, whose refs, remotes and configuration answer; `None` in memory alone.
    pub(super) fn disk(&self) -> Option<&Repository> {
        match &self.memory {
            None => Some(&self.git),
            Some(memory) => memory.under.as_ref(),
        }
    }

    /// The repository on disk if it may be written to.
    pub(super) fn disk_to_write(&self, what: &str) -> Result<&Repository, RepoError> {
        match &self.memory {
            None => Ok(&self.git),
            Some(_) => Err(RepoError::refused(format!(
                "{what} needs a repository on disk, and this one is in memory"
            ))),
        }
    }

    /// `shallow` is in the common directory, also for a linked work tree, where libgit2 does not search for it.
    pub(super) fn shallow_file(&self) -> Option<PathBuf> {
        self.disk().map(|git| git.commondir().join("shallow"))
    }

    /// What `HEAD` points to; in memory alone it is unborn and on no branch.
    ///
    /// # Errors
    /// [`RepoError::Git`] if `HEAD` cannot be read, [`RepoError::Refused`] if its branch's name is not UTF-8.
    pub fn head(&self) -> Result<Head, RepoError> {
        let Some(git) = self.disk() else {
            return Ok(Head {
                commit: None,
                branch: None,
            });
        };
        let head = git.find_reference("HEAD").map_err(git_error("read HEAD"))?;
        let target = head
            .symbolic_target()
            .map_err(|_| RepoError::refused("the current branch has a name that is not UTF-8"))?;
        let branch = target
            .and_then(|name| name.strip_prefix("refs/heads/"))
            .map(str::to_owned);
        let commit = match head.resolve() {
            Ok(direct) => direct
                .target()
                .map(|id| self.peeled(git, "HEAD", id))
                .transpose()?,
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => return Err(git_error("read HEAD")(error)),
        };
        Ok(Head { commit, branch })
    }

    /// The remotes, in git's order (by name).
    ///
    /// # Errors
    /// [`RepoError::Git`] if the configuration cannot be read.
    pub fn remotes(&self) -> Result<Vec<Remote>, RepoError> {
        let Some(git) = self.disk() else {
            return Ok(Vec::new());
        };
        let names = git.remotes().map_err(git_error("list the remotes"))?;
        let base = git.workdir().unwrap_or_else(|| git.path());
        let mut remotes = Vec::new();
        for name in names.iter() {
            // No one can ask for a name that is not UTF-8.
            let Ok(Some(name)) = name else { continue };
            let remote = git
                .find_remote(name)
                .map_err(git_error(format!("read the remote {name}")))?;
            let url = remote.url().ok().and_then(|url| url.parse().ok());
            remotes.push(Remote {
                name: name.to_owned(),
                url: url.map(|location: Location| location.relative_to(base)),
            });
        }
        Ok(remotes)
    }

    /// The default branch, as far as a clone knows it: what `origin` called it when it was cloned, otherwise `main` or
    /// `master` if there is one, otherwise the branch that is checked out.
    pub fn default_branch(&self) -> Result<Option<String>, RepoError> {
        let Some(git) = self.disk() else {
            return Ok(None);
        };
        if let Ok(head) = git.find_reference("refs/remotes/origin/HEAD")
            && let Ok(Some(target)) = head.symbolic_target()
            && let Some(name) = target.strip_prefix("refs/remotes/origin/")
        {
            return Ok(Some(name.to_owned()));
        }
        let usual = ["main", "master"]
            .into_iter()
            .find(|name| git.find_branch(name, git2::BranchType::Local).is_ok());
        match usual {
            Some(name) => Ok(Some(name.to_owned())),
            None => Ok(self.head()?.branch),
        }
    }

    /// Whether history is cut off: a shallow clone serves trees and blobs, and history only up to its boundary.
    pub fn is_shallow(&self) -> bool {
        self.shallow_file()
            .and_then(|file| file.metadata().ok())
            .is_some_and(|file| file.len() > 0)
    }

    /// Whether there is no work tree; also true in memory.
    pub fn is_bare(&self) -> bool {
        self.memory.is_some() || self.git.is_bare()
    }

    /// The top of the work tree; `None` for a bare repository and in memory.
    pub fn work_dir(&self) -> Option<&Path> {
        match &self.memory {
            None => self.git.workdir(),
            Some(_) => None,
        }
    }

    /// The commit whose id begins with these hexadecimal digits, if there is exactly one.
    pub fn commit_by_prefix(&self, digits: &str) -> Option<CommitId> {
        let disk = self.disk()?;
        let found = disk.find_commit_by_prefix(digits).ok()?;
        CommitId::from_bytes(found.id().as_bytes())
    }
}

/// Above the disk's stores (1 and 2), so that what was just written is found first.
const MEMORY_PRIORITY: i32 = 1000;

/// Turns libgit2's cache of parsed objects off, for the whole process. A walk reads each object once, so the cache only
/// cost time (a quarter of a walk over 20,000 commits) and memory; packs keep their own cache of delta bases.
fn read_without_cache() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| git2::opts::enable_caching(false));
}

fn open_again(git: &Repository) -> Result<Repository, RepoError> {
    let path = git.workdir().unwrap_or_else(|| git.path());
    Repository::open(path).map_err(|error| RepoError::opening(path, error))
}

pub(super) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
