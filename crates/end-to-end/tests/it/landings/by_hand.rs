//! Promotions that a person merged by hand: they count, and are reported once.

use end_to_end::site::Site;
use end_to_end::upgrade::{landed, opened};
use sluice::error::Exit;

#[tokio::test]
async fn a_merge_by_hand_counts_as_the_stages_content() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("dave").merges(1, "squash");
    assert!(landed(&site));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(
        run.lines(),
        [
            "landed-past-gates infra/k3s-upgrade → prod #1: dave merged it, not Sluice; not every gate had passed"
        ]
    );
    assert_eq!(
        (repo.pulls(true), repo.branches("sluice/")),
        (Vec::new(), Vec::new())
    );
}

/// How often this many runs say that someone merged pull request 1 by hand.
async fn said_by_hand(site: &Site, runs: usize) -> Vec<usize> {
    let mut said = Vec::new();
    for _ in 0..runs {
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        let lines = run.lines();
        let by_hand = |line: &&String| line.contains("#1: dave merged it, not Sluice");
        said.push(lines.iter().filter(by_hand).count());
    }
    said
}

#[tokio::test]
async fn a_merge_by_hand_whose_branch_is_gone_is_said_once_and_counts_as_the_stages_content() {
    let by_setting = opened().await;
    by_setting
        .repo()
        .settings(|settings| settings.delete_branch = true);
    by_setting.repo().by("dave").merges(1, "squash");
    // The button on the page of the pull request.
    let by_button = opened().await;
    by_button.repo().by("dave").merges(1, "merge");
    let branch = by_button.repo().branches("sluice/")[0].clone();
    by_button.repo().by("dave").deletes(&branch);
    for site in [by_setting, by_button] {
        let repo = site.repo();
        assert_eq!(repo.branches("sluice/"), Vec::<String>::new());
        assert!(landed(&site));
        repo.files("main", &[("notes.md", "Something else moves the base\n")]);
        assert_eq!(said_by_hand(&site, 3).await, [1, 0, 0]);
        assert_eq!(repo.pulls(true), Vec::<u64>::new());
        let status = &repo.statuses(&repo.head(1))[0];
        assert_eq!(status, "sluice=pending", "no gate passed");
        site.hub.forget_calls();
        site.run().await;
        assert_eq!(site.writes(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_another_account_opened_or_merged_long_ago_is_not_said_to_be_merged_by_hand() {
    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.delete_branch = true);
    // Everything about it is like a promotion, except for who opened it.
    let (head, branch) = (repo.head(1), repo.branches("sluice/")[0].clone());
    repo.by("carol").closes(1);
    repo.by("carol").deletes(&branch);
    repo.by("carol").branches_off(&branch, &head);
    let number = repo.by("carol").opens(&branch, "main", "Mine");
    repo.by("dave").merges(number, "squash");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(!run.text.contains("not Sluice"), "{run:?}");

    let site = opened().await;
    let repo = site.repo();
    repo.settings(|settings| settings.delete_branch = true);
    repo.by("dave").merges(1, "squash");
    site.hub.advance(8 * 24 * 3600);
    assert_eq!(said_by_hand(&site, 1).await, [0]);
}

#[tokio::test]
async fn a_merge_by_hand_whose_branch_stands_is_not_said_again_once_that_is_deleted() {
    let site = opened().await;
    site.repo().by("dave").merges(1, "squash");
    assert_eq!(said_by_hand(&site, 3).await, [1, 0, 0]);
}
