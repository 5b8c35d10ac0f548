//! What was said and done at a promotion decides in the same way whether the first look tells all of it, or it has to be read page by page.

use crate::support::site::Site;

/// A promotion that stands in pull request 1, on a GitHub whose pages are this long.
async fn opened(page: Option<usize>) -> Site {
    let site = Site::of("k3s-upgrade-version").await;
    site.run().await;
    assert_eq!(site.repo().pulls(true), [1]);
    site.hub.switch(|switches| switches.page = page);
    site
}

fn landed(site: &Site) -> bool {
    let file = site.repo().file("main", "upgrade.yaml").unwrap();
    file.contains("'v1.29.1'")
}

const PAGES: [Option<usize>; 3] = [None, Some(2), Some(1)];

#[tokio::test]
async fn an_objection_behind_an_approval_counts() {
    for page in PAGES {
        let site = opened(page).await;
        let repo = site.repo();
        repo.by("carol").approves(1);
        repo.by("rita").remarks(1);
        let objection = repo.by("dave").requests_changes(1);
        let run = site.run().await;
        assert!(!landed(&site), "{page:?}: {}", run.text);
        assert!(run.text.contains("dave"), "{page:?}: {}", run.text);
        repo.by("dave").dismisses(1, objection);
        let run = site.run().await;
        assert!(landed(&site), "{page:?}: {}", run.text);
    }
}

#[tokio::test]
async fn the_last_of_many_label_events_counts() {
    for page in PAGES {
        let site = opened(page).await;
        let repo = site.repo();
        let label = "approve/prod/approval-gate";
        for person in ["carol", "dave", "carol"] {
            repo.by(person).labels(1, label);
            repo.by(person).unlabels(1, label);
        }
        // Whoever may only triage set it last.
        repo.by("tom").labels(1, label);
        let run = site.run().await;
        assert!(!landed(&site), "{page:?}: {}", run.text);
        repo.by("tom").unlabels(1, label);
        repo.by("dave").labels(1, label);
        let run = site.run().await;
        assert!(landed(&site), "{page:?}: {}", run.text);
    }
}

#[tokio::test]
async fn what_was_said_before_a_promotion_was_reopened_counts_for_nothing() {
    for page in PAGES {
        let site = opened(page).await;
        let repo = site.repo();
        repo.by("carol").approves(1);
        repo.by("dave").closes(1);
        repo.by("dave").reopens(1);
        let run = site.run().await;
        assert!(!landed(&site), "{page:?}: {}", run.text);
        repo.by("carol").approves(1);
        let run = site.run().await;
        assert!(landed(&site), "{page:?}: {}", run.text);
    }
}
