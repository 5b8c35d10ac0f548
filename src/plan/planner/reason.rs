//! Why a promotion is held.

use jiff::Timestamp;

use crate::yaml::Position;

pub(super) struct Reason {
    pub text: String,
    pub help: Option<String>,
    pub rule_at: Option<Position>,
    /// It stops commits and merges; proposals still open.
    pub only_landing: bool,
    /// When it ends automatically.
    pub next: Option<Timestamp>,
}

impl Reason {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: None,
            rule_at: None,
            only_landing: false,
            next: None,
        }
    }

    pub(super) fn until(mut self, next: Option<Timestamp>) -> Self {
        self.next = next;
        self
    }

    pub(super) fn only_landing(mut self) -> Self {
        self.only_landing = true;
        self
    }

    pub(super) fn at(mut self, at: Position) -> Self {
        self.rule_at = Some(at);
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What holds a plan that people have begun to approve when its stage has nothing to promote any more.
pub(super) const NOTHING_NOW: &str = "outdated: the sources have changed and there is nothing left to promote; close the pull request or request changes";
