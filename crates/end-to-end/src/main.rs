//! Sluice itself, for the scenarios that run it as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluice::process::main().into()
}
