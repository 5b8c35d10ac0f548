//! How the branches of promotions are deleted once they are no longer needed.

use end_to_end::site::{REPO, Site};
use github_stand_in::{Fault, When};
use sluice::error::Exit;

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
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
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
        assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
        assert_eq!(of_promotions(&site), [branch], "{knows}");
    }
}

/// Someone changes a workflow file on the base right before this call.
fn workflow_changes_before(site: &Site, when: When) {
    site.hub.before(when, |world| {
        let file = (".github/workflows/ci.yml", "on: workflow_dispatch\n");
        let repo = world.place(REPO);
        repo.by("dave").pushes("main", &[file], "Dispatch");
    });
}

#[tokio::test]
async fn a_workflow_file_that_changes_on_the_base_before_the_branch_is_created_is_no_missing_permission()
 {
    let file = (".github/workflows/ci.yml", "on: push\n");
    let verified = (".github/sluice.yaml", "version: 1\nverified: true\n");
    let plain = (".github/sluice.yaml", "version: 1\n");
    // The branch with its commit, and the branch after the commit on a server that cannot do both at once.
    for (policy, knows) in [(plain, true), (verified, true), (plain, false)] {
        let site = Site::of("k3s-upgrade-version").await;
        site.hub.switch(|switches| {
            switches.verify_git_data = false;
            switches.update_refs = knows;
        });
        let when = match knows {
            true => When::graphql("updateRefs"),
            false => When::rest("POST", "/git/refs"),
        };
        let repo = site.repo();
        repo.files("main", &[file, policy]);
        workflow_changes_before(&site, when);
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        assert!(run.lines()[0].starts_with("opened"), "{}", run.text);
        assert_eq!(repo.pulls(true), [1], "in the same run");
        assert_eq!(
            repo.parents(&repo.head(1)),
            [repo.tip("main").unwrap()],
            "on the new tip"
        );
    }
}

#[tokio::test]
async fn a_branch_that_may_not_be_created_while_the_base_stands_still_is_a_missing_permission() {
    let site = Site::of("k3s-upgrade-version").await;
    let text = "Resource not accessible by integration".to_owned();
    let when = When::graphql("updateRefs").always();
    let fault = Fault::GraphQlError("FORBIDDEN".to_owned(), text);
    site.hub.fault(when, fault);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(
        run.lines()[0].contains("the token may not create the branch"),
        "{}",
        run.text
    );
    assert_eq!(site.writes().len(), 1, "{:?}", site.writes());
}

#[tokio::test]
async fn a_branch_that_github_deletes_at_the_merge_is_not_deleted_once_more() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    repo.settings(|settings| settings.delete_branch = true);
    site.run().await;
    repo.by("carol").approves(1);
    site.hub.forget_calls();
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    assert_eq!(of_promotions(&site), Vec::<String>::new());
    let writes = site.writes();
    assert!(
        writes.iter().all(|line| !line.contains("updateRefs")),
        "{writes:?}"
    );
}
