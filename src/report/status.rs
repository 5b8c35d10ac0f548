//! How every pipeline stands, as text and as JSON.

mod document;
mod lines;
mod text;

pub use document::json;
pub use text::{NO_PIPELINE, text};

#[cfg(test)]
mod tests;
