//! The status of one promotion: the part of its state that explains why it has not moved.

use jiff::Timestamp;

use crate::model::pipeline::GateKind;
use crate::model::plan::{GateReport, Promotion, State};
use crate::model::status::{PromotionStatus, StatusKind};
use crate::model::verdict::Verdict;
use crate::reconcile::life::{Life, QUEUED, TURN, Words};
use crate::reconcile::status::PromotionState;

/// The status, why, what to do, when time alone changes it, and the gate that decides.
struct Said {
    state: StatusKind,
    reason: String,
    help: Option<String>,
    next: Option<Timestamp>,
    deciding: Option<usize>,
}

impl Said {
    fn new(state: StatusKind, reason: impl Into<String>, help: Option<String>) -> Self {
        Self {
            state,
            reason: reason.into(),
            help,
            next: None,
            deciding: None,
        }
    }
}

/// The status of one promotion.
pub(super) fn of(stand: PromotionState) -> PromotionStatus {
    let said = said(&stand);
    let PromotionState {
        promotion,
        pull,
        newer,
        emergency,
        ..
    } = stand;
    PromotionStatus {
        state: said.state,
        reason: said.reason,
        help: said.help,
        next: said.next,
        deciding: said.deciding,
        pull,
        newer,
        emergency,
        promotion,
    }
}

fn said(stand: &PromotionState) -> Said {
    let promotion = &stand.promotion;
    match &stand.life {
        Life::AtRest(state) => at_rest(promotion, *state),
        Life::Blocked(Words { why, next }) => Said::new(StatusKind::Blocked, why, next.clone()),
        Life::Error(Words { why, next }) => Said {
            deciding: worst_gate(promotion)
                .filter(|gate| promotion.gates[*gate].judgement.verdict == Verdict::Error),
            ..Said::new(StatusKind::Error, why, next.clone())
        },
        Life::NeedsPerson(Words { why, next }) => Said {
            deciding: worst_gate(promotion)
                .filter(|gate| promotion.gates[*gate].judgement.verdict == Verdict::Blocked),
            ..Said::new(StatusKind::NeedsPerson, why, next.clone())
        },
        Life::Frozen(Words { why, next }) => match asks_people_already(stand) {
            true => waits(promotion, why, None),
            false => Said {
                next: promotion.next,
                ..Said::new(StatusKind::Frozen, why, next.clone())
            },
        },
        Life::Held(Words { why, next }) => match asks_people_already(stand) {
            true => waits(promotion, why, None),
            false => held(promotion, why, next.clone()),
        },
        // It has no pull request yet, so no one can approve it.
        Life::Due(_) => Said::new(StatusKind::Due, "the next run handles it", None),
        Life::Queued => Said::new(StatusKind::Queued, QUEUED, Some(TURN.to_owned())),
        Life::Waiting(Words { why, next }) => waits(promotion, why, next.clone()),
    }
}

/// A promotion that a run has nothing to report about.
fn at_rest(promotion: &Promotion, state: State) -> Said {
    let state = match state {
        State::InSync => StatusKind::InSync,
        State::NotMoved => StatusKind::NotMoved,
        State::Ahead => StatusKind::Ahead,
        State::Error => StatusKind::Error,
        State::Held | State::Due => {
            return held(promotion, &promotion.reason, promotion.help.clone());
        }
    };
    Said::new(state, &*promotion.reason, promotion.help.clone())
}

/// Whether people can approve now although only time holds the promotion, as in a freeze: they should learn of it
/// before the freeze ends.
fn asks_people_already(stand: &PromotionState) -> bool {
    let promotion = &stand.promotion;
    let people = worst_gate(promotion)
        .is_some_and(|gate| standing_of(&promotion.gates[gate]) <= StatusKind::WaitsForPeople);
    stand.pull.is_some() && promotion.next.is_some() && people
}

fn held(promotion: &Promotion, why: &str, help: Option<String>) -> Said {
    let state = match promotion.next {
        Some(_) => StatusKind::WaitsForTime,
        None => StatusKind::Held,
    };
    Said {
        next: promotion.next,
        ..Said::new(state, why, help)
    }
}

fn waits(promotion: &Promotion, why: &str, help: Option<String>) -> Said {
    let Some(index) = worst_gate(promotion) else {
        // Unless there is another reason, as in the merge queue, nothing is in its way.
        let reason = match why == &*promotion.reason {
            true if promotion.gates.is_empty() => "the next run handles it",
            true => "every gate passes, the next run lands it",
            false => why,
        };
        return Said::new(StatusKind::Due, reason, None);
    };
    let gate = &promotion.gates[index];
    let state = standing_of(gate);
    let next = match state {
        StatusKind::WaitsForTime => promotion
            .gates
            .iter()
            .filter(|gate| gate.judgement.verdict != Verdict::Pass)
            .filter_map(|gate| gate.judgement.next)
            .max(),
        _ => None,
    };
    Said {
        next,
        deciding: Some(index),
        ..Said::new(
            state,
            format!("{}: {}", gate.name, gate.judgement.reason),
            help,
        )
    }
}

/// The gate that is furthest from passing: what needs a person comes first.
fn worst_gate(promotion: &Promotion) -> Option<usize> {
    let open = promotion
        .gates
        .iter()
        .enumerate()
        .filter(|(_, gate)| gate.judgement.verdict != Verdict::Pass);
    open.min_by_key(|(_, gate)| {
        (
            standing_of(gate),
            gate.judgement.verdict != Verdict::Blocked,
        )
    })
    .map(|(index, _)| index)
}

fn standing_of(gate: &GateReport) -> StatusKind {
    match (gate.judgement.verdict, &gate.kind) {
        (Verdict::Error, _) => StatusKind::Error,
        (Verdict::Blocked, _) => StatusKind::NeedsPerson,
        (_, GateKind::Approval) => StatusKind::WaitsForPeople,
        (_, GateKind::Window) => StatusKind::WaitsForTime,
        _ => StatusKind::WaitsForChecks,
    }
}
