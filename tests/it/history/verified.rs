//! `--verify`: every landing is exactly its plan, and nothing else changed what promotions write. Each way in which that can
//! be otherwise is planted here.

use serde_json::{Value, json};
use sluice::model::ids::CommitId;

use super::{promote, put_up};
use test_support::git::{TestRepo, git, to_commit};
use test_support::{
    change, chart, commits, deviations, differing, history, message, pipeline, replace, repo,
    repo_of, run, service, web,
};

#[track_caller]
fn clean(repo: &TestRepo) -> Value {
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    assert_eq!(document["verified"]["clean"], true);
    document
}

/// The deviations, of which there is at least one.
#[track_caller]
fn planted(repo: &TestRepo) -> Vec<String> {
    let document = history(repo.path(), &["--verify"]).exits(3).json();
    assert_eq!(document["verified"]["clean"], false);
    deviations(&document)
}

fn drift(commit: &CommitId, changes: &str) -> String {
    format!("drift {}: {changes}", commit.short())
}

#[test]
fn landings_of_every_kind_are_exactly_their_plans() {
    for (name, pipeline, stage) in [
        ("diamond", "shop", "qa-us"),
        ("fields", "image", "prod"),
        ("fixed-by-hand", "orders", "prod"),
        ("folder-per-environment", "web", "prod"),
        ("helm-versions", "podinfo", "staging"),
        ("k3s-upgrade-version", "k3s-upgrade", "prod"),
        ("secrets", "billing", "prod"),
        ("three-services", "payments", "prod"),
        ("two-pipelines", "mail", "prod"),
    ] {
        let repo = repo_of(name);
        let landing = promote(&repo, pipeline, stage);
        let document = clean(&repo);
        assert_eq!(commits(&document), [landing.to_string()], "{name}");
        assert!(
            document["verified"]["fields"].as_u64().unwrap() > 0,
            "{name}"
        );
    }
}

#[test]
fn keys_are_proved_in_the_order_in_which_they_were_added() {
    let keyed = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: zeta, alpha, mid"]),
        ],
        &[("dev prod", &["release APPROVAL"])],
    );
    let source = "configuration: { alpha: a, mid: m, zeta: z }";
    let repo = repo(&[
        ("dev.yaml", &service("web-dev", source)),
        (
            "prod.yaml",
            &service("web-prod", "configuration:\n  own: kept # ours"),
        ),
        ("web.yaml", &keyed),
    ]);
    promote(&repo, "web", "prod");
    let text = repo.read("prod.yaml").unwrap();
    assert!(
        text.find("zeta: ").unwrap() < text.find("alpha: ").unwrap(),
        "{text}"
    );
    clean(&repo);
}

#[test]
fn a_hand_edit_is_drift_with_who_where_and_what() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let hotfix = replace(&repo, "prod.yaml", "1.1.0", "1.1.1");
    let document = history(repo.path(), &["--verify"]).exits(3).json();
    assert_eq!(
        document["verified"],
        json!({
            "clean": false, "landings": 1, "fields": 2,
            "deviations": [{
                "kind": "drift", "commit": hotfix, "date": "2023-11-14T22:15:20Z", "author": "Test", "pull": null,
                "claim": null, "why": null,
                "changes": [{
                    "file": "prod.yaml", "kind": "ServiceDeployment", "namespace": "apps", "name": "web-prod",
                    "path": "spec.helm.version", "old": "1.1.0", "new": "1.1.1", "secret": false,
                }],
            }],
        })
    );
    // The landing before it is still a landing, and what is not promoted may change.
    assert_eq!(document["landings"].as_array().unwrap().len(), 1);
    let repo = differing();
    promote(&repo, "web", "prod");
    replace(
        &repo,
        "prod.yaml",
        "namespace: apps",
        "namespace: apps # ours",
    );
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    clean(&repo);
}

#[test]
fn a_record_in_a_commit_that_does_something_else_is_named_with_what_it_changed() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = message(&repo);
    let forged = change(&repo, &words, &[("prod.yaml", &chart("web-prod", "1.0.5"))]);
    let idle = change(&repo, &words, &[("notes.txt", "x\n")]);
    let document = history(repo.path(), &["--verify"]).exits(3).json();
    let claim = &document["verified"]["deviations"][0]["claim"];
    let plan = &document["landings"][0]["plan"];
    assert_eq!(
        claim,
        &json!({ "namespace": "apps", "pipeline": "web", "stage": "prod", "plan": plan })
    );
    assert_eq!(
        planted(&repo),
        [
            format!("false-record {}:", idle.short()),
            format!(
                "false-record {}: web-prod spec.helm.version: 1.1.0 → 1.0.5",
                forged.short()
            ),
        ]
    );
    run(repo.path(), &["history", "--verify"]).exits(3).says(&[
        "claims  apps/web → prod, plan ",
        "Not clean: 2 false records.",
    ]);
}

#[test]
fn a_record_in_the_first_commit_of_all_is_false() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = message(&repo);
    git(repo.path(), &["checkout", "-q", "--orphan", "fresh"]);
    let commit = [
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@e",
        "commit",
        "-qm",
        &words,
    ];
    git(repo.path(), &commit);
    assert_eq!(planted(&repo).len(), 1);
}

#[test]
fn a_landing_with_a_file_a_field_or_a_byte_more_is_named() {
    let again = |files: &[(&str, &str)]| {
        let repo = differing();
        promote(&repo, "web", "prod");
        let words = message(&repo);
        git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
        let landing = change(&repo, &words, files);
        (planted(&repo), landing.short())
    };
    let landed = chart("web-prod", "1.1.0");
    let labelled = landed.replace("namespace: apps", "namespace: apps\n  labels: { a: b }");
    // Values beyond the plan: the difference does not give the plan ID, and what it set did not come by a landing.
    let moved = "web-prod spec.helm.version: 1.0.0 → 1.1.0";
    let (found, commit) = again(&[("prod.yaml", &labelled)]);
    assert_eq!(found, [format!("false-record {commit}: {moved}")]);
    let (found, commit) = again(&[("prod.yaml", &landed), ("new.yaml", "a: 1\n")]);
    assert_eq!(found, [format!("false-record {commit}: {moved}")]);
    // Bytes that are not values: the plan is all that was set, but not all that was done.
    let (found, commit) = again(&[("prod.yaml", &format!("# hello\n{landed}"))]);
    assert_eq!(found, [format!("more-than-its-plan {commit}:")]);
    let commented = web().replace("kind: Pipeline", "kind: Pipeline # mine");
    let (found, commit) = again(&[("prod.yaml", &landed), ("web.yaml", &commented)]);
    assert_eq!(found, [format!("more-than-its-plan {commit}:")]);
    let quoted = landed.replace("1.1.0", "'1.1.0'");
    let (found, commit) = again(&[("prod.yaml", &quoted)]);
    assert_eq!(found, [format!("more-than-its-plan {commit}:")]);
}

#[test]
fn a_merge_that_is_not_exactly_the_head_that_it_merges_is_no_landing() {
    let repo = differing();
    promote(&repo, "web", "prod");
    put_up(&repo);
    let merged = repo
        .on("main")
        .merging("head")
        .file("prod.yaml", &chart("web-prod", "1.1.7"))
        .message("Merge pull request #4 from x")
        .done();
    repo.check_out("main");
    assert_eq!(
        planted(&repo),
        [drift(&merged, "web-prod spec.helm.version: 1.0.0 → 1.1.7")]
    );
    run(repo.path(), &["history", "--verify"]).says(&[
        "#4",
        "it merges a promotion's head, and also changes something else",
    ]);
}

#[test]
fn merging_a_branch_that_ends_in_a_landing_claims_nothing_by_it() {
    // A branch that took the same landing and one commit more beside: the merge changes nothing that is promoted.
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = message(&repo);
    git(repo.path(), &["branch", "side"]);
    let tip = repo
        .on("side")
        .message(&words)
        .file("notes.txt", "x\n")
        .done();
    repo.branch("side", &tip);
    repo.on("main")
        .merging("side")
        .file("notes.txt", "x\n")
        .message("Merge side")
        .done();
    repo.check_out("main");
    clean(&repo);
}

#[test]
fn a_branch_that_sets_promoted_fields_is_drift_at_its_merge() {
    let repo = differing();
    repo.branch("feature", &repo.tip("main").unwrap());
    repo.commit("feature", &[("prod.yaml", &chart("web-prod", "1.0.9"))]);
    repo.commit("main", &[("notes.txt", "x\n")]);
    let merged = repo
        .on("main")
        .merging("feature")
        .file("prod.yaml", &chart("web-prod", "1.0.9"))
        .message("Merge feature")
        .done();
    repo.check_out("main");
    assert_eq!(
        planted(&repo),
        [drift(&merged, "web-prod spec.helm.version: 1.0.0 → 1.0.9")]
    );
}

#[test]
fn a_manifest_is_followed_to_where_it_stood_before() {
    let repo = differing();
    let before = replace(&repo, "prod.yaml", "1.0.0", "1.0.1");
    repo.on("main")
        .rename("prod.yaml", "clusters/prod/web.yaml")
        .done();
    repo.check_out("main");
    let document = history(repo.path(), &["--verify"]).exits(3).json();
    let changes = "web-prod spec.helm.version: 1.0.0 → 1.0.1";
    assert_eq!(deviations(&document), [drift(&before, changes)]);
    let file = &document["verified"]["deviations"][0]["changes"][0]["file"];
    assert_eq!(file, "prod.yaml");

    // Moved and edited at once.
    let repo = differing();
    let moved = repo
        .on("main")
        .remove("prod.yaml")
        .file("clusters/prod/web.yaml", &chart("web-prod", "1.0.2"))
        .done();
    repo.check_out("main");
    assert_eq!(
        planted(&repo),
        [drift(&moved, "web-prod spec.helm.version: 1.0.0 → 1.0.2")]
    );

    // Moved, and landed afterwards and before.
    let repo = differing();
    promote(&repo, "web", "prod");
    repo.on("main")
        .rename("prod.yaml", "clusters/prod/web.yaml")
        .done();
    repo.check_out("main");
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    promote(&repo, "web", "prod");
    assert_eq!(commits(&clean(&repo)).len(), 2);
}

#[test]
fn creating_a_manifest_is_no_drift_and_adding_or_removing_a_key_is() {
    let repo = TestRepo::new();
    repo.commit(
        "main",
        &[
            ("web.yaml", &web()),
            ("dev.yaml", &chart("web-dev", "1.1.0")),
        ],
    );
    repo.commit("main", &[("prod.yaml", &chart("web-prod", "1.1.0"))]);
    repo.check_out("main");
    clean(&repo);
    let versionless = chart("web-prod", "1.1.0").replace(", version: 1.1.0", "");
    let removed = change(&repo, "by hand", &[("prod.yaml", &versionless)]);
    let added = change(
        &repo,
        "by hand",
        &[("prod.yaml", &chart("web-prod", "1.1.3"))],
    );
    assert_eq!(
        planted(&repo),
        [
            drift(&added, "web-prod spec.helm.version: - → 1.1.3"),
            drift(&removed, "web-prod spec.helm.version: 1.1.0 → -"),
        ]
    );
}

#[test]
fn only_the_fields_of_what_is_asked_for_are_followed_and_every_landing_counts() {
    let mail = web().replace("web", "mail");
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
        ("mail-dev.yaml", &chart("mail-dev", "3.1.0")),
        ("mail-prod.yaml", &chart("mail-prod", "3.0.0")),
        ("mail.yaml", &mail),
    ]);
    promote(&repo, "web", "prod");
    let hotfix = replace(&repo, "mail-prod.yaml", "3.0.0", "3.0.1");
    assert_eq!(
        planted(&repo),
        [drift(&hotfix, "mail-prod spec.helm.version: 3.0.0 → 3.0.1")]
    );
    let of = |arguments: &[&str]| history(repo.path(), &[&["--verify"], arguments].concat());
    of(&["--pipeline", "web"]).exits(0);
    of(&["--pipeline", "mail"]).exits(3);
    of(&["--to", "prod"]).exits(3);
    assert_eq!(
        of(&["--to", "dev"]).exits(0).json()["verified"]["fields"],
        0
    );
}

/// A commit with a committer date of its own.
fn dated(repo: &TestRepo, path: &str, text: &str, unix_seconds: i64) -> CommitId {
    let git = repo.git();
    let parent = git.head().unwrap().peel_to_commit().unwrap();
    let blob = git.blob(text.as_bytes()).unwrap();
    let mut tree = git.treebuilder(Some(&parent.tree().unwrap())).unwrap();
    tree.insert(path, blob, 0o100_644).unwrap();
    let tree = git.find_tree(tree.write().unwrap()).unwrap();
    let time = git2::Time::new(unix_seconds, 0);
    let who = git2::Signature::new("Test", "test@example.com", &time).unwrap();
    let id = git
        .commit(Some("HEAD"), &who, &who, "dated", &tree, &[&parent])
        .unwrap();
    repo.check_out("main");
    to_commit(id)
}

#[test]
fn what_is_older_is_left_out_and_said_and_dating_back_hides_nothing_below_newer_commits() {
    let at = |day: &str| {
        format!("{day}T00:00:00Z")
            .parse::<jiff::Timestamp>()
            .unwrap()
            .as_second()
    };
    let repo = differing();
    dated(
        &repo,
        "prod.yaml",
        &chart("web-prod", "1.0.1"),
        at("2024-01-10"),
    );
    dated(&repo, "notes.txt", "x", at("2024-03-10"));
    let since = |day: &str| history(repo.path(), &["--verify", "--since", day]);
    since("2024-01-01").exits(3);
    let document = since("2024-02-01").exits(0).json();
    assert_eq!(
        (&document["commits"], &document["older"]),
        (&json!(1), &json!(2))
    );
    run(
        repo.path(),
        &["history", "--verify", "--since", "2024-02-01"],
    )
    .says(&[
        "Skipped: 2 older commits, before 2024-02-01 00:00",
        "Clean: ",
    ]);
    let backdated = dated(
        &repo,
        "prod.yaml",
        &chart("web-prod", "1.0.2"),
        at("2001-01-01"),
    );
    let document = since("2024-02-01").exits(3).json();
    assert_eq!(document["commits"], 2);
    let changes = "web-prod spec.helm.version: 1.0.1 → 1.0.2";
    assert_eq!(deviations(&document), [drift(&backdated, changes)]);
}
