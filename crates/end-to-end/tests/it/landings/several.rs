//! Several landings in one run.

use end_to_end::site::{REPO, Site};
use github_stand_in::When;
use sluice::error::Exit;

/// Two promotions of two pipelines, both approved.
async fn approved() -> Site {
    let site = super::moved_base::opened("version: 1\n").await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1, 2]);
    for number in [1, 2] {
        repo.by("carol").approves(number);
    }
    site
}

fn of_promotions(site: &Site) -> Vec<String> {
    site.repo().branches("sluice/")
}

#[tokio::test]
async fn the_branches_of_all_landings_of_a_run_are_deleted_by_one_document() {
    for knows in [true, false] {
        let site = approved().await;
        site.hub.switch(|switches| switches.update_refs = knows);
        site.hub.forget_calls();
        let run = site.run().await;
        let promoted = run.lines();
        let promoted = promoted.iter().filter(|line| line.starts_with("landed "));
        assert_eq!(promoted.count(), 2, "{}", run.text);
        assert_eq!(of_promotions(&site), Vec::<String>::new());
        let writes = site.writes();
        let documents = writes.iter().filter(|line| line.contains("updateRefs"));
        match knows {
            true => assert_eq!(documents.count(), 1, "{writes:?}"),
            false => assert_eq!(
                writes
                    .iter()
                    .filter(|line| line.starts_with("DELETE"))
                    .count(),
                2,
                "{writes:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_branch_that_somebody_pushes_to_keeps_no_other_from_being_deleted() {
    let site = approved().await;
    let pushed = of_promotions(&site)[0].clone();
    let branch = pushed.clone();
    site.hub.before(When::graphql("updateRefs"), move |world| {
        let files = [("notes.md", "Do not lose this\n")];
        world.place(REPO).by("dave").pushes(&branch, &files, "Push");
    });
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(of_promotions(&site), [pushed]);
}
