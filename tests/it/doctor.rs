//! `doctor` without GitHub: what is refused before anything is asked, what follows from facts, and that the documents list what there is.

mod verdicts;

use std::path::Path;

use crate::SLUICE;
use test_support::{Ran, read};

const SLUG: &str = "acme/gitops";

/// Runs `sluice doctor` with nothing but these variables.
fn ran_with(variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    SLUICE.run_in(
        Path::new("."),
        variables,
        &[&["doctor"], arguments].concat(),
    )
}

#[test]
fn a_token_is_never_taken_from_the_command_line() {
    let none = ran_with(&[("GITHUB_REPOSITORY", SLUG)], &[]);
    none.exits(64)
        .says(&["there is no token", "never read from the command line"]);
    ran_with(&[], &[]).exits(64).says(&["no repository given"]);
    ran_with(&[], &["--repository", "no-slug"])
        .exits(64)
        .says(&["a repository such as owner/name"]);
}

#[test]
fn a_token_is_not_sent_over_plain_http() {
    let variables = [
        ("GITHUB_API_URL", "http://github.example"),
        ("GITHUB_TOKEN", "ghp_canary"),
    ];
    let refused = ran_with(&variables, &["--repository", SLUG]).exits(64);
    assert!(!refused.all().contains("canary"));
    refused.says(&["is not https"]);
}

#[test]
fn a_scratch_repository_is_not_mixed_with_another_one() {
    for more in [["--repository", "acme/gitops"], ["--format=text", "folder"]] {
        let arguments = ["--live", "acme/scratch", more[0], more[1]];
        ran_with(&[], &arguments)
            .exits(64)
            .says(&["cannot be used with"]);
    }
}

#[test]
fn the_documents_list_what_there_is() {
    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        rows.map(str::to_owned).collect()
    };
    let checks: Vec<String> = sluice::doctor::CHECKS
        .iter()
        .map(|check| format!("| `{}` | {} |", check.code, check.about))
        .collect();
    assert_eq!(rows(&read("docs/doctor.md")), checks);
    // The state is what someone's run showed; what is believed is what the program believes.
    let believed: Vec<[String; 4]> = rows(&read("docs/assumptions.md"))
        .iter()
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let [code, state, statement, source, if_wrong] = cells[..] else {
                panic!("not five cells: {row}");
            };
            // A question is answered, everything else proved.
            let run = if statement.starts_with("Whether ") {
                "seen on 20"
            } else {
                "proved on 20"
            };
            assert!(state == "**unproved**" || state.starts_with(run), "{row}");
            [code.trim_matches('`'), statement, source, if_wrong].map(str::to_owned)
        })
        .collect();
    let known: Vec<[String; 4]> = sluice::model::assumption::ASSUMPTIONS
        .iter()
        .map(|one| [one.code, one.statement, one.source.words(), one.if_wrong].map(str::to_owned))
        .collect();
    assert_eq!(believed, known);
}
