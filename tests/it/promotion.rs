//! Promotions on folders and repositories: which there are, in which state, what they copy and bring, and `promote --local`.

mod backwards;
mod commits;
mod copying;
mod due;
mod local;
mod many_stages;
mod monorepo;
mod planner;
mod wide;
