//! The integration tests: one binary, one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "helpers of tests may panic; they are read where they are used"
)]

mod action;
mod architecture;
mod codes;
mod doctor;
mod documents;
mod golden;
mod guard_verdicts;
mod history;
mod init;
mod policy_document;
mod regressions;
mod repo_history;
mod scenarios;
mod security_document;
mod usage;
mod windows;
#[path = "../../crates/sluice-yaml/tests/it/support/cases.rs"]
mod yaml_cases;

use test_support::Program;

/// The program as a process.
const SLUICE: Program = Program::at(env!("CARGO_BIN_EXE_sluice"));
