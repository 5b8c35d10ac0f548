//! The secondary rate limit, as a state of a token.

/// How a secondary limit is reported.
#[derive(Debug, Clone, Copy)]
pub struct Secondary {
    /// How long it holds from its first call on.
    pub seconds: u64,
    /// `Retry-After` says when it ends.
    pub end_is_said: bool,
    /// The status of REST's refusals.
    pub status: u16,
    /// The status of GraphQL's refusals.
    pub graphql_status: u16,
}
