//! Labels that are renamed or otherwise changed after they were added: whether GitHub shows the event of one with the name at that time
//! or with its present name is not known, so every way is tested.

use end_to_end::site::Site;
use end_to_end::upgrade::landed;
use github_stand_in::Role;
use serde_json::json;

const APPROVE: &str = "approve/prod/approval-gate";
const HOLD: &str = "sluice/hold";
/// Whether events follow a new name, in GraphQL and in REST.
const WAYS: [(bool, bool); 4] = [(true, true), (true, false), (false, true), (false, false)];

async fn opened(follow: (bool, bool)) -> Site {
    let site = Site::of("k3s-upgrade-version").await;
    site.hub
        .switch(|switches| switches.label_events_follow = follow);
    site.run().await;
    assert_eq!(site.repo().pulls(true), [1]);
    site
}

/// Another label takes the name of the approval's.
fn takes_the_name(site: &Site, from: &str, to: &str) {
    let repo = site.repo();
    let path = format!("/labels/{}", to.replace('/', "%2F"));
    let _ = repo.by("dave").tries("DELETE", &path, json!(null));
    repo.by("dave").renames_label(from, to);
}

#[tokio::test]
async fn a45_a_label_that_was_renamed_into_an_approval_approves_nothing() {
    for follow in WAYS {
        let site = opened(follow).await;
        let repo = site.repo();
        repo.by("carol").creates_label("bug");
        site.hub.advance(5);
        repo.by("carol").labels(1, "bug");
        site.hub.advance(5);
        takes_the_name(&site, "bug", APPROVE);
        assert_eq!(repo.labels(1), [APPROVE]);
        let run = site.run().await;
        assert!(!landed(&site), "{follow:?}: {}", run.text);
        // Added by its name, it counts.
        repo.by("carol").unlabels(1, APPROVE);
        site.hub.advance(5);
        repo.by("carol").labels(1, APPROVE);
        let run = site.run().await;
        assert!(landed(&site), "{follow:?}: {}", run.text);
    }
}

#[tokio::test]
async fn a45_an_approval_whose_label_was_changed_since_has_to_be_set_again() {
    for follow in WAYS {
        let site = opened(follow).await;
        let repo = site.repo();
        site.hub.advance(5);
        repo.by("carol").labels(1, APPROVE);
        site.hub.advance(5);
        let path = format!("/labels/{}", APPROVE.replace('/', "%2F"));
        repo.by("dave")
            .does("PATCH", &path, json!({"color": "ff0000"}));
        let run = site.run().await;
        assert!(!landed(&site), "{follow:?}: {}", run.text);
        assert!(
            run.text.contains("was changed after carol added it"),
            "{}",
            run.text
        );
    }
}

#[tokio::test]
async fn a45_an_approval_that_cannot_be_looked_up_in_rest_does_not_count() {
    use github_stand_in::{Fault, When};
    let site = opened((true, true)).await;
    let repo = site.repo();
    site.hub.advance(5);
    repo.by("carol").labels(1, APPROVE);
    site.hub
        .fault(When::rest("GET", "/events").always(), Fault::ServerError);
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert_eq!(run.exit, sluice::error::Exit::Failed);
    site.hub.heal();
    site.run().await;
    assert!(landed(&site));
}

#[tokio::test]
async fn a45_a_hold_whose_label_is_renamed_or_coloured_still_holds() {
    for follow in WAYS {
        for coloured in [false, true] {
            let site = opened(follow).await;
            let repo = site.repo();
            let _ =
                repo.by("carol")
                    .tries("POST", "/labels", json!({"name": HOLD, "color": "00ff00"}));
            repo.by("tom").labels(1, HOLD);
            site.hub.advance(5);
            match coloured {
                true => {
                    repo.by("dave").does(
                        "PATCH",
                        "/labels/sluice%2Fhold",
                        json!({"color": "ff0000"}),
                    );
                }
                false => repo.by("dave").renames_label(HOLD, "later"),
            }
            site.hub.advance(5);
            repo.by("carol").approves(1);
            let run = site.run().await;
            assert!(!landed(&site), "{follow:?} {coloured}: {}", run.text);
            assert!(run.lines()[0].starts_with("held"), "{}", run.text);
            // Someone who may do so lifts it by removing that label, whatever it is called now.
            let label = if coloured { HOLD } else { "later" };
            repo.role("tom", Role::Triage);
            repo.by("dave").unlabels(1, label);
            if repo.labels(1).contains(&HOLD.to_owned()) {
                repo.by("dave").unlabels(1, HOLD);
            }
            let run = site.run().await;
            assert!(landed(&site), "{follow:?} {coloured}: {}", run.text);
        }
    }
}
