//! YAML with byte spans: read it, find a field, change that field and nothing else.
//!
//! Printing a parsed tree loses comments and layout, so nothing in here ever prints a file. A file is parsed into an
//! arena of nodes with their positions ([`syntax`]), a field is found by its [`path`], a new value is rendered in the
//! style of the old one ([`scalar`]), the few bytes are replaced ([`edit`]), and the result is proved by two
//! independent parsers before it is returned ([`verify`]). Typed reading with positions is [`de`].
//!
//! The crate knows nothing of what the files mean: no kind of object, no field by name except `items`, the list that may hold several objects in one
//! document.

pub mod de;
pub mod edit;
pub mod lookup;
pub mod path;
pub mod scalar;
pub mod syntax;
pub mod verify;

pub use de::{DeError, Located, Unknown, from_node};
pub use edit::{
    Edit, EditError, EditErrorKind, Editable, Edited, Expect, Form, Identity, Note, apply, probe,
};
pub use lookup::{Lookup, Parent, Via};
pub use path::{FieldPath, Segment};
pub use syntax::{
    Document, Entry, Limits, Lines, Node, NodeId, NodeKind, Position, ScalarStyle, Span, Stream,
    SyntaxError, SyntaxErrorKind,
};

/// The example of the README, which is run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
