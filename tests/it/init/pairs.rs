//! What goes together, and what is proposed for it.

use serde_json::Value;

use super::{chart, content, files, pairs, proposal, service, unpaired, written};
use test_support::{fixture, folder, plan, run};

/// Two services in any layout, and the plan that follows from what is written.
fn moves(files: &[(&str, &str)], pipeline: &str) {
    let dir = folder(files);
    let wanted = format!("web: dev → prod ({pipeline})");
    assert_eq!(pairs(&proposal(dir.path())), [wanted], "{files:?}");
    written(dir.path());
    let plan = plan(dir.path());
    assert_eq!(plan.state(pipeline, "prod"), "due", "{files:?}");
    let gates = &plan.promotion(pipeline, "prod")["gates"];
    assert_eq!(gates[0]["name"], "prod-approval");
    assert_eq!(gates[0]["type"], "APPROVAL");
}

#[test]
fn the_same_thing_is_found_in_every_layout_and_what_is_written_moves() {
    let new = |version: &str| chart(version);
    let git = |style: &str, reference: &str| {
        format!("git: {{ {style} folder: web, ref: {reference} }}, ")
    };
    let (one, two) = ("1".repeat(40), "2".repeat(40));
    // A flat folder, by suffix, with a repository of which nothing is known (older style).
    let old = |id: &str| git("", id) + "repositoryRef: { name: web, namespace: infra }";
    moves(
        &[
            (
                "web-dev.yaml",
                &service("web-dev", Some("infra"), &old(&one)),
            ),
            (
                "web-prod.yaml",
                &service("web-prod", Some("infra"), &old(&two)),
            ),
        ],
        "web",
    );
    // One folder for each environment, no namespaces, one name (newer style; nothing reads the URL here).
    moves(
        &[
            (
                "clusters/dev/web.yaml",
                &service("web", None, &(new("1.1.0") + ", cluster: a")),
            ),
            (
                "clusters/prod/web.yaml",
                &service("web", None, &(new("1.0.0") + ", cluster: b")),
            ),
        ],
        "web",
    );
    // One file, by prefix, and long words.
    let all = [
        service("development-web", Some("apps"), &new("1.1.0")),
        service("production-web", Some("apps"), &new("1.0.0")),
    ]
    .join("---\n");
    let dir = folder(&[("all.yaml", &all)]);
    assert_eq!(
        pairs(&proposal(dir.path())),
        ["web: development → production (web)"]
    );
    written(dir.path());
    assert_eq!(plan(dir.path()).state("web", "production"), "due");
    // One name in two namespaces; in two clusters only; where it deploys to only.
    moves(
        &[(
            "all.yaml",
            &[
                service("web", Some("dev"), &new("1.1.0")),
                service("web", Some("prod"), &new("1.0.0")),
            ]
            .join("---\n"),
        )],
        "web",
    );
    moves(
        &[
            (
                "a.yaml",
                &service(
                    "a",
                    Some("x"),
                    &(new("1.1.0") + ", name: web, cluster: k3s-dev"),
                ),
            ),
            (
                "b.yaml",
                &service(
                    "b",
                    Some("x"),
                    &(new("1.0.0") + ", name: web, clusterRef: { name: k3s-prod }"),
                ),
            ),
        ],
        "web",
    );
}

#[test]
fn a_word_that_is_part_of_the_name_is_no_environment_and_a_constant_namespace_says_nothing() {
    let dir = folder(&[
        (
            "clusters/dev/dev-tools.yaml",
            &service(
                "dev-tools",
                Some("prod-mgmt"),
                &(chart("1.1.0") + ", name: dev-tools"),
            ),
        ),
        (
            "clusters/prod/dev-tools.yaml",
            &service(
                "dev-tools-2",
                Some("prod-mgmt"),
                &(chart("1.0.0") + ", name: dev-tools"),
            ),
        ),
    ]);
    assert_eq!(
        pairs(&proposal(dir.path())),
        ["dev-tools: dev → prod (dev-tools)"]
    );
}

#[test]
fn environments_stand_in_their_order_and_regions_side_by_side() {
    let names = [
        "web-prod-us",
        "web-uat",
        "web-prod-eu",
        "web-dev",
        "web-staging",
        "web-test",
    ];
    let all: Vec<String> = names
        .iter()
        .map(|name| service(name, Some("apps"), &chart("1.0.0")))
        .collect();
    let dir = folder(&[("all.yaml", &all.join("---\n"))]);
    let document = proposal(dir.path());
    assert_eq!(
        pairs(&document),
        [
            "web: dev → test (web)",
            "web: test → uat (web)",
            "web: uat → staging (web)",
            "web: staging → prod-eu (web)",
            "web: staging → prod-us (web)",
        ]
    );
    written(dir.path());
}

#[test]
fn a_region_takes_from_its_own_region_before() {
    let names = [
        "web-dev",
        "web-qa-eu",
        "web-qa-us",
        "web-prod-eu",
        "web-prod-us",
    ];
    let all: Vec<String> = names
        .iter()
        .map(|name| service(name, Some("apps"), &chart("1.0.0")))
        .collect();
    let dir = folder(&[("all.yaml", &all.join("---\n"))]);
    assert_eq!(
        pairs(&proposal(dir.path())),
        [
            "web: dev → qa-eu (web)",
            "web: dev → qa-us (web)",
            "web: qa-eu → prod-eu (web)",
            "web: qa-us → prod-us (web)",
        ]
    );
}

#[test]
fn things_with_one_chain_share_a_pipeline_and_others_have_their_own() {
    let names = [
        "pay-api-dev",
        "pay-api-prod",
        "pay-web-dev",
        "pay-web-prod",
        "ledger-dev",
        "ledger-qa",
        "ledger-prod",
    ];
    let all: Vec<String> = names
        .iter()
        .map(|name| service(name, Some("apps"), &chart("1.0.0")))
        .collect();
    let dir = folder(&[("all.yaml", &all.join("---\n"))]);
    let document = proposal(dir.path());
    assert_eq!(
        pairs(&document),
        [
            "ledger: dev → qa (ledger)",
            "ledger: qa → prod (ledger)",
            "pay-api: dev → prod (pay)",
            "pay-web: dev → prod (pay)",
        ]
    );
    assert_eq!(
        files(&document),
        [
            "pipelines/ledger.yaml",
            "pipelines/pay.yaml",
            ".github/sluice.yaml",
            ".github/workflows/sluice.yml"
        ]
    );
    written(dir.path());
}

#[test]
fn folders_tell_apart_what_has_one_name() {
    let tree: Vec<(String, String)> = ["a", "b"]
        .into_iter()
        .flat_map(|team| ["dev", "prod"].map(|environment| (team, environment)))
        .map(|(team, environment)| {
            let text = service(
                "web",
                Some(&format!("{team}-{environment}")),
                &chart("1.0.0"),
            );
            (format!("{team}/{environment}/web.yaml"), text)
        })
        .collect();
    let tree: Vec<(&str, &str)> = tree.iter().map(|(a, b)| (&**a, &**b)).collect();
    let dir = folder(&tree);
    let document = proposal(dir.path());
    assert_eq!(
        pairs(&document),
        ["web: dev → prod (web)", "web: dev → prod (web)"]
    );
    for pair in document["pairs"].as_array().unwrap() {
        let team = |end: &str| pair[end]["file"].as_str().unwrap()[..1].to_owned();
        assert_eq!(team("from"), team("to"));
    }
    written(dir.path());
}

#[test]
fn manifests_of_one_name_without_a_namespace_get_one_by_the_narrowest_glob() {
    let one = |version| service("web", None, &chart(version));
    let dir = folder(&[
        ("clusters/dev/web.yaml", &one("1.1.0")),
        ("clusters/prod/web.yaml", &one("1.0.0")),
        // Something of another environment below the folder: then the file alone is named.
        (
            "clusters/prod/extra/tool-dev.yaml",
            &service("tool-dev", None, &chart("1.0.0")),
        ),
    ]);
    let document = proposal(dir.path());
    let policy = super::content(&document, ".github/sluice.yaml");
    assert!(
        policy.contains("    \"clusters/dev/**\": dev\n    \"clusters/prod/web.yaml\": prod\n"),
        "{policy}"
    );
    written(dir.path());

    // If there is a policy already, its owners decide that.
    let dir = folder(&[
        ("clusters/dev/web.yaml", &one("1.1.0")),
        ("clusters/prod/web.yaml", &one("1.0.0")),
        (".github/sluice.yaml", "version: 1\n"),
    ]);
    let why = unpaired(&proposal(dir.path()));
    assert!(
        why.iter().all(|line| line.contains("manifests.namespaces")) && why.len() == 2,
        "{why:?}"
    );
    // In one file no glob helps.
    let dir = folder(&[(
        "all.yaml",
        &[
            service("web", None, &(chart("1.0.0") + ", cluster: dev")),
            service("web", None, &(chart("1.0.0") + ", cluster: prod")),
        ]
        .join("---\n"),
    )]);
    assert_eq!(unpaired(&proposal(dir.path())).len(), 2);
}

#[test]
fn the_picture_in_the_installation_guide_is_what_the_program_prints() {
    let guide = test_support::read("docs/install.md");
    let block = guide
        .split("```console\n$ sluice init fixtures/init/shop\n")
        .nth(1)
        .unwrap();
    let block = block.split("```").next().unwrap();
    let path = fixture("../init/shop");
    let said = run(&path, &["init"]).exits(0).out;
    let mut rest = said.as_str();
    for part in block.split("…\n") {
        let (_, behind) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("{part}\n--- is not in\n{said}"));
        rest = behind;
    }
}

#[test]
fn helm_values_that_differ_are_named_and_those_that_sound_like_a_release_stand_in_the_policy() {
    let values = |tag: &str, replicas: &str| {
        format!(
            "helm: {{ url: https://charts.example.com, chart: app, version: 1.0.0, values: {{ image: {{ tag: {tag} }}, replicas: {replicas}, \
             same: 1 }} }}"
        )
    };
    let dir = folder(&[
        (
            "dev/web.yaml",
            &service("web", Some("dev"), &values("v2", "1")),
        ),
        (
            "prod/web.yaml",
            &service("web", Some("prod"), &values("v1", "3")),
        ),
    ]);
    let document = proposal(dir.path());
    let note = document["notes"][0].as_str().unwrap();
    insta::assert_snapshot!(note, @"These helm values differ and are not promoted: spec.helm.values.image.tag (dev → prod), spec.helm.values.replicas (dev → prod). If one of them is a release, list it under `fields` in .github/sluice.yaml.");
    let policy = content(&document, ".github/sluice.yaml");
    assert!(
        policy.contains("\n# fields: [spec.helm.values.image.tag]\n"),
        "{policy}"
    );
}

#[test]
fn the_workflow_names_the_default_branch() {
    let repo = test_support::git::TestRepo::new();
    repo.commit(
        "trunk",
        &[
            (
                "dev/web.yaml",
                &service("web", Some("dev"), &chart("1.1.0")),
            ),
            (
                "prod/web.yaml",
                &service("web", Some("prod"), &chart("1.0.0")),
            ),
        ],
    );
    repo.check_out("trunk");
    let workflow = |document: &Value| content(document, ".github/workflows/sluice.yml").to_owned();
    let text = workflow(&proposal(repo.path()));
    assert!(
        text.contains("    branches: [trunk] # your default branch\n"),
        "{text}"
    );
    // What the remote calls it counts more than what is checked out.
    let tip = repo.tip("trunk").unwrap();
    repo.reference("refs/remotes/origin/release", &tip);
    repo.git()
        .reference_symbolic(
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/release",
            true,
            "",
        )
        .unwrap();
    assert!(workflow(&proposal(repo.path())).contains("    branches: [release] #"));
}
