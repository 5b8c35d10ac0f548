//! The documents say what is so: pictures in the README are what the program prints, and docs/checks.md lists every
//! check.

use std::fs;

use clap::Parser;
use sluice::cli::Cli;
use sluice::report::style::Style;
use test_support::read;

/// The console blocks of a document: what is typed behind `$ `, and what is printed.
fn console_blocks(text: &str) -> Vec<(String, String)> {
    text.split("```console\n")
        .skip(1)
        .map(|block| {
            let block = block.split("```").next().unwrap();
            let (typed, printed) = block.split_once('\n').unwrap();
            (
                typed.strip_prefix("$ ").unwrap().to_owned(),
                printed.to_owned(),
            )
        })
        .collect()
}

#[test]
fn the_pictures_in_the_readme_are_what_the_program_prints() {
    let blocks = console_blocks(&read("README.md"));
    assert!(blocks.len() >= 2);
    for (typed, printed) in blocks {
        let typed = typed.replace("cargo run --release --", "sluice");
        let words = typed
            .split_whitespace()
            .chain(["--at", "2026-11-20T16:02:00Z"]);
        let cli = Cli::try_parse_from(words).unwrap();
        let output = sluice::commands::dispatch::execute(
            cli,
            jiff::Timestamp::UNIX_EPOCH,
            Style::default(),
            &sluice::runner::Environment::default(),
        )
        .unwrap();
        // A picture may stop before the end, at a line of dots.
        match printed.split_once("…\n") {
            Some((shown, _)) => assert!(
                output.text.starts_with(shown),
                "{}\n---\n{shown}",
                output.text
            ),
            None => assert_eq!(output.text, printed),
        }
    }
}

#[test]
fn every_example_in_the_document_about_gates_is_what_the_program_prints() {
    let text = read("docs/gates.md");
    let blocks = console_blocks(&text);
    assert!(blocks.len() > sluice::plan::FORMS.len());
    for (typed, printed) in &blocks {
        let cli = Cli::try_parse_from(typed.split_whitespace()).unwrap();
        let output = sluice::commands::dispatch::execute(
            cli,
            jiff::Timestamp::UNIX_EPOCH,
            Style::default(),
            &sluice::runner::Environment::default(),
        )
        .unwrap();
        assert_eq!(&output.text, printed, "{typed}");
    }
    // The policies that it shows are those of the examples.
    for block in text.split("```yaml\n").skip(1) {
        let shown = block.split("```").next().unwrap();
        let is_of_an_example = blocks.iter().any(|(typed, _)| {
            let folder = typed.split_whitespace().nth(2).unwrap();
            read(&format!("{folder}/.github/sluice.yaml")) == shown
        });
        assert!(is_of_an_example, "{shown}");
    }
}

#[test]
fn every_way_in_which_a_gate_opens_has_words_a_schema_a_simulation_and_tests() {
    let root = test_support::root("");
    let text = read("docs/gates.md");
    let schema = sluice::policy::schema();
    let rule = schema["$defs"]["GateRule"].to_string();
    let mut files = std::collections::BTreeSet::new();
    for form in sluice::plan::FORMS {
        let name = form.file;
        assert!(
            text.contains(&format!("\n## {}\n", form.heading)),
            "{name}: no section in docs/gates.md"
        );
        assert!(
            text.contains(&format!(
                "$ sluice simulate fixtures/gates/{} ",
                form.fixture
            )),
            "{name}: no example that is run"
        );
        for field in form.fields {
            assert!(
                rule.contains(&format!("\"{field}\"")),
                "{name}: {field} is not in the schema"
            );
            assert!(
                read("docs/policy.md").contains(&format!("`{field}`")),
                "{name}: {field} is not in docs/policy.md"
            );
        }
        let source = read(&format!("src/plan/gates/{name}.rs"));
        let beside = root.join(format!("src/plan/gates/{name}/tests.rs"));
        assert!(
            beside.exists() || source.contains("mod tests {"),
            "{name}: no table test"
        );
        files.insert(format!("{name}.rs"));
    }
    let there: std::collections::BTreeSet<String> = fs::read_dir(root.join("src/plan/gates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".rs") && name != "tests.rs")
        .collect();
    assert_eq!(
        there, files,
        "every file in src/plan/gates is in the list, and the other way round"
    );
}

#[test]
fn every_check_is_listed_as_it_is() {
    let document = read("docs/checks.md");
    let rows: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let mut missing = Vec::new();
    for check in sluice::checks::CHECKS {
        let severity = format!("{:?}", check.severity).to_lowercase();
        let row = rows
            .iter()
            .find(|row| row.starts_with(&format!("| `{}` | {severity} |", check.code)));
        if !row.is_some_and(|row| row.ends_with(&format!("| {} |", check.about))) {
            missing.push(check.code);
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(rows.len(), sluice::checks::CHECKS.len());
}
