//! Sluice on the stand-in GitHub, from a change in one stage to its landing in the next.

mod branches;
mod counts;
mod elsewhere;
mod faults;
mod first_look;
mod labels_and_reviewers;
mod large;
mod limits;
mod moved_base;
mod network;
mod out_of_sight;
mod queue;
mod readme;
pub(crate) mod refused;
mod rules;
mod said;
mod shares;
mod signed;
pub(crate) mod step;
mod ways;
