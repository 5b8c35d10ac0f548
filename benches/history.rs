//! History walks on repositories of 20,000 commits, packed as a clone is, against the git command on the same one. Needs the `git` command.
//!
//! In the first one, the file of interest changes near the start only, so a walk has to read the whole history; every commit changes
//! a file near it, so trees differ on the way there. Compare `walk_changes/one_path` with `git_log/no_commit_graph` of the same run: the
//! target is at most 1.5 times its time.
//!
//! In the second one, 24 services are promoted through four stages, and whole commands read it: `history --verify` and `status`. Compare them with
//! `git_log/first_parent`, which reads every commit and its message once. `cargo bench --bench history -- repository DIR COMMITS` only writes this
//! repository, with as many commits as are wanted, to count what the program does on it.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Parser;
use criterion::Criterion;
use sluice::cli::Cli;
use sluice::commands::dispatch::execute;
use sluice::model::ids::CommitId;
use sluice::model::name::EdgeName;
use sluice::model::plan_id::{PlanChange, PlanSubject};
use sluice::model::record::Record;
use sluice::repo::{Repo, WatchedPaths};
use sluice::report::style::Style;
use sluice::runner::Environment;

type Failure = Box<dyn std::error::Error>;

const COMMITS: usize = 20_000;
const WANTED: &str = "apps/app07/prod/service.yaml";
const APPS: usize = 24;
const ENVIRONMENTS: [&str; 4] = ["dev", "test", "staging", "prod"];
const FILES: [&str; 4] = [
    "service.yaml",
    "values.yaml",
    "kustomization.yaml",
    "pipeline.yaml",
];

/// A repeatable choice without a crate (Knuth's MMIX generator).
struct Choice(u64);

impl Choice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn git(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    // No configuration of this machine: the history command must do the same work everywhere.
    command
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    command
}

fn run(dir: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let done = git(dir, arguments)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if done.success() {
        Ok(())
    } else {
        Err(format!("git {arguments:?}: {done}").into())
    }
}

/// 24 applications in 4 environments with 4 files each, and 40 clusters: 424 files.
fn paths() -> Vec<String> {
    let mut paths: Vec<String> = (0..40)
        .map(|n| format!("clusters/cluster{n:02}.yaml"))
        .collect();
    for app in 0..APPS {
        for environment in ENVIRONMENTS {
            paths.extend(
                FILES
                    .iter()
                    .map(|file| format!("apps/app{app:02}/{environment}/{file}")),
            );
        }
    }
    paths
}

fn content(path: &str, revision: usize) -> String {
    let mut text = format!("# {path}\nrevision: {revision}\n");
    for line in 0..30 {
        let _ = writeln!(text, "key{line}: value of {path} in line {line}");
    }
    text
}

/// Writes a commit, ten minutes after the one before, for `git fast-import`.
fn write_commit(
    to: &mut dyn Write,
    number: usize,
    message: &str,
    files: &[(&str, String)],
) -> Result<(), Failure> {
    let time = 1_600_000_000 + number * 600;
    writeln!(
        to,
        "commit refs/heads/main\ncommitter A <a@example.com> {time} +0000"
    )?;
    writeln!(to, "data {}\n{message}", message.len())?;
    for (path, text) in files {
        writeln!(to, "M 100644 inline {path}\ndata {}\n{text}", text.len())?;
    }
    Ok(())
}

/// The history whose file of interest changes near the start only.
fn write_history(to: &mut dyn Write) -> Result<(), Failure> {
    let paths = paths();
    let others: Vec<_> = paths.iter().filter(|path| *path != WANTED).collect();
    let mut choice = Choice(7);
    for commit in 0..COMMITS {
        let changed = match commit {
            0 => paths.iter().collect(),
            20 => vec![
                paths
                    .iter()
                    .find(|path| *path == WANTED)
                    .unwrap_or(&paths[0]),
            ],
            _ => vec![others[choice.below(others.len())]],
        };
        let changed: Vec<_> = changed
            .into_iter()
            .map(|path| (path.as_str(), content(path, commit)))
            .collect();
        write_commit(to, commit, &format!("change {commit}"), &changed)?;
    }
    Ok(())
}

/// The service of an application in an environment, with the version of its chart.
fn service(app: usize, environment: &str, version: usize) -> (String, String) {
    let path = format!("apps/app{app:02}/{environment}/service.yaml");
    let text = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: app{app:02}-{environment}\n  \
         namespace: apps\nspec:\n  helm:\n    url: https://charts.example.com\n    chart: app\n    version: 1.{version}.0\n  \
         clusterRef:\n    name: {environment}\n    namespace: infra\n"
    );
    (path, text)
}

/// The pipeline of an application through all environments.
fn pipeline(app: usize) -> (String, String) {
    let mut text = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata:\n  name: app{app:02}\n  namespace: apps\nspec:\n  \
         stages:\n"
    );
    for (stage, environment) in ENVIRONMENTS.iter().enumerate() {
        let _ = writeln!(
            text,
            "    - name: {environment}\n      services:\n        - serviceRef: {{ name: app{app:02}-{environment} }}"
        );
        if let Some(source) = stage.checked_sub(1) {
            let source = ENVIRONMENTS[source];
            let _ = writeln!(
                text,
                "          criteria:\n            serviceRef: {{ name: app{app:02}-{source} }}\n            secrets: []"
            );
        }
    }
    text.push_str("  edges:\n");
    for ends in ENVIRONMENTS.windows(2) {
        let _ = writeln!(
            text,
            "    - {{ from: {}, to: {}, gates: [{{ name: release, type: APPROVAL }}] }}",
            ends[0], ends[1]
        );
    }
    (format!("apps/app{app:02}/prod/pipeline.yaml"), text)
}

/// The message of the landing that takes an application from version 1.`old`.0 to 1.`new`.0 in a stage.
fn landing(app: usize, stage: usize, old: usize, new: usize) -> String {
    let (from, to) = (ENVIRONMENTS[stage - 1], ENVIRONMENTS[stage]);
    let pipeline = format!("app{app:02}");
    let plan = PlanSubject {
        repository: "",
        base: "main",
        namespace: Some("apps"),
        pipeline: &pipeline.as_str().into(),
        stage: &to.into(),
        edges: vec![(from.to_owned(), to.to_owned())],
        changes: vec![PlanChange {
            kind: "ServiceDeployment".to_owned(),
            namespace: Some("apps".to_owned()),
            name: format!("{pipeline}-{to}"),
            path: "spec.helm.version".to_owned(),
            old: Some(format!("1.{old}.0")),
            new: format!("1.{new}.0"),
        }],
    };
    let record = Record {
        namespace: Some("apps".to_owned()),
        plan: plan.id(),
        pipeline: pipeline.clone(),
        stage: to.to_owned(),
        edges: vec![EdgeName {
            from: from.into(),
            to: to.into(),
        }],
        build: "f5a81a0a9e39".to_owned(),
        repository: String::new(),
        base: "main".to_owned(),
        sources: Vec::new(),
        requested_by: None,
        reason: None,
        emergency: None,
        rollback: None,
    };
    format!("{pipeline} → {to}: 1.{new}.0\n\n{}", record.trailers())
}

/// The history of promotions: of every hundred commits, one sets a new version in dev, and three promote it into the other stages. All others change
/// files that are not manifests.
fn write_promotions(to: &mut dyn Write, commits: usize) -> Result<(), Failure> {
    let manifests: Vec<_> = (0..APPS)
        .flat_map(|app| {
            let services = ENVIRONMENTS.map(|environment| service(app, environment, 0));
            services.into_iter().chain([pipeline(app)])
        })
        .collect();
    let is_manifest = |path: &String| manifests.iter().any(|(manifest, _)| manifest == path);
    let paths = paths();
    let others: Vec<_> = paths.iter().filter(|path| !is_manifest(path)).collect();
    let mut first: Vec<_> = others
        .iter()
        .map(|path| (path.as_str(), content(path, 0)))
        .collect();
    first.extend(
        manifests
            .iter()
            .map(|(path, text)| (path.as_str(), text.clone())),
    );
    write_commit(to, 0, "first", &first)?;
    let mut versions = [0; APPS];
    let mut choice = Choice(7);
    for commit in 1..commits {
        let (round, place) = (commit / 100, commit % 100);
        let app = round % APPS;
        let stage = place / 10;
        let (message, path, text) = if place % 10 == 0 && stage < ENVIRONMENTS.len() && round > 0 {
            let old = versions[app];
            let message = match stage {
                0 => format!("app{app:02}: 1.{round}.0"),
                _ => landing(app, stage, old, round),
            };
            if stage + 1 == ENVIRONMENTS.len() {
                versions[app] = round;
            }
            let (path, text) = service(app, ENVIRONMENTS[stage], round);
            (message, path, text)
        } else {
            let path = others[choice.below(others.len())];
            (
                format!("change {commit}"),
                path.clone(),
                content(path, commit),
            )
        };
        write_commit(to, commit, &message, &[(&path, text)])?;
    }
    Ok(())
}

/// Makes a bare repository of what `write` writes for `git fast-import`, in an empty or new folder.
fn repository(
    dir: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    std::fs::create_dir_all(dir)?;
    run(dir, &["init", "--bare", "--initial-branch=main", "."])?;
    let mut import = git(dir, &["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(stdin) = import.stdin.take() {
        let mut to = BufWriter::new(stdin);
        write(&mut to)?;
        to.flush()?;
    }
    let done = import.wait()?;
    if !done.success() {
        return Err(format!("git fast-import: {done}").into());
    }
    run(
        dir,
        &[
            "-c",
            "repack.writeBitmaps=false",
            "repack",
            "-a",
            "-d",
            "-f",
            "--depth=50",
            "--window=10",
        ],
    )
}

fn tip(repo: &Repo) -> Result<CommitId, Failure> {
    repo.head()?
        .commit
        .ok_or_else(|| "the branch has no commit".into())
}

fn open(dir: &Path) -> Result<Repo, Failure> {
    Repo::at(dir)?.ok_or_else(|| "no repository".into())
}

/// Opening is inside: a run of the command opens the repository, too.
fn walk(dir: &Path, paths: &[String]) -> Result<usize, Failure> {
    let repo = open(dir)?;
    let mut found = 0;
    repo.walk_changes(&tip(&repo)?, paths, usize::MAX, &mut |change| {
        found += change.paths.len();
        Ok(change.paths.clone())
    })?;
    Ok(found)
}

fn newest(dir: &Path, watch: &WatchedPaths) -> Result<Option<CommitId>, Failure> {
    let repo = open(dir)?;
    Ok(repo.newest_change(&tip(&repo)?, watch)?)
}

fn reach_root(dir: &Path, root: &CommitId) -> Result<bool, Failure> {
    let repo = open(dir)?;
    Ok(repo.is_ancestor(root, &tip(&repo)?)?)
}

fn root(dir: &Path) -> Result<CommitId, Failure> {
    let output = git(dir, &["rev-list", "--max-parents=0", "main"])
        .output()?
        .stdout;
    Ok(String::from_utf8(output)?.trim().parse()?)
}

/// What a command prints that reads a whole repository.
fn command(dir: &Path, words: &[&str]) -> Result<String, Failure> {
    let dir = dir.to_str().ok_or("the path is not UTF-8")?;
    let words = ["sluice"].iter().chain(words).chain([&dir]);
    let cli = Cli::try_parse_from(words)?;
    let now = jiff::Timestamp::UNIX_EPOCH;
    match execute(cli, now, Style::default(), &Environment::default()) {
        Ok(output) => Ok(output.text),
        Err(failure) => Err(failure.message.into()),
    }
}

/// Fails if a question is not answered: a benchmark of an error measures nothing.
fn must<T>(answer: Result<T, Failure>) -> T {
    match answer {
        Ok(answer) => black_box(answer),
        Err(error) => panic!("{error}"),
    }
}

fn benchmark(criterion: &mut Criterion) {
    let dir = must(tempfile::tempdir().map_err(Failure::from));
    let at = dir.path();
    must(repository(at, write_history));
    let one = [WANTED.to_owned()];
    let many: Vec<_> = paths()
        .into_iter()
        .filter(|path| path.ends_with("prod/service.yaml"))
        .collect();
    assert_eq!(must(walk(at, &one)), 1);
    assert_eq!(must(walk(at, &many)), 24);
    let first = must(root(at));
    let log = || must(run(at, &["log", "-1", "--", WANTED]));

    let mut group = criterion.benchmark_group("history");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(8));
    group.bench_function("walk_changes/one_path", |bench| {
        bench.iter(|| must(walk(at, &one)));
    });
    group.bench_function("git_log/no_commit_graph", |bench| bench.iter(log));
    group.bench_function("walk_changes/24_paths", |bench| {
        bench.iter(|| must(walk(at, &many)));
    });
    let folder = |folder: &str, except: &[&str]| WatchedPaths {
        folders: vec![folder.to_owned()],
        except: except.iter().map(|path| (*path).to_owned()).collect(),
    };
    let never = folder("nowhere", &[]);
    group.bench_function("newest_change/never", |bench| {
        bench.iter(|| must(newest(at, &never)));
    });
    let all_but_wanted = folder("apps/app07/prod", &[WANTED]);
    group.bench_function("newest_change/folder_with_exception", |bench| {
        bench.iter(|| must(newest(at, &all_but_wanted)));
    });
    group.bench_function("is_ancestor/root_of_tip", |bench| {
        bench.iter(|| must(reach_root(at, &first)));
    });
    must(run(at, &["commit-graph", "write", "--reachable"]));
    group.bench_function("git_log/commit_graph", |bench| bench.iter(log));
    must(run(
        at,
        &["commit-graph", "write", "--reachable", "--changed-paths"],
    ));
    group.bench_function("git_log/commit_graph_with_changed_paths", |bench| {
        bench.iter(log);
    });
    group.finish();
}

fn commands(criterion: &mut Criterion) {
    let dir = must(tempfile::tempdir().map_err(Failure::from));
    let at = dir.path();
    must(repository(at, |to| write_promotions(to, COMMITS)));
    let verify = ["history", "--verify"];
    assert!(must(command(at, &verify)).contains("Clean"));

    let mut group = criterion.benchmark_group("promotions");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(8));
    group.bench_function("history_verify", |bench| {
        bench.iter(|| must(command(at, &verify)));
    });
    group.bench_function("history", |bench| {
        bench.iter(|| must(command(at, &["history"])));
    });
    group.bench_function("status", |bench| {
        bench.iter(|| must(command(at, &["status"])));
    });
    group.bench_function("git_log/first_parent", |bench| {
        bench.iter(|| must(run(at, &["log", "--first-parent", "--format=%B"])));
    });
    group.finish();
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let [_, "repository", dir, commits, ..] =
        words.iter().map(String::as_str).collect::<Vec<_>>()[..]
    {
        let commits = must(commits.parse().map_err(Failure::from));
        return must(repository(Path::new(dir), |to| {
            write_promotions(to, commits)
        }));
    }
    let mut criterion = Criterion::default().configure_from_args();
    benchmark(&mut criterion);
    commands(&mut criterion);
    criterion.final_summary();
}
