//! How long a list may be.

use super::error::ForgeError;

/// Lists longer than this many pages are an error, never "no more".
pub(super) const MAX_PAGES: usize = 50;

pub(super) fn too_long(operation: &str) -> ForgeError {
    ForgeError::NotUnderstood(format!("to {operation}: more than {MAX_PAGES} pages"))
}
