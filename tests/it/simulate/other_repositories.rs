//! `simulate` if the application lives in another repository, as it usually does.

use std::path::Path;

use test_support::git::TestRepo;
use test_support::{pipeline, repo, run, service};

const URL: &str = "https://github.com/acme/web";

fn from_web(name: &str, reference: &str) -> String {
    service(
        name,
        &format!("git: {{ url: {URL}, folder: app, ref: {reference} }}"),
    )
}

/// dev follows main of acme/web; qa and prod are pinned to this commit of it.
fn gitops(pinned: &str) -> TestRepo {
    let web = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("qa", &["web-qa < web-dev"]),
            ("prod", &["web-prod < web-qa"]),
        ],
        &[
            ("dev qa", &["to-qa APPROVAL"]),
            ("qa prod", &["to-prod APPROVAL"]),
        ],
    );
    repo(&[
        ("web.yaml", &web),
        ("dev.yaml", &from_web("web-dev", "main")),
        ("qa.yaml", &from_web("web-qa", pinned)),
        ("prod.yaml", &from_web("web-prod", pinned)),
    ])
}

fn simulate(path: &Path, more: &[&str]) -> test_support::Ran {
    run(path, &[&["simulate", "--approve", "ann"], more].concat())
}

#[test]
fn a_repository_that_is_not_read_has_one_new_commit_and_that_is_said() {
    let gitops = gitops(&"1".repeat(40));
    let ran = simulate(gitops.path(), &[]).exits(0).says(&[
        "github.com/acme/web was not read: assuming one new commit in it (--repo URL=PATH reads a clone)",
        "dev → qa   committed",
        "qa → prod   committed",
        "All in sync after",
    ]);
    assert!(!ran.out.contains("revision unread"), "{}", ran.out);
    let document = simulate(gitops.path(), &["--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        document["assumed"],
        serde_json::json!(["github.com/acme/web"])
    );
    // `plan` makes no such assumption.
    run(gitops.path(), &["plan"])
        .exits(0)
        .says(&["revision unread: not on GitHub"]);
}

/// Without an approval a step back would be held, and so would one if no one can say whether it goes back.
#[test]
fn a_new_commit_that_is_assumed_goes_forward() {
    let web = pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &[])],
    );
    let gitops = repo(&[
        (
            ".github/sluice.yaml",
            "version: 1\nstages: { prod: { trigger: auto } }\n",
        ),
        ("web.yaml", &web),
        ("dev.yaml", &from_web("web-dev", "main")),
        ("prod.yaml", &from_web("web-prod", &"1".repeat(40))),
    ]);
    run(gitops.path(), &["simulate"])
        .exits(0)
        .says(&["dev → prod   committed", "All in sync after"]);
}

#[test]
fn a_clone_is_read_in_its_place() {
    let web = TestRepo::new();
    let first = web.commit("main", &[("app/x", "1")]);
    let second = web.commit("main", &[("app/x", "2")]);
    let gitops = gitops(&first.to_string());
    let given = format!("{URL}.git={}", web.path().display());
    let ran = simulate(gitops.path(), &["--repo", &given])
        .exits(0)
        .says(&[
            &format!("{} → {}", first.short(), second.short()),
            "All in sync after",
        ]);
    assert!(!ran.out.contains("is assumed"), "{}", ran.out);
}

#[test]
fn a_clone_that_is_for_nothing_or_is_none_is_refused() {
    let web = TestRepo::new();
    web.commit("main", &[("app/x", "1")]);
    let gitops = gitops(&"1".repeat(40));
    let path = web.path().display();
    for (given, says) in [
        (
            format!("https://github.com/acme/wep={path}"),
            "did you mean github.com/acme/web?",
        ),
        (format!("{URL}=/nonexistent"), "is not"),
        ("no-clone".to_owned(), "not a repository and its clone"),
        (format!("{URL}="), "not a repository and its clone"),
    ] {
        let ran = simulate(gitops.path(), &["--repo", &given]);
        assert_eq!(ran.exit, 64, "{given}: {}", ran.all());
        if says != "is not" {
            ran.says(&[says]);
        }
    }
}
