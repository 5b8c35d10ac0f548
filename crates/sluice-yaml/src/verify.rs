//! The proof that an edited file is the original with the planned edits, and nothing else.
//!
//! It takes nothing from the way the edit was made but the plan: the bytes outside the planned spans, the tree, the
//! anchors, tags and comments of the outcome are compared with the original, and a second, independent parser must
//! read the same texts out of it as the first one. What is not proved is not written.

mod comments;
mod second;
mod trees;
mod unproved;

use super::edit::error::EditError;
use super::edit::plan::Plan;
use super::syntax::{Limits, Stream};
use unproved::unproved;

/// Proves that `edited` is the file of `original` with the plan carried out.
///
/// # Errors
/// The first thing that is not as planned.
pub(crate) fn verify(original: &Stream, plan: &Plan<'_>, edited: &[u8]) -> Result<(), EditError> {
    check_bytes(original.source().as_bytes(), plan, edited)?;
    let outcome = Stream::parse(edited, &Limits::default()).map_err(|error| {
        unproved(
            Some(error.position),
            &format!("the result would not be valid YAML: {}", error.message),
        )
    })?;
    trees::compare(original, &outcome, plan)?;
    comments::compare(original, &outcome, plan)?;
    second::compare(&outcome)
}

/// Every byte outside the planned spans is in the result, in its order.
fn check_bytes(original: &[u8], plan: &Plan<'_>, edited: &[u8]) -> Result<(), EditError> {
    let (mut old, mut new) = (original, edited);
    let mut at = 0;
    for splice in &plan.splices {
        let kept = splice
            .span
            .start
            .checked_sub(at)
            .and_then(|length| old.split_at_checked(length));
        let Some((before, rest)) = kept else {
            return Err(moved());
        };
        let rest = rest.get(splice.span.end - splice.span.start..);
        let put_in = new
            .strip_prefix(before)
            .and_then(|new| new.strip_prefix(splice.text.as_bytes()));
        let (Some(rest), Some(put_in)) = (rest, put_in) else {
            return Err(moved());
        };
        (old, new) = (rest, put_in);
        at = splice.span.end;
    }
    if old == new { Ok(()) } else { Err(moved()) }
}

fn moved() -> EditError {
    unproved(None, "bytes outside the edited fields would change")
}

#[cfg(test)]
mod tests;
