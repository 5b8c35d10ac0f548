//! Whether a differing service is due, or was set by hand after its source moved last (semantics: when a promotion
//! is due, 1).

use jiff::Timestamp;

use crate::copy::{Comparison, Pair};
use crate::model::facts::{GitThen, LastSet, SetAt, SetBy, Slot, SourceThen};
use crate::model::name::EdgeName;
use crate::model::plan::{SkippedBy, SkippedService};
use crate::model::rollback::RolledBack;

/// What history says about a differing service.
pub(super) enum Due<'a> {
    /// The source moved since the target was set.
    Yes(DueReason<'a>),
    /// It was set by hand, and the source has not moved since.
    Ahead(SkippedService),
    /// It cannot be determined.
    Failed { why: String, help: Option<String> },
}

/// What, besides its source, makes a service due.
#[derive(Default)]
pub(super) struct DueReason<'a> {
    /// A word about it.
    pub note: Option<&'static str>,
    /// When a landing last set it, if one did.
    pub landed: Option<Timestamp>,
    /// Along which edges, sorted, an ordinary landing set it last, and when.
    pub along: Option<(&'a [EdgeName], Timestamp)>,
    /// The stage went back, and this would undo that.
    pub rolled_back: Option<&'a RolledBack>,
    /// It was set by hand to what its source has not caught up with.
    pub debt: Option<SkippedService>,
}

/// Judges one differing service.
pub(super) fn judge<'a>(
    pair: &Pair<'_>,
    comparison: &Comparison,
    last: Option<&'a LastSet>,
) -> Due<'a> {
    match last {
        None => Due::Failed {
            why: "its history was not read".to_owned(),
            help: None,
        },
        Some(LastSet::NoHistory) => Due::Yes(DueReason {
            note: Some("no history available: any difference makes it due"),
            ..DueReason::default()
        }),
        Some(LastSet::Never) => Due::Yes(DueReason::default()),
        Some(LastSet::Failed { why, help }) => Due::Failed {
            why: why.clone(),
            help: help.clone(),
        },
        Some(LastSet::Set(set)) => match &set.by {
            // A landing brought every promoted field up to the source; what differs now, the source has changed since.
            SetBy::Landing {
                at,
                along,
                rollback,
            } => Due::Yes(DueReason {
                landed: Some(*at),
                along: along.as_deref().map(|edges| (edges, *at)),
                rolled_back: rollback.as_ref(),
                ..DueReason::default()
            }),
            SetBy::Hand(then) if unmoved(comparison, then) => {
                let source = &pair.source.key.name;
                let reason = match (&then.git, then.descends) {
                    (GitThen::Elsewhere { .. }, Some(false)) => format!(
                        "what {source} takes does not descend from it, so it is undetermined which is newer: `take: source` decides"
                    ),
                    _ => format!("waits for {source} to change"),
                };
                Due::Ahead(by_hand(pair, set, &reason))
            }
            SetBy::Hand(then) => match &set.rolled_back {
                Err(why) => Due::Failed {
                    why: format!("it is unknown whether it was rolled back: {why}"),
                    help: None,
                },
                Ok(back) => Due::Yes(DueReason {
                    rolled_back: back.as_ref(),
                    debt: (!caught_up(comparison, set, then)).then(|| {
                        let source = &pair.source.key.name;
                        by_hand(pair, set, &format!("{source} has not caught up with it"))
                    }),
                    ..DueReason::default()
                }),
            },
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

/// Whether the source has what a person set: its value, or for a commit a descendant. What it has in common with the target
/// does not differ, and is not among the changes.
fn caught_up(comparison: &Comparison, set: &SetAt, then: &SourceThen) -> bool {
    let differs = |slot: &Slot| {
        comparison.changes.iter().any(|change| match slot {
            Slot::Key(key) => change.path.last_key() == Some(key.as_str()),
            slot => slot.own_path().as_ref() == Some(&change.path),
        })
    };
    set.slots
        .iter()
        .filter(|slot| differs(slot))
        .all(|slot| *slot == Slot::GitRef && then.descends == Some(true))
}

fn by_hand(pair: &Pair<'_>, set: &SetAt, and: &str) -> SkippedService {
    let (commit, author) = (set.commit.short(), &set.author);
    let reason = match &set.untold {
        None => format!("set by hand in {commit} by {author}; {and}"),
        Some(why) => format!("{why}, so it counts as set by hand in {commit} by {author}; {and}"),
    };
    SkippedService {
        by: Some(SkippedBy {
            commit: set.commit,
            author: set.author.clone(),
            date: set.date,
        }),
        ..SkippedService::new(&pair.target.key, reason)
    }
}
