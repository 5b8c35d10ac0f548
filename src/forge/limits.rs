//! Rate limits: how GitHub's answers say that one was met, and what a connection does from then on.
//!
//! GitHub counts REST and GraphQL separately (the *primary* limits, an hour long), and also refuses clients that call
//! too fast (the *secondary* limit). GraphQL may report either in an answer with status 200. A call that was refused
//! for a limit was not carried out.
//!
//! - A primary limit ends all calls of the connection, except for one: [`Writer::reset_success`](super::Writer::reset_success), if the
//!   limit is not the one of REST.
//! - A secondary limit ends all calls without exception. Only the first one whose `Retry-After` says that it is over within a minute is
//!   waited for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;

use super::error::ForgeError;
use super::limit_kind::{GRAPHQL, LimitKind};

/// A secondary limit that ends later than this many seconds from now is not waited for.
const MAX_WAIT_SECONDS: u64 = 60;
/// How long a secondary limit lasts at least if GitHub does not say when it ends, in seconds.
const UNSAID: u64 = 60;

/// A limit that an answer says was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub kind: LimitKind,
    /// The resource whose limit it is, as GitHub names it.
    pub resource: String,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
    /// When calls are accepted again, if the answer says so.
    pub until: Option<Timestamp>,
}

impl Limit {
    /// The limit that an answer says was met, if it says so. `resource` is what the call is charged to if GitHub does not name it;
    /// `date` is the server's time.
    pub(super) fn of_answer(
        resource: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Value,
        date: Option<Timestamp>,
    ) -> Option<Self> {
        let retry_after = number(headers, "retry-after");
        let kind = match status.as_u16() {
            200 if resource == GRAPHQL => of_graphql(body)?,
            403 => match of_words(message(body)) {
                Some(kind) => kind,
                None if retry_after.is_some() => LimitKind::Secondary,
                None => return None,
            },
            429 => match of_words(message(body)) {
                Some(LimitKind::Primary) if retry_after.is_none() => LimitKind::Primary,
                _ => LimitKind::Secondary,
            },
            _ => return None,
        };
        let named = headers.get("x-ratelimit-resource");
        let named = named.and_then(|name| name.to_str().ok());
        let in_seconds = |seconds: u64| {
            let seconds = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
            date?.checked_add(seconds).ok()
        };
        let until = match kind {
            LimitKind::Primary => number(headers, "x-ratelimit-reset")
                .and_then(|second| Timestamp::from_second(i64::try_from(second).ok()?).ok()),
            LimitKind::Secondary => in_seconds(retry_after.unwrap_or(UNSAID)),
        };
        Some(Self {
            kind,
            resource: named.unwrap_or(resource).to_owned(),
            retry_after,
            until,
        })
    }

    /// As an error.
    pub(super) fn error(&self) -> ForgeError {
        ForgeError::RateLimited {
            kind: self.kind,
            resource: self.resource.clone(),
            until: self.until,
        }
    }
}

/// GraphQL's errors have a type and a message; only the message distinguishes the two kinds.
fn of_graphql(body: &Value) -> Option<LimitKind> {
    let errors = body.get("errors").and_then(Value::as_array);
    let mut kinds = errors.into_iter().flatten().filter_map(|error| {
        let typed = |name: &str| {
            let text = error.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_ascii_lowercase()
        };
        let limited =
            typed("type").starts_with("rate_limit") || typed("code") == "graphql_rate_limit";
        of_words(message(error)).or(limited.then_some(LimitKind::Primary))
    });
    // Without data and errors it is what REST answers, with another status.
    let plain = || match body.get("data") {
        None => of_words(message(body)),
        Some(_) => None,
    };
    kinds.next().or_else(plain)
}

fn message(body: &Value) -> &str {
    body.get("message")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn of_words(message: &str) -> Option<LimitKind> {
    let message = message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    if says("secondary rate limit") || says("submitted too quickly") || says("abuse detection") {
        Some(LimitKind::Secondary)
    } else if says("rate limit") && (says("exceeded") || says("exhausted")) {
        Some(LimitKind::Primary)
    } else {
        None
    }
}

pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// What a call is for, as far as limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Anything.
    Ordinary,
    /// The one call that is allowed after a primary limit of another resource.
    ResetSuccess,
}

/// What a connection knows about limits.
#[derive(Default)]
pub(super) struct Limits {
    /// The limit that ended its calls.
    ended_by: RefCell<Option<Limit>>,
    /// The one call after that was made.
    reset: Cell<bool>,
    /// When the one wait for a secondary limit ends, or ended.
    wait_ends: Cell<Option<Instant>>,
    /// That wait is over.
    waited: Cell<bool>,
    /// What is left of each resource, and the second in which it is reset, if an answer said so.
    remaining: RefCell<BTreeMap<String, (u64, Option<u64>)>>,
}

/// What becomes of a call that a limit refused.
pub(super) enum Refused {
    /// The limit is going to be over at that time; the wait was begun by this call, or by another one.
    Wait(Instant),
    /// No further call is made.
    End,
}

impl Limits {
    /// Whether a call may be made.
    ///
    /// # Errors
    /// [`ForgeError::RateLimited`] if a limit ended the connection's calls.
    pub(super) fn admit(&self, resource: &str, purpose: Purpose) -> Result<(), ForgeError> {
        let ended_by = self.ended_by.borrow();
        let Some(limit) = ended_by.as_ref() else {
            return Ok(());
        };
        let last = purpose == Purpose::ResetSuccess
            && limit.kind == LimitKind::Primary
            && limit.resource != resource
            && !self.reset.replace(true);
        if last { Ok(()) } else { Err(limit.error()) }
    }

    /// When a wait ends that another call began and that is not over yet.
    pub(super) fn wait_under_way(&self) -> Option<Instant> {
        self.wait_ends.get().filter(|_| !self.waited.get())
    }

    /// Records that a call was refused. `begin` starts to wait this many seconds, if the run may wait that long.
    pub(super) fn refused(
        &self,
        limit: &Limit,
        begin: impl FnOnce(u32) -> Option<Instant>,
    ) -> Refused {
        if limit.kind == LimitKind::Secondary && self.ended_by.borrow().is_none() {
            if let Some(under_way) = self.wait_under_way() {
                return Refused::Wait(under_way);
            }
            let seconds = limit.retry_after.filter(|wait| *wait <= MAX_WAIT_SECONDS);
            let seconds = seconds.and_then(|wait| u32::try_from(wait).ok());
            if let Some(seconds) = seconds.filter(|_| !self.waited.get())
                && let Some(ends) = begin(seconds)
            {
                self.wait_ends.set(Some(ends));
                return Refused::Wait(ends);
            }
        }
        self.ended_by
            .borrow_mut()
            .get_or_insert_with(|| limit.clone());
        Refused::End
    }

    /// The wait is over.
    pub(super) fn wait_is_over(&self) {
        self.waited.set(true);
    }

    /// Whether a secondary limit was waited for.
    pub(super) fn waited(&self) -> bool {
        self.waited.get()
    }

    /// The limit that ended the connection's calls.
    pub(super) fn ended_by(&self) -> Option<ForgeError> {
        self.ended_by.borrow().as_ref().map(Limit::error)
    }

    /// Notes what an answer says is left of the resource that it was charged to.
    pub(super) fn count(&self, resource: &str, headers: &HeaderMap) {
        let Some(left) = number(headers, "x-ratelimit-remaining") else {
            return;
        };
        let named = headers.get("x-ratelimit-resource");
        let named = named.and_then(|name| name.to_str().ok());
        let resource = named.unwrap_or(resource).to_owned();
        let reset = number(headers, "x-ratelimit-reset");
        let mut remaining = self.remaining.borrow_mut();
        match remaining.get_mut(&resource) {
            // Answers to calls that were sent side by side come in any order.
            Some((known, same)) if reset.is_some() && *same == reset => *known = left.min(*known),
            _ => {
                remaining.insert(resource, (left, reset));
            }
        }
    }

    /// What is left of the resource of which the least is left.
    pub(super) fn remaining(&self) -> Option<u64> {
        let remaining = self.remaining.borrow();
        remaining.values().map(|(left, _)| *left).min()
    }
}

#[cfg(test)]
mod tests;
