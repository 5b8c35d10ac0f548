//! Further fields keep their type, and an edit that cannot be made is found before anything is opened.

use test_support::git::TestRepo;
use test_support::{pipeline, plan, repo, run, service};

/// `web-dev` and `web-prod`, of which `spec.helm.values.v` is promoted; each value as it is written.
fn values(dev: &str, prod: &str) -> TestRepo {
    let web = pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    );
    let spec = |value: &str| format!("helm:\n  values:\n    kept: 1\n{value}");
    repo(&[
        (
            ".github/sluice.yaml",
            "version: 1\nfields: [spec.helm.values.v]\n",
        ),
        ("dev.yaml", &service("web-dev", &spec(dev))),
        ("prod.yaml", &service("web-prod", &spec(prod))),
        ("web.yaml", &web),
    ])
}

fn of(dev: &str, prod: &str) -> TestRepo {
    values(&format!("    v: {dev}"), &format!("    v: {prod}"))
}

/// The line that is promoted, after a promotion that `history --verify` proves.
#[track_caller]
fn landed(repo: &TestRepo) -> String {
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
    run(repo.path(), &["history", "--verify"]).exits(0);
    let text = repo.read("prod.yaml").unwrap();
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with("v:"));
    line.unwrap_or_else(|| panic!("{text}")).trim().to_owned()
}

#[test]
fn a_value_keeps_its_type() {
    for (dev, prod, wanted) in [
        ("3", "2", "v: 3"),
        ("true", "false # ours", "v: true # ours"),
        ("0.5", "1", "v: 0.5"),
        ("3", "", "v: 3"),
        ("3", "~", "v: 3"),
        ("\"12.10\"", "\"12.9\"", "v: \"12.10\""),
        ("\"12.10\"", "'12.9'", "v: '12.10'"),
        ("\"12.10\"", "1.2.3", "v: \"12.10\""),
        ("1.2.3", "\"1.2.2\"", "v: \"1.2.3\""),
        ("v2", "v1", "v: v2"),
        ("\"true\"", "on-demand", "v: \"true\""),
    ] {
        assert_eq!(landed(&of(dev, prod)), wanted, "{dev} over {prod}");
    }
    assert_eq!(landed(&values("    v: 3", "")), "v: 3");
    assert_eq!(landed(&values("    v: \"3\"", "")), "v: \"3\"");
}

#[test]
fn a_value_that_readers_take_for_different_things_is_refused_where_it_would_be_written() {
    for dev in [
        "12.10",
        "1e3",
        "012",
        "0x1F",
        "1_000",
        "yes",
        "1:30",
        "+1",
        ".5",
        "1.0",
        "2024-01-02",
        "True",
    ] {
        let repo = of(dev, "other");
        for arguments in [["validate"], ["plan"]] {
            run(repo.path(), &arguments).exits(2).says(&[
                "target-not-editable",
                &format!("spec.helm.values.v of web-dev is `{dev}` without quotes"),
                "quote it at the source",
            ]);
        }
        // A value that both already have is not a change.
        let repo = of(dev, dev);
        assert_eq!(plan(repo.path()).state("web", "prod"), "in-sync", "{dev}");
    }
}

#[test]
fn a_value_of_another_type_than_what_stands_there_is_refused() {
    for (dev, prod, message, help) in [
        (
            "3",
            "\"2\"",
            "spec.helm.values.v is a number at web-dev and a string at web-prod: a promoted value keeps its type",
            "quote it at the source",
        ),
        (
            "true",
            "3",
            "spec.helm.values.v is a boolean at web-dev and a number at web-prod",
            "quote it at the source",
        ),
        (
            "\"12.11\"",
            "12.10",
            "spec.helm.values.v is a string at web-dev and unquoted and ambiguous at web-prod",
            "quote it in the target too",
        ),
        (
            "v2",
            "3",
            "spec.helm.values.v is a string at web-dev and a number at web-prod",
            "quote it in the target too",
        ),
    ] {
        let repo = of(dev, prod);
        run(repo.path(), &["plan"])
            .exits(2)
            .says(&["target-not-editable", message, help]);
    }
    // An empty value counts as absent, and what is absent is skipped.
    for dev in ["~", "null", ""] {
        assert_eq!(plan(of(dev, "x").path()).state("web", "prod"), "in-sync");
    }
}

#[test]
fn an_edit_that_would_be_refused_is_a_finding_and_stops_its_pipeline_alone() {
    let repo = of("v2", "|\n      v1");
    for arguments in [["validate"], ["plan"]] {
        run(repo.path(), &arguments).exits(2).says(&[
            "target-not-editable",
            "prod.yaml:10:10",
            "its header decides how many line breaks end the value",
        ]);
    }
    assert_eq!(plan(repo.path()).state("web", "prod"), "error");
    // What two parsers read differently cannot be proved, wherever it is in the file.
    let repo = of("v2", "v1\n  configuration: { \"\u{2028}\": x }");
    for arguments in [["validate"], ["plan"]] {
        run(repo.path(), &arguments).exits(2).says(&[
            "target-not-editable",
            "a second parser reads it differently",
        ]);
    }
    // What can be proved is copied, and there are no findings.
    let repo = of("\"v2\\n\"", "|\n      v1");
    assert_eq!(plan(repo.path()).codes(), Vec::<String>::new());
    assert_eq!(landed(&repo), "v: |");
}

#[test]
fn configuration_with_nothing_behind_it_gets_its_key() {
    let web = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: team"]),
        ],
        &[("dev prod", &["release APPROVAL"])],
    );
    let repo = repo(&[
        (
            "dev.yaml",
            &service("web-dev", "configuration: { team: blue }"),
        ),
        (
            "prod.yaml",
            &service("web-prod", "configuration:\nother: x"),
        ),
        ("web.yaml", &web),
    ]);
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
    assert_eq!(
        repo.read("prod.yaml").unwrap(),
        service("web-prod", "configuration:\n  team: blue\nother: x")
    );
    run(repo.path(), &["history", "--verify"]).exits(0);
}
