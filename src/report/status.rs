//! How every pipeline stands, as text and as JSON.

mod document;
mod lines;
mod text;

pub use document::json;
pub use text::text;

/// Said where there is nothing to look at.
pub const NO_PIPELINE: &str = "There is no Pipeline here, so there is nothing to promote.";

#[cfg(test)]
mod tests;
