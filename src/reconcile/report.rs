//! What the report says about each promotion at the end of a run.

use std::collections::BTreeMap;

use crate::model::label::HOLD;
use crate::model::plan::{Promotion, State};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::Build;
use crate::model::verdict::Verdict;
use crate::plan::LabelHold;
use crate::plan::delivery::{Act, Decision};
use crate::reconcile::commit_ranges;
use crate::reconcile::outcome::{ByHand, Outcome, Row, RowKind};
use crate::reconcile::request::ResolvedRequest;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::reconcile::wording::{self, next_step};

/// What a run reports at its end.
pub(crate) async fn finish(
    round: &Round<'_>,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    mut run: RunState,
) -> Outcome {
    if let Some(notice) = run.labels.notice() {
        run.note(notice);
    }
    rows(round, decisions, &mut run);
    if let Some(request) = round.request {
        not_remembered(round, request, decisions, &mut run);
    }
    let mut outcome = run.outcome;
    outcome.asked = round.request.is_some();
    let (session, observation) = (round.session, round.observation);
    let plan = &round.assessment.plan;
    let ranges = commit_ranges::told(
        session,
        observation,
        &round.assessment,
        round.writes_nothing(),
    )
    .await;
    outcome.finish(session, observation, plan, &ranges);
    outcome
}

/// Adds a row for every promotion that something is to be said of and nothing was said of yet.
pub(crate) fn rows(
    round: &Round<'_>,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    run: &mut RunState,
) {
    for (place, decision) in decisions {
        let promotion = round.assessment.promotion(*place);
        let pipeline = round.pipeline(*place);
        let ahead = promotion.left_out.iter().map(|service| (service, false));
        let debts = promotion.debts.iter().map(|service| (service, true));
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
        let stopped = run
            .stopped
            .get(&(round.key(*place).0, round.key(*place).1))
            .cloned();
        let told = run.outcome.rows.iter_mut().find(|row| {
            row.pipeline == pipeline
                && row.to == promotion.stage.as_str()
                && row.kind != RowKind::Promoted
        });
        if let Some(row) = told {
            if row.pull.is_none() {
                row.pull = decision.stands;
            }
            if row.kind == RowKind::Opened {
                row.next = row.next.take().or_else(|| next(round, *place, decision));
            }
            continue;
        }
        let Some((kind, why, next)) = said(round, *place, decision, stopped) else {
            match promotion.state {
                State::InSync => run.outcome.in_sync += 1,
                State::NotMoved => run.outcome.not_moved += 1,
                State::Error | State::Held | State::Due | State::Ahead => {}
            }
            continue;
        };
        run.outcome.rows.push(Row {
            kind,
            pipeline,
            from: promotion
                .edges
                .iter()
                .map(|edge| edge.from.to_string())
                .collect(),
            to: promotion.stage.to_string(),
            plan: promotion.plan,
            pull: decision.stands,
            commit: None,
            emergency: decision
                .stands
                .and_then(|number| round.assessment.candidate(*place, number))
                .and_then(wording::emergency_of),
            why,
            next,
        });
    }
}

/// Says of a rollback that was asked for, and neither landed nor was put up, that no later run knows of it.
fn not_remembered(
    round: &Round<'_>,
    asked: &ResolvedRequest,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    run: &mut RunState,
) {
    if asked.back_to.is_none() || round.writes_nothing() {
        return;
    }
    for (place, decision) in decisions {
        let promotion = round.assessment.promotion(*place);
        let goes_back = promotion.rollback.is_some() && !promotion.changes.is_empty();
        if !goes_back || decision.stands.is_some() {
            continue;
        }
        let pipeline = round.pipeline(*place);
        let to = promotion.stage.as_str();
        let rows = run.outcome.rows.iter_mut();
        for row in rows.filter(|row| row.pipeline == pipeline && row.to == to) {
            row.kind = RowKind::Error;
            row.why = format!("not rolled back: {}", row.why);
            row.next = Some(
                "nobody remembers it: ask for the rollback again once that is over".to_owned(),
            );
        }
    }
}

/// What became of a promotion, why, and what to do or what comes next.
pub(crate) type Said = (RowKind, String, Option<String>);

pub(crate) fn said(
    round: &Round<'_>,
    place: PromotionIndex,
    decision: &Decision,
    stopped: Option<String>,
) -> Option<Said> {
    let promotion = round.assessment.promotion(place);
    if let Some(blocked) = &decision.blocked {
        return Some((
            RowKind::Blocked,
            blocked.why.clone(),
            Some(blocked.next.to_owned()),
        ));
    }
    if let (Some(why), false) = (&stopped, promotion.changes.is_empty()) {
        return Some((
            RowKind::Blocked,
            why.clone(),
            Some("find out what undoes it".to_owned()),
        ));
    }
    if promotion.state == State::Error {
        return unproposed(promotion, false);
    }
    if let Some(number) = decision.stands
        && let Some(candidate) = round.assessment.candidate(place, number)
    {
        if let Build::Unreadable(why) = &candidate.build {
            return Some((RowKind::Error, why.clone(), None));
        }
        let judged = candidate.judged.as_ref().unwrap_or(promotion);
        match &candidate.hold {
            LabelHold::Free | LabelHold::Lifted(_) | LabelHold::On
                if candidate.is_held() && candidate.after_rollback().is_some() =>
            {
                let why = candidate
                    .after_rollback()
                    .map(|back| format!("held: {back}"));
                return Some((
                    RowKind::Held,
                    why.unwrap_or_default(),
                    Some(round.lift(candidate)),
                ));
            }
            LabelHold::Free | LabelHold::Lifted(_) => {}
            LabelHold::On => {
                return Some((
                    RowKind::Held,
                    format!("held by the label {HOLD}"),
                    Some(round.lift(candidate)),
                ));
            }
            LabelHold::Closed(hold) => {
                return Some((
                    RowKind::Held,
                    format!("held: {hold}"),
                    Some(round.lift(candidate)),
                ));
            }
            LabelHold::StillOn(why) => {
                return Some((
                    RowKind::Held,
                    format!("held: {why}"),
                    Some(format!("somebody with write takes {HOLD} off")),
                ));
            }
            LabelHold::Unread(why) => return Some((RowKind::Error, why.clone(), None)),
        }
        if candidate.pull.draft {
            return Some((
                RowKind::Held,
                "it is a draft".to_owned(),
                Some("mark it as ready".to_owned()),
            ));
        }
        if candidate.pull.queued {
            return Some((RowKind::Waiting, "in the merge queue".to_owned(), None));
        }
        if let Some(why) = &decision.kept_back {
            return Some((RowKind::Held, why.clone(), None));
        }
        return Some(of_judged(judged, next(round, place, decision)));
    }
    if let Some(why) = &decision.kept_back {
        return Some((RowKind::Held, why.clone(), None));
    }
    let taken_up = decision
        .acts
        .iter()
        .any(|act| matches!(act, Act::Open { .. } | Act::Commit));
    match unproposed(promotion, taken_up) {
        Some((RowKind::Due, why, _)) if !round.writes_nothing() => {
            let next = "a later run opens it: this one opens no more (`limits.open`)";
            Some((RowKind::Due, why, Some(next.to_owned())))
        }
        said => said,
    }
}

/// Of a promotion for which no pull request stands; `taken_up`: a run that may write does something about it.
pub(crate) fn unproposed(promotion: &Promotion, taken_up: bool) -> Option<Said> {
    match promotion.state {
        State::Held if promotion.changes.is_empty() => None,
        State::Held => Some((
            RowKind::Held,
            promotion.reason.to_string(),
            promotion.help.clone(),
        )),
        State::Due => {
            let gate_error = promotion
                .gates
                .iter()
                .find(|gate| gate.judgement.verdict == Verdict::Error);
            match gate_error {
                Some(gate) => Some((
                    RowKind::Error,
                    format!("{}: {}", gate.name, gate.judgement.reason),
                    None,
                )),
                None if taken_up => Some((
                    RowKind::Due,
                    match &promotion.rollback {
                        Some(_) => {
                            format!("{}; {}", promotion.reason, wording::waits_for(promotion))
                        }
                        None => wording::waits_for(promotion),
                    },
                    Some("is put up by a run that may write".to_owned()),
                )),
                None => Some((RowKind::Waiting, wording::waits_for(promotion), None)),
            }
        }
        State::Error => Some((
            RowKind::Error,
            promotion.reason.to_string(),
            promotion.help.clone(),
        )),
        State::Ahead | State::NotMoved | State::InSync => None,
    }
}

fn of_judged(judged: &Promotion, next: Option<String>) -> Said {
    if judged.state == State::Error {
        return (
            RowKind::Error,
            judged.reason.to_string(),
            judged.help.clone(),
        );
    }
    if let Some(gate) = judged
        .gates
        .iter()
        .find(|gate| gate.judgement.verdict == Verdict::Error)
    {
        return (
            RowKind::Error,
            format!("{}: {}", gate.name, gate.judgement.reason),
            Some("the next run reads it again".to_owned()),
        );
    }
    if judged.state == State::Held {
        return (
            RowKind::Held,
            judged.reason.to_string(),
            judged.help.clone(),
        );
    }
    (RowKind::Waiting, wording::waits_for(judged), next)
}

fn next(round: &Round<'_>, place: PromotionIndex, decision: &Decision) -> Option<String> {
    let number = decision.stands?;
    let candidate = round.assessment.candidate(place, number)?;
    let judged = candidate.judged.as_ref()?;
    if candidate.is_held() && candidate.after_rollback().is_some() {
        return Some(round.lift(candidate));
    }
    next_step(judged, round.observation.now)
}
