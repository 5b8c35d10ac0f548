//! A file of more than 500 lines says in its first lines why it is one file.

use std::fs;
use std::path::PathBuf;

/// Lines that a file may have without a reason.
const MAX_LINES: usize = 500;
/// Lines at the top of a file in which the reason is looked for.
const FIRST_LINES: usize = 5;
/// How a reason begins.
const REASON: &str = "//! One file of more than 500 lines, because ";

#[test]
fn a_file_of_more_than_500_lines_says_why() {
    let root = test_support::root("");
    let silent: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|path| !may_be_that_long(&fs::read_to_string(path).unwrap()))
        .map(|path| path.strip_prefix(&root).unwrap().to_path_buf())
        .collect();
    assert!(
        silent.is_empty(),
        "more than {MAX_LINES} lines, and no line `{REASON}…` among the first {FIRST_LINES}: {silent:?}"
    );
}

#[test]
fn only_a_reason_at_the_top_makes_a_file_longer() {
    let long = "fn f() {}\n".repeat(MAX_LINES);
    assert!(may_be_that_long(&long));
    let long = format!("//! What is in here.\n{long}");
    assert!(!may_be_that_long(&long));
    assert!(may_be_that_long(&format!("{REASON}it is a table.\n{long}")));
    assert!(!may_be_that_long(&format!("{REASON}\n{long}")));
    assert!(!may_be_that_long(&format!(
        "{long}{REASON}it is a table.\n"
    )));
}

fn may_be_that_long(text: &str) -> bool {
    let is_reason = |line: &str| {
        line.strip_prefix(REASON)
            .is_some_and(|why| !why.trim().is_empty())
    };
    text.lines().count() <= MAX_LINES || text.lines().take(FIRST_LINES).any(is_reason)
}

/// The sources of all packages.
fn sources() -> Vec<PathBuf> {
    let packages = fs::read_dir(test_support::root("crates")).unwrap();
    let mut open: Vec<PathBuf> = packages
        .map(|package| package.unwrap().path().join("src"))
        .filter(|folder| folder.is_dir())
        .collect();
    open.push(test_support::root("src"));
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 400, "the sources were not found");
    found
}
