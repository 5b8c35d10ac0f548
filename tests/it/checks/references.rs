//! How references find their manifests: the rules in their order, and what is reported if none applies.

use test_support::{PlanDoc, chart, folder, pipeline, plan, run, web};

/// A service with this metadata (as flow mapping content) and chart version; `more` is further spec.
fn service(metadata: &str, version: &str, more: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ {metadata} \
         }}\nspec:\n{more}  helm: {{ url: https://charts.example.com, chart: app, version: {version} }}\n"
    )
}

/// dev → prod, where prod's service is referred to in this way, from a pipeline of this metadata.
fn refer(pipeline_metadata: &str, reference: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ {pipeline_metadata} }}\nspec:\n  \
         stages:\n    - name: dev\n      services:\n        - serviceRef: {{ name: source, namespace: dev }}\n    - name: \
         prod\n      services:\n        - serviceRef: {{ {reference} }}\n          criteria: {{ serviceRef: {{ name: \
         source, namespace: dev }} }}\n  edges:\n    - {{ from: dev, to: prod, gates: [{{ name: release, type: \
         APPROVAL }}] }}\n"
    )
}

/// Plans with these candidates for the target besides the source, which has version 9.9.9.
fn with(candidates: &[String], pipeline_metadata: &str, reference: &str) -> PlanDoc {
    let mut files = vec![
        (
            "pipeline.yaml".to_owned(),
            refer(pipeline_metadata, reference),
        ),
        (
            "source.yaml".to_owned(),
            service("name: source, namespace: dev", "9.9.9", ""),
        ),
    ];
    files.extend(
        candidates
            .iter()
            .enumerate()
            .map(|(index, text)| (format!("target{index}.yaml"), text.clone())),
    );
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    plan(folder(&files).path())
}

/// The version of the candidate that would be changed.
fn hit(planned: &PlanDoc) -> String {
    match planned.changes("web", "prod")[..] {
        [ref one] => one
            .rsplit_once(": ")
            .unwrap()
            .1
            .split(" → ")
            .next()
            .unwrap()
            .to_owned(),
        ref other => panic!("{other:?} in {:#}", planned.0),
    }
}

fn message(planned: &PlanDoc) -> (String, String) {
    let finding = &planned.0["findings"][0];
    (
        format!(
            "{}: {}",
            finding["code"].as_str().unwrap(),
            finding["message"].as_str().unwrap()
        ),
        finding["help"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn name_and_namespace_win_then_a_manifest_without_namespace() {
    let exact = service("name: web, namespace: prod", "1.0.0", "");
    let bare = service("name: web", "2.0.0", "");
    let other = service("name: web, namespace: qa", "3.0.0", "");
    let all = [exact.clone(), bare.clone(), other.clone()];
    assert_eq!(
        hit(&with(
            &all,
            "name: web, namespace: prod",
            "name: web, namespace: prod"
        )),
        "1.0.0"
    );
    assert_eq!(
        hit(&with(
            &[bare.clone(), other.clone()],
            "name: web, namespace: prod",
            "name: web, namespace: prod"
        )),
        "2.0.0"
    );
    // Without a namespace the reference takes the pipeline's, and there is no other fallback.
    assert_eq!(
        hit(&with(&all, "name: web, namespace: qa", "name: web")),
        "3.0.0"
    );
    assert_eq!(
        hit(&with(&[bare, other.clone()], "name: web", "name: web")),
        "2.0.0"
    );
    let lost = with(&[exact, other], "name: web", "name: web");
    assert_eq!(lost.codes(), ["reference-not-found"]);
}

#[test]
fn an_empty_namespace_says_as_much_as_none() {
    let bare = service("name: web, namespace: \"\"", "2.0.0", "");
    assert_eq!(
        hit(&with(
            &[bare],
            "name: web, namespace: prod",
            "name: web, namespace: \"\""
        )),
        "2.0.0"
    );
}

#[test]
fn the_swapped_form_is_the_third_rule_by_spec_name_or_spec_namespace() {
    for more in ["  name: app\n", "  namespace: app\n"] {
        let target = service("name: web-prod", "1.0.0", more);
        let planned = with(
            &[target],
            "name: web, namespace: infra",
            "name: app, namespace: web-prod",
        );
        assert_eq!(hit(&planned), "1.0.0");
        assert_eq!(planned.codes(), ["reference-swapped"]);
        assert_eq!(
            planned.0["findings"][0]["help"],
            "write {name: web-prod, namespace: infra}"
        );
    }
    // The rules before it win.
    let exact = service("name: app, namespace: web-prod", "2.0.0", "");
    let swapped = service("name: web-prod", "1.0.0", "  name: app\n");
    let planned = with(
        &[exact, swapped],
        "name: web",
        "name: app, namespace: web-prod",
    );
    assert_eq!(hit(&planned), "2.0.0");
    assert_eq!(planned.codes(), [""; 0]);
}

#[test]
fn a_swapped_reference_without_any_namespace_gets_help_and_no_fix() {
    let target = service("name: web-prod", "1.0.0", "  name: app\n");
    let source = service("name: source, namespace: dev", "9.9.9", "");
    let dir = folder(&[
        (
            "pipeline.yaml",
            &refer("name: web", "name: app, namespace: web-prod"),
        ),
        ("target.yaml", &target),
        ("source.yaml", &source),
    ]);
    let before = test_support::snapshot(dir.path());
    let ran = run(dir.path(), &["validate", "--fix", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(ran["fixed"], serde_json::json!([]));
    assert_eq!(
        ran["findings"][0]["help"],
        "write {name: web-prod} and the namespace into which the manifest is applied"
    );
    assert_eq!(test_support::snapshot(dir.path()), before);
}

#[test]
fn several_hits_of_one_rule_are_listed_with_their_places() {
    let copy = service("name: web, namespace: prod", "1.0.0", "");
    let planned = with(
        &[copy.clone(), copy],
        "name: web",
        "name: web, namespace: prod",
    );
    let (message, help) = message(&planned);
    assert_eq!(
        message,
        "reference-ambiguous: the ServiceDeployment {name: web, namespace: prod} is ambiguous: found at target0.yaml:1 \
         and at target1.yaml:1"
    );
    assert!(
        help.contains("manifests.namespaces") && help.contains("manifests.exclude"),
        "{help}"
    );

    let swapped = service("name: web-prod", "1.0.0", "  name: app\n");
    let planned = with(
        &[swapped.clone(), swapped],
        "name: web",
        "name: app, namespace: web-prod",
    );
    assert_eq!(planned.codes(), ["reference-ambiguous"]);
}

#[test]
fn what_is_not_found_comes_with_the_nearest_name_and_the_files_that_could_not_be_read() {
    let near = service("name: web, namespace: prodd", "1.0.0", "");
    let (text, help) = message(&with(&[near], "name: web", "name: web, namespace: prod"));
    assert_eq!(
        text,
        "reference-not-found: the ServiceDeployment {name: web, namespace: prod} was not found"
    );
    assert_eq!(help, "did you mean prodd/web?");

    let template = "{{ if .x }}\napiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\n{{ end }}\n".to_owned();
    let unrelated = "{{ if .x }}\na: b\n{{ end }}\n".to_owned();
    let (_, help) = message(&with(
        &[template, unrelated],
        "name: web",
        "name: zzzzzzzz, namespace: prod",
    ));
    assert!(
        help.contains("it may also be in a file that could not be read: target0.yaml"),
        "{help}"
    );
    assert!(!help.contains("target1.yaml"), "{help}");
}

#[test]
fn a_template_is_counted_once_and_stops_nothing() {
    let ran = run(&test_support::fixture("templates-beside"), &["validate"]).exits(0);
    let lines: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.contains("passed over"))
        .collect();
    assert_eq!(lines.len(), 1, "{}", ran.out);
    let planned = plan(&test_support::fixture("templates-beside"));
    assert_eq!(
        (
            planned.state("search", "prod"),
            planned.state("mail", "prod")
        ),
        ("due", "due")
    );
}

#[test]
fn namespaces_come_from_the_policy_where_manifests_have_none_and_excluded_files_are_not_read() {
    let planned = plan(&test_support::fixture("folder-per-environment"));
    assert_eq!(
        planned.changes("web", "prod"),
        ["web spec.helm.version: 4.1.0 → 4.2.0"]
    );
    assert_eq!(
        planned.promotion("web", "prod")["changes"][0]["namespace"],
        "prod"
    );
    assert_eq!(
        planned.promotion("web", "prod")["changes"][0]["file"],
        "clusters/prod/web.yaml"
    );

    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let dir = folder(&[
        ("web.yaml", &services),
        ("old/web.yaml", &services),
        (
            ".github/sluice.yaml",
            "version: 1\nmanifests: { exclude: [\"old/**\"] }\n",
        ),
    ]);
    assert_eq!(plan(dir.path()).state("web", "prod"), "due");
}

#[test]
fn git_repositories_are_cluster_scoped_and_one_that_stands_twice_is_not_guessed() {
    let git = |url: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: GitRepository\nmetadata: {{ name: api, namespace: \
             elsewhere }}\nspec: {{ url: {url} }}\n"
        )
    };
    let service = |name: &str, reference: &str| {
        test_support::service(
            name,
            &format!(
                "repositoryRef: {{ name: api, namespace: infra }}\ngit: {{ folder: k8s, ref: {reference} }}"
            ),
        )
    };
    let all = [service("web-dev", "v2"), service("web-prod", "v1"), web()].join("---\n");
    let one = folder(&[
        ("web.yaml", &all),
        ("git.yaml", &git("https://github.com/acme/api")),
    ]);
    let planned = plan(one.path());
    assert_eq!(planned.codes(), [""; 0]);
    assert_eq!(planned.state("web", "prod"), "held");
    assert_eq!(
        planned.reason("web", "prod"),
        "revision unread: not on GitHub"
    );

    let two = folder(&[
        ("web.yaml", &all),
        ("git.yaml", &git("https://github.com/acme/api")),
        ("git2.yaml", &git("https://github.com/acme/other")),
    ]);
    let planned = plan(two.path());
    assert_eq!(planned.state("web", "prod"), "error");
    assert!(
        planned.reason("web", "prod").contains("is defined twice"),
        "{}",
        planned.reason("web", "prod")
    );
}

#[test]
fn items_of_a_list_and_any_version_of_the_group_are_read() {
    let pipeline = pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    )
    .replace("v1alpha1", "v2");
    let item = |name: &str, version: &str| {
        format!(
            "- apiVersion: deployments.plural.sh/v1beta1\n  kind: ServiceDeployment\n  metadata: {{ name: {name}, \
             namespace: apps }}\n  spec: {{ helm: {{ url: https://c.example.com, chart: a, version: {version} }} }}\n"
        )
    };
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}{}",
        item("web-dev", "1.1.0"),
        item("web-prod", "1.0.0")
    );
    let dir = folder(&[("list.yaml", &list), ("pipeline.yaml", &pipeline)]);
    assert_eq!(
        plan(dir.path()).changes("web", "prod"),
        ["web-prod spec.helm.version: 1.0.0 → 1.1.0"]
    );
}
