//! History walks on a repository of 20,000 commits, packed as a clone is, against the git command on the same one.
//!
//! The file of interest changes near the start only, so a walk has to read the whole history; every commit changes
//! a file near it, so trees differ on the way there. Needs the `git` command. Compare `walk_changes/one_path` with
//! `git_log/no_commit_graph` of the same run: the target is at most 1.5 times its time.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::Criterion;
use sluice::model::ids::CommitId;
use sluice::repo::{Repo, WatchedPaths};

type Failure = Box<dyn std::error::Error>;

const COMMITS: usize = 20_000;
const WANTED: &str = "apps/app07/prod/service.yaml";
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
    for app in 0..24 {
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

fn history() -> String {
    let paths = paths();
    let others: Vec<_> = paths.iter().filter(|path| *path != WANTED).collect();
    let mut choice = Choice(7);
    let mut stream = String::new();
    for commit in 0..COMMITS {
        let message = format!("change {commit}");
        let time = 1_600_000_000 + commit * 600;
        let _ = writeln!(
            stream,
            "commit refs/heads/main\ncommitter A <a@example.com> {time} +0000"
        );
        let _ = writeln!(stream, "data {}\n{message}", message.len());
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
        for path in changed {
            let text = content(path, commit);
            let _ = writeln!(
                stream,
                "M 100644 inline {path}\ndata {}\n{text}",
                text.len()
            );
        }
    }
    stream
}

fn repository() -> Result<tempfile::TempDir, Failure> {
    let dir = tempfile::tempdir()?;
    run(
        dir.path(),
        &["init", "--bare", "--initial-branch=main", "."],
    )?;
    let mut import = git(dir.path(), &["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(stdin) = &mut import.stdin {
        stdin.write_all(history().as_bytes())?;
    }
    let done = import.wait()?;
    if !done.success() {
        return Err(format!("git fast-import: {done}").into());
    }
    run(
        dir.path(),
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
    )?;
    Ok(dir)
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

/// Fails where a question is not answered: a benchmark of an error measures nothing.
fn must<T>(answer: Result<T, Failure>) -> T {
    match answer {
        Ok(answer) => black_box(answer),
        Err(error) => panic!("{error}"),
    }
}

fn benchmark(criterion: &mut Criterion) {
    let dir = must(repository());
    let at = dir.path();
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

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    benchmark(&mut criterion);
    criterion.final_summary();
}
