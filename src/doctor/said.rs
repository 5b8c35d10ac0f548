//! One sentence with its outcome, before it is known which check says it.

use crate::model::diagnosis::{Diagnosis, Outcome};
use crate::model::text;

pub(super) struct Said {
    outcome: Outcome,
    message: String,
    why: Option<String>,
    action: Option<String>,
    unsure: Unsure,
}

/// Whether it is not known if the rule that is spoken of binds this token.
#[derive(Clone, Copy)]
pub(super) struct Unsure(pub bool);

impl Said {
    fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            outcome,
            message: message.into(),
            why: None,
            action: None,
            unsure: Unsure(false),
        }
    }

    pub(super) fn ok(message: impl Into<String>) -> Self {
        Self::new(Outcome::Ok, message)
    }

    pub(super) fn info(message: impl Into<String>) -> Self {
        Self::new(Outcome::Info, message)
    }

    pub(super) fn unread(message: impl Into<String>) -> Self {
        Self::new(Outcome::Unread, message)
    }

    pub(super) fn change(message: impl Into<String>) -> Self {
        Self::new(Outcome::Change, message)
    }

    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    pub(super) fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    pub(super) fn unsure(mut self, unsure: Unsure) -> Self {
        self.unsure = unsure;
        self
    }

    pub(super) fn of(self, code: &'static str) -> Diagnosis {
        let mut why = self.why;
        if self.unsure.0 {
            let why = why.get_or_insert_default();
            if !why.is_empty() {
                why.push(' ');
            }
            why.push_str("Could not read whether this token may bypass it.");
        }
        Diagnosis {
            code,
            outcome: self.outcome,
            message: self.message,
            why,
            action: self.action,
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    text::list(names, "and")
}
