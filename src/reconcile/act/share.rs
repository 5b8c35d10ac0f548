//! How many pull requests a run opens and in which order, and that it closes none of its own.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::ids::{CommitId, PullNumber};
use crate::model::life::LifeState;
use crate::model::promotion_id::StageKey;
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::{Act, Decision};
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

impl Round<'_> {
    /// What is to be opened, in order: first what replaces nothing, then replacements. Of each kind, those that the
    /// base's tip selects come first, as many as there is room for and in the order of the plan; the others follow in
    /// case one of them fails.
    pub(crate) fn openings<'d>(
        &self,
        decisions: &'d BTreeMap<PromotionIndex, Decision>,
        run: &RunState,
    ) -> Vec<(PromotionIndex, &'d [PullNumber])> {
        let opens = |decision: &'d Decision| {
            let mut acts = decision.acts.iter();
            acts.find_map(|act| match act {
                Act::Open { replaces } => Some(replaces.as_slice()),
                _ => None,
            })
        };
        let all = decisions
            .iter()
            .filter_map(|(place, decision)| Some((*place, opens(decision)?)));
        let (new, replacements): (Vec<_>, Vec<_>) =
            all.partition(|(_, replaces)| replaces.is_empty());
        let tip = &self.observation.snapshot.tip.id;
        let most = self.observation.repository.policy.limits.open;
        let mut all = Vec::new();
        for (of_a_kind, replaces) in [(new, false), (replacements, true)] {
            let mut ordered = in_turn(tip, of_a_kind, replaces);
            let room = usize::try_from(run.opened.room(most, replaces)).unwrap_or(usize::MAX);
            let first = room.min(ordered.len());
            if let Some(now) = ordered.get_mut(..first) {
                now.sort_by_key(|(place, _)| *place);
            }
            all.extend(ordered);
        }
        all
    }

    /// Records that a pull request was opened.
    pub(crate) fn note_opened(&self, number: PullNumber, replaces: bool, run: &mut RunState) {
        let opened = &mut run.opened;
        match replaces {
            true => opened.replacements += 1,
            false => opened.new += 1,
        }
        let repository = (
            self.observation.snapshot.tip.id,
            Rc::clone(&self.observation.evaluation),
        );
        opened.pulls.insert(number, repository);
    }

    /// Whether this would close a pull request that this run opened, although neither the base nor a source has moved
    /// since. Then the pipeline is stopped, and its row says so.
    pub(crate) fn undoes_its_own(
        &self,
        place: PromotionIndex,
        decision: &Decision,
        closes: &[PullNumber],
        run: &mut RunState,
    ) -> bool {
        let own = closes
            .iter()
            .find(|number| self.opened_from_this(**number, run));
        let Some(number) = own.copied() else {
            return false;
        };
        // If two pull requests have the same plan, the older one stays, whichever run opened it.
        let plan = |number| {
            let candidate = self.assessment.candidate(place, number)?;
            Some(candidate.proposal.plan)
        };
        let doubled = decision
            .active_pull
            .filter(|other| !self.opened_from_this(*other, run))
            .is_some_and(|other| plan(other) == plan(number));
        if doubled {
            return false;
        }
        let key = self.key(place);
        let why = format!(
            "{number} was opened in this run and would be closed again, although neither the base branch nor a source has changed"
        );
        run.stopped.entry(key.pipeline).or_insert(why);
        self.say_stopped(place, run);
        true
    }

    /// Whether this run opened it from the current base tip and sources.
    fn opened_from_this(&self, number: PullNumber, run: &RunState) -> bool {
        let opened = run.opened.pulls.get(&number);
        opened.is_some_and(|(tip, then)| {
            let now = &self.observation.evaluation;
            *tip == self.observation.snapshot.tip.id
                && (Rc::ptr_eq(then, now) || then.revisions == now.revisions)
        })
    }

    /// Reports once, in the row of a promotion, why its pipeline is stopped.
    pub(crate) fn say_stopped(&self, place: PromotionIndex, run: &mut RunState) {
        let StageKey { pipeline, stage } = self.key(place);
        let Some(why) = run.stopped.get(&pipeline).cloned() else {
            return;
        };
        let pipeline = pipeline.to_string();
        let mut rows = run.outcome.rows.iter();
        let said = rows.any(|row| {
            row.state == LifeState::Blocked && row.pipeline == pipeline && row.to == stage.as_str()
        });
        if !said {
            let next = Some("something is reverting it".to_owned());
            self.row(place, LifeState::Blocked, &why, next, run);
        }
    }
}

/// One promotion of each pipeline in turn, beginning with a pipeline that the tip's ID selects. `within`: also rotates
/// each pipeline's promotions by it, since one that is replaced again and again must not come first every time.
fn in_turn<T>(
    tip: &CommitId,
    all: Vec<(PromotionIndex, T)>,
    within: bool,
) -> Vec<(PromotionIndex, T)> {
    let mut by_pipeline: BTreeMap<usize, Vec<(PromotionIndex, T)>> = BTreeMap::new();
    for one in all {
        by_pipeline.entry(one.0.pipeline).or_default().push(one);
    }
    let mut pipelines: Vec<Vec<(PromotionIndex, T)>> = by_pipeline.into_values().collect();
    begin_at_chosen(tip, &mut pipelines);
    if within {
        for pipeline in &mut pipelines {
            begin_at_chosen(tip, pipeline);
        }
    }
    let mut ordered: Vec<(usize, (PromotionIndex, T))> = pipelines
        .into_iter()
        .flat_map(|pipeline| pipeline.into_iter().enumerate())
        .collect();
    // The sort is stable, so the pipelines keep their order.
    ordered.sort_by_key(|(round, _)| *round);
    ordered.into_iter().map(|(_, one)| one).collect()
}

fn begin_at_chosen<T>(tip: &CommitId, list: &mut [T]) {
    let bytes = tip.as_bytes().iter().take(8);
    let number = bytes.fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let count = u64::try_from(list.len()).unwrap_or(u64::MAX).max(1);
    list.rotate_left(usize::try_from(number % count).unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tip(number: u64) -> CommitId {
        format!("{number:016x}{}", "0".repeat(24)).parse().unwrap()
    }

    fn places(sizes: &[usize]) -> Vec<(PromotionIndex, ())> {
        let pipelines = sizes.iter().enumerate();
        let all = pipelines.flat_map(|(pipeline, size)| {
            (0..*size).map(move |promotion| {
                (
                    PromotionIndex {
                        pipeline,
                        promotion,
                    },
                    (),
                )
            })
        });
        all.collect()
    }

    fn order(number: u64, sizes: &[usize], within: bool) -> Vec<(usize, usize)> {
        let ordered = in_turn(&tip(number), places(sizes), within);
        ordered
            .into_iter()
            .map(|(place, ())| (place.pipeline, place.promotion))
            .collect()
    }

    #[test]
    fn every_pipeline_has_one_before_any_has_two() {
        assert_eq!(
            order(0, &[3, 1, 2], false),
            [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2)]
        );
        assert_eq!(
            order(4, &[3, 1, 2], false),
            [(1, 0), (2, 0), (0, 0), (2, 1), (0, 1), (0, 2)]
        );
        assert_eq!(order(7, &[], false), []);
    }

    #[test]
    fn each_tip_has_one_order_and_everything_is_first_at_some_tip() {
        let sizes = [4, 1, 2];
        let firsts = |within: bool| -> std::collections::BTreeSet<(usize, usize)> {
            (0..12)
                .map(|number| order(number, &sizes, within)[0])
                .collect()
        };
        assert_eq!(firsts(false), [(0, 0), (1, 0), (2, 0)].into());
        let all: Vec<(usize, usize)> = places(&sizes)
            .into_iter()
            .map(|(place, ())| (place.pipeline, place.promotion))
            .collect();
        assert_eq!(firsts(true), all.into_iter().collect());
        assert_eq!(order(5, &sizes, true), order(5, &sizes, true));
    }
}
