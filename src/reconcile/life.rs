//! Where a promotion is in its life: its row in the report and the words of `status` are both derived from this value.

use crate::model::label::HOLD;
use crate::model::life::LifeState;
use crate::model::plan::{Promotion, State};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::Build;
use crate::model::verdict::Verdict;
use crate::plan::LabelHold;
use crate::plan::delivery::{Act, Decision, KeptBack, OpenPlan};
use crate::reconcile::request::Mode;
use crate::reconcile::round::Round;
use crate::reconcile::wording::{self, next_step};

/// Where a promotion is in its life. What landed or was opened in this run is not included: those acts write the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// There is nothing to promote and nothing to report: in sync, not moved, ahead, or held without changes.
    AtRest(State),
    /// It is due and has no pull request yet.
    Due(Words),
    /// It waits for its gates, or for GitHub to merge it.
    Waiting(Words),
    /// It is in GitHub's merge queue.
    Queued,
    /// The policy, a label or an earlier rollback holds it.
    Held(Words),
    /// A freeze holds it.
    Frozen(Words),
    /// A person has to do something before it can continue.
    NeedsPerson(Words),
    /// It was stopped for safety, until a person has looked at it.
    Blocked(Words),
    /// Something could not be read or done.
    Error(Words),
}

/// What the report says about a promotion in the merge queue.
pub(crate) const QUEUED: &str = "in the merge queue";
/// What comes next for it.
pub(crate) const TURN: &str = "GitHub merges it when its turn comes";

/// What to do about a promotion that a person refused by closing its pull request.
const REQUEST: &str = "to promote it all the same, run the workflow with `command: promote`";

/// Why a promotion is where it is, and what comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// Why.
    pub why: String,
    /// What to do, or what comes next.
    pub next: Option<String>,
}

impl Words {
    /// With this reason, and what comes next.
    pub(crate) fn new(why: impl Into<String>, next: Option<String>) -> Self {
        Self {
            why: why.into(),
            next,
        }
    }
}

impl Life {
    /// Its row in the report; `None` if there is nothing to report.
    pub(crate) fn row(self) -> Option<(LifeState, Words)> {
        Some(match self {
            Self::AtRest(_) => return None,
            Self::Due(words) => (LifeState::Due, words),
            Self::Waiting(words) => (LifeState::Waiting, words),
            Self::Queued => (LifeState::Queued, Words::new(QUEUED, Some(TURN.to_owned()))),
            Self::Held(words) => (LifeState::Held, words),
            Self::Frozen(words) => (LifeState::Frozen, words),
            Self::NeedsPerson(words) => (LifeState::NeedsPerson, words),
            Self::Blocked(words) => (LifeState::Blocked, words),
            Self::Error(words) => (LifeState::Error, words),
        })
    }
}

/// Where a promotion is at the end of a run. `stopped`: why this run stopped its pipeline.
pub(crate) fn life(
    round: &Round<'_>,
    place: PromotionIndex,
    decision: &Decision,
    stopped: Option<String>,
    mode: &Mode,
) -> Life {
    let promotion = round.assessment.promotion(place);
    if let Some(blocked) = &decision.blocked {
        return Life::Blocked(Words::new(&blocked.why, Some(blocked.next.to_owned())));
    }
    if let (Some(why), false) = (stopped, promotion.changes.is_empty()) {
        return Life::Blocked(Words::new(
            why,
            Some("something is reverting it".to_owned()),
        ));
    }
    if promotion.state == State::Error {
        return unproposed(promotion, false);
    }
    let kept_back = decision.kept_back.as_ref();
    let kept_back = kept_back.map(|kept| match kept {
        KeptBack::Held(why) => Life::Held(Words::new(why, None)),
        KeptBack::Vetoed(why) => Life::NeedsPerson(Words::new(why, Some(REQUEST.to_owned()))),
    });
    if let Some(number) = decision.active_pull
        && let Some(candidate) = round.assessment.candidate(place, number)
    {
        return match of_pull(round, candidate) {
            Some(life) => life,
            None => kept_back.unwrap_or_else(|| {
                let reassessed = candidate.reassessed.as_ref().unwrap_or(promotion);
                of_judged(reassessed, next(round, place, decision))
            }),
        };
    }
    if let Some(kept_back) = kept_back {
        return kept_back;
    }
    let mut acts = decision.acts.iter();
    let taken_up = acts.any(|act| matches!(act, Act::Open { .. } | Act::Commit));
    match unproposed(promotion, taken_up) {
        Life::Due(words) if !mode.observes() => {
            let next = "a later run opens it: this one opened as many as `limits.open` allows, or has few API requests left";
            Life::Due(Words::new(words.why, Some(next.to_owned())))
        }
        life => life,
    }
}

/// What an open pull request itself says, before its gates matter; `None` if only its gates matter.
pub(crate) fn of_pull(round: &Round<'_>, candidate: &OpenPlan) -> Option<Life> {
    if let Build::Unreadable(why) = &candidate.build {
        return Some(Life::Error(Words::new(why, None)));
    }
    let held = |why: String| {
        let words = Words::new(why, Some(round.lift(candidate)));
        Some(Life::Held(words))
    };
    match &candidate.hold {
        LabelHold::Free | LabelHold::Lifted(_) | LabelHold::On
            if candidate.is_held() && candidate.after_rollback().is_some() =>
        {
            let back = candidate.after_rollback();
            let why = back.map(|back| format!("held: {back}"));
            return held(why.unwrap_or_default());
        }
        LabelHold::Free | LabelHold::Lifted(_) => {}
        LabelHold::On => return held(wording::held_by(&candidate.pull)),
        LabelHold::Closed(hold) => return held(format!("held: {hold}")),
        LabelHold::StillOn(why) => {
            let next = format!("someone with write access must remove {HOLD}");
            let words = Words::new(format!("held: {why}"), Some(next));
            return Some(Life::Held(words));
        }
        LabelHold::Unread(why) => return Some(Life::Error(Words::new(why, None))),
    }
    if candidate.pull.draft {
        let words = Words::new("it is a draft", Some("mark it as ready".to_owned()));
        return Some(Life::Held(words));
    }
    candidate.pull.queued.then_some(Life::Queued)
}

/// The life of a promotion without a pull request. `taken_up`: a run that may write would open or commit it.
pub(crate) fn unproposed(promotion: &Promotion, taken_up: bool) -> Life {
    let of_plan = || Words::new(&*promotion.reason, promotion.help.clone());
    match promotion.state {
        State::Held if promotion.changes.is_empty() => Life::AtRest(State::Held),
        State::Held if is_frozen(promotion) => Life::Frozen(of_plan()),
        State::Held => Life::Held(of_plan()),
        State::Error => Life::Error(of_plan()),
        State::Ahead | State::NotMoved | State::InSync => Life::AtRest(promotion.state),
        State::Due => match gate_error(promotion) {
            Some(why) => Life::Error(Words::new(why, None)),
            None if taken_up => {
                let waits = wording::waits_for(promotion);
                let why = match &promotion.rollback {
                    Some(_) => format!("{}; {waits}", promotion.reason),
                    None => waits,
                };
                let next = "the next run opens it";
                Life::Due(Words::new(why, Some(next.to_owned())))
            }
            None => Life::Waiting(Words::new(wording::waits_for(promotion), None)),
        },
    }
}

/// Whether only a freeze holds a promotion: then it is opened all the same.
fn is_frozen(promotion: &Promotion) -> bool {
    promotion.state == State::Held && promotion.proposable
}

fn of_judged(reassessed: &Promotion, next: Option<String>) -> Life {
    let of_plan = || Words::new(&*reassessed.reason, reassessed.help.clone());
    if reassessed.state == State::Error {
        return Life::Error(of_plan());
    }
    if let Some(why) = gate_error(reassessed) {
        let next = "the next run tries again";
        return Life::Error(Words::new(why, Some(next.to_owned())));
    }
    if let Some(why) = wording::refused_by(reassessed) {
        return Life::NeedsPerson(Words::new(why, next));
    }
    match reassessed.state {
        State::Held if is_frozen(reassessed) => Life::Frozen(of_plan()),
        State::Held => Life::Held(of_plan()),
        _ => Life::Waiting(Words::new(wording::waits_for(reassessed), next)),
    }
}

/// The first gate that could not be read, and why.
fn gate_error(promotion: &Promotion) -> Option<String> {
    let mut gates = promotion.gates.iter();
    let gate = gates.find(|gate| gate.judgement.verdict == Verdict::Error)?;
    Some(format!("{}: {}", gate.name, gate.judgement.reason))
}

/// What the pull request of a promotion waits for next.
pub(crate) fn next(
    round: &Round<'_>,
    place: PromotionIndex,
    decision: &Decision,
) -> Option<String> {
    let number = decision.active_pull?;
    let candidate = round.assessment.candidate(place, number)?;
    let reassessed = candidate.reassessed.as_ref()?;
    if candidate.is_held() && candidate.after_rollback().is_some() {
        return Some(round.lift(candidate));
    }
    next_step(reassessed, round.observation.now)
}
