//! The integration tests: one binary, one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "helpers of tests may panic; they are read where they are used"
)]

mod action;
mod architecture;
mod board;
mod checks;
mod codes;
mod doctor;
mod documents;
mod examples;
mod gates;
mod git;
mod golden;
mod guard;
mod history;
mod holds;
mod init;
mod json;
mod landings;
mod policy_document;
mod promotion;
mod refs;
mod regressions;
mod rollback;
mod security;
mod simulate;
mod status;
mod usage;
#[path = "../../crates/sluice-yaml/tests/it/support/cases.rs"]
mod yaml_cases;

use test_support::Program;

/// The program as a process.
const SLUICE: Program = Program::at(env!("CARGO_BIN_EXE_sluice"));
