//! Whether a differing service is due, or was set by hand after its source moved last (semantics: when a promotion
//! is due, 1).

use crate::copy::{Comparison, Pair};
use crate::model::facts::{GitThen, LastSet, SetAt, SetBy, Slot, SourceThen};
use crate::model::plan::{LeftOut, LeftOutBy};

/// What history says about a differing service.
pub(super) enum Due {
    /// The source moved since the target was set.
    Yes(Option<&'static str>),
    /// It was set by hand, and the source has not moved since.
    Ahead(LeftOut),
    /// It cannot be told.
    Failed { why: String, help: Option<String> },
}

/// Judges one differing service.
pub(super) fn judge(pair: &Pair<'_>, comparison: &Comparison, last: Option<&LastSet>) -> Due {
    match last {
        None => Due::Failed {
            why: "its history was not read".to_owned(),
            help: None,
        },
        Some(LastSet::NoHistory) => {
            Due::Yes(Some("no history here: the difference alone makes it due"))
        }
        Some(LastSet::Never) => Due::Yes(None),
        Some(LastSet::Failed { why, help }) => Due::Failed {
            why: why.clone(),
            help: help.clone(),
        },
        Some(LastSet::Set(set)) => match &set.by {
            // A landing brought every promoted field up to the source; what differs now, the source has changed since.
            SetBy::Landing => Due::Yes(None),
            SetBy::Hand(then) if unmoved(comparison, then) => Due::Ahead(left_out(pair, set)),
            SetBy::Hand(_) => Due::Yes(None),
        },
    }
}

/// Whether all promoted values of the source are what they were then.
fn unmoved(comparison: &Comparison, then: &SourceThen) -> bool {
    comparison.taken.iter().all(|(slot, now)| match slot {
        Slot::GitRef => match &then.git {
            GitThen::None => false,
            GitThen::Commit(commit) => now.expose() == commit.to_string(),
            GitThen::Text(text) => now.expose() == text,
            GitThen::Elsewhere { moved } => !moved,
        },
        slot => then.values.get(slot) == Some(now),
    })
}

fn left_out(pair: &Pair<'_>, set: &SetAt) -> LeftOut {
    LeftOut {
        namespace: pair.target.key.namespace.clone(),
        name: pair.target.key.name.clone(),
        reason: format!(
            "set by hand in {} by {}; waits for {} to move",
            set.commit.short(),
            set.author,
            pair.source.key.name
        ),
        by: Some(LeftOutBy {
            commit: set.commit,
            author: set.author.clone(),
            date: set.date,
        }),
    }
}
