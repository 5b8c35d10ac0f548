//! The status of every pipeline, as text and as JSON.

mod document;
mod installation;
mod lines;
mod text;

pub(crate) use document::json;
pub(crate) use text::{NO_PIPELINE, text};

#[cfg(test)]
mod tests;
