//! Exit codes, streams, and what counts as a repository. Through the process if that is the point.

use std::os::unix::fs::symlink;

use crate::SLUICE;
use test_support::git::TestRepo;
use test_support::{chart, copy_of, fixture, folder, plan, repo, repo_of, run, web};

#[test]
fn zero_where_all_is_well_pending_gates_and_warnings_included() {
    for name in [
        "k3s-upgrade",
        "k3s-upgrade-version",
        "plural-examples",
        "three-services",
        "freeze-and-holds",
    ] {
        for arguments in [&["validate"][..], &["plan"], &["simulate"], &["graph"]] {
            let ran = SLUICE.run(&fixture(name), arguments).exits(0);
            assert!(ran.err.is_empty(), "{name} {arguments:?}: {}", ran.err);
            assert!(!ran.out.is_empty());
        }
    }
}

#[test]
fn one_where_something_could_not_be_read() {
    let repo = repo_of("two-pipelines");
    // An object that is gone.
    let blob = test_support::git::git(repo.path(), &["rev-parse", "HEAD:all.yaml"]);
    let (head, rest) = blob.trim().split_at(2);
    let object = repo.path().join(".git/objects").join(head).join(rest);
    std::fs::remove_file(object).unwrap();
    let ran = SLUICE.run(repo.path(), &["plan"]).exits(1);
    assert!(
        ran.out.is_empty() && ran.err.starts_with("error: "),
        "{}",
        ran.all()
    );
}

#[test]
fn two_for_a_finding() {
    SLUICE.run(&fixture("secrets-sops"), &["plan"]).exits(2);
    SLUICE.run(&fixture("secrets-sops"), &["validate"]).exits(2);
    SLUICE.run(&fixture("secrets-sops"), &["graph"]).exits(2);
    SLUICE.run(&fixture("secrets-sops"), &["simulate"]).exits(2);
}

#[test]
fn two_for_an_invalid_policy_also_without_any_pipeline() {
    let dir = folder(&[(".github/sluice.yaml", "version: 2\n")]);
    for arguments in [&["validate"][..], &["plan"], &["simulate"], &["graph"]] {
        run(dir.path(), arguments).exits(2);
    }
}

#[test]
fn three_where_it_is_blocked_for_safety() {
    let repo = repo_of("two-pipelines");
    let promote = ["promote", "--local", "--pipeline", "search", "--to", "prod"];
    let ran = SLUICE.run(repo.path(), &promote).exits(3);
    assert!(
        ran.out.is_empty() && ran.err.starts_with("error: not every gate passes"),
        "{}",
        ran.all()
    );
}

#[test]
fn without_a_pipeline_one_line_says_so() {
    let dir = folder(&[("notes.md", "x\n")]);
    for arguments in [&["validate"][..], &["plan"], &["simulate"], &["graph"]] {
        let ran = SLUICE.run(dir.path(), arguments).exits(0);
        let all = ran.all();
        let lines: Vec<_> = all
            .lines()
            .filter(|line| line.contains("There is no Pipeline here"))
            .collect();
        assert_eq!(lines.len(), 1, "{arguments:?}: {all}");
    }
}

#[test]
fn without_a_pipeline_json_says_so_on_standard_error() {
    let dir = folder(&[("notes.md", "x\n")]);
    for command in ["validate", "plan", "simulate", "graph"] {
        let json = [command, "--format", "json"];
        let ran = SLUICE.run(dir.path(), &json).exits(0);
        ran.json();
        assert_eq!(
            ran.err.matches("There is no Pipeline here").count(),
            1,
            "{json:?}: {}",
            ran.err
        );
    }
}

#[test]
fn a_folder_inside_a_repository_is_a_plain_folder() {
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let repo = repo(&[("deep/web.yaml", &services)]);
    std::fs::write(
        repo.path().join("deep/web.yaml"),
        services.replace("1.1.0", "1.2.0"),
    )
    .unwrap();
    let planned = plan(&repo.path().join("deep"));
    assert!(planned.0["base"].is_null());
    assert_eq!(
        planned.changes("web", "prod"),
        ["web-prod spec.helm.version: 1.0.0 → 1.2.0"]
    );
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "web",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(&repo.path().join("deep"), &promote)
        .exits(64)
        .says(&["is not a git repository"]);
}

#[test]
fn the_current_commit_is_read_and_changed_files_are_counted_but_validate_reads_the_disk() {
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    std::fs::write(repo.path().join("dev.yaml"), chart("web-dev", "9.9.9")).unwrap();
    std::fs::write(repo.path().join("web.yaml"), "gone: true\n").unwrap();
    let ran = run(repo.path(), &["plan"])
        .exits(0)
        .says(&["2 changed files are not committed and ignored"]);
    assert!(
        ran.out.contains("1.0.0 → 1.1.0") && !ran.out.contains("9.9.9"),
        "{}",
        ran.out
    );
    let ran = run(repo.path(), &["validate", "--format", "json"]).exits(0);
    assert_eq!(ran.json()["pipelines"], 0);
    assert!(!ran.err.contains("not looked at"), "{}", ran.err);
}

#[test]
fn a_bare_repository_is_planned_and_not_validated() {
    let bare = TestRepo::bare();
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    bare.commit("main", &[("web.yaml", &services)]);
    assert_eq!(plan(bare.path()).state("web", "prod"), "due");
    run(bare.path(), &["plan"]).exits(0);
    run(bare.path(), &["simulate", "--approve", "a"]).exits(0);
    run(bare.path(), &["graph"]).exits(0);
    run(bare.path(), &["validate"])
        .exits(64)
        .says(&["bare repository"]);
}

#[test]
fn a_symlinked_manifest_is_not_read_on_disk_or_in_a_commit() {
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let repo = TestRepo::new();
    repo.on("main")
        .file("web.txt", &services)
        .symlink("web.yaml", "web.txt")
        .done();
    repo.check_out("main");
    assert_eq!(plan(repo.path()).0["pipelines"], serde_json::json!([]));
    assert_eq!(
        run(repo.path(), &["validate", "--format", "json"])
            .exits(0)
            .json()["files"],
        0
    );

    let dir = folder(&[("elsewhere/web.yaml", &services), ("top/notes.md", "x")]);
    symlink(dir.path().join("elsewhere"), dir.path().join("top/linked")).unwrap();
    symlink("../elsewhere/web.yaml", dir.path().join("top/web.yaml")).unwrap();
    assert_eq!(
        plan(&dir.path().join("top")).0["pipelines"],
        serde_json::json!([])
    );
}

#[test]
fn a_symlinked_policy_is_refused_and_never_taken_for_none() {
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let strict = "version: 1\ngates: { release: { approve: [{ by: writers, count: 5 }] } }\n";
    let repo = TestRepo::new();
    repo.on("main")
        .file("web.yaml", &services)
        .file("policy.yaml", strict)
        .symlink(".github/sluice.yaml", "../policy.yaml")
        .done();
    repo.check_out("main");
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "web",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    let tip = repo.tip("main");
    let ran = run(repo.path(), &promote);
    assert_eq!(
        repo.tip("main"),
        tip,
        "the policy of five approvals was passed over: {}",
        ran.all()
    );
    assert_ne!(run(repo.path(), &["plan"]).exit, 0);
    assert_ne!(run(repo.path(), &["validate"]).exit, 0);
}

#[test]
fn a_policy_given_by_file_is_read_instead_of_the_repositorys() {
    let dir = copy_of("three-services");
    let other = folder(&[(
        "p.yaml",
        "version: 1\nholds: [{ pipeline: payments, reason: given }]\n",
    )]);
    let file = other.path().join("p.yaml");
    let file = file.to_str().unwrap();
    let planned = test_support::plan_with(dir.path(), &["--policy", file]);
    assert_eq!(planned.reason("payments", "prod"), "held: given");
    assert_eq!(
        planned.promotion("payments", "prod")["left_out"],
        serde_json::json!([])
    );
    std::fs::write(other.path().join("p.yaml"), "version: 1\nhold: []\n").unwrap();
    let ran = run(dir.path(), &["plan", "--policy", file]).exits(2);
    ran.says(&["error[policy-invalid]: ", &format!("--> {file}:2:1")]);
}

#[test]
fn the_policy_is_read_from_the_commit_too() {
    let repo = repo_of("three-services");
    std::fs::write(repo.path().join(".github/sluice.yaml"), "version: 1\n").unwrap();
    assert_eq!(
        plan(repo.path()).promotion("payments", "prod")["left_out"][0]["name"],
        "ledger-prod"
    );
}

#[test]
fn a_repository_without_a_commit_says_so() {
    let repo = TestRepo::new();
    let ran = run(repo.path(), &["plan"]).exits(0);
    assert!(
        ran.out.contains("the repository has no commit yet"),
        "{}",
        ran.out
    );
}

#[test]
fn ignored_files_are_not_validated() {
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let repo = repo(&[
        ("web.yaml", &services),
        (".gitignore", "vendor/\n*.tmp.yaml\n"),
    ]);
    repo.write("vendor/copy.yaml", &services);
    repo.write("copy.tmp.yaml", &services);
    assert_eq!(
        run(repo.path(), &["validate", "--format", "json"])
            .exits(0)
            .json()["pipelines"],
        1
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = SLUICE
        .command()
        .arg("schema")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn there_is_no_colour_where_nobody_sees_it() {
    let ran = SLUICE.run(&fixture("secrets-sops"), &["plan"]).exits(2);
    assert!(!ran.all().contains('\u{1b}'), "{:?}", ran.all());
}
