//! What a source's `git.ref` stands for, in real repositories.

mod names;
mod unknown;

use sluice::model::ids::CommitId;
use test_support::git::{TestRepo, to_oid};
use test_support::{PlanDoc, folder, pipeline, plan, repo, run, service};

const HERE: &str = "https://github.com/acme/gitops.git";

/// The manifests of dev → prod over this repository; prod holds `target`.
pub(crate) fn manifests(url: &str, source: &str, target: &str) -> Vec<(String, String)> {
    let spec = |reference: &str| format!("git:\n  url: {url}\n  folder: app\n  ref: {reference}");
    vec![
        (
            "gitops/dev.yaml".to_owned(),
            service("web-dev", &spec(source)),
        ),
        (
            "gitops/prod.yaml".to_owned(),
            service("web-prod", &spec(target)),
        ),
        (
            "gitops/pipeline.yaml".to_owned(),
            pipeline(
                "web",
                &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
                &[("dev prod", &["release APPROVAL"])],
            ),
        ),
    ]
}

/// Writes the manifests on `main` of a repository that is its own remote.
fn write(repo: &TestRepo, source: &str, target: &str) {
    let mut commit = repo.on("main");
    for (path, text) in manifests(HERE, source, target) {
        commit = commit.file(&path, &text);
    }
    commit.done();
    repo.check_out("main");
    let _ = repo.git().remote("origin", HERE);
}

fn app(repo: &TestRepo, branch: &str, text: &str) -> CommitId {
    repo.commit(branch, &[("app/x.yaml", text)])
}

/// What would be written for the ref, or the reason why nothing is.
pub(crate) fn taken(planned: &PlanDoc) -> Result<String, String> {
    let promotion = planned.promotion("web", "prod");
    match promotion["state"].as_str().unwrap() {
        "due" => Ok(promotion["changes"][0]["new"].as_str().unwrap().to_owned()),
        state => Err(format!(
            "{state}: {}",
            promotion["reason"].as_str().unwrap()
        )),
    }
}

/// A repository whose `app` was committed twice on `main`; the ids.
fn two_versions() -> (TestRepo, CommitId, CommitId) {
    let repo = TestRepo::new();
    let old = app(&repo, "main", "a: 1\n");
    let new = app(&repo, "main", "a: 2\n");
    (repo, old, new)
}

#[test]
fn a_branch_a_tag_of_either_kind_and_a_full_id_are_written_as_the_commit() {
    let (repo, old, new) = two_versions();
    repo.branch("release", &old);
    repo.light_tag("v1", &old);
    repo.annotated_tag("v2", to_oid(&new));
    for (reference, wanted) in [
        ("main", new),
        ("release", old),
        ("refs/heads/release", old),
        ("v1", old),
        ("refs/tags/v1", old),
        ("v2", new),
        (old.to_string().as_str(), old),
    ] {
        write(&repo, reference, "v0");
        assert_eq!(
            taken(&plan(repo.path())),
            Ok(wanted.to_string()),
            "{reference}"
        );
    }
}

#[test]
fn what_is_unknown_ambiguous_or_refused_is_an_error_with_the_reason() {
    let (repo, old, _) = two_versions();
    repo.branch("both", &old);
    repo.light_tag("both", &old);
    repo.reference("refs/pull/7/head", &old);
    for (reference, why) in [
        ("nope", "there is no branch, tag or commit with this name"),
        ("both", "ambiguous"),
        ("refs/pull/7/head", "refused"),
        ("\"-x\"", "refused"),
        ("\"--upload-pack=x\"", "refused"),
        ("HEAD", "refused"),
        ("main~1", "refused"),
        ("\"\"", "refused"),
        (
            "1111111111111111111111111111111111111111",
            "there is no branch, tag or commit with this name",
        ),
        (
            &old.to_string()[..12],
            &format!(
                "it is a shortened commit ID, which another commit may share one day; the full ID is {old}"
            ),
        ),
        (
            "111111111111",
            "there is no branch or tag with this name, and shortened commit IDs are not resolved",
        ),
    ] {
        write(&repo, reference, "v0");
        let planned = plan(repo.path());
        let answer = taken(&planned).unwrap_err();
        assert!(
            answer.starts_with("error: ") && answer.contains(why),
            "{reference}: {answer}"
        );
        assert!(
            planned.codes().contains(&"revision-unresolved".to_owned()),
            "{reference}"
        );
        run(repo.path(), &["plan"]).exits(2);
    }
}

#[test]
fn full_names_settle_what_is_ambiguous() {
    let (repo, old, new) = two_versions();
    repo.branch("both", &old);
    repo.light_tag("both", &new);
    write(&repo, "refs/heads/both", "v0");
    assert_eq!(taken(&plan(repo.path())), Ok(old.to_string()));
    write(&repo, "refs/tags/both", "v0");
    assert_eq!(taken(&plan(repo.path())), Ok(new.to_string()));
}

#[test]
fn a_tag_that_leads_to_no_commit_is_an_error() {
    let (repo, ..) = two_versions();
    let blob = repo.git().blob(b"x").unwrap();
    repo.annotated_tag("v3", blob);
    write(&repo, "v3", "v0");
    let answer = taken(&plan(repo.path())).unwrap_err();
    assert!(answer.starts_with("error: "), "{answer}");
}

#[test]
fn a_commit_must_be_reachable_from_what_the_policy_allows() {
    let (repo, ..) = two_versions();
    repo.branch("side", &repo.tip("main").unwrap());
    let aside = app(&repo, "side", "a: 3\n");
    repo.light_tag("rc1", &aside);
    let policy = |text: &str| {
        repo.commit(
            "main",
            &[(".github/sluice.yaml", &format!("version: 1\n{text}"))],
        );
        repo.check_out("main");
    };
    for (rule, allowed) in [
        ("", true),
        ("refs: { branches: [main, side] }\n", true),
        ("refs: { branches: [main], tags: [\"rc*\"] }\n", true),
        ("refs: { branches: [main] }\n", false),
        ("refs: { branches: [main], tags: [\"v*\"] }\n", false),
        ("refs: { tags: [\"v*\"] }\n", false),
    ] {
        for reference in ["side", "rc1", aside.to_string().as_str()] {
            write(&repo, reference, "v0");
            policy(rule);
            match taken(&plan(repo.path())) {
                Ok(commit) => assert!(allowed && commit == aside.to_string(), "{rule} {reference}"),
                Err(why) => assert!(
                    !allowed && why.contains("not reachable"),
                    "{rule} {reference}: {why}"
                ),
            }
        }
    }
    // A dangling commit is reachable from nothing.
    let dangling = app(&repo, "gone", "a: 4\n");
    repo.git()
        .find_reference("refs/heads/gone")
        .unwrap()
        .delete()
        .unwrap();
    write(&repo, &dangling.to_string(), "v0");
    policy("");
    assert!(
        taken(&plan(repo.path()))
            .unwrap_err()
            .contains("not reachable")
    );
}

#[test]
fn another_repository_on_the_local_disk_is_read() {
    let (other, old, new) = two_versions();
    other.light_tag("v1", &old);
    let path = other.path().to_str().unwrap();
    for url in [path.to_owned(), format!("file://{path}")] {
        for (reference, wanted) in [("v1", old), ("main", new)] {
            let files = manifests(&url, reference, "v0");
            let files: Vec<_> = files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str()))
                .collect();
            assert_eq!(
                taken(&plan(folder(&files).path())),
                Ok(wanted.to_string()),
                "{url}"
            );
            assert_eq!(
                taken(&plan(repo(&files).path())),
                Ok(wanted.to_string()),
                "{url}"
            );
        }
    }
    let files = manifests("/no/such/repository", "v1", "v0");
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let answer = taken(&plan(folder(&files).path())).unwrap_err();
    assert!(answer.starts_with("error: "), "{answer}");
}

#[test]
fn a_repository_elsewhere_is_unread_without_a_forge_and_no_error() {
    for (source, target) in [("main", "v0"), ("v2", "v1"), ("v1", "v1")] {
        let files = manifests("https://github.com/acme/other", source, target);
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let repo = repo(&files);
        let planned = plan(repo.path());
        assert_eq!(planned.state("web", "prod"), "held", "{source}");
        assert_eq!(
            planned.reason("web", "prod"),
            "revision unread: not on GitHub",
            "{source}"
        );
        run(repo.path(), &["plan"]).exits(0);
        run(repo.path(), &["simulate", "--approve", "ann"]).exits(0);
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
        run(repo.path(), &promote)
            .exits(3)
            .says(&["revision unread: not on GitHub"]);
    }
}

#[test]
fn a_commit_id_is_not_replaced_by_text_where_the_policy_asks_for_the_text() {
    let one = "1".repeat(40);
    let (repo, old, _) = two_versions();
    repo.light_tag("v2", &old);
    write(&repo, "v2", &one);
    repo.commit(
        "main",
        &[(
            ".github/sluice.yaml",
            "version: 1\nstages: { prod: { revision: literal } }\n",
        )],
    );
    repo.check_out("main");
    let answer = taken(&plan(repo.path())).unwrap_err();
    assert!(answer.starts_with("error: "), "{answer}");
}

#[test]
fn the_policy_can_ask_for_the_text() {
    let (repo, old, _) = two_versions();
    repo.light_tag("v2", &old);
    write(&repo, "v2", "v1");
    repo.commit(
        "main",
        &[(
            ".github/sluice.yaml",
            "version: 1\nstages: { prod: { revision: literal } }\n",
        )],
    );
    repo.check_out("main");
    assert_eq!(taken(&plan(repo.path())), Ok("v2".to_owned()));
}

#[test]
fn a_target_that_holds_the_same_trees_rests() {
    let (repo, _, new) = two_versions();
    // A commit that changes something else, and one that changes app and back.
    repo.commit("main", &[("docs/x.md", "x\n")]);
    app(&repo, "main", "a: 3\n");
    let back = app(&repo, "main", "a: 2\n");
    repo.light_tag("v5", &back);
    for reference in ["main", "v5", back.to_string().as_str()] {
        write(&repo, reference, &new.to_string());
        assert_eq!(
            plan(repo.path()).state("web", "prod"),
            "in-sync",
            "{reference}"
        );
    }
}

#[test]
fn a_tag_is_new_where_only_a_base_that_its_kustomization_leads_to_changed() {
    let repo = TestRepo::new();
    let kustomization = "resources: [../base]\n";
    let one = repo.commit(
        "main",
        &[
            ("app/kustomization.yaml", kustomization),
            ("base/x.yaml", "a: 1\n"),
        ],
    );
    let two = repo.commit("main", &[("base/x.yaml", "a: 2\n")]);
    repo.light_tag("v2", &two);
    for reference in ["main", "v2", two.to_string().as_str()] {
        write(&repo, reference, &one.to_string());
        assert_eq!(
            taken(&plan(repo.path())),
            Ok(two.to_string()),
            "{reference}"
        );
    }
}

#[test]
fn a_target_that_holds_a_commit_nobody_has_is_simply_another_one() {
    let (repo, _, new) = two_versions();
    write(&repo, "main", &"1".repeat(40));
    assert_eq!(taken(&plan(repo.path())), Ok(new.to_string()));
}

#[test]
fn a_branch_that_never_held_the_folder_is_an_error() {
    let repo = TestRepo::new();
    write(&repo, "main", "v0");
    let answer = taken(&plan(repo.path())).unwrap_err();
    assert!(answer.contains("main never held app"), "{answer}");
}

#[test]
fn a_branch_of_the_remote_is_known_where_there_is_no_local_one() {
    let (repo, old, _) = two_versions();
    repo.reference("refs/remotes/origin/release", &old);
    write(&repo, "release", "v0");
    assert_eq!(taken(&plan(repo.path())), Ok(old.to_string()));
}

#[test]
fn this_repository_is_known_by_any_spelling_of_its_remote() {
    let (repo, _, new) = two_versions();
    let _ = repo.git().remote("origin", HERE);
    for url in [
        "https://github.com/acme/gitops",
        "https://GitHub.com/acme/gitops.git/",
        "git@github.com:acme/gitops.git",
        "ssh://git@github.com:22/acme/gitops",
        "https://user@github.com/acme/gitops",
    ] {
        let mut commit = repo.on("main");
        for (path, text) in manifests(url, "main", "v0") {
            commit = commit.file(&path, &text);
        }
        commit.done();
        assert_eq!(taken(&plan(repo.path())), Ok(new.to_string()), "{url}");
    }
}

#[test]
fn a_remote_on_the_local_disk_is_this_repository_too() {
    // What was committed here and not pushed counts: the manifests speak of the repository at hand.
    let (repo, ..) = two_versions();
    let upstream = tempfile::tempdir().unwrap();
    git2::Repository::init_bare(upstream.path()).unwrap();
    let url = format!("file://{}", upstream.path().to_str().unwrap());
    repo.git().remote("origin", &url).unwrap();
    let new = app(&repo, "main", "a: 3\n");
    let mut commit = repo.on("main");
    for (path, text) in manifests(&url, "main", "v0") {
        commit = commit.file(&path, &text);
    }
    commit.done();
    repo.check_out("main");
    assert_eq!(taken(&plan(repo.path())), Ok(new.to_string()));
}

#[test]
fn a_plain_folder_has_no_revisions_of_its_own() {
    let files = manifests("./app", "main", "v0");
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let answer = taken(&plan(folder(&files).path())).unwrap_err();
    assert!(answer.starts_with("error: "), "{answer}");
}

#[test]
fn a_source_whose_branch_was_rewritten_is_said_to_be_one_and_not_waited_for_without_end() {
    let (repo, ..) = two_versions();
    let first = app(&repo, "release", "a: 1\n");
    write(&repo, "release", &first.to_string());
    let second = app(&repo, "release", "a: 2\n");
    write(&repo, "release", &second.to_string());
    assert_eq!(plan(repo.path()).state("web", "prod"), "in-sync");
    // Set by hand, and then the branch goes on from before it.
    repo.branch("release", &first);
    let rewritten = app(&repo, "release", "a: 3\n");
    let planned = plan(repo.path());
    assert_eq!(planned.state("web", "prod"), "ahead", "{:#}", planned.0);
    let reason = planned.promotion("web", "prod")["left_out"][0]["reason"]
        .as_str()
        .unwrap();
    assert!(
        reason.ends_with("what web-dev takes does not descend from it, so it is undetermined which is newer: `take: source` decides"),
        "{reason}"
    );
    // If it does, nothing waits any longer.
    repo.branch("release", &second);
    let onwards = app(&repo, "release", "a: 4\n");
    assert_ne!(rewritten, onwards);
    assert_eq!(taken(&plan(repo.path())), Ok(onwards.to_string()));
}
