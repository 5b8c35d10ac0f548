//! Templates and other files that are not plain YAML, beside manifests: passed over, reported, never read as manifests.

use std::os::unix::fs::symlink;

use serde_json::Value;

use test_support::{chart, folder, plan, repo, run, web};

/// A scaffold as it lies beside its instances: valid YAML, in which `{{ name }}` is a mapping with a mapping for a key.
const SCAFFOLD: &str = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: web-prod\n  namespace: \
                        apps\nspec:\n  cluster: {{ context.cluster }}\n  helm: { url: https://charts.example.com, chart: app, version: \
                        1.0.0 }\n";

/// The documents that were passed over, as `file:line why`.
fn passed_over(document: &Value) -> Vec<String> {
    let found = document["passed_over"].as_array().unwrap();
    let line = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        format!("{}:{} {}", text("file"), one["line"], text("why"))
    };
    found.iter().map(line).collect()
}

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let mut files = vec![
        ("dev.yaml".to_owned(), chart("web-dev", "1.1.0")),
        ("prod.yaml".to_owned(), chart("web-prod", "1.0.0")),
        ("web.yaml".to_owned(), web()),
    ];
    files.extend(
        more.iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned())),
    );
    files
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect()
}

#[test]
fn a_template_that_is_yaml_too_is_no_second_manifest_and_is_named() {
    let files = with(&[("templates/service.yaml", SCAFFOLD)]);
    let repo = repo(&borrowed(&files));
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "due", "{:#}", planned.0);
    assert_eq!(planned.codes(), Vec::<String>::new());
    assert_eq!(
        passed_over(&planned.0),
        ["templates/service.yaml:7 this is a template, not a manifest: a key here is not a string"]
    );
    let validated = run(repo.path(), &["validate", "--format", "json"]).exits(0);
    assert_eq!(validated.json()["passed_over"], planned.0["passed_over"]);
    run(repo.path(), &["validate"]).exits(0).says(&[
        "1 document that may contain manifests was passed over, because it is not plain YAML: templates/service.yaml:7",
    ]);
    // Taking it for a manifest would make the reference ambiguous: without the marks it is.
    let plain = SCAFFOLD.replace("{{ context.cluster }}", "main");
    let files = with(&[("templates/service.yaml", &plain)]);
    let repo = test_support::repo(&borrowed(&files));
    assert_eq!(plan(repo.path()).codes(), ["reference-ambiguous"]);
}

#[test]
fn what_cannot_be_understood_is_a_template_only_where_a_value_holds_its_marks() {
    let spec = |spec: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: other }}\nspec:\n{spec}\n"
        )
    };
    let named =
        |name: &str| spec("  helm: {}").replace("{ name: other }", &format!("{{ name: {name} }}"));
    let text_of = |values: &str| format!("{values}\n");
    for template in [
        spec("  git: [[ .Git ]]"),
        spec("  git: { ref: [[ .Ref ]], folder: x }"),
        spec("  helm:\n    version: [[ .Version ]]"),
        spec("  git: { ref: {{ ref }}, folder: x }"),
        spec("  git: \"{{ git }}\""),
        spec("  git: {% if x %}"),
        spec("  git: [[ .Git ]]-x"),
        named("[[ .Name ]]"),
        named("{{ name }}"),
        text_of(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: [[ .Kind ]]\nmetadata: { name: x }",
        ),
        text_of(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: x }\nspec: [[ .Spec ]]",
        ),
    ] {
        let dir = folder(&[("a.yaml", &template)]);
        let ran = run(dir.path(), &["validate", "--format", "json"]).exits(0);
        assert_eq!(passed_over(&ran.json()).len(), 1, "{template}\n{}", ran.out);
    }
    for broken in [
        spec("  git: [x] # {{ git }}"),
        spec("  git: [x]\n  # {{ git }}"),
        spec("  git: [x]\n  other: \"{{ y }}\""),
        spec("  git: [x"),
        spec("  git: [x]\n  args: [[a, b], [c]]"),
        spec("  args: [[a, b], [c]]\n  x: y\n  z: y\n  git: [x"),
    ] {
        let dir = folder(&[("a.yaml", &broken)]);
        let ran = run(dir.path(), &["validate", "--format", "json"]).exits(2);
        assert_eq!(
            ran.json()["findings"][0]["code"],
            "manifest-unreadable",
            "{broken}"
        );
        assert_eq!(passed_over(&ran.json()), Vec::<String>::new(), "{broken}");
    }
}

#[test]
fn a_manifest_beside_a_template_in_one_file_is_read_and_promoted() {
    let prod = format!("{SCAFFOLD}---\n{}", chart("web-prod", "1.0.0"));
    let files = [
        ("dev.yaml", chart("web-dev", "1.1.0")),
        ("prod.yaml", prod),
        ("web.yaml", web()),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text));
    let repo = repo(&borrowed(&files));
    assert_eq!(plan(repo.path()).codes(), Vec::<String>::new());
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "web",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(repo.path(), &promote).exits(0);
    let landed = format!("{SCAFFOLD}---\n{}", chart("web-prod", "1.1.0"));
    assert_eq!(repo.read("prod.yaml").unwrap(), landed);
    run(repo.path(), &["history", "--verify"]).exits(0);
}

#[test]
fn files_without_yaml_in_them_are_named_where_they_may_hold_what_is_missing() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    let dir = folder(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("web.yaml", &web()),
        ("big.yaml", pointer),
        ("elsewhere.txt", &chart("web-prod", "1.0.0")),
    ]);
    symlink("elsewhere.txt", dir.path().join("link.yaml")).unwrap();
    let ran = run(dir.path(), &["validate", "--format", "json"]).exits(2);
    let document = ran.json();
    assert_eq!(
        passed_over(&document),
        [
            "big.yaml:1 it is a Git LFS pointer, and the content is not here",
            "link.yaml:1 it is a link, and links are not followed",
        ]
    );
    let finding = &document["findings"][0];
    assert_eq!(finding["code"], "reference-not-found");
    let help = finding["help"].as_str().unwrap();
    assert!(
        help.ends_with("it may also be in a file that could not be read: big.yaml, link.yaml"),
        "{help}"
    );
}

#[test]
fn a_manifest_in_utf_16_or_with_nul_bytes_is_an_error_and_not_absent() {
    let utf16 = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect()
    };
    let prod = chart("web-prod", "1.0.0");
    let hidden = format!("a: b\n\0---\n{prod}").into_bytes();
    for (bytes, why) in [
        (utf16(&prod), "it is written in UTF-16"),
        (hidden, "a NUL byte is here, which YAML does not allow"),
    ] {
        let dir = folder(&[
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            ("web.yaml", &web()),
        ]);
        std::fs::write(dir.path().join("prod.yaml"), bytes).unwrap();
        let ran = run(dir.path(), &["validate", "--format", "json"]).exits(2);
        let document = ran.json();
        let codes = test_support::codes(&document);
        assert_eq!(codes, ["manifest-unreadable", "reference-not-found"]);
        let findings = document["findings"].as_array().unwrap();
        assert!(
            findings.iter().any(|one| one["message"] == why),
            "{document:#}"
        );
        let missing = findings
            .iter()
            .find(|one| one["code"] == "reference-not-found");
        let help = missing.unwrap()["help"].as_str().unwrap();
        assert!(help.ends_with("could not be read: prod.yaml"), "{help}");
    }
}

#[test]
fn the_text_names_five_documents_and_json_all() {
    let paths: Vec<String> = (1..=7).map(|at| format!("t/{at}.yaml")).collect();
    let more: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), SCAFFOLD)).collect();
    let files = with(&more);
    let repo = repo(&borrowed(&files));
    assert_eq!(passed_over(&plan(repo.path()).0).len(), 7);
    run(repo.path(), &["plan"]).says(&[
        "7 documents that may contain manifests were passed over, because they are not plain YAML: t/1.yaml:7, t/2.yaml:7, t/3.yaml:7, \
         t/4.yaml:7, t/5.yaml:7, and 2 more",
    ]);
}

#[test]
fn a_hotfix_does_not_look_new_after_its_file_was_a_template_for_a_while() {
    let files = with(&[]);
    let repo = repo(&borrowed(&files));
    test_support::replace(&repo, "prod.yaml", "1.0.0", "1.0.9");
    assert_eq!(plan(repo.path()).state("web", "prod"), "ahead");
    let good = repo.read("prod.yaml").unwrap();
    test_support::change(&repo, "slip", &[("prod.yaml", SCAFFOLD)]);
    test_support::change(&repo, "mend", &[("prod.yaml", &good)]);
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "error", "{:#}", planned.0);
    let reason = planned.reason("web", "prod");
    assert!(
        reason.contains("it could not be read: prod.yaml:7"),
        "{reason}"
    );
}
