//! The composition root: loads, gathers, plans, executes, reports. The only place that knows all of them, and one of
//! the few that may read the clock.

mod action;
mod call;
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

use crate::cli::{
    AskedOfStatus, Cli, Format, GraphArgs, HistoryArgs, InitArgs, LocalPromotion, Mode, Place,
    PlanArgs, SchemaArgs, SimulateArgs, StatusOnDisk, ValidateArgs,
};
use crate::error::{Exit, Failure};
use crate::forge::Patience;
use crate::report::escape::terminal;
use crate::report::json;
use crate::report::style::Style;
use crate::runner::{Audience, Environment, Log, Stop};

pub use forge::{OnForge, Ran, execute as execute_on_forge};
pub use session::Environment as Variables;

use call::Call;

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
    match Cli::try_parse() {
        Ok(cli) => run(cli, &environment),
        Err(error) => {
            let exit = exit_of(&error);
            match error.print() {
                Ok(()) => exit,
                Err(why) => exit.max(unwritten(&why, &mut std::io::stderr())),
            }
        }
    }
}

/// How a call ends that is no command line: `--help` and `--version` are answers, all else is wrong usage.
pub fn exit_of(error: &clap::Error) -> Exit {
    match error.use_stderr() {
        true => Exit::Usage,
        false => Exit::Done,
    }
}

/// What could not be printed. A reader that has seen enough (`| head`) is no failure.
fn unwritten(why: &std::io::Error, err: &mut impl Write) -> Exit {
    if why.kind() == std::io::ErrorKind::BrokenPipe {
        return Exit::Done;
    }
    let _ = writeln!(err, "error: standard output could not be written: {why}");
    Exit::Failed
}

/// One thread: calls wait side by side, and nothing runs at once.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    Ok(runtime.context("starting the runtime")?)
}

/// Carries a command out and prints what it has to say.
fn run(cli: Cli, environment: &Environment) -> Exit {
    let colour = std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let read = |name: &str| environment.get(name).map(str::to_owned);
    let outcome = execute(cli, Timestamp::now(), Style { colour }, &read);
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
                Err(why) => output.exit.max(unwritten(&why, &mut err)),
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
pub fn execute(
    cli: Cli,
    now: Timestamp,
    style: Style,
    environment: session::Environment<'_>,
) -> Result<Output, Failure> {
    let call =
        |place, format, at: Option<Timestamp>| Call::new(place, format, at.unwrap_or(now), style);
    match cli.command.mode(|| session::leads_to_github(environment)) {
        Mode::OnGithub(command) => {
            let on = OnForge {
                environment,
                patience: Patience::default(),
                stop: Stop::on_signals()?.flag(),
                read_only: None,
            };
            let ran = runtime()?.block_on(forge::execute(command, &on))?;
            Ok(ran.styled(style).output())
        }
        Mode::Validate(ValidateArgs {
            place,
            format,
            at,
            fix,
        }) => call(place, format, at)?.told(|call| validate::run(call, fix)),
        Mode::Plan(PlanArgs {
            place,
            format,
            at,
            diff,
            why,
        }) => {
            if format == Format::Json && (diff || why) {
                return Err(Failure::usage(
                    "--diff and --why are for people: the document of --format json names changes, files and lines as it is",
                )
                .hint("leave out one of the two"));
            }
            call(place, format, at)?.told(|call| plan::run(call, diff, why))
        }
        Mode::Simulate(SimulateArgs {
            place,
            format,
            at,
            approve,
            out,
            repo,
            until,
        }) => {
            let asked = simulate::Asked {
                approve,
                out,
                until,
                repos: repo,
            };
            call(place, format, at)?.told(|call| simulate::run(call, asked))
        }
        Mode::Graph(GraphArgs { place, format }) => call(place, format, None)?.told(graph::run),
        Mode::Status(StatusOnDisk { place, at, asked }) => {
            let AskedOfStatus {
                freeze,
                pipeline,
                format,
            } = asked;
            let call = call(place, format, at)?;
            call.told(|call| status::run(call, freeze, pipeline.as_deref()))
        }
        Mode::PromoteLocal(LocalPromotion {
            place,
            at,
            pipeline,
            to,
            approved_by,
            format,
        }) => {
            let call = call(place, format, at)?;
            call.told(|call| local::run(call, &pipeline, &to, approved_by))
        }
        Mode::Doctor(args) => doctor::run(args, now, style, environment),
        Mode::Init(InitArgs {
            path,
            write,
            format,
        }) => {
            let place = Place { path, policy: None };
            call(place, format, None)?.told(|call| init::run(call, write))
        }
        Mode::History(HistoryArgs {
            place,
            format,
            verify,
            pipeline,
            to,
            since,
            limit,
        }) => {
            let asked = history::Asked {
                verify,
                pipeline,
                to,
                since,
                limit: limit.map(std::num::NonZeroUsize::get),
            };
            call(place, format, None)?.told(|call| history::run(call, asked))
        }
        Mode::Schema(SchemaArgs { format }) => Ok(schema(format)),
    }
}

/// Names of people from the command line: logins, in which case does not matter. Nobody counts twice.
fn people(names: &[String]) -> Result<std::collections::BTreeSet<String>, Failure> {
    names
        .iter()
        .map(|name| {
            let login = name.strip_prefix('@').unwrap_or(name).trim().to_lowercase();
            if login.is_empty() {
                return Err(Failure::usage("an approver needs a name"));
            }
            Ok(login)
        })
        .collect()
}

fn schema(format: Format) -> Output {
    let schema = crate::policy::schema();
    let text = match format {
        Format::Json => json::document(
            &serde_json::json!({ "version": json::VERSION, "schema": schema, "findings": [] }),
        ),
        Format::Text => json::document(&schema),
    };
    Output {
        text,
        notices: Vec::new(),
        exit: Exit::Done,
    }
}
