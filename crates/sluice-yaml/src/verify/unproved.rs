//! The refusal of what could not be proved.

use crate::edit::error::{EditError, EditErrorKind};
use crate::syntax::Position;

pub(super) fn unproved(position: Option<Position>, reason: &str) -> EditError {
    let message = format!(
        "the edit is not made: {reason}. Write this part of the file in a simpler way, or edit it by hand"
    );
    EditError::new(EditErrorKind::Unproved, position, message)
}
