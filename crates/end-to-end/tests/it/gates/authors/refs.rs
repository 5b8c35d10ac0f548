//! Commits that a git ref brings: who pushed or merged them counts as well as who wrote them.

use super::why;
use end_to_end::shop::{APPROVAL, shop_of_web};
use end_to_end::site::Site;
use github_stand_in::Role;

const POLICY: &str = "gates: { release: { ways: [review], exclude: [change-authors] } }\n";

/// Prod is still at its first commit after this person's approval, and not any more after carol's.
async fn leaves_out(site: &Site, first: &str, login: &str, reason: &str) {
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1]);
    repo.by(login).approves(1);
    let run = site.run().await;
    let prod = || repo.file("main", "prod.yaml").unwrap();
    assert!(prod().contains(first), "{}", run.text);
    assert!(why(&run).contains(reason), "{}", why(&run));
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(!prod().contains(first), "{}", run.text);
    site.requests_hold();
}

async fn shop() -> (Site, String) {
    let (site, first) = shop_of_web(APPROVAL, POLICY).await;
    for slug in ["acme/web", "acme/gitops"] {
        let repo = site.hub.repo(slug);
        for login in ["alice", "erin", "mallory"] {
            repo.role(login, Role::Write);
        }
    }
    (site, first)
}

#[tokio::test]
async fn a05_who_pushed_a_commit_under_the_name_of_another_does_not_approve_it() {
    let (site, first) = shop().await;
    let web = site.hub.repo("acme/web");
    let dave = ("dave", "dave@example.com");
    web.by("mallory")
        .pushes_as(dave, "main", &[("app/x", "2")], "Mend it");
    // Later pushes, of something else, do not count.
    web.by("carol").pushes("main", &[("docs/x", "3")], "Words");
    let reason = "mallory pushed one of the promoted commits, and does not count";
    leaves_out(&site, &first, "mallory", reason).await;
}

#[tokio::test]
async fn who_merged_a_commit_does_not_approve_it() {
    for (method, reason) in [
        ("squash", "erin merged one of the promoted commits"),
        ("merge", "erin pushed one of the promoted commits"),
    ] {
        let (site, first) = shop().await;
        let web = site.hub.repo("acme/web");
        web.by("dave").pushes("mend", &[("app/x", "2")], "Mend it");
        let number = web.by("dave").opens("mend", "main", "Mend it");
        web.by("carol").pushes("main", &[("docs/x", "3")], "Words");
        web.by("erin").merges(number, method);
        leaves_out(&site, &first, "erin", reason).await;
    }
}

#[tokio::test]
async fn a_tag_is_looked_for_in_the_pushes_of_the_default_branch() {
    let (site, first) = shop().await;
    let web = site.hub.repo("acme/web");
    let commit = web.by("mallory").pushes_as(
        ("dave", "dave@example.com"),
        "main",
        &[("app/x", "2")],
        "Mend it",
    );
    web.by("dave").tags("v2", &commit);
    site.repo().files(
        "main",
        &[("dev.yaml", &end_to_end::shop::from_web("web-dev", "v2"))],
    );
    let reason = "mallory pushed one of the promoted commits, and does not count";
    leaves_out(&site, &first, "mallory", reason).await;
}
