//! What is to be edited, and how.

use crate::path::FieldPath;
use crate::syntax::{NodeId, Span};

/// What an identity asks of one field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// A scalar with exactly this text.
    Equals(String),
    /// A scalar whose text begins so.
    Prefix(String),
    /// Missing, or null.
    Absent,
}

/// Which object of a file is meant: a document, or an element of a document's top-level `items` list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// All of these must hold, for exactly one object of the file. Paths begin at the object.
    pub fields: Vec<(FieldPath, Expect)>,
}

/// What happens to our comment behind the value: `# sluice: <name>`. A person's comment there is never changed; then
/// ours is left out, and also if the line continues behind the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// Nothing.
    Keep,
    /// It holds this name: one line without anything invisible.
    Set(String),
    /// It is removed, with the blanks before it.
    Remove,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// So that every parser reads it as this string.
    #[default]
    Text,
    /// As it is, without quotes: a number or a boolean, which it stays.
    Bare,
}

/// The text that a field is to have, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewValue<'a> {
    pub text: &'a str,
    pub form: Form,
}

impl Edit {
    pub(super) fn new_value(&self) -> NewValue<'_> {
        NewValue {
            text: &self.value,
            form: self.form,
        }
    }
}

/// One field that is to have a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// In which object.
    pub object: Identity,
    /// Which field of it. A last key that is missing is added to its mapping.
    pub path: FieldPath,
    /// The field's text.
    pub value: String,
    /// How it is written.
    pub form: Form,
    /// What becomes of our comment.
    pub note: Note,
}

/// A file with all edits made, proved by two parsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// For each edit, in the order given, its line in the original file, from 1; for a new key the line it goes behind.
    pub lines: Vec<u32>,
    /// The bytes of the original file that were replaced, in order; an empty span where something was inserted. Empty
    /// if everything was already there: then `bytes` is the input.
    pub changed: Vec<Span>,
}

/// How a field would be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Editable {
    /// Its value is replaced.
    Replace {
        /// The value; an alias itself, not what it refers to.
        node: NodeId,
    },
    /// Its key is added.
    Insert {
        /// The mapping, or the null below which one begins.
        parent: NodeId,
    },
}
