//! The syntax tree of one YAML file: every node with its bytes, its anchor, its tag and its style.
//!
//! Owns: what a node is, its position, and the limits for hostile input. It resolves nothing: an alias stays an alias,
//! `<<` stays a key, `1.10` stays the text `1.10`. The span parser behind it is named only in `build`.

mod breaks;
mod build;
mod builder;
pub(crate) mod index;
mod lines;
mod model;
mod place;
mod scan;
#[cfg(feature = "count-steps")]
pub mod steps;
mod stream;

pub use lines::Lines;
pub(crate) use model::Block;
pub use model::{
    Document, DuplicateKey, Entry, Limits, Node, NodeId, NodeKind, Position, ScalarStyle,
};
pub use model::{Span, SyntaxError, SyntaxErrorKind};
pub(crate) use scan::{line_break_of, line_end, skip_between, skip_blanks};
pub use stream::Stream;

#[cfg(test)]
mod tests;
