//! The integration tests: one binary, one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "helpers of tests may panic; they are read where they are used"
)]

mod architecture;
mod contract_holds;
mod repo_history;
mod support;
