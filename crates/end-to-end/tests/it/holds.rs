//! Holds: by the policy, by a label, by closing a pull request, and what was set by hand.

mod closed;
mod hotfix;
mod label;
mod label_and_freeze;
mod policy;
mod vetoes;
