//! How findings and values are shown: the line with a mark below it, and never one of a `Secret`.

use test_support::{chart, folder, run, web};

#[test]
fn a_finding_shows_its_line() {
    let dir = folder(&[
        (
            ".github/sluice.yaml",
            "version: 1\nstages:\n  prot: { trigger: manual }\n",
        ),
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    let ran = run(dir.path(), &["validate"]).exits(2);
    let block: Vec<&str> = ran.out.lines().take(6).collect();
    insta::assert_snapshot!(block.join("\n"), @r"
    error[policy-unknown-name]: there is no stage named prot
     --> .github/sluice.yaml:3:3
      |
    3 |   prot: { trigger: manual }
      |   ^^^^
      |
    ");
}

#[test]
fn no_line_of_a_file_with_a_secret_is_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: web-prod, namespace: apps }\nstringData: { token: hunter2 }\n";
    // Its second document is broken, its first holds a secret.
    let broken = format!("{secret}---\n{}  bad: [hunter2\n", web());
    let dir = folder(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &broken),
    ]);
    let ran = run(dir.path(), &["validate"]).exits(2);
    assert!(
        ran.out.contains("web.yaml:") && !ran.out.contains("hunter2"),
        "{}",
        ran.out
    );
}

#[test]
fn what_a_line_holds_does_nothing_to_the_terminal() {
    let hostile = web().replace("name: web\n", "name: web # \u{202e}\u{1b}[31m\n");
    let dir = folder(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        (
            "web.yaml",
            &hostile.replace(
                "serviceRef: { name: web-prod }",
                "serviceRef: { name: \"web\u{202e}prod\" }",
            ),
        ),
    ]);
    let ran = run(dir.path(), &["validate"]).exits(2);
    assert!(!ran.all().contains(['\u{202e}', '\u{1b}']), "{}", ran.all());
    assert!(ran.out.contains("\\u{202e}"), "{}", ran.out);
}

#[test]
fn a_line_break_at_the_end_of_a_value_is_shown_by_its_sign() {
    let block = |name: &str, version: &str| {
        test_support::service(
            name,
            &format!("configuration:\n  release: |\n    {version}"),
        )
    };
    let dir = folder(&[
        ("dev.yaml", &block("web-dev", "1.1.0")),
        ("prod.yaml", &block("web-prod", "1.0.0")),
        (
            "web.yaml",
            &web().replace("secrets: []", "secrets: [release]"),
        ),
    ]);
    run(dir.path(), &["plan"]).says(&["1.0.0⏎ → 1.1.0⏎"]);
}

#[test]
fn one_error_is_one_error_and_is_told_once() {
    let dir = folder(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("web.yaml", &web()),
    ]);
    let graph = run(dir.path(), &["graph"]).exits(2);
    assert_eq!(graph.err, "1 error: sluice validate PATH shows more\n");
    let status = run(dir.path(), &["status"]).exits(2);
    let told = status.out.matches("ServiceDeployment is").count()
        + status.out.matches("no ServiceDeployment").count();
    assert!(told <= 2, "{}", status.out);
}

#[test]
fn a_slip_in_the_name_of_a_repository_is_asked_back() {
    let service = |name: &str| {
        test_support::service(
            name,
            "repositoryRef: { name: gitopz }\ngit: { folder: app, ref: main }",
        )
    };
    let repository = "apiVersion: deployments.plural.sh/v1alpha1\nkind: GitRepository\nmetadata: { name: gitops }\nspec: { url: https://github.com/acme/gitops }\n";
    let dir = folder(&[
        ("dev.yaml", &service("web-dev")),
        ("prod.yaml", &service("web-prod")),
        ("web.yaml", &web()),
        ("repository.yaml", repository),
    ]);
    run(dir.path(), &["validate"])
        .exits(0)
        .says(&["did you mean gitops?"]);
}
