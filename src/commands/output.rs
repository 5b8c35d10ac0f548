//! What a command returns.

use crate::error::Exit;

/// What a command prints, and its exit code.
#[derive(Debug)]
pub struct Output {
    /// For standard output.
    pub text: String,
    /// For standard error.
    pub notices: Vec<String>,
    /// The exit code.
    pub exit: Exit,
}
