//! Calls that make no sense end with 64, and nothing else does.

use crate::SLUICE;
use test_support::{chart, copy_of, fixture, folder, repo, run, web};

#[test]
fn sixty_four_for_a_call_that_makes_no_sense() {
    let fields = fixture("fields");
    let empty = folder(&[]);
    for (path, arguments) in [
        (fields.as_path(), &["plain"][..]),
        (&fields, &["plan", "--format", "xml"]),
        (&fields, &["plan", "--at", "yesterday"]),
        (&fields, &["plan", "--policy", "/nonexistent.yaml"]),
        (&fields, &["plan", "--format=json", "--diff"]),
        (&fields, &["schema"]),
        (&fields, &["simulate", "--approve", "@"]),
        (&fields, &["graph", "--at", "2026-07-01T12:00:00Z"]),
        (&fields, &["status", "--pipeline", "none-such"]),
        (&fields, &["status", "--repository", "acme/gitops"]),
        (&fields, &["board"]),
        (&fields, &["board", "--html=x", "--repository=acme/gitops"]),
        (&fields, &["board", "--html=x", "--pipeline=none-such"]),
        (&fields, &["board", "--html=x", "--interval=soon"]),
        (&fields, &["board", "--html=x", "--interval=0h"]),
        (&fields, &["board", "--html=x", "--interval=2y"]),
        (&fields, &["board", "--html=x", "--format=json"]),
        (&fields, &["promote", "--pipeline", "x", "--to", "prod"]),
        (
            &fields,
            &[
                "promote",
                "--local",
                "--dry-run",
                "--pipeline",
                "x",
                "--to",
                "prod",
            ],
        ),
        (
            &fields,
            &[
                "promote",
                "--local",
                "--freeze=x",
                "--pipeline",
                "x",
                "--to",
                "prod",
            ],
        ),
        (&fields, &["history"]),
        (
            empty.path(),
            &["promote", "--local", "--pipeline", "x", "--to", "prod"],
        ),
        (std::path::Path::new("/nonexistent/sluice"), &["plan"]),
        (&fields.join("README.md"), &["plan"]),
    ] {
        let ran = SLUICE.run(path, arguments).exits(64);
        assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
        assert!(ran.err.starts_with("error: "), "{arguments:?}: {}", ran.err);
    }
    SLUICE.run_in(empty.path(), &[], &[]).exits(64);
    SLUICE.run_in(empty.path(), &[], &["reconcile"]).exits(64);
}

#[test]
fn a_dry_run_of_a_local_promotion_commits_nothing() {
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let repo = repo(&[("web.yaml", &services)]);
    let tip = repo.tip("main");
    let promote = [
        "promote",
        "--local",
        "--dry-run",
        "--pipeline=web",
        "--to=prod",
        "--approved-by=ann",
    ];
    run(repo.path(), &promote).exits(64).says(&["--dry-run"]);
    assert_eq!(repo.tip("main"), tip);
}

#[test]
fn help_is_an_answer_and_names_the_exit_codes_and_the_variables() {
    let empty = folder(&[]);
    for arguments in [
        &["help"][..],
        &["--help"],
        &["help", "plan"],
        &["--version"],
    ] {
        let ran = SLUICE.run_in(empty.path(), &[], arguments).exits(0);
        assert!(ran.err.is_empty() && !ran.out.is_empty(), "{arguments:?}");
    }
    SLUICE
        .run_in(empty.path(), &[], &["--help"])
        .says(&["64  wrong usage"]);
    for command in [
        "status",
        "board",
        "reconcile",
        "promote",
        "rollback",
        "retry",
        "doctor",
    ] {
        SLUICE
            .run_in(empty.path(), &[], &[command, "--help"])
            .says(&[
                "GITHUB_TOKEN",
                "GH_TOKEN",
                "GITHUB_REPOSITORY",
                "SLUICE_READ_TOKEN",
                "NO_COLOR",
            ]);
    }
}

#[test]
fn what_cannot_be_printed_is_said() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = SLUICE
        .command()
        .arg("plan")
        .arg(fixture("fields"))
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        "error: standard output could not be written: No space left on device (os error 28)\n"
    );
}

#[test]
fn commands_in_hints_hold_what_was_given_so_that_they_can_be_pasted() {
    let dir = copy_of("secrets-sops");
    let given = dir.path().to_str().unwrap();
    let plan = SLUICE.run_in(
        dir.path(),
        &[],
        &["plan", given, "--policy", "my policy.yaml"],
    );
    assert_eq!(plan.exit, 64, "{}", plan.all());
    std::fs::write(dir.path().join("my policy.yaml"), "version: 1\n").unwrap();
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let other = folder(&[("web.yaml", &services)]);
    let there = other.path().to_str().unwrap();
    let ran = SLUICE
        .run_in(
            dir.path(),
            &[],
            &["plan", there, "--policy", "my policy.yaml"],
        )
        .exits(0);
    ran.says(&[&format!(
        "Next: sluice simulate {there} --policy 'my policy.yaml' --approve NAME"
    )]);
    // Without PATH there is nothing to give again.
    SLUICE
        .run_in(other.path(), &[], &["plan"])
        .exits(0)
        .says(&["Next: sluice simulate --approve NAME"]);
}
