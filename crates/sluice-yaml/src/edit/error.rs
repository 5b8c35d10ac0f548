//! Why an edit is refused.

use crate::path::FieldPath;
use crate::syntax::{NodeId, Position, Stream, SyntaxError, SyntaxErrorKind};

/// Why an edit was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", At(position))]
pub struct EditError {
    /// What a caller can branch on.
    pub kind: EditErrorKind,
    /// The position in the original file, if it is a single one.
    pub position: Option<Position>,
    /// What is in the way and what to do about it.
    pub message: String,
    /// The positions of the objects or elements of which only one can be meant.
    pub candidates: Vec<Position>,
}

/// The kinds of [`EditError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EditErrorKind {
    /// The file itself cannot be read.
    Syntax(SyntaxErrorKind),
    /// No object, or no list element, is the one that is asked for.
    NotFound,
    /// Several are.
    Ambiguous,
    /// A duplicate key matters here.
    DuplicateKey,
    /// The path leads through an alias.
    AliasOnPath,
    /// The path leads through a `<<` merge.
    MergeOnPath,
    /// The value or something around it has an anchor that is used elsewhere.
    SharedAnchor,
    /// The mapping that the key belongs to is not there.
    MissingParent,
    /// Something on the path is neither a mapping nor missing.
    NotAMapping,
    /// The field is a mapping or a list.
    NotAScalar,
    /// It is written in a way that is not edited.
    Layout,
    /// The style of the value cannot hold the new text.
    Value,
    /// A note that is not one safe line.
    Note,
    /// Two edits set the same field.
    Conflict,
    /// The outcome could not be proved to be the edit and nothing else.
    Unproved,
}

pub(super) struct At<'a>(&'a Option<Position>);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |position| write!(f, "{position}: "))
    }
}

impl EditError {
    pub(crate) fn new(
        kind: EditErrorKind,
        position: Option<Position>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            position,
            message: message.into(),
            candidates: Vec::new(),
        }
    }
}

impl From<SyntaxError> for EditError {
    fn from(error: SyntaxError) -> Self {
        let message = match error.kind {
            SyntaxErrorKind::Broken => {
                format!("the file is not YAML that can be edited: {}", error.message)
            }
            _ => error.message,
        };
        Self::new(
            EditErrorKind::Syntax(error.kind),
            Some(error.position),
            message,
        )
    }
}

pub(super) fn conflict(stream: &Stream, node: NodeId, path: &FieldPath) -> EditError {
    let message = format!("two edits set `{path}`: keep one of them");
    EditError::new(
        EditErrorKind::Conflict,
        Some(stream.position(node)),
        message,
    )
}
