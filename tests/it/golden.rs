//! Golden files: every text and document that the fixtures give, whole, in `golden/` beside this file. A change of structure changes none of them;
//! a change of words is reviewed there (`INSTA_UPDATE=always cargo test --test it golden` writes them again).
//!
//! Each fixture is looked at as a folder, and promoted in a repository without GitHub.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;

use test_support::git::git;
use test_support::golden::{holds, holds_no_others};
use test_support::{Ran, fixture, fixture_names, repo_of, root, run};

/// Each look at a folder.
const LOOKS: &[&[&str]] = &[
    &["validate"],
    &["validate", "--format=json"],
    &["plan"],
    &["plan", "--diff", "--why"],
    &["plan", "--format=json"],
    &["status"],
    &["status", "--format=json"],
    &["graph"],
    &["graph", "--format=json"],
    &["init"],
    &["init", "--format=json"],
    &["simulate", "--approve=carol", "--approve=dave"],
    &[
        "simulate",
        "--approve=carol",
        "--approve=dave",
        "--format=json",
    ],
];

/// Where the golden files are.
fn folder() -> PathBuf {
    root("tests/it/golden")
}

fn add(page: &mut String, command: &[&str], ran: &Ran) {
    let _ = writeln!(page, "$ sluice {}", command.join(" "));
    let _ = write!(page, "{}", ran.out);
    for line in ran.err.lines() {
        let _ = writeln!(page, "stderr: {line}");
    }
    let _ = writeln!(page, "exit {}\n", ran.exit);
}

#[test]
fn commands_on_a_folder_print_what_they_printed() {
    for name in fixture_names() {
        let mut page = String::new();
        for command in LOOKS {
            add(&mut page, command, &run(&fixture(&name), command));
        }
        holds(&folder(), &name, "folder", &page);
    }
}

#[test]
fn every_golden_file_belongs_to_a_fixture() {
    holds_no_others(&folder(), &["folder", "local"]);
}

/// The first promotion of the plan that was not made yet, as pipeline and stage.
fn next(repo: &std::path::Path, done: &[(String, String)]) -> Option<(String, String)> {
    let plan = run(repo, &["plan", "--format=json"]).out;
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut named = Vec::new();
    for pipeline in list(&plan["pipelines"]) {
        for promotion in list(&pipeline["promotions"]) {
            named.push((word(&pipeline["name"]), word(&promotion["stage"])));
        }
    }
    named.into_iter().find(|one| !done.contains(one))
}

#[test]
fn local_promotions_and_their_history_print_what_they_printed() {
    for name in fixture_names() {
        let repo = repo_of(&name);
        let mut page = String::new();
        let mut done = Vec::new();
        while let Some((pipeline, to)) = next(repo.path(), &done) {
            let command = [
                "promote",
                "--local",
                "--pipeline",
                &pipeline,
                "--to",
                &to,
                "--approved-by=carol",
                "--approved-by=dave",
            ];
            add(&mut page, &command, &run(repo.path(), &command));
            done.push((pipeline, to));
        }
        let log = git(
            repo.path(),
            &["log", "--format=%B%n----", "--first-parent", "main"],
        );
        let _ = writeln!(page, "{log}");
        for command in [
            &["history"][..],
            &["history", "--verify"],
            &["history", "--verify", "--format=json"],
            &["status"],
        ] {
            add(&mut page, command, &run(repo.path(), command));
        }
        let folder = repo.path().file_name().unwrap().to_str().unwrap();
        holds(
            &self::folder(),
            &name,
            "local",
            &page.replace(folder, "FOLDER"),
        );
    }
}
