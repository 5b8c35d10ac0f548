//! Keys of `criteria.secrets`: where values come from, where they go, and that no one ever sees one.

use crate::SLUICE;
use base64::Engine;
use test_support::git::git;
use test_support::{change, copy_of, fixture, folder, pipeline, plan, repo, repo_of, run, service};

fn keyed(keys: &str) -> String {
    pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &[format!("web-prod < web-dev: {keys}").as_str()]),
        ],
        &[("dev prod", &["release APPROVAL"])],
    )
}

fn secret(name: &str, body: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{ name: {name}, namespace: apps }}\n{body}")
}

#[test]
fn configuration_goes_to_configuration_and_other_keys_are_left_alone() {
    let dev = service(
        "web-dev",
        "configuration:\n  a: \"1\"\n  b: two\n  c: three",
    );
    let prod = service(
        "web-prod",
        "configuration:\n  a: \"0\"   # keep\n  c: other\n",
    );
    let repo = repo(&[
        ("dev.yaml", &dev),
        ("prod.yaml", &prod),
        ("pipeline.yaml", &keyed("a, b")),
    ]);
    run(
        repo.path(),
        &[
            "promote",
            "--local",
            "--pipeline",
            "web",
            "--to",
            "prod",
            "--approved-by",
            "ann",
        ],
    )
    .exits(0);
    assert_eq!(
        repo.read("prod.yaml").unwrap(),
        prod.replace(
            "a: \"0\"   # keep\n    c: other\n",
            "a: \"1\"   # keep\n    c: other\n    b: two\n"
        )
    );
}

#[test]
fn string_data_goes_to_string_data_and_data_to_data_and_a_missing_key_is_added() {
    let repo = repo_of("secrets");
    run(
        repo.path(),
        &[
            "promote",
            "--local",
            "--pipeline",
            "billing",
            "--to",
            "prod",
            "--approved-by",
            "ann",
        ],
    )
    .exits(0);
    let token = base64::engine::general_purpose::STANDARD.encode("canary-new-base64");
    assert_eq!(
        repo.read("secret-prod.yaml").unwrap(),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: billing-prod-config\n  namespace: apps\nstringData:\n  # \
             rotated with every release\n  db-password: \"canary-new-string\"\n  smtp-user: mailer\ndata:\n  api-token: \
             {token}\n  untouched: Y2FuYXJ5LWtlcHQ=\n"
        )
    );
    assert!(
        repo.read("services.yaml")
            .unwrap()
            .contains("log-level: warn")
    );
}

#[test]
fn a_value_that_is_encoded_differently_at_the_two_sides_is_the_same_value() {
    let encoded = base64::engine::general_purpose::STANDARD.encode("same");
    let dir = folder(&[
        (
            "dev.yaml",
            &service("web-dev", "configurationRef: { name: dev }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configurationRef: { name: prod }"),
        ),
        (
            "a.yaml",
            &secret("dev", &format!("data: {{ token: {encoded} }}\n")),
        ),
        ("b.yaml", &secret("prod", "stringData: { token: same }\n")),
        ("pipeline.yaml", &keyed("token")),
    ]);
    assert_eq!(plan(dir.path()).state("web", "prod"), "in-sync");
}

#[test]
fn a_plain_value_goes_into_the_targets_secret_where_the_key_lies_there() {
    let prod = secret("prod", "data:\n  token: b2xk\n");
    let repo = repo(&[
        (
            "dev.yaml",
            &service("web-dev", "configuration: { token: shown }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configurationRef: { name: prod }"),
        ),
        ("secret.yaml", &prod),
        ("pipeline.yaml", &keyed("token")),
    ]);
    assert_eq!(
        plan(repo.path()).changes("web", "prod"),
        ["prod data.token: secret"]
    );
    run(
        repo.path(),
        &[
            "promote",
            "--local",
            "--pipeline",
            "web",
            "--to",
            "prod",
            "--approved-by",
            "ann",
        ],
    )
    .exits(0);
    assert_eq!(
        repo.read("secret.yaml").unwrap(),
        prod.replace(
            "b2xk",
            &base64::engine::general_purpose::STANDARD.encode("shown")
        )
    );
}

#[test]
fn a_value_from_a_secret_never_goes_into_plain_text() {
    // The target has the key in plain text; it has no Secret at all; its Secret is not there.
    for (spec, code) in [
        ("configuration: { token: old }", "secret-to-plaintext"),
        ("configuration: {}", "secret-to-plaintext"),
        ("configurationRef: { name: gone }", "reference-not-found"),
    ] {
        let dir = folder(&[
            (
                "dev.yaml",
                &service("web-dev", "configurationRef: { name: dev }"),
            ),
            ("prod.yaml", &service("web-prod", spec)),
            ("a.yaml", &secret("dev", "stringData: { token: canary }\n")),
            ("pipeline.yaml", &keyed("token")),
        ]);
        let planned = plan(dir.path());
        assert_eq!(planned.codes(), [code], "{spec}");
        assert_eq!(planned.state("web", "prod"), "error");
        let ran = run(dir.path(), &["simulate", "--approve", "ann"]);
        assert!(!ran.all().contains("canary"));
    }
}

#[test]
fn a_secret_that_is_referred_to_and_cannot_be_read_is_an_error_that_names_its_file() {
    let dir = folder(&[
        (
            "dev.yaml",
            &service("web-dev", "configurationRef: { name: dev }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configurationRef: { name: prod }"),
        ),
        (
            "a.yaml",
            &secret("dev", "stringData: { token: a, token: b }\n"),
        ),
        ("b.yaml", &secret("prod", "stringData: { token: same }\n")),
        (
            "unrelated.yaml",
            &secret("other", "stringData: { token: a, token: b }\n"),
        ),
        ("pipeline.yaml", &keyed("token")),
    ]);
    let planned = plan(dir.path());
    assert_eq!(planned.codes(), ["reference-not-found"]);
    let help = planned.0["findings"][0]["help"].as_str().unwrap();
    assert!(help.contains("a.yaml"), "{help}");
}

#[test]
fn sops_is_refused_on_either_side_and_the_file_stays_as_it_is() {
    let dir = copy_of("secrets-sops");
    let out = tempfile::tempdir().unwrap();
    let target = out.path().join("end");
    let ran = run(
        dir.path(),
        &[
            "simulate",
            "--approve",
            "ann",
            "--out",
            target.to_str().unwrap(),
        ],
    )
    .exits(2);
    assert!(ran.out.contains("secret-encrypted"), "{}", ran.out);
    let file = |path: &std::path::Path| std::fs::read(path.join("secret-prod.yaml")).unwrap();
    assert_eq!(file(&target), file(dir.path()));

    let dir = folder(&[
        (
            "dev.yaml",
            &service("web-dev", "configurationRef: { name: dev }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configurationRef: { name: prod }"),
        ),
        (
            "a.yaml",
            &secret(
                "dev",
                "stringData: { token: \"ENC[x]\" }\nsops: { version: 3.9.0 }\n",
            ),
        ),
        ("b.yaml", &secret("prod", "stringData: { token: same }\n")),
        ("pipeline.yaml", &keyed("token")),
    ]);
    assert_eq!(plan(dir.path()).codes(), ["secret-encrypted"]);
}

#[test]
fn no_command_ever_shows_a_value_from_a_secret() {
    // "canary" in plain text, and the same in base64 at each of its three alignments.
    let needles = ["canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn"];
    let calm = |what: &str, text: &str| {
        for needle in needles {
            assert!(!text.contains(needle), "{what} shows {needle}:\n{text}");
        }
    };
    for name in ["secrets", "secrets-sops"] {
        let path = fixture(name);
        for format in ["text", "json"] {
            for arguments in [
                &["validate"][..],
                &["plan"],
                &["plan", "--diff", "--why"],
                &["status"],
                &["simulate"],
                &["simulate", "--approve", "ann"],
                &["graph"],
                &["schema"],
            ] {
                let mut all = arguments.to_vec();
                all.extend(["--format", format]);
                calm(&format!("{name} {all:?}"), &run(&path, &all).all());
                calm(
                    &format!("{name} {all:?} (process)"),
                    &SLUICE.run(&path, &all).all(),
                );
            }
        }
    }
    for format in ["text", "json"] {
        let repo = repo_of("secrets");
        let promote = [
            "promote",
            "--local",
            "--pipeline",
            "billing",
            "--to",
            "prod",
            "--format",
            format,
        ];
        calm("refused", &run(repo.path(), &promote).exits(3).all());
        let mut approved = promote.to_vec();
        approved.extend(["--approved-by", "ann"]);
        calm("promote", &run(repo.path(), &approved).exits(0).all());
        calm(
            "the commit's message",
            &git(repo.path(), &["log", "-1", "--format=%B"]),
        );
        calm("in sync", &run(repo.path(), &approved).exits(0).all());
        calm(
            "plan after",
            &run(repo.path(), &["plan", "--format", format]).all(),
        );
        // Ahead: the target's secret is set by hand.
        let text = repo.read("secret-prod.yaml").unwrap();
        change(
            &repo,
            "by hand",
            &[(
                "secret-prod.yaml",
                &text.replace("canary-new-string", "canary-by-hand"),
            )],
        );
        calm(
            "ahead",
            &run(repo.path(), &["plan", "--diff", "--format", format]).all(),
        );
    }
}

#[test]
fn a_key_that_no_side_has_is_missing_and_an_empty_one_too() {
    let dir = folder(&[
        (
            "dev.yaml",
            &service("web-dev", "configuration: { a: \"\", b: ~ }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configuration: { a: x, b: x, c: x }"),
        ),
        ("pipeline.yaml", &keyed("a, b, c")),
    ]);
    let planned = plan(dir.path());
    assert_eq!(planned.codes(), ["secret-missing", "secret-missing"]);
    assert_eq!(
        planned.changes("web", "prod"),
        ["web-prod spec.configuration.a: x → "]
    );
}

#[test]
fn the_record_names_the_file_of_a_secret_and_never_its_value() {
    let repo = repo(&[
        (
            "dev.yaml",
            &service("web-dev", "configuration: { token: canary }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configurationRef: { name: prod }"),
        ),
        (
            "secret.yaml",
            &secret("prod", "stringData: { token: old }\n"),
        ),
        ("pipeline.yaml", &keyed("token")),
    ]);
    let source = git(repo.path(), &["rev-parse", "HEAD:dev.yaml"]);
    run(
        repo.path(),
        &[
            "promote",
            "--local",
            "--pipeline",
            "web",
            "--to",
            "prod",
            "--approved-by",
            "ann",
        ],
    )
    .exits(0);
    let message = git(repo.path(), &["log", "-1", "--format=%B"]);
    assert!(
        message.contains(&format!("token@{}", source.trim())),
        "{message}"
    );
}
