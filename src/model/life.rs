//! The states in the life of a promotion. The words and marks are the same wherever people read them: in the log, the summary, pull
//! requests, `status` and the board.

use serde::Serialize;

use super::text::counted;

/// The state of a promotion. What needs a person comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LifeState {
    /// A person has to do something before it can continue.
    NeedsPerson,
    /// It was stopped for safety, until a person has looked at it.
    Blocked,
    /// Something could not be read or done.
    Error,
    /// A person merged it while gates were open.
    LandedPastGates,
    /// It landed in this run.
    Landed,
    /// It was opened in this run, and waits.
    Opened,
    /// It waits for people, time, a check, or for GitHub to merge it.
    Waiting,
    /// It is in GitHub's merge queue.
    Queued,
    /// A freeze holds it.
    Frozen,
    /// A label, the policy or an earlier rollback holds it.
    Held,
    /// It will be opened.
    Due,
}

/// All of them, in their order.
pub(crate) const LIFE_STATES: [LifeState; 11] = [
    LifeState::NeedsPerson,
    LifeState::Blocked,
    LifeState::Error,
    LifeState::LandedPastGates,
    LifeState::Landed,
    LifeState::Opened,
    LifeState::Waiting,
    LifeState::Queued,
    LifeState::Frozen,
    LifeState::Held,
    LifeState::Due,
];

/// In which list of the Action's outputs a promotion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputList {
    /// `promoted`.
    Promoted,
    /// `pending`.
    Pending,
    /// `blocked`.
    Blocked,
}

impl LifeState {
    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NeedsPerson => "needs you",
            Self::Blocked => "blocked",
            Self::Error => "error",
            Self::LandedPastGates => "merged past the gates",
            Self::Landed => "landed",
            Self::Opened => "opened",
            Self::Waiting => "waiting",
            Self::Queued => "in the merge queue",
            Self::Frozen => "frozen",
            Self::Held => "held",
            Self::Due => "due",
        }
    }

    /// Its word behind a number: `1 needs you`, `2 need you`.
    pub(crate) fn counted(self, number: usize) -> String {
        match (self, number) {
            (Self::NeedsPerson, 1) => "1 needs you".to_owned(),
            (Self::NeedsPerson, _) => format!("{number} need you"),
            (Self::Error, _) => counted(number, self.word()),
            (state, _) => format!("{number} {}", state.word()),
        }
    }

    /// The mark beside the word.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::NeedsPerson | Self::Blocked => "⛔",
            Self::Error => "✖",
            Self::LandedPastGates => "⚠",
            Self::Landed => "✅",
            Self::Opened | Self::Waiting | Self::Queued => "⏳",
            Self::Frozen | Self::Held => "⏸",
            Self::Due => "●",
        }
    }

    /// The list of outputs that it belongs to. No promotion is in two of them.
    pub(crate) fn output(self) -> OutputList {
        match self {
            Self::NeedsPerson | Self::Blocked | Self::Error => OutputList::Blocked,
            Self::Landed | Self::LandedPastGates => OutputList::Promoted,
            Self::Opened | Self::Waiting | Self::Queued | Self::Frozen | Self::Held | Self::Due => {
                OutputList::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_list_and_every_word_is_its_own() {
        let mut sorted = LIFE_STATES;
        sorted.sort();
        assert_eq!(sorted, LIFE_STATES);
        let words: std::collections::BTreeSet<&str> =
            LIFE_STATES.iter().map(|state| state.word()).collect();
        assert_eq!(words.len(), LIFE_STATES.len());
    }

    #[test]
    fn a_number_and_its_word_agree() {
        for (state, one, two) in [
            (LifeState::NeedsPerson, "1 needs you", "2 need you"),
            (LifeState::Error, "1 error", "2 errors"),
            (LifeState::Waiting, "1 waiting", "2 waiting"),
        ] {
            assert_eq!([1, 2].map(|number| state.counted(number)), [one, two]);
        }
    }
}
