//! What a person reads: it fits, it says nothing that a terminal obeys, and it shows no secret.

use super::promote;
use crate::SLUICE;
use test_support::git::git;
use test_support::{
    change, chart, deviations, differing, history, message, pipeline, replace, repo, repo_of, run,
    service,
};

#[test]
fn the_list_reads_well_in_a_hundred_columns() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = message(&repo);
    // As a forge would have it: an emergency that someone asked for, one gate that passed and one that did not.
    let words = words.replace(
        "Sluice-Repository",
        "Sluice-Requested-By: 1001\nSluice-Reason: \"cut-over of INC-4711, agreed in the call with everybody who was \
         on duty, because the old charts are withdrawn on Monday\"\nSluice-Emergency: soak+window\nSluice-Repository",
    );
    let words = format!(
        "{words}Sluice-Gate: office-hours open: opens Mon 09:00 Europe/Berlin\nSluice-Gate: odd pass: x open: y\n"
    );
    git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    change(&repo, &words, &[("prod.yaml", &chart("web-prod", "1.1.0"))]);
    // The name of a temporary folder is random, its digits too.
    let text = run(repo.path(), &["history"]).exits(0).out;
    let (_, text) = text.split_once('\n').unwrap();
    let digits = repo.tip("main").unwrap().short();
    insta::assert_snapshot!(text.replace(&digits, "COMMIT7").trim_start(), @r"
    2023-11-14 22:15  COMMIT7  apps/web  dev → prod  plan 8130bb
        web-prod  spec.helm.version  1.0.0 → 1.1.0
      ! emergency  skipped soak+window
        requested by 1001  cut-over of INC-4711, agreed in the call with everybody who was on duty,
                           because the old charts are withdrawn on Monday
      ✓ release  approved by ann (given by hand, unverified)
      ✗ office-hours  did not pass: opens Mon 09:00 Europe/Berlin
      ? odd pass: x open: y

    1 landing. Next: sluice history PATH --verify
    ");
    assert!(text.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn foreign_text_cannot_move_a_terminal() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = format!(
        "{}Sluice-Gate: x\u{1b}[31m pass: by \u{202e}ann\u{7} {}\n",
        message(&repo),
        "w".repeat(400)
    );
    git(repo.path(), &["commit", "-q", "--amend", "-m", &words]);
    let edit = [
        "-c",
        "user.name=e\u{1b}[2Jvil\u{202e}",
        "-c",
        "user.email=e@example.com",
        "commit",
        "-qam",
        "x (#5)",
    ];
    repo.write("prod.yaml", &chart("web-prod", r#""1.0.5\e[1m""#));
    git(repo.path(), &edit);
    for arguments in [&["history"][..], &["history", "--verify"]] {
        for arguments in [
            arguments.to_vec(),
            [arguments, &["--format", "json"]].concat(),
        ] {
            let printed = SLUICE.run(repo.path(), &arguments);
            let hidden = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!printed.all().contains(hidden), "{}", printed.all());
        }
        let text = run(repo.path(), arguments).out;
        assert!(
            text.lines().skip(1).all(|line| line.chars().count() <= 100),
            "{text}"
        );
    }
    run(repo.path(), &["history"]).says(&["\\u{1b}[31m"]);
    run(repo.path(), &["history", "--verify"]).says(&["e\\u{1b}[2Jvil\\u{202e}", "#5"]);
}

#[test]
fn a_secret_is_never_shown() {
    let keyed = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: token"]),
        ],
        &[("dev prod", &["release APPROVAL"])],
    );
    let secret = |name: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{ name: {name}, namespace: apps }}\nstringData: {{ token: {value} }}\n"
        )
    };
    let refers = |name: &str| format!("configurationRef: {{ name: {name} }}");
    let repo = repo(&[
        ("dev.yaml", &service("web-dev", &refers("dev"))),
        ("prod.yaml", &service("web-prod", &refers("prod"))),
        ("secret-dev.yaml", &secret("dev", "canary-dev")),
        ("secret-prod.yaml", &secret("prod", "canary-old")),
        ("web.yaml", &keyed),
    ]);
    promote(&repo, "web", "prod");
    change(
        &repo,
        "by hand",
        &[("secret-prod.yaml", &secret("prod", "canary-hand"))],
    );
    // Out of its Secret and into plain text: worse, and still nothing to print.
    let plain = format!(
        "{}\nconfiguration: {{ token: canary-plain }}",
        refers("prod")
    );
    change(
        &repo,
        "leaked",
        &[("prod.yaml", &service("web-prod", &plain))],
    );
    for arguments in [
        &["history"][..],
        &["history", "--verify"],
        &["history", "--format", "json"],
        &["history", "--verify", "--format", "json"],
    ] {
        let printed = run(repo.path(), arguments).all();
        assert!(!printed.contains("canary"), "{printed}");
    }
    run(repo.path(), &["history"]).says(&["stringData.token  changed, not shown"]);
    let document = history(repo.path(), &["--verify"]).exits(3).json();
    let found = deviations(&document);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].ends_with("web-prod spec.configuration.token: secret"),
        "{found:?}"
    );
    assert!(
        found[1].ends_with("prod stringData.token: secret"),
        "{found:?}"
    );
}

#[test]
fn what_was_found_reads_well_in_a_hundred_columns() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = message(&repo);
    let hotfix = replace(&repo, "prod.yaml", "1.1.0", "1.1.1");
    let forged = change(
        &repo,
        &format!("Look (#12)\n{words}"),
        &[("prod.yaml", &chart("web-prod", "1.0.5"))],
    );
    let text = run(repo.path(), &["history", "--verify"]).exits(3).out;
    let (_, text) = text.split_once('\n').unwrap();
    let text = text
        .replace(&hotfix.short(), "HOTFIX7")
        .replace(&forged.short(), "FORGED7");
    insta::assert_snapshot!(text.trim_start(), @r"
    2023-11-14 22:16  FORGED7  false record  by Test  #12
        claims  apps/web → prod, plan 8130bb, which does not match what it changed
        in  prod.yaml
        web-prod  spec.helm.version  1.1.1 → 1.0.5

    2023-11-14 22:15  HOTFIX7  drift  by Test
        in  prod.yaml
        web-prod  spec.helm.version  1.1.0 → 1.1.1

    Not clean: 1 drift, 1 false record.
    ");
}

#[test]
fn a_command_that_is_to_be_pasted_stands_on_one_line_however_long_its_path_is() {
    let repo = repo_of("triggers");
    let kept = tempfile::tempdir().unwrap();
    let long = kept.path().join("a-folder-of-a-long-name/".repeat(4));
    git(
        repo.path(),
        &["clone", "--quiet", ".", long.to_str().unwrap()],
    );
    for (command, wanted) in [
        ("history", "Next: sluice history PATH --verify\n"),
        (
            "status",
            "help: sluice promote --local PATH --pipeline app --to manual\n",
        ),
    ] {
        let text = run(&long, &[command]).exits(0).out;
        assert!(text.contains(wanted), "{text}");
    }
}
