//! The tests of whole files: one binary, one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "helpers of tests may panic; they are read where they are used"
)]

mod corpus;
mod hostile;
mod properties;
mod support;
