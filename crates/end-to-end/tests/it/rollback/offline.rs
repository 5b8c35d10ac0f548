//! A rollback as a clone shows it, without a forge: what it left is held there too, and a person may allow it.

use super::{goes_back, prod, promoted};
use end_to_end::clone::clone_of;
use end_to_end::shop::APPROVAL;
use test_support::git::git;
use test_support::history;
use test_support::run;

#[tokio::test]
async fn a_clone_shows_the_stage_held_and_history_shows_why() {
    let mut site = promoted(APPROVAL, "", &["1.1.0", "1.2.0"]).await;
    goes_back(&mut site, &["--reason=INC-7: checkout fails"]).await;
    let repo = site.repo();
    repo.by("carol").approves(repo.pulls(true)[0]);
    site.run().await;
    assert_eq!(prod(&site), "1.1.0");
    let clone = clone_of(&site);
    let path = clone.path();
    let shown = run(path, &["plan"]).exits(0);
    assert!(
        shown.out.contains("HELD")
            && shown.out.contains("it was rolled back in")
            && shown.out.contains("INC-7: checkout fails")
            && shown
                .out
                .contains("its pull request opens with the label sluice/hold"),
        "{}",
        shown.out
    );
    let json = run(path, &["plan", "--format=json"]).exits(0).json();
    let promotion = &json["pipelines"][0]["promotions"][0];
    assert_eq!(promotion["state"], "held");
    assert_eq!(
        promotion["after_rollback"]["reason"],
        "INC-7: checkout fails"
    );
    let simulated = run(path, &["simulate", "--approve", "carol"]);
    assert!(
        simulated.out.contains("it was rolled back in"),
        "{}",
        simulated.out
    );
    assert!(!simulated.out.contains("committed"), "{}", simulated.out);
    history(path, &["--verify"]).exits(0);
    let told = run(path, &["history", "--limit=1"]).exits(0);
    assert!(
        told.out.contains("rollback") && told.out.contains("back to what landed in"),
        "{}",
        told.out
    );
    // Anyone who promotes by hand allows it.
    git(path, &["config", "user.name", "Ann"]);
    git(path, &["config", "user.email", "ann@example.com"]);
    let arguments = [
        "promote",
        "--local",
        "--pipeline=shop",
        "--to=prod",
        "--approved-by=ann",
    ];
    run(path, &arguments).exits(0);
    let file = std::fs::read_to_string(path.join("prod.yaml")).unwrap();
    assert!(file.contains("version: 1.2.0"), "{file}");
}
