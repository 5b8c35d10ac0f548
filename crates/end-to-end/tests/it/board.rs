//! `board` on the stand-in: it reads pull requests and a clone, and writes a file and nothing else.

use std::fs;
use std::path::Path;

use end_to_end::clone::clone_of;
use end_to_end::shop::{APPROVAL, shop};
use end_to_end::site::{Report, Site};
use sluice::error::Exit;

/// The page, of a run that wrote nothing on GitHub.
pub(super) async fn board(site: &Site, more: &[&str]) -> (Report, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("board.html");
    let html = format!("--html={}", file.display());
    let mut arguments = vec!["board", &html];
    arguments.extend(more);
    let before = site.writes().len();
    let run = site.call(&arguments).await;
    assert_eq!(site.writes().len(), before, "{:?}", site.writes());
    let page = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{}", run.text));
    (run, page)
}

fn checkout(path: &Path) -> String {
    format!("--checkout={}", path.display())
}

#[tokio::test]
async fn it_shows_the_pull_request_that_waits_and_with_a_clone_what_landed() {
    let site = shop(
        APPROVAL,
        "people: { sre: [carol, dave] }\ngates: { release: { approve: [{ by: sre }] } }\n",
    )
    .await;
    site.run().await;
    let (run, page) = board(&site, &[]).await;
    assert_eq!(run.exit, Exit::Done);
    assert!(
        run.text.contains(": 1 waiting, 0 in sync ("),
        "{}",
        run.text
    );
    for shown in [
        "<a href=\"https://github.com/acme/gitops/pull/1\">shop → prod <span class=\"n\">#1</span></a>",
        "for <b>1 approval by sre",
        "not read here. History is read from a clone: give one with --checkout.",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    site.repo().by("carol").approves(1);
    site.run().await;
    let clone = clone_of(&site);
    let (run, page) = board(&site, &[&checkout(clone.path())]).await;
    assert!(
        run.text.contains(": Nothing waits, 1 in sync ("),
        "{}",
        run.text
    );
    for shown in [
        "All 1 landings",
        "approved by carol (review)",
        "https://github.com/acme/gitops/pull/1\">#1</a>",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("not read here"), "{page}");
}

#[tokio::test]
async fn the_history_of_another_repository_is_not_shown() {
    let (site, other) = (shop(APPROVAL, "").await, shop("", "").await);
    let clone = clone_of(&other);
    let (_, page) = board(&site, &[&checkout(clone.path())]).await;
    assert!(
        page.contains("not read here. The clone is not one of acme&#x2f;gitops."),
        "{page}"
    );
    // A folder that is not a clone, and one that is not there.
    let folder = tempfile::tempdir().unwrap();
    let (_, page) = board(&site, &[&checkout(folder.path())]).await;
    assert!(
        page.contains("not read here. History is read from a clone"),
        "{page}"
    );
    let (_, page) = board(&site, &[&checkout(&folder.path().join("none"))]).await;
    assert!(
        page.contains("not read here. The clone could not be read"),
        "{page}"
    );
}

#[tokio::test]
async fn a_clone_behind_the_base_says_at_which_commit_history_was_read() {
    let site = shop(APPROVAL, "").await;
    let clone = clone_of(&site);
    site.repo().files("main", &[("notes.md", "x")]);
    let git = git2::Repository::open(clone.path()).unwrap();
    git.remote("origin", "https://github.com/Acme/GitOps.git")
        .unwrap();
    let tip = git.head().unwrap().target().unwrap().to_string();
    let (_, page) = board(&site, &[&checkout(clone.path())]).await;
    let said = format!("It was read at {}, the commit of the clone", &tip[..7]);
    assert!(page.contains(&said), "{page}");
}

#[tokio::test]
async fn a_token_that_may_read_little_shows_what_waits_all_the_same() {
    let mut site = shop(APPROVAL, "").await;
    site.run().await;
    site.token = site.repo().reader_token();
    let (run, page) = board(&site, &[]).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(
        run.text.contains(": 1 waiting, 0 in sync ("),
        "{}",
        run.text
    );
    assert!(
        page.contains("<a href=\"https://github.com/acme/gitops/pull/1\">"),
        "{page}"
    );
}
