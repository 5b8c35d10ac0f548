//! Rollbacks in the plan: a stage that is to go back takes what it held then, and nothing from its sources.

use super::pipeline::Planner;
use super::promotion_draft::PromotionDraft;
use super::reason::Reason;
use crate::copy::Pair;
use crate::model::facts::ServiceRef;
use crate::model::fetched::Fetched;
use crate::model::finding::Severity;
use crate::model::plan::SkippedService;
use crate::model::policy::Delivery;
use crate::model::resolved::StageIndex;
use crate::model::rollback::{Rollback, RolledBack};
use crate::plan::due::{Due, judge};
use crate::plan::pairs::compare;
use crate::plan::take::take;

impl<'a> Planner<'a> {
    /// What these edges of a stage go back to, if they do.
    pub(super) fn rollback(
        &self,
        stage: StageIndex,
        edges: &[usize],
    ) -> Option<&'a Fetched<Rollback>> {
        let found = self.facts.rollbacks.get(&(self.id(), stage))?;
        match found {
            Ok(rollback) if rollback.edges != self.edge_names(edges) => None,
            _ => Some(found),
        }
    }

    /// Compares every service of the stage with what it was then.
    pub(super) fn draft_back(
        &self,
        stage: StageIndex,
        edges: &[usize],
        rollback: &Rollback,
    ) -> PromotionDraft {
        let mut draft = PromotionDraft {
            rollback: Some(rollback.to.clone()),
            ..PromotionDraft::default()
        };
        let held = self.held(stage);
        for (service, pair) in self.pairs(stage) {
            let over = self.edges_of(&pair, edges);
            if over.is_empty() {
                continue;
            }
            draft
                .takes_over
                .extend(over.iter().map(|edge| (*edge, true)));
            let key = &pair.target.key;
            let Some(then) = rollback.services.get(&service) else {
                let reason = "did not exist yet, and is left unchanged".to_owned();
                draft
                    .skipped_services
                    .push(SkippedService::new(key, reason));
                continue;
            };
            let mut comparison = pair.back_to(then);
            comparison
                .changes
                .retain(|change| rollback.landed.hold(change));
            for problem in &comparison.problems {
                if problem.severity == Severity::Error {
                    let text = format!("{}: {}", problem.place, problem.message);
                    draft.errors.push((text, problem.help.clone()));
                }
            }
            draft.skipped.extend(comparison.skipped.iter().cloned());
            let writes: Vec<_> = pair.writes();
            let given_up = rollback.landed.of(key).filter(|path| {
                let mut writes = writes.iter();
                !writes.any(|write| write.path == **path)
            });
            draft.skipped.extend(given_up.map(|path| {
                format!(
                    "{path} of {} is not promoted any more, and is left unchanged",
                    key.name
                )
            }));
            let by_hand = self.set_by_hand(stage, service, &pair);
            if comparison.changes.is_empty() {
                draft.skipped_services.extend(by_hand);
                continue;
            }
            if let Some(hold) = held.service(self.facts.policy, &key.name) {
                draft.service_held = true;
                let reason = format!("held: {}", hold.reason);
                draft
                    .skipped_services
                    .push(SkippedService::new(key, reason));
                draft.skipped_services.extend(by_hand);
                continue;
            }
            draft.overwritten_hotfixes.extend(by_hand);
            draft.takes.push(take(key, key, &comparison));
            draft.changes.extend(comparison.changes);
        }
        let to = &rollback.to;
        draft.notes.push(format!(
            "goes back to what landed in {} (plan {})",
            to.landing.short(),
            to.plan.shown()
        ));
        draft
    }

    /// Who set a service by hand to something that its source does not have yet, if that is known.
    fn set_by_hand(
        &self,
        stage: StageIndex,
        service: usize,
        pair: &Pair<'_>,
    ) -> Option<SkippedService> {
        let place = ServiceRef {
            pipeline: self.id(),
            stage,
            service,
        };
        let last = self.facts.history.get(&place)?;
        match judge(pair, &compare(self.facts, pair), Some(last)) {
            Due::Ahead(service) => Some(service),
            Due::Yes(because) => because.debt,
            Due::Failed { .. } => None,
        }
    }

    /// Holds what would undo a rollback if no pull request can hold it: without GitHub, and for commits directly onto
    /// the base branch. There a person releases it by requesting the stage.
    pub(super) fn hold_after_rollback(
        &self,
        stage: StageIndex,
        back: &RolledBack,
        draft: &mut PromotionDraft,
    ) {
        let name = &self.manifest.stages[stage].name.value;
        let delivery = self.rules(stage).delivery;
        let on_forge = self.facts.on_forge;
        if (on_forge && delivery == Delivery::PullRequest) || self.asked(stage) {
            return;
        }
        let help = match (delivery, on_forge) {
            (Delivery::PullRequest, _) => format!(
                "its pull request opens with the label {}: someone with write access must remove it",
                crate::model::label::HOLD
            ),
            (Delivery::Commit, _) => format!(
                "Run workflow with command promote, pipeline {} and to {name}",
                self.manifest.name
            ),
        };
        draft.holds.push(Reason::new(back.to_string()).help(help));
    }
}
