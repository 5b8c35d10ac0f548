//! Golden files: every text and document that the fixtures give, whole, in `golden/` beside this file. A change of structure changes none of them;
//! a change of words is reviewed there (`INSTA_UPDATE=always cargo test --test it golden` writes them anew).
//!
//! Each fixture is looked at as a folder, promoted in a repository without GitHub, and run on the stand-in GitHub until nothing happens any more,
//! with two people who approve everything. How long a run took is left out.

use std::fmt::Write;

use serde_json::Value;

use crate::support::cli::{Ran, fixture, repo_of, run};
use crate::support::git::git;
use crate::support::site::{Report, Site};
use github_stand_in::{Place, Reach};

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

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(fixture(".")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Compares with `golden/NAME.KIND.snap`.
fn holds(name: &str, kind: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{name}.{kind}"), text));
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
    for name in names() {
        let mut page = String::new();
        for command in LOOKS {
            add(&mut page, command, &run(&fixture(&name), command));
        }
        holds(&name, "folder", &page);
    }
}

#[test]
fn every_golden_file_belongs_to_a_fixture() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let kinds = ["folder", "github", "local"];
    let files = |name: &String| kinds.map(|kind| format!("{name}.{kind}.snap"));
    let mut wanted: Vec<String> = names().iter().flat_map(files).collect();
    wanted.sort();
    assert_eq!(found, wanted);
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
    for name in names() {
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
        holds(&name, "local", &page.replace(folder, "FOLDER"));
    }
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
    for name in names() {
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
                crate::reconcile::step::summary_of_a_dry_run(&site)
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
        holds(&name, "github", &without_seconds(&page));
    }
}
