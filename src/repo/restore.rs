//! Files and index as they were, to be restored if a landing fails.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use git2::Repository;

use super::error::{RepoError, git_error};

/// What the paths of a landing and the index held before it.
pub(super) struct Saved {
    files: Vec<SavedFile>,
    /// Folders that did not exist, the outermost first.
    new_folders: Vec<PathBuf>,
    index: SavedIndex,
}

struct SavedFile {
    path: PathBuf,
    /// `None`: there was no file.
    content: Option<(Vec<u8>, Permissions, SystemTime)>,
}

struct SavedIndex {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

impl Saved {
    /// Reads everything that a landing on `paths` may change. Nothing is written.
    pub(super) fn take(
        git: &Repository,
        work_dir: &Path,
        paths: &[String],
    ) -> Result<Self, RepoError> {
        let mut files = Vec::new();
        let mut new_folders = Vec::new();
        for path in paths {
            let full = work_dir.join(path);
            let missing = full
                .ancestors()
                .skip(1)
                .take_while(|folder| folder.symlink_metadata().is_err());
            let missing: Vec<_> = missing.map(Path::to_owned).collect();
            for folder in missing.into_iter().rev() {
                if !new_folders.contains(&folder) {
                    new_folders.push(folder);
                }
            }
            let content =
                read_file(&full).map_err(|error| RepoError::io(format!("read {path}"), error))?;
            files.push(SavedFile {
                path: full,
                content,
            });
        }
        let index = git.index().map_err(git_error("open the index"))?;
        let path = index
            .path()
            .ok_or_else(|| RepoError::refused("the repository has no index file"))?
            .to_owned();
        let bytes = read_if_there(&path).map_err(|error| RepoError::io("read the index", error))?;
        Ok(Self {
            files,
            new_folders,
            index: SavedIndex { path, bytes },
        })
    }

    /// Puts everything back and returns what could not be put back, as "PATH: reason".
    pub(super) fn restore(&self) -> Vec<String> {
        let mut failed = Vec::new();
        for file in &self.files {
            if let Err(error) = file.restore() {
                failed.push(format!("{}: {error}", file.path.display()));
            }
        }
        for folder in self.new_folders.iter().rev() {
            // Only empty ones go: what another program put there meanwhile is not ours.
            let _ = fs::remove_dir(folder);
        }
        if let Err(error) = self.index.restore() {
            failed.push(format!("{}: {error}", self.index.path.display()));
        }
        failed
    }
}

impl SavedFile {
    fn restore(&self) -> io::Result<()> {
        let now = read_file(&self.path)?;
        match (&self.content, now) {
            (Some((bytes, permissions, modified)), now) => {
                if now.is_none_or(|(now, ..)| now != *bytes) {
                    if let Some(folder) = self.path.parent() {
                        fs::create_dir_all(folder)?;
                    }
                    fs::write(&self.path, bytes)?;
                }
                fs::set_permissions(&self.path, permissions.clone())?;
                File::options()
                    .write(true)
                    .open(&self.path)?
                    .set_modified(*modified)
            }
            (None, Some(_)) => fs::remove_file(&self.path),
            (None, None) => Ok(()),
        }
    }
}

impl SavedIndex {
    /// By git's own protocol: `index.lock` is created, filled and renamed over the index.
    fn restore(&self) -> io::Result<()> {
        if read_if_there(&self.path)? == self.bytes {
            return Ok(());
        }
        let Some(bytes) = &self.bytes else {
            return fs::remove_file(&self.path);
        };
        let lock = self.path.with_extension("lock");
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&lock)?;
        let written = file
            .write_all(bytes)
            .and_then(|()| fs::rename(&lock, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&lock);
        }
        written
    }
}

/// A regular file's bytes, permissions and time; `None` if nothing is there.
fn read_file(path: &Path) -> io::Result<Option<(Vec<u8>, Permissions, SystemTime)>> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(Some((
        fs::read(path)?,
        metadata.permissions(),
        metadata.modified()?,
    )))
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
