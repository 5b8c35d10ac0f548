//! What a gate says. Never a bool: only [`Verdict::Pass`] lets a promotion through.

use std::fmt;

use jiff::Timestamp;

/// The word of a verdict, from the best to the worst: of several, the greatest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// The gate is open for exactly this plan.
    Pass,
    /// Not yet.
    Pending,
    /// Not until a person changes something.
    Blocked,
    /// Something could not be read or understood.
    Error,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Pending => "pending",
            Self::Blocked => "blocked",
            Self::Error => "error",
        })
    }
}

/// A verdict with its reason in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// The next instant at which time alone can change the verdict; `None` if time alone changes nothing.
    pub next: Option<Timestamp>,
}

impl Judgement {
    /// A judgement.
    pub(crate) fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            next: None,
        }
    }

    /// The same, with the next instant at which time alone can change it.
    pub(crate) fn until(mut self, next: Option<Timestamp>) -> Self {
        self.next = next;
        self
    }
}
