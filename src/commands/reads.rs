//! How often commands read the commits of a history: once, however many questions it is walked for.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Parser;
use jiff::Timestamp;
use test_support::git::{TestRepo, git};
use test_support::{PROMOTE, change, chart, differing, replace};

use super::dispatch::execute;
use crate::cli::Cli;
use crate::model::ids::CommitId;
use crate::repo::reads::counted;
use crate::report::style::Style;
use crate::runner::Environment;

/// How often a command reads each commit, and what it prints.
fn reads(path: &Path, arguments: &[&str]) -> (BTreeMap<CommitId, usize>, String) {
    let path = path.to_str().unwrap();
    let words = ["sluice"].into_iter().chain(arguments.iter().copied());
    let cli = Cli::try_parse_from(words.chain([path])).unwrap();
    let mut said = String::new();
    let read = counted(|| {
        let environment = Environment::default();
        let output = execute(cli, Timestamp::UNIX_EPOCH, Style::default(), &environment).unwrap();
        said = output.text;
    });
    (read, said)
}

/// The first-parent history of `main`, newest first.
fn history(repo: &TestRepo) -> Vec<CommitId> {
    let ids = git(repo.path(), &["rev-list", "--first-parent", "main"]);
    ids.lines().map(|id| id.parse().unwrap()).collect()
}

/// Commits of every kind: the manifests, landings, changes of promoted fields by hand, other files.
fn walked() -> TestRepo {
    let repo = differing();
    for round in 2..6 {
        change(&repo, "notes", &[("notes.txt", &format!("{round}\n"))]);
        test_support::run(repo.path(), &PROMOTE).exits(0);
        let newer = format!("1.{round}.0");
        change(&repo, "newer", &[("dev.yaml", &chart("web-dev", &newer))]);
    }
    repo
}

/// Each of these commits was read once.
#[track_caller]
fn each_once(read: &BTreeMap<CommitId, usize>, commits: &[CommitId]) {
    let often = commits.iter().map(|commit| read.get(commit).copied());
    let often: Vec<usize> = often.map(Option::unwrap_or_default).collect();
    assert_eq!(often, vec![1; commits.len()]);
}

#[test]
fn verify_reads_each_commit_once() {
    let repo = walked();
    let (read, said) = reads(repo.path(), &["history", "--verify"]);
    assert!(said.contains("Clean"), "{said}");
    each_once(&read, &history(&repo));
}

#[test]
fn status_reads_each_commit_once_that_it_only_passes() {
    let repo = walked();
    let hotfix = replace(&repo, "prod.yaml", "1.4.0", "1.4.1");
    for round in 0..12 {
        change(&repo, "notes", &[("notes.txt", &format!("{round} more\n"))]);
    }
    let (read, said) = reads(repo.path(), &["status"]);
    assert!(said.contains("1.4.1"), "{said}");
    let history = history(&repo);
    let hotfix: CommitId = hotfix.to_string().parse().unwrap();
    let passed = history.iter().position(|commit| *commit == hotfix).unwrap();
    // Both the walk for who set prod and the walk for since when went at least as far as the hotfix.
    assert_eq!(passed, 12);
    each_once(&read, &history[..passed]);
}
