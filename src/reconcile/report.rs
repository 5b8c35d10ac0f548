//! What the report says about each promotion at the end of a run.

use std::collections::BTreeMap;

use crate::model::life::{LifeState, OutputList};
use crate::model::plan::State;
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::Decision;
use crate::reconcile::life::{Words, life, next};
use crate::reconcile::outcome::{ByHand, Outcome, Row};
use crate::reconcile::request::{Mode, ResolvedRequest};
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::reconcile::{commit_ranges, wording};

/// Completes the outcome of a run. `mode`: whether it could write to its end.
pub(crate) async fn finish(
    round: &Round<'_>,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    mode: &Mode,
    mut run: RunState,
) -> Outcome {
    if let Some(notice) = run.labels.notice() {
        run.note(notice);
    }
    rows(round, decisions, mode, &mut run);
    if let (Some(request), Mode::Writes) = (round.request, mode) {
        not_remembered(round, request, decisions, &mut run);
    }
    let mut outcome = run.outcome;
    outcome.asked = round.request.is_some();
    let (session, observation) = (round.session, round.observation);
    let plan = &round.assessment.plan;
    let ranges =
        commit_ranges::ranges_by_change(session, observation, &round.assessment, mode.observes())
            .await;
    outcome.finish(session, observation, plan, &ranges);
    outcome.read_only = mode.why_not().map(str::to_owned);
    outcome
}

/// Adds a row for every promotion that has something to report and no row yet.
pub(crate) fn rows(
    round: &Round<'_>,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    mode: &Mode,
    run: &mut RunState,
) {
    for (place, decision) in decisions {
        let promotion = round.assessment.promotion(*place);
        let pipeline = round.pipeline(*place);
        let ahead = promotion
            .skipped_services
            .iter()
            .map(|service| (service, false));
        let debts = promotion
            .overwritten_hotfixes
            .iter()
            .map(|service| (service, true));
        for (service, taken_away) in ahead.chain(debts) {
            if service.by.is_some() {
                run.outcome.ahead.push(ByHand {
                    pipeline: pipeline.clone(),
                    stage: promotion.stage.to_string(),
                    service: service.clone(),
                    taken_away,
                });
            }
        }
        let stopped = run.stopped.get(&round.key(*place).pipeline).cloned();
        let reported = run.outcome.rows.iter_mut().find(|row| {
            row.pipeline == pipeline
                && row.to == promotion.stage.as_str()
                && row.state.output() != OutputList::Promoted
        });
        if let Some(row) = reported {
            if row.pull.is_none() {
                row.pull = decision.active_pull;
            }
            if row.state == LifeState::Opened {
                row.next = row.next.take().or_else(|| next(round, *place, decision));
            }
            continue;
        }
        let life = life(round, *place, decision, stopped, mode);
        let Some((state, Words { why, next })) = life.row() else {
            match promotion.state {
                State::InSync => run.outcome.in_sync += 1,
                State::NotMoved => run.outcome.not_moved += 1,
                State::Error | State::Held | State::Due | State::Ahead => {}
            }
            continue;
        };
        run.outcome.rows.push(Row {
            pull: decision.active_pull,
            emergency: decision
                .active_pull
                .and_then(|number| round.assessment.candidate(*place, number))
                .and_then(wording::emergency_of),
            why,
            next,
            known: round.was_shown_as_failed(*place, decision),
            ..round.row_for(*place, promotion, state)
        });
    }
}

/// Says of a requested rollback that neither landed nor was opened that it is not stored.
fn not_remembered(
    round: &Round<'_>,
    asked: &ResolvedRequest,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    run: &mut RunState,
) {
    if asked.back_to.is_none() {
        return;
    }
    for (place, decision) in decisions {
        let promotion = round.assessment.promotion(*place);
        let goes_back = promotion.rollback.is_some() && !promotion.changes.is_empty();
        if !goes_back || decision.active_pull.is_some() {
            continue;
        }
        let pipeline = round.pipeline(*place);
        let to = promotion.stage.as_str();
        let rows = run.outcome.rows.iter_mut();
        for row in rows.filter(|row| row.pipeline == pipeline && row.to == to) {
            row.state = LifeState::Error;
            row.why = format!("not rolled back: {}", row.why);
            row.next = Some(
                "the request is not stored: request the rollback again once this is resolved"
                    .to_owned(),
            );
        }
    }
}
