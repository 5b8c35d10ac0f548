//! The process: one step of a workflow, or one command line. It reads the environment and the clock, runs, prints and
//! exits.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::io::Write;
use std::time::Instant;

use anstream::AutoStream;
use clap::{ColorChoice, Parser};
use jiff::Timestamp;
use terminal_size::terminal_size_of;

use crate::cli::Cli;
use crate::commands::dispatch::execute;
use crate::error::Exit;
use crate::report::escape::terminal;
use crate::report::style::Style;
use crate::runner::Audience;
use crate::runner::Environment;
use crate::runner::Log;
use crate::runner::Progress;
use crate::runner::trace_to;
use crate::step::{self, mask_tokens};

/// Runs as a step of a workflow if it was started on a runner without arguments, otherwise as a command line.
pub fn main() -> Exit {
    let variables = std::env::vars_os();
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let environment: Environment = variables.filter_map(text).collect();
    let debug = environment.get("RUNNER_DEBUG") == Some("1");
    if environment.is_runner() && std::env::args_os().len() <= 1 {
        let log = Log::new(
            Audience::Runner,
            debug,
            std::io::stdout(),
            std::io::stderr(),
        );
        return step::run(&environment, &log);
    }
    match Cli::try_parse() {
        Ok(cli) => {
            let debug = debug || cli.verbose;
            let log = Log::new(
                Audience::Terminal,
                debug,
                std::io::stdout(),
                std::io::stderr(),
            );
            let on_terminal = !debug && std::io::stderr().is_terminal();
            let progress = on_terminal.then(|| Progress::begin("working"));
            if debug || on_terminal {
                mask_tokens(&environment, &log);
                trace_to(&log, progress.as_ref());
            }
            run(cli, &environment, progress.as_ref())
        }
        Err(error) => {
            let exit = exit_of(&error);
            match error.print() {
                Ok(()) => exit,
                Err(why) => exit.max(unwritten(&why, &mut std::io::stderr())),
            }
        }
    }
}

/// The exit code if the arguments could not be parsed: `--help` and `--version` are answers, everything else is wrong
/// usage.
pub fn exit_of(error: &clap::Error) -> Exit {
    match error.use_stderr() {
        true => Exit::Usage,
        false => Exit::Done,
    }
}

/// The exit code if standard output could not be written. It is not a failure if the reader has seen enough (`| head`).
fn unwritten(why: &std::io::Error, err: &mut impl Write) -> Exit {
    if why.kind() == std::io::ErrorKind::BrokenPipe {
        return Exit::Done;
    }
    let _ = writeln!(err, "error: standard output could not be written: {why}");
    Exit::Failed
}

/// How to print to standard output: NO_COLOR, CLICOLOR and CLICOLOR_FORCE decide unless the command line does.
fn style(color: ColorChoice) -> Style {
    let out = std::io::stdout();
    Style {
        colour: match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => AutoStream::choice(&out) != anstream::ColorChoice::Never,
        },
        columns: terminal_size_of(&out).map(|(columns, _)| usize::from(columns.0)),
    }
}

/// Carries out a command and prints its output.
fn run(cli: Cli, environment: &Environment, progress: Option<&Progress>) -> Exit {
    let style = style(cli.color);
    let started = Instant::now();
    let outcome = execute(cli, Timestamp::now(), style, environment);
    let ms = started.elapsed().as_millis();
    tracing::debug!(ms, "the command ended");
    if let Some(progress) = progress {
        progress.end();
    }
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
