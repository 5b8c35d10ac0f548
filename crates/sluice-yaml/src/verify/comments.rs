//! The comments of the outcome are those of the original, but for our planned ones.

use super::unproved::unproved;
use crate::edit::error::EditError;
use crate::edit::plan::Plan;
use crate::edit::splice::CommentChange;
use crate::syntax::{Span, Stream};

pub(super) fn compare(old: &Stream, new: &Stream, plan: &Plan<'_>) -> Result<(), EditError> {
    let mut expected: Vec<&str> = Vec::with_capacity(old.comments().len());
    let mut comments = old.comments().iter().peekable();
    for splice in &plan.splices {
        while let Some(comment) = comments.next_if(|comment| comment.start < splice.span.start) {
            if comment.end > splice.span.start {
                return Err(differs(old, *comment));
            }
            expected.push(text(old, *comment));
        }
        let inside = comments.next_if(|comment| comment.start < splice.span.end);
        match (&splice.comment, inside) {
            (CommentChange::None, None) | (CommentChange::Removed, Some(_)) => {}
            (CommentChange::Added(added), None) => {
                expected.extend(added.iter().map(|comment| &**comment));
            }
            (CommentChange::Replaced(comment), Some(_)) => expected.push(comment),
            (_, Some(comment)) => return Err(differs(old, *comment)),
            (_, None) => {
                return Err(unproved(None, "the comment to change does not exist"));
            }
        }
    }
    expected.extend(comments.map(|comment| text(old, *comment)));
    let found = new.comments();
    if expected.len() != found.len() {
        return Err(unproved(None, "a comment would appear or disappear"));
    }
    for (expected, found) in expected.into_iter().zip(found) {
        if expected.trim_end() != text(new, *found).trim_end() {
            return Err(unproved(
                Some(new.position_of(found.start)),
                "a comment would change",
            ));
        }
    }
    Ok(())
}

fn text(stream: &Stream, comment: Span) -> &str {
    &stream.source()[comment.start..comment.end]
}

fn differs(old: &Stream, comment: Span) -> EditError {
    unproved(
        Some(old.position_of(comment.start)),
        "a comment would change",
    )
}
