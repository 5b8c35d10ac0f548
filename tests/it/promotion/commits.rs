//! What is in it: `plan` lists the commits that a promotion brings, and says if it does not go forward.

use sluice::model::ids::CommitId;
use test_support::git::{TestRepo, git};
use test_support::{change, chart, plan, repo, run, service, web};

const HERE: &str = "https://github.com/acme/gitops.git";

fn on(folder: &str, reference: &str) -> String {
    format!("git:\n  url: {HERE}\n  folder: {folder}\n  ref: {reference}")
}

/// A repository that is its own remote: dev follows `main`, prod holds `old`.
fn pinned(old: &CommitId, repo: &TestRepo) {
    let _ = repo.git().remote("origin", HERE);
    change(
        repo,
        "manifests",
        &[
            ("dev.yaml", &service("web-dev", &on("app", "main"))),
            (
                "prod.yaml",
                &service("web-prod", &on("app", &old.to_string())),
            ),
            ("pipeline.yaml", &web()),
        ],
    );
}

/// The lines of a plan that speak of what changes.
fn lines(repo: &TestRepo) -> String {
    let out = run(repo.path(), &["plan"]).exits(0).out;
    let from = out.find("    spec.").unwrap();
    let to = out.find("  gates\n").unwrap();
    out[from..to].to_owned()
}

#[test]
fn a_plan_lists_the_commits_that_touch_what_is_released() {
    let repo = TestRepo::new();
    let old = repo.commit("main", &[("app/x", "1")]);
    let on = |message: &str, path: &str| repo.on("main").message(message).file(path, "2").done();
    on("Fix retry on 504 (#412)\n\nLong story", "app/x");
    on("Words only (#413)", "docs/x");
    on("Hide \u{1b}[31mthe\u{202e} rest\r\nof it", "app/y");
    pinned(&old, &repo);
    insta::assert_snapshot!(lines(&repo), @r"
    spec.git.ref           8b37cb9 → a37ce1b   main 2023-11-14, 2 commits
      a37ce1b Hide \u{1b}[31mthe\u{202e} rest of it, Test
      07ea9c7 Fix retry on 504, Test, #412
      https://github.com/acme/gitops/compare/8b37cb963b3f7e560ce040843a710b011dc1849c...a37ce1b3a4e8d4b53b663f190ef31614af7fe0c2
    ");
    let planned = plan(repo.path());
    let change = &planned.promotion("web", "prod")["changes"][0];
    assert_eq!(change["way"], "forward");
    let brings = &change["brings"];
    assert_eq!(
        (&brings["count"], &brings["more"]),
        (&2.into(), &false.into())
    );
    assert_eq!(brings["commits"][1]["subject"], "Fix retry on 504");
    assert_eq!(brings["commits"][1]["author"], "Test");
    assert_eq!(brings["commits"][1]["pull"], 412);
    assert!(brings["commits"][0]["pull"].is_null());
    let compare = brings["compare"].as_str().unwrap();
    let new = change["new"].as_str().unwrap();
    assert_eq!(
        compare,
        format!("https://github.com/acme/gitops/compare/{old}...{new}")
    );
}

#[test]
fn a_long_list_is_cut_and_says_by_how_much() {
    let repo = TestRepo::new();
    let old = repo.commit("main", &[("app/x", "1")]);
    for number in 0..25 {
        let commit = repo.on("main").message(&format!("Change {number}"));
        commit.file("app/x", &format!("{number}\n")).done();
    }
    pinned(&old, &repo);
    let text = lines(&repo);
    assert!(text.contains(", 25 commits\n"), "{text}");
    assert_eq!(text.matches(" Change ").count(), 10, "{text}");
    assert!(text.contains("      … 15 more\n"), "{text}");
    let planned = plan(repo.path());
    let brings = &planned.promotion("web", "prod")["changes"][0]["brings"];
    assert_eq!(brings["count"], 25);
    assert_eq!(brings["commits"].as_array().unwrap().len(), 20);
}

/// Prod holds what dev goes to `then`: back, or to the side.
fn moved(then: impl FnOnce(&TestRepo, &CommitId) -> CommitId) -> TestRepo {
    let repo = TestRepo::new();
    let first = repo.commit("main", &[("app/x", "1")]);
    repo.on("main").message("Newer").file("app/x", "2").done();
    let newest = repo
        .on("main")
        .message("Newest (#9)")
        .file("app/y", "1")
        .done();
    pinned(&newest, &repo);
    let to = then(&repo, &first);
    let dev = service("web-dev", &on("app", &to.to_string()));
    change(&repo, "move dev", &[("dev.yaml", &dev)]);
    repo
}

#[test]
fn a_downgrade_is_called_one_and_names_what_it_takes_back() {
    let repo = moved(|_, first| *first);
    insta::assert_snapshot!(lines(&repo), @r"
    spec.git.ref           56fc917 → 8b37cb9
      goes back 2 commits: the current value descends from it
      takes back 56fc917 Newest, Test, #9
      takes back 0581841 Newer, Test
      https://github.com/acme/gitops/compare/8b37cb963b3f7e560ce040843a710b011dc1849c...56fc917ab60d42bba39c55b3eee8c7170abffea3
    ");
    let planned = plan(repo.path());
    let change = &planned.promotion("web", "prod")["changes"][0];
    assert_eq!(
        (&change["way"], &change["brings"]["count"]),
        (&"back".into(), &2.into())
    );
}

#[test]
fn a_move_to_another_line_of_history_is_called_sideways() {
    let repo = moved(|repo, first| {
        repo.branch("hotfix", first);
        repo.on("hotfix")
            .message("Mend it")
            .file("app/x", "3")
            .done()
    });
    insta::assert_snapshot!(lines(&repo), @r"
    spec.git.ref           56fc917 → f02dd9a   1 commit
      goes sideways: neither descends from the other
      f02dd9a Mend it, Test
      https://github.com/acme/gitops/compare/56fc917ab60d42bba39c55b3eee8c7170abffea3...f02dd9aa836c7e3716ccc1651aa720bb47af1843
    ");
    let planned = plan(repo.path());
    assert_eq!(
        planned.promotion("web", "prod")["changes"][0]["way"],
        "sideways"
    );
}

#[test]
fn pinning_what_follows_a_branch_takes_nothing_back() {
    let repo = TestRepo::new();
    repo.commit("main", &[("app/x", "1")]);
    let _ = repo.git().remote("origin", HERE);
    let all = [
        service("web-dev", &on("app", "main")),
        service("web-prod", &on("app", "main")),
        web(),
    ];
    change(&repo, "manifests", &[("all.yaml", &all.join("---\n"))]);
    let text = lines(&repo);
    assert!(!text.contains("goes") && !text.contains("commit"), "{text}");
    let planned = plan(repo.path());
    assert!(planned.promotion("web", "prod")["changes"][0]["brings"].is_null());
}

#[test]
fn commits_that_are_not_here_are_said_to_be_not_looked_up() {
    // The commit that prod holds was never fetched.
    let repo = TestRepo::new();
    repo.commit("main", &[("app/x", "1")]);
    let nowhere: CommitId = "5".repeat(40).parse().unwrap();
    pinned(&nowhere, &repo);
    let text = lines(&repo);
    assert!(
        text.contains(&format!(
            "its commits could not be looked up: the commit {nowhere} was not found"
        )),
        "{text}"
    );
    let planned = plan(repo.path());
    let change = &planned.promotion("web", "prod")["changes"][0];
    assert!(
        change["way"].is_null() && change["brings"].is_null(),
        "{change}"
    );

    // An unknown repository.
    let unknown = |name: &str, reference: &str| {
        let spec =
            format!("repositoryRef: {{ name: far }}\ngit: {{ folder: app, ref: {reference} }}");
        service(name, &spec)
    };
    let all = [unknown("web-dev", "v2"), unknown("web-prod", "v1"), web()].join("---\n");
    let text = lines(&test_support::repo(&[("all.yaml", &all)]));
    assert!(
        text.contains("looked up: its repository is unknown"),
        "{text}"
    );
}

#[test]
fn a_shallow_clone_says_that_it_ends_too_early() {
    let repo = TestRepo::new();
    let old = repo.commit("main", &[("app/x", "1")]);
    repo.branch("kept", &old);
    for number in 2..6 {
        repo.commit("main", &[("app/x", &number.to_string())]);
    }
    let new = repo.commit("main", &[("app/x", "6")]);
    repo.light_tag("v3", &new);
    repo.light_tag("v1", &old);
    pinned(&new, &repo);
    let dev = |tag: &str| service("web-dev", &on("app", tag));
    change(&repo, "follow a tag", &[("dev.yaml", &dev("v1"))]);
    let promote = [
        "promote",
        "--local",
        "--pipeline=web",
        "--to=prod",
        "--approved-by=ann",
    ];
    run(repo.path(), &promote).exits(0);
    repo.check_out("main");
    change(&repo, "follow another", &[("dev.yaml", &dev("v3"))]);
    // Both commits are in the clone, and what lies between them is not.
    let dir = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repo.path().display());
    let depth = ["clone", "-q", "--depth=3", "--no-single-branch"];
    git(dir.path(), &[&depth[..], &[&from, "clone"]].concat());
    let clone = dir.path().join("clone");
    git(&clone, &["remote", "set-url", "origin", HERE]);
    let ran = run(&clone, &["plan"]).exits(0);
    assert!(
        ran.out
            .contains("its commits could not be looked up: the clone is shallow"),
        "{}",
        ran.out
    );
}

#[test]
fn a_chart_that_goes_down_is_called_a_downgrade() {
    for (dev, prod, way) in [
        ("6.5.2", "6.10.0", Some("back")),
        ("6.10.0", "6.5.2", Some("forward")),
        ("1.0.0-rc.1", "1.0.0", Some("back")),
        ("1.0.0", "~1.2", None),
    ] {
        let all = [chart("web-dev", dev), chart("web-prod", prod), web()].join("---\n");
        let repo = repo(&[("all.yaml", &all)]);
        let text = lines(&repo);
        let said = text.contains("      goes back to an older version\n");
        assert_eq!(said, way == Some("back"), "{text}");
        let planned = plan(repo.path());
        let found = planned.promotion("web", "prod")["changes"][0]["way"].clone();
        assert_eq!(found.as_str(), way);
    }
}

#[test]
fn commits_in_a_base_that_a_kustomization_leads_to_are_listed() {
    let repo = TestRepo::new();
    let old = repo.commit(
        "main",
        &[
            ("app/kustomization.yaml", "resources: [../base]\n"),
            ("base/x.yaml", "a: 1\n"),
        ],
    );
    repo.on("main")
        .message("Mend the base")
        .file("base/x.yaml", "a: 2\n")
        .done();
    pinned(&old, &repo);
    let text = lines(&repo);
    assert!(text.contains(" Mend the base, Test\n"), "{text}");
}

#[test]
fn a_host_that_is_no_github_gets_no_link() {
    let repo = TestRepo::new();
    let old = repo.commit("main", &[("app/x", "1")]);
    repo.commit("main", &[("app/x", "2")]);
    let far = "https://git.example.com/acme/gitops.git";
    let _ = repo.git().remote("origin", far);
    let spec = |reference: &str| format!("git: {{ url: {far}, folder: app, ref: {reference} }}");
    let all = [
        service("web-dev", &spec("main")),
        service("web-prod", &spec(&old.to_string())),
        web(),
    ];
    change(&repo, "manifests", &[("all.yaml", &all.join("---\n"))]);
    let text = lines(&repo);
    assert!(
        text.contains(", 1 commit\n") && !text.contains("://"),
        "{text}"
    );
}
