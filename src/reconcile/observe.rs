//! What a round reads: the pull requests, the manifests and the history at one tip of the base branch.

pub(crate) mod checkout;
pub(crate) mod fetch;
pub(crate) mod observation;
pub(crate) mod prefetch;
