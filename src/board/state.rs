//! The words of the board's states. A state is always shown by its word; shape and colour only repeat it.

use super::documents::Standing;
use crate::model::life::LifeState;

/// A state. What needs a person comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    NeedsYou,
    Blocked,
    Error,
    Waiting,
    Queued,
    Frozen,
    Held,
    Due,
    Ahead,
    NotMoved,
    InSync,
}

impl Word {
    /// The word for a state of the document. This is the one place that knows both.
    pub(super) fn of(state: Standing) -> Self {
        match state {
            Standing::NeedsPerson => Self::NeedsYou,
            Standing::Blocked => Self::Blocked,
            Standing::Error => Self::Error,
            Standing::WaitsForPeople | Standing::WaitsForChecks | Standing::WaitsForTime => {
                Self::Waiting
            }
            Standing::Queued => Self::Queued,
            Standing::Frozen => Self::Frozen,
            Standing::Held => Self::Held,
            Standing::Due => Self::Due,
            Standing::Ahead => Self::Ahead,
            Standing::NotMoved => Self::NotMoved,
            Standing::InSync => Self::InSync,
        }
    }

    /// The word, and the class of its shape and colour in `board.css`.
    pub(super) fn text_and_class(self) -> (&'static str, &'static str) {
        match self {
            Self::NeedsYou => ("needs you", "stop"),
            Self::Blocked => ("blocked", "stop"),
            Self::Error => ("error", "cross"),
            Self::Waiting => ("waiting", "wait"),
            Self::Queued => ("in the merge queue", "wait"),
            Self::Frozen => ("frozen", "held"),
            Self::Held => ("held", "held"),
            Self::Due => ("due", "due"),
            Self::Ahead => ("ahead", "ahead"),
            Self::NotMoved => ("not moved", "none"),
            Self::InSync => ("in sync", "sync"),
        }
    }

    /// Its group among what waits; `None` if nothing of it waits.
    pub(super) fn group(self) -> Option<Group> {
        match self {
            Self::NeedsYou | Self::Blocked | Self::Error => Some(Group::NeedsYou),
            Self::Waiting | Self::Queued => Some(Group::Waiting),
            Self::Frozen | Self::Held => Some(Group::Held),
            Self::Due => Some(Group::Due),
            Self::Ahead | Self::NotMoved | Self::InSync => None,
        }
    }
}

/// What promotions that wait have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    NeedsYou,
    Waiting,
    Held,
    Due,
}

impl Group {
    /// All groups, most urgent first.
    pub(super) const ALL: [Self; 4] = [Self::NeedsYou, Self::Waiting, Self::Held, Self::Due];

    /// The heading, the words of the verdict for this many, and the class of shape and colour.
    pub(super) fn heading(self) -> (&'static str, &'static str) {
        match self {
            Self::NeedsYou => ("Needs you", "stop"),
            Self::Waiting => ("Waiting", "wait"),
            Self::Held => ("Held", "held"),
            Self::Due => ("Due", "due"),
        }
    }

    /// Where it is on the page: its heading has its class as its ID.
    pub(super) fn href(self) -> &'static str {
        match self {
            Self::NeedsYou => "#stop",
            Self::Waiting => "#wait",
            Self::Held => "#held",
            Self::Due => "#due",
        }
    }

    /// `1 needs you`, `2 need you`, `9 waiting`.
    pub(super) fn counted(self, number: usize) -> String {
        match (self, number) {
            (Self::NeedsYou, _) => LifeState::NeedsPerson.counted(number),
            (Self::Waiting, _) => format!("{number} waiting"),
            (Self::Held, _) => format!("{number} held"),
            (Self::Due, _) => format!("{number} due"),
        }
    }
}
