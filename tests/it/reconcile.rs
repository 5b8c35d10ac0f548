//! Sluice on the stand-in GitHub, from a change in one stage to its landing in the next.

mod attacks;
mod attacks_branches;
mod attacks_events;
mod attacks_forged;
mod attacks_labels;
mod attacks_reading;
mod attacks_text;
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
mod queue;
mod readme;
mod refused;
mod rules;
mod said;
mod shares;
mod signed;
mod step;
mod ways;
