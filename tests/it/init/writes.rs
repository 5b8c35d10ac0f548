//! What `--write` saves, and that it saves all of it or nothing.

use std::fs;
use std::os::unix::fs::symlink;

use super::{chart, content, files, proposal, service, unpaired, written};
use crate::SLUICE;
use tempfile::TempDir;
use test_support::{copy_of, folder, plan, repo, run, snapshot};

fn two() -> String {
    ["web-dev", "web-prod"]
        .map(|name| service(name, Some("apps"), &chart("1.0.0")))
        .join("---\n")
}

fn tree(more: &[(&str, &str)]) -> TempDir {
    let two = two();
    let mut files = vec![("all.yaml", two.as_str())];
    files.extend(more);
    folder(&files)
}

#[test]
fn exactly_the_proposed_files_are_written_and_a_second_time_there_is_nothing_to_do() {
    let dir = tree(&[]);
    let before = snapshot(dir.path());
    let document = proposal(dir.path());
    assert_eq!(snapshot(dir.path()), before);
    written(dir.path()).says(&["3 files written"]);
    let mut after: Vec<String> = snapshot(dir.path()).into_keys().collect();
    after.retain(|path| !before.contains_key(path));
    let mut proposed = files(&document);
    proposed.sort_unstable();
    assert_eq!(after, proposed);
    for path in proposed {
        let text = fs::read_to_string(dir.path().join(path)).unwrap();
        assert_eq!(text, content(&document, path), "{path}");
    }
    let example = test_support::root("examples/workflows/install.yml");
    assert_eq!(
        content(&document, ".github/workflows/sluice.yml"),
        fs::read_to_string(example).unwrap()
    );
    let again = proposal(dir.path());
    assert!(files(&again).is_empty(), "{again:#}");
    assert!(
        unpaired(&again)
            .iter()
            .all(|why| why.contains("in Pipeline web"))
    );
}

#[test]
fn a_file_that_is_there_is_named_and_nothing_at_all_is_written() {
    let dir = tree(&[("pipelines/web.yaml", "mine: true\n")]);
    let before = snapshot(dir.path());
    let document = proposal(dir.path());
    assert_eq!(document["files"][0]["exists"], true);
    run(dir.path(), &["init", "--write"])
        .exits(3)
        .says(&["pipelines/web.yaml already exists", "nothing was written"]);
    assert_eq!(snapshot(dir.path()), before);

    // A link that points to nothing is there too.
    let dir = tree(&[]);
    fs::create_dir(dir.path().join("pipelines")).unwrap();
    symlink("/nowhere/at/all", dir.path().join("pipelines/web.yaml")).unwrap();
    let before = snapshot(dir.path());
    run(dir.path(), &["init", "--write"]).exits(3);
    assert_eq!(snapshot(dir.path()), before);
}

#[test]
fn nothing_is_written_through_a_link_or_where_a_folder_is_a_file() {
    let outside = tempfile::tempdir().unwrap();
    let dir = tree(&[]);
    symlink(outside.path(), dir.path().join("pipelines")).unwrap();
    let before = snapshot(dir.path());
    run(dir.path(), &["init", "--write"])
        .exits(3)
        .says(&["pipelines is not a folder"]);
    assert_eq!(snapshot(dir.path()), before);
    assert!(fs::read_dir(outside.path()).unwrap().next().is_none());

    let dir = tree(&[("pipelines", "a file\n")]);
    let before = snapshot(dir.path());
    run(dir.path(), &["init", "--write"]).exits(3);
    assert_eq!(snapshot(dir.path()), before);
}

#[test]
fn policy_and_workflow_that_are_there_stay_and_what_is_missing_is_a_draft() {
    let three = ["web-dev", "web-qa", "web-prod"]
        .map(|name| service(name, Some("apps"), &chart("1.0.0")))
        .join("---\n");
    let dir = folder(&[
        ("all.yaml", &three),
        (".github/sluice.yaml", "version: 1\n"),
        (
            ".github/workflows/promote.yml",
            "jobs: { a: { steps: [{ uses: acme/sluice@0 }] } }\n",
        ),
    ]);
    let document = proposal(dir.path());
    assert_eq!(files(&document), ["pipelines/web.yaml"]);
    let draft = &document["drafts"][0];
    assert_eq!(draft["file"], ".github/sluice.yaml");
    let text = draft["text"].as_str().unwrap();
    assert_eq!(
        text,
        "pipelines:\n  web:\n    stages:\n      qa:\n        trigger: auto\n"
    );
    written(dir.path()).says(&["is left unchanged", "A workflow already runs Sluice"]);
    assert_eq!(
        fs::read_to_string(dir.path().join(".github/sluice.yaml")).unwrap(),
        "version: 1\n"
    );
    // Without the draft qa is held, and with it qa moves.
    assert_eq!(plan(dir.path()).state("web", "qa"), "in-sync");
    let newer = three.replacen("version: 1.0.0", "version: 1.1.0", 1);
    fs::write(dir.path().join("all.yaml"), newer).unwrap();
    assert_eq!(plan(dir.path()).state("web", "qa"), "held");
    fs::write(
        dir.path().join(".github/sluice.yaml"),
        format!("version: 1\n{text}"),
    )
    .unwrap();
    assert_eq!(plan(dir.path()).state("web", "qa"), "due");

    // If their policy leaves the new file unread, that is reported.
    let excluded = "version: 1\nmanifests: { exclude: [\"pipelines/**\"] }\n";
    let dir = tree(&[(".github/sluice.yaml", excluded)]);
    run(dir.path(), &["init"]).says(&["excludes pipelines/web.yaml"]);

    // An approval that their policy requires is added to the edge.
    let dir = folder(&[
        ("all.yaml", &three),
        (
            ".github/sluice.yaml",
            "version: 1\nstages:\n  qa: { require: [APPROVAL] }\n",
        ),
    ]);
    assert!(
        proposal(dir.path())["drafts"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let ran = run(dir.path(), &["init", "--write"]).exits(0);
    ran.says(&["name: qa-approval"]);
    run(dir.path(), &["validate"]).exits(0);
}

#[test]
fn with_a_manifest_that_cannot_be_read_nothing_is_written() {
    let broken = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: web-prod\n";
    let dir = tree(&[("broken.yaml", broken)]);
    let before = snapshot(dir.path());
    run(dir.path(), &["init"]).exits(2).says(&[
        "manifest-unreadable",
        "broken.yaml",
        "--write would not",
    ]);
    run(dir.path(), &["init", "--write"])
        .exits(2)
        .says(&["broken.yaml", "nothing was written"]);
    assert_eq!(snapshot(dir.path()), before);

    let dir = tree(&[(".github/sluice.yaml", "version: 7\n")]);
    run(dir.path(), &["init"])
        .exits(2)
        .says(&["the policy cannot be read"]);
}

#[test]
fn what_the_proposed_pipeline_would_be_stopped_by_is_said_before_it_is_written() {
    let dir = folder(&[(
        "all.yaml",
        &[
            service("web-dev", Some("apps"), &chart("1.x")),
            service("web-prod", Some("apps"), &chart("1.0.0")),
        ]
        .join("---\n"),
    )]);
    let before = snapshot(dir.path());
    run(dir.path(), &["init"])
        .exits(2)
        .says(&["revision-unresolved", "pin the source"]);
    run(dir.path(), &["init", "--write"]).exits(2);
    assert_eq!(snapshot(dir.path()), before);
}

#[test]
fn inside_a_repository_it_is_the_top_that_is_written_to() {
    let repo = repo(&[("gitops/all.yaml", &two())]);
    let inside = repo.path().join("gitops");
    run(&inside, &["init"]).exits(0).says(&["but not its top"]);
    run(&inside, &["init", "--write"])
        .exits(64)
        .says(&["not its top"]);
    assert!(!inside.join(".github").exists());
    // At the top, the work tree counts, committed or not.
    repo.write("gitops/api.yaml", &two().replace("web", "api"));
    let ran = written(repo.path());
    ran.says(&["Pipeline "]);
    assert!(repo.read(".github/sluice.yaml").is_some());
}

#[test]
fn the_examples_that_have_their_pipelines_are_left_as_they_are() {
    for name in [
        "plural-examples",
        "monorepo",
        "secrets",
        "triggers",
        "k3s-upgrade",
    ] {
        let dir = copy_of(name);
        let document = proposal(dir.path());
        for left in unpaired(&document) {
            assert!(!left.contains("two services"), "{name}: {left}");
        }
        run(dir.path(), &["init", "--write"]).exits(0);
    }
}

#[test]
fn the_process_says_the_same_and_needs_no_argument() {
    let dir = tree(&[]);
    let ran = SLUICE.run(dir.path(), &["init"]).exits(0);
    let given = dir.path().to_str().unwrap();
    let out = ran.out.replace(given, "PATH");
    assert_eq!(out, run(dir.path(), &["init"]).out);
    assert!(
        ran.err.is_empty() && ran.out.contains("--write saves the 3 files"),
        "{ran:?}"
    );
}
