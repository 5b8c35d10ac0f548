//! One file for each command: it parses what it was given, calls, and says what came of it.

mod approvers;
mod call;
#[cfg(test)]
mod cost;
pub mod dispatch;
mod doctor;
mod graph;
mod history;
mod init;
pub mod on_github;
pub mod output;
mod plan;
mod promote_local;
pub(crate) mod runtime;
mod schema;
mod simulate;
mod status;
mod validate;
