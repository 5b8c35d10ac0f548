//! What the scenarios share.

pub mod contract;
pub mod git;
