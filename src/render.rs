//! The texts that GitHub shows: pull-request titles and bodies, commit messages, step summaries.
//!
//! Templates are beside the code that fills them (`*.md.jinja`). Every value passes the escaping of
//! [`crate::report::escape`] on its way into a template; only [`Link`]s and the results of filters go in as they are.
//! Texts that are compared before they are written (title, body, commit) contain no clock and no run ID, so that a
//! second run writes nothing. This module knows the model; it knows no GitHub, no runner and no file.

mod chat;
pub(crate) mod comment;
mod commit;
mod engine;
mod link;
mod printed;
mod pull_request;
mod summary;
mod texts;
mod words;

#[cfg(test)]
mod sample;

pub(crate) use chat::{ClosedPull, chat_message};
pub(crate) use commit::{Approved, Message, landing_message, promotion_message};
pub(crate) use engine::RenderError;
pub(crate) use link::Link;
pub(crate) use printed::printed;
pub(crate) use pull_request::{Commit, Commits, GateDetail, HeldFor, Landed, PullRequest};
pub(crate) use summary::{Ahead, Pull, Row, Summary};
pub(crate) use texts::{note, subject, title};
pub(crate) use words::what;
