//! GraphQL: at an absolute URL, where every error is a failure.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::backoff::Backoff;
use super::client::Forge;
use super::error::ForgeError;
use super::limit_kind::GRAPHQL;
use super::wire::{Ask, Kind};

impl Forge {
    /// A query; any error in its answer is a failure.
    pub(super) async fn query(
        &self,
        query: &str,
        variables: Value,
        operation: &str,
    ) -> Result<(Value, Option<Timestamp>), ForgeError> {
        whole(
            self.query_partial(query, variables, operation).await?,
            operation,
        )
    }

    /// Like [`Self::query`], but not tried again if it is not answered.
    pub(super) async fn query_once(
        &self,
        query: &str,
        variables: Value,
        operation: &str,
    ) -> Result<(Value, Option<Timestamp>), ForgeError> {
        whole(
            self.probe_once(query, variables, operation).await?,
            operation,
        )
    }

    /// A query whose parts may fail individually: the data, the errors with their paths, and the server's time.
    pub(super) async fn query_partial(
        &self,
        query: &str,
        variables: Value,
        operation: &str,
    ) -> Result<PartialResponse, ForgeError> {
        self.graphql(Kind::Read, query, variables, operation).await
    }

    /// Like [`Self::query_partial`], but not tried again if it is not answered.
    pub(super) async fn probe_once(
        &self,
        query: &str,
        variables: Value,
        operation: &str,
    ) -> Result<PartialResponse, ForgeError> {
        self.graphql(Kind::ReadOnce, query, variables, operation)
            .await
    }

    /// Sends a query or a mutation, and a query again if GitHub says in its answer that something went wrong for a moment.
    pub(super) async fn graphql(
        &self,
        kind: Kind,
        query: &str,
        variables: Value,
        operation: &str,
    ) -> Result<PartialResponse, ForgeError> {
        let ask = Ask {
            kind,
            method: Method::POST,
            path: self.graphql_url.clone(),
            body: Some(json!({ "query": query, "variables": variables })),
            resource: GRAPHQL,
            operation: operation.to_owned(),
        };
        let mut waits = Backoff::doubling(1, 3);
        loop {
            let answer = self.wire.send(&ask).await?;
            let mut body = answer.body;
            let errors: Vec<GraphqlError> = body
                .get("errors")
                .and_then(Value::as_array)
                .map(|errors| errors.iter().map(GraphqlError::of).collect())
                .unwrap_or_default();
            // GraphQL says "something went wrong" with status 200.
            let again = errors.iter().any(GraphqlError::passing);
            if again && kind == Kind::Read && self.wait_for(&mut waits).await {
                continue;
            }
            let data = body.get_mut("data").map(Value::take).unwrap_or(Value::Null);
            if data.is_null() && errors.is_empty() {
                return Err(ForgeError::NotUnderstood(format!(
                    "to {operation}: the answer has neither data nor errors"
                )));
            }
            return Ok((data, errors, answer.date));
        }
    }
}

/// Data, errors, and the server's time.
pub(super) type PartialResponse = (Value, Vec<GraphqlError>, Option<Timestamp>);

/// An answer of which nothing failed.
pub(super) fn whole(
    (data, errors, date): PartialResponse,
    operation: &str,
) -> Result<(Value, Option<Timestamp>), ForgeError> {
    match errors.first() {
        None => Ok((data, date)),
        Some(error) => Err(error.typed(operation)),
    }
}

/// One error of a GraphQL answer.
#[derive(Clone, Debug)]
pub(super) struct GraphqlError {
    /// The path that failed; empty if all did.
    pub path: Vec<String>,
    kind: String,
    message: String,
}

impl GraphqlError {
    /// As an answer holds it.
    pub(super) fn of(value: &Value) -> Self {
        let text = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let path = value.get("path").and_then(Value::as_array);
        Self {
            path: path
                .into_iter()
                .flatten()
                .map(|part| {
                    part.as_str()
                        .map_or_else(|| part.to_string(), str::to_owned)
                })
                .collect(),
            kind: text("type"),
            message: text("message"),
        }
    }

    fn passing(&self) -> bool {
        self.message.starts_with("Something went wrong")
    }

    /// Whether a branch does not point where the caller said that it does.
    pub(super) fn is_stale(&self) -> bool {
        self.kind == "STALE_DATA"
    }

    /// Whether the query was not carried out to its end, whichever field the error names.
    pub(super) fn is_broken_off(&self) -> bool {
        self.kind == "RESOURCE_LIMITS_EXCEEDED" || self.passing()
    }

    pub(super) fn is_forbidden(&self) -> bool {
        self.kind == "FORBIDDEN" || self.message.contains("not accessible by")
    }

    pub(super) fn typed(&self, operation: &str) -> ForgeError {
        let lower = self.message.to_ascii_lowercase();
        let operation = operation.to_owned();
        if lower.contains("not permitted to create or approve pull requests") {
            return ForgeError::ActionsMayNotOpen;
        }
        if self.is_forbidden() {
            return ForgeError::Forbidden {
                operation,
                said: self.message.clone(),
            };
        }
        if self.kind == "NOT_FOUND" {
            return ForgeError::NotFound { what: operation };
        }
        if self.passing() {
            return ForgeError::Unreachable {
                operation,
                why: self.message.clone(),
            };
        }
        ForgeError::Refused {
            operation,
            status: 200,
            said: self.message.clone(),
        }
    }
}
