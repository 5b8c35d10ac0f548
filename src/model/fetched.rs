//! What was fetched, or why it could not be.

use std::fmt;

use super::settings::Unread;

/// Something that was looked up, or why it could not be.
pub(crate) type Fetched<T> = Result<T, Unavailable>;

/// Why something could not be looked up. A verdict that needs it is an error, and never passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Why, as a clause: `GitHub could not be asked to …`.
    pub why: String,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}

impl Unavailable {
    /// For this reason. Nothing is known that would help.
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            help: None,
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        match &self.help {
            Some(help) => write!(f, ": {help}"),
            None => Ok(()),
        }
    }
}

impl From<Unread> for Unavailable {
    fn from(unread: Unread) -> Self {
        Self::new(unread.to_string())
    }
}

impl From<String> for Unavailable {
    fn from(why: String) -> Self {
        Self::new(why)
    }
}

impl From<&str> for Unavailable {
    fn from(why: &str) -> Self {
        Self::new(why)
    }
}
