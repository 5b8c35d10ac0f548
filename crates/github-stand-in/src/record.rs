//! What was called and what was answered, in order: for counting calls, for assertions, and for looking for secrets that leaked.

use serde_json::Value;
use std::time::Instant;

/// The GraphQL part of a call.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    /// Its name; empty if it has none.
    pub name: String,
    /// The fields at its root, without aliases.
    pub fields: Vec<String>,
    /// The same, by the names that they have in the answer.
    pub keys: Vec<String>,
    /// The whole document.
    pub document: String,
    /// Its variables.
    pub variables: Value,
    /// Whether it is a mutation.
    pub mutation: bool,
}

impl Operation {
    /// Whether it has that name, or that field at its root.
    pub fn is(&self, name: &str) -> bool {
        self.name == name || self.fields.iter().any(|field| field == name)
    }
}

/// One call.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The index of the call, from 1, in the order of arrival; counted again from 1 by [`super::GitHub::forget_calls`].
    pub index: usize,
    /// When it arrived, in real time.
    pub began: Option<Instant>,
    /// When its answer left (or its connection was dropped), in real time.
    pub ended: Option<Instant>,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without `/api/v3`.
    pub path: String,
    /// The query string as it came.
    pub query: String,
    /// For GraphQL calls.
    pub operation: Option<Operation>,
    /// Whether it could change something.
    pub write: bool,
    /// Request headers as they came, the token included.
    pub headers: Vec<(String, String)>,
    /// Request body as it came.
    pub body: Vec<u8>,
    /// Status of the answer; None if the connection was closed without one.
    pub status: Option<u16>,
    /// Headers of the answer.
    pub answer_headers: Vec<(String, String)>,
    /// Body of the answer (what was meant to be sent, if it was cut).
    pub answer: Vec<u8>,
    /// It was refused because of a rate limit.
    pub limited: bool,
    /// The fault that was put on it.
    pub fault: Option<String>,
}

impl Seen {
    /// A request header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Request headers with the credentials taken out, for snapshots.
    pub fn redacted(&self) -> Vec<(String, String)> {
        let hide = |key: &str| key.eq_ignore_ascii_case("authorization");
        self.headers
            .iter()
            .map(|(key, value)| {
                let value = if hide(key) { "[redacted]" } else { value };
                (key.clone(), value.to_owned())
            })
            .collect()
    }

    /// The request body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body of the answer as JSON; null if it is not JSON.
    pub fn answer_json(&self) -> Value {
        serde_json::from_slice(&self.answer).unwrap_or(Value::Null)
    }

    /// One line for assertions: `PUT /repos/a/b/pulls/1/merge` or `graphql Name`.
    pub fn line(&self) -> String {
        match &self.operation {
            Some(operation) if operation.name.is_empty() => {
                format!("graphql {}", operation.fields.join(","))
            }
            Some(operation) => format!("graphql {}", operation.name),
            None => format!("{} {}", self.method, self.path),
        }
    }

    /// What it asks for: method and path, or a GraphQL document, without what fills its variables.
    pub fn asks_for(&self) -> String {
        match &self.operation {
            Some(operation) => operation.document.clone(),
            None => format!("{} {}", self.method, self.path),
        }
    }

    /// Whether it cannot have been sent before `other` was answered: it arrived after `other` had ended.
    pub fn follows(&self, other: &Self) -> bool {
        matches!((other.ended, self.began), (Some(ended), Some(began)) if ended <= began)
    }

    /// Everything of the request that could carry a secret, except the `Authorization` header: for the canary scan.
    pub fn sent(&self) -> Vec<u8> {
        let mut all = format!("{} {}?{}\n", self.method, self.path, self.query).into_bytes();
        for (key, value) in self
            .headers
            .iter()
            .filter(|(key, _)| !key.eq_ignore_ascii_case("authorization"))
        {
            all.extend_from_slice(format!("{key}: {value}\n").as_bytes());
        }
        all.extend_from_slice(&self.body);
        all
    }
}

/// The longest chain of calls of which each began after the one before it had ended: what a client waits for, one after the other.
/// Gives the calls of one such chain, first to last.
pub fn longest_chain(calls: &[Seen]) -> Vec<&Seen> {
    let mut order: Vec<&Seen> = calls.iter().filter(|call| call.ended.is_some()).collect();
    order.sort_by_key(|call| (call.began, call.index));
    // For each call the length of the longest chain that it ends, and the call before it in that chain.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(order.len());
    for (at, call) in order.iter().enumerate() {
        let before = (0..at)
            .filter(|earlier| call.follows(order[*earlier]))
            .max_by_key(|earlier| best[*earlier].0);
        best.push((before.map_or(1, |earlier| best[earlier].0 + 1), before));
    }
    let mut chain = Vec::new();
    let mut at = (0..best.len()).max_by_key(|at| best[*at].0);
    while let Some(here) = at {
        chain.push(order[here]);
        at = best[here].1;
    }
    chain.reverse();
    chain
}
