//! Proposals: open, closed, held, and out of sight.

pub(crate) mod build;
pub(crate) mod closed;
pub(crate) mod closed_holds;
pub(crate) mod out_of_sight;
pub(crate) mod placed;
