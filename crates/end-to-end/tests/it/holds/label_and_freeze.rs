//! The label `sluice/hold` and a freeze: they stop landings and nothing else.

use end_to_end::site::Site;
use end_to_end::upgrade::{FIXTURE, landed, opened};

#[tokio::test]
async fn the_hold_label_stops_a_landing_and_nothing_else() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    repo.by("tom").labels(1, "sluice/hold");
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("held"), "{}", run.text);
    assert!(!landed(&site));
    // Someone who may only triage can add it, but not lift it: it comes back.
    repo.by("tom").unlabels(1, "sluice/hold");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert!(
        run.text
            .contains("tom removed sluice/hold without write access, so it still applies"),
        "{}",
        run.text
    );
    assert!(repo.labels(1).contains(&"sluice/hold".to_owned()));
    let run = site.run().await;
    assert!(
        !landed(&site) && run.lines()[0].starts_with("held"),
        "{}",
        run.text
    );
    repo.by("dave").unlabels(1, "sluice/hold");
    site.run().await;
    assert!(landed(&site));
}

#[tokio::test]
async fn a_hold_goes_over_to_what_takes_its_place() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("tom").labels(1, "sluice/hold");
    let file = repo.file("main", "upgrade.yaml").unwrap();
    let newer = file.replace("version: v1.29.1", "version: v1.29.2");
    repo.files("main", &[("upgrade.yaml", &newer)]);
    site.run().await;
    assert_eq!(repo.pulls(true), [2]);
    assert!(repo.labels(2).contains(&"sluice/hold".to_owned()));
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("held"), "{}", run.text);
    repo.by("carol").unlabels(2, "sluice/hold");
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
}

#[tokio::test]
async fn a_freeze_lets_proposals_open_and_nothing_land() {
    let freeze =
        "freeze: [{ from: 2000-01-01T00:00, until: 2999-01-01T00:00, zone: UTC, reason: audit }]\n";
    let site = Site::of(FIXTURE).await;
    site.policy(freeze);
    let run = site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(!landed(&site) && run.text.contains("audit"), "{}", run.text);
    site.policy("");
    let run = site.call(&["reconcile", "--freeze", "drill"]).await;
    assert!(!landed(&site) && run.text.contains("drill"), "{}", run.text);
    site.run().await;
    assert!(landed(&site));
}
