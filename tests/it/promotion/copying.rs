//! What is copied besides refs and keys: chart versions and the policy's `fields`, byte for byte.

use test_support::{folder, plan, repo_of, run};

#[test]
fn further_fields_are_copied_and_what_has_no_place_is_skipped_and_named() {
    let repo = repo_of("fields");
    let before = repo.read("services.yaml").unwrap();
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "image",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(repo.path(), &promote).exits(0);
    assert_eq!(
        repo.read("services.yaml").unwrap(),
        before.replace("tag: \"2024.9-a\"", "tag: \"2024.10-b\"")
    );

    let all = [
        test_support::service(
            "web-dev",
            "helm: { values: { image: { tag: b, digest: d } } }\nprotect: yes",
        ),
        test_support::service("web-prod", "helm: { values: { image: { tag: a } } }"),
        test_support::web(),
    ]
    .join("---\n");
    let policy = "version: 1\nfields: [spec.helm.values.image.tag, spec.helm.values.image.digest, spec.sync.mode]\n";
    let dir = folder(&[("all.yaml", &all), (".github/sluice.yaml", policy)]);
    assert_eq!(
        plan(dir.path()).changes("web", "prod"),
        [
            "web-prod spec.helm.values.image.tag: a → b",
            "web-prod spec.helm.values.image.digest: - → d"
        ]
    );
    let all = all.replace(
        "{ values: { image: { tag: a } } }",
        "{ values: { other: x } }",
    );
    let dir = folder(&[("all.yaml", &all), (".github/sluice.yaml", policy)]);
    assert_eq!(plan(dir.path()).state("web", "prod"), "in-sync");
    run(dir.path(), &["plan"])
        .exits(0)
        .says(&["not copied: spec.helm.values.image.tag"]);
}

#[test]
fn helm_versions_are_copied_and_a_missing_one_is_inserted() {
    let repo = repo_of("helm-versions");
    let before = repo.read("services.yaml").unwrap();
    for stage in ["staging", "prod"] {
        run(
            repo.path(),
            &[
                "promote",
                "--local",
                "--pipeline",
                "podinfo",
                "--to",
                stage,
                "--approved-by",
                "a",
            ],
        )
        .exits(0);
    }
    assert_eq!(
        repo.read("services.yaml").unwrap(),
        before
            .replace(
                "chart: podinfo   # follows dev\n",
                "chart: podinfo   # follows dev\n    version: 6.5.3\n"
            )
            .replace("version: '6.5.2'}", "version: '6.5.3'}")
    );
}
