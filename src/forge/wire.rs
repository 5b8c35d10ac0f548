//! One request and its answer: time-outs, size limits, retries of reads, obeying rate limits, counting (R-3.22, A39).
//!
//! A read is tried again within a budget. A write is sent once: callers check whether it was applied. Nothing here
//! follows a redirect or prints; each attempt makes a debug event of `tracing`.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::backoff::Backoff;
use super::error::{ForgeError, Stopped};
use super::limits::{Limit, Limits, Purpose, Refused, number};
use super::network::distrust;

/// Answers larger than this are not read (A39).
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// How long one attempt may take, body included.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The waits between the attempts at a read.
const WAITS: Backoff = Backoff::doubling(1, 4);

/// How long the run may wait for GitHub, and how fast it writes.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// All waiting of one run together.
    pub budget: Duration,
    /// The length of one second of waiting: tests shorten it.
    pub second: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(300),
            second: Duration::from_secs(1),
        }
    }
}

/// Whether a request changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    /// A read that is not tried again: the caller has another way.
    ReadOnce,
    Write,
    /// The one write that is allowed after a primary limit of another resource; then it is sent once.
    ResetSuccess,
}

impl Kind {
    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ResetSuccess)
    }
}

/// A request.
pub(super) struct Ask {
    pub kind: Kind,
    pub method: Method,
    /// A path below the API's root with its query, or an absolute URL of the same host.
    pub path: String,
    pub body: Option<Value>,
    /// The resource that GitHub charges it to: [`REST`](super::limit_kind::REST) or [`GRAPHQL`](super::limit_kind::GRAPHQL).
    pub resource: &'static str,
    /// What is being done, as the end of "could not be asked to …".
    pub operation: String,
}

/// An answer with a status below 300.
#[derive(Debug)]
pub(super) struct Answer {
    pub body: Value,
    /// The server's time, if it was in the answer.
    pub date: Option<Timestamp>,
    /// The next page of a list.
    pub next: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
}

impl Answer {
    pub(super) fn parse<T: DeserializeOwned>(self, operation: &str) -> Result<T, ForgeError> {
        serde_json::from_value(self.body)
            .map_err(|error| ForgeError::NotUnderstood(format!("to {operation}: {error}")))
    }
}

/// How many calls were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that only read.
    pub reads: u64,
    /// Calls that write.
    pub writes: u64,
}

/// The connection to one API with one token.
pub(super) struct Wire {
    client: Octocrab,
    api: Uri,
    patience: Patience,
    left: Cell<Duration>,
    calls: Cell<Calls>,
    /// Ends when the next write may go out.
    pause: RefCell<Option<Pin<Box<tokio::time::Sleep>>>>,
    limits: Limits,
    stop: Arc<AtomicBool>,
    /// How many of our branches the last look showed, with those that were created since.
    pub(super) branches_seen: Cell<Option<usize>>,
    /// The server does not know `Ref.rules`.
    pub(super) lacks_rules_of_refs: Cell<bool>,
    /// What an App opened from one of our branches counts as opened by this account: only for showing it.
    pub(super) shows_pulls_of_apps: Cell<bool>,
}

impl Wire {
    pub(super) fn new(
        client: Octocrab,
        api: Uri,
        patience: Patience,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self {
            client,
            api,
            patience,
            left: Cell::new(patience.budget),
            calls: Cell::default(),
            pause: RefCell::default(),
            limits: Limits::default(),
            branches_seen: Cell::new(None),
            lacks_rules_of_refs: Cell::new(false),
            shows_pulls_of_apps: Cell::new(false),
            stop,
        }
    }

    pub(super) fn calls(&self) -> Calls {
        self.calls.get()
    }

    /// The limits that were met, and what is left of each.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Waits this many seconds, if the budget allows.
    pub(super) async fn wait(&self, seconds: u32) -> bool {
        let Some(wait) = self.charge(seconds) else {
            return false;
        };
        tokio::time::sleep(wait).await;
        !self.stop.load(Ordering::SeqCst)
    }

    /// Waits this many seconds for something that is not an answer, outside of the budget; `false` if the run was told to stop.
    pub(super) async fn pause(&self, seconds: u32) -> bool {
        for _ in 0..seconds {
            if self.stop.load(Ordering::SeqCst) {
                return false;
            }
            tokio::time::sleep(self.patience.second).await;
        }
        !self.stop.load(Ordering::SeqCst)
    }

    /// Takes this many seconds from the budget for waiting; `None` if it does not allow that, or the run was told to
    /// stop.
    fn charge(&self, seconds: u32) -> Option<Duration> {
        let wait = self.patience.second * seconds;
        let left = self.left.get().checked_sub(wait)?;
        if self.stop.load(Ordering::SeqCst) {
            return None;
        }
        self.left.set(left);
        Some(wait)
    }

    pub(super) async fn send(&self, ask: &Ask) -> Result<Answer, ForgeError> {
        if ask.kind.writes() {
            self.pace().await;
            if self.stop.load(Ordering::SeqCst) {
                return Err(ForgeError::Stopped(Stopped::BySignal));
            }
        }
        let purpose = match ask.kind {
            Kind::ResetSuccess => Purpose::ResetSuccess,
            Kind::Read | Kind::ReadOnce | Kind::Write => Purpose::Ordinary,
        };
        let mut waits = WAITS;
        loop {
            if let Some(ends) = self.limits.wait_under_way() {
                tokio::time::sleep_until(ends).await;
            }
            self.limits.admit(ask.resource, purpose)?;
            let error = match self.once(ask).await {
                Ok(Sent::Answer(answer)) => return Ok(answer),
                Ok(Sent::Limited(limit)) => {
                    self.wait_for_end(&limit).await?;
                    if !ask.kind.writes() {
                        continue;
                    }
                    // The caller checks whether a write was applied before it is sent again.
                    return Err(ForgeError::Unreachable {
                        operation: ask.operation.clone(),
                        why: "GitHub's secondary rate limit was hit, and is over".to_owned(),
                    });
                }
                Err(error) => error,
            };
            let again = ask.kind == Kind::Read && error.uncertain();
            match waits.next().filter(|_| again) {
                Some(seconds) if self.wait(jitter(seconds)).await => {}
                _ => return Err(error),
            }
        }
    }

    /// Waits for the end of a limit that refused a call, if it is one that may be waited for. It waits at most once, so
    /// a call is sent at most one more time.
    async fn wait_for_end(&self, limit: &Limit) -> Result<(), ForgeError> {
        let begin = |seconds| {
            let wait = self.charge(seconds)?;
            Some(tokio::time::sleep(wait).deadline())
        };
        match self.limits.refused(limit, begin) {
            Refused::End => Err(limit.error()),
            Refused::Wait(ends) => {
                tokio::time::sleep_until(ends).await;
                self.limits.wait_is_over();
                match self.stop.load(Ordering::SeqCst) {
                    true => Err(limit.error()),
                    false => Ok(()),
                }
            }
        }
    }

    /// Waits until the next write may go out. A look that comes after this is followed by its write at once.
    pub(super) async fn await_pause(&self) {
        let pause = self.pause.take();
        if let Some(pause) = pause {
            pause.await;
        }
    }

    /// At least a second between writes.
    async fn pace(&self) {
        self.await_pause().await;
        let next = Box::pin(tokio::time::sleep(self.patience.second));
        self.pause.replace(Some(next));
    }

    fn count(&self, ask: &Ask) {
        let mut calls = self.calls.get();
        match ask.kind {
            Kind::Read | Kind::ReadOnce => calls.reads += 1,
            Kind::Write | Kind::ResetSuccess => calls.writes += 1,
        }
        self.calls.set(calls);
    }

    async fn once(&self, ask: &Ask) -> Result<Sent, ForgeError> {
        self.count(ask);
        let unreachable = |why: String| ForgeError::Unreachable {
            operation: ask.operation.clone(),
            why,
        };
        let deadline = tokio::time::sleep(MAX_WAIT).deadline();
        let answer = tokio::time::timeout_at(deadline, self.exchange(ask)).await;
        let answer = answer.unwrap_or_else(|_| {
            let why = format!("no answer within {} s", MAX_WAIT.as_secs());
            Err(Broken::Other(why))
        });
        trace(&ask.operation, (deadline - MAX_WAIT).elapsed(), &answer);
        let (status, headers, body) = answer.map_err(|broken| match broken {
            Broken::NotTrusted(why) => ForgeError::NotTrusted {
                host: self.api.host().unwrap_or_default().to_owned(),
                why,
            },
            Broken::Other(why) => unreachable(why),
        })?;
        self.limits.count(ask.resource, &headers);
        let date = server_time(&headers);
        if status.is_success() {
            let value = if body.is_empty() {
                Value::Null
            } else {
                serde_json::from_slice(&body)
                    .map_err(|error| unreachable(format!("its answer is not JSON: {error}")))?
            };
            if let Some(limit) = Limit::of_answer(ask.resource, status, &headers, &value, date) {
                return Ok(Sent::Limited(limit));
            }
            return Ok(Sent::Answer(Answer {
                body: value,
                date,
                next: next_page(&headers),
                headers,
            }));
        }
        self.refusal(ask, status, &headers, &body, date)
    }

    async fn exchange(&self, ask: &Ask) -> Result<Raw, Broken> {
        let uri = self.uri(&ask.path).map_err(Broken::Other)?;
        let request = http::request::Builder::new()
            .method(ask.method.clone())
            .uri(uri);
        let request = self
            .client
            .build_request(request, ask.body.as_ref())
            .map_err(|error| Broken::of(&error))?;
        let response = self
            .client
            .execute(request)
            .await
            .map_err(|error| Broken::of(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES)
            .collect()
            .await
            .map_err(|error| Broken::of(error.as_ref()))?;
        Ok((parts.status, parts.headers, body.to_bytes().to_vec()))
    }

    /// An absolute URL stays on the API's host: a list's next page must not lead the token elsewhere.
    fn uri(&self, path: &str) -> Result<Uri, String> {
        if path.starts_with('/') {
            let root = self.api.to_string();
            return format!("{}{path}", root.trim_end_matches('/'))
                .parse()
                .map_err(|error| format!("{error}"));
        }
        let uri: Uri = path.parse().map_err(|error| format!("{error}"))?;
        if uri.authority() == self.api.authority() && uri.scheme() == self.api.scheme() {
            Ok(uri)
        } else {
            Err("it refers to an address on another host".to_owned())
        }
    }

    fn refusal(
        &self,
        ask: &Ask,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        date: Option<Timestamp>,
    ) -> Result<Sent, ForgeError> {
        let operation = ask.operation.clone();
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Some(limit) = Limit::of_answer(ask.resource, status, headers, &json, date) {
            return Ok(Sent::Limited(limit));
        }
        let Some(said) = said(&json) else {
            return Err(ForgeError::Unreachable {
                operation,
                why: format!("GitHub answered {status}"),
            });
        };
        let lower = said.to_ascii_lowercase();
        Err(match status.as_u16() {
            500.. => ForgeError::Unreachable {
                operation,
                why: format!("GitHub answered {status}: {said}"),
            },
            401 => ForgeError::Unauthorized(said),
            _ if lower.contains("not permitted to create or approve pull requests") => {
                ForgeError::ActionsMayNotOpen
            }
            403 => ForgeError::Forbidden { operation, said },
            404 => ForgeError::NotFound { what: operation },
            300..=399 => ForgeError::Moved { what: operation },
            status => ForgeError::Refused {
                operation,
                status,
                said,
            },
        })
    }
}

/// An answer as it arrived: status, headers and bytes.
type Raw = (StatusCode, HeaderMap, Vec<u8>);

/// The debug line of one attempt.
fn trace(operation: &str, took: Duration, answer: &Result<Raw, Broken>) {
    let ms = took.as_millis();
    match answer {
        Ok((status, headers, _)) => {
            let remaining = number(headers, "x-ratelimit-remaining");
            tracing::debug!(status = status.as_u16(), ms, remaining, "{operation}");
        }
        Err(Broken::NotTrusted(why) | Broken::Other(why)) => {
            tracing::debug!(ms, why, "{operation}");
        }
    }
}

/// Why an attempt was not answered.
enum Broken {
    /// The server's certificate was not accepted.
    NotTrusted(String),
    Other(String),
}

impl Broken {
    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        match distrust(error) {
            Some(why) => Self::NotTrusted(why),
            None => Self::Other(cause(error)),
        }
    }
}

/// What came of one attempt that was answered.
enum Sent {
    Answer(Answer),
    /// Not applied: a rate limit.
    Limited(Limit),
}

/// GitHub's message with the messages of its errors; `None` if the body is not GitHub's.
fn said(body: &Value) -> Option<String> {
    let mut said = body.get("message")?.as_str()?.to_owned();
    let errors = match body.get("errors") {
        Some(Value::Array(errors)) => errors.clone(),
        Some(Value::String(one)) => vec![Value::String(one.clone())],
        _ => Vec::new(),
    };
    for error in errors {
        let text = match &error {
            Value::String(text) => text.clone(),
            other => {
                let part = |name: &str| other.get(name).and_then(Value::as_str).unwrap_or_default();
                match part("message") {
                    "" => format!("{} {} {}", part("resource"), part("field"), part("code")),
                    message => message.to_owned(),
                }
            }
        };
        said.push_str("; ");
        said.push_str(text.trim());
    }
    said.truncate(said.floor_char_boundary(1000));
    Some(said)
}

fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_zoned(text)
        .ok()?;
    Some(zoned.timestamp())
}

/// The `rel="next"` of a Link header.
fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get(http::header::LINK)?.to_str().ok()?;
    links.split(',').find_map(|link| {
        let (url, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then(|| url.to_owned())
    })
}

/// An error and what it came from, in one line.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = inner.source();
    }
    text
}

/// Up to twice this many seconds, so that runs that failed together do not come back together.
fn jitter(seconds: u32) -> u32 {
    let random = RandomState::new().build_hasher().finish();
    seconds + u32::try_from(random % u64::from(seconds + 1)).unwrap_or(0)
}
