//! The composition root: loads, gathers, plans, executes, reports. The only place that knows all of them, and one of
//! the few that may read the clock.

mod action;
#[cfg(test)]
mod cost;
mod doctor;
mod evaluate;
mod forge;
#[cfg(test)]
mod fuzzed;
mod graph;
mod history;
mod init;
mod local;
mod out;
mod plan;
mod reconcile;
mod session;
mod simulate;
mod status;
mod validate;
mod world;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use anyhow::Context;
use clap::Parser;
use jiff::Timestamp;

use crate::cli::{Cli, Command, Common, Format};
use crate::error::{Exit, Failure};
use crate::forge::Patience;
use crate::report::escape::terminal;
use crate::report::json;
use crate::report::style::Style;
use crate::runner::{Audience, Environment, Log, Stop};

pub use forge::{OnForge, Ran, execute as execute_on_forge};

/// What a command prints, and how it ends.
#[derive(Debug)]
pub struct Output {
    /// For standard output.
    pub text: String,
    /// For standard error.
    pub notices: Vec<String>,
    /// How it ended.
    pub exit: Exit,
}

/// The process: a step of a workflow where it was started as one and given no argument, else a command line.
pub fn main() -> Exit {
    let variables = std::env::vars_os();
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let environment: Environment = variables.filter_map(text).collect();
    if environment.is_runner() && std::env::args_os().len() <= 1 {
        let debug = environment.get("RUNNER_DEBUG") == Some("1");
        let log = Log::new(
            Audience::Runner,
            debug,
            std::io::stdout(),
            std::io::stderr(),
        );
        return action::step(&environment, &log);
    }
    run(Cli::parse())
}

/// One thread: calls wait side by side, and nothing runs at once.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    Ok(runtime.context("starting the runtime")?)
}

/// Carries a command out and prints what it has to say.
pub fn run(cli: Cli) -> Exit {
    let colour = std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let outcome = execute(cli, Timestamp::now(), Style { colour });
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    match outcome {
        Ok(output) => {
            for notice in &output.notices {
                let _ = writeln!(err, "{}", terminal(notice));
            }
            match out
                .write_all(output.text.as_bytes())
                .and_then(|()| out.flush())
            {
                Ok(()) => output.exit,
                // A reader that has seen enough (`| head`) is no failure.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => output.exit,
                Err(_) => Exit::Failed,
            }
        }
        Err(failure) => {
            let _ = writeln!(err, "error: {}", terminal(&failure.message));
            for hint in &failure.hints {
                let _ = writeln!(err, "  help: {}", terminal(hint));
            }
            failure.exit
        }
    }
}

/// Carries a command out. `now` is the time where the call does not give one.
pub fn execute(cli: Cli, now: Timestamp, style: Style) -> Result<Output, Failure> {
    match cli.command {
        Command::Validate { common, fix } => validate::run(&Call::new(common, now, style), fix),
        Command::Plan { common, diff, why } => plan::run(&Call::new(common, now, style), diff, why),
        Command::Simulate {
            common,
            approve,
            out,
            until,
        } => {
            let asked = simulate::Asked {
                approve,
                out,
                until,
            };
            simulate::run(&Call::new(common, now, style), asked)
        }
        Command::Graph { common } => graph::run(&Call::new(common, now, style)),
        Command::Promote {
            common,
            local: true,
            pipeline,
            to,
            approved_by,
            ..
        } => local::run(&Call::new(common, now, style), &pipeline, &to, approved_by),
        Command::Status {
            common,
            forge,
            pipeline,
        } if forge.repository.is_none() => {
            status::run(&Call::new(common, now, style), &forge, pipeline.as_deref())
        }
        command @ (Command::Status { .. }
        | Command::Reconcile { .. }
        | Command::Promote { .. }
        | Command::Rollback { .. }
        | Command::Retry { .. }) => {
            let on_forge = OnForge {
                environment: &|name| std::env::var(name).ok(),
                patience: Patience::default(),
                stop: Stop::on_signals()?.flag(),
                read_only: None,
            };
            let ran = runtime()?.block_on(forge::execute(command, &on_forge))?;
            Ok(ran.styled(style).output())
        }
        Command::Doctor {
            path,
            repository,
            live,
            team,
            format,
        } => {
            let asked = doctor::Asked {
                path,
                repository,
                live,
                team,
                format,
            };
            doctor::run(&asked, now, style)
        }
        Command::Init {
            path,
            write,
            format,
        } => {
            let asked = init::Asked {
                path,
                write,
                format,
            };
            init::run(asked, now, style)
        }
        Command::History {
            common,
            verify,
            pipeline,
            to,
            since,
            limit,
        } => {
            let asked = history::Asked {
                verify,
                pipeline,
                to,
                since,
                limit: limit.map(std::num::NonZeroUsize::get),
            };
            history::run(&Call::new(common, now, style), asked)
        }
        Command::Schema { common } => Ok(schema(&Call::new(common, now, style))),
    }
}

/// A call with what all commands take.
struct Call {
    common: Common,
    now: Timestamp,
    style: Style,
}

impl Call {
    fn new(common: Common, now: Timestamp, style: Style) -> Self {
        let now = common.at.unwrap_or(now);
        // JSON is for programs.
        let style = if common.format == Format::Json {
            Style::default()
        } else {
            style
        };
        Self { common, now, style }
    }

    fn json(&self) -> bool {
        self.common.format == Format::Json
    }
}

/// Names of people from the command line: logins, in which case does not matter. Nobody counts twice.
fn people(names: &[String]) -> Result<std::collections::BTreeSet<String>, Failure> {
    names
        .iter()
        .map(|name| {
            let login = name.strip_prefix('@').unwrap_or(name).trim().to_lowercase();
            if login.is_empty() {
                return Err(Failure::new(Exit::Invalid, "an approver needs a name"));
            }
            Ok(login)
        })
        .collect()
}

fn schema(call: &Call) -> Output {
    let schema = crate::policy::schema();
    let text = if call.json() {
        json::document(
            &serde_json::json!({ "version": json::VERSION, "schema": schema, "findings": [] }),
        )
    } else {
        json::document(&schema)
    };
    Output {
        text,
        notices: Vec::new(),
        exit: Exit::Done,
    }
}
