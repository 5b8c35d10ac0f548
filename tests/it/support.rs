//! What the scenarios share.

pub mod cli;
pub mod clone;
pub mod git;
pub mod large;
pub mod proxy;
pub mod site;
pub mod tls;
#[path = "../../crates/sluice-yaml/tests/it/support/cases.rs"]
pub mod yaml_cases;
