//! Vetoes: what a person closed stays closed until its plan changes or someone asks for it.

use end_to_end::upgrade::{PROMOTE, opened};

#[tokio::test]
async fn a_closing_by_a_writer_is_a_veto_until_the_plan_changes() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("dave").closes(1);
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
        assert!(run.text.contains("dave closed #1"), "{}", run.text);
        site.hub.advance(2 * 24 * 3600);
    }
    let file = repo.file("main", "upgrade.yaml").unwrap();
    repo.files(
        "main",
        &[(
            "upgrade.yaml",
            &file.replace("version: v1.29.1", "version: v1.29.2"),
        )],
    );
    site.run().await;
    assert_eq!(repo.pulls(true), [2]);
}

#[tokio::test]
async fn a_closing_by_somebody_without_write_holds_for_a_day() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("tom").closes(1);
    let run = site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
    site.hub.advance(25 * 3600);
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
}

#[tokio::test]
async fn a_dispatch_takes_a_veto_back() {
    let mut site = opened().await;
    let repo = site.repo();
    site.adds_workflow();
    repo.by("dave").closes(1);
    site.is_dispatched_by("carol");
    let run = site.call(&PROMOTE).await;
    assert_eq!(repo.pulls(true).len(), 1, "{}", run.text);
}
