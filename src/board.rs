//! The board: one HTML page about what waits, what each service runs in each stage, and what landed.
//!
//! It is made from two JSON documents, those of `status --format json` and of `history --verify --format json`, and
//! from nothing else. No clock, no file, no repository: the documents go in and the page comes out. All text in them is
//! foreign and is escaped in one place ([`mod@page`]).

mod ages;
mod cell;
mod changes;
mod documents;
mod figures;
mod gates;
mod landings;
mod links;
mod matrix;
mod page;
mod past;
mod state;
mod waiting;

#[cfg(test)]
mod tests;

pub(crate) use links::Site;
pub(crate) use page::{Source, page};
