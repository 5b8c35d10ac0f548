//! `simulate --out DIR`: every file of PATH except git's own, as the simulation leaves it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use crate::error::{Exit, Failure};
use crate::evaluation::repository_state::RepositoryState;
use crate::model::source_location::RepoPath;
use crate::repo::Repo;

/// Creates DIR. It must be empty and outside PATH, which is never touched.
pub(super) fn prepare(root: &Path, dir: &Path) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::usage(format!("--out {}: {error}", dir.display()));
    let root = root.canonicalize().map_err(failed)?;
    // DIR's real location is known from the nearest existing folder above it.
    let mut above: PathBuf = std::path::absolute(dir).map_err(failed)?;
    let real = loop {
        match above.canonicalize() {
            Ok(real) => break real,
            Err(error) if error.kind() == ErrorKind::NotFound && above.pop() => {}
            Err(error) => return Err(failed(error)),
        }
    };
    if real.starts_with(&root) {
        return Err(Failure::usage(format!(
            "--out {} is inside {}, which is never changed",
            dir.display(),
            root.display()
        ))
        .hint("give a folder outside it"));
    }
    // The part that does not exist yet must not go up again: where that leads is only known once it is created.
    let full = std::path::absolute(dir).map_err(failed)?;
    let missing = full.strip_prefix(&above).unwrap_or(&full);
    if missing
        .components()
        .any(|part| part == Component::ParentDir)
    {
        return Err(Failure::usage(format!(
            "--out {} uses `..` in a folder that does not exist",
            dir.display()
        )));
    }
    fs::create_dir_all(dir).map_err(failed)?;
    if fs::read_dir(dir).map_err(failed)?.next().is_some() {
        return Err(
            Failure::usage(format!("--out {} is not empty", dir.display()))
                .hint("give a new or empty folder"),
        );
    }
    Ok(())
}

/// Writes all files. `on_disk` is the repository on disk, if PATH is one.
pub(super) fn write(
    repository: &RepositoryState,
    on_disk: Option<&Repo>,
    touched: &BTreeSet<RepoPath>,
    dir: &Path,
) -> Result<(), Failure> {
    match on_disk.filter(|repo| repo.is_bare()) {
        Some(repo) => {
            let Some(tip) = repo.head()?.commit else {
                return Ok(());
            };
            for file in repo.files(&tip, &|_| true)?.files {
                let path = put(dir, &file.path, &repo.blob(&file.blob)?)?;
                if file.executable {
                    make_executable(&path)?;
                }
            }
        }
        None => copy_folder(&repository.root, dir)?,
    }
    for path in touched {
        let Some(bytes) = repository.bytes(path) else {
            continue;
        };
        put(dir, path.as_str(), &bytes)?;
    }
    Ok(())
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::new(Exit::Failed, format!("{}: {error}", path.display()))
}

/// Writes one file below DIR. A path that leaves DIR is refused. A link on the way is replaced by a real folder, so
/// that nothing is ever written through it.
fn put(dir: &Path, path: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
    let plain =
        |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\\', '\0']);
    if !path.split('/').all(plain) {
        return Err(Failure::new(
            Exit::Blocked,
            format!("{path} is not a path that stays inside --out"),
        ));
    }
    let mut place = dir.to_path_buf();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        place.push(segment);
        let found = fs::symlink_metadata(&place).ok();
        let is_last = segments.peek().is_none();
        let fits = found
            .as_ref()
            .is_some_and(|found| !is_last && found.is_dir());
        if let Some(found) = found.filter(|_| !fits) {
            if found.is_dir() {
                return Err(Failure::new(
                    Exit::Failed,
                    format!("{} is a folder, but should be a file", place.display()),
                ));
            }
            fs::remove_file(&place).map_err(failed(&place))?;
        }
        if !is_last && !fits {
            fs::create_dir(&place).map_err(failed(&place))?;
        }
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&place)
        .map_err(failed(&place))?;
    file.write_all(bytes).map_err(failed(&place))?;
    Ok(place)
}

/// Links are copied as links and never followed. Anything other than a file, a folder or a link is left out.
fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let entry = entry.map_err(failed(from))?;
        if entry.file_name() == ".git" {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed(&source))?;
        if kind.is_dir() {
            fs::create_dir_all(&target).map_err(failed(&target))?;
            copy_folder(&source, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).map_err(failed(&target))?;
        } else if kind.is_symlink() {
            copy_link(&source, &target)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn copy_link(source: &Path, target: &Path) -> Result<(), Failure> {
    let leads_to = fs::read_link(source).map_err(failed(source))?;
    std::os::unix::fs::symlink(leads_to, target).map_err(failed(target))
}

#[cfg(not(unix))]
fn copy_link(_: &Path, _: &Path) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(failed(path))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<(), Failure> {
    Ok(())
}
