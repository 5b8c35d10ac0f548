//! A large repository on the stand-in GitHub, as a workflow meets it: requests, seconds and memory of the first run, of a quiet hour
//! and of a busy one, at two sizes. `docs/benchmarks.md` keeps the table.
//!
//! Every run is a process of its own that calls what the program calls, with a fresh checkout of depth 1, as on a runner, and once without
//! any; only the second that it leaves between two writes is a shorter one. The stand-in lives in this process and answers at once. So requests are
//! those that the stand-in counted, seconds are the run's own processor time (`/proc/self/stat`, user and system), and memory is the
//! most of it that was ever resident (`VmHWM`).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may panic, and prints its table"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use end_to_end::large::{Large, Size, kind_of};
use github_stand_in::{GitHub, points};
use serde_json::{Value, json};
use sluice::cli::{Cli, Mode};
use sluice::commands::on_github::{RunContext, execute as execute_on_github};
use sluice::forge::Patience;
use sluice::runner::Environment;

/// Set in the process that is one run.
const IS_RUN: &str = "SLUICE_BENCH_RUN";
/// Clock ticks a second, as `/proc` counts them.
const TICKS: f64 = 100.0;

/// A busy hour of 3,000 manifests with a checkout must not cost more requests than this: four in ten of what a workflow's token has.
const MOST_REQUESTS: usize = 365;
/// Nor more points of GraphQL than this, of the thousand that it has.
const MOST_POINTS: u64 = 640;

/// What runs cost together.
#[derive(Default)]
struct Cost {
    runs: usize,
    requests: usize,
    most_requests: usize,
    points: u64,
    seconds: f64,
    most_seconds: f64,
    most_memory: u64,
    /// Of each kind of request: how many, and their points.
    kinds: BTreeMap<String, (usize, u64)>,
}

/// One run on a fresh runner.
fn run(site: &Large, checkout: bool, cost: &mut Cost) {
    let workspace = tempfile::tempdir().unwrap();
    if checkout {
        site.checks_out(workspace.path());
    }
    site.hub.forget_calls();
    let before = site.points();
    let output = Command::new(std::env::current_exe().unwrap())
        .env_clear()
        .env(IS_RUN, "1")
        .envs(site.environment(workspace.path()))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["exit"], 0, "{}", told["text"].as_str().unwrap());
    let requests = site.hub.calls().len();
    let seconds = told["seconds"].as_f64().unwrap();
    cost.runs += 1;
    cost.requests += requests;
    cost.most_requests = cost.most_requests.max(requests);
    cost.points += site.points() - before;
    cost.seconds += seconds;
    cost.most_seconds = cost.most_seconds.max(seconds);
    cost.most_memory = cost.most_memory.max(told["memory"].as_u64().unwrap());
    for call in site.hub.calls() {
        let kind = cost.kinds.entry(kind_of(&call)).or_default();
        let points = call.operation.as_ref().map_or(0, |_| points(&call.body));
        *kind = (kind.0 + 1, kind.1 + points);
    }
}

/// The run itself: reconciles, and reports what that took.
fn be_a_run() {
    let cli = Cli::try_parse_from(["sluice", "reconcile", "--format=json"]).unwrap();
    let Mode::OnGithub(command) = cli.command.mode(|| true) else {
        panic!("reconcile is for GitHub");
    };
    let look: Environment = std::env::vars().collect();
    let on = RunContext {
        environment: &look,
        patience: Patience {
            budget: Duration::from_secs(5),
            second: Duration::from_micros(200),
        },
        stop: Arc::default(),
        read_only: None,
        repository_size: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (exit, text) = match runtime.block_on(execute_on_github(command, &on)) {
        Ok(ran) => {
            let output = ran.output();
            (output.exit as u8, output.text)
        }
        Err(failure) => (failure.exit as u8, failure.message),
    };
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program is in brackets and may hold anything; user and system time are the 12th and 13th after it.
    let (_, rest) = stat.rsplit_once(") ").unwrap();
    let ticks: f64 = rest
        .split(' ')
        .skip(11)
        .take(2)
        .map(|number| number.parse::<f64>().unwrap())
        .sum();
    println!(
        "{}",
        json!({ "exit": exit, "text": text, "memory": memory, "seconds": ticks / TICKS })
    );
}

/// What each part of the life of one repository costs.
async fn measure(size: Size, checkout: bool) -> Vec<(&'static str, Cost, usize)> {
    let site = Large::new(GitHub::start().await, size);
    // So that what would be over the limit can be seen.
    site.hub
        .switch(|switches| switches.workflow_limit = 100_000);
    let mut rows = Vec::new();
    let mut cost = Cost::default();
    run(&site, checkout, &mut cost);
    rows.push(("first run", cost, site.open()));
    // Ten are opened in a run: the rest follows before anything is quiet.
    let mut settling = Cost::default();
    loop {
        let before = site.open();
        run(&site, checkout, &mut settling);
        if site.open() == before {
            break;
        }
    }
    rows.push(("until all stand", settling, site.open()));
    site.next_hour();
    let mut cost = Cost::default();
    for _ in 0..4 {
        site.hub.advance(15 * 60);
        run(&site, checkout, &mut cost);
    }
    rows.push(("quiet hour", cost, site.open()));
    site.next_hour();
    let mut cost = Cost::default();
    for event in Large::busy_hour() {
        site.happens(event);
        run(&site, checkout, &mut cost);
    }
    rows.push(("busy hour", cost, site.open()));
    rows
}

fn main() {
    if std::env::var_os(IS_RUN).is_some() {
        return be_a_run();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sizes = [1, 2].map(|times| Size {
        manifests: 3_000 * times,
        pipelines: 200 * times,
        behind: 25,
    });
    let mut text = String::from(
        "| | runs | requests | most in a run | GraphQL points | processor seconds | most in a run | memory | open after it |\n| --- | ---: | \
         ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let [small, large] = sizes;
    for (size, checkout) in [(small, true), (large, true), (small, false)] {
        let how = if checkout { "" } else { ", without a checkout" };
        let _ = writeln!(
            text,
            "| **{} manifests, {} pipelines{how}** |",
            size.manifests, size.pipelines
        );
        for (name, cost, open) in runtime.block_on(measure(size, checkout)) {
            let bound = name == "busy hour" && size.manifests == 3_000 && checkout;
            let within = cost.requests <= MOST_REQUESTS && cost.points <= MOST_POINTS;
            assert!(
                !bound || within,
                "{name}: {} requests, {} points: {:#?}",
                cost.requests,
                cost.points,
                cost.kinds
            );
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {:.2} | {:.2} | {} MB | {open} |",
                cost.runs,
                cost.requests,
                cost.most_requests,
                cost.points,
                cost.seconds,
                cost.most_seconds,
                cost.most_memory / 1024,
            );
            println!(
                "{name} of {} manifests{how}: {:#?}",
                size.manifests, cost.kinds
            );
        }
    }
    println!("{text}");
}
