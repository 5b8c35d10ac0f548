//! Retracts what would let a pull request merge although its gates do not pass: `success`, and its place in the merge
//! queue.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::execute::{DeliveryError, WAITS};
use crate::forge::Writer;
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::Build;
use crate::plan::attempt::Refusals;
use crate::plan::delivery::{Act, Decision, OpenPlan};
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

impl Round<'_> {
    /// Resets the status that an interrupted run left at `success` before its merge: if the status is required, anyone
    /// could merge by it long after the gates closed. Looked for once per run.
    pub(crate) async fn take_success_back(
        &self,
        writer: &Writer,
        decisions: &BTreeMap<PromotionIndex, Decision>,
        run: &mut RunState,
    ) -> Result<(), Failure> {
        if std::mem::replace(&mut run.success_looked_for, true) {
            return Ok(());
        }
        for (place, candidate) in self.assessment.all_open() {
            let branch = &candidate.proposal.branch;
            let left = branch.status.as_ref().filter(|status| status.is_success());
            let Some(left) = left.filter(|_| branch.tip.id == candidate.pull.head) else {
                continue;
            };
            let number = candidate.pull.number;
            // What is about to land gets it anyway, and the queue requires it until the pull request has landed.
            let lands = decisions
                .get(&place)
                .is_some_and(|decision| decision.acts.contains(&Act::Land(number)));
            if lands || candidate.pull.queued {
                continue;
            }
            let refusals = Refusals::parse(&left.description).map(|(refusals, _)| refusals);
            let text = Refusals::describe(WAITS, refusals.as_ref());
            let why = DeliveryError::Overtaken(format!("{number} did not land"));
            let lowered = self
                .delivery(writer)
                .retract(&candidate.pull, &text, why)
                .await;
            if let DeliveryError::SuccessLeft { .. } = lowered {
                self.wrote(writer, place, Err(lowered), run).await?;
            }
        }
        Ok(())
    }

    /// Removes from the merge queue what may no longer land: a gate does not pass, it is held, or it cannot be judged.
    pub(crate) async fn leave_the_queue(
        &self,
        writer: &Writer,
        run: &mut RunState,
    ) -> Result<(), Failure> {
        for (place, candidate) in self.assessment.all_open() {
            let pull = &candidate.pull;
            let may_land = !candidate.is_held()
                && candidate.build == Build::Intact
                && candidate
                    .reassessed
                    .as_ref()
                    .is_some_and(|reassessed| reassessed.may_land());
            if pull.queued && !may_land && run.dequeued.insert(pull.number) {
                let left = self.leave(writer, candidate).await;
                self.wrote(writer, place, left, run).await?;
            }
        }
        Ok(())
    }

    /// Removes one from the merge queue, and retracts `success`.
    async fn leave(&self, writer: &Writer, candidate: &OpenPlan) -> Result<(), DeliveryError> {
        let pull = &candidate.pull;
        writer.dequeue(pull).await?;
        let status = candidate.proposal.branch.status.as_ref();
        let refusals = status.and_then(|status| Refusals::parse(&status.description));
        let refusals = refusals.map(|(refusals, _)| refusals);
        let text = Refusals::describe(WAITS, refusals.as_ref());
        let why = DeliveryError::Overtaken(format!("{} left the merge queue", pull.number));
        match self.delivery(writer).retract(pull, &text, why).await {
            left @ DeliveryError::SuccessLeft { .. } => Err(left),
            _ => Ok(()),
        }
    }
}
