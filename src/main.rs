//! The binary: parse, run, exit.

use std::process::ExitCode;

use clap::Parser;
use sluice::{app, cli::Cli};

fn main() -> ExitCode {
    app::run(Cli::parse()).into()
}
