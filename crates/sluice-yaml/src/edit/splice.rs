//! Exchanging bytes.

use super::error::{EditError, EditErrorKind};
use crate::syntax::Span;

/// Bytes of the original file and their replacement.
#[derive(Clone, Debug)]
pub(crate) struct Splice {
    /// Empty if something is inserted.
    pub span: Span,
    pub text: String,
    /// What it does to our comment, if anything.
    pub comment: CommentChange,
    /// The order of several that begin at the same byte.
    pub order: Order,
}

/// What a splice does to the file's comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommentChange {
    None,
    /// Comments in the new text; there were none before.
    Added(Vec<String>),
    /// The one comment in the span is gone.
    Removed,
    /// The one comment in the span now has this text.
    Replaced(String),
}

/// On one line a value is before its comment, the content of a block scalar on the lines after it, and new keys after
/// that, those of an inner mapping before those of an outer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    Value,
    /// A comma or an entry of a flow mapping, before a comment.
    Comma,
    Note,
    BlockText,
    /// Deeper mappings first: by descending indentation.
    NewKeys(std::cmp::Reverse<usize>),
}

#[cfg(test)]
impl Splice {
    pub(crate) fn put(span: Span, text: &str, comment: CommentChange) -> Self {
        Self {
            span,
            text: text.to_owned(),
            comment,
            order: Order::Value,
        }
    }
}

/// In the order of the file. Splices at one byte with one order keep the order of the edits.
pub(super) fn sort(splices: &mut [Splice]) {
    splices.sort_by_key(|splice| (splice.span.start, splice.order));
}

/// The new file.
///
/// # Errors
/// If two splices overlap.
pub(super) fn apply(original: &[u8], splices: &[Splice]) -> Result<Vec<u8>, EditError> {
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut bytes = Vec::with_capacity(original.len() + added);
    let mut copied = 0;
    for splice in splices {
        let Some(between) = original.get(copied..splice.span.start) else {
            let message = "two of the edits change the same bytes: make them one after the other";
            return Err(EditError::new(EditErrorKind::Conflict, None, message));
        };
        bytes.extend_from_slice(between);
        bytes.extend_from_slice(splice.text.as_bytes());
        copied = splice.span.end;
    }
    bytes.extend_from_slice(original.get(copied..).unwrap_or_default());
    Ok(bytes)
}
