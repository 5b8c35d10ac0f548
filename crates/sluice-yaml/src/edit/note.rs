//! Our comment behind a value. The one comment that may be changed.

use super::error::{EditError, EditErrorKind};
use super::request::Note;
use super::splice::{CommentChange, Order, Splice};
use crate::scalar::must_escape;
use crate::syntax::{NodeId, Span, Stream, skip_blanks};

const PREFIX: &str = "# sluice: ";

/// Longer names are refused, in characters.
const MAX_LENGTH: usize = 200;

/// The whole comment.
pub(super) fn text(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// Whether a comment is ours. Anything that differs in one character is a person's.
fn is_ours(comment: &str) -> bool {
    let name = comment.trim_end().strip_prefix(PREFIX);
    name.is_some_and(|name| !name.starts_with([' ', '\t']))
}

/// Refuses a name that could end the comment, hide in it, or not be recognised again.
pub(super) fn check(note: &Note) -> Result<(), EditError> {
    let Note::Set(name) = note else { return Ok(()) };
    let is_safe = !name.is_empty()
        && name.trim() == name
        && !name.chars().any(must_escape)
        && name.chars().count() <= MAX_LENGTH;
    if is_safe {
        return Ok(());
    }
    let message = format!(
        "the name for the comment must be one line of at most {MAX_LENGTH} characters, without blanks at either end and without invisible characters"
    );
    Err(EditError::new(EditErrorKind::Note, None, message))
}

/// Plans what happens to the comment behind an existing value.
pub(super) fn plan(stream: &Stream, value: NodeId, note: &Note, splices: &mut Vec<Splice>) {
    let source = stream.source();
    let behind = stream.behind_value(value);
    let comment = stream.trailing_comment_span(value);
    let ours = comment.filter(|comment| is_ours(&source[comment.start..comment.end]));
    let (span, text, comment) = match (note, comment, ours) {
        (Note::Set(name), None, _) => {
            let at = skip_blanks(source.as_bytes(), behind);
            if !matches!(source.as_bytes().get(at), None | Some(b'\n' | b'\r')) {
                return;
            }
            let blank = if at == behind { " " } else { "" };
            let text = text(name);
            let added = CommentChange::Added(vec![text.clone()]);
            (Span { start: at, end: at }, format!("{blank}{text}"), added)
        }
        (Note::Set(name), Some(_), Some(ours)) => {
            let new = text(name);
            let old = source[ours.start..ours.end].trim_end();
            if old == new {
                return;
            }
            let end = ours.start + old.len();
            (
                Span {
                    start: ours.start,
                    end,
                },
                new.clone(),
                CommentChange::Replaced(new),
            )
        }
        (Note::Remove, _, Some(ours)) => (
            Span {
                start: behind,
                end: ours.end,
            },
            String::new(),
            CommentChange::Removed,
        ),
        _ => return,
    };
    splices.push(Splice {
        span,
        text,
        comment,
        order: Order::Note,
    });
}
