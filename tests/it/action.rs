//! The Action's packaging says what is so: `action.yml`, the command line and the outputs name the same things, the image
//! is what the runner needs and no more, and the example workflows keep to the rules that docs/install.md explains.

use std::collections::BTreeSet;
use std::fs;

use clap::CommandFactory;
use serde_yaml::{Mapping, Value};
use sluice::cli::Cli;
use sluice::model::label::{HOLD, approve_label};
use test_support::{read, root};

/// Inputs that no command has as an option: which command it is, and the tokens, which must not be on a command line.
const NOT_OPTIONS: &[&str] = &["command", "read-token", "token"];

/// Options of `reconcile`, `promote` and `board` that the Action does not offer: it has one output format, one policy and one
/// clock, the runner says which repository it is and where its checkout is, and a step starts no other workflow.
const NOT_INPUTS: &[&str] = &[
    "approved-by",
    "at",
    "checkout",
    "format",
    "local",
    "no-wait",
    "policy",
    "repository",
    "workflow",
];

/// The Action itself in the example workflows, before there is a release.
const SLUICE: &str = "OWNER/sluice@0000000000000000000000000000000000000000";

fn parse(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap()
}

/// Every example workflow: its path and what it holds.
fn workflows() -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = fs::read_dir(root("examples/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| format!("examples/workflows/{name}"))
        .map(|path| (path.clone(), parse(&path)))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(found.len() >= 5, "the workflows were not found");
    found
}

fn map(value: &Value) -> &Mapping {
    value.as_mapping().unwrap_or_else(|| panic!("{value:?}"))
}

fn keys(value: &Value) -> BTreeSet<String> {
    let keys = map(value).keys();
    keys.map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// Whether a job's token may read only.
fn only_reads(job: &Value) -> bool {
    let permissions = map(&job["permissions"]);
    !permissions.is_empty() && permissions.values().all(|level| level == "read")
}

/// The jobs of a workflow, by name.
fn jobs(workflow: &Value) -> impl Iterator<Item = (&str, &Value)> {
    map(&workflow["jobs"])
        .iter()
        .map(|(name, job)| (name.as_str().unwrap(), job))
}

/// Every step of a workflow, with the job that it is in.
fn steps(workflow: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    jobs(workflow).flat_map(|(_, job)| {
        let steps = job["steps"].as_sequence().unwrap();
        steps.iter().map(move |step| (job, step))
    })
}

fn events(workflow: &Value) -> BTreeSet<String> {
    keys(&workflow["on"])
}

#[test]
fn the_inputs_are_the_options_of_reconcile_promote_and_board() {
    let cli = Cli::command();
    let options: BTreeSet<String> = ["reconcile", "promote", "board"]
        .iter()
        .map(|name| {
            cli.find_subcommand(name)
                .unwrap_or_else(|| panic!("no {name}"))
        })
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_long())
        .map(str::to_owned)
        .collect();
    let aside = |list: &[&str]| -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    };
    let inputs = keys(&parse("action.yml")["inputs"]);
    assert_eq!(
        inputs
            .difference(&aside(NOT_OPTIONS))
            .collect::<BTreeSet<_>>(),
        options
            .difference(&aside(NOT_INPUTS))
            .collect::<BTreeSet<_>>()
    );
    assert!(inputs.is_superset(&aside(NOT_OPTIONS)));
    for token in ["token", "read-token"] {
        assert!(!options.contains(token), "--{token} would be seen by all");
    }
}

#[test]
fn the_default_command_is_a_command() {
    let action = parse("action.yml");
    let default = action["inputs"]["command"]["default"].as_str().unwrap();
    assert!(Cli::command().find_subcommand(default).is_some());
}

#[test]
fn the_outputs_are_the_ones_that_the_runner_writes() {
    let outputs: BTreeSet<String> = sluice::runner::OUTPUTS
        .iter()
        .map(|output| output.name.to_owned())
        .collect();
    assert_eq!(keys(&parse("action.yml")["outputs"]), outputs);
}

#[test]
fn the_inputs_are_the_ones_that_the_runner_reads() {
    let inputs: BTreeSet<String> = sluice::runner::INPUTS
        .iter()
        .map(|input| input.name.to_owned())
        .collect();
    assert_eq!(keys(&parse("action.yml")["inputs"]), inputs);
}

#[test]
fn every_input_and_output_is_a_row_of_the_page_about_them() {
    let page = read("docs/inputs.md");
    let action = parse("action.yml");
    for name in keys(&action["inputs"]).union(&keys(&action["outputs"])) {
        assert!(page.contains(&format!("\n| `{name}`")), "{name}");
    }
}

#[test]
fn every_input_and_output_is_described() {
    let action = parse("action.yml");
    for list in ["inputs", "outputs"] {
        for (name, about) in map(&action[list]) {
            let described = about["description"]
                .as_str()
                .is_some_and(|text| text.len() > 10);
            assert!(described, "{list}: {name:?}");
        }
    }
}

#[test]
fn the_action_passes_no_container_arguments() {
    let action = parse("action.yml");
    assert_eq!(
        keys(&action["runs"]),
        BTreeSet::from(["using".to_owned(), "image".to_owned()])
    );
    assert_eq!(action["runs"]["using"], "docker");
    let image = action["runs"]["image"].as_str().unwrap();
    let pinned = image
        .strip_prefix("docker://ghcr.io/")
        .and_then(|rest| rest.split_once("@sha256:"))
        .is_some_and(|(_, digest)| is_hex(digest, 64));
    assert!(image == "Dockerfile" || pinned, "{image}");
}

/// The instructions of the Dockerfile, line continuations joined, comments left out: (instruction, rest).
fn instructions() -> Vec<(String, String)> {
    let text = read("Dockerfile");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    lines
        .join("\n")
        .replace("\\\n", " ")
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(word, rest)| (word.to_uppercase(), rest.trim().to_owned()))
        .collect()
}

#[test]
fn the_image_is_a_binary_on_nothing() {
    let all = instructions();
    let last = all.iter().rposition(|(word, _)| word == "FROM").unwrap();
    assert_eq!(all[last].1, "scratch");
    let words: BTreeSet<&str> = all[last + 1..]
        .iter()
        .map(|(word, _)| word.as_str())
        .collect();
    // No USER and no WORKDIR, as the runner demands; no RUN and no SHELL, since there is nothing to run.
    assert_eq!(words, BTreeSet::from(["COPY", "ENTRYPOINT"]));
    let entrypoint: Vec<String> = serde_json::from_str(&all.last().unwrap().1).unwrap();
    assert_eq!(entrypoint, ["/sluice"]);
    let copied: Vec<&str> = all[last + 1..]
        .iter()
        .filter(|(word, _)| word == "COPY")
        .map(|(_, rest)| rest.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(
        copied,
        [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/gitconfig",
            "/sluice"
        ]
    );
}

#[test]
fn the_image_is_built_with_the_toolchain_that_the_package_asks_for() {
    let wanted = format!(
        "TOOLCHAIN=docker.io/library/rust:{}",
        env!("CARGO_PKG_RUST_VERSION")
    );
    let toolchain = instructions()
        .into_iter()
        .find(|(word, rest)| word == "ARG" && rest.starts_with("TOOLCHAIN="))
        .unwrap()
        .1;
    assert!(toolchain.starts_with(&wanted), "{toolchain} not {wanted}");
}

#[test]
fn git_trusts_the_workspace_and_no_other_folder() {
    let config = git2::Config::open(&root("container/gitconfig")).unwrap();
    let mut entries = Vec::new();
    config
        .entries(None)
        .unwrap()
        .for_each(|entry| {
            entries.push(format!(
                "{}={}",
                entry.name().unwrap(),
                entry.value().unwrap()
            ));
        })
        .unwrap();
    assert_eq!(entries, ["safe.directory=/github/workspace"]);
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[test]
fn every_action_in_an_example_is_pinned_by_its_commit() {
    for (path, workflow) in workflows() {
        for (_, step) in steps(&workflow) {
            let Some(uses) = step["uses"].as_str() else {
                continue;
            };
            let (_, commit) = uses.split_once('@').unwrap();
            assert!(is_hex(commit, 40), "{path}: {uses}");
            // The version is named behind it, for people and for the bots that keep it up to date.
            let line = format!("uses: {uses}");
            let text = read(&path);
            let rest = text.split(&line).nth(1).unwrap().lines().next().unwrap();
            assert!(
                uses == SLUICE || rest.starts_with(" # v"),
                "{path}: {uses}{rest}"
            );
            // History is read from a clone, `validate` reads files on disk, and everything else goes through the API.
            let reads_disk = step["if"] == "inputs.command == 'validate'"
                || (path.ends_with("/board.yml") && step["name"] == "Check out");
            assert_eq!(
                uses.starts_with("actions/checkout@"),
                reads_disk,
                "{path}: nothing else here needs a checkout"
            );
        }
    }
}

#[test]
fn every_example_gives_only_inputs_that_exist_and_hands_on_the_freeze() {
    let inputs = keys(&parse("action.yml")["inputs"]);
    let mut used = 0;
    for (path, workflow) in workflows() {
        for (_, step) in steps(&workflow).filter(|(_, step)| step["uses"] == SLUICE) {
            used += 1;
            let given = keys(&step["with"]);
            assert!(given.is_subset(&inputs), "{path}: {given:?}");
            let writes = step["with"]["command"] != "plan";
            assert_eq!(given.contains("freeze"), writes, "{path}");
        }
    }
    assert!(used >= 5);
}

#[test]
fn every_example_gives_least_permissions_a_time_limit_and_no_cancelling() {
    for (path, workflow) in workflows() {
        assert!(map(&workflow["permissions"]).is_empty(), "{path}");
        for (name, job) in jobs(&workflow) {
            assert!(job["permissions"].is_mapping(), "{path}: {name}");
            assert!(job["timeout-minutes"].is_u64(), "{path}: {name}");
            let group = [&workflow, job]
                .iter()
                .map(|at| &at["concurrency"])
                .find(|group| group.is_mapping());
            assert!(
                group.is_some_and(|group| group["cancel-in-progress"] == false),
                "{path}: {name}"
            );
        }
    }
}

#[test]
fn no_example_puts_an_expression_into_a_script_or_trusts_a_pull_request() {
    for (path, workflow) in workflows() {
        assert!(!events(&workflow).contains("pull_request_target"), "{path}");
        for (_, step) in steps(&workflow) {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{path}: {script}");
        }
    }
}

#[test]
fn a_key_is_only_in_an_environment_and_only_for_events_of_the_default_branch() {
    let mut keyed = 0;
    for (path, workflow) in workflows() {
        let of_default_branch = ["push", "schedule", "workflow_dispatch"];
        for (name, job) in jobs(&workflow) {
            let text = serde_yaml::to_string(job).unwrap();
            if !text.contains("secrets.") {
                continue;
            }
            if path.ends_with("/notify.yml") {
                // The address of a webhook, given by the workflow that calls this one. No token can do anything here.
                assert!(map(&job["permissions"]).is_empty(), "{path}: {name}");
                assert_eq!(
                    events(&workflow),
                    BTreeSet::from(["workflow_call".to_owned()])
                );
                continue;
            }
            keyed += 1;
            assert_eq!(job["environment"]["name"], "sluice", "{path}: {name}");
            // Otherwise GitHub records a deployment at each run.
            assert_eq!(job["environment"]["deployment"], false, "{path}: {name}");
            assert!(map(&job["permissions"]).is_empty(), "{path}: {name}");
            for event in events(&workflow) {
                assert!(
                    of_default_branch.contains(&event.as_str()),
                    "{path}: {event}"
                );
            }
        }
    }
    assert_eq!(keyed, 1);
}

#[test]
fn a_run_for_a_pull_request_looks_at_promotions_of_this_repository_only() {
    for (path, workflow) in workflows() {
        if !events(&workflow).contains("pull_request") {
            continue;
        }
        let (_, first) = jobs(&workflow).next().unwrap();
        let condition = first["if"].as_str().unwrap();
        for part in [
            "github.event.pull_request.head.repo.full_name == github.repository",
            "startsWith(github.event.pull_request.head.ref, 'sluice/')",
        ] {
            assert!(condition.contains(part), "{path}: {condition}");
        }
        // A run for any other pull request does nothing, and must not take a waiting run's place in a shared group.
        let group = [&workflow, first]
            .iter()
            .find_map(|at| at["concurrency"]["group"].as_str())
            .unwrap();
        let own = ["github.run_id", "github.event.pull_request.number"];
        assert!(
            own.iter().any(|part| group.contains(part)),
            "{path}: {group}"
        );
    }
}

/// The labels for which a run starts, as an expression: only these names, and events that are not about a label.
const WAKING_LABELS: &str = "(!github.event.label || startsWith(github.event.label.name, 'approve/') || \
    github.event.label.name == 'sluice/hold')";

/// An expression on one line.
fn one_line(expression: &str) -> String {
    let words: Vec<&str> = expression.split_whitespace().collect();
    words.join(" ")
}

#[test]
fn only_the_labels_of_approvals_and_the_hold_start_a_run() {
    let mut labelled = 0;
    for (path, workflow) in workflows() {
        if !events(&workflow).contains("pull_request") {
            continue;
        }
        labelled += 1;
        let (_, first) = jobs(&workflow).next().unwrap();
        let condition = one_line(first["if"].as_str().unwrap());
        assert!(condition.contains(WAKING_LABELS), "{path}: {condition}");
        // A run that does nothing must not take the place of a waiting one, so it gets a group of its own.
        let group = [&workflow, first]
            .iter()
            .find_map(|at| at["concurrency"]["group"].as_str())
            .unwrap();
        let group = one_line(group);
        assert!(group.contains(WAKING_LABELS), "{path}: {group}");
        let own = "|| format('sluice-none-{0}', github.run_id)";
        assert!(group.contains(own), "{path}: {group}");
    }
    assert_eq!(labelled, 3, "install, fan-out and relay");
}

#[test]
fn the_labels_that_start_a_run_are_the_ones_that_count() {
    assert_eq!(HOLD, "sluice/hold");
    let long = "g".repeat(60);
    for (stage, gate) in [
        ("prod", "approval-gate"),
        ("prod", &long),
        ("eu, west", "a gate"),
    ] {
        let label = approve_label(&stage.into(), &gate.into());
        assert!(label.starts_with("approve/"), "{label}");
    }
}

#[test]
fn every_job_that_promotes_may_create_labels() {
    let mut writing = 0;
    for (path, workflow) in workflows() {
        let text = read(&path);
        for (name, job) in jobs(&workflow) {
            let steps: Vec<&Value> = job["steps"].as_sequence().unwrap().iter().collect();
            let promotes = |step: &&&Value| {
                let reads =
                    ["plan", "board"].contains(&step["with"]["command"].as_str().unwrap_or(""));
                step["uses"] == SLUICE && !reads && !only_reads(job)
            };
            if steps.iter().find(promotes).is_none() {
                continue;
            }
            writing += 1;
            // The workflow's own token, or that of an App.
            let app = steps
                .iter()
                .find(|step| step["with"]["permission-contents"].is_string());
            let (level, key) = match app {
                Some(step) => (&step["with"]["permission-issues"], "permission-issues"),
                None => (&job["permissions"]["issues"], "issues"),
            };
            assert_eq!(level, "write", "{path}: {name}");
            assert!(
                text.contains(&format!("  {key}: write # create the labels of promotions")),
                "{path}: the reason is missing"
            );
        }
    }
    assert_eq!(writing, 4, "install, hardened, fan-out and promote");
}

#[test]
fn a_schedule_runs_hourly_and_the_closer_one_is_there_to_uncomment() {
    let guide = read("docs/install.md");
    let mut scheduled = 0;
    for (path, workflow) in workflows() {
        let Some(schedule) = workflow["on"].get("schedule") else {
            continue;
        };
        if path.ends_with("/board.yml") {
            continue;
        }
        scheduled += 1;
        let crons: Vec<&str> = schedule
            .as_sequence()
            .unwrap()
            .iter()
            .map(|entry| entry["cron"].as_str().unwrap())
            .collect();
        assert_eq!(crons, ["17 * * * *"], "{path}");
        let text = read(&path);
        let (reason, _) = text
            .split_once("\n    # - cron: \"7,27,47 * * * *\"\n")
            .unwrap_or_else(|| panic!("{path}: the closer schedule is missing"));
        for part in ["windows, soak times, freezes", "2,160 runs"] {
            assert!(reason.contains(part), "{path}: {part}");
        }
        assert!(reason.contains("Hourly is 720 runs"), "{path}");
    }
    assert_eq!(scheduled, 3, "install, hardened and fan-out");
    for row in [
        "| `17 * * * *`, as in the examples | 720 |",
        "| `7,27,47 * * * *` | 2,160 |",
    ] {
        assert!(guide.contains(row), "{row}");
    }
}

#[test]
fn the_board_only_reads_without_a_key_and_uploads_a_page_that_a_browser_opens() {
    let path = "examples/workflows/board.yml";
    let workflow = parse(path);
    assert_eq!(
        events(&workflow),
        BTreeSet::from(["schedule".to_owned(), "workflow_dispatch".to_owned()])
    );
    assert!(!read(path).contains("secrets."));
    for (name, level) in map(&workflow["jobs"]["board"]["permissions"]) {
        assert_eq!(level, "read", "{name:?}");
    }
    let all: Vec<&Value> = steps(&workflow).map(|(_, step)| step).collect();
    let with = |name: &str| {
        let step = all.iter().find(|step| step["name"] == name);
        &step.unwrap_or_else(|| panic!("no step {name}"))["with"]
    };
    assert_eq!(with("Check out")["fetch-depth"], 0);
    assert_eq!(with("Check out")["persist-credentials"], false);
    let (made, upload) = (with("Make the board"), with("Upload"));
    assert_eq!(
        (&made["command"], &made["html"]),
        (&"board".into(), &upload["path"])
    );
    // A page is out of date after three intervals, so the interval has to be that of the schedule.
    assert_eq!(made["interval"], "1h");
    assert_eq!(workflow["on"]["schedule"][0]["cron"], "37 * * * *");
    assert_eq!(
        (&upload["archive"], &upload["overwrite"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        (&upload["retention-days"], &upload["if-no-files-found"]),
        (&1.into(), &"error".into())
    );
}

/// GitHub allows 25 inputs, an Enterprise Server that is older 10.
#[test]
fn promotion_by_hand_asks_no_more_than_an_older_enterprise_server_allows() {
    let workflow = parse("examples/workflows/promote.yml");
    let inputs = keys(&workflow["on"]["workflow_dispatch"]["inputs"]);
    assert!((1..=10).contains(&inputs.len()), "{inputs:?}");
    assert_eq!(inputs.len(), 9, "docs/install.md says how many there are");
}

/// A person who asks from a phone may not be trusted with more than that.
#[test]
fn questions_are_asked_with_a_token_that_only_reads() {
    let workflow = parse("examples/workflows/ask.yml");
    assert_eq!(
        events(&workflow),
        BTreeSet::from(["workflow_dispatch".to_owned()])
    );
    let text = read("examples/workflows/ask.yml");
    assert!(!text.contains("secrets.") && !text.contains("environment:"));
    for (name, job) in jobs(&workflow) {
        assert!(only_reads(job), "{name}");
    }
    let commands = &workflow["on"]["workflow_dispatch"]["inputs"]["command"]["options"];
    let commands: Vec<&str> = commands
        .as_sequence()
        .unwrap()
        .iter()
        .map(|command| command.as_str().unwrap())
        .collect();
    assert_eq!(commands, ["status", "plan", "doctor", "validate"]);
}

#[test]
fn every_example_is_in_the_installation_guide() {
    let guide = read("docs/install.md");
    for (path, _) in workflows() {
        assert!(guide.contains(&format!("(../{path})")), "{path}");
    }
}
