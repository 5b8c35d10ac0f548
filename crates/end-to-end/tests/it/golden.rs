//! Golden files: every text and document that a run on the stand-in GitHub gives for each fixture, whole, in `golden/` beside this file. A change of
//! structure changes none of them; a change of words is reviewed there (`INSTA_UPDATE=always cargo test --test it golden` writes them again).
//!
//! Each fixture is run until nothing happens any more, with two people who approve everything. How long a run took is left out.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;

use end_to_end::site::{Report, Site};
use github_stand_in::{Place, Reach};
use test_support::golden::{holds, holds_no_others};
use test_support::{fixture_names, root};

/// Where the golden files are.
fn folder() -> PathBuf {
    root("crates/end-to-end/tests/it/golden")
}

#[test]
fn every_golden_file_belongs_to_a_fixture() {
    holds_no_others(&folder(), &["github"]);
}

/// Everything that Sluice said to GitHub.
fn on_github<R: Reach>(page: &mut String, repo: &Place<R>) {
    let mut numbers = repo.pulls(true);
    numbers.extend(repo.pulls(false));
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let pull = repo.pull(number);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let _ = writeln!(
            page,
            "## #{number} {}: {}\nbranch {}\nlabels {}\n",
            repo.state(number),
            word(&pull["title"]),
            word(&pull["head"]["ref"]),
            repo.labels(number).join(", "),
        );
        let _ = writeln!(page, "{}\n", repo.body(number));
        for (by, text) in repo.comments(number) {
            let _ = writeln!(page, "### {by}\n{text}\n");
        }
        let head = repo.head(number);
        for status in repo.statuses(&head) {
            let _ = writeln!(page, "status {status}");
        }
        let _ = writeln!(page, "commit\n{}\n", repo.message(&head));
    }
}

/// The text without how long a run took.
fn without_seconds(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.split_inclusive([' ', '<']);
        let words: Vec<&str> = words.collect();
        let is_time = |at: usize| {
            let number = words[at].trim_end();
            let ends = [' ', '<'];
            let unit = words.get(at + 1).map(|unit| unit.trim_end_matches(ends)) == Some("s");
            unit && number.parse::<f64>().is_ok()
        };
        let kept = (0..words.len()).map(|at| if is_time(at) { "… " } else { words[at] });
        kept.collect::<String>() + "\n"
    });
    lines.collect()
}

fn said(page: &mut String, command: &[&str], report: &Report) {
    let _ = writeln!(page, "$ sluice {}", command.join(" "));
    let _ = writeln!(page, "{}", report.text.trim_end());
    for notice in &report.notices {
        let _ = writeln!(page, "notice: {notice}");
    }
    let _ = writeln!(page, "exit {}\n", report.exit as u8);
}

#[tokio::test]
async fn runs_on_github_print_and_write_what_they_did() {
    for name in fixture_names() {
        let site = Site::of(&name).await;
        let repo = site.repo();
        let mut page = String::new();
        for round in 1..=4 {
            let tip = repo.tip("main");
            let pulls = repo.pulls(true);
            let _ = writeln!(page, "# Round {round}\n");
            for command in [
                &["reconcile", "--format=text"][..],
                &["reconcile", "--dry-run", "--format=json"],
                &["status", "--format=text"],
                &["status", "--format=json"],
            ] {
                said(&mut page, command, &site.call(command).await);
            }
            let _ = writeln!(
                page,
                "summary\n{}\n",
                crate::step::summary_of_a_dry_run(&site)
            );
            on_github(&mut page, &repo);
            let _ = writeln!(page, "main\n{}\n", repo.message("main"));
            for number in repo.pulls(true) {
                repo.by("carol").approves(number);
                repo.by("dave").approves(number);
            }
            if round > 1 && tip == repo.tip("main") && pulls == repo.pulls(true) {
                break;
            }
        }
        holds(&folder(), &name, "github", &without_seconds(&page));
    }
}
