//! The async runtime for calls to GitHub.

use anyhow::Context;

use crate::error::Failure;

/// A single-threaded runtime: calls wait concurrently, but no two pieces of code run in parallel.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    Ok(runtime.context("starting the runtime")?)
}
