//! `board` without a forge: the file that it writes, from a repository and from a folder.

use crate::SLUICE;
use test_support::{PROMOTE, differing, fixture, folder, repo_of, run};

fn board(path: &std::path::Path, file: &std::path::Path) -> test_support::Ran {
    run(path, &["board", "--html", file.to_str().unwrap()])
}

#[test]
fn it_writes_one_page_of_what_waits_what_runs_and_what_landed() {
    let repo = differing();
    let dir = folder(&[]);
    let file = dir.path().join("board.html");
    let before = board(repo.path(), &file).exits(0);
    assert!(
        before
            .out
            .starts_with(&format!("{}: 1 waiting, 0 in sync (", file.display())),
        "{}",
        before.out
    );
    let html = std::fs::read_to_string(&file).unwrap();
    for shown in [
        "<h1 class=\"wait\">",
        "web → prod",
        "<b>1.0.0</b>",
        "Nothing has landed yet.",
    ] {
        assert!(html.contains(shown), "{shown}");
    }
    run(repo.path(), &PROMOTE).exits(0);
    // An existing file is replaced.
    board(repo.path(), &file)
        .exits(0)
        .says(&["Nothing waits, 1 in sync ("]);
    let html = std::fs::read_to_string(&file).unwrap();
    for shown in [
        "All 1 landings",
        "<code>1.0.0</code> → <code>1.1.0</code>",
        "release passed",
        "approved by ann",
    ] {
        assert!(html.contains(shown), "{shown}");
    }
    assert!(!html.contains("not read here"));
    // Nothing else was written.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(
        test_support::git::git(repo.path(), &["status", "--porcelain"]),
        ""
    );
}

#[test]
fn a_folder_has_no_history_and_the_page_says_so() {
    let dir = folder(&[]);
    let file = dir.path().join("board.html");
    board(&fixture("three-services"), &file).exits(0);
    let html = std::fs::read_to_string(&file).unwrap();
    assert!(html.contains("Landings and figures: not read here. There is no git repository here."));
    assert!(
        html.contains("a folder without history, read <time datetime=\"2026-07-01T12:00:00Z\">")
    );
}

#[test]
fn an_error_is_on_the_page_and_in_the_exit_code() {
    let dir = folder(&[]);
    let file = dir.path().join("board.html");
    board(&fixture("secrets-sops"), &file).exits(2);
    let html = std::fs::read_to_string(&file).unwrap();
    assert!(html.contains("<h2 id=\"wrong\">What is wrong</h2>"));
    assert!(html.contains("errors in the manifests") || html.contains("error in the manifests"));
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_that_names_it() {
    let repo = repo_of("two-pipelines");
    let file = repo.path().join("missing/board.html");
    let ran = SLUICE
        .run(repo.path(), &["board", "--html", file.to_str().unwrap()])
        .exits(1);
    assert!(ran.out.is_empty());
    assert_eq!(
        ran.err,
        format!(
            "error: {} could not be written: No such file or directory (os error 2)\n  help: give --html a file in a folder that exists\n",
            file.display()
        )
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let repo = repo_of("company");
    let dir = folder(&[]);
    let pages = ["a.html", "b.html"].map(|name| {
        let file = dir.path().join(name);
        board(repo.path(), &file);
        std::fs::read(file).unwrap()
    });
    assert!(pages[0] == pages[1]);
}
