//! The pull requests that this run opened.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::evaluation::evaluate::Evaluation;
use crate::model::ids::{CommitId, PullNumber};

/// What a run opened so far.
#[derive(Default)]
pub(crate) struct OpenedHere {
    /// How many of them replace none.
    pub(crate) new: u32,
    /// How many of them replace others.
    pub(crate) replacements: u32,
    /// Each of them, with the base tip and the evaluation that it was opened from.
    pub(crate) pulls: BTreeMap<PullNumber, (CommitId, Rc<Evaluation>)>,
}

impl OpenedHere {
    /// How many more may be opened, if at most `most` of each kind may be. Replacements do not use up the room of new
    /// ones.
    pub(crate) fn room(&self, most: u32, replaces: bool) -> u32 {
        let count = match replaces {
            true => self.replacements,
            false => self.new,
        };
        most.saturating_sub(count)
    }
}
