//! Folders and repositories with given files, and what is on disk afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sluice::model::ids::CommitId;
use tempfile::TempDir;

use crate::git::TestRepo;
use crate::workspace::fixture;

/// A copy of a fixture as a plain folder.
pub fn copy_of(name: &str) -> TempDir {
    let files = files_of(&fixture(name));
    folder(
        &files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect::<Vec<_>>(),
    )
}

/// A plain folder with these files.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let full = dir.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }
    dir
}

/// A repository with these files in its one commit, checked out.
pub fn repo(files: &[(&str, &str)]) -> TestRepo {
    let repo = TestRepo::new();
    repo.commit("main", files);
    repo.check_out("main");
    repo
}

/// A repository with a fixture's files in its one commit, checked out.
pub fn repo_of(name: &str) -> TestRepo {
    let files = files_of(&fixture(name));
    repo(
        &files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect::<Vec<_>>(),
    )
}

/// Writes these files in one commit on `main` with this message, and checks it out.
pub fn change(repo: &TestRepo, message: &str, files: &[(&str, &str)]) -> CommitId {
    let mut commit = repo.on("main").message(message);
    for (path, text) in files {
        commit = commit.file(path, text);
    }
    let id = commit.done();
    repo.check_out("main");
    id
}

/// Replaces a text that occurs exactly once in a file of the work tree, in one commit on `main`.
#[track_caller]
pub fn replace(repo: &TestRepo, path: &str, old: &str, new: &str) -> CommitId {
    let text = repo.read(path).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old:?} in {path}:\n{text}");
    change(repo, "by hand", &[(path, &text.replace(old, new))])
}

/// The text files below a folder, by path.
pub fn files_of(dir: &Path) -> Vec<(String, String)> {
    snapshot(dir)
        .into_iter()
        .filter_map(|(path, entry)| match entry {
            Entry::File { bytes, .. } => Some((path, String::from_utf8(bytes).unwrap())),
            Entry::Link(_) => None,
        })
        .collect()
}

/// A file or link as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File {
        /// Its content.
        bytes: Vec<u8>,
        /// Whether anyone may execute it.
        executable: bool,
    },
    /// A symbolic link, and its target.
    Link(PathBuf),
}

/// Every file and link below a folder by relative path, git's own included.
pub fn snapshot(dir: &Path) -> BTreeMap<String, Entry> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            if metadata.is_dir() {
                open.push(path);
            } else if metadata.is_symlink() {
                found.insert(name, Entry::Link(fs::read_link(&path).unwrap()));
            } else {
                let executable = metadata.permissions().mode() & 0o111 != 0;
                let bytes = fs::read(&path).unwrap();
                found.insert(name, Entry::File { bytes, executable });
            }
        }
    }
    found
}
