//! GitHub's rate limits by name.

/// Which of GitHub's rate limits was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// The number of calls (REST) or points (GraphQL) of an hour.
    Primary,
    /// Too many calls in a short time; it stops REST and GraphQL alike.
    Secondary,
}

/// The limits that GitHub counts by, as `x-ratelimit-resource` names them.
pub(super) const REST: &str = "core";

pub(super) const GRAPHQL: &str = "graphql";
