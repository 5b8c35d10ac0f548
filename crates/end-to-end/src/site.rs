//! A repository on the stand-in GitHub, and runs of Sluice on it: the same code as the Action's, with an environment of the
//! test's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Parser;
use serde_json::Value;
use sluice::cli::{Cli, Mode};
use sluice::commands::on_github::{RunContext, execute as execute_on_github};
use sluice::error::Exit;
use sluice::forge::Patience;
use sluice::process::exit_of;
use sluice::runner::Environment;

use github_stand_in::contract::contract;
use github_stand_in::{GitHub, Place, Role, Seen, World};
use test_support::fixture;

/// The repository of every scenario.
pub const REPO: &str = "acme/gitops";
/// The App as which Sluice runs.
const APP: u64 = 4242;
/// What the simple install gives the token.
pub const PERMISSIONS: &str =
    "contents:write, pull-requests:write, issues:write, statuses:write, actions:read";

/// The workflow that people run by hand, as path and text.
pub const WORKFLOW: (&str, &str) = (".github/workflows/sluice.yml", "on: workflow_dispatch\n");

/// A repository with people: carol and dave write, tom may triage, rita reads.
pub struct Site {
    /// The stand-in GitHub.
    pub hub: GitHub,
    /// The token that Sluice is given.
    pub token: String,
    /// The variables of the runner, without a token.
    pub environment: BTreeMap<String, String>,
    /// Set: nothing more is written, as after SIGTERM.
    pub stop: Arc<AtomicBool>,
    /// How large the event says that the repository is, in kilobytes.
    pub repository_size: Option<u64>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub exit: Exit,
    /// Its report as JSON; null if the whole run failed.
    pub json: Value,
    /// The plan at its end; null if the whole run failed.
    pub plan: Value,
    /// Everything that it would print.
    pub text: String,
    /// What it would print to standard error.
    pub notices: Vec<String>,
}

impl Report {
    /// Why the first promotion does not move; empty if there is none, or no reason.
    pub fn why(&self) -> String {
        let why = self.json["promotions"][0]["why"].as_str();
        why.unwrap_or_default().to_owned()
    }

    /// Each promotion as `kind pipeline to #pull: why`.
    pub fn lines(&self) -> Vec<String> {
        let Some(rows) = self.json["promotions"].as_array() else {
            return vec![self.text.clone()];
        };
        rows.iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                let pull = row["pull"]
                    .as_u64()
                    .map(|number| format!(" #{number}"))
                    .unwrap_or_default();
                format!(
                    "{} {} → {}{pull}: {}",
                    text("state"),
                    text("pipeline"),
                    text("to"),
                    text("why")
                )
            })
            .collect()
    }
}

impl Site {
    /// The repository holds a fixture.
    pub async fn of(name: &str) -> Self {
        let site = Self::empty().await;
        site.repo().folder("main", &fixture(name));
        site
    }

    /// The repository holds nothing yet.
    pub async fn empty() -> Self {
        let hub = GitHub::start_checked().await;
        let repo = hub.repo(REPO);
        repo.role("carol", Role::Write).role("dave", Role::Write);
        repo.role("tom", Role::Triage).role("rita", Role::Read);
        let token = repo.app_token(APP, "sluice-app", PERMISSIONS);
        let environment = [
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", REPO),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self::on(hub, token, BTreeMap::from(environment))
    }

    /// Another site that begins as this one is now: a scene that is set up once, for many lives.
    pub fn copy(&self) -> Self {
        let (token, environment) = (self.token.clone(), self.environment.clone());
        Self::on(self.hub.copy(), token, environment)
    }

    /// The address of the API in the runner's environment follows the stand-in.
    fn on(hub: GitHub, token: String, mut environment: BTreeMap<String, String>) -> Self {
        let graphql = format!("{}/graphql", hub.url());
        environment.insert("GITHUB_API_URL".to_owned(), hub.url());
        environment.insert("GITHUB_GRAPHQL_URL".to_owned(), graphql);
        Self {
            hub,
            token,
            environment,
            stop: Arc::default(),
            repository_size: None,
        }
    }

    /// The repository.
    pub fn repo(&self) -> Place<Arc<std::sync::Mutex<World>>> {
        self.hub.repo(REPO)
    }

    /// Commits a policy, given below its first line `version: 1`, to the base.
    pub fn policy(&self, text: &str) {
        let text = format!("version: 1\n{text}");
        self.repo().files("main", &[(".github/sluice.yaml", &text)]);
    }

    /// Commits the workflow that people run by hand.
    pub fn adds_workflow(&self) {
        self.repo().files("main", &[WORKFLOW]);
    }

    /// A person runs the workflow by hand. Calls belong to that run until `GITHUB_RUN_ID` is removed from the environment.
    pub fn is_dispatched_by(&mut self, login: &str) {
        let by = self.repo();
        let run = by
            .by(login)
            .dispatches("sluice.yml", "main", serde_json::json!({}));
        self.environment
            .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
    }

    /// A person runs the workflow by hand, with this command.
    pub async fn asks(&mut self, login: &str, command: &[&str]) -> Report {
        self.is_dispatched_by(login);
        let report = self.call(command).await;
        self.environment.remove("GITHUB_RUN_ID");
        report
    }

    /// Reconciles.
    pub async fn run(&self) -> Report {
        self.call(&["reconcile", "--format=json"]).await
    }

    /// A command of Sluice's.
    pub async fn call(&self, arguments: &[&str]) -> Report {
        let mut environment = self.environment.clone();
        environment
            .entry("INPUT_TOKEN".to_owned())
            .or_insert_with(|| self.token.clone());
        self.call_with(arguments, &environment).await
    }

    /// A command of Sluice's with these variables and no others.
    pub async fn call_with(
        &self,
        arguments: &[&str],
        environment: &BTreeMap<String, String>,
    ) -> Report {
        let format = ["--format=json"];
        // The board is a file, and has no format.
        let given = |argument: &&str| argument.starts_with("--format=") || *argument == "board";
        let format = if arguments.iter().any(given) {
            &[]
        } else {
            &format[..]
        };
        let words = ["sluice"].iter().chain(arguments).chain(format);
        let cli = match Cli::try_parse_from(words) {
            Ok(cli) => cli,
            Err(error) => {
                return Report {
                    exit: exit_of(&error),
                    json: Value::Null,
                    plan: Value::Null,
                    text: error.to_string(),
                    notices: Vec::new(),
                };
            }
        };
        let named = environment.contains_key("GITHUB_REPOSITORY");
        let Mode::OnGithub(command) = cli.command.mode(|| named) else {
            panic!("{arguments:?} is not for GitHub");
        };
        let look: Environment = environment.clone().into_iter().collect();
        let on = RunContext {
            environment: &look,
            patience: Patience {
                budget: Duration::from_secs(5),
                second: Duration::from_micros(200),
            },
            stop: Arc::clone(&self.stop),
            read_only: None,
            repository_size: self.repository_size,
        };
        match execute_on_github(command, &on).await {
            Ok(ran) => {
                let output = ran.output();
                Report {
                    exit: output.exit,
                    json: serde_json::from_str(&output.text).unwrap_or(Value::Null),
                    plan: serde_json::from_str(ran.plan()).unwrap_or(Value::Null),
                    text: output.text,
                    notices: output.notices,
                }
            }
            Err(failure) => Report {
                exit: failure.exit,
                json: Value::Null,
                plan: Value::Null,
                text: format!("{}\n{}", failure.message, failure.hints.join("\n")),
                notices: Vec::new(),
            },
        }
    }

    /// The branches that there are.
    pub fn branches(&self) -> Vec<String> {
        let refs = self
            .repo()
            .by("carol")
            .does("GET", "/branches", Value::Null);
        let names = refs.as_array().into_iter().flatten();
        names
            .filter_map(|branch| branch["name"].as_str().map(str::to_owned))
            .collect()
    }

    /// The calls that Sluice made and that write.
    pub fn writes(&self) -> Vec<String> {
        self.hub
            .calls()
            .iter()
            .filter(|call| call.write)
            .map(Seen::line)
            .collect()
    }

    /// Holds every request that was made to GitHub's contract.
    pub fn requests_hold(&self) {
        for call in self.hub.calls() {
            let body = call.json();
            let wrong = if call.path.ends_with("/graphql") {
                let query = body["query"].as_str().unwrap_or_default();
                contract().graphql_request(query, &body["variables"])
            } else {
                let path = match call.query.as_str() {
                    "" => call.path.clone(),
                    query => format!("{}?{query}", call.path),
                };
                contract().request(
                    &call.method,
                    &path,
                    Some(&body).filter(|body| !body.is_null()),
                )
            };
            assert!(wrong.is_empty(), "{}: {wrong:?}", call.line());
        }
    }
}
