//! Stages that nothing promotes are counted apart by a run too.

use end_to_end::site::Site;
use test_support::{automated, chart};

#[tokio::test]
async fn a_run_counts_them_apart() {
    let site = Site::empty().await;
    let files = [
        ("web.yaml", &*automated()),
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
    ];
    site.repo().files("main", &files);
    let run = site.run().await;
    assert_eq!(
        (&run.json["in_sync"], &run.json["not_moved"]),
        (&0.into(), &1.into())
    );
    let run = site.call(&["reconcile", "--format=text"]).await;
    assert!(
        run.text.contains(" 0 stages in sync, 1 not moved, "),
        "{}",
        run.text
    );
}
