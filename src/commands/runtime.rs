//! The runtime on which calls to GitHub wait.

use anyhow::Context;

use crate::error::Failure;

/// One thread: calls wait side by side, and nothing runs at once.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    Ok(runtime.context("starting the runtime")?)
}
