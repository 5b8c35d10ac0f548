//! `verified: true`: commits that GitHub signs itself, when it does not sign those of the token.

use end_to_end::site::Site;

#[tokio::test]
async fn a_policy_that_wants_signed_commits_gets_them_through_a_temporary_branch() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    repo.files(
        "main",
        &[(".github/sluice.yaml", "version: 1\nverified: true\n")],
    );
    site.hub.switch(|switches| switches.verify_git_data = false);
    let opened = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", opened.text);
    let branches: Vec<String> = site.branches();
    assert_eq!(
        branches.len(),
        2,
        "no temporary branch is left: {branches:?}"
    );
    repo.by("carol").approves(1);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_temporary_branch_of_a_lost_run_is_swept_after_a_day() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let tip = repo.tip("main").unwrap();
    repo.by("carol").branches_off("sluice/tmp-1234567", &tip);
    site.run().await;
    assert!(site.branches().contains(&"sluice/tmp-1234567".to_owned()));
    site.hub.advance(2 * 24 * 60 * 60);
    site.run().await;
    assert!(!site.branches().contains(&"sluice/tmp-1234567".to_owned()));
}
