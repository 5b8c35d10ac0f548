//! A landing proves itself: the plan id of its trailers must come out of its own difference. Words alone prove nothing.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use test_support::git::{TestRepo, git};
use test_support::{PROMOTE, change, chart, differing, message, plan, replace, repo, repo_of, run};

fn trailer(repo: &TestRepo, name: &str) -> Vec<String> {
    let format = format!("--format=%(trailers:key=Sluice-{name},valueonly)");
    let text = git(repo.path(), &["log", "-1", &format]);
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The plan id as the design defines it, computed by this test alone.
fn plan_id(subject: &Value) -> String {
    Sha256::digest(subject.to_string())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn the_plan_id_is_the_same_in_text_json_and_trailer_and_follows_from_the_design() {
    let repo = differing();
    let planned = plan(repo.path());
    let id = planned.promotion("web", "prod")["plan"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        id,
        plan_id(&json!([
            1,
            "",
            "main",
            "apps",
            "web",
            "prod",
            [["dev", "prod"]],
            [[
                "ServiceDeployment",
                "apps",
                "web-prod",
                "spec.helm.version",
                "1.0.0",
                "1.1.0"
            ]],
        ]))
    );
    let text = run(repo.path(), &["plan"]).exits(0).out;
    assert!(text.contains(&format!("DUE  {}\n", &id[..6])), "{text}");
    let simulated = run(repo.path(), &["simulate", "--format", "json"]).json();
    assert_eq!(simulated["events"][0]["plan"], id);
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(trailer(&repo, "Plan"), [id]);
}

#[test]
fn a_secrets_plan_id_is_made_of_blob_ids() {
    let repo = repo_of("secrets");
    let blob = |file: &str| {
        git(repo.path(), &["rev-parse", &format!("HEAD:{file}")])
            .trim()
            .to_owned()
    };
    let (dev, prod) = (blob("secret-dev.yaml"), blob("secret-prod.yaml"));
    let change = |path: &str, old: Option<&str>| {
        json!(["Secret", "apps", "billing-prod-config", path, old, dev])
    };
    let wanted = plan_id(&json!([
        1,
        "",
        "main",
        "apps",
        "billing",
        "prod",
        [["dev", "prod"]],
        [
            change("data.api-token", Some(&prod)),
            change("stringData.db-password", Some(&prod)),
            change("stringData.smtp-user", None),
            [
                "ServiceDeployment",
                "apps",
                "billing-prod",
                "spec.helm.version",
                "2.0.0",
                "2.1.0"
            ],
        ],
    ]));
    let planned = plan(repo.path());
    assert_eq!(planned.promotion("billing", "prod")["plan"], wanted);
}

#[test]
fn the_commit_carries_the_record_as_trailers_that_git_reads() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(trailer(&repo, "Pipeline"), ["apps/web"]);
    assert_eq!(trailer(&repo, "Stage"), ["prod"]);
    assert_eq!(trailer(&repo, "Edges"), ["dev -> prod"]);
    assert_eq!(trailer(&repo, "Build")[0].len(), 12);
    assert_eq!(
        trailer(&repo, "Source"),
        ["apps/web-prod from apps/web-dev: helm.version=1.1.0 helm.chart=app"]
    );
    assert_eq!(trailer(&repo, "Repository"), ["@main"]);
    let gates = trailer(&repo, "Gate");
    assert_eq!(gates.len(), 1, "{}", message(&repo));
    assert!(
        gates[0].contains("release") && gates[0].contains("ann") && gates[0].contains("unverified"),
        "{gates:?}"
    );
    assert_eq!(
        git(repo.path(), &["log", "-1", "--format=%s"]),
        "web → prod: 1.0.0 → 1.1.0\n"
    );
}

/// The state of prod after a commit with this message sets it to 1.0.5 while dev stays at 1.1.0.
fn after_forging(repo: &TestRepo, message: &str) -> String {
    change(repo, message, &[("prod.yaml", &chart("web-prod", "1.0.5"))]);
    plan(repo.path()).state("web", "prod").to_owned()
}

#[test]
fn a_hand_edit_that_bears_a_landings_words_is_a_hand_edit() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    // A landing would make every difference due; a hand edit waits for the source.
    let words = message(&repo);
    assert_eq!(after_forging(&repo, &words), "ahead");
}

#[test]
fn a_hand_edit_on_top_of_a_landing_in_the_same_commit_is_a_hand_edit() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    let words = message(&repo);
    // The same landing once more, with one field more in the same commit.
    git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    let other = chart("web-prod", "1.1.0")
        .replace("namespace: apps", "namespace: apps\n  labels: { a: b }");
    change(&repo, &words, &[("prod.yaml", &other)]);
    assert_eq!(plan(repo.path()).state("web", "prod"), "in-sync");
    replace(&repo, "prod.yaml", "1.1.0", "1.0.0");
    assert_eq!(plan(repo.path()).state("web", "prod"), "ahead");
}

/// Lands, takes the landing back, lets the source move by this replacement, and puts the landing on top of that: as a
/// pull request does that was planned before.
fn landed_late(repo: &TestRepo, call: &[&str], source: (&str, &str, &str)) {
    run(repo.path(), call).exits(0);
    git(repo.path(), &["branch", "landing"]);
    git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    let (file, old, new) = source;
    replace(repo, file, old, new);
    pick(repo, &[]);
}

/// `git cherry-pick` of the landing.
fn pick(repo: &TestRepo, more: &[&str]) {
    let mut arguments = vec![
        "-c",
        "user.name=Test",
        "-c",
        "user.email=t@example.com",
        "cherry-pick",
    ];
    arguments.extend(more);
    arguments.push("landing");
    git(repo.path(), &arguments);
}

#[test]
fn a_landing_that_was_overtaken_by_its_source_is_due_again_and_a_hand_edit_is_not() {
    let dev = ("dev.yaml", "1.1.0", "1.2.0");
    let repo = differing();
    landed_late(&repo, &PROMOTE, dev);
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "due");
    assert_eq!(
        planned.changes("web", "prod"),
        ["web-prod spec.helm.version: 1.1.0 → 1.2.0"]
    );

    // The same bytes without the words; with the words of another plan; with one byte more.
    let by_hand = |message: &str, text: &str| {
        let repo = differing();
        landed_late(&repo, &PROMOTE, dev);
        let words = git(repo.path(), &["log", "-1", "--format=%B"]);
        git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
        change(
            &repo,
            &message.replace("WORDS", &words),
            &[("prod.yaml", text)],
        );
        plan(repo.path()).state("web", "prod").to_owned()
    };
    let text = chart("web-prod", "1.1.0");
    assert_eq!(by_hand("WORDS", &text), "due");
    assert_eq!(by_hand("set to 1.1.0", &text), "ahead");
    assert_eq!(by_hand("WORDS", &chart("web-prod", "1.1.1")), "ahead");
    assert_eq!(
        by_hand("WORDS", &text.replace("chart: app", "chart: more")),
        "ahead"
    );
    assert_eq!(by_hand("WORDS\nSluice-Plan: 00", &text), "ahead");
}

#[test]
fn a_landing_of_every_kind_proves_itself() {
    for (name, pipeline, stage, source) in [
        (
            "diamond",
            "shop",
            "qa-us",
            ("services.yaml", "version: 1.5.0", "version: 1.6.0"),
        ),
        (
            "fields",
            "image",
            "prod",
            ("services.yaml", "tag: 2024.10-b", "tag: 2024.10-c"),
        ),
        (
            "fixed-by-hand",
            "orders",
            "prod",
            ("clusters/dev/orders.yaml", "1.1.0", "1.2.0"),
        ),
        (
            "folder-per-environment",
            "web",
            "prod",
            ("clusters/dev/web.yaml", "4.2.0", "4.3.0"),
        ),
        (
            "helm-versions",
            "podinfo",
            "staging",
            ("services.yaml", "version: 6.5.3", "version: 6.5.4"),
        ),
        (
            "k3s-upgrade-version",
            "k3s-upgrade",
            "prod",
            ("upgrade.yaml", "v1.29.1", "v1.29.2"),
        ),
        (
            "secrets",
            "billing",
            "prod",
            ("secret-dev.yaml", "canary-new-string", "canary-newer"),
        ),
        (
            "three-services",
            "payments",
            "prod",
            (
                "services.yaml",
                "chart: api, version: 1.1.0",
                "chart: api, version: 1.2.0",
            ),
        ),
        (
            "two-pipelines",
            "mail",
            "prod",
            (
                "all.yaml",
                "chart: mail, version: 3.0.1",
                "chart: mail, version: 3.0.2",
            ),
        ),
    ] {
        let repo = repo_of(name);
        let call = [
            "promote",
            "--local",
            "--pipeline",
            pipeline,
            "--to",
            stage,
            "--approved-by",
            "ann",
        ];
        landed_late(&repo, &call, source);
        let planned = plan(repo.path());
        assert_eq!(
            planned.state(pipeline, stage),
            "due",
            "{name}: {}",
            planned.reason(pipeline, stage)
        );
    }
}

#[test]
fn a_landing_of_a_ref_with_its_name_proves_itself() {
    let repo = repo_of("monorepo");
    repo.git()
        .remote("origin", "https://github.com/acme/mono.git")
        .unwrap();
    landed_late(
        &repo,
        &PROMOTE,
        ("services/web/deployment.yaml", "name: web", "name: web2"),
    );
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
}

#[test]
fn a_landing_of_a_plain_value_into_a_secret_proves_itself() {
    use test_support::{pipeline, service};

    let keyed = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: token"]),
        ],
        &[("dev prod", &["release APPROVAL"])],
    );
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: prod, namespace: apps }\nstringData: { token: old }\n";
    let repo = repo(&[
        (
            "dev.yaml",
            &service("web-dev", "configuration: { token: new }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configurationRef: { name: prod }"),
        ),
        ("secret.yaml", secret),
        ("web.yaml", &keyed),
    ]);
    landed_late(&repo, &PROMOTE, ("dev.yaml", "token: new", "token: newer"));
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
}

#[test]
fn a_merge_commit_carries_the_record_in_the_head_that_it_merged() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    git(repo.path(), &["branch", "landing"]);
    git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    let merge = [
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.com",
        "merge",
        "-q",
        "--no-ff",
        "-m",
        "Merge #7",
        "landing",
    ];
    git(repo.path(), &merge);
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
}

#[test]
fn the_record_holds_under_squash_with_the_subject_changed() {
    let repo = differing();
    run(repo.path(), &PROMOTE).exits(0);
    let words = message(&repo);
    let (_, body) = words.split_once('\n').unwrap();
    git(
        repo.path(),
        &[
            "commit",
            "-q",
            "--amend",
            "-m",
            &format!("Another subject (#7)\n{body}"),
        ],
    );
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
}
