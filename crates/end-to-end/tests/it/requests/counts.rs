//! How many calls a run makes, and how often it waits: bounds that must hold, counted and not timed.

use end_to_end::site::Site;
use github_stand_in::{Fault, When};
use std::time::Duration;
use test_support::git::TestRepo;

/// This many pipelines with a promotion each, in a clone that is at hand.
pub(crate) fn pipelines(count: usize) -> Vec<(String, String)> {
    let policy = (
        ".github/sluice.yaml".to_owned(),
        "version: 1\nlimits: { open: 1000 }\n".to_owned(),
    );
    let each = (0..count).map(|number| {
        let service = |stage: &str, version: &str| {
            format!(
                "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: s{number}-{stage}, \
                 namespace: apps }}\nspec: {{ helm: {{ url: https://c.example.com, chart: a, version: {version} }} }}\n---\n"
            )
        };
        let text = format!(
            "{}{}apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: p{number}, namespace: apps \
             }}\nspec:\n  stages:\n  - {{ name: dev, services: [{{ serviceRef: {{ name: s{number}-dev }} }}] }}\n  - {{ name: \
             prod, services: [{{ serviceRef: {{ name: s{number}-prod }}, criteria: {{ serviceRef: {{ name: s{number}-dev }} \
             }} }}] }}\n  edges:\n  - {{ from: dev, to: prod, gates: [{{ name: release, type: APPROVAL }}] }}\n",
            service("dev", "1.1.0"),
            service("prod", "1.0.0")
        );
        (format!("p{number}.yaml"), text)
    });
    each.chain([policy]).collect()
}

/// A site whose repository is also at hand as a clone.
async fn with_clone(files: &[(String, String)]) -> (Site, TestRepo) {
    let clone = TestRepo::new();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    clone.commit("main", &files);
    clone.check_out("main");
    let mut site = Site::empty().await;
    site.repo().git_repository(clone.path());
    let folder = clone.path().to_str().unwrap().to_owned();
    site.environment
        .insert("GITHUB_WORKSPACE".to_owned(), folder);
    (site, clone)
}

#[tokio::test]
async fn a_hundred_open_promotions_with_nothing_to_do_cost_two_calls_and_one_for_all_who_spoke() {
    let (site, _clone) = with_clone(&pipelines(100)).await;
    let repo = site.repo();
    let run = site.run().await;
    assert_eq!(repo.pulls(true).len(), 100, "{}", run.notices.join("\n"));
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new());
    let quiet = site.hub.calls().len();
    assert_eq!(quiet, 2, "{:?}", site.hub.lines());
    for number in 1..=10 {
        repo.by("carol").remarks(number);
    }
    site.hub.forget_calls();
    site.run().await;
    let spoken = site.hub.calls().len() - quiet;
    assert_eq!(spoken, 1, "{:?}", site.hub.lines());
}

/// The longest chains of calls that waited for each other: of a run that opens a promotion, of one that has nothing to do,
/// and from the approval to the merge. What comes after that is the branch that is cleaned up.
async fn waits(site: &Site) -> [Vec<String>; 3] {
    let repo = site.repo();
    site.hub.latency(Duration::from_millis(15));
    site.run().await;
    let opening = site.hub.waits();
    site.hub.forget_calls();
    site.run().await;
    let quiet = site.hub.waits();
    repo.by("carol").approves(1);
    site.hub.forget_calls();
    site.run().await;
    let mut landing = site.hub.waits();
    let merged = landing
        .iter()
        .position(|line| line.contains("mergePullRequest"));
    landing.truncate(merged.unwrap() + 1);
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    [opening, quiet, landing]
}

#[tokio::test]
async fn a_run_waits_for_github_a_few_times_only() {
    let (site, _clone) = with_clone(&pipelines(1)).await;
    let [opening, quiet, landing] = waits(&site).await;
    let found = (quiet.len(), opening.len(), landing.len());
    assert_eq!(
        found,
        (QUIET, OPENING, LANDING),
        "quiet {quiet:#?}\nopening {opening:#?}\nlanding {landing:#?}"
    );
}

/// A site without a checkout.
fn without_checkout(site: Site, files: &[(String, String)]) -> Site {
    for (path, text) in files {
        site.repo().files("main", &[(path, text)]);
    }
    site
}

#[tokio::test]
async fn without_a_checkout_a_run_waits_for_the_files_too() {
    let site = without_checkout(Site::empty().await, &pipelines(1));
    let [opening, quiet, landing] = waits(&site).await;
    let found = (quiet.len(), opening.len(), landing.len());
    assert_eq!(
        found,
        (
            QUIET + FILES + HISTORY,
            OPENING + FILES + HISTORY,
            LANDING + FILES + PAGE
        ),
        "quiet {quiet:#?}\nopening {opening:#?}\nlanding {landing:#?}"
    );
}

#[tokio::test]
async fn the_files_of_a_small_repository_come_with_the_look() {
    let mut site = without_checkout(Site::empty().await, &pipelines(1));
    site.repository_size = Some(100);
    let [opening, quiet, landing] = waits(&site).await;
    let found = (quiet.len(), opening.len(), landing.len());
    assert_eq!(
        found,
        (QUIET + PAGE, OPENING + PAGE, LANDING + PAGE),
        "quiet {quiet:#?}\nopening {opening:#?}\nlanding {landing:#?}"
    );
}

#[tokio::test]
async fn without_a_checkout_a_small_repository_with_nothing_to_promote_is_one_call_to_wait_for() {
    let same = pipelines(3)
        .into_iter()
        .map(|(path, text)| (path, text.replace("1.1.0", "1.0.0")));
    let mut site = without_checkout(Site::empty().await, &same.collect::<Vec<_>>());
    site.repository_size = Some(100);
    site.hub.latency(Duration::from_millis(15));
    let run = site.run().await;
    assert_eq!(run.lines(), Vec::<String>::new());
    assert_eq!(site.hub.waits().len(), 1, "{:#?}", site.hub.lines());
}

/// What is read of a repository whose files do not all come with the look as they are.
async fn odd_files(size: Option<u64>) -> (serde_json::Value, Vec<String>) {
    let mut site = without_checkout(Site::empty().await, &pipelines(2));
    let deep = "a/b/c/d/e/f/g/h/deep.yaml";
    let long = format!(
        "# {}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: long }}\n",
        "x".repeat(600_000)
    );
    site.repo().files(
        "main",
        &[
            (
                deep,
                "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: [ }\n",
            ),
            ("long.yaml", &long),
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("latin.yaml"), b"apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: \xe4 }\n").unwrap();
    std::fs::write(folder.path().join("zero.yaml"), b"kind: \0\n").unwrap();
    std::os::unix::fs::symlink("long.yaml", folder.path().join("link.yaml")).unwrap();
    site.repo().folder("main", folder.path());
    site.repository_size = size;
    let run = site.run().await;
    (run.plan, run.notices)
}

#[tokio::test]
async fn files_that_come_with_the_look_are_read_as_those_that_are_asked_for() {
    let together = odd_files(Some(100)).await;
    assert_eq!(together, odd_files(None).await);
    let text = format!("{} {:?}", together.0, together.1);
    for path in ["a/b/c/d/e/f/g/h/deep.yaml", "latin.yaml"] {
        assert!(text.contains(path), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_look_that_is_too_much_with_the_files_is_made_without_them() {
    for fault in [
        Fault::BrokenOff,
        Fault::BadGatewayAfterApply,
        Fault::ServerError,
    ] {
        let mut site = without_checkout(Site::empty().await, &pipelines(1));
        site.repository_size = Some(100);
        site.hub.fault(
            When::read().sending("files: defaultBranchRef"),
            fault.clone(),
        );
        let run = site.run().await;
        assert_eq!(run.lines().len(), 1, "{fault:?}: {}", run.text);
        assert_eq!(site.repo().pulls(true), [1], "{fault:?}");
    }
}

/// Waits of a run that has nothing to do.
const QUIET: usize = 1;
/// Waits of a run that opens one promotion.
const OPENING: usize = 5;
/// Waits from the approval to the merge, whose answer shows the base branch.
const LANDING: usize = 5;
/// Waits for the list of files, and then for what is in them.
const FILES: usize = 2;
/// Waits for the history of what differs: a page of it, and what is in the files there.
const HISTORY: usize = 2;
/// Waits for a page of history alone.
const PAGE: usize = 1;
