//! Drives the program as a user does: through its library entry (fast), or as a process (exit codes and streams).

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use clap::Parser;
use jiff::Timestamp;
use serde_json::Value;
use sluice::cli::Cli;
use sluice::commands::dispatch::execute;
use sluice::process::exit_of;
use sluice::report::style::Style;
use sluice::runner::Environment;

/// The time of every evaluation that gives none: a Wednesday.
pub const NOW: &str = "2026-07-01T12:00:00Z";

/// How a call ended, and what it printed.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit code.
    pub exit: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// How a process ended, which must not be by a signal.
    #[track_caller]
    fn of(output: &Output) -> Self {
        let Some(code) = output.status.code() else {
            panic!(
                "{}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        };
        Self {
            exit: u8::try_from(code).unwrap(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Standard output as the one JSON document that it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\n--- out\n{}\n--- err\n{}", self.out, self.err))
    }

    /// Everything that was printed.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Asserts the exit code, showing everything that was printed if it is another one.
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
    match execute(cli, now, Style::default(), &Environment::default()) {
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

/// The program as a process. Cargo gives the path of a binary only to the tests of the package that owns it, so each
/// makes its own with `env!("CARGO_BIN_EXE_…")`.
#[derive(Clone, Copy, Debug)]
pub struct Program(&'static str);

impl Program {
    /// The program at a path.
    pub const fn at(path: &'static str) -> Self {
        Self(path)
    }

    /// A call under the name `sluice`, with nothing of this machine's environment or configuration, and nothing to read.
    pub fn command(self) -> Command {
        let mut command = Command::new(self.0);
        command
            .arg0("sluice")
            .env_clear()
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .stdin(Stdio::null());
        command
    }

    /// Runs `sluice ARGUMENTS… PATH`.
    pub fn run(self, path: &Path, arguments: &[&str]) -> Ran {
        self.run_without_path(&[arguments, &[path.to_str().unwrap()]].concat())
    }

    /// Runs `sluice ARGUMENTS…`.
    pub fn run_without_path(self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command().args(arguments).output().unwrap())
    }

    /// Runs `sluice ARGUMENTS…` in a folder, with these variables.
    pub fn run_in(self, folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = self.command();
        command.current_dir(folder).envs(variables.iter().copied());
        Ran::of(&command.args(arguments).output().unwrap())
    }
}
