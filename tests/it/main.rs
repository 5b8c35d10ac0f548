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
mod gates;
mod golden;
mod guard_verdicts;
mod history;
mod init;
mod policy_document;
mod reconcile;
mod repo_history;
mod scenarios;
mod security_document;
mod support;
mod trust;
mod usage;
mod windows;
