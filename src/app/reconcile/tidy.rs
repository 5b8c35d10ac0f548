//! What is done at the end of a run, and may be left to the next one: texts brought up to date, auto-merge disarmed, branches deleted.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Memory;
use super::closed_holds;
use super::labels::Labels;
use super::merged;
use super::stages::Place;
use super::texts;
use super::turn::{Turn, ends_the_run};
use crate::error::Failure;
use crate::execute::{DeliveryError, TEMPORARY};
use crate::model::label::HOLD;
use crate::model::plan::Promotion;
use crate::plan::LabelHold;
use crate::plan::delivery::{Candidate, Decision};

impl Turn<'_> {
    /// What may be left undone: texts brought up to date, auto-merge disarmed, the queue left, branches cleaned up.
    pub(super) async fn tidy(
        &self,
        decisions: &BTreeMap<Place, Decision>,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        if self.writes_nothing() {
            return Ok(());
        }
        for (place, decision) in decisions {
            let Some(number) = decision.stands.filter(|_| decision.blocked.is_none()) else {
                continue;
            };
            let Some(candidate) = self.stages.candidate(*place, number) else {
                continue;
            };
            let pull = &candidate.pull;
            if pull.auto_merge {
                let disarmed = self.session.forge.disable_auto_merge(pull).await;
                if self
                    .wrote(*place, disarmed.map_err(Into::into), memory)
                    .await?
                {
                    memory.outcome.notices.push(format!(
                        "auto-merge of {number} was armed and is disarmed: it would merge without looking at the gates"
                    ));
                }
            }
            if let Some(judged) = &candidate.judged {
                let described = self.describe(*place, candidate, judged, memory).await;
                self.wrote(*place, described, memory).await?;
            }
            // Whoever took it off may not: it goes back, for everybody to see. What would undo a rollback gets it as soon as it exists.
            let shown = match &candidate.hold {
                LabelHold::StillOn(_) => true,
                hold => hold.is_free() && candidate.is_held() && memory.labels.was_created(HOLD),
            };
            if shown {
                let shown = self.show_hold(number, memory).await.map(|_| ());
                self.wrote(*place, shown, memory).await?;
            }
        }
        // Temporary branches of lost runs; those of runs under way are younger.
        let day_ago = self.seen.now - SignedDuration::from_hours(24);
        for branch in &self.seen.snapshot.branches {
            if branch.name.starts_with(TEMPORARY)
                && branch.pulls.is_empty()
                && branch.tip.committed < day_ago
            {
                let node = &self.seen.snapshot.node;
                let deleted = self
                    .session
                    .forge
                    .delete_branch(node, &branch.name, &branch.tip.id);
                if let Err(error) = deleted.await {
                    if ends_the_run(&error) {
                        return Err(error.into());
                    }
                    memory.note(format!(
                        "the temporary branch {} could not be deleted: {}",
                        branch.name,
                        error.reason()
                    ));
                }
            }
        }
        for proposal in &self.stages.resting {
            let base = &self.seen.snapshot.base;
            let current = self
                .stages
                .plan
                .pipelines
                .iter()
                .flat_map(|pipeline| &pipeline.promotions);
            let stands = current
                .into_iter()
                .any(|promotion| promotion.plan == Some(proposal.plan));
            // The branch of a closed promotion stays while its plan would be made: it is what a veto is told by.
            let spent = proposal.merged(base) || (proposal.pull(base).is_some() && !stands);
            let at = proposal.pull(base).map(|pull| pull.head);
            // So does the branch of one that still holds its stage: the label's events are found by it.
            let holds = proposal
                .pull(base)
                .is_some_and(|pull| closed_holds::is_needed(self.seen, &self.stages.plan, pull));
            if spent
                && !holds
                && at == Some(proposal.branch.tip.id)
                && super::stages::all_read(self.seen)
                && super::is_ordered(
                    self.order,
                    proposal.namespace.as_deref(),
                    &proposal.pipeline,
                )
                && !self.is_out_of_sight(proposal, memory).await?
            {
                if let Some(merged) = merged::of(proposal, base)
                    && !self.look_at_merged(&merged, true, memory).await?
                {
                    continue;
                }
                let branch = &proposal.branch;
                let node = &self.seen.snapshot.node;
                let deleted = self
                    .session
                    .forge
                    .delete_branch(node, &branch.name, &branch.tip.id);
                self.wrote_of(
                    proposal,
                    deleted.await.map(|_| ()).map_err(Into::into),
                    memory,
                )?;
            }
        }
        self.look_at_merged_without_branch(memory).await?;
        self.name_foreign_pulls(memory);
        self.name_moved_bases(memory);
        self.delete_orphans(memory).await?;
        memory.lost.ends()?;
        Ok(())
    }

    /// Brings a pull request's text up to date, if it would change. A text that offers a label which does not exist was written by a run
    /// that was cut off before it created it, so that this one does.
    async fn describe(
        &self,
        place: Place,
        candidate: &Candidate,
        judged: &Promotion,
        memory: &mut Memory,
    ) -> Result<(), DeliveryError> {
        let pull = &candidate.pull;
        let snapshot = &self.seen.snapshot;
        let newer = self
            .stages
            .promotion(place)
            .plan
            .filter(|plan| *plan != candidate.proposal.plan);
        let text = |labels: &Labels| {
            let offers = |label: &str| labels.has(snapshot, label);
            texts::description(self, place, candidate, judged, newer, &offers)
        };
        let differs = |text: &texts::Description| {
            texts::differs(&pull.body, &text.body) || pull.title != text.title
        };
        let wanted = texts::labels(self, place, judged);
        memory.labels.note_missing(snapshot, &wanted);
        let mut written = text(&memory.labels);
        if differs(&written) {
            self.create_labels(&wanted, memory).await;
            written = text(&memory.labels);
        }
        if differs(&written) {
            let (title, body) = (&written.title, &written.body);
            let forge = &self.session.forge;
            forge.describe_pull(pull.number, title, body).await?;
        }
        Ok(())
    }
}
