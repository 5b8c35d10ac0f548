//! What a token or a setting forbids: it is reported, and leaves nothing half done.

use end_to_end::site::Site;
use end_to_end::upgrade::FIXTURE;
use sluice::error::Exit;

#[tokio::test]
async fn a_token_that_only_reads_evaluates_and_writes_nothing() {
    let mut site = Site::of(FIXTURE).await;
    site.token = site
        .repo()
        .workflow_token("contents:read, pull-requests:read");
    let run = site.run().await;
    assert_eq!(site.repo().branches("sluice/"), Vec::<String>::new());
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert_eq!(
        site.writes().len(),
        1,
        "one try, then no more: {:?}",
        site.writes()
    );
    assert_eq!(run.lines().len(), 1, "{}", run.text);
}

#[tokio::test]
async fn actions_may_not_open_pull_requests_names_the_setting_and_leaves_no_branch() {
    let mut site = Site::of(FIXTURE).await;
    let repo = site.repo();
    repo.settings(|settings| settings.actions_may_create_pulls = false);
    let words = "contents:write, pull-requests:write, issues:write, statuses:write";
    site.token = repo.workflow_token(words);
    let run = site.run().await;
    assert!(run.text.contains("create"), "{}", run.text);
    assert_eq!(repo.branches("sluice/"), Vec::<String>::new());
    repo.settings(|settings| settings.actions_may_create_pulls = true);
    site.run().await;
    assert_eq!(
        (repo.pulls(true), repo.branches("sluice/").len()),
        (vec![1], 1)
    );
}
