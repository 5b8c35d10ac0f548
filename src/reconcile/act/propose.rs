//! Opens the pull request of a promotion, and closes those that it replaces.

use std::collections::BTreeSet;

use crate::execute::{DeliveryError, NewProposal, WAITS};
use crate::forge::Writer;
use crate::model::ids::PullNumber;
use crate::model::label::HOLD;
use crate::model::life::LifeState;
use crate::model::promotion_index::PromotionIndex;
use crate::model::record::branch_name;
use crate::plan::delivery::OpenPlan;
use crate::reconcile::act::close::replaced_by;
use crate::reconcile::act::hold::{self, HoldLabel};
use crate::reconcile::act::{merge_state, messages};
use crate::reconcile::proposals::build::waits_for_people;
use crate::reconcile::round::Round;
use crate::reconcile::state::{MIN_REQUESTS_LEFT, Progress, RunState};
use crate::reconcile::{commit_ranges, wording};

/// Seconds to wait, once per run, for the pull request of a branch that another run may have just created.
const WAIT_FOR_BRANCHES: u32 = 10;

impl Round<'_> {
    /// Opens the pull request of a promotion. A hold on one that it replaces is copied before that one is closed.
    pub(crate) async fn open(
        &self,
        writer: &Writer,
        place: PromotionIndex,
        replaces: &[PullNumber],
        run: &mut RunState,
    ) -> Result<Progress, DeliveryError> {
        if self
            .session
            .forge
            .remaining()
            .is_some_and(|left| left < MIN_REQUESTS_LEFT)
        {
            let notice = format!(
                "fewer than {MIN_REQUESTS_LEFT} API requests remain: no new pull requests are opened in this run"
            );
            if !run.outcome.notices.contains(&notice) {
                run.outcome.notices.push(notice);
            }
            return Ok(Progress::Unchanged);
        }
        let most = self.observation.repository.policy.limits.open;
        if run.opened.room(most, !replaces.is_empty()) == 0 {
            return Ok(Progress::Unchanged);
        }
        let promotion = self.assessment.promotion(place);
        let (Some(record), Some(plan)) = (self.record(place), promotion.plan) else {
            return Ok(Progress::Unchanged);
        };
        if run.goes_in_circles(&self.key(place), &plan, false) {
            self.say_stopped(place, run);
            return Ok(Progress::Unchanged);
        }
        // Another run may be about to open a pull request from a branch that it just created.
        let plain = branch_name(&record);
        let mut branches = self.observation.snapshot.branches.iter();
        let made = branches.any(|branch| branch.name == plain && branch.pulls.is_empty());
        if made && !std::mem::replace(&mut run.waited_for_branches, true) {
            self.session.forge.wait(WAIT_FOR_BRANCHES).await;
            return Ok(Progress::Changed);
        }
        let files = self.files(promotion)?;
        let brings = commit_ranges::summaries(
            self.session,
            self.observation,
            self.assessment.plan.pipeline_of(place).id,
            promotion.index,
            &promotion.changes,
        )
        .await;
        let snapshot = &self.observation.snapshot;
        let text = |offers: messages::Offers<'_>| {
            let replaced = replaces.first().copied();
            messages::proposal(self, place, &record, &brings, replaced, offers)
        };
        let written = text(&|label| run.labels.will_have(snapshot, label));
        run.outcome.notices.extend(written.problems);
        let used: BTreeSet<String> = run
            .closed
            .iter()
            .flatten()
            .map(|pull| pull.branch.clone())
            .collect();
        let draft = NewProposal {
            record: &record,
            message: &written.message,
            title: &written.title,
            body: &written.body,
            files: &files,
            used: &used,
        };
        let delivery = self.delivery(writer);
        let opened = delivery.open(&draft).await?;
        let number = opened.number;
        self.note_opened(number, !replaces.is_empty(), run);
        self.note_reviewers(place, number, run);
        run.proposed_plans.insert(plan);
        let replaced: Vec<&OpenPlan> = replaces
            .iter()
            .filter_map(|old| self.assessment.candidate(place, *old))
            .collect();
        let held = replaced.iter().find(|old| old.hold.is_own());
        // Before anything that may fail or be lost: if the run is interrupted in between, one of the two has the hold.
        let closed_hold = self.delivery_input(place, run).closed_hold.ok().flatten();
        let is_held = promotion.after_rollback.is_some() || held.is_some() || closed_hold.is_some();
        let hold = match is_held {
            true => self.hold_opened(writer, number, run).await?,
            false => HoldLabel::On,
        };
        // If no label can show it, a request for the stage lifts the hold of a closed pull request.
        let lifts = self.is_asked(place)
            && record.requested_by.is_some()
            && promotion.after_rollback.is_none()
            && held.is_none()
            && matches!(hold, HoldLabel::Missing(_));
        let (hold, closed_hold) = match lifts {
            true => (HoldLabel::On, None),
            false => (hold, closed_hold),
        };
        if merge_state::requires_own_status(self, run).await {
            writer.set_status(&opened.head, false, WAITS).await?;
        }
        let mut why = written.why;
        let mut next = wording::next_step(promotion, self.observation.now);
        if let Some(closed) = &closed_hold {
            why = format!("{why}; held: {closed}");
            next = Some(format!(
                "someone with write access must remove the label {HOLD} from {number}"
            ));
        }
        if let Some(not) = hold.why_not() {
            why = match held {
                Some(old) => format!("{why}; {}", hold::not_carried(old.pull.number, number, not)),
                None => format!("{why}; {not}"),
            };
            if matches!(hold, HoldLabel::Missing(_)) {
                let only_closed = held.is_none() && promotion.after_rollback.is_none();
                let how = match only_closed {
                    true => wording::ASK,
                    false => hold::CREATE,
                };
                next = Some(how.to_owned());
            }
        }
        self.row(place, LifeState::Opened, &why, next, run);
        if let Some(row) = run.outcome.rows.last_mut() {
            row.pull = Some(number);
        }
        let mut closed = Ok(());
        let mut gone = Vec::new();
        for old in replaced {
            if hold.why_not().is_some() && old.hold.is_own() {
                // Its hold is all that holds the stage. Another round would only try the same again.
                run.failed.insert(self.key(place));
                continue;
            }
            match delivery.close(&old.pull).await {
                Ok(()) => gone.push(old),
                Err(error) => closed = Err(error),
            }
        }
        // What may be lost.
        let labels = messages::labels(self, place, promotion);
        self.create_labels(writer, &labels, run).await;
        let offered = text(&|label| run.labels.has(snapshot, label));
        if messages::differs(&written.body, &offered.body) && !run.lost.stops() {
            let described = writer.describe_pull(number, &offered.title, &offered.body);
            if let Err(error) = described.await {
                run.lose("the text of a pull request could not be updated", &error);
            }
        }
        for old in gone {
            let why = replaced_by(number, &plan, &old.proposal.plan);
            self.say_closed(writer, &old.pull, &why, run).await;
        }
        closed?;
        let waits =
            replaces.is_empty() && self.options.request.is_none() && waits_for_people(promotion);
        Ok(match waits {
            true => Progress::Unchanged,
            false => Progress::Changed,
        })
    }
}
