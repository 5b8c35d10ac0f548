//! What planning costs, from the bytes of the manifests to the texts of the reports: it grows with the bytes, not with
//! their square.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use jiff::Timestamp;

use super::dispatch::execute;
use crate::cli::Cli;
use crate::report::style::Style;
use crate::yaml::syntax::steps::counted;

/// What one folder costs: parser steps, and bytes that the commands print.
struct Cost {
    steps: u64,
    said: usize,
}

const COMMANDS: [&[&str]; 4] = [
    &["validate", "--format", "json"],
    &["plan", "--format", "json"],
    &["plan", "--why"],
    &["graph"],
];

fn cost_of(folder: &Path) -> Cost {
    let mut said = 0;
    let steps = counted(|| {
        for command in COMMANDS {
            let words = ["sluice"].iter().chain(command);
            let words = words.map(ToString::to_string);
            let path = folder.to_str().unwrap().to_owned();
            let cli = Cli::try_parse_from(words.chain([path])).unwrap();
            let output = execute(
                cli,
                Timestamp::UNIX_EPOCH,
                Style::default(),
                &crate::runner::Environment::default(),
            );
            said += match output {
                Ok(output) => output.text.len(),
                Err(failure) => failure.message.len(),
            };
        }
    });
    Cost { steps, said }
}

/// The manifests and the policy.
struct Shape {
    manifests: String,
    policy: String,
}

fn of(manifests: String) -> Shape {
    Shape {
        manifests,
        policy: String::new(),
    }
}

fn cost(shape: &Shape) -> Cost {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.yaml"), &shape.manifests).unwrap();
    fs::create_dir(folder.path().join(".github")).unwrap();
    let policy = format!("version: 1\n{}", shape.policy);
    fs::write(folder.path().join(".github/sluice.yaml"), policy).unwrap();
    cost_of(folder.path())
}

fn services(names: impl Iterator<Item = String>, spec: &str) -> String {
    let one = |name: String| {
        format!(
            "---\napiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}, namespace: apps }}\nspec: {spec}\n"
        )
    };
    names.map(one).collect()
}

fn pipeline(name: &str, stages: &str, edges: &str) -> String {
    format!(
        "---\napiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: {name}, namespace: apps }}\nspec:\n  stages:\n{stages}  edges:\n{edges}"
    )
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, at| {
        writeln!(text, "  - {}", line(at)).unwrap();
        text
    })
}

const CHART: &str = "{ helm: { url: https://charts.example.com, chart: web, version: 1.0.0 } }";
const NEWER: &str = "{ helm: { url: https://charts.example.com, chart: web, version: 1.1.0 } }";
const GATE: &str = "gates: [{ name: ok, type: APPROVAL }]";

fn taking(name: &str, source: &str) -> String {
    format!(
        "{{ serviceRef: {{ name: {name} }}, criteria: {{ serviceRef: {{ name: {source} }} }} }}"
    )
}

/// Stages that lead from each to the next, `ring` also from the last to the first.
fn chain(count: usize, ring: bool) -> Shape {
    let all = services((0..count).map(|at| format!("a{at}")), CHART);
    let stages = lines(count, |at| match at {
        0 => "{ name: s0, services: [{ serviceRef: { name: a0 } }] }".to_owned(),
        _ => {
            let service = taking(&format!("a{at}"), &format!("a{}", at - 1));
            format!("{{ name: s{at}, services: [{service}] }}")
        }
    });
    let edges = lines(count - usize::from(!ring), |at| {
        format!("{{ from: s{at}, to: s{}, {GATE} }}", (at + 1) % count)
    });
    of(all + &pipeline("chain", &stages, &edges))
}

fn one_stage_of_many_services(count: usize) -> Shape {
    let sources = services((0..count).map(|at| format!("d{at}")), NEWER);
    let targets = services((0..count).map(|at| format!("p{at}")), CHART);
    let dev: Vec<String> = (0..count)
        .map(|at| format!("{{ serviceRef: {{ name: d{at} }} }}"))
        .collect();
    let prod: Vec<String> = (0..count)
        .map(|at| taking(&format!("p{at}"), &format!("d{at}")))
        .collect();
    let stages = format!(
        "  - {{ name: dev, services: [{}] }}\n  - {{ name: prod, services: [{}] }}\n",
        dev.join(", "),
        prod.join(", ")
    );
    let edges = format!("  - {{ from: dev, to: prod, {GATE} }}\n");
    of(sources + &targets + &pipeline("wide", &stages, &edges))
}

/// This many stages lead into one, each through a gate of its own.
fn many_edges_with_gates(count: usize) -> Shape {
    let sources = services((0..count).map(|at| format!("d{at}")), NEWER);
    let target = services(std::iter::once("p".to_owned()), CHART);
    let stages = lines(count, |at| {
        format!("{{ name: s{at}, services: [{{ serviceRef: {{ name: d{at} }} }}] }}")
    });
    let prod = format!("  - {{ name: prod, services: [{}] }}\n", taking("p", "d0"));
    let edges = lines(count, |at| {
        format!("{{ from: s{at}, to: prod, gates: [{{ name: g{at}, type: APPROVAL }}] }}")
    });
    of(sources + &target + &pipeline("fan", &(stages + &prod), &edges))
}

fn many_secrets(count: usize) -> Shape {
    let keys = |value: &str| {
        let keys: Vec<String> = (0..count).map(|at| format!("k{at}: {value}")).collect();
        format!("{{ configuration: {{ {} }} }}", keys.join(", "))
    };
    let both = services(std::iter::once("d".to_owned()), &keys("new"))
        + &services(std::iter::once("p".to_owned()), &keys("old"));
    let names: Vec<String> = (0..count).map(|at| format!("k{at}")).collect();
    let stages = format!(
        "  - {{ name: dev, services: [{{ serviceRef: {{ name: d }} }}] }}\n  - {{ name: prod, services: [{{ serviceRef: {{ name: p }}, criteria: {{ serviceRef: {{ name: d }}, secrets: [{}] }} }}] }}\n",
        names.join(", ")
    );
    let edges = format!("  - {{ from: dev, to: prod, {GATE} }}\n");
    of(both + &pipeline("secrets", &stages, &edges))
}

fn many_pipelines_of_one_service(count: usize) -> Shape {
    let both = services(std::iter::once("d".to_owned()), NEWER)
        + &services(std::iter::once("p".to_owned()), CHART);
    let stages = format!(
        "  - {{ name: dev, services: [{{ serviceRef: {{ name: d }} }}] }}\n  - {{ name: prod, services: [{}] }}\n",
        taking("p", "d")
    );
    let edges = format!("  - {{ from: dev, to: prod, {GATE} }}\n");
    let all = (0..count).map(|at| pipeline(&format!("p{at}"), &stages, &edges));
    of(both + &all.collect::<String>())
}

/// A chain in which every stage and gate has an entry of its own, besides entries for pipelines that do not exist.
fn many_policy_entries(count: usize) -> Shape {
    let entry = |at: usize| format!("s{at}: {{ trigger: manual }}");
    let stages: Vec<String> = (0..count).map(entry).collect();
    let gates: Vec<String> = (0..count)
        .map(|at| format!("g{at}: {{ approve: [{{ by: writers }}] }}"))
        .collect();
    let others: Vec<String> = (0..count).map(|at| format!("p{at}: {{}}")).collect();
    Shape {
        policy: format!(
            "stages: {{ {} }}\ngates: {{ {} }}\npipelines: {{ {} }}\n",
            stages.join(", "),
            gates.join(", "),
            others.join(", ")
        ),
        manifests: chain(count, false).manifests,
    }
}

/// References to manifests that are in many documents, none of which can be read.
fn many_broken(count: usize) -> Shape {
    let broken = "---\napiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: a }\n";
    let chain = chain(count, false).manifests;
    of(chain.replace("kind: ServiceDeployment", "kind: Service") + &broken.repeat(count))
}

/// Stages whose edges, gates and services are drawn from a fixed sequence of numbers.
fn drawn(count: usize, seed: u64) -> Shape {
    let mut state = seed;
    let mut draw = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    let all = services((0..count).map(|at| format!("a{at}")), CHART)
        + &services((0..count).map(|at| format!("b{at}")), NEWER);
    let mut stages = String::new();
    for at in 0..count {
        let service = match draw(3) {
            0 => format!("{{ serviceRef: {{ name: a{at} }} }}"),
            1 => taking(&format!("a{at}"), &format!("b{}", draw(count))),
            _ => taking(&format!("a{at}"), &format!("a{}", draw(at))),
        };
        writeln!(stages, "  - {{ name: s{at}, services: [{service}] }}").unwrap();
    }
    let mut edges = String::new();
    for _ in 0..2 * count {
        let to = 1 + draw(count - 1);
        let from = draw(to);
        let gate = ["APPROVAL", "WINDOW", "JOB", "SENTINEL"][draw(4)];
        let name = draw(count);
        writeln!(
            edges,
            "  - {{ from: s{from}, to: s{to}, gates: [{{ name: g{name}, type: {gate} }}] }}"
        )
        .unwrap();
    }
    of(all + &pipeline("drawn", &stages, &edges))
}

const SIZE: usize = 80;

#[test]
fn planning_costs_steps_and_words_in_proportion_to_the_size_of_every_hostile_shape() {
    type Make = Box<dyn Fn(usize) -> Shape>;
    let mut shapes: Vec<(String, Make)> = vec![
        ("chain".to_owned(), Box::new(|count| chain(count, false))),
        ("ring".to_owned(), Box::new(|count| chain(count, true))),
        ("one stage".to_owned(), Box::new(one_stage_of_many_services)),
        ("gates".to_owned(), Box::new(many_edges_with_gates)),
        ("secrets".to_owned(), Box::new(many_secrets)),
        (
            "pipelines".to_owned(),
            Box::new(many_pipelines_of_one_service),
        ),
        ("policy".to_owned(), Box::new(many_policy_entries)),
        ("broken".to_owned(), Box::new(many_broken)),
    ];
    for seed in 1..4 {
        shapes.push((
            format!("drawn {seed}"),
            Box::new(move |count| drawn(count, seed)),
        ));
    }
    let mut wrong = Vec::new();
    for (name, make) in shapes {
        let (small, large) = (cost(&make(SIZE)), cost(&make(2 * SIZE)));
        for (what, small, large) in [
            ("steps", small.steps, large.steps),
            ("bytes said", small.said as u64, large.said as u64),
        ] {
            assert!(
                small > SIZE as u64,
                "{name}: {small} {what}: nothing was counted"
            );
            if large * 10 > small * 24 {
                wrong.push(format!(
                    "{name}: {small} {what} at {SIZE}, {large} at twice that"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The bytes of all files below a folder.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let sizes = entries.map(|path: PathBuf| match path.is_dir() {
        true => bytes_below(&path),
        false => fs::metadata(path).unwrap().len(),
    });
    sizes.sum()
}

/// At most this many steps per byte for all commands together on a small repository.
const MAX_STEPS: u64 = 20;

#[test]
fn planning_takes_few_steps_a_byte_over_every_fixture() {
    let all = test_support::root("fixtures/repos");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(all).unwrap() {
        let path = entry.unwrap().path();
        let (steps, bytes) = (cost_of(&path).steps, bytes_below(&path));
        count += 1;
        if steps > MAX_STEPS * bytes {
            wrong.push(format!(
                "{}: {steps} steps for {bytes} bytes",
                path.display()
            ));
        }
    }
    assert!(count >= 15, "only {count} fixtures");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
