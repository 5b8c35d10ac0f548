//! What a command can end with: exit codes, and errors with hints.

use std::process::ExitCode;

/// How a command ended. The highest that applies wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Reconciled, pending gates included.
    Done = 0,
    /// An operational failure; something could not be read.
    Failed = 1,
    /// A finding of severity error.
    Invalid = 2,
    /// Blocked for safety.
    Blocked = 3,
    /// Wrong usage: the call itself makes no sense here, so nothing was looked at.
    Usage = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that could not be carried out.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, where and why.
    pub message: String,
    /// What to do next.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// A call that makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// With something to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Failed, format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<crate::repo::RepoError> for Failure {
    fn from(error: crate::repo::RepoError) -> Self {
        use crate::repo::RepoError as E;
        let source = std::error::Error::source(&error)
            .map(|source| format!(": {source}"))
            .unwrap_or_default();
        let exit = match &error {
            E::Refused { .. } | E::Moved { .. } => Exit::Blocked,
            E::NotFound { .. }
            | E::Shallow { .. }
            | E::Remote { .. }
            | E::Pending(_)
            | E::TooFar { .. }
            | E::Git { .. } => Exit::Failed,
        };
        Self::new(exit, format!("{error}{source}"))
    }
}

impl From<crate::forge::ForgeError> for Failure {
    fn from(error: crate::forge::ForgeError) -> Self {
        use crate::forge::ForgeError as E;
        let hint = match &error {
            E::Unauthorized(_) => Some("give the Action a valid token: the input `token`"),
            E::Forbidden { .. } => Some(
                "add the permission to the job's `permissions:`, or to the App; sluice doctor names what is missing",
            ),
            E::ActionsMayNotOpen => Some("the next run opens it again, once that is allowed"),
            E::NotFound { .. } => Some(
                "GitHub answers the same if something does not exist and if the token may not see it",
            ),
            E::RateLimited { .. } => Some(
                "nothing is lost: a later run continues where this one ended. All workflow runs of a repository share 1,000 calls an hour; \
                 an App has its own: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
            ),
            E::Unreachable { .. } => {
                Some("nothing is lost: the next run continues where this one ended")
            }
            E::NotTrusted { .. } => Some(
                "if the server has its own certificate authority, or the proxy looks into TLS, set SSL_CERT_FILE to a PEM file with the \
                 certificate of that authority: see \"Behind a proxy, or with your own certificate authority\" in docs/install.md",
            ),
            E::Certificates { .. } => Some(
                "in an Action only what lies in the workspace can be read: check the file out, or write it in a step before this one",
            ),
            _ => None,
        };
        let exit = match &error {
            E::Address { .. } | E::Proxy { .. } | E::Certificates { .. } => Exit::Usage,
            _ => Exit::Failed,
        };
        let mut failure = Self::new(exit, error.to_string());
        failure.hints.extend(hint.map(str::to_owned));
        failure
    }
}

impl From<crate::execute::EditRefused> for Failure {
    fn from(error: crate::execute::EditRefused) -> Self {
        Self::new(Exit::Blocked, error.to_string())
            .hint("nothing was written; sluice validate shows what can be fixed")
    }
}
