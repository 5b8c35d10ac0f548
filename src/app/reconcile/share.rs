//! Whose turn it is: how many pull requests one run opens, in which order, and that it closes none of its own.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Memory;
use super::outcome::RowKind;
use super::stages::Place;
use super::turn::Turn;
use crate::app::evaluate::Evaluation;
use crate::model::ids::{CommitId, PullNumber};
use crate::plan::delivery::{Act, Decision};

/// What a run opened so far.
#[derive(Default)]
pub(super) struct OpenedHere {
    /// How many that replace none.
    new: u32,
    /// How many that replace others.
    replacements: u32,
    /// Each of them, with the base tip and what the sources stood for when it was opened.
    pulls: BTreeMap<PullNumber, (CommitId, Rc<Evaluation>)>,
}

impl OpenedHere {
    /// For how many more there is room, so many at most of either kind. What replaces others takes no room from what is new.
    pub(super) fn room(&self, most: u32, replaces: bool) -> u32 {
        let count = match replaces {
            true => self.replacements,
            false => self.new,
        };
        most.saturating_sub(count)
    }
}

impl Turn<'_> {
    /// What is to be opened, in the order in which it is: first what replaces nothing, then what does. Of each kind those come first
    /// whose turn it is, as many as there is room for and in the order of the plan; the others are there should one of these fail.
    pub(super) fn openings<'d>(
        &self,
        decisions: &'d BTreeMap<Place, Decision>,
        memory: &Memory,
    ) -> Vec<(Place, &'d [PullNumber])> {
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
        let tip = &self.seen.snapshot.tip.id;
        let most = self.seen.world.policy.limits.open;
        let mut all = Vec::new();
        for (of_a_kind, replaces) in [(new, false), (replacements, true)] {
            let mut ordered = in_turn(tip, of_a_kind, replaces);
            let room = usize::try_from(memory.opened.room(most, replaces)).unwrap_or(usize::MAX);
            let first = room.min(ordered.len());
            if let Some(now) = ordered.get_mut(..first) {
                now.sort_by_key(|(place, _)| *place);
            }
            all.extend(ordered);
        }
        all
    }

    /// Notes that a pull request was opened.
    pub(super) fn note_opened(&self, number: PullNumber, replaces: bool, memory: &mut Memory) {
        let opened = &mut memory.opened;
        match replaces {
            true => opened.replacements += 1,
            false => opened.new += 1,
        }
        let world = (self.seen.snapshot.tip.id, Rc::clone(&self.seen.evaluation));
        opened.pulls.insert(number, world);
    }

    /// Whether a pull request would be closed that this run opened, though neither the base nor a source has moved since. Then the
    /// pipeline is stopped, and its row says so.
    pub(super) fn undoes_its_own(
        &self,
        place: Place,
        decision: &Decision,
        closes: &[PullNumber],
        memory: &mut Memory,
    ) -> bool {
        let own = closes
            .iter()
            .find(|number| self.opened_from_this(**number, memory));
        let Some(number) = own.copied() else {
            return false;
        };
        // Of two pull requests of one plan the older stays, whoever opened it.
        let plan = |number| {
            let candidate = self.stages.candidate(place, number)?;
            Some(candidate.proposal.plan)
        };
        let doubled = decision
            .stands
            .filter(|other| !self.opened_from_this(*other, memory))
            .is_some_and(|other| plan(other) == plan(number));
        if doubled {
            return false;
        }
        let (namespace, name, _) = self.key(place);
        let why = format!(
            "{number} was opened in this very run and would be closed again, though neither the base branch nor a source has moved"
        );
        memory.stopped.entry((namespace, name)).or_insert(why);
        self.say_stopped(place, memory);
        true
    }

    /// Whether this run opened it from the base tip and the sources as they are now.
    fn opened_from_this(&self, number: PullNumber, memory: &Memory) -> bool {
        let opened = memory.opened.pulls.get(&number);
        opened.is_some_and(|(tip, then)| {
            let now = &self.seen.evaluation;
            *tip == self.seen.snapshot.tip.id
                && (Rc::ptr_eq(then, now) || then.revisions == now.revisions)
        })
    }

    /// Says in the row of a promotion why its pipeline is stopped, once.
    pub(super) fn say_stopped(&self, place: Place, memory: &mut Memory) {
        let (namespace, name, to) = self.key(place);
        let Some(why) = memory.stopped.get(&(namespace, name)).cloned() else {
            return;
        };
        let pipeline = self.pipeline(place);
        let mut rows = memory.outcome.rows.iter();
        let said = rows
            .any(|row| row.kind == RowKind::Blocked && row.pipeline == pipeline && row.to == to);
        if !said {
            let next = Some("find out what undoes it".to_owned());
            self.row(place, RowKind::Blocked, &why, next, memory);
        }
    }
}

/// One of every pipeline after the other, beginning at a pipeline that the tip's id chooses; `within`: at a promotion of each that
/// it chooses too, for what is replaced again and again must not come first every time.
fn in_turn<T>(tip: &CommitId, all: Vec<(Place, T)>, within: bool) -> Vec<(Place, T)> {
    let mut by_pipeline: BTreeMap<usize, Vec<(Place, T)>> = BTreeMap::new();
    for one in all {
        by_pipeline.entry(one.0.0).or_default().push(one);
    }
    let mut pipelines: Vec<Vec<(Place, T)>> = by_pipeline.into_values().collect();
    begin_at_chosen(tip, &mut pipelines);
    if within {
        for pipeline in &mut pipelines {
            begin_at_chosen(tip, pipeline);
        }
    }
    let mut ordered: Vec<(usize, (Place, T))> = pipelines
        .into_iter()
        .flat_map(|pipeline| pipeline.into_iter().enumerate())
        .collect();
    // Stable: within a round the order of the pipelines stays.
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

    fn places(sizes: &[usize]) -> Vec<(Place, ())> {
        let pipelines = sizes.iter().enumerate();
        let all = pipelines.flat_map(|(pipeline, size)| {
            (0..*size).map(move |position| ((pipeline, position), ()))
        });
        all.collect()
    }

    fn order(number: u64, sizes: &[usize], within: bool) -> Vec<Place> {
        let ordered = in_turn(&tip(number), places(sizes), within);
        ordered.into_iter().map(|(place, ())| place).collect()
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
        let firsts = |within: bool| -> std::collections::BTreeSet<Place> {
            (0..12)
                .map(|number| order(number, &sizes, within)[0])
                .collect()
        };
        assert_eq!(firsts(false), [(0, 0), (1, 0), (2, 0)].into());
        let all: Vec<Place> = places(&sizes)
            .into_iter()
            .map(|(place, ())| place)
            .collect();
        assert_eq!(firsts(true), all.into_iter().collect());
        assert_eq!(order(5, &sizes, true), order(5, &sizes, true));
    }
}
