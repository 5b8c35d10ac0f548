//! `promote --local`: one commit on the current branch, or nothing at all.

use crate::SLUICE;
use test_support::git::{TestRepo, git};
use test_support::{
    PROMOTE, PlanDoc, chart, differing_beside, pipeline, plan, repo, repo_of, run, service,
    snapshot, web,
};

fn differing() -> TestRepo {
    differing_beside(&[("notes.md", "notes\n")])
}

/// Runs and asserts that nothing at all changed but reflogs and locks that came and went.
#[track_caller]
fn refused(repo: &TestRepo, arguments: &[&str], exit: u8, words: &[&str]) {
    let before = files(repo);
    run(repo.path(), arguments).exits(exit).says(words);
    assert_eq!(files(repo), before);
}

/// Everything on disk but loose objects, which nothing refers to, and the index, which `git status` may refresh.
fn files(repo: &TestRepo) -> Vec<(String, test_support::Entry)> {
    let mut all = snapshot(repo.path());
    all.retain(|path, _| {
        !path.starts_with(".git/objects/") && path != ".git/index" && !path.starts_with("objects/")
    });
    all.into_iter().collect()
}

#[test]
fn one_commit_moves_the_branch_and_the_tree_is_clean() {
    let repo = differing();
    let tip = repo.tip("main").unwrap();
    let ran = run(repo.path(), &PROMOTE).exits(0);
    let new = repo.tip("main").unwrap();
    assert_eq!(
        git(repo.path(), &["rev-parse", "HEAD^"]).trim(),
        tip.to_string()
    );
    assert_eq!(
        git(repo.path(), &["diff", "--name-only", "HEAD^", "HEAD"]),
        "prod.yaml\n"
    );
    assert_eq!(git(repo.path(), &["status", "--porcelain"]), "");
    assert_eq!(
        git(repo.path(), &["symbolic-ref", "HEAD"]),
        "refs/heads/main\n"
    );
    assert_eq!(git(repo.path(), &["fsck", "--strict", "--no-dangling"]), "");
    assert_eq!(repo.read("prod.yaml").unwrap(), chart("web-prod", "1.1.0"));
    assert!(
        ran.out.contains(&format!(
            "Promoted prod in commit {}.",
            &new.to_string()[..7]
        )),
        "{}",
        ran.out
    );
    assert_eq!(
        git(repo.path(), &["log", "-1", "--format=%an <%ae> %at"]),
        "Test <test@example.com> 1782907200\n"
    );
}

#[test]
fn in_sync_is_no_failure_and_writes_nothing() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    let tip = repo.tip("main");
    run(repo.path(), &PROMOTE)
        .exits(0)
        .says(&["is in sync", "Nothing was written"]);
    assert_eq!(repo.tip("main"), tip);
    // Without an approval too: there is nothing to approve.
    run(repo.path(), &PROMOTE[..6]).exits(0);
}

#[test]
fn what_is_staged_elsewhere_stays_staged_and_what_is_changed_stays_changed() {
    let repo = differing();
    repo.write("notes.md", "staged\n");
    repo.stage("notes.md");
    repo.write("new.md", "new\n");
    repo.stage("new.md");
    repo.write("dev.yaml", &chart("web-dev", "9.9.9"));
    repo.write("untracked.md", "u\n");
    let before = git(repo.path(), &["status", "--porcelain"]);
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(git(repo.path(), &["status", "--porcelain"]), before);
    assert_eq!(
        repo.read("prod.yaml").unwrap(),
        chart("web-prod", "1.1.0"),
        "HEAD is read, not the changed file"
    );
    assert_eq!(
        git(repo.path(), &["show", "--name-only", "--format=", "HEAD"]),
        "prod.yaml\n"
    );
}

#[test]
fn touched_files_that_are_changed_are_named_and_nothing_happens() {
    let repo = differing();
    repo.write("prod.yaml", "mine\n");
    refused(&repo, &PROMOTE, 3, &["prod.yaml"]);
    repo.stage("prod.yaml");
    refused(&repo, &PROMOTE, 3, &["prod.yaml"]);
    let repo = differing();
    std::fs::remove_file(repo.path().join("prod.yaml")).unwrap();
    refused(&repo, &PROMOTE, 3, &["prod.yaml"]);
}

#[test]
fn a_gate_without_approval_refuses_with_what_to_do() {
    let repo = differing();
    refused(
        &repo,
        &PROMOTE[..6],
        3,
        &[
            "release (APPROVAL)",
            "--approved-by NAME",
            "nothing was written",
        ],
    );
}

#[test]
fn a_detached_head_a_missing_author_and_a_plain_folder_are_refused() {
    let repo = differing();
    repo.git()
        .set_head_detached(test_support::git::to_oid(&repo.tip("main").unwrap()))
        .unwrap();
    refused(
        &repo,
        &PROMOTE,
        3,
        &["no branch is checked out", "git switch"],
    );

    let repo = differing();
    repo.configure("user.email", "");
    refused(&repo, &PROMOTE, 3, &["git config --global user.email"]);

    let dir = test_support::copy_of("two-pipelines");
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "search",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(dir.path(), &promote)
        .exits(64)
        .says(&["is not a git repository"]);

    let unborn = TestRepo::new();
    run(unborn.path(), &PROMOTE)
        .exits(64)
        .says(&["no commit yet"]);
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let repo = differing();
    let with = |pipeline: &'static str, to: &'static str| {
        [
            "promote",
            "--local",
            "--pipeline",
            pipeline,
            "--to",
            to,
            "--approved-by",
            "ann",
        ]
    };
    refused(
        &repo,
        &with("wep", "prod"),
        64,
        &["there is no pipeline wep", "did you mean web?"],
    );
    refused(&repo, &with("zzzzzz", "prod"), 64, &["there are: web"]);
    refused(
        &repo,
        &with("web", "prot"),
        64,
        &["web has no stage prot", "did you mean prod?"],
    );
    refused(
        &repo,
        &with("web", "zzzzzz"),
        64,
        &["its stages are: dev, prod"],
    );
    refused(
        &repo,
        &with("other/web", "prod"),
        64,
        &["there is no pipeline other/web"],
    );
    refused(&repo, &with("web", "dev"), 64, &["no edge leads into dev"]);
    run(repo.path(), &with("apps/web", "prod")).exits(0);
}

#[test]
fn two_pipelines_of_one_name_need_the_namespace() {
    let second = web().replace("namespace: apps", "namespace: more").replace(
        "serviceRef: { name: web-prod }",
        "serviceRef: { name: web-more, namespace: apps }",
    );
    let second = second.replace("name: web-dev }", "name: web-dev, namespace: apps }");
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("more.yaml", &chart("web-more", "1.0.0")),
        ("web.yaml", &web()),
        ("second.yaml", &second),
    ]);
    refused(
        &repo,
        &PROMOTE,
        64,
        &["several pipelines named web", "NAMESPACE/NAME"],
    );
    let mut named = PROMOTE;
    named[3] = "more/web";
    run(repo.path(), &named).exits(0);
    assert!(repo.read("more.yaml").unwrap().contains("1.1.0"));
    assert!(repo.read("prod.yaml").unwrap().contains("1.0.0"));
}

#[test]
fn a_bare_repository_only_moves_its_branch() {
    let bare = TestRepo::bare();
    bare.commit(
        "main",
        &[
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            ("prod.yaml", &chart("web-prod", "1.0.0")),
            ("web.yaml", &web()),
        ],
    );
    let tip = bare.tip("main");
    run(bare.path(), &PROMOTE).exits(0);
    assert_ne!(bare.tip("main"), tip);
    assert_eq!(
        git(bare.path(), &["show", "main:prod.yaml"]),
        chart("web-prod", "1.1.0")
    );
    assert_eq!(
        PlanDoc(run(bare.path(), &["plan", "--format", "json"]).json()).state("web", "prod"),
        "in-sync"
    );
}

#[test]
fn a_stopped_pipeline_is_not_promoted_and_another_one_is() {
    let broken = pipeline(
        "broken",
        &[("dev", &["web-dev"]), ("live", &["gone < web-dev"])],
        &[("dev live", &["release APPROVAL"])],
    );
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
        ("broken.yaml", &broken),
    ]);
    let other = [
        "promote",
        "--local",
        "--pipeline",
        "broken",
        "--to",
        "live",
        "--approved-by",
        "ann",
    ];
    refused(&repo, &other, 2, &["reference-not-found"]);
    // The other one lands; the error elsewhere is still reported, and the exit code shows it too.
    let before = repo.tip("main");
    run(repo.path(), &PROMOTE).exits(2);
    assert_ne!(repo.tip("main"), before);
}

#[test]
fn a_held_lock_leaves_everything_as_it_was() {
    let repo = differing();
    std::fs::write(repo.path().join(".git/refs/heads/main.lock"), "").unwrap();
    let before = files(&repo);
    let ran = run(repo.path(), &PROMOTE);
    assert_ne!(ran.exit, 0);
    assert_eq!(files(&repo), before);
    std::fs::remove_file(repo.path().join(".git/refs/heads/main.lock")).unwrap();
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
    run(repo.path(), &PROMOTE).exits(0);
}

#[test]
fn a_commit_hook_is_not_run_and_a_process_needs_no_environment() {
    let repo = differing();
    let hook = repo.path().join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\ntouch ran\nexit 1\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    SLUICE.run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(repo.read("ran"), None);
}

#[test]
fn promote_without_local_is_refused_before_anything_is_read() {
    let repo = differing();
    refused(
        &repo,
        &["promote", "--pipeline", "web", "--to", "prod"],
        64,
        &["--local"],
    );
}

#[test]
fn a_linked_work_tree_is_a_repository_too() {
    let repo = differing();
    let linked = tempfile::tempdir().unwrap();
    let path = linked.path().join("linked");
    git(
        repo.path(),
        &[
            "worktree",
            "add",
            "-q",
            "-b",
            "side",
            path.to_str().unwrap(),
        ],
    );
    run(&path, &PROMOTE).exits(0);
    assert_eq!(git(&path, &["status", "--porcelain"]), "");
    assert_eq!(
        std::fs::read_to_string(path.join("prod.yaml")).unwrap(),
        chart("web-prod", "1.1.0")
    );
    assert!(repo.read("prod.yaml").unwrap().contains("1.0.0"));
    assert_eq!(repo_of("two-pipelines").tip("side"), None);
}

/// Flags that only count on GitHub are not ignored: `--dry-run` once was, and a commit was made.
#[test]
fn what_only_counts_on_github_is_refused_and_commits_nothing() {
    let repo = differing();
    for more in [
        &["--dry-run"][..],
        &["--freeze", "drill"],
        &["--repository", "acme/gitops"],
        &["--checkout", "."],
    ] {
        let before = files(&repo);
        let arguments: Vec<&str> = PROMOTE.iter().chain(more).copied().collect();
        let ran = SLUICE.run(repo.path(), &arguments).exits(64);
        ran.says(&["--local", more[0], "cannot be used with"]);
        assert_eq!(files(&repo), before, "{more:?}");
    }
}

/// A range that both sides already have is not a change: none of it is written, and what else differs is promoted.
#[test]
fn a_range_that_source_and_target_share_stops_nothing() {
    let with = |name: &str, team: &str| {
        let spec = "helm: { url: https://charts.example.com, chart: app, version: x.x.x }";
        format!(
            "{}  configuration: {{ team: {team} }}\n",
            service(name, spec)
        )
    };
    let web = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: team"]),
        ],
        &[("dev prod", &["release APPROVAL"])],
    );
    let repo = repo(&[
        ("dev.yaml", &with("web-dev", "new")),
        ("prod.yaml", &with("web-prod", "old")),
        ("web.yaml", &web),
    ]);
    let plan = plan(repo.path());
    let promotion = plan.promotion("web", "prod");
    assert_eq!(promotion["state"], "due", "{promotion:#}");
    let changes = promotion["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["path"], "spec.configuration.team");
}
