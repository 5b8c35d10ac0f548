//! Manifest files: from a commit's tree, or from a folder on disk. Symlinks are never followed.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::parallel::{chunks, threads};
use crate::catalog::{SourceFile, wants_file};
use crate::model::ids::CommitId;
use crate::model::policy::Policy;
use crate::model::source_location::RepoPath;
use crate::repo::{AskAll, EntryKind, ReadObjects, Repo, TreeListing};

/// The manifest files of a commit or folder.
#[derive(Debug, Default)]
pub(crate) struct ManifestFiles {
    /// The files.
    pub files: Vec<SourceFile>,
    /// Links under the names of manifest files. They are not followed.
    pub links: Vec<RepoPath>,
}

/// The links among what a commit holds besides files.
fn links(listing: &TreeListing) -> Vec<RepoPath> {
    let skipped = listing.skipped.iter();
    let links = skipped.filter(|entry| entry.kind == EntryKind::Symlink);
    links.map(|entry| entry.path.as_str().into()).collect()
}

/// The manifest files of a commit.
pub(crate) fn files_of_commit(
    repo: &Repo,
    commit: &CommitId,
    policy: &Policy,
) -> Result<ManifestFiles> {
    let enter = |folder: &str| folder != ".github";
    let listing = repo.files_in(commit, &enter, &|path| wants_file(path, policy))?;
    let read = |repo: &Repo, file: &crate::repo::TreeFile| -> Result<SourceFile> {
        Ok(SourceFile {
            path: file.path.as_str().into(),
            blob: file.blob,
            bytes: repo
                .blob(&file.blob)
                .with_context(|| format!("reading {}", file.path))?,
        })
    };
    let files = if listing.files.len() < 256 || threads() == 1 {
        let files = listing.files.iter().map(|file| read(repo, file));
        files.collect::<Result<Vec<SourceFile>>>()?
    } else {
        chunks(repo, &listing.files, read)?
    };
    Ok(ManifestFiles {
        files,
        links: links(&listing),
    })
}

/// The manifest files on disk below `root`, except git's own and, in a repository, ignored ones.
pub(crate) fn files_on_disk(
    root: &Path,
    repo: Option<&Repo>,
    policy: &Policy,
) -> Result<ManifestFiles> {
    let tracked = tracked(repo, policy)?;
    let mut found = Vec::new();
    let mut links: Vec<RepoPath> = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let entries = fs::read_dir(&path)
            .with_context(|| format!("reading the folder {}", path.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("reading the folder {}", path.display()))?;
            // A name that is not UTF-8 cannot be written in a finding or a plan; git trees are treated alike.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if name == ".git" {
                continue;
            }
            let inside = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            let kind = entry
                .file_type()
                .with_context(|| format!("reading {inside}"))?;
            let wanted = (kind.is_dir() && inside != ".github")
                || (!kind.is_dir() && wants_file(&inside, policy));
            if !wanted || (!tracked.contains(&inside) && ignored(repo, &inside, kind.is_dir())?) {
                continue;
            }
            if kind.is_dir() {
                folders.push(inside);
            } else if kind.is_file() {
                found.push(inside);
            } else if kind.is_symlink() {
                links.push(inside.into());
            }
        }
    }
    links.sort();
    let files = found.into_par_iter().map(|path| {
        let bytes = fs::read(root.join(&path)).with_context(|| format!("reading {path}"))?;
        Ok(SourceFile {
            blob: Repo::hash_blob(&bytes)?,
            path: path.into(),
            bytes,
        })
    });
    Ok(ManifestFiles {
        files: files.collect::<Result<Vec<SourceFile>>>()?,
        links,
    })
}

/// Files of the current commit, and the folders above them: git ignores nothing that it tracks.
fn tracked(repo: Option<&Repo>, policy: &Policy) -> Result<HashSet<String>> {
    let mut tracked = HashSet::new();
    let Some(repo) = repo else {
        return Ok(tracked);
    };
    let Some(tip) = repo.head()?.commit else {
        return Ok(tracked);
    };
    for file in repo.files(&tip, &|path| wants_file(path, policy))?.files {
        let mut path = file.path.as_str();
        while let Some((folder, _)) = path.rsplit_once('/') {
            tracked.insert(folder.to_owned());
            path = folder;
        }
        tracked.insert(file.path);
    }
    Ok(tracked)
}

fn ignored(repo: Option<&Repo>, path: &str, folder: bool) -> Result<bool> {
    let Some(repo) = repo else { return Ok(false) };
    if !folder {
        return Ok(repo.is_ignored(path)?);
    }
    Ok(repo.is_ignored(&format!("{path}/"))?)
}

/// The manifest files of a commit, wherever its repository is kept. All that is missing is asked for together.
pub(crate) fn files_at(
    objects: &dyn ReadObjects,
    commit: &CommitId,
    policy: &Policy,
) -> Result<ManifestFiles> {
    let enter = |folder: &str| folder != ".github";
    let listing = objects.files_in(commit, &enter, &|path| wants_file(path, policy))?;
    let links = links(&listing);
    let mut files = Vec::with_capacity(listing.files.len());
    let mut all = AskAll::new();
    for file in listing.files {
        let bytes = objects.blob(&file.blob);
        let bytes = bytes.with_context(|| format!("reading {}", file.path));
        if let Some(bytes) = all.ask(bytes) {
            files.push(SourceFile {
                path: file.path.into(),
                blob: file.blob,
                bytes,
            });
        }
    }
    all.answered(ManifestFiles { files, links })
}
