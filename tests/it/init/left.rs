//! What is left out, and why: never a guess.

use super::{chart, content, files, pairs, proposal, service, unpaired, written};
use test_support::{folder, run, web};

#[test]
fn two_candidates_for_one_place_are_both_named_and_neither_is_taken() {
    let dir = folder(&[
        (
            "a/dev/web.yaml",
            &service("web", Some("a"), &chart("1.0.0")),
        ),
        (
            "b/dev/web.yaml",
            &service("web", Some("b"), &chart("1.0.0")),
        ),
        (
            "c/prod/web.yaml",
            &service("web", Some("c"), &chart("1.0.0")),
        ),
    ]);
    let document = proposal(dir.path());
    assert!(pairs(&document).is_empty() && files(&document).is_empty());
    let why = "two services match dev: a/dev/web.yaml:1, b/dev/web.yaml:1";
    assert_eq!(
        unpaired(&document),
        [
            format!("a/dev/web.yaml:1 {why}"),
            format!("b/dev/web.yaml:1 {why}"),
            format!("c/prod/web.yaml:1 {why}"),
        ]
    );
}

#[test]
fn what_contradicts_itself_or_comes_after_two_is_left() {
    let dir = folder(&[
        (
            "clusters/dev/web-prod.yaml",
            &service("web-prod", Some("apps"), &chart("1.0.0")),
        ),
        (
            "clusters/prod/api-prod.yaml",
            &service("api-prod", Some("apps"), &chart("1.0.0")),
        ),
        (
            "all.yaml",
            &["job-dev", "job-qa", "job-uat", "job-prod"]
                .map(|name| service(name, Some("apps"), &chart("1.0.0")))
                .join("---\n"),
        ),
    ]);
    let document = proposal(dir.path());
    assert_eq!(
        pairs(&document),
        ["job: dev → qa (job)", "job: dev → uat (job)"]
    );
    assert_eq!(
        unpaired(&document),
        [
            "all.yaml:16 it could take its values from any of all.yaml:6, all.yaml:11",
            "clusters/dev/web-prod.yaml:1 its name says prod, its path says dev",
            "clusters/prod/api-prod.yaml:1 it has no counterpart in another environment",
        ]
    );
}

#[test]
fn what_a_promotion_would_refuse_is_left_and_what_comes_behind_it_too() {
    let git = |url: &str| format!("git: {{ url: {url}, folder: x, ref: {} }}", "1".repeat(40));
    let mine = git("https://github.com/acme/shop.git");
    let dir = folder(&[(
        "all.yaml",
        &[
            service("web-dev", Some("apps"), &mine),
            service(
                "web-qa",
                Some("apps"),
                &git("https://github.com/acme/other.git"),
            ),
            service("web-prod", Some("apps"), &mine),
            service("api-dev", Some("apps"), &chart("1.0.0")),
            service(
                "api-prod",
                Some("apps"),
                "helm: { url: https://mirror.example.net, chart: app, version: 1.0.0 }",
            ),
            service("job-dev", Some("apps"), &chart("1.0.0")),
            service("job-prod", Some("apps"), &mine),
        ]
        .join("---\n"),
    )]);
    let document = proposal(dir.path());
    assert!(pairs(&document).is_empty());
    let why = unpaired(&document);
    for wanted in [
        "all.yaml:6 it takes git from github.com/acme/other, and all.yaml:1 from github.com/acme/shop: a promotion would be refused as `repository-differs`",
        "all.yaml:11 what comes before it, all.yaml:6, is not paired",
        "all.yaml:21 it takes its chart from a different place than all.yaml:16: a promotion would be refused as `repository-differs`",
        "all.yaml:31 it has no git ref or chart in common with all.yaml:26, so there is nothing to promote",
    ] {
        assert!(why.iter().any(|line| line == wanted), "{wanted}\n{why:#?}");
    }
}

#[test]
fn what_deploys_manifests_is_never_pinned() {
    let of = |environment: &str, folder: &str| {
        let spec = format!(
            "git: {{ folder: {folder}, ref: main }}, repositoryRef: {{ name: gitops }}, cluster: {environment}"
        );
        service(&format!("apps-{environment}"), Some("infra"), &spec)
    };
    let trees = [("./prod/", 0), ("production", 1)];
    for (folder_of_prod, wanted) in trees {
        let dir = folder(&[
            (
                "apps.yaml",
                &[of("dev", "env/dev"), of("prod", folder_of_prod)].join("---\n"),
            ),
            (
                "prod/web.yaml",
                &service("web", Some("apps"), &chart("1.0.0")),
            ),
            (
                "production.yaml",
                &service("api", Some("apps"), &chart("1.0.0")),
            ),
        ]);
        let document = proposal(dir.path());
        assert_eq!(pairs(&document).len(), wanted, "{document:#}");
        let why = unpaired(&document);
        let said = why
            .iter()
            .any(|line| line.contains("it deploys manifests of services (prod/web.yaml)"));
        assert_eq!(said, wanted == 0, "{why:?}");
    }
}

#[test]
fn what_stands_in_a_pipeline_is_left_out_and_its_policy_is_not_loosened() {
    let dir = folder(&[
        (
            "web.yaml",
            &[
                service("web-dev", Some("apps"), &chart("1.0.0")),
                service("web-prod", Some("apps"), &chart("1.0.0")),
                web(),
            ]
            .join("---\n"),
        ),
        (
            "web-qa.yaml",
            &service("web-qa", Some("apps"), &chart("1.0.0")),
        ),
        (
            "api.yaml",
            &["api-dev", "api-qa", "api-prod"]
                .map(|name| service(name, Some("apps"), &chart("1.0.0")))
                .join("---\n"),
        ),
    ]);
    let document = proposal(dir.path());
    assert_eq!(
        pairs(&document),
        ["api: dev → qa (api)", "api: qa → prod (api)"]
    );
    assert_eq!(
        unpaired(&document),
        [
            "web-qa.yaml:1 its counterparts are in Pipeline web (web.yaml:11): add it there",
            "web.yaml:1 already in Pipeline web (web.yaml:11)",
            "web.yaml:6 already in Pipeline web (web.yaml:11)",
        ]
    );
    let policy = content(&document, ".github/sluice.yaml");
    assert!(
        policy.contains("\npipelines:\n  api:\n    stages:\n      qa:\n        trigger: auto"),
        "{policy}"
    );
    assert!(!policy.contains("\nstages:"), "{policy}");
    written(dir.path());
}

#[test]
fn a_folder_of_nothing_and_one_of_other_things_propose_nothing() {
    for tree in [
        &[][..],
        &[("a.yaml", "kind: ConfigMap\n"), ("b.yaml", "x: [\n")],
    ] {
        let dir = folder(tree);
        run(dir.path(), &["init", "--write"])
            .exits(0)
            .says(&["There is no ServiceDeployment here"]);
        assert!(!dir.path().join(".github").exists());
    }
}

#[test]
fn a_pair_that_a_reference_would_not_lead_to_is_left_out_and_the_others_are_proposed() {
    let dir = folder(&[
        (
            ".github/sluice.yaml",
            "version: 1\nmanifests: { namespaces: { \"pipelines/**\": apps } }\n",
        ),
        (
            "clusters/dev/api.yaml",
            &service("api-dev", None, &chart("1.1.0")),
        ),
        (
            "clusters/prod/api.yaml",
            &service("api-prod", None, &chart("1.0.0")),
        ),
        (
            "clusters/dev/web.yaml",
            &service("web-dev", None, &chart("1.1.0")),
        ),
        (
            "clusters/prod/web.yaml",
            &service("web-prod", None, &chart("1.0.0")),
        ),
        (
            "attic/web.yaml",
            &service("web-prod", Some("apps"), &chart("1.0.0")),
        ),
    ]);
    let document = proposal(dir.path());
    let found = pairs(&document);
    assert!(
        found.len() == 1 && found[0].starts_with("api: dev → prod"),
        "{found:?}"
    );
    let left = unpaired(&document);
    for (one, other) in [
        ("clusters/prod/web.yaml:1", "attic/web.yaml:1"),
        ("attic/web.yaml:1", "clusters/prod/web.yaml:1"),
    ] {
        let why = format!(
            "{one} a reference to it may also mean {other}: give it a unique name or namespace"
        );
        assert!(left.contains(&why), "{left:?}");
    }
    written(dir.path());
}

#[test]
fn services_whose_pipeline_may_stand_in_a_file_that_cannot_be_read_get_no_second_one() {
    let broken = format!("{}  - [\n", web());
    let dir = folder(&[
        (
            "dev.yaml",
            &service("web-dev", Some("apps"), &chart("1.1.0")),
        ),
        (
            "prod.yaml",
            &service("web-prod", Some("apps"), &chart("1.0.0")),
        ),
        (
            "api-dev.yaml",
            &service("api-dev", Some("apps"), &chart("1.1.0")),
        ),
        (
            "api-prod.yaml",
            &service("api-prod", Some("apps"), &chart("1.0.0")),
        ),
        ("web.yaml", &broken),
    ]);
    let document = proposal(dir.path());
    assert_eq!(pairs(&document), ["api: dev → prod (api)"]);
    for left in unpaired(&document) {
        assert!(left.contains("its Pipeline may be in web.yaml:"), "{left}");
    }
    assert_eq!(unpaired(&document).len(), 2);
}
