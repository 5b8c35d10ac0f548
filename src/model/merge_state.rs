//! What GitHub itself asks for before it merges a pull request, as it was read.

use std::collections::BTreeMap;
use std::fmt;

use super::fetched::Fetched;

/// Whether a pull request merges into the tip of its base branch without a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mergeable {
    /// It does.
    Yes,
    /// It conflicts.
    No,
    /// GitHub has not worked that out yet.
    Unknown,
}

/// The state of the reviews that GitHub's own branch rules require; `None` if they require none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewDecision {
    /// The required reviews were given.
    Approved,
    /// A review asks for changes.
    ChangesRequested,
    /// A required review is missing. An answer that is not known here counts as this one.
    ReviewRequired,
}

/// How a required status or check is reported on a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextState {
    /// It succeeded; a neutral or skipped check run counts as that, as it does on GitHub.
    Success,
    /// It was reported and has not ended.
    Pending,
    /// It failed.
    Failure,
    /// No one has reported it.
    Missing,
}

impl fmt::Display for ContextState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "succeeded",
            Self::Pending => "has not finished",
            Self::Failure => "failed",
            Self::Missing => "was never reported",
        })
    }
}

/// A status or check that GitHub requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    /// How it is reported on the head.
    pub state: ContextState,
    /// The rule that requires it binds this token. A rule that cannot be read is taken not to: then GitHub is asked.
    pub binds: bool,
}

/// Everything that GitHub looks at before it merges, apart from the status `sluice`.
#[derive(Clone, Debug)]
pub(crate) struct MergeState {
    /// Whether it conflicts.
    pub mergeable: Mergeable,
    /// It is a draft.
    pub draft: bool,
    /// The state of the required reviews.
    pub review: Option<ReviewDecision>,
    /// A rule that requires reviews binds this token.
    pub reviews_bind: bool,
    /// Required contexts, by name.
    pub required: Fetched<BTreeMap<String, Required>>,
}

/// A status or check as it is reported on a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Its name.
    pub name: String,
    /// The App that reported a check run. GitHub does not say it of a status.
    pub app: Option<u64>,
    /// Its state.
    pub state: ContextState,
}

impl ContextState {
    /// The state of a required context among those reported on a commit. Of several with one name GitHub uses the
    /// newest, which their list does not show: one success is enough to try.
    pub fn of(name: &str, app: Option<u64>, reported: &[Reported]) -> Self {
        let mut found = Self::Missing;
        for one in reported.iter().filter(|one| one.name == name) {
            let other_app = app.is_some() && one.app.is_some() && one.app != app;
            match one.state {
                _ if other_app => {}
                Self::Success => return Self::Success,
                state if found != Self::Failure => found = state,
                _ => {}
            }
        }
        found
    }
}
