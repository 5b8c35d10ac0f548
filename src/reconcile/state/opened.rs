//! The pull requests that this run opened.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::evaluation::evaluate::Evaluation;
use crate::model::ids::CommitId;
use crate::model::pull::PullNumber;

/// What a run opened so far.
#[derive(Default)]
pub(crate) struct OpenedHere {
    /// How many that replace none.
    pub(crate) new: u32,
    /// How many that replace others.
    pub(crate) replacements: u32,
    /// Each of them, with the base tip and what the sources stood for when it was opened.
    pub(crate) pulls: BTreeMap<PullNumber, (CommitId, Rc<Evaluation>)>,
}

impl OpenedHere {
    /// For how many more there is room, so many at most of either kind. What replaces others takes no room from what is new.
    pub(crate) fn room(&self, most: u32, replaces: bool) -> u32 {
        let count = match replaces {
            true => self.replacements,
            false => self.new,
        };
        most.saturating_sub(count)
    }
}
