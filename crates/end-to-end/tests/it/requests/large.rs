//! What a large repository costs a workflow, whose token has a thousand calls an hour: counted, with a checkout of depth 1.
//! `benches/large.rs` measures the same at its full size.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use sluice::cli::{Cli, Mode};
use sluice::commands::on_github::{RunContext, execute as execute_on_github};
use sluice::commands::output::Output;
use sluice::error::Exit;
use sluice::forge::Patience;
use sluice::runner::Environment;

use end_to_end::large::{Large, Size, kind_of};
use end_to_end::site::{REPO, Site};
use github_stand_in::GitHub;

/// Pipelines have twelve services each.
pub(super) fn size(pipelines: usize) -> Size {
    Size {
        manifests: 15 * pipelines,
        pipelines,
        behind: 4,
    }
}

/// One run on a fresh runner: the calls that it made.
pub(super) async fn run(site: &Large) -> Vec<String> {
    let workspace = tempfile::tempdir().unwrap();
    site.checks_out(workspace.path());
    run_in(site, workspace.path()).await
}

/// One run in a workspace: the calls that it made.
pub(super) async fn run_in(site: &Large, workspace: &Path) -> Vec<String> {
    let environment: BTreeMap<&str, String> = site.environment(workspace).into_iter().collect();
    site.hub.forget_calls();
    let output = ran(&environment).await;
    assert_eq!(output.exit, Exit::Done, "{}", output.text);
    site.hub.calls().iter().map(kind_of).collect()
}

/// What one run in an environment came to.
pub(super) async fn ran(environment: &BTreeMap<&str, String>) -> Output {
    let cli = Cli::try_parse_from(["sluice", "reconcile", "--format=json"]).unwrap();
    let Mode::OnGithub(command) = cli.command.mode(|| true) else {
        panic!("reconcile is for GitHub");
    };
    let look: Environment = environment.clone().into_iter().collect();
    let on = RunContext {
        environment: &look,
        patience: Patience {
            budget: Duration::from_secs(5),
            second: Duration::from_micros(200),
        },
        stop: std::sync::Arc::default(),
        read_only: None,
        repository_size: None,
    };
    match execute_on_github(command, &on).await {
        Ok(ran) => ran.output(),
        Err(failure) => Output {
            exit: failure.exit,
            text: failure.message,
            notices: Vec::new(),
        },
    }
}

/// Runs until everything that can be opened is open.
pub(super) async fn settled(hub: GitHub, size: Size) -> Large {
    let site = Large::new(hub, size);
    loop {
        let before = site.open();
        run(&site).await;
        if site.open() == before {
            return site;
        }
    }
}

#[tokio::test]
async fn a_quiet_run_costs_as_many_calls_in_a_repository_twice_the_size() {
    let mut counts = Vec::new();
    for pipelines in [8, 16] {
        let site = settled(GitHub::start_checked().await, size(pipelines)).await;
        assert_eq!(site.open(), 4);
        let calls = run(&site).await;
        assert!(calls.len() <= QUIET, "{calls:#?}");
        counts.push(calls.len());
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test]
async fn twenty_minutes_of_a_busy_hour_cost_no_more_calls_than_they_did() {
    let hub = GitHub::start().await;
    // What is over the token's limit is counted too.
    hub.switch(|switches| switches.workflow_limit = 100_000);
    let site = settled(hub, size(20)).await;
    site.next_hour();
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut writes) = (0, 0);
    for event in Large::busy_hour().into_iter().take(19) {
        site.happens(event);
        for call in run(&site).await {
            *calls.entry(call).or_default() += 1;
        }
        all += site.hub.calls().len();
        writes += site.hub.writes();
    }
    let points = site.points();
    assert!(
        all <= BUSY && points <= POINTS,
        "{all} calls, {writes} of them writes, {points} points: {calls:#?}"
    );
}

/// Calls of a run that has nothing to do, while promotions wait.
const QUIET: usize = 2;
/// Calls of the first 19 of the 55 runs of a busy hour.
const BUSY: usize = 116;
/// Points of GraphQL that they take.
const POINTS: u64 = 193;

/// A service that takes both git and a chart.
fn both(stage: &str, reference: &str, version: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: web-{stage}, namespace: apps \
         }}\nspec:\n  git: {{ url: 'https://github.com/{REPO}.git', folder: services/web, ref: {reference} }}\n  helm: {{ url: \
         https://charts.example.com, chart: web, version: {version} }}\n"
    )
}

#[tokio::test]
async fn a_chart_set_back_by_hand_stays_so_where_the_commit_beside_it_is_an_equal_one_and_not_the_newest()
 {
    let site = Site::empty().await;
    let repo = site.repo();
    repo.files("main", &[("services/web/app.yaml", "replicas: 1\n")]);
    // The target was pinned by a person to a later commit that holds the same folder.
    let later = repo.files("main", &[("docs/notes.md", "unrelated\n")]);
    let web = test_support::web();
    repo.files(
        "main",
        &[
            ("pipeline.yaml", &web),
            ("dev.yaml", &both("dev", "main", "1.1.0")),
            ("prod.yaml", &both("prod", &later, "1.1.0")),
        ],
    );
    let rests = site.run().await;
    assert_eq!(rests.lines(), Vec::<String>::new(), "{}", rests.text);
    repo.files("main", &[("prod.yaml", &both("prod", &later, "1.0.0"))]);
    let ahead = site.run().await;
    assert_eq!(ahead.lines(), Vec::<String>::new(), "{}", ahead.text);
    assert_eq!(
        ahead.json["ahead"][0]["service"], "web-prod",
        "{}",
        ahead.text
    );
    // Once the folder changes, the source has moved.
    repo.files("main", &[("services/web/app.yaml", "replicas: 2\n")]);
    let due = site.run().await;
    assert!(due.lines()[0].starts_with("opened"), "{}", due.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_second_pull_request_from_a_promotions_branch_hides_nothing() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    let branch = site
        .branches()
        .into_iter()
        .find(|branch| branch.starts_with("sluice/"))
        .unwrap();
    repo.by("carol")
        .branches_off("elsewhere", &repo.tip("main").unwrap());
    repo.by("carol")
        .opens(&branch, "elsewhere", "The same, elsewhere");
    site.hub.forget_calls();
    let waits = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", waits.text);
    assert!(waits.lines()[0].contains("#1"), "{}", waits.text);
    repo.by("carol").approves(1);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
}
