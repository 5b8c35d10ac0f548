//! `simulate --out`: where it may write, what it writes, and that PATH stays as it is.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use test_support::git::TestRepo;
use test_support::git::listing;
use test_support::{Entry, chart, copy_of, folder, pipeline, repo, run, snapshot, web};

fn simulate(path: &Path, out: &Path) -> test_support::Ran {
    run(
        path,
        &[
            "simulate",
            "--approve",
            "ann",
            "--out",
            out.to_str().unwrap(),
        ],
    )
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_new_an_empty_and_a_nested_new_folder_are_written_and_any_other_is_refused() {
    let dir = copy_of("helm-versions");
    let outside = tempfile::tempdir().unwrap();
    let empty = outside.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for out in [
        outside.path().join("new"),
        outside.path().join("deep/er/new"),
        empty,
    ] {
        simulate(dir.path(), &out).exits(0);
        assert!(
            text(&out.join("services.yaml"))
                .contains("chart: podinfo, version: '6.5.3'}   # one line")
        );
    }
    let full = outside.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "x").unwrap();
    simulate(dir.path(), &full)
        .exits(64)
        .says(&["is not empty"]);
    assert_eq!(snapshot(&full).into_keys().collect::<Vec<_>>(), ["mine"]);
    let file = outside.path().join("file");
    fs::write(&file, "x").unwrap();
    simulate(dir.path(), &file).exits(64);
    assert_eq!(text(&file), "x");
}

#[test]
fn a_folder_inside_path_is_refused_however_it_is_spelt() {
    let dir = copy_of("helm-versions");
    let name = dir.path().file_name().unwrap().to_str().unwrap();
    let before = listing(dir.path());
    let link = tempfile::tempdir().unwrap();
    symlink(dir.path(), link.path().join("link")).unwrap();
    for out in [
        dir.path().to_owned(),
        dir.path().join("out"),
        dir.path().join("a/b/../c"),
        dir.path().join(format!("../{name}/out")),
        link.path().join("link/out"),
    ] {
        simulate(dir.path(), &out).exits(64).says(&["is inside"]);
        assert_eq!(listing(dir.path()), before, "{}", out.display());
    }
}

/// A repository with a pipeline that is due, one in error, a link, an executable and files of other kinds.
fn mixed() -> TestRepo {
    let repo = TestRepo::new();
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    let broken = pipeline(
        "broken",
        &[("dev", &["web-dev"]), ("prod", &["web-dev"])],
        &[("dev nowhere", &["release APPROVAL"])],
    );
    repo.on("main")
        .file("web.yaml", &services)
        .file("broken.yaml", &broken)
        .file("README.md", "read me\n")
        .file(".github/workflows/x.yml", "on: push\n")
        .file("deep/er/data.bin", "\u{0}\u{1}")
        .executable("run.sh", "#!/bin/sh\n")
        .symlink("link.yaml", "web.yaml")
        .done();
    repo.check_out("main");
    repo
}

#[test]
fn every_file_of_path_but_gits_own_is_written_also_beside_a_pipeline_in_error() {
    let repo = mixed();
    fs::write(repo.path().join("untracked.txt"), "u").unwrap();
    let before = snapshot(repo.path());
    let times = listing(repo.path());
    let out = tempfile::tempdir().unwrap();
    let ran = simulate(repo.path(), out.path()).exits(2);
    assert!(ran.out.contains("committed"), "{}", ran.out);

    let mut wanted = before.clone();
    wanted.retain(|path, _| !path.starts_with(".git/"));
    let changed = text(&repo.path().join("web.yaml")).replace("version: 1.0.0", "version: 1.1.0");
    wanted.insert(
        "web.yaml".to_owned(),
        Entry::File {
            bytes: changed.into_bytes(),
            executable: false,
        },
    );
    assert_eq!(snapshot(out.path()), wanted);
    // PATH and its .git: the same bytes, and nothing was even touched.
    assert_eq!(snapshot(repo.path()), before);
    assert_eq!(listing(repo.path()), times);
}

#[test]
fn files_are_written_where_nothing_moves() {
    for name in ["k3s-upgrade", "secrets-sops", "plural-examples"] {
        let dir = copy_of(name);
        let out = tempfile::tempdir().unwrap();
        let ran = simulate(dir.path(), out.path());
        assert!(ran.exit == 0 || ran.exit == 2, "{}", ran.all());
        assert_eq!(snapshot(out.path()), snapshot(dir.path()), "{name}");
    }
    let dir = folder(&[("notes.md", "no pipeline here\n")]);
    let out = tempfile::tempdir().unwrap();
    simulate(dir.path(), out.path()).exits(0);
    assert_eq!(snapshot(out.path()), snapshot(dir.path()));
}

#[test]
fn a_bare_repository_is_written_from_its_current_commit() {
    let bare = TestRepo::bare();
    let services = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    bare.on("main")
        .file("web.yaml", &services)
        .executable("run.sh", "x")
        .done();
    let before = listing(bare.path());
    let out = tempfile::tempdir().unwrap();
    simulate(bare.path(), out.path()).exits(0);
    assert_eq!(
        text(&out.path().join("web.yaml")),
        services.replace("1.0.0", "1.1.0")
    );
    let mode = fs::metadata(out.path().join("run.sh"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0o111);
    assert_eq!(snapshot(out.path()).len(), 2);
    assert_eq!(listing(bare.path()), before);
}

#[test]
fn every_command_leaves_the_repository_untouched_but_fix_and_promote() {
    let repo = repo(&[(
        "web.yaml",
        &[chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n"),
    )]);
    let before = listing(repo.path());
    for arguments in [
        &["validate"][..],
        &["plan", "--diff", "--why"],
        &["simulate", "--approve", "ann"],
        &["graph"],
    ] {
        run(repo.path(), arguments).exits(0);
        assert_eq!(listing(repo.path()), before, "{arguments:?}");
    }
}

#[test]
fn a_folder_inside_path_behind_one_that_is_not_there_yet_is_refused_too() {
    let dir = copy_of("helm-versions");
    let name = dir.path().file_name().unwrap().to_str().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let up = Path::new("missing/../..").join(name).join("out");
    let before = listing(dir.path());
    // As a process: a copy of a folder into itself would end in a stack overflow.
    let out = elsewhere.path().join(up);
    let ran = crate::SLUICE.run(
        dir.path(),
        &[
            "simulate",
            "--approve",
            "ann",
            "--out",
            out.to_str().unwrap(),
        ],
    );
    assert_eq!(listing(dir.path()), before, "{}", ran.all());
    ran.exits(64);
}
