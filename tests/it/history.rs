//! `sluice history`: what landed, and whether anything else changed what promotions write.

mod listed;
mod read;
mod recomputed;
mod site;
mod text;
mod verified;

use std::path::Path;

use serde_json::Value;
use sluice::model::ids::CommitId;

use crate::support::cli::{Ran, chart, repo, run, web};
use crate::support::git::{TestRepo, git};

/// `sluice history --format json` with more arguments.
pub fn history(path: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["history", "--format", "json"];
    arguments.extend(more);
    run(path, &arguments)
}

/// The commits of the landings, newest first.
pub fn commits(document: &Value) -> Vec<String> {
    let landings = document["landings"].as_array().unwrap();
    let text = |landing: &Value| landing["commit"].as_str().unwrap().to_owned();
    landings.iter().map(text).collect()
}

/// Each deviation as `kind commit: name path: old → new, …`; a secret shows `secret`.
pub fn deviations(document: &Value) -> Vec<String> {
    let found = document["verified"]["deviations"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |change: &Value| {
        let values = match change["secret"].as_bool().unwrap() {
            true => "secret".to_owned(),
            false => format!("{} → {}", text(&change["old"]), text(&change["new"])),
        };
        format!(
            "{} {}: {values}",
            text(&change["name"]),
            text(&change["path"])
        )
    };
    found
        .iter()
        .map(|deviation| {
            let changes: Vec<String> = deviation["changes"]
                .as_array()
                .unwrap()
                .iter()
                .map(one)
                .collect();
            let commit = &text(&deviation["commit"])[..7];
            let line = format!(
                "{} {commit}: {}",
                text(&deviation["kind"]),
                changes.join(", ")
            );
            line.trim_end().to_owned()
        })
        .collect()
}

/// `web-prod` at 1.0.0 behind `web-dev` at 1.1.0, each in its file.
pub fn differing() -> TestRepo {
    repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ])
}

/// Promotes into prod, approved by ann.
#[track_caller]
pub fn promote(repo: &TestRepo, pipeline: &str, stage: &str) -> CommitId {
    run(
        repo.path(),
        &[
            "promote",
            "--local",
            "--pipeline",
            pipeline,
            "--to",
            stage,
            "--approved-by",
            "ann",
        ],
    )
    .exits(0);
    repo.tip("main").unwrap()
}

/// The message of the current commit.
pub fn message(repo: &TestRepo) -> String {
    git(repo.path(), &["log", "-1", "--format=%B"])
}

/// The message of a promotion's head: a landing's without what its gates said.
pub fn head_message(repo: &TestRepo) -> String {
    let message = message(repo);
    let lines = message.lines();
    lines
        .filter(|line| !line.starts_with("Sluice-Gate"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Takes the landing at the tip back into a branch `head` with the message that a promotion's head has.
pub fn put_up(repo: &TestRepo) -> String {
    let message = head_message(repo);
    git(repo.path(), &["commit", "-q", "--amend", "-m", &message]);
    git(repo.path(), &["branch", "head"]);
    git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    message
}
