//! What is done at the end of a run, and may be left to the next one: updating texts, disarming auto-merge, deleting
//! branches.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::error::Failure;
use crate::execute::DeliveryError;
use crate::forge::Writer;
use crate::model::ids::CommitId;
use crate::model::label::HOLD;
use crate::model::plan::Promotion;
use crate::model::promotion_index::PromotionIndex;
use crate::model::wire_words::TEMPORARY_BRANCHES;
use crate::plan::LabelHold;
use crate::plan::delivery::{Decision, OpenPlan};
use crate::reconcile::act::result::ends_the_run;
use crate::reconcile::act::{merged, messages};
use crate::reconcile::proposals::closed_holds;
use crate::reconcile::proposals::placed::all_read;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::reconcile::state::labels::Labels;

impl Round<'_> {
    /// Updates texts, disarms auto-merge, shows holds by their label, and deletes branches.
    pub(crate) async fn tidy(
        &self,
        writer: &Writer,
        decisions: &BTreeMap<PromotionIndex, Decision>,
        run: &mut RunState,
    ) -> Result<(), Failure> {
        for (place, decision) in decisions {
            let Some(number) = decision.active_pull.filter(|_| decision.blocked.is_none()) else {
                continue;
            };
            let Some(candidate) = self.assessment.candidate(*place, number) else {
                continue;
            };
            let pull = &candidate.pull;
            if pull.auto_merge {
                let disarmed = writer.disable_auto_merge(pull).await;
                if self
                    .wrote(writer, *place, disarmed.map_err(Into::into), run)
                    .await?
                {
                    run.outcome.notices.push(format!(
                        "auto-merge of {number} was enabled, and is now disabled: it would merge regardless of the gates"
                    ));
                }
            }
            if let Some(reassessed) = &candidate.reassessed {
                let described = self
                    .describe(writer, *place, candidate, reassessed, run)
                    .await;
                self.wrote(writer, *place, described, run).await?;
            }
            // Someone without write access removed it: it is added again, for everyone to see. What would undo a
            // rollback gets the label as soon as it exists.
            let shown = match &candidate.hold {
                LabelHold::StillOn(_) => true,
                hold => hold.is_free() && candidate.is_held() && run.labels.was_created(HOLD),
            };
            if shown {
                let shown = self.show_hold(writer, number, run).await.map(|_| ());
                self.wrote(writer, *place, shown, run).await?;
            }
        }
        self.show_states(writer, decisions, run).await?;
        // Temporary branches of interrupted runs; those of runs in progress are younger.
        let day_ago = self.observation.now - SignedDuration::from_hours(24);
        for branch in &self.observation.snapshot.branches {
            if branch.name.starts_with(TEMPORARY_BRANCHES)
                && branch.pulls.is_empty()
                && branch.tip.committed < day_ago
            {
                let node = &self.observation.snapshot.node;
                let deleted = writer.delete_branch(node, &branch.name, &branch.tip.id);
                if let Err(error) = deleted.await {
                    if ends_the_run(&error) {
                        return Err(error.into());
                    }
                    run.note(format!(
                        "the temporary branch {} could not be deleted: {}",
                        branch.name,
                        error.reason()
                    ));
                }
            }
        }
        let mut unused = Vec::new();
        for proposal in &self.assessment.without_open_pull {
            let base = &self.observation.snapshot.base;
            let current = self
                .assessment
                .plan
                .pipelines
                .iter()
                .flat_map(|pipeline| &pipeline.promotions);
            let is_current = current
                .into_iter()
                .any(|promotion| promotion.plan == Some(proposal.plan));
            // The branch of a closed promotion stays as long as its plan would be made: a veto is recognized by it.
            let spent = proposal.merged(base) || (proposal.pull(base).is_some() && !is_current);
            let at = proposal.pull(base).map(|pull| pull.head);
            // So does the branch of one that still holds its stage: the label's events are read through it.
            let holds = proposal.pull(base).is_some_and(|pull| {
                closed_holds::is_needed(self.observation, &self.assessment.plan, pull)
            });
            if spent
                && !holds
                && at == Some(proposal.branch.tip.id)
                && all_read(self.observation)
                && self.options.includes(&proposal.promotion().pipeline)
                && !self.is_out_of_sight(proposal, run).await?
            {
                if let Some(merged) = merged::of(proposal, base)
                    && !self.look_at_merged(writer, &merged, true, run).await?
                {
                    continue;
                }
                unused.push(proposal);
            }
        }
        let branches = unused.iter().map(|proposal| &proposal.branch);
        let branches: Vec<(&str, &CommitId)> = branches
            .map(|branch| (branch.name.as_str(), &branch.tip.id))
            .collect();
        let node = &self.observation.snapshot.node;
        let receipts = std::mem::take(&mut run.receipts);
        let deleted = writer.finish_landings(node, &receipts, &branches).await;
        for (proposal, deleted) in unused.into_iter().zip(deleted) {
            let deleted = deleted.map(|_| ()).map_err(Into::into);
            self.wrote_of(writer, proposal, deleted, run)?;
        }
        self.look_at_merged_without_branch(writer, run).await?;
        self.name_foreign_pulls(run);
        self.name_moved_bases(run);
        self.delete_orphans(writer, run).await?;
        run.lost.ends()?;
        Ok(())
    }

    /// Updates a pull request's texts if they differ. If a text offers a label that does not exist, the run that wrote
    /// it was interrupted before it created the label, so this run does.
    async fn describe(
        &self,
        writer: &Writer,
        place: PromotionIndex,
        candidate: &OpenPlan,
        reassessed: &Promotion,
        run: &mut RunState,
    ) -> Result<(), DeliveryError> {
        let pull = &candidate.pull;
        let snapshot = &self.observation.snapshot;
        let newer = self
            .assessment
            .promotion(place)
            .plan
            .filter(|plan| *plan != candidate.proposal.plan);
        let text = |labels: &Labels| {
            let offers = |label: &str| labels.has(snapshot, label);
            messages::description(self, place, candidate, reassessed, newer, &offers)
        };
        let differs = |text: &messages::Description| {
            messages::differs(&pull.body, &text.body) || pull.title != text.title
        };
        let wanted = messages::labels(self, place, reassessed);
        run.labels.note_missing(snapshot, &wanted);
        let mut written = text(&run.labels);
        if differs(&written) {
            self.create_labels(writer, &wanted, run).await;
            written = text(&run.labels);
        }
        if differs(&written) {
            let (title, body) = (&written.title, &written.body);
            writer.describe_pull(pull.number, title, body).await?;
        }
        Ok(())
    }
}
