//! Carries out what does not move the base: opening, closing, blocking, starting workflows, and retracting what must
//! not remain.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::forge::Writer;
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::{Act, Decision};
use crate::reconcile::act::start_job;
use crate::reconcile::outcome::Closed;
use crate::reconcile::proposals::placed::{all_read, is_held};
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};

impl Round<'_> {
    /// Carries out what does not move the base. [`Progress::Changed`] if decisions may change by it.
    pub(crate) async fn prepare(
        &self,
        writer: &Writer,
        decisions: &BTreeMap<PromotionIndex, Decision>,
        run: &mut RunState,
    ) -> Result<Progress, Failure> {
        let mut done = Progress::Unchanged;
        for (place, decision) in decisions {
            for act in &decision.acts {
                let key = self.key(*place);
                let goes_on = matches!(act, Act::Close(_) | Act::Start(..));
                if run.failed.contains(&key) || (goes_on && run.is_stopped(&key)) {
                    continue;
                }
                let result = match act {
                    Act::Close(number) => self.close(writer, *place, *number, decision, run).await,
                    Act::Block(number, why) => self.block(writer, *place, *number, why, run).await,
                    Act::Hold(number) => self.show_hold(writer, *number, run).await,
                    Act::Start(number, gate) => {
                        start_job::start(self, writer, *place, *number, *gate, run).await
                    }
                    Act::Open { .. } | Act::Land(_) | Act::Commit => continue,
                };
                if let Progress::Changed = self
                    .record_failure(writer, &key, *place, result, run)
                    .await?
                {
                    done = Progress::Changed;
                }
            }
        }
        let opened = self.open_all(writer, decisions, run).await;
        // Also if the rest of the run was given up: the next run does not request them.
        self.request_reviews(writer, run).await;
        if let Progress::Changed = opened? {
            done = Progress::Changed;
        }
        self.take_success_back(writer, decisions, run).await?;
        self.leave_the_queue(writer, run).await?;
        for (proposal, pull) in &self.assessment.orphaned {
            // Its pipeline, stage or edges are gone. If something could not be read, they may only be out of sight.
            if !all_read(self.observation)
                || is_held(pull)
                || crate::gather::moved(proposal, pull).is_some()
                || !self.options.includes(&proposal.promotion().pipeline)
                || self.is_out_of_sight(proposal, run).await?
            {
                continue;
            }
            let why =
                "Its pipeline, stage or edges no longer exist, so nothing is left to promote.";
            let closed = self.delivery(writer).close(pull).await;
            if self.wrote_of(writer, proposal, closed, run)? {
                run.outcome.closed.push(Closed {
                    pipeline: proposal.pipeline.clone(),
                    stage: proposal.stage.to_string(),
                    pull: pull.number,
                });
                self.say_closed(writer, pull, why, run).await;
                done = Progress::Changed;
            }
        }
        if self.take_stale_labels_off(writer, decisions, run).await {
            done = Progress::Changed;
        }
        run.lost.ends()?;
        Ok(done)
    }

    /// Opens pull requests, one after the other.
    async fn open_all(
        &self,
        writer: &Writer,
        decisions: &BTreeMap<PromotionIndex, Decision>,
        run: &mut RunState,
    ) -> Result<Progress, Failure> {
        let mut done = Progress::Unchanged;
        for (place, replaces) in self.openings(decisions, run) {
            let key = self.key(place);
            let Some(decision) = decisions.get(&place) else {
                continue;
            };
            if run.failed.contains(&key) || self.undoes_its_own(place, decision, replaces, run) {
                continue;
            }
            let result = self.open(writer, place, replaces, run).await;
            if let Progress::Changed = self
                .record_failure(writer, &key, place, result, run)
                .await?
            {
                done = Progress::Changed;
            }
        }
        Ok(done)
    }
}
