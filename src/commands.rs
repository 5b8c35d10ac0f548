//! One file per command: it reads its arguments, calls the rest, and returns what to print.

mod approvers;
mod board;
mod call;
#[cfg(test)]
mod cost;
pub mod dispatch;
mod doctor;
mod graph;
mod history;
mod init;
mod installed;
pub mod on_github;
pub mod output;
mod plan;
mod promote_local;
#[cfg(test)]
mod reads;
mod run_workflow;
pub(crate) mod runtime;
mod schema;
mod simulate;
mod status;
mod validate;
