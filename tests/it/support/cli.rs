//! Drives the program as a user does: through its library entry (fast), or as a process (exit codes and streams).

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use jiff::Timestamp;
use serde_json::Value;
use sluice::cli::Cli;
use sluice::commands::dispatch::execute;
use sluice::process::exit_of;
use sluice::report::style::Style;
use tempfile::TempDir;

use super::git::TestRepo;

/// The time of every evaluation that gives none: a Wednesday.
pub const NOW: &str = "2026-07-01T12:00:00Z";

/// How a call ended and what it printed.
#[derive(Clone, Debug)]
pub struct Ran {
    pub exit: u8,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Standard output as the one JSON document that it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\n--- out\n{}\n--- err\n{}", self.out, self.err))
    }

    /// Everything that was printed.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Asserts the exit code, showing everything that was printed where it is another one.
    #[track_caller]
    pub fn exits(self, exit: u8) -> Self {
        assert_eq!(
            self.exit, exit,
            "--- out\n{}\n--- err\n{}",
            self.out, self.err
        );
        self
    }

    /// Asserts that standard output or error holds each of these texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.all().contains(text),
                "{text:?} is not in\n--- out\n{}\n--- err\n{}",
                self.out,
                self.err
            );
        }
        self
    }
}

/// Runs `sluice ARGUMENTS… PATH` through the library at [`NOW`]. Commands of hints hold `PATH` for the path.
pub fn run(path: &Path, arguments: &[&str]) -> Ran {
    let words = ["sluice"]
        .iter()
        .chain(arguments)
        .map(|word| (*word).to_owned());
    let words = words.chain([path.to_str().unwrap().to_owned()]);
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => {
            return Ran {
                exit: exit_of(&error) as u8,
                out: String::new(),
                err: error.to_string(),
            };
        }
    };
    let now: Timestamp = NOW.parse().unwrap();
    let given = path.to_str().unwrap();
    let pasted = |text: &str| {
        let mut text = text.to_owned();
        for command in [
            "validate",
            "plan",
            "simulate",
            "graph",
            "status",
            "history",
            "promote --local",
            "init",
        ] {
            let command = format!("sluice {command} ");
            text = text.replace(&format!("{command}{given}"), &format!("{command}PATH"));
        }
        text
    };
    match execute(cli, now, Style::default(), &|_| None) {
        Ok(output) => Ran {
            exit: output.exit as u8,
            out: pasted(&output.text),
            err: output
                .notices
                .iter()
                .map(|notice| pasted(&format!("{notice}\n")))
                .collect(),
        },
        Err(failure) => {
            let hints = failure.hints.iter().map(|hint| format!("  help: {hint}\n"));
            Ran {
                exit: failure.exit as u8,
                out: String::new(),
                err: pasted(&format!(
                    "error: {}\n{}",
                    failure.message,
                    hints.collect::<String>()
                )),
            }
        }
    }
}

/// Runs the program as a process with nothing of this machine's environment, and nothing to read.
pub fn process(path: &Path, arguments: &[&str]) -> Ran {
    process_alone(&[arguments, &[path.to_str().unwrap()]].concat())
}

/// The same without a path.
pub fn process_alone(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .env_clear()
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let Some(code) = output.status.code() else {
        panic!(
            "{arguments:?}: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    };
    Ran {
        exit: u8::try_from(code).unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The document of `plan --format json`, with what scenarios ask of it.
#[derive(Clone, Debug)]
pub struct PlanDoc(pub Value);

/// Plans, whatever the exit code.
pub fn plan(path: &Path) -> PlanDoc {
    plan_with(path, &[])
}

/// Plans with more arguments.
pub fn plan_with(path: &Path, more: &[&str]) -> PlanDoc {
    let mut arguments = vec!["plan", "--format", "json"];
    arguments.extend(more);
    PlanDoc(run(path, &arguments).json())
}

impl PlanDoc {
    /// All promotions into a stage of a pipeline.
    pub fn promotions(&self, pipeline: &str, stage: &str) -> Vec<&Value> {
        let pipelines = self.0["pipelines"].as_array().unwrap();
        let of_pipeline = pipelines.iter().filter(|entry| entry["name"] == pipeline);
        of_pipeline
            .flat_map(|entry| entry["promotions"].as_array().unwrap())
            .filter(|promotion| promotion["stage"] == stage)
            .collect()
    }

    /// The one promotion into a stage.
    #[track_caller]
    pub fn promotion(&self, pipeline: &str, stage: &str) -> &Value {
        match self.promotions(pipeline, stage)[..] {
            [one] => one,
            _ => panic!("not one promotion {pipeline} → {stage} in {:#}", self.0),
        }
    }

    #[track_caller]
    pub fn state(&self, pipeline: &str, stage: &str) -> &str {
        self.promotion(pipeline, stage)["state"].as_str().unwrap()
    }

    #[track_caller]
    pub fn reason(&self, pipeline: &str, stage: &str) -> &str {
        self.promotion(pipeline, stage)["reason"].as_str().unwrap()
    }

    /// `path: old → new` of each change of a promotion; a secret shows `secret`.
    #[track_caller]
    pub fn changes(&self, pipeline: &str, stage: &str) -> Vec<String> {
        let changes = self.promotion(pipeline, stage)["changes"]
            .as_array()
            .unwrap();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        changes
            .iter()
            .map(|change| {
                let values = match change["secret"].as_bool().unwrap() {
                    true => "secret".to_owned(),
                    false => format!("{} → {}", text(&change["old"]), text(&change["new"])),
                };
                format!(
                    "{} {}: {values}",
                    text(&change["name"]),
                    text(&change["path"])
                )
            })
            .collect()
    }

    /// The codes of all findings, sorted.
    pub fn codes(&self) -> Vec<String> {
        codes(&self.0)
    }
}

/// The codes of the findings of any JSON document, sorted.
pub fn codes(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    let mut codes: Vec<_> = findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes
}

/// The folder of a fixture, never to be written to.
pub fn fixture(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/repos")
        .join(name);
    assert!(path.is_dir(), "{}", path.display());
    path
}

/// A copy of a fixture as a plain folder.
pub fn copy_of(name: &str) -> TempDir {
    let files = files_of(&fixture(name));
    folder(
        &files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect::<Vec<_>>(),
    )
}

/// A plain folder with these files.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let full = dir.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }
    dir
}

/// A repository with these files in its one commit, checked out.
pub fn repo(files: &[(&str, &str)]) -> TestRepo {
    let repo = TestRepo::new();
    repo.commit("main", files);
    repo.check_out("main");
    repo
}

/// A repository with a fixture's files in its one commit, checked out.
pub fn repo_of(name: &str) -> TestRepo {
    let files = files_of(&fixture(name));
    repo(
        &files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect::<Vec<_>>(),
    )
}

/// Writes these files in one commit on `main` with this message, and checks it out.
pub fn change(
    repo: &TestRepo,
    message: &str,
    files: &[(&str, &str)],
) -> sluice::model::ids::CommitId {
    let mut commit = repo.on("main").message(message);
    for (path, text) in files {
        commit = commit.file(path, text);
    }
    let id = commit.done();
    repo.check_out("main");
    id
}

/// Replaces a text that stands exactly once in a file of the work tree, in one commit on `main`.
#[track_caller]
pub fn replace(repo: &TestRepo, path: &str, old: &str, new: &str) -> sluice::model::ids::CommitId {
    let text = repo.read(path).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old:?} in {path}:\n{text}");
    change(repo, "by hand", &[(path, &text.replace(old, new))])
}

/// The text files below a folder, by path.
pub fn files_of(dir: &Path) -> Vec<(String, String)> {
    snapshot(dir)
        .into_iter()
        .filter_map(|(path, entry)| match entry {
            Entry::File { bytes, .. } => Some((path, String::from_utf8(bytes).unwrap())),
            Entry::Link(_) => None,
        })
        .collect()
}

/// A file or link as it lies on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    File { bytes: Vec<u8>, executable: bool },
    Link(PathBuf),
}

/// Every file and link below a folder by relative path, git's own included.
pub fn snapshot(dir: &Path) -> BTreeMap<String, Entry> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            if metadata.is_dir() {
                open.push(path);
            } else if metadata.is_symlink() {
                found.insert(name, Entry::Link(fs::read_link(&path).unwrap()));
            } else {
                let executable = metadata.permissions().mode() & 0o111 != 0;
                let bytes = fs::read(&path).unwrap();
                found.insert(name, Entry::File { bytes, executable });
            }
        }
    }
    found
}

/// A `ServiceDeployment` of namespace `apps`; `spec` is YAML without indentation.
pub fn service(name: &str, spec: &str) -> String {
    let spec: String = spec
        .trim_end()
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: {name}\n  namespace: \
         apps\nspec:\n{spec}"
    )
}

/// A `Pipeline` of namespace `apps`. A stage is its name and its services, each `NAME`, or `NAME < SOURCE`, or
/// `NAME < SOURCE: KEY, KEY`. An edge is `FROM TO` and its gates, each `NAME TYPE`.
pub fn pipeline(name: &str, stages: &[(&str, &[&str])], edges: &[(&str, &[&str])]) -> String {
    let mut text = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata:\n  name: {name}\n  namespace: \
         apps\nspec:\n  stages:\n"
    );
    for (stage, services) in stages {
        text.push_str(&format!("    - name: {stage}\n      services:\n"));
        for service in *services {
            let (target, source) = match service.split_once(" < ") {
                Some((target, source)) => (target, Some(source)),
                None => (*service, None),
            };
            text.push_str(&format!("        - serviceRef: {{ name: {target} }}\n"));
            if let Some(source) = source {
                let (source, keys) = source.split_once(": ").unwrap_or((source, ""));
                text.push_str(&format!(
                    "          criteria:\n            serviceRef: {{ name: {source} }}\n            secrets: [{keys}]\n"
                ));
            }
        }
    }
    text.push_str("  edges:\n");
    for (ends, gates) in edges {
        let (from, to) = ends.split_once(' ').unwrap();
        text.push_str(&format!("    - from: {from}\n      to: {to}\n      gates:"));
        text.push_str(if gates.is_empty() { " []\n" } else { "\n" });
        for gate in *gates {
            let (name, kind) = gate.split_once(' ').unwrap();
            text.push_str(&format!("        - {{ name: {name}, type: {kind} }}\n"));
        }
    }
    text
}

/// The pipeline `web`: `web-dev` in dev, `web-prod` in prod taking from it, behind the approval `release`.
pub fn web() -> String {
    pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    )
}

/// A service that takes a chart of this version.
pub fn chart(name: &str, version: &str) -> String {
    service(
        name,
        &format!("helm: {{ url: https://charts.example.com, chart: app, version: {version} }}"),
    )
}
