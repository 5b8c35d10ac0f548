//! Sluice: release pipelines for GitOps repositories, as one GitHub Action.
//!
//! It reads Plural's `Pipeline` and `ServiceDeployment` manifests, decides which stage may be promoted, and makes
//! exactly the edit that promotes it. The state is git; there is no server and no database. `docs/architecture.md`
//! shows how the modules fit together.

#[cfg(test)]
extern crate self as sluice;

mod board;
pub mod catalog;
pub mod checks;
pub mod cli;
pub mod commands;
mod copy;
pub mod doctor;
pub mod error;
mod evaluation;
mod execute;
pub mod forge;
#[cfg(test)]
mod fuzzed;
pub mod gather;
mod graph;
mod init;
pub mod model;
pub mod plan;
pub mod policy;
pub mod process;
mod reconcile;
mod render;
pub mod repo;
pub mod report;
pub mod runner;
mod session;
mod step;
mod workflow;

/// The byte-exact editor.
pub use sluice_yaml as yaml;
