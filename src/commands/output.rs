//! What a command gives back.

use crate::error::Exit;

/// What a command prints, and how it ends.
#[derive(Debug)]
pub struct Output {
    /// For standard output.
    pub text: String,
    /// For standard error.
    pub notices: Vec<String>,
    /// How it ended.
    pub exit: Exit,
}
