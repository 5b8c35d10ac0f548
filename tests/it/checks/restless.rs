//! What would never come to rest is refused before it starts.

use test_support::{plan, repo, run, service, web};

fn feeding(folder: &str, source: &str) -> test_support::git::TestRepo {
    let spec = |reference: &str| {
        format!("git: {{ url: https://github.com/acme/x, folder: {folder}, ref: {reference} }}")
    };
    let repo = repo(&[
        ("apps/dev.yaml", &service("web-dev", &spec(source))),
        ("apps/prod.yaml", &service("web-prod", &spec("v0"))),
        ("pipeline.yaml", &web()),
    ]);
    repo.git()
        .remote("origin", "https://github.com/acme/x")
        .unwrap();
    repo
}

#[test]
fn a_promotion_into_what_its_own_source_watches_is_an_error() {
    for folder in ["apps", "./apps/", "\"\"", "."] {
        let repo = feeding(folder, "main");
        let planned = plan(repo.path());
        assert_eq!(planned.codes(), ["self-feeding"], "{folder}");
        assert_eq!(planned.state("web", "prod"), "error");
        let tip = repo.tip("main");
        run(repo.path(), &["simulate", "--approve", "ann"]).exits(2);
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
                "a",
            ],
        )
        .exits(2);
        assert_eq!(repo.tip("main"), tip);
    }
}

#[test]
fn the_policys_watch_counts_as_watched() {
    let repo = feeding("deploy", "main");
    let policy = "version: 1\npipelines: { web: { watch: [apps] } }\n";
    repo.commit(
        "main",
        &[(".github/sluice.yaml", policy), ("deploy/x.yaml", "a: 1\n")],
    );
    repo.check_out("main");
    assert_eq!(plan(repo.path()).codes(), ["self-feeding"]);
}

#[test]
fn a_source_that_does_not_move_feeds_nobody() {
    let repo = feeding("apps", "v1");
    let tip = repo.tip("main").unwrap();
    repo.light_tag("v1", &tip);
    let planned = plan(repo.path());
    assert_eq!(planned.codes(), [""; 0]);
    assert_eq!(planned.state("web", "prod"), "due");
}
