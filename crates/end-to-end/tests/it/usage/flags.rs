//! Every command with every flag that any command has: the flag changes what comes out, or the call is refused. What is
//! parsed and then passed over would be a promise that no one keeps.

use std::collections::{BTreeMap, BTreeSet};

use clap::{CommandFactory, Parser};
use sluice::cli::Cli;
use sluice::error::Exit;
use sluice::process::exit_of;
use tempfile::TempDir;

use crate::SLUICE;
use end_to_end::clone::clone_of;
use end_to_end::site::{PERMISSIONS, REPO, Site};
use test_support::git::TestRepo;
use test_support::{Ran, change, chart, folder, pipeline, repo, service, snapshot};

/// Without `help` and `version`, which every command answers alone.
fn flags_of(command: &clap::Command) -> BTreeSet<String> {
    let flags = command.get_arguments().filter_map(|arg| arg.get_long());
    flags
        .filter(|flag| !["help", "version"].contains(flag))
        .map(str::to_owned)
        .collect()
}

fn all_flags() -> BTreeSet<String> {
    let cli = Cli::command();
    cli.get_subcommands().flat_map(flags_of).collect()
}

/// A flag with a value that means something in the repositories below.
fn with_value(command: &str, flag: &str, folders: &Folders) -> Vec<String> {
    let value = match flag {
        "approve" => return vec!["--approve".to_owned(), "ann".to_owned()],
        "approved-by" => "ann",
        "at" if matches!(command, "validate" | "plan") => "1990-01-01T12:00:00Z",
        "at" => "2026-07-04T12:00:00Z",
        "checkout" => folders.clone.path().to_str().unwrap(),
        "format" => "json",
        "html" => folders.out.as_str(),
        "interval" => "2h",
        "freeze" => "audit",
        "limit" => "1",
        "live" => "acme/scratch",
        "out" => folders.out.as_str(),
        "pipeline" => "web",
        "plan" => "000000000000",
        "promote" => "web/prod",
        "policy" => folders.policy.as_str(),
        "reason" => "INC-1",
        "repo" => folders.repo.as_str(),
        "repository" => "acme/other",
        "since" => "2030-01-01",
        "take" => "source",
        "team" => "sre",
        "to" if command == "history" => "dev",
        "to" => "prod",
        "until" => "2026-07-04T12:00:01Z",
        "workflow" => "sluice.yml",
        "diff" | "dry-run" | "emergency" | "fix" | "local" | "no-wait" | "short" | "waiting"
        | "verify" | "why" | "write" => {
            return vec![format!("--{flag}")];
        }
        other => panic!("--{other} is new: say with which value it is tried"),
    };
    vec![format!("--{flag}={value}")]
}

/// What the flags name.
struct Folders {
    repo: String,
    policy: String,
    out: String,
    clone: TempDir,
    _kept: TempDir,
}

/// Two pipelines and one in sync, one with a swapped reference that can be fixed, and a window that is shut on some days.
fn files() -> Vec<(&'static str, String)> {
    let swapped = pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &["hours WINDOW", "release APPROVAL"])],
    )
    .replace(
        "serviceRef: { name: web-dev }",
        "serviceRef: { name: web, namespace: web-dev }",
    );
    let dev = service(
        "web-dev",
        "name: web\nhelm: { url: https://charts.example.com, chart: app, version: 1.1.0 }",
    );
    let policy = "version: 1\ngates: { hours: { open: [Mon-Fri 09:00-17:00], zone: UTC } }\n\
                  pipelines: { api: { stages: { prod: { trigger: auto } } } }\n";
    let api = pipeline(
        "api",
        &[("dev", &["api-dev"]), ("prod", &["api-prod < api-dev"])],
        &[("dev prod", &[])],
    );
    // Nothing waits in it.
    let calm = pipeline(
        "calm",
        &[("dev", &["calm-dev"]), ("prod", &["calm-prod < calm-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    );
    vec![
        (".github/sluice.yaml", policy.to_owned()),
        ("web.yaml", swapped),
        ("dev.yaml", dev),
        ("prod.yaml", chart("web-prod", "1.0.0")),
        ("api.yaml", api),
        ("api-dev.yaml", chart("api-dev", "2.1.0")),
        ("api-prod.yaml", chart("api-prod", "2.0.0")),
        ("calm.yaml", calm),
        ("calm-dev.yaml", chart("calm-dev", "3.0.0")),
        ("calm-prod.yaml", chart("calm-prod", "3.0.0")),
    ]
}

fn two_pipelines() -> TestRepo {
    let files = files();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
    let made = repo(&files);
    made.configure("user.name", "ann");
    made.configure("user.email", "ann@example.com");
    made
}

/// The same in a freeze that begins in the year 2000 and does not end.
fn frozen() -> TestRepo {
    let made = two_pipelines();
    let policy = made.read(".github/sluice.yaml").unwrap();
    let freeze =
        "freeze: [{ from: 2000-01-01T00:00, until: 2999-01-01T00:00, zone: UTC, reason: audit }]\n";
    let text = format!("{policy}{freeze}");
    change(&made, "freeze", &[(".github/sluice.yaml", &text)]);
    made
}

/// The same after two landings.
fn with_history() -> TestRepo {
    let repo = two_pipelines();
    let promote = ["promote", "--local", ".", "--pipeline=api", "--to=prod"];
    SLUICE.run_in(repo.path(), &[], &promote).exits(0);
    repo.check_out("main");
    let newer = chart("api-dev", "2.2.0");
    change(&repo, "newer", &[("api-dev.yaml", &newer)]);
    SLUICE.run_in(repo.path(), &[], &promote).exits(0);
    repo
}

fn folders(clone: TempDir) -> Folders {
    let kept = folder(&[(
        "policy.yaml",
        "version: 1\nmanifests: { exclude: [web.yaml] }\ngates: { hours: { open: [Mon-Sun 00:00-24:00], zone: UTC } }\n",
    )]);
    Folders {
        repo: format!("https://github.com/acme/api={}", clone.path().display()),
        policy: kept.path().join("policy.yaml").display().to_string(),
        out: kept.path().join("out").display().to_string(),
        clone,
        _kept: kept,
    }
}

/// Everything that tells one run from another.
type Came = (u8, String, String, String);

fn words_of(call: &[String]) -> Vec<&str> {
    call.iter().map(String::as_str).collect()
}

/// A flag that the command does not have is refused by the parser, before anything is read: no repository is needed for that.
#[track_caller]
fn is_refused(command: &str, flag: &str, words: &[String]) {
    let words = ["sluice"]
        .into_iter()
        .chain(words.iter().map(String::as_str));
    match Cli::try_parse_from(words) {
        Ok(_) => panic!("{command} takes --{flag}"),
        Err(error) => assert_eq!(exit_of(&error), Exit::Usage, "{command} --{flag}: {error}"),
    }
}

/// The flags that change nothing although they are not refused. `run` makes calls, each from the same state.
fn walk(
    command: &str,
    base: &[&str],
    folders: &Folders,
    run: &mut dyn FnMut(&[Vec<String>]) -> Vec<Came>,
) -> BTreeSet<String> {
    const REFUSED: u8 = 64;
    let whole = |more: &[String]| -> Vec<String> {
        let words = [command].into_iter().chain(base.iter().copied());
        let words = words.map(str::to_owned);
        words.chain(more.iter().cloned()).collect()
    };
    let cli = Cli::command();
    let mut flags = Vec::new();
    let mut calls = vec![whole(&[])];
    let own = flags_of(cli.find_subcommand(command).unwrap());
    for flag in all_flags() {
        let given = format!("--{flag}");
        let is_there = |word: &&&str| **word == given || word.starts_with(&format!("{given}="));
        if base.iter().any(|word| is_there(&word)) {
            continue;
        }
        let mut more = with_value(command, &flag, folders);
        if !own.contains(&flag) {
            is_refused(command, &flag, &whole(&more));
            continue;
        }
        if flag == "approve" && !matches!(command, "simulate") {
            more = vec!["--approve".to_owned(), format!("--plan={:064}", 0)];
        }
        if flag == "emergency" || flag == "team" {
            more.push(match flag.as_str() {
                "emergency" => "--reason=INC-1".to_owned(),
                _ => "--live=acme/scratch".to_owned(),
            });
        }
        calls.push(whole(&more));
        flags.push(more);
    }
    let came = run(&calls);
    let without = &came[0];
    assert_ne!(without.0, REFUSED, "{command} {base:?}: {without:?}");
    let mut idle = BTreeSet::new();
    for (more, with) in flags.iter().zip(&came[1..]) {
        if with.0 == REFUSED {
            // Refused for what it names.
            continue;
        }
        let same = with.0 == without.0 && with.1 == without.1 && with.3 == without.3;
        if same {
            idle.insert(format!("{command} {}", more.join(" ")));
        }
    }
    idle
}

/// A command, its arguments, and what it works on.
type Mode = (&'static str, &'static [&'static str], fn() -> TestRepo);

/// What lies below a folder, as text.
fn state(dir: &std::path::Path) -> String {
    let entries = snapshot(dir);
    let work = entries
        .iter()
        .filter(|(path, _)| !path.starts_with(".git/") || path.starts_with(".git/refs/heads/"));
    work.map(|(path, entry)| format!("{path} {entry:?}\n"))
        .collect()
}

/// A text in which all words of hexadecimal digits are the same.
fn without_commits(text: &str) -> String {
    let is_commit = |word: &str| word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| {
            let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            match is_commit(bare) {
                true => word.replace(bare, "COMMIT"),
                false => word.to_owned(),
            }
        })
        .collect()
}

const AT: &str = "--at=2026-07-01T12:00:00Z";

#[test]
fn every_flag_of_a_command_without_a_forge_changes_something_or_is_refused() {
    none_is_idle(&[
        ("validate", &["."], frozen),
        ("plan", &[".", AT], two_pipelines),
        ("plan", &["."], frozen),
        ("simulate", &[".", AT], two_pipelines),
        (
            "simulate",
            &[".", "--at=2026-07-04T12:00:00Z", "--approve", "ann"],
            two_pipelines,
        ),
        ("graph", &["."], two_pipelines),
        ("status", &[".", AT], two_pipelines),
        ("status", &["."], two_pipelines),
        (
            "promote",
            &[
                "--local",
                ".",
                "--pipeline=web",
                "--to=prod",
                AT,
                "--approved-by=bob",
            ],
            two_pipelines,
        ),
        ("init", &["."], two_services),
        ("schema", &[], two_pipelines),
    ]);
}

#[test]
fn every_flag_of_history_changes_something_or_is_refused() {
    none_is_idle(&[
        ("history", &["."], with_history),
        ("history", &[".", "--verify"], with_history),
    ]);
}

/// What a flag does, it need not do in every state of a command.
fn none_is_idle(modes: &[Mode]) {
    let mut idle: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let nothing = folders(tempfile::tempdir().unwrap());
    for (command, base, make) in modes.iter().copied() {
        let run = |words: &[&str]| {
            let _ = std::fs::remove_dir_all(&nothing.out);
            let repo = make();
            let Ran { exit, out, err } = SLUICE.run_in(repo.path(), &[], words);
            let out_dir = std::path::Path::new(&nothing.out);
            let written = match out_dir.exists() {
                true => state(out_dir),
                false => String::new(),
            };
            // The commit of each new repository is another one.
            let tip = repo.tip("main").unwrap();
            let stable = |text: String| {
                let folder = repo.path().file_name().unwrap().to_str().unwrap();
                text.replace(&tip.to_string(), "TIP")
                    .replace(&tip.short().to_string(), "TIP")
                    .replace(folder, "FOLDER")
            };
            // History only reads, and its landings are other commits each time.
            let kept = match command {
                "history" => String::new(),
                _ => state(repo.path()).replace(&tip.to_string(), "TIP"),
            };
            let out = match command {
                "history" => without_commits(&stable(out)),
                _ => stable(out),
            };
            (exit, out, stable(err), kept + &written)
        };
        // Else every flag would seem to do something.
        let words = [&[command], base].concat();
        assert_eq!(run(&words), run(&words), "{words:?} differs by itself");
        let here = walk(command, base, &nothing, &mut |calls| {
            calls.iter().map(|call| run(&words_of(call))).collect()
        });
        let both = idle
            .remove(command)
            .map_or(here.clone(), |known| &known & &here);
        idle.insert(command, both);
    }
    let idle: Vec<String> = idle.into_values().flatten().collect();
    assert!(idle.is_empty(), "these do nothing:\n{}", idle.join("\n"));
}

/// Two services that go together, and no pipeline.
fn two_services() -> TestRepo {
    repo(&[
        (
            "apps/dev/web.yaml",
            &chart("web", "1.1.0").replace("apps\n", "dev\n"),
        ),
        (
            "apps/prod/web.yaml",
            &chart("web", "1.0.0").replace("apps\n", "prod\n"),
        ),
    ])
}

/// What happened on GitHub before a command is called.
#[derive(Clone, Copy, Debug)]
enum Scene {
    Fresh,
    /// web/prod was set by hand.
    Hotfix,
    /// Two promotions landed in api/prod.
    Landed,
    /// The workflow of a gate of tests/prod failed.
    JobFailed,
}

const TESTS: &str = "run-name: tests ${{ inputs.head }} ${{ inputs.digest }}\n\
                     on: { workflow_dispatch: { inputs: { head: {}, digest: {}, promotion: {} } } }\n";

/// The stand-in answers on a thread of its own, so that only its start, and runs before the call, have to be waited for.
fn site(scene: Scene) -> Site {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut site = runtime.block_on(Site::empty());
    let repo = site.repo();
    let files = files();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
    repo.files("main", &files);
    let commit = |path: &str, text: &str| {
        repo.files("main", &[(path, text)]);
    };
    match scene {
        Scene::Fresh => {}
        Scene::Hotfix => commit("prod.yaml", &chart("web-prod", "1.0.1")),
        Scene::Landed => {
            runtime.block_on(site.run());
            commit("api-dev.yaml", &chart("api-dev", "2.2.0"));
            runtime.block_on(site.run());
            let prod = repo.file("main", "api-prod.yaml").unwrap();
            assert!(prod.contains("2.2.0"), "{prod}");
        }
        Scene::JobFailed => {
            let policy = repo.file("main", ".github/sluice.yaml").unwrap();
            let gates = "gates: { tests: { workflow: integration.yml },";
            let gates = policy.replace("gates: {", gates);
            let tests = pipeline(
                "tests",
                &[("dev", &["api-dev"]), ("prod", &["tested < api-dev"])],
                &[("dev prod", &["tests JOB"])],
            );
            commit(".github/sluice.yaml", &gates);
            commit(".github/workflows/integration.yml", TESTS);
            commit("tested.yaml", &chart("tested", "1.0.0"));
            commit("tests.yaml", &tests);
            // If a permission is given twice, the last level counts.
            let may = format!("{PERMISSIONS}, actions:write");
            site.token = repo.app_token(4242, "sluice-app", &may);
            runtime.block_on(site.run());
            let run = runtime.block_on(site.run());
            assert_eq!(repo.runs().len(), 1, "{}", run.text);
            repo.finish_run(repo.runs()[0], "failure");
        }
    }
    site.adds_workflow();
    commit(".github/workflows/promote.yml", REQUESTS);
    site.hub.forget_calls();
    site
}

/// A workflow that takes a person's requests from a terminal.
const REQUESTS: &str = "on: { workflow_dispatch: { inputs: { command: , pipeline: , to: , reason: } } }\n\
    jobs: { ask: { steps: [{ uses: acme/sluice@v1 }] } }\n";

/// Who runs a command that only a person may ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The workflow that carol started, with the App's token.
    Workflow,
    /// carol in a terminal, with her own token.
    Person,
}

/// The flags of a command that do nothing in this scene.
fn idle_on_github(command: &str, base: &[&str], scene: Scene) -> BTreeSet<String> {
    idle_by(By::Workflow, command, base, scene)
}

fn idle_by(by: By, command: &str, base: &[&str], scene: Scene) -> BTreeSet<String> {
    let begun = site(scene);
    let named = folders(clone_of(&begun));
    let run = |words: &[&str]| {
        let site = begun.copy();
        let url = site.hub.url();
        let token = match by {
            By::Workflow => site.token.clone(),
            By::Person => site.hub.personal_token("carol", &["repo"]),
        };
        let mut variables = vec![
            ("GITHUB_API_URL", url.as_str()),
            ("GITHUB_REPOSITORY", REPO),
            ("GITHUB_TOKEN", token.as_str()),
        ];
        let is_asked = matches!(command, "promote" | "rollback" | "retry");
        let asked = (is_asked && by == By::Workflow).then(|| {
            let repo = site.repo();
            let run = repo
                .by("carol")
                .dispatches("sluice.yml", "main", serde_json::json!({}));
            run.to_string()
        });
        variables.extend(asked.iter().map(|run| ("GITHUB_RUN_ID", run.as_str())));
        let Ran { exit, out, err } = SLUICE.run_in(named.clone.path(), &variables, words);
        let calls = site.hub.calls();
        let calls = calls.iter().map(|call| {
            let body = String::from_utf8_lossy(&call.body);
            format!("{} {} {}\n", call.method, call.path, without_ids(&body))
        });
        // Some are sent side by side.
        let mut calls: Vec<String> = calls.collect();
        calls.sort();
        let calls = calls.concat();
        let _ = site.hub.violations();
        (exit, without_times(&out), err, calls)
    };
    // A process waits a second between two writes, so that some go side by side.
    walk(command, base, &named, &mut |calls| {
        let run = &run;
        std::thread::scope(|scope| {
            let started: Vec<_> = calls
                .iter()
                .map(|call| scope.spawn(move || run(&words_of(call))))
                .collect();
            started
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        })
    })
}

#[test]
fn every_flag_of_a_command_on_github_changes_something_or_is_refused() {
    let mut idle = BTreeSet::new();
    for (command, base) in [
        ("status", &["--repository=acme/gitops"][..]),
        ("status", &[]),
        ("reconcile", &[]),
        ("doctor", &[]),
    ] {
        idle.extend(idle_on_github(command, base, Scene::Fresh));
    }
    assert!(idle.is_empty(), "these do nothing:\n{idle:#?}");
}

#[test]
fn every_flag_of_rollback_and_retry_changes_something_or_is_refused() {
    let rollback = ["--pipeline=api", "--to=prod"];
    let mut idle = idle_on_github("rollback", &rollback, Scene::Landed);
    let retry = ["--pipeline=tests", "--to=prod"];
    let in_workflow = idle_on_github("retry", &retry, Scene::JobFailed);
    // The reason is handed on to the workflow, whose log shows its inputs.
    let retry = [&retry[..], &["--no-wait"]].concat();
    let in_terminal = idle_by(By::Person, "retry", &retry, Scene::JobFailed);
    idle.extend(in_workflow.intersection(&in_terminal).cloned());
    assert!(idle.is_empty(), "these do nothing:\n{idle:#?}");
}

#[test]
fn every_flag_of_promote_on_github_changes_something_or_is_refused() {
    let promote = ["--pipeline=web", "--to=prod"];
    let fresh = idle_on_github("promote", &promote, Scene::Fresh);
    // What was set by hand stays unless someone takes the source's values.
    let by_hand = idle_on_github("promote", &promote, Scene::Hotfix);
    let idle: Vec<_> = fresh.intersection(&by_hand).collect();
    assert!(idle.is_empty(), "these do nothing:\n{idle:#?}");
}

/// A text without ids of commits and the like, which differ in each scene.
fn without_ids(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words =
        words.map(
            |word| match word.len() >= 12 && word.chars().all(|c| c.is_ascii_hexdigit()) {
                true => "ID",
                false => word,
            },
        );
    words.collect::<Vec<_>>().join(" ")
}

/// A run's text without how long it took.
fn without_times(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| match line.rsplit_once(" writes), ") {
            Some((before, _)) => before,
            None => line,
        });
    lines.map(|line| format!("{line}\n")).collect()
}
