//! How the program is called: which arguments each command takes, where it looks, and how a call ends that makes no sense.

mod flags;
mod found;
mod wrong;

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::cli::Ran;

/// Runs the program in a folder, with nothing but these variables.
fn ran_in(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        exit: u8::try_from(output.status.code().unwrap()).unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
