//! Inputs that once failed are replayed: proptest finds them by the path of the source file, and says nothing if that file was moved.

use std::fs;
use std::path::{Path, PathBuf};

use test_support::root;

/// The folders below a folder, without what is built or belongs to git.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_source = |path: &PathBuf| {
        let name = path.file_name().unwrap();
        path.is_dir() && !path.is_symlink() && name != "target" && name != ".git"
    };
    paths.filter(is_source).collect()
}

/// The files below a folder, at any depth.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_file_of_regressions_belongs_to_a_source_file_with_properties() {
    let mut open = vec![root("")];
    let (mut seen, mut orphaned) = (0, Vec::new());
    while let Some(folder) = open.pop() {
        let inside = folders_in(&folder);
        let regressions = folder.join("proptest-regressions");
        if regressions.is_dir() {
            for file in files_below(&regressions) {
                let source = file.strip_prefix(&regressions).unwrap();
                let source = source.with_extension("rs");
                let is_its_source = |beside: &PathBuf| {
                    let text = fs::read_to_string(beside.join(&source)).unwrap_or_default();
                    text.contains("proptest! {")
                };
                seen += 1;
                if !inside.iter().any(is_its_source) {
                    orphaned.push(file);
                }
            }
        }
        open.extend(inside);
    }
    assert!(seen > 0, "no file of regressions was found");
    assert!(orphaned.is_empty(), "nothing replays {orphaned:#?}");
}
