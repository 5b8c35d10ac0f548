//! Every command with every flag that any command has: the flag changes what comes out, or the call is refused. What is
//! parsed and then passed over would be a promise that nobody keeps.

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory;
use sluice::cli::Cli;
use tempfile::TempDir;

use super::ran_in;
use crate::support::cli::{Ran, change, chart, folder, pipeline, repo, service, snapshot};
use crate::support::clone::clone_of;
use crate::support::git::TestRepo;
use crate::support::site::{REPO, Site};

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
        "freeze" => "audit",
        "limit" => "1",
        "live" => "acme/scratch",
        "out" => folders.out.as_str(),
        "pipeline" => "web",
        "plan" => "000000000000",
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
        "diff" | "dry-run" | "emergency" | "fix" | "local" | "verify" | "why" | "write" => {
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

/// Two pipelines, one with a swapped reference that can be fixed, and a window that is shut on some days.
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
    vec![
        (".github/sluice.yaml", policy.to_owned()),
        ("web.yaml", swapped),
        ("dev.yaml", dev),
        ("prod.yaml", chart("web-prod", "1.0.0")),
        ("api.yaml", api),
        ("api-dev.yaml", chart("api-dev", "2.1.0")),
        ("api-prod.yaml", chart("api-prod", "2.0.0")),
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
    ran_in(repo.path(), &[], &promote).exits(0);
    repo.check_out("main");
    let newer = chart("api-dev", "2.2.0");
    change(&repo, "newer", &[("api-dev.yaml", &newer)]);
    ran_in(repo.path(), &[], &promote).exits(0);
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

/// A command without a flag, and with it: `None` if the call is refused. `run` starts from the same state each time.
fn walk(
    command: &str,
    base: &[&str],
    folders: &Folders,
    run: &mut dyn FnMut(&[&str]) -> Came,
) -> BTreeSet<String> {
    const REFUSED: u8 = 64;
    let mut idle = BTreeSet::new();
    let whole = |more: &[String]| -> Vec<String> {
        let words = [command].into_iter().chain(base.iter().copied());
        let words = words.map(str::to_owned);
        words.chain(more.iter().cloned()).collect()
    };
    let mut came = |words: &[String]| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&words)
    };
    let without = came(&whole(&[]));
    assert_ne!(without.0, REFUSED, "{command} {base:?}: {without:?}");
    let cli = Cli::command();
    let own = flags_of(cli.find_subcommand(command).unwrap());
    for flag in all_flags() {
        let given = format!("--{flag}");
        let is_there = |word: &&&str| **word == given || word.starts_with(&format!("{given}="));
        if base.iter().any(|word| is_there(&word)) {
            continue;
        }
        let mut more = with_value(command, &flag, folders);
        if flag == "approve" && !matches!(command, "simulate") {
            more = vec!["--approve".to_owned(), format!("--plan={:064}", 0)];
        }
        if flag == "emergency" || flag == "team" {
            more.push(match flag.as_str() {
                "emergency" => "--reason=INC-1".to_owned(),
                _ => "--live=acme/scratch".to_owned(),
            });
        }
        let with = came(&whole(&more));
        if with.0 == REFUSED {
            // Refused for what it names, or because the command does not take it: never passed over.
            continue;
        }
        assert!(own.contains(&flag), "{command} takes --{flag}");
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

#[test]
fn every_flag_of_a_command_without_a_forge_changes_something_or_is_refused() {
    // What a flag does, it need not do in every state.
    let mut idle: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let nothing = folders(tempfile::tempdir().unwrap());
    const AT: &str = "--at=2026-07-01T12:00:00Z";
    let modes: [Mode; 13] = [
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
        ("history", &["."], with_history),
        ("history", &[".", "--verify"], with_history),
        ("schema", &[], two_pipelines),
    ];
    for (command, base, make) in modes {
        let mut run = |words: &[&str]| {
            let _ = std::fs::remove_dir_all(&nothing.out);
            let repo = make();
            let Ran { exit, out, err } = ran_in(repo.path(), &[], words);
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
        let here = walk(command, base, &nothing, &mut run);
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

/// The stand-in answers on a thread of its own, so that only its start has to be waited for.
fn site(by_hand: bool) -> Site {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let site = runtime.block_on(Site::empty());
    let files = files();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
    site.repo().files("main", &files);
    if by_hand {
        let hotfix = chart("web-prod", "1.0.1");
        site.repo().files("main", &[("prod.yaml", &hotfix)]);
    }
    site
}

/// The flags of a command that do nothing in this scene.
fn idle_on_github(command: &str, base: &[&str], by_hand: bool) -> BTreeSet<String> {
    let named = folders(clone_of(&site(by_hand)));
    let mut run = |words: &[&str]| {
        let site = site(by_hand);
        let url = site.hub.url();
        // Only a person asks for a promotion.
        let token = match command {
            "promote" => site.hub.personal_token("carol", &["repo"]),
            _ => site.token.clone(),
        };
        let variables = [
            ("GITHUB_API_URL", url.as_str()),
            ("GITHUB_REPOSITORY", REPO),
            ("GITHUB_TOKEN", token.as_str()),
        ];
        let Ran { exit, out, err } = ran_in(named.clone.path(), &variables, words);
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
    walk(command, base, &named, &mut run).into_iter().collect()
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
        idle.extend(idle_on_github(command, base, false));
    }
    let promote = ["--pipeline=web", "--to=prod"];
    let fresh = idle_on_github("promote", &promote, false);
    // What was set by hand stays unless somebody takes the source's values.
    let by_hand = idle_on_github("promote", &promote, true);
    idle.extend(fresh.intersection(&by_hand).cloned());
    assert!(idle.is_empty(), "these do nothing:\n{idle:#?}");
}

/// A text without ids of commits and the like, which are others in each scene.
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
