//! The binary: run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluice::process::main().into()
}
