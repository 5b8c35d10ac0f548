//! Requests to GitHub: how many a run makes, what is read in one, and what limits of GitHub do to it.

pub(crate) mod counts;
mod first_look;
mod large;
mod pages;
mod rate_limits;
