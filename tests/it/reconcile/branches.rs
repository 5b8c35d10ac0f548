//! How the branches of promotions go once they are spent.

use crate::support::github::When;
use crate::support::site::{REPO, Site};

fn of_promotions(site: &Site) -> Vec<String> {
    let mut all = site.branches();
    all.retain(|branch| branch.starts_with("sluice/"));
    all
}

#[tokio::test]
async fn a_server_without_update_refs_has_its_branches_deleted_where_they_stand() {
    let site = Site::of("k3s-upgrade-version").await;
    site.hub.switch(|switches| switches.update_refs = false);
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("promoted"), "{}", landed.text);
    assert_eq!(of_promotions(&site), Vec::<String>::new());
}

#[tokio::test]
async fn a_branch_that_somebody_pushes_to_at_the_last_moment_stays() {
    for knows in [true, false] {
        let site = Site::of("k3s-upgrade-version").await;
        site.hub.switch(|switches| switches.update_refs = knows);
        let repo = site.repo();
        site.run().await;
        repo.by("carol").approves(1);
        let branch = of_promotions(&site)[0].clone();
        let pushed = branch.clone();
        site.hub.before(When::graphql("updateRefs"), move |world| {
            let files = [("notes.md", "Do not lose this\n")];
            world.place(REPO).by("dave").pushes(&pushed, &files, "Push");
        });
        let landed = site.run().await;
        assert!(landed.lines()[0].starts_with("promoted"), "{}", landed.text);
        assert_eq!(of_promotions(&site), [branch], "{knows}");
    }
}
