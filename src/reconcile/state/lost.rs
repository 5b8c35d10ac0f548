//! Writes that may be lost: nothing depends on them, and a run whose calls are refused stops trying.

use std::collections::BTreeSet;

use crate::forge::{ForgeError, Reviewers, Stopped};

/// What was lost so far in a run.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Reviewers who could not be requested: not requested again in this run.
    pub(crate) unasked: BTreeSet<Reviewers>,
    /// GitHub accepts no more calls, or no writes: nothing more that may be lost is tried.
    pub(crate) stops: bool,
    /// The run was told to stop.
    pub(crate) stopped: bool,
}

impl Lost {
    /// Whether nothing more is to be tried.
    pub(crate) fn stops(&self) -> bool {
        self.stops
    }

    /// A run that was told to stop ends with that, not with what it lost.
    ///
    /// # Errors
    /// [`Stopped::BySignal`].
    pub(crate) fn ends(&self) -> Result<(), ForgeError> {
        match self.stopped {
            true => Err(ForgeError::Stopped(Stopped::BySignal)),
            false => Ok(()),
        }
    }
}
