//! The receipt on a pull request that landed: only if what landed was seen to be what was approved, and never in the way.

use end_to_end::shop::{APPROVAL, chart, landed, shop};
use end_to_end::site::{REPO, Site};
use github_stand_in::{Fault, When};
use sluice::error::Exit;

/// A shop whose promotion is open and approved.
async fn approved() -> Site {
    let site = shop(APPROVAL, "").await;
    site.run().await;
    site.repo().by("carol").approves(1);
    site
}

fn has_receipt(site: &Site) -> bool {
    site.repo().body(1).contains("· ✅ landed\n")
}

#[tokio::test]
async fn what_is_not_what_was_approved_gets_no_receipt() {
    let site = approved().await;
    // In the last moment someone makes the same change by hand, with another one: then the merge commit changes nothing.
    site.hub.before(When::graphql("mergePullRequest"), |world| {
        let files = [("prod.yaml", &*chart("web-prod", "1.1.0")), ("x", "y")];
        world
            .place(REPO)
            .by("dave")
            .pushes("main", &files, "By hand");
    });
    let run = site.run().await;
    assert_eq!(
        (run.exit, site.repo().state(1)),
        (Exit::Blocked, "MERGED"),
        "{}",
        run.text
    );
    assert!(!has_receipt(&site), "{}", site.repo().body(1));
}

#[tokio::test]
async fn a_receipt_that_is_refused_or_lost_keeps_no_branch_and_fails_no_run() {
    for fault in [
        Fault::GraphQlError("FORBIDDEN".to_owned(), "no".to_owned()),
        Fault::ServerError,
        Fault::BadGatewayAfterApply,
    ] {
        let site = approved().await;
        site.hub
            .fault(When::graphql("updatePullRequest").always(), fault.clone());
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{fault:?}: {}", run.text);
        assert!(landed(&site), "{fault:?}: {}", run.text);
        assert_eq!(site.branches(), ["main"], "{fault:?}");
        site.run().await;
        let applied = matches!(fault, Fault::BadGatewayAfterApply);
        assert_eq!(
            has_receipt(&site),
            applied,
            "{fault:?}: it is not made up for"
        );
    }
}
