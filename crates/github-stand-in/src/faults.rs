//! What a test makes go wrong, and when: faults and hooks share one way to name calls. Knows nothing of sockets.

use super::record::Seen;
use super::secondary_limit::Secondary;
use super::world::World;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a call instead of, or after, the true answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// 500, nothing applied.
    ServerError,
    /// The call is carried out, the answer is 502.
    BadGatewayAfterApply,
    /// The call is carried out, the connection closes without an answer: what a client sees as a time-out.
    CloseAfterApply,
    /// The connection closes without an answer, and nothing was applied: what a killed client leaves behind.
    CloseBeforeApply,
    /// The secondary limit begins with this call: for this many seconds of the stand-in's clock it and every other call
    /// of the token is refused, REST and GraphQL, with 403 and `Retry-After`.
    SecondaryLimit(u64),
    /// As [`Self::SecondaryLimit`], without `Retry-After`.
    SecondaryLimitWithoutEnd(u64),
    /// As [`Self::SecondaryLimit`]; GraphQL says it with status 200.
    SecondaryLimitInGraphQl(u64),
    /// As [`Self::SecondaryLimit`], with 429.
    TooManyRequests(u64),
    /// The budget of the call's resource is used up from this call until its reset: 403, or 200 and an error in GraphQL, with
    /// `x-ratelimit-remaining: 0` and the reset time.
    PrimaryLimit,
    /// 404, nothing applied.
    NotFound,
    /// 200 with a page for people.
    Html,
    /// 200 with JSON that ends in the middle (the length is right).
    TruncatedJson,
    /// The true answer, later.
    Slow(Duration),
    /// The true answer, but the connection closes in the middle of the body.
    CutBody,
    /// 200 with a body that never ends.
    EndlessBody,
    /// Some other status with that `message`, nothing applied.
    Status(u16, String),
    /// 200 with every root field null and one error with that type (no type if it is empty) and message, nothing
    /// applied: how GraphQL fails. A REST call gets [`Self::ServerError`].
    GraphQlError(String, String),
    /// Of several mutations in one document only the first is carried out. The answer has its result, and for each of the others null
    /// and an error. Any other call gets [`Self::ServerError`].
    StopsAfterFirstMutation,
    /// Of several mutations in one document only the first is carried out, and the answer is 502. Any other call gets
    /// [`Self::ServerError`].
    GatewayAfterFirstMutation,
    /// 200 with every root field null and one error that names a field far below: how GraphQL breaks a query off that takes too much (seen
    /// on GitHub since 2026, for `user`). A REST call gets [`Self::ServerError`].
    BrokenOff,
}

impl Fault {
    /// The secondary limit that begins with the call, if one does.
    pub(super) fn secondary(&self) -> Option<Secondary> {
        let (seconds, end_is_said, status, graphql_status) = match self {
            Self::SecondaryLimit(seconds) => (*seconds, true, 403, 403),
            Self::SecondaryLimitWithoutEnd(seconds) => (*seconds, false, 403, 403),
            Self::SecondaryLimitInGraphQl(seconds) => (*seconds, true, 403, 200),
            Self::TooManyRequests(seconds) => (*seconds, true, 429, 429),
            _ => return None,
        };
        Some(Secondary {
            seconds,
            end_is_said,
            status,
            graphql_status,
        })
    }

    /// One of every kind, to try each at every call of a scenario. Waits are short, except for the body that never ends.
    pub fn every() -> Vec<Self> {
        let text = "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.";
        vec![
            Self::ServerError,
            Self::BadGatewayAfterApply,
            Self::CloseAfterApply,
            Self::CloseBeforeApply,
            Self::SecondaryLimit(1),
            Self::SecondaryLimitWithoutEnd(1),
            Self::SecondaryLimitInGraphQl(1),
            Self::TooManyRequests(1),
            Self::PrimaryLimit,
            Self::NotFound,
            Self::Html,
            Self::TruncatedJson,
            Self::Slow(Duration::from_millis(5)),
            Self::CutBody,
            Self::EndlessBody,
            Self::Status(401, "Bad credentials".to_owned()),
            Self::GraphQlError(String::new(), text.to_owned()),
            Self::BrokenOff,
        ]
    }

    /// What can happen between two mutations of one document.
    pub fn between_mutations() -> Vec<Self> {
        vec![
            Self::StopsAfterFirstMutation,
            Self::GatewayAfterFirstMutation,
        ]
    }

    /// Whether a client can only wait, or stop, after it, whatever was asked for: a rate limit, or a token that is not taken.
    pub fn ends_a_run(&self) -> bool {
        let is_limit = self.secondary().is_some() || matches!(self, Self::PrimaryLimit);
        is_limit || matches!(self, Self::Status(401, _))
    }

    /// Whether the call is carried out nevertheless.
    pub fn applies(&self) -> bool {
        matches!(
            self,
            Self::BadGatewayAfterApply | Self::CloseAfterApply | Self::Slow(_) | Self::CutBody
        )
    }

    /// Whether what the client gets is the true answer (only then a contract can be asked for).
    pub fn honest(&self) -> bool {
        matches!(self, Self::Slow(_))
    }
}

#[derive(Debug, Clone)]
enum Which {
    Any,
    Writes,
    Reads,
    Rest(String, String),
    Operation(String),
    Like(String),
    From(usize),
}

/// Names calls: which kind, from which one on, how many of them.
#[derive(Debug, Clone)]
pub struct When {
    which: Which,
    /// What the body must contain.
    part: Option<String>,
    skip: usize,
    times: usize,
}

impl When {
    fn new(which: Which) -> Self {
        Self {
            which,
            part: None,
            skip: 0,
            times: 1,
        }
    }

    /// The next call, whatever it is.
    pub fn any() -> Self {
        Self::new(Which::Any)
    }

    /// The next call that changes something.
    pub fn write() -> Self {
        Self::new(Which::Writes)
    }

    /// The next call that only looks.
    pub fn read() -> Self {
        Self::new(Which::Reads)
    }

    /// The next REST call of that method whose path contains `part`.
    pub fn rest(method: &str, part: &str) -> Self {
        Self::new(Which::Rest(method.to_owned(), part.to_owned()))
    }

    /// The next GraphQL call of that operation name, or with that field at its root.
    pub fn graphql(operation: &str) -> Self {
        Self::new(Which::Operation(operation.to_owned()))
    }

    /// The next call that asks for the same as this one (see [`Seen::asks_for`]).
    pub fn like(call: &Seen) -> Self {
        Self::new(Which::Like(call.asks_for()))
    }

    /// The call of that index (see [`Seen::index`]), whatever it is; with [`Self::always`] also every one after it.
    pub fn call(index: usize) -> Self {
        Self::new(Which::From(index))
    }

    /// Only calls whose body contains this.
    pub fn sending(mut self, part: &str) -> Self {
        self.part = Some(part.to_owned());
        self
    }

    /// Not the next but the `n`th from now on, counted from 1.
    pub fn nth(mut self, n: usize) -> Self {
        self.skip = n.max(1) - 1;
        self
    }

    /// This many in a row.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Every one from there on.
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// Counts a call; true if it is the one that is meant.
    pub(super) fn meets(&mut self, seen: &Seen) -> bool {
        let fits = match &self.which {
            Which::Any => true,
            Which::Writes => seen.write,
            Which::Reads => !seen.write,
            Which::Rest(method, part) => {
                seen.operation.is_none() && seen.method == *method && seen.path.contains(part)
            }
            Which::Operation(name) => seen
                .operation
                .as_ref()
                .is_some_and(|operation| operation.is(name)),
            Which::Like(asked) => seen.asks_for() == *asked,
            Which::From(index) => seen.index >= *index,
        };
        let sends = |part: &String| String::from_utf8_lossy(&seen.body).contains(part.as_str());
        if !fits || !self.part.as_ref().is_none_or(sends) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let meant = self.times > 0;
        self.times = self.times.saturating_sub(1);
        meant
    }

    /// Whether it can never be met again.
    pub(super) fn spent(&self) -> bool {
        self.times == 0
    }
}

/// What a test does just before a call is carried out.
pub type Hook = Arc<Mutex<dyn FnMut(&mut World, &Seen) + Send>>;
