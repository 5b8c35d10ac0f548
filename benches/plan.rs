//! The whole `plan` command over a large folder, against a bare typed parse of the same bytes by serde_yaml, in the
//! same run; and the whole `board` command over a folder of 3,000 manifests, against the bytes of its page. `docs/benchmarks.md` keeps the ratios.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may panic, and criterion's macros make functions of their own"
)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use clap::Parser;
use criterion::{Criterion, criterion_group, criterion_main};
use serde::Deserialize;
use sluice::cli::Cli;
use sluice::commands::dispatch;
use sluice::report::style::Style;
use sluice::runner::Environment;

/// This many services are on each side of one pipeline's edge.
const SERVICES_PER_STAGE: usize = 25;

fn service(text: &mut String, name: &str, namespace: &str, version: &str, replicas: usize) {
    let _ = write!(
        text,
        "# {name} in {namespace}\napiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: {name}\n  \
         namespace: {namespace}\nspec:\n  namespace: {name}\n  git:\n    folder: services/{name}\n    ref: main\n  \
         repositoryRef:\n    kind: GitRepository\n    name: apps\n    namespace: infra\n  helm:\n    version: {version} # \
         promoted\n    chart: web\n    url: https://charts.example.com\n    values:\n      replicas: {replicas}\n      image:\n        \
         tag: \"{version}\"\n  configuration:\n    team: payments\n    size: small\n  clusterRef:\n    kind: Cluster\n    name: \
         {namespace}\n    namespace: infra\n"
    );
}

/// Writes a folder of `pipelines` pipelines, each with two stages of `services` services, two services in a file.
fn write_folder(root: &Path, pipelines: usize, services: usize) -> usize {
    let mut bytes = 0;
    let mut put = |path: String, text: String| {
        bytes += text.len();
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for pipeline in 0..pipelines {
        let mut stages = [String::new(), String::new()];
        for index in 0..services {
            let name = format!("svc-{pipeline}-{index}");
            let mut text = String::new();
            service(&mut text, &name, "dev", "6.5.3", index);
            text.push_str("---\n");
            // Every tenth service is behind.
            service(
                &mut text,
                &name,
                "prod",
                if index % 10 == 0 { "6.5.2" } else { "6.5.3" },
                index,
            );
            put(format!("clusters/p{pipeline}/{name}.yaml"), text);
            let _ = writeln!(
                stages[0],
                "    - serviceRef: {{name: {name}, namespace: dev}}"
            );
            let _ = writeln!(
                stages[1],
                "    - serviceRef: {{name: {name}, namespace: prod}}\n      criteria:\n        serviceRef: {{name: {name}, namespace: dev}}"
            );
        }
        put(
            format!("pipelines/p{pipeline}.yaml"),
            format!(
                "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata:\n  name: p{pipeline}\n  namespace: \
                 infra\nspec:\n  stages:\n  - name: dev\n    services:\n{}  - name: prod\n    services:\n{}  edges:\n  - from: \
                 dev\n    to: prod\n    gates:\n    - name: approval\n      type: APPROVAL\n",
                stages[0], stages[1]
            ),
        );
    }
    bytes
}

/// What a bare typed parse reads.
#[derive(Deserialize)]
struct Bare {
    metadata: BareMetadata,
    spec: BareSpec,
}

#[derive(Deserialize)]
struct BareMetadata {
    name: String,
    namespace: Option<String>,
}

#[derive(Deserialize)]
struct BareSpec {
    git: Option<BareGit>,
    helm: Option<BareHelm>,
    configuration: Option<std::collections::BTreeMap<String, String>>,
    stages: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
struct BareGit {
    folder: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

#[derive(Deserialize)]
struct BareHelm {
    version: Option<String>,
    chart: Option<String>,
}

fn bare_parse(texts: &[String]) -> usize {
    let mut seen = 0;
    for text in texts {
        for document in serde_yaml::Deserializer::from_str(text) {
            let bare = Bare::deserialize(document).unwrap();
            let git = bare.spec.git.map(|git| (git.folder, git.reference));
            let helm = bare.spec.helm.map(|helm| (helm.version, helm.chart));
            black_box((
                bare.metadata.name,
                bare.metadata.namespace,
                git,
                helm,
                bare.spec.configuration,
                bare.spec.stages,
            ));
            seen += 1;
        }
    }
    seen
}

fn all_texts(root: &Path) -> Vec<String> {
    let mut open = vec![root.to_path_buf()];
    let mut texts = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

fn plan(root: &Path) -> usize {
    let root = root.to_str().unwrap();
    let cli = Cli::try_parse_from([
        "sluice",
        "plan",
        root,
        "--format",
        "json",
        "--at",
        "2026-01-05T09:00:00Z",
    ])
    .unwrap();
    let output = dispatch::execute(
        cli,
        jiff::Timestamp::UNIX_EPOCH,
        Style::default(),
        &Environment::default(),
    )
    .unwrap();
    output.text.len()
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for pipelines in [200, 400] {
        let folder = tempfile::tempdir().unwrap();
        let bytes = write_folder(folder.path(), pipelines, SERVICES_PER_STAGE);
        let texts = all_texts(folder.path());
        let services = 2 * SERVICES_PER_STAGE * pipelines;
        group.bench_function(
            format!(
                "{services} services, {} kB: bare serde_yaml parse",
                bytes / 1000
            ),
            |bencher| {
                bencher.iter(|| bare_parse(&texts));
            },
        );
        group.bench_function(
            format!("{services} services, {} kB: plan", bytes / 1000),
            |bencher| {
                bencher.iter(|| plan(folder.path()));
            },
        );
    }
    group.finish();
}

/// The size of the page.
fn board(root: &Path) -> usize {
    let file = root.join("board.html");
    let arguments = ["sluice", "board", root.to_str().unwrap(), "--html"];
    let time = ["--at", "2026-01-05T09:00:00Z"];
    let words = arguments.into_iter().chain([file.to_str().unwrap()]);
    let cli = Cli::try_parse_from(words.chain(time)).unwrap();
    dispatch::execute(
        cli,
        jiff::Timestamp::UNIX_EPOCH,
        Style::default(),
        &Environment::default(),
    )
    .unwrap();
    fs::metadata(file).unwrap().len() as usize
}

/// A repository of 200 pipelines and 3,000 manifests, in one commit.
fn boards(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path(), 200, 7);
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &[
            "-c",
            "user.name=bench",
            "-c",
            "user.email=bench@example.com",
            "commit",
            "--quiet",
            "--message=All",
        ],
    ] {
        let mut git = std::process::Command::new("git");
        assert!(
            git.args(arguments)
                .current_dir(folder.path())
                .status()
                .unwrap()
                .success()
        );
    }
    let kilobytes = board(folder.path()) / 1000;
    let mut group = criterion.benchmark_group("board");
    group.sample_size(10);
    group.bench_function(
        format!("3000 manifests, a page of {kilobytes} kB"),
        |bencher| {
            bencher.iter(|| board(folder.path()));
        },
    );
    group.finish();
}

criterion_group!(all, benches, boards);
criterion_main!(all);
