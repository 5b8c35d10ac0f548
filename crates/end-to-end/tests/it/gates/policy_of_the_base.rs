//! Gates are those of the base branch, and a policy that goes opens none of them.

use end_to_end::site::Site;
use end_to_end::upgrade::{FIXTURE, landed};
use sluice::error::Exit;

#[tokio::test]
async fn a_policy_that_goes_while_a_promotion_is_open_is_an_error_that_lands_nothing() {
    let site = Site::of(FIXTURE).await;
    site.policy("gates: { approval-gate: { approve: [{ by: writers, count: 2 }] } }\n");
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1]);
    repo.by("carol").approves(1);
    repo.by("acme")
        .removes("main", &[".github/sluice.yaml"], "Policy away");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(!landed(&site));
    assert_eq!(repo.pulls(true), [1]);
}

#[tokio::test]
async fn a_policy_that_asks_for_less_counts_from_the_base_alone() {
    let site = Site::of(FIXTURE).await;
    site.policy("gates: { approval-gate: { approve: [{ by: writers, count: 2 }] } }\n");
    site.run().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    // On a branch of carol's it asks for one: that is not a rule yet.
    repo.by("carol").pushes(
        "looser",
        &[(".github/sluice.yaml", "version: 1\n")],
        "Looser",
    );
    repo.by("carol").opens("looser", "main", "Looser");
    site.run().await;
    assert!(!landed(&site));
}
