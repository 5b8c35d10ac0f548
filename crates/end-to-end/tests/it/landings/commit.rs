//! `delivery: commit`: a stage that is committed to.

use end_to_end::site::Site;
use sluice::error::Exit;

#[tokio::test]
async fn a_stage_that_is_committed_to_moves_without_a_pull_request() {
    let site = Site::of("two-pipelines").await;
    let repo = site.repo();
    let manifest = repo.file("main", "all.yaml").unwrap();
    let ungated = manifest.replace(", gates: [{ name: release, type: APPROVAL }]", "");
    repo.files(
        "main",
        &[
            ("all.yaml", &ungated),
            (
                ".github/sluice.yaml",
                "version: 1\nstages: { prod: { delivery: commit, trigger: auto } }\n",
            ),
        ],
    );
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(
        run.lines(),
        [
            "landed apps/mail → prod: landed",
            "landed apps/search → prod: landed"
        ]
    );
    let file = repo.file("main", "all.yaml").unwrap();
    assert!(!file.contains("3.0.0"), "{file}");
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    site.requests_hold();
}
