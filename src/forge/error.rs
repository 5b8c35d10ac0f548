//! The possible errors of a call to GitHub, as far as callers distinguish them.

use jiff::Timestamp;

use super::limit_kind::{GRAPHQL, LimitKind, REST};
use crate::model::ids::PullNumber;

/// Why a call did not do what it was to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// The token is not accepted (401).
    #[error("GitHub does not accept the token: {0}")]
    Unauthorized(String),
    /// The token may not do this (403).
    #[error("the token may not {operation}: {said}")]
    Forbidden {
        /// What was being done, as the end of "may not …".
        operation: String,
        /// What GitHub said.
        said: String,
    },
    /// The repository's setting keeps GitHub Actions from opening pull requests.
    #[error(
        "GitHub Actions is not permitted to create pull requests here: allow it under Settings → Actions → General → \
         Workflow permissions, or give the Action an App's token"
    )]
    ActionsMayNotOpen,
    /// A rate limit that ended the calls of this connection. What was asked for was not done.
    #[error("rate limited{} ({})", ending(.until), which(.kind, .resource))]
    RateLimited {
        /// Which limit.
        kind: LimitKind,
        /// The resource that it was met at, as `x-ratelimit-resource` names it: `core` is REST, `graphql` GraphQL.
        resource: String,
        /// When GitHub accepts calls again, if it said so.
        until: Option<Timestamp>,
    },
    /// It is not there, or the token may not see it (404); the two look the same.
    #[error("{what} was not found, or the token cannot read it")]
    NotFound {
        /// The thing.
        what: String,
    },
    /// GitHub understood and refused: 4xx otherwise.
    #[error("GitHub refused to {operation}: {said} ({status})")]
    Refused {
        /// What was being done, as the end of "refused to …".
        operation: String,
        /// The status.
        status: u16,
        /// The message and the messages of its errors.
        said: String,
    },
    /// No usable answer: the network, a server error, a time-out, something that is not an answer from GitHub. A read
    /// was tried several times. A write may have been applied.
    #[error("could not {operation}: {why}")]
    Unreachable {
        /// What was being done, as the end of "asked to …".
        operation: String,
        /// Why.
        why: String,
    },
    /// An answer that is an answer but not one that is understood.
    #[error("unexpected answer from GitHub: {0}")]
    NotUnderstood(String),
    /// The repository moved; redirects are never followed, as they would carry the token along (A38).
    #[error(
        "GitHub reports that {what} has moved; run the workflow in its new location, or fix the name"
    )]
    Moved {
        /// The thing.
        what: String,
    },
    /// An address that a token is not sent to.
    #[error("the address {address} {why}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The address of a proxy that cannot be used. The address is not shown: it may hold a password.
    #[error("{variable} {why}")]
    Proxy {
        /// The environment variable.
        variable: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A bundle of certificates that cannot be used.
    #[error("SSL_CERT_FILE points to {file}, which cannot be used: {why}")]
    Certificates {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// The certificate of GitHub's server, or of the proxy, is not accepted. Nothing was sent.
    #[error("the certificate of {host}, or of a proxy in between, is not trusted: {why}")]
    NotTrusted {
        /// The host of the API.
        host: String,
        /// Why.
        why: String,
    },
    /// Another account has a pull request open from the branch.
    #[error("{0} was opened from this branch by another account")]
    OpenedByAnother(PullNumber),
    /// Nothing more is written; this write was not sent.
    #[error("{0}")]
    Stopped(Stopped),
}

/// Why a run that may write writes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The run was told to stop: it ends.
    #[error("the run was told to stop; the next one continues")]
    BySignal,
    /// GitHub answered in this run that the token may not write: the run continues without writing.
    #[error("this run is read-only")]
    TokenMayNotWrite,
}

impl ForgeError {
    /// Whether a write may have been applied in spite of the error.
    pub fn uncertain(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NotUnderstood(_))
    }

    /// Whether GitHub understood and said no, so that its words are an answer.
    pub fn refused(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. } | Self::Forbidden { .. } | Self::NotFound { .. }
        )
    }

    /// Why, without the operation: GitHub's own words if it gave any. Foreign text.
    pub fn reason(&self) -> String {
        match self {
            Self::Forbidden { said, .. } | Self::Refused { said, .. } => said.clone(),
            Self::NotFound { .. } => "Not Found".to_owned(),
            Self::Unreachable { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// Whether GitHub refused with these words in its message, in any case.
    pub fn said(&self, words: &str) -> bool {
        match self {
            Self::Refused { said, .. } | Self::Forbidden { said, .. } => said
                .to_ascii_lowercase()
                .contains(&words.to_ascii_lowercase()),
            _ => false,
        }
    }
}

fn ending(end: &Option<Timestamp>) -> String {
    end.map(|end| format!(" until {end}")).unwrap_or_default()
}

fn which(kind: &LimitKind, resource: &str) -> String {
    let api = match resource {
        REST => "the REST API",
        GRAPHQL => "the GraphQL API",
        other => other,
    };
    match kind {
        LimitKind::Primary => format!("the hourly limit of {api}"),
        LimitKind::Secondary => {
            format!("GitHub's secondary limit, hit at {api}: too many requests in a short time")
        }
    }
}
