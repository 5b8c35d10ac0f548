//! Sluice on the stand-in GitHub, over real HTTP and in real git repositories: one binary, one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "helpers of tests may panic; they are read where they are used"
)]

mod board;
mod doctor;
mod documents;
mod earlier_versions;
mod gates;
mod golden;
mod guard;
mod history;
mod holds;
mod landings;
mod network;
mod notify;
mod promotion;
mod refs;
mod requests;
mod rollback;
mod run_workflow;
mod security;
mod states;
mod status;
mod step;
mod usage;

use test_support::Program;

/// The program as a process.
const SLUICE: Program = Program::at(env!("CARGO_BIN_EXE_sluice-end-to-end"));
