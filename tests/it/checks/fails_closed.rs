//! What cannot be read is never taken for absent: manifests, references, history. And a hand-made change survives
//! everything that only looks like a new manifest.

use test_support::git::TestRepo;
use test_support::{change, chart, plan, replace, repo, run, service, web};

/// prod was set by hand after dev moved last: ahead.
fn fixed_by_hand() -> TestRepo {
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    replace(&repo, "prod.yaml", "1.0.0", "1.0.9");
    assert_eq!(plan(repo.path()).state("web", "prod"), "ahead");
    repo
}

fn doubled_name(text: &str) -> String {
    text.replace(
        "  namespace: apps\n",
        "  namespace: apps\n  namespace: apps\n",
    )
}

#[test]
fn a_slip_in_the_target_that_was_mended_does_not_make_a_hotfix_look_new() {
    let repo = fixed_by_hand();
    let good = repo.read("prod.yaml").unwrap();
    change(&repo, "slip", &[("prod.yaml", &doubled_name(&good))]);
    change(&repo, "mend", &[("prod.yaml", &good)]);
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "error");
    let reason = planned.reason("web", "prod").to_owned();
    assert!(reason.contains("could not be read: prod.yaml:"), "{reason}");
    run(repo.path(), &["plan"]).exits(1);
}

#[test]
fn a_source_that_could_not_be_read_at_the_hotfix_is_no_source_that_moved() {
    let repo = repo(&[
        ("dev.yaml", &doubled_name(&chart("web-dev", "1.1.0"))),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    replace(&repo, "prod.yaml", "1.0.0", "1.0.9");
    change(&repo, "mend", &[("dev.yaml", &chart("web-dev", "1.1.0"))]);
    assert_eq!(plan(repo.path()).state("web", "prod"), "error");
}

#[test]
fn a_namespace_that_is_written_later_makes_no_new_manifest() {
    let bare = |version: &str| chart("web-prod", version).replace("  namespace: apps\n", "");
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &bare("1.0.0")),
        ("web.yaml", &web()),
    ]);
    replace(&repo, "prod.yaml", "1.0.0", "1.0.9");
    change(
        &repo,
        "namespace",
        &[("prod.yaml", &chart("web-prod", "1.0.9"))],
    );
    assert_eq!(plan(repo.path()).state("web", "prod"), "ahead");
}

#[test]
fn a_manifest_that_moves_to_another_file_stays_what_it_was() {
    let repo = fixed_by_hand();
    repo.on("main")
        .rename("prod.yaml", "clusters/prod.yaml")
        .done();
    repo.check_out("main");
    assert_eq!(plan(repo.path()).state("web", "prod"), "ahead");
}

#[test]
fn an_exact_manifest_that_cannot_be_read_is_not_replaced_by_one_without_a_namespace() {
    let nameless = chart("web-prod", "1.0.0").replace("  namespace: apps\n", "");
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &doubled_name(&chart("web-prod", "1.0.0"))),
        ("other.yaml", &nameless),
        ("web.yaml", &web()),
    ]);
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "error");
    assert!(planned.codes().contains(&"reference-not-found".to_owned()));
}

#[test]
fn a_repository_manifest_that_cannot_be_read_is_not_an_unknown_repository() {
    let git = |reference: &str| {
        format!("repositoryRef: {{ name: apps }}\ngit: {{ folder: app, ref: {reference} }}")
    };
    let twice = "apiVersion: deployments.plural.sh/v1alpha1\nkind: GitRepository\nmetadata: { name: apps }\nspec:\n  url: \
                 https://example.com/a/b\n  url: https://example.com/a/c\n";
    let repo = repo(&[
        ("dev.yaml", &service("web-dev", &git("evil-branch"))),
        ("prod.yaml", &service("web-prod", &git("v1.0.0"))),
        ("apps.yaml", twice),
        ("web.yaml", &web()),
    ]);
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "error");
    assert!(planned.codes().contains(&"revision-unresolved".to_owned()));
}

#[test]
fn a_pipeline_with_a_doubled_key_is_an_error_also_where_a_comment_looks_like_a_template() {
    let repo = repo(&[(
        "web.yaml",
        &format!("# {{{{ x }}}}\n{}", doubled_name(&web())),
    )]);
    run(repo.path(), &["validate"])
        .exits(2)
        .says(&["manifest-unreadable", "web.yaml:7:"]);
}

#[test]
fn a_hold_whose_parts_do_not_belong_together_stops_what_it_may_have_meant() {
    let other = test_support::pipeline(
        "other",
        &[("dev", &["web-dev"]), ("production", &["web-dev"])],
        &[("dev production", &["release APPROVAL"])],
    );
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
        ("other.yaml", &other),
        (
            ".github/sluice.yaml",
            "version: 1\nholds: [{ pipeline: web, stage: production, reason: x }]\n",
        ),
    ]);
    let planned = plan(repo.path());
    assert_eq!(planned.codes(), ["policy-unknown-name"]);
    assert_eq!(planned.state("web", "prod"), "error");
    assert_eq!(planned.state("other", "production"), "not-moved");
}

#[test]
fn a_gate_that_lost_its_rule_by_being_renamed_does_not_fall_back_to_the_default() {
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
        (
            ".github/sluice.yaml",
            "version: 1\npeople: { sre: [ann, bob] }\ngates: { two-people: { approve: [{ by: sre, count: 2 }] } }\n",
        ),
    ]);
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "web",
        "--to",
        "prod",
        "--approved-by",
        "eve",
    ];
    run(repo.path(), &promote)
        .exits(2)
        .says(&["policy-unknown-name"]);
}

#[test]
fn a_literal_revision_in_a_known_repository_is_checked_before_it_is_copied() {
    let git = |reference: &str| {
        format!("git: {{ url: https://github.com/acme/web, folder: app, ref: {reference} }}")
    };
    let repo = repo(&[
        ("app/x", "1"),
        ("dev.yaml", &service("web-dev", &git("refs/pull/7/head"))),
        ("prod.yaml", &service("web-prod", &git("v1.0.0"))),
        ("web.yaml", &web()),
        (
            ".github/sluice.yaml",
            "version: 1\nstages: { prod: { revision: literal } }\n",
        ),
    ]);
    repo.configure("remote.origin.url", "https://github.com/acme/web.git");
    repo.configure("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*");
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "error");
    assert!(planned.codes().contains(&"revision-unresolved".to_owned()));
}

#[test]
fn a_source_that_is_no_single_value_is_an_error_and_not_in_sync() {
    let version = "helm: { url: https://c.example.com, chart: a, version: { major: 1 } }";
    let repo = repo(&[
        ("dev.yaml", &service("web-dev", version)),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "error");
    assert!(planned.codes().contains(&"target-not-editable".to_owned()));
}

#[test]
fn a_diff_shows_no_line_of_a_file_that_holds_a_secret() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: apps }\nstringData: { pw: CANARY-VALUE }\n";
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        (
            "prod.yaml",
            &format!("{}---\n{secret}", chart("web-prod", "1.0.0")),
        ),
        ("web.yaml", &web()),
    ]);
    let ran = run(repo.path(), &["plan", "--diff"])
        .exits(0)
        .says(&["1.0.0 → 1.1.0", "contains a Secret"]);
    assert!(!ran.all().contains("CANARY-VALUE"), "{}", ran.all());
}

#[test]
fn creating_a_secret_is_no_setting_by_hand() {
    let keyed = |name: &str| service(name, &format!("configurationRef: {{ name: {name} }}"));
    let secret = |name: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{ name: {name}, namespace: apps }}\nstringData: {{ pw: {value} }}\n"
        )
    };
    let pipeline = test_support::pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev: pw"])],
        &[("dev prod", &["release APPROVAL"])],
    );
    let repo = repo(&[
        ("dev.yaml", &keyed("web-dev")),
        ("dev-secret.yaml", &secret("web-dev", "new")),
        ("prod.yaml", &keyed("web-prod")),
        ("web.yaml", &pipeline),
    ]);
    change(
        &repo,
        "create",
        &[("prod-secret.yaml", &secret("web-prod", "first"))],
    );
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
    // Setting it afterwards is a change by hand.
    replace(&repo, "prod-secret.yaml", "first", "second");
    assert_eq!(plan(repo.path()).state("web", "prod"), "ahead");
}
