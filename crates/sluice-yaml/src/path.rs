//! The path of a field inside one document: `spec.sources[0].git.ref`, `spec.containers[name=web].image`.
//!
//! Owns the text form. A key that is not made of ASCII letters, digits, `_` and `-` is quoted like a JSON string:
//! `spec.configuration."db.password"`. What [`FieldPath`] prints, it parses again to the same path.

mod field_path;
mod parse;
mod word;

pub use field_path::{FieldPath, Segment};
pub use parse::ParsePathError;

#[cfg(test)]
mod tests;
