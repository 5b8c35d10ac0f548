//! The status `sluice` on the head of a pull request, so that people see there too why it does not land.
//!
//! It is written only if its kind changes, or who or what holds the promotion: never for counts and opening times. While a
//! promotion only waits, none is written unless it replaces another one. `success` is written by a landing alone, and
//! taken back by [`crate::reconcile::act::reset`].

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::execute::WAITS;
use crate::forge::Writer;
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::{OwnStatus, StatusState};
use crate::plan::attempt::Refusals;
use crate::plan::delivery::Decision;
use crate::reconcile::life::{Life, Words, life};
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::report::escape;

/// How the description of a hold begins.
const HELD: &str = "held";
/// How the description of a freeze begins.
const FROZEN: &str = "frozen";

/// What the status of a head should say: its state and description. `None`: it stays as it is.
fn wanted(life: &Life, now: Option<&OwnStatus>) -> Option<(StatusState, String)> {
    if now.is_some_and(|now| now.state == StatusState::Success) {
        return None;
    }
    let begins = |word: &str, words: &Words| match words.why.starts_with(word) {
        true => words.why.clone(),
        false => format!("{word}: {}", words.why),
    };
    let (state, text) = match life {
        Life::Waiting(_) => (StatusState::Pending, WAITS.to_owned()),
        Life::Held(words) => (StatusState::Pending, begins(HELD, words)),
        Life::Frozen(words) => (StatusState::Pending, begins(FROZEN, words)),
        Life::NeedsPerson(words) | Life::Blocked(words) => {
            (StatusState::Failure, words.why.clone())
        }
        Life::Error(words) => (StatusState::Error, words.why.clone()),
        Life::AtRest(_) | Life::Due(_) | Life::Queued => return None,
    };
    let text = Refusals::describe(&escape::terminal(&text), None);
    let Some(now) = now else {
        return (text != WAITS).then_some((state, text));
    };
    let is_kept = |word: &str| now.description.starts_with(word);
    let changed = match (life, now.state) {
        // What GitHub refused is remembered in the description, and says more than that it is held.
        _ if Refusals::parse(&now.description).is_some() => false,
        (Life::Waiting(_), StatusState::Pending) => is_kept(HELD) || is_kept(FROZEN),
        (Life::Held(_) | Life::Frozen(_), StatusState::Pending) => now.description != text,
        (_, before) => before != state,
    };
    changed.then_some((state, text))
}

impl Round<'_> {
    /// Whether the status of the active pull request's head already said, when this run began to look, that a person has to look at it.
    pub(crate) fn was_shown_as_failed(&self, place: PromotionIndex, decision: &Decision) -> bool {
        let pull = decision
            .active_pull
            .and_then(|number| self.assessment.pull(place, number));
        pull.is_some_and(|pull| {
            let branch = self.observation.snapshot.branch_of(pull);
            let status = branch.and_then(|branch| branch.status.as_ref());
            status.is_some_and(|status| {
                status.state == StatusState::Failure && status.is_by(pull.author.as_ref())
            })
        })
    }

    /// Shows on the heads of open pull requests why they do not land. It may be lost: the next run writes it.
    pub(crate) async fn show_states(
        &self,
        writer: &Writer,
        decisions: &BTreeMap<PromotionIndex, Decision>,
        run: &mut RunState,
    ) -> Result<(), Failure> {
        for (place, decision) in decisions {
            // A try in this run wrote its own status, and remembers in it what GitHub refused.
            if run.failed.contains(&self.key(*place)) {
                continue;
            }
            let pull = decision
                .active_pull
                .and_then(|number| self.assessment.pull(*place, number));
            let Some(pull) = pull.filter(|pull| pull.own && pull.is_open()) else {
                continue;
            };
            let Some(branch) = self.observation.snapshot.branch_of(pull) else {
                continue;
            };
            let stopped = run.stopped.get(&self.key(*place).pipeline).cloned();
            let life = life(self, *place, decision, stopped, &self.options.mode);
            let Some((state, text)) = wanted(&life, branch.status.as_ref()) else {
                continue;
            };
            if run.lost.stops() {
                return Ok(());
            }
            match writer.show_status(&pull.head, state, &text).await {
                Ok(_) => {
                    run.outcome.restated.insert(pull.number);
                }
                Err(error) => {
                    run.lose("the status of a pull request could not be written", &error);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn status(state: StatusState, description: &str) -> OwnStatus {
        OwnStatus {
            state,
            description: description.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            creator: None,
        }
    }

    #[test]
    fn a_status_is_written_if_its_kind_or_its_holder_changes_and_never_for_counts() {
        use StatusState::{Error, Failure, Pending, Success};
        let words = |why: &str| Words::new(why, None);
        let waiting = || Life::Waiting(words("release: 1 of 2 approvals"));
        let held = |who: &str| Life::Held(words(&format!("held by {who}")));
        let needs = || Life::NeedsPerson(words("tests failed"));
        let cases = [
            (waiting(), None, None),
            (waiting(), Some((Pending, WAITS)), None),
            (
                waiting(),
                Some((Pending, "held by carol")),
                Some((Pending, WAITS)),
            ),
            (
                waiting(),
                Some((Failure, "tests failed")),
                Some((Pending, WAITS)),
            ),
            (held("carol"), None, Some((Pending, "held by carol"))),
            (held("carol"), Some((Pending, "held by carol")), None),
            (
                held("dave"),
                Some((Pending, "held by carol")),
                Some((Pending, "held by dave")),
            ),
            (
                Life::Held(words("it is a draft")),
                None,
                Some((Pending, "held: it is a draft")),
            ),
            (
                Life::Frozen(words("frozen by this run's input: x")),
                None,
                Some((Pending, "frozen by this run's input: x")),
            ),
            (
                needs(),
                Some((Pending, WAITS)),
                Some((Failure, "tests failed")),
            ),
            (needs(), Some((Failure, "tests failed, 2 of 3")), None),
            (
                needs(),
                Some((Pending, "not mergeable · refused 1 · 0a1b2c3d")),
                None,
            ),
            (
                Life::Blocked(words("pushed to")),
                None,
                Some((Failure, "pushed to")),
            ),
            (
                Life::Error(words("502")),
                Some((Failure, "tests failed")),
                Some((Error, "502")),
            ),
            (needs(), Some((Success, "every gate passed")), None),
            (Life::Queued, Some((Pending, WAITS)), None),
        ];
        for (life, now, said) in cases {
            let now = now.map(|(state, text)| status(state, text));
            let said = said.map(|(state, text)| (state, text.to_owned()));
            assert_eq!(wanted(&life, now.as_ref()), said, "{life:?} {now:?}");
        }
    }
}
