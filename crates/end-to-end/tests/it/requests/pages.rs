//! What was said and done at a promotion decides in the same way whether the first look shows all of it, or it has to be read page by page.

use end_to_end::site::{REPO, Site};
use end_to_end::upgrade::landed;
use github_stand_in::When;

/// A promotion that is in pull request 1, on a GitHub whose pages are this long.
async fn opened(page: Option<usize>) -> Site {
    let site = Site::of("k3s-upgrade-version").await;
    site.run().await;
    assert_eq!(site.repo().pulls(true), [1]);
    site.hub.switch(|switches| switches.page = page);
    site
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
        // Someone who may only triage added it last.
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

/// A pipeline whose prod is one chart version behind its dev.
fn pipeline(name: &str, gates: &str) -> String {
    let service = |stage: &str, version: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}-{stage}, namespace: apps \
             }}\nspec: {{ helm: {{ url: 'https://c.example.com', chart: {name}, version: {version} }} }}\n---\n"
        )
    };
    format!(
        "{}{}apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: {name}, namespace: apps }}\nspec:\n  \
         stages:\n  - {{ name: dev, services: [{{ serviceRef: {{ name: {name}-dev }} }}] }}\n  - {{ name: prod, services: [{{ serviceRef: \
         {{ name: {name}-prod }}, criteria: {{ serviceRef: {{ name: {name}-dev }} }} }}] }}\n  edges:\n  - {{ from: dev, to: prod, \
         gates: [{gates}] }}\n",
        service("dev", "1.1.0"),
        service("prod", "1.0.0")
    )
}

#[tokio::test]
async fn a_promotion_that_is_closed_while_a_run_is_under_way_is_not_put_up_again_by_it() {
    let site = Site::empty().await;
    let repo = site.repo();
    let waits = pipeline("api", "{ name: release, type: APPROVAL }");
    let policy = "version: 1\nstages: { prod: { trigger: auto } }\n";
    repo.files(
        "main",
        &[
            ("api.yaml", waits.as_str()),
            (".github/sluice.yaml", policy),
        ],
    );
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    // Another one is opened and lands in the next run, which therefore takes several turns.
    repo.files("main", &[("web.yaml", pipeline("web", "").as_str())]);
    site.hub.before(When::rest("POST", "/pulls"), |world| {
        let place = world.place(REPO);
        let branch = place.pull(1)["head"]["ref"].as_str().unwrap().to_owned();
        place.by("dave").closes(1);
        place.by("dave").deletes(&branch);
    });
    let run = site.run().await;
    assert_eq!(repo.state(2), "MERGED", "{}", run.text);
    assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
    assert!(run.text.contains("dave closed #1"), "{}", run.text);
}
