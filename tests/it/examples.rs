//! Examples: the fixtures, and what Plural publishes.

mod fixtures;
mod k3s;
mod published;
