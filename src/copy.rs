//! What a promotion copies from a source to a target (semantics: what a promotion copies). Pure.
//!
//! A [`Pair`] is one target and its source. From it follow the revision that has to be resolved, the fields that a
//! promotion may write, and, once the revision is known, the changes. Whether a promotion is *due* is not decided here.

mod compare;
mod comparison;
mod keys;
mod pair;
mod past;
mod version;

pub(crate) use compare::values;
pub(crate) use comparison::{Comparison, Write};
pub(crate) use pair::{Pair, join};
pub(crate) use version::{is_exact_version, is_full_id, looks_like_tag};
