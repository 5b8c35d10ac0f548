//! What cannot be read is never clean.

use super::promote;
use test_support::git::{TestRepo, git};
use test_support::{change, chart, commits, differing, history, replace, run, web};

/// A clone with this many commits, made by git itself.
fn shallow(repo: &TestRepo, depth: usize) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let depth = format!("--depth={depth}");
    let from = format!("file://{}", repo.path().display());
    git(
        dir.path(),
        &["clone", "-q", "--no-local", &depth, &from, "clone"],
    );
    let path = dir.path().join("clone");
    (dir, path)
}

#[test]
fn a_shallow_clone_says_where_it_ends_and_is_never_clean() {
    let repo = differing();
    let first = promote(&repo, "web", "prod");
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    let second = promote(&repo, "web", "prod");
    let ends = "History ends at the clone's boundary, ";
    let (_dir, path) = shallow(&repo, 3);
    let listed = history(&path, &[]).exits(0).json();
    // The difference of the commit at the boundary is not here, so no one can say what it is.
    assert_eq!(commits(&listed), [second.to_string()]);
    assert_eq!(listed["boundary"], first.to_string());
    run(&path, &["history"])
        .exits(0)
        .says(&[ends, "fetch-depth: 0 reads all of it"]);
    let verified = history(&path, &["--verify"]).exits(1).json();
    assert_eq!(verified["verified"]["clean"], false);
    let text = run(&path, &["history", "--verify"])
        .exits(1)
        .says(&[ends])
        .out;
    assert!(!text.contains("Clean"), "{text}");
    // What is found all the same is worse than what cannot be seen.
    replace(&repo, "prod.yaml", "1.2.0", "1.2.1");
    let (_dir, path) = shallow(&repo, 3);
    history(&path, &["--verify"]).exits(3);
    // A clone that is not cut ends where history begins.
    let (_dir, path) = shallow(&repo, 5);
    let whole = history(&path, &[]).exits(0).json();
    assert_eq!(commits(&whole), [second.to_string(), first.to_string()]);
    assert!(whole["boundary"].is_null());
}

#[test]
fn a_shallow_clone_of_a_merge_ends_there() {
    let repo = differing();
    promote(&repo, "web", "prod");
    super::put_up(&repo);
    let merge = [
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@e",
        "merge",
        "-q",
        "--no-ff",
        "-m",
        "m",
        "head",
    ];
    git(repo.path(), &merge);
    let (_dir, path) = shallow(&repo, 1);
    assert_eq!(
        commits(&history(&path, &[]).exits(0).json()),
        Vec::<String>::new()
    );
    history(&path, &["--verify"]).exits(1);
}

#[test]
fn a_manifest_that_could_not_be_read_then_is_named_with_its_commit() {
    let repo = differing();
    let broken = change(
        &repo,
        "a slip",
        &[(
            "prod.yaml",
            &format!("{}\t- [web-prod\n", chart("web-prod", "1.0.3")),
        )],
    );
    change(
        &repo,
        "mended",
        &[("prod.yaml", &chart("web-prod", "1.0.3"))],
    );
    let document = history(repo.path(), &["--verify"]).exits(1).json();
    let unread = document["unread"].as_array().unwrap();
    assert_eq!(unread.len(), 2, "{document:#}");
    assert_eq!(unread[1]["commit"], broken.to_string());
    assert!(unread[1]["why"].as_str().unwrap().contains("prod.yaml"));
    run(repo.path(), &["history", "--verify"])
        .exits(1)
        .says(&["It is unknown whether it is clean"]);
    // The list does not need it.
    history(repo.path(), &[]).exits(0);
}

#[test]
fn pipelines_that_cannot_be_told_now_are_never_clean() {
    let broken = |path: &str, text: &str| {
        let repo = differing();
        promote(&repo, "web", "prod");
        change(&repo, "broken", &[(path, text)]);
        history(repo.path(), &["--verify"]).exits(1).json()["unread"].to_string()
    };
    let policy = broken(".github/sluice.yaml", "version: 1\nhods: []\n");
    assert!(policy.contains(".github/sluice.yaml"), "{policy}");
    let file = broken("web.yaml", &format!("{}\t- [\n", web()));
    assert!(file.contains("web.yaml"), "{file}");
    let dangling = broken(
        "web.yaml",
        &web().replace("{ name: web-prod }", "{ name: web-prd }"),
    );
    assert!(dangling.contains("web.yaml:13"), "{dangling}");
}

#[test]
fn an_object_that_is_missing_is_an_error() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let parent = git(repo.path(), &["rev-parse", "HEAD~1"]);
    let (folder, file) = parent.trim().split_at(2);
    let object = repo.path().join(".git/objects").join(folder).join(file);
    std::fs::remove_file(object).unwrap();
    for arguments in [&[][..], &["--verify"]] {
        history(repo.path(), arguments).exits(1);
    }
}
