//! The paths of things in the workspace.

use std::path::{Path, PathBuf};

/// The folder of the workspace, or a path below it.
pub fn root(path: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().join(path)
}

/// A text file of the workspace.
#[track_caller]
pub fn read(path: &str) -> String {
    let path = root(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folder of a fixture below `fixtures/repos`, never to be written to.
#[track_caller]
pub fn fixture(name: &str) -> PathBuf {
    let path = root("fixtures/repos").join(name);
    assert!(path.is_dir(), "{}", path.display());
    path
}

/// The names of all fixtures, sorted.
pub fn fixture_names() -> Vec<String> {
    names_in(&root("fixtures/repos"))
}

/// The names of what is in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
