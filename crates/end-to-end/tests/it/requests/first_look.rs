//! The first look of a run also reads what will probably be needed according to the checkout, and many things are looked up in one
//! call: what that may not change, and what happens if GitHub does not answer so much at once.

use std::collections::BTreeMap;

use sluice::error::Exit;

use super::large::{run, run_in, settled, size};
use end_to_end::large::{Event, Large};
use end_to_end::site::Site;
use github_stand_in::{Fault, GitHub, When};

/// What is on the forge after a run: the open promotions, and what their heads hold.
fn standing(site: &Large) -> Vec<(u64, String)> {
    let repo = site.hub.repo(end_to_end::large::SLUG);
    let open = repo.pulls(true).into_iter();
    open.map(|number| (number, repo.body(number))).collect()
}

/// A repository in which something is to be opened and something to be landed.
async fn busy() -> Large {
    let site = settled(GitHub::start_checked().await, size(8)).await;
    site.happens(Event::Approval);
    site.happens(Event::Commit(0));
    site.happens(Event::Commit(1));
    site
}

#[tokio::test]
async fn a_run_does_the_same_in_whatever_checkout() {
    let mut all = Vec::new();
    let begun = settled(GitHub::start_checked().await, size(8)).await;
    for kind in [
        "of the tip",
        "of an older commit",
        "none",
        "of another repository",
    ] {
        let site = begun.copy();
        let workspace = tempfile::tempdir().unwrap();
        let other = site.hub.repo("mallory/other");
        other.files("main", &[("pipeline.yaml", "kind: Pipeline\n")]);
        match kind {
            "of an older commit" => site.checks_out(workspace.path()),
            "of another repository" => {
                other.checks_out("main", workspace.path());
            }
            _ => {}
        }
        site.happens(Event::Approval);
        site.happens(Event::Commit(0));
        site.happens(Event::Commit(1));
        if kind == "of the tip" {
            site.checks_out(workspace.path());
        }
        let calls = run_in(&site, workspace.path()).await;
        let writes = site.hub.writes();
        all.push((kind, standing(&site), writes, calls.len()));
    }
    let (_, first, writes, least) = all[0].clone();
    assert_eq!(first.len(), 5, "{first:#?}");
    for (kind, standing, wrote, calls) in &all[1..] {
        assert_eq!(standing, &first, "{kind}");
        assert_eq!(*wrote, writes, "{kind}");
        assert!(*calls >= least, "{kind}: {calls}");
    }
}

#[tokio::test]
async fn what_github_does_not_answer_at_once_is_asked_for_in_smaller_parts() {
    let mut all = Vec::new();
    let begun = settled(GitHub::start().await, size(80)).await;
    begun.happens(Event::Approval);
    begun.happens(Event::Commit(0));
    for heaviest in [usize::MAX, 200] {
        let site = begun.copy();
        site.hub.switch(|switches| switches.heaviest = heaviest);
        let calls = run(&site).await;
        all.push((heaviest, standing(&site), site.hub.writes(), calls.len()));
    }
    let [(_, stands, wrote, asked), (_, standing, writes, calls)] = &all[..] else {
        panic!("two runs");
    };
    assert_eq!(standing, stands);
    assert_eq!(writes, wrote);
    // In place of the first call: that one, the look alone, the rest at once and in parts, and what was closed.
    assert_eq!(*calls, asked - 1 + 7);
}

#[tokio::test]
async fn a_checkout_leads_to_no_repository_that_the_tip_does_not_name() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let elsewhere = site.hub.repo("acme/elsewhere");
    elsewhere.files("main", &[("app.yaml", "replicas: 1\n")]);
    let text = test_support::web().replace("acme/gitops", "acme/elsewhere");
    repo.by("carol")
        .branches_off("topic", &repo.tip("main").unwrap());
    let files = [("web.yaml", text.as_str()), ("dev.yaml", SERVICE)];
    repo.by("carol")
        .pushes("topic", &files, "Name another repository");
    let workspace = tempfile::tempdir().unwrap();
    repo.checks_out("topic", workspace.path());
    let mut environment: BTreeMap<String, String> = site.environment.clone();
    environment.insert("INPUT_TOKEN".to_owned(), site.token.clone());
    environment.insert(
        "GITHUB_WORKSPACE".to_owned(),
        workspace.path().display().to_string(),
    );
    let ran = site.call_with(&["reconcile"], &environment).await;
    assert!(ran.lines()[0].starts_with("opened"), "{}", ran.text);
    let asks_for_it = |call: &github_stand_in::Seen| {
        let named = call
            .operation
            .as_ref()
            .map(|operation| operation.variables["name"] == "elsewhere");
        call.path.contains("elsewhere") || named == Some(true)
    };
    assert!(
        !site.hub.calls().iter().any(asks_for_it),
        "{:?}",
        site.hub.lines()
    );
}

#[tokio::test]
async fn a_query_that_is_broken_off_tells_nothing_of_anything() {
    let begun = busy().await;
    let calm = begun.copy();
    run(&calm).await;
    let (stands, wrote) = (standing(&calm), calm.hub.writes());
    // With a checkout the first looks are the first two calls, without one the manifests come between them.
    let calls = [true, false]
        .into_iter()
        .flat_map(|checkout| (1..=4).map(move |call| (checkout, call)));
    for (checkout, call) in calls {
        let site = begun.copy();
        let workspace = tempfile::tempdir().unwrap();
        if checkout {
            site.checks_out(workspace.path());
        }
        let environment: BTreeMap<&str, String> =
            site.environment(workspace.path()).into_iter().collect();
        site.hub.forget_calls();
        site.hub.fault_at(call, Fault::BrokenOff);
        let ran = super::large::ran(&environment).await;
        match ran.exit {
            Exit::Done => assert_eq!(standing(&site), stands, "{checkout} {call}"),
            // What could not be asked for is an error, and nothing is done about it.
            _ => assert!(
                site.hub.writes() <= wrote,
                "{checkout} {call}: {}",
                ran.text
            ),
        }
        // The next run makes up for it: nothing was opened that would not have been.
        run(&site).await;
        assert_eq!(standing(&site), stands, "{checkout} {call}");
    }
}

#[tokio::test]
async fn a_page_of_history_that_never_comes_ends_in_an_error_and_not_in_more_calls() {
    let site = settled(GitHub::start_checked().await, size(8)).await;
    site.happens(Event::Commit(0));
    let workspace = tempfile::tempdir().unwrap();
    site.checks_out(workspace.path());
    let environment: BTreeMap<&str, String> =
        site.environment(workspace.path()).into_iter().collect();
    site.hub.forget_calls();
    // All that comes after the first look.
    site.hub.fault(When::call(2).always(), Fault::BrokenOff);
    let ran = super::large::ran(&environment).await;
    assert_ne!(ran.exit, Exit::Done, "{}", ran.text);
    assert_eq!(site.hub.writes(), 0);
    let calls = site.hub.calls().len();
    assert!(calls < 20, "{calls}: {:?}", site.hub.lines());
}

/// A service of the web pipeline that takes git from another repository.
const SERVICE: &str = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: web-dev, namespace: apps \
                       }\nspec:\n  git: { url: 'https://github.com/acme/elsewhere.git', folder: services/web, ref: main }\n";

#[tokio::test]
async fn a_run_on_a_busy_tip_makes_no_call_twice() {
    let site = busy().await;
    run(&site).await;
    let calls = site.hub.calls();
    let asked: Vec<(&str, String)> = calls
        .iter()
        .filter(|call| !call.write)
        .filter_map(|call| {
            let operation = call.operation.as_ref()?;
            // A look is taken again on purpose.
            let look = operation.document.contains("refs(refPrefix");
            (!look).then(|| (operation.document.as_str(), operation.variables.to_string()))
        })
        .collect();
    for (at, one) in asked.iter().enumerate() {
        assert!(!asked[..at].contains(one), "{one:?}");
    }
}
