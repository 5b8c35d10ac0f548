//! What is promised over time, held by whole lives on the stand-in GitHub: real HTTP, real git repositories.

mod by_hand;
mod commit;
mod landed;
mod life;
mod merge_queue;
mod moved_base;
mod rare_lives;
mod receipts;
pub(crate) mod refused;
mod several;
mod signed;
mod temporary_branch;
mod ways;

use end_to_end::site::{REPO, Report, Site};
use github_stand_in::{Place, Reach, Role};
use test_support::{files_of, fixture};

/// Where the code of `two-repositories` lies.
pub(crate) const APP: &str = "acme/app";

/// A fixture in the one first commit of a repository, each text changed on its way in.
fn first_commit<R: Reach>(repo: &Place<R>, name: &str, change: impl Fn(&str, String) -> String) {
    let files: Vec<(String, String)> = files_of(&fixture(name))
        .into_iter()
        .map(|(path, text)| {
            let text = change(&path, text);
            (path, text)
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    repo.files("main", &files);
}

/// Manifests in one repository, what they deploy in another one, in which carol and dave write. Only the pipeline `api` follows
/// the code: `web` is pinned to what there is.
pub(crate) async fn two_repositories() -> Site {
    let site = Site::empty().await;
    let app = site.hub.repo(APP);
    first_commit(&app, "two-repositories/app", |_, text| text);
    app.role("carol", Role::Write).role("dave", Role::Write);
    let at = format!("ref: {}", app.tip("main").unwrap());
    first_commit(
        &site.repo(),
        "two-repositories/gitops",
        |path, text| match path.ends_with("/web.yaml") {
            true => text.replace("ref: main", &at),
            false => text,
        },
    );
    site
}

/// Manifests and what they deploy in one repository.
async fn monorepo() -> Site {
    let site = Site::empty().await;
    first_commit(&site.repo(), "monorepo", |_, text| {
        text.replace("acme/mono", REPO)
    });
    site
}

/// Runs, and holds that nothing was written.
#[track_caller]
fn wrote_nothing(site: &Site, run: &Report) {
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", run.text);
}

/// A run that has nothing to write.
pub(crate) async fn quiet(site: &Site) -> Report {
    site.hub.forget_calls();
    let run = site.run().await;
    wrote_nothing(site, &run);
    run
}

/// The number of the one pull request that is open in the repository of the manifests.
#[track_caller]
pub(crate) fn open(site: &Site) -> u64 {
    let open = site.repo().pulls(true);
    assert_eq!(open.len(), 1, "{open:?}");
    open[0]
}

/// The commits that a pull request's body lists, newest first, as it shows them.
fn listed(body: &str) -> Vec<String> {
    let lines = body
        .lines()
        .skip_while(|line| !line.starts_with("<details>") || !line.contains(" commit"));
    lines
        .filter_map(|line| line.strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}
