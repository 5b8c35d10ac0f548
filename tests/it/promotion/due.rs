//! Whether a differing service is due, or was set by hand and waits: decided from history alone.

use std::path::Path;

use test_support::git::{TestRepo, git};
use test_support::{
    PROMOTE, change, chart, differing, folder, pipeline, plan, replace, repo, repo_of, run,
    service, web,
};

fn state(repo: &TestRepo) -> String {
    plan(repo.path()).state("web", "prod").to_owned()
}

#[test]
fn a_manifest_that_was_only_created_is_no_setting() {
    let repo = differing();
    assert_eq!(state(&repo), "due");
    assert_eq!(
        plan(repo.path()).reason("web", "prod"),
        "its sources changed"
    );
}

#[test]
fn a_fix_by_hand_after_the_source_moved_is_left_alone_until_the_source_moves_again() {
    let repo = repo_of("fixed-by-hand");
    let hand = replace(
        &repo,
        "clusters/prod/orders.yaml",
        "version: 1.0.0",
        "version: 1.0.1",
    );
    let planned = plan(repo.path());
    assert_eq!(planned.state("orders", "prod"), "ahead");
    let promotion = planned.promotion("orders", "prod");
    assert!(promotion["plan"].is_null());
    assert_eq!(promotion["changes"], serde_json::json!([]));
    let left_out = &promotion["left_out"][0];
    assert_eq!(left_out["name"], "orders-prod");
    assert_eq!(left_out["commit"], hand.to_string());
    assert_eq!(left_out["author"], "Test");
    assert!(
        left_out["date"]
            .as_str()
            .unwrap()
            .starts_with("2023-11-14T")
    );
    run(repo.path(), &["plan"])
        .exits(0)
        .says(&["AHEAD", "set by hand in"]);

    // Never undone: neither by a simulation with approvals nor by asking for the stage.
    let simulated = run(
        repo.path(),
        &["simulate", "--approve", "ann", "--format", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(simulated["events"], serde_json::json!([]));
    let tip = repo.tip("main");
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "orders",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(repo.path(), &promote)
        .exits(3)
        .says(&["ahead of its source"]);
    assert_eq!(repo.tip("main"), tip);

    replace(
        &repo,
        "clusters/dev/orders.yaml",
        "version: 1.1.0",
        "version: 1.2.0",
    );
    let planned = plan(repo.path());
    assert_eq!(planned.state("orders", "prod"), "due");
    assert_eq!(
        planned.changes("orders", "prod"),
        ["orders-prod spec.helm.version: 1.0.1 → 1.2.0"]
    );
}

#[test]
fn a_fix_before_the_source_moved_is_overtaken() {
    let repo = differing();
    replace(&repo, "prod.yaml", "1.0.0", "1.0.1");
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    assert_eq!(state(&repo), "due");
}

#[test]
fn a_rollback_by_hand_after_a_landing_stays() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(state(&repo), "in-sync");
    replace(&repo, "prod.yaml", "1.1.0", "1.0.0");
    assert_eq!(state(&repo), "ahead");
    replace(&repo, "dev.yaml", "1.1.0", "1.1.1");
    assert_eq!(state(&repo), "due");
}

#[test]
fn after_a_landing_the_next_move_of_the_source_is_due() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    assert_eq!(state(&repo), "due");
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(state(&repo), "in-sync");
    assert!(repo.read("prod.yaml").unwrap().contains("1.2.0"));
}

#[test]
fn source_and_target_set_in_one_commit_count_as_they_stood_there() {
    let repo = differing();
    let set = |dev: &str, prod: &str| {
        change(
            &repo,
            "both",
            &[
                ("dev.yaml", &chart("web-dev", dev)),
                ("prod.yaml", &chart("web-prod", prod)),
            ],
        );
    };
    set("2.0.0", "1.5.0");
    assert_eq!(state(&repo), "ahead");
    set("2.1.0", "1.5.0");
    assert_eq!(state(&repo), "due");
}

#[test]
fn what_is_not_promoted_sets_nothing() {
    let repo = differing();
    let text = repo.read("prod.yaml").unwrap();
    change(
        &repo,
        "labels",
        &[(
            "prod.yaml",
            &text.replace("namespace: apps", "namespace: apps\n  labels: { a: b }"),
        )],
    );
    change(
        &repo,
        "comment",
        &[("prod.yaml", &format!("# hello\n{text}"))],
    );
    assert_eq!(state(&repo), "due");
}

#[test]
fn a_key_that_is_added_by_hand_is_a_setting_and_so_is_one_in_the_secret() {
    let keyed = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: token"]),
        ],
        &[("dev prod", &["release APPROVAL"])],
    );
    let plain = repo(&[
        (
            "dev.yaml",
            &service("web-dev", "configuration: { token: new }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configuration: { other: x }"),
        ),
        ("web.yaml", &keyed),
    ]);
    assert_eq!(state(&plain), "due");
    replace(
        &plain,
        "prod.yaml",
        "{ other: x }",
        "{ other: x, token: mine }",
    );
    assert_eq!(state(&plain), "ahead");

    let secret = |name: &str, data: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{ name: {name}, namespace: apps }}\nstringData: {data}\n"
        )
    };
    let hidden = repo(&[
        (
            "dev.yaml",
            &service("web-dev", "configurationRef: { name: dev }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configurationRef: { name: prod }"),
        ),
        ("s-dev.yaml", &secret("dev", "{ token: new }")),
        ("s-prod.yaml", &secret("prod", "{ other: x }")),
        ("web.yaml", &keyed),
    ]);
    assert_eq!(state(&hidden), "due");
    replace(
        &hidden,
        "s-prod.yaml",
        "{ other: x }",
        "{ other: x, token: mine }",
    );
    assert_eq!(state(&hidden), "ahead");
    replace(&hidden, "s-dev.yaml", "token: new", "token: newer");
    assert_eq!(state(&hidden), "due");
}

#[test]
fn a_manifest_that_moves_to_another_file_keeps_its_history() {
    let repo = differing();
    replace(&repo, "prod.yaml", "1.0.0", "1.0.1");
    assert_eq!(state(&repo), "ahead");
    repo.on("main")
        .rename("prod.yaml", "clusters/prod/web.yaml")
        .message("move")
        .done();
    repo.check_out("main");
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "ahead");
    // Moved and changed in one commit: that commit set it.
    let moved = repo
        .on("main")
        .remove("clusters/prod/web.yaml")
        .file("all/prod.yaml", &chart("web-prod", "1.0.2"))
        .done();
    repo.check_out("main");
    assert_eq!(
        plan(repo.path()).promotion("web", "prod")["left_out"][0]["commit"],
        moved.to_string()
    );
    // The source moves file too: still the same source.
    repo.on("main")
        .rename("dev.yaml", "clusters/dev/web.yaml")
        .done();
    repo.check_out("main");
    assert_eq!(state(&repo), "ahead");
}

#[test]
fn a_manifest_that_was_deleted_and_comes_back_with_another_value_was_set_there() {
    let repo = differing();
    replace(&repo, "prod.yaml", "1.0.0", "1.0.1");
    repo.on("main").remove("prod.yaml").done();
    let again = change(
        &repo,
        "again",
        &[("prod.yaml", &chart("web-prod", "1.0.0"))],
    );
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "ahead");
    let left_out = &planned.promotion("web", "prod")["left_out"][0];
    assert_eq!(left_out["commit"], again.to_string());
}

#[test]
fn only_the_first_parent_counts_so_a_merge_sets_what_it_brings() {
    let repo = differing();
    let start = repo.tip("main").unwrap();
    repo.branch("hotfix", &start);
    repo.commit("hotfix", &[("prod.yaml", &chart("web-prod", "1.0.1"))]);
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    let merge = repo
        .on("main")
        .merging("hotfix")
        .file("prod.yaml", &chart("web-prod", "1.0.1"))
        .message("merge hotfix")
        .done();
    repo.check_out("main");
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "ahead");
    assert_eq!(
        planned.promotion("web", "prod")["left_out"][0]["commit"],
        merge.to_string()
    );
}

#[test]
fn one_service_of_a_stage_can_be_ahead_while_the_others_move() {
    let repo = repo(&[
        ("a-dev.yaml", &chart("a-dev", "1.1.0")),
        ("b-dev.yaml", &chart("b-dev", "1.1.0")),
        ("a-prod.yaml", &chart("a-prod", "1.0.0")),
        ("b-prod.yaml", &chart("b-prod", "1.0.0")),
        (
            "web.yaml",
            &pipeline(
                "web",
                &[
                    ("dev", &["a-dev", "b-dev"]),
                    ("prod", &["a-prod < a-dev", "b-prod < b-dev"]),
                ],
                &[("dev prod", &["release APPROVAL"])],
            ),
        ),
    ]);
    replace(&repo, "b-prod.yaml", "1.0.0", "1.0.7");
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "due");
    assert_eq!(
        planned.changes("web", "prod"),
        ["a-prod spec.helm.version: 1.0.0 → 1.1.0"]
    );
    assert_eq!(
        planned.promotion("web", "prod")["left_out"][0]["name"],
        "b-prod"
    );
    run(repo.path(), &PROMOTE).exits(0);
    assert!(repo.read("b-prod.yaml").unwrap().contains("1.0.7"));
    assert_eq!(state(&repo), "ahead");
}

#[test]
fn a_plain_folder_says_that_the_difference_alone_makes_it_due() {
    let dir = folder(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    let planned = plan(dir.path());
    assert_eq!(planned.state("web", "prod"), "due");
    assert_eq!(
        planned.reason("web", "prod"),
        "no history available: any difference makes it due"
    );
    assert!(planned.0["base"].is_null());
}

fn shallow(repo: &TestRepo) -> tempfile::TempDir {
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repo.path().to_str().unwrap());
    git(
        Path::new("/"),
        &[
            "clone",
            "-q",
            "--depth=1",
            &url,
            clone.path().to_str().unwrap(),
        ],
    );
    clone
}

#[test]
fn a_shallow_clone_is_an_error_that_says_so_wherever_history_is_needed() {
    let repo = differing();
    replace(&repo, "prod.yaml", "1.0.0", "1.0.1");
    let text = repo.read("prod.yaml").unwrap();
    change(&repo, "last", &[("prod.yaml", &format!("{text}# more\n"))]);
    let clone = shallow(&repo);
    let planned = plan(clone.path());
    assert_eq!(planned.state("web", "prod"), "error");
    assert!(
        planned.reason("web", "prod").contains("shallow"),
        "{}",
        planned.reason("web", "prod")
    );
    assert!(
        planned
            .reason("web", "prod")
            .contains("git fetch --unshallow")
    );
    assert_eq!(planned.0["pipelines"][0]["state"], "error");
    run(clone.path(), &["plan"]).exits(1);
    run(clone.path(), &["validate"]).exits(0);
    let tip = git(clone.path(), &["rev-parse", "HEAD"]);
    git(clone.path(), &["config", "user.name", "T"]);
    git(clone.path(), &["config", "user.email", "t@example.com"]);
    assert_ne!(run(clone.path(), &PROMOTE).exit, 0);
    assert_eq!(git(clone.path(), &["rev-parse", "HEAD"]), tip);
}

#[test]
fn a_shallow_clone_serves_where_nothing_differs() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    let clone = shallow(&repo);
    assert_eq!(plan(clone.path()).state("web", "prod"), "in-sync");
    run(clone.path(), &["plan"]).exits(0);
}

#[test]
fn a_moving_ref_of_this_repository_is_resolved_as_it_stood_when_the_target_was_set() {
    let repo = repo_of("monorepo");
    repo.git()
        .remote("origin", "https://github.com/acme/mono.git")
        .unwrap();
    let first = repo.commit("main", &[("services/web/deployment.yaml", "a: 1\n")]);
    repo.check_out("main");
    run(repo.path(), &PROMOTE).exits(0);
    change(&repo, "two", &[("services/web/deployment.yaml", "a: 2\n")]);
    run(repo.path(), &PROMOTE).exits(0);
    // A person goes back to the first; dev has not moved since.
    let text = repo.read("gitops/web-prod.yaml").unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("ref:"))
        .unwrap()
        .to_owned();
    replace(
        &repo,
        "gitops/web-prod.yaml",
        &line,
        &format!("    ref: {first}"),
    );
    assert_eq!(state(&repo), "ahead");
    change(&repo, "docs", &[("docs/notes.md", "x\n")]);
    assert_eq!(state(&repo), "ahead");
    change(
        &repo,
        "three",
        &[("services/web/deployment.yaml", "a: 3\n")],
    );
    assert_eq!(state(&repo), "due");
}
