//! New plans and new builds: what replaces an open promotion, and what keeps it.

use end_to_end::site::Site;
use sluice::error::Exit;

#[tokio::test]
async fn of_two_pipelines_in_one_file_the_second_is_built_anew_once_the_first_has_landed() {
    let site = Site::of("two-pipelines").await;
    let repo = site.repo();
    site.run().await;
    assert_eq!(repo.pulls(true), [1, 2]);
    repo.by("carol").approves(1);
    repo.by("dave").approves(2);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let kinds: Vec<String> = run.lines();
    assert!(
        kinds[0].starts_with("landed ") && kinds[1].starts_with("opened"),
        "{}",
        run.text
    );
    assert_eq!(
        repo.pulls(true),
        [3],
        "the file that it edits is another one now"
    );
    repo.by("dave").approves(3);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
    let file = repo.file("main", "all.yaml").unwrap();
    assert!(!file.contains("3.0.0"), "{file}");
    site.requests_hold();
}

#[tokio::test]
async fn a_newer_plan_replaces_the_pull_request_until_somebody_approved() {
    let site = Site::of("folder-per-environment").await;
    let repo = site.repo();
    let mut minor = 3;
    let mut bump = || {
        minor += 1;
        let path = "clusters/dev/web.yaml";
        let file = repo.file("main", path).unwrap();
        let new: String = file
            .lines()
            .map(|line| match line.split_once("version:") {
                Some((start, _)) => format!("{start}version: 4.2.{minor} }}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        assert_ne!(file, new);
        repo.files("main", &[(path, &new)]);
    };
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    bump();
    site.run().await;
    assert_eq!(repo.pulls(true), [2]);
    // A gate of two, so that one approval begins it without ending it.
    repo.files(
        "main",
        &[(
            ".github/sluice.yaml",
            "version: 1\nmanifests: { namespaces: { 'clusters/dev/**': dev, 'clusters/prod/**': prod } }\n\
             gates: { release: { approve: [{ by: writers, count: 2 }] } }\n",
        )],
    );
    repo.by("carol").approves(2);
    bump();
    let waits = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", waits.text);
    assert!(repo.body(2).contains("A newer plan"), "{}", repo.body(2));
    repo.by("dave").requests_changes(2);
    site.run().await;
    assert_eq!(repo.pulls(true), [3]);
    site.requests_hold();
}

#[tokio::test]
async fn a_base_that_moved_elsewhere_keeps_the_build_and_its_approvals() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    repo.files("main", &[("other.txt", "unrelated\n")]);
    let run = site.run().await;
    assert_eq!(
        run.lines(),
        ["landed infra/k3s-upgrade → prod #1: landed"],
        "{}",
        run.text
    );
    assert_eq!(
        repo.file("main", "other.txt").as_deref(),
        Some("unrelated\n")
    );
}

#[tokio::test]
async fn a_base_that_moved_in_the_same_file_gets_a_new_build_and_new_reviews() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    let file = repo.file("main", "upgrade.yaml").unwrap();
    repo.files(
        "main",
        &[(
            "upgrade.yaml",
            &file.replace("'v1.28.4'     # prod", "'v1.28.4'     # production"),
        )],
    );
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    assert!(run.lines()[0].starts_with("opened"), "{}", run.text);
    repo.by("carol").approves(2);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    assert!(
        repo.file("main", "upgrade.yaml")
            .unwrap()
            .contains("'v1.29.1'     # production")
    );
}
