//! Repositories of which nothing is known but the name: refs are compared and copied as text.

use super::taken;
use test_support::{folder, plan, service};

fn unknown(source: &str, target: &str) -> tempfile::TempDir {
    let spec = |reference: &str| {
        format!("repositoryRef: {{ name: api }}\ngit: {{ folder: app, ref: {reference} }}")
    };
    let all = [
        service("web-dev", &spec(source)),
        service("web-prod", &spec(target)),
        test_support::web(),
    ];
    folder(&[("all.yaml", &all.join("---\n"))])
}

#[test]
fn in_an_unknown_repository_text_is_compared_and_copied_whatever_it_is() {
    for (source, target) in [
        ("v2", "v1"),
        ("main", "release"),
        ("refs/pull/1/head", "v1"),
    ] {
        let planned = plan(unknown(source, target).path());
        assert_eq!(taken(&planned), Ok(source.to_owned()), "{source}");
        assert!(planned.codes().contains(&"repository-unknown".to_owned()));
    }
    assert_eq!(
        plan(unknown("main", "main").path()).state("web", "prod"),
        "in-sync"
    );
}

#[test]
fn two_unknown_repositories_are_one_place_only_by_kind_name_and_namespace() {
    let with = |source: &str, target: &str| {
        let spec = |reference: &str, version: &str| {
            format!("{reference}git: {{ folder: app, ref: {version} }}")
        };
        let all = [
            service("web-dev", &spec(source, "v2")),
            service("web-prod", &spec(target, "v1")),
            test_support::web(),
        ];
        plan(folder(&[("all.yaml", &all.join("---\n"))]).path())
    };
    let api = "repositoryRef: { name: api, namespace: infra }\n";
    for (source, target) in [
        ("", ""),
        (api, api),
        (
            api,
            "repositoryRef: { namespace: infra, name: api, kind: GitRepository }\n",
        ),
    ] {
        let planned = with(source, target);
        assert_eq!(taken(&planned), Ok("v2".to_owned()), "{source} {target}");
        assert_eq!(planned.codes(), ["repository-unknown"]);
    }
    for other in [
        "",
        "repositoryRef: { name: web, namespace: infra }\n",
        "repositoryRef: { name: api }\n",
        "repositoryRef: { name: api, namespace: infra, kind: HelmRepository }\n",
    ] {
        assert_eq!(with(api, other).codes(), ["repository-differs"], "{other}");
    }
}

#[test]
fn a_commit_id_is_never_replaced_by_anything_but_a_commit_id() {
    let (one, two) = ("1".repeat(40), "2".repeat(40));
    let planned = plan(unknown("v2", &one).path());
    let answer = taken(&planned).unwrap_err();
    assert!(
        answer.contains("a commit ID is only ever replaced by another one"),
        "{answer}"
    );
    assert_eq!(taken(&plan(unknown(&two, &one).path())), Ok(two.clone()));
    assert_eq!(taken(&plan(unknown(&two, "v1").path())), Ok(two));
}
