//! What the scenarios and the benchmark on the stand-in GitHub share: repositories on it, runs of Sluice there, and the network between
//! the two. The scenarios are in `tests/it`, one folder for each subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may panic"
)]

pub mod clone;
pub mod large;
pub mod proxy;
pub mod shop;
pub mod site;
pub mod sweep;
pub mod tls;
pub mod upgrade;
