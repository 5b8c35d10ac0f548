//! A promotion before its state is known: what differs from its sources, and what of it is due.

use super::pipeline::Planner;
use super::promotion_draft::PromotionDraft;
use crate::copy::Pair;
use crate::model::facts::ServiceRef;
use crate::model::finding::Severity;
use crate::model::plan::SkippedService;
use crate::model::resolved::StageIndex;
use crate::plan::due::{Due, judge};
use crate::plan::pairs::compare;
use crate::plan::take::take;

impl<'a> Planner<'a> {
    /// Compares every service of the stage with its source along these edges.
    pub(super) fn draft(&self, stage: StageIndex, edges: &[usize]) -> PromotionDraft {
        match self.rollback(stage, edges) {
            Some(Ok(rollback)) => return self.draft_back(stage, edges, rollback),
            Some(Err(why)) => {
                let help = "request it again, or close its pull request".to_owned();
                return PromotionDraft {
                    errors: vec![(why.clone(), Some(help))],
                    ..PromotionDraft::default()
                };
            }
            None => {}
        }
        let mut draft = PromotionDraft::default();
        draft
            .takes_over
            .extend(edges.iter().map(|edge| (*edge, false)));
        let held = self.held(stage);
        let along = self.edge_names(edges);
        for (service, pair) in self.pairs(stage) {
            let over = self.edges_of(&pair, edges);
            if over.is_empty() {
                continue;
            }
            draft
                .takes_over
                .extend(over.iter().map(|edge| (*edge, true)));
            let comparison = compare(self.facts, &pair);
            for problem in &comparison.problems {
                if problem.severity == Severity::Error {
                    draft
                        .errors
                        .push((problem.message.clone(), problem.help.clone()));
                }
            }
            draft.skipped.extend(comparison.skipped.iter().cloned());
            draft.unread |= comparison.unread;
            if comparison.changes.is_empty() {
                continue;
            }
            let place = ServiceRef {
                pipeline: self.id(),
                stage,
                service,
            };
            let due = judge(&pair, &comparison, self.facts.history.get(&place));
            if let Some(hold) = held.service(self.facts.policy, &pair.target.key.name) {
                draft.service_held = true;
                let reason = format!("held: {}", hold.reason);
                draft
                    .skipped_services
                    .push(SkippedService::new(&pair.target.key, reason));
                // A hold does not make anyone forget what was set by hand.
                match due {
                    Due::Ahead(service) => draft.skipped_services.push(service),
                    Due::Yes(because) => draft.skipped_services.extend(because.debt),
                    Due::Failed { .. } => {}
                }
                continue;
            }
            let mut taken = || {
                let sources = over.iter().map(|edge| (*edge, service, pair.source_id));
                draft.sources.extend(sources);
            };
            match due {
                Due::Yes(due) => {
                    taken();
                    draft.overwritten_hotfixes.extend(due.debt);
                    draft.landed = draft.landed.max(due.landed);
                    if let Some((edges, at)) = due.along
                        && edges == along
                    {
                        draft.landed_along = draft.landed_along.max(Some(at));
                    }
                    // If there are several services, the one that went back last says when and why.
                    let earlier = draft.after_rollback.as_ref().map(|known| known.at);
                    if let Some(back) = due.rolled_back
                        && earlier.is_none_or(|earlier| earlier < back.at)
                    {
                        draft.after_rollback = Some(back.clone());
                    }
                    let note = due.note;
                    draft
                        .takes
                        .push(take(&pair.target.key, &pair.source.key, &comparison));
                    draft.changes.extend(comparison.changes);
                    if let Some(note) = note
                        && !draft.notes.iter().any(|known| known == note)
                    {
                        draft.notes.push(note.to_owned());
                    }
                }
                Due::Ahead(service) if self.facts.take_source && self.asked(stage) => {
                    taken();
                    draft.overwritten_hotfixes.push(service);
                    draft
                        .takes
                        .push(take(&pair.target.key, &pair.source.key, &comparison));
                    draft.changes.extend(comparison.changes);
                    draft.notes.push("requested with `take: source`".to_owned());
                }
                Due::Ahead(left_out) => {
                    draft.ahead = true;
                    draft.skipped_services.push(left_out);
                }
                Due::Failed { why, help } => draft
                    .errors
                    .push((format!("{}: {why}", pair.target.key.name), help)),
            }
        }
        draft
    }

    /// The services of a stage that are copied to, by their place in it, each with its source.
    pub(super) fn pairs(&self, stage: StageIndex) -> impl Iterator<Item = (usize, Pair<'a>)> {
        let (facts, resolved) = (self.facts, self.resolved);
        (0..resolved.stages[stage].services.len()).filter_map(move |service| {
            let pair = Pair::of(facts.catalog, facts.policy, resolved, stage, service)?;
            Some((service, pair))
        })
    }

    /// Those of the edges that come from a stage that contains the pair's source.
    pub(super) fn edges_of(&self, pair: &Pair<'_>, edges: &[usize]) -> Vec<usize> {
        let stages: Vec<StageIndex> = self.resolved.stages_of(pair.source_id).collect();
        edges
            .iter()
            .copied()
            .filter(|edge| {
                self.source_stage(*edge)
                    .is_some_and(|from| stages.contains(&from))
            })
            .collect()
    }
}
