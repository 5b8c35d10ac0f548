//! What a large repository costs a workflow, whose token has a thousand calls an hour: counted, with a checkout of depth 1.
//! `benches/large.rs` measures the same at its full size.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Parser;
use sluice::app::{OnForge, execute_on_forge};
use sluice::cli::Cli;
use sluice::error::Exit;
use sluice::forge::Patience;

use crate::support::large::{Large, Size, kind_of};

/// Pipelines have twelve services each.
fn size(pipelines: usize) -> Size {
    Size {
        manifests: 15 * pipelines,
        pipelines,
        behind: 4,
    }
}

/// One run on a fresh runner: the calls that it made.
async fn run(site: &Large) -> Vec<String> {
    let workspace = tempfile::tempdir().unwrap();
    site.checks_out(workspace.path());
    let environment: BTreeMap<&str, String> =
        site.environment(workspace.path()).into_iter().collect();
    let cli = Cli::try_parse_from(["sluice", "reconcile", "--format=json"]).unwrap();
    let look = |name: &str| environment.get(name).cloned();
    let on = OnForge {
        environment: &look,
        patience: Patience {
            budget: Duration::from_secs(5),
            second: Duration::from_micros(200),
        },
        stop: std::sync::Arc::default(),
        read_only: None,
    };
    site.hub.forget_calls();
    let ran = execute_on_forge(cli.command, &on).await.unwrap();
    let output = ran.output();
    assert_eq!(output.exit, Exit::Done, "{}", output.text);
    site.hub.calls().iter().map(kind_of).collect()
}

/// Runs until everything that can be put up stands.
async fn settled(size: Size) -> Large {
    let site = Large::new(crate::github_fake::start().await, size);
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
        let site = settled(size(pipelines)).await;
        assert_eq!(site.open(), 4);
        let calls = run(&site).await;
        assert!(calls.len() <= QUIET, "{calls:#?}");
        counts.push(calls.len());
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test]
async fn a_busy_hour_stays_under_half_of_what_the_workflows_token_may_ask() {
    let site = settled(size(20)).await;
    site.next_hour();
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for event in Large::busy_hour() {
        site.happens(event);
        for call in run(&site).await {
            *calls.entry(call).or_default() += 1;
        }
    }
    let all: usize = calls.values().sum();
    assert!(all < 500, "{all}: {calls:#?}");
}

/// Calls of a run that has nothing to do, while promotions wait.
const QUIET: usize = 13;
