//! `sluice history`: what landed, and whether anything else changed what promotions write.

mod listed;
mod read;
mod recomputed;
mod text;
mod verified;

use sluice::model::ids::CommitId;

use test_support::git::{TestRepo, git};
use test_support::{message, run};

/// Promotes into prod, approved by ann.
#[track_caller]
pub(crate) fn promote(repo: &TestRepo, pipeline: &str, stage: &str) -> CommitId {
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

/// The message of a promotion's head: a landing's without what its gates said.
pub(crate) fn head_message(repo: &TestRepo) -> String {
    let message = message(repo);
    let lines = message.lines();
    lines
        .filter(|line| !line.starts_with("Sluice-Gate"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Moves the landing at the tip to a branch `head`, with the message that a promotion's head has.
pub(crate) fn put_up(repo: &TestRepo) -> String {
    let message = head_message(repo);
    git(repo.path(), &["commit", "-q", "--amend", "-m", &message]);
    git(repo.path(), &["branch", "head"]);
    git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    message
}
