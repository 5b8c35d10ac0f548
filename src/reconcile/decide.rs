//! Decides about every stage that was asked for.
//!
//! The rules are those of [`crate::plan::delivery`], which reads nothing; here they get what they decide from, and the closed pull requests and
//! holds are read only if something would be opened.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::error::Failure;
use crate::model::evidence::Permission;
use crate::model::few::few;
use crate::model::label::HOLD;
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::{Act, Decision, Stage, decide};
use crate::reconcile::act::messages;
use crate::reconcile::proposals::closed_holds::ClosedHolds;
use crate::reconcile::round::Round;
use crate::reconcile::state::{RunState, labels};

impl Round<'_> {
    /// Decides about every stage that the order speaks of. What was closed matters only where something would be put up, and is of this
    /// look or later then.
    pub(crate) async fn decide(
        &self,
        run: &mut RunState,
    ) -> Result<BTreeMap<PromotionIndex, Decision>, Failure> {
        self.note_unread_branches(run);
        let all = |run: &RunState| -> BTreeMap<PromotionIndex, Decision> {
            let places = self.assessment.places(self.observation, self.options);
            places
                .map(|place| (place, decide(&self.delivery_input(place, run))))
                .collect()
        };
        run.closed_holds = None;
        let mut decisions = all(run);
        if self.only {
            return Ok(decisions);
        }
        let opens = |act: &Act| matches!(act, Act::Open { .. });
        let any_opens = decisions.values().any(|one| one.acts.iter().any(opens));
        if any_opens && run.closed.is_none() {
            let opening = decisions
                .iter()
                .filter(|(_, decision)| decision.acts.iter().any(opens));
            let opening: Vec<PromotionIndex> = opening.map(|(place, _)| *place).collect();
            self.read_closed(&opening, run).await?;
            decisions = all(run);
        }
        let brings_in = |act: &Act| matches!(act, Act::Open { .. } | Act::Commit);
        let wanted = decisions
            .iter()
            .filter(|(_, decision)| decision.acts.iter().any(brings_in));
        let wanted: BTreeSet<PromotionIndex> = wanted.map(|(place, _)| *place).collect();
        if wanted.is_empty() {
            return Ok(decisions);
        }
        let plan = &self.assessment.plan;
        let known = run.closers.clone();
        let holds = ClosedHolds::read(self.session, self.observation, plan, &wanted, known).await;
        run.closed_holds = Some(holds);
        Ok(all(run))
    }

    /// Names the branches that are not used because they have more pull requests than are read.
    fn note_unread_branches(&self, run: &mut RunState) {
        let branches = self.observation.snapshot.branches.iter();
        let names: Vec<&str> = branches
            .filter(|branch| branch.has_more_pulls)
            .map(|branch| branch.name.as_str())
            .collect();
        if !names.is_empty() {
            run.note(format!(
                "more pull requests than are read, so that nothing of them is used: {}; delete these branches",
                few(&names, ", ")
            ));
        }
    }

    pub(crate) fn delivery_input(&self, place: PromotionIndex, run: &RunState) -> Stage<'_> {
        let mut stage = self.assessment.delivery_input(self.observation, place);
        if let Some(holds) = &run.closed_holds
            && stage.promotion.rollback.is_none()
            && matches!(stage.closed_hold, Ok(None))
        {
            stage.closed_hold = holds.of(place).map(|hold| hold.cloned());
        }
        let key = self.key(place);
        let asked = self.is_asked(place);
        // Whoever asks for it takes a closing back.
        if asked
            && !self
                .options
                .request
                .as_ref()
                .is_some_and(|asked| asked.retry)
        {
            stage.asks_emergency = self
                .options
                .request
                .as_ref()
                .is_some_and(|asked| asked.emergency);
            stage.asked = true;
            stage.lifts_hold = !labels::exists(&self.observation.snapshot, HOLD);
            return stage;
        }
        // What a person asked for and is open was asked for after any closing of the same plan.
        if self.assessment.reissued.contains_key(&place) {
            return stage;
        }
        let Some(plan) = stage.promotion.plan else {
            return stage;
        };
        for pull in run.closed.iter().flatten() {
            if !messages::branch_is_of_plan(&pull.branch, &key, &plan) {
                continue;
            }
            // A later landing of the stage, a rollback too, ends what was said to the same plan before.
            if stage.promotion.landed.is_some_and(|at| pull.at <= at) {
                continue;
            }
            if pull.by_its_author() {
                continue;
            }
            let person = pull
                .by
                .as_ref()
                .and_then(|by| Some((by.person()?, by.login.clone())));
            let person = person.map(|(id, login)| (run.closers.get(&id), login));
            match person {
                // Who was not, or could not be, looked up may have write access: nothing is opened against that.
                Some((Some(Ok(Permission::Write) | Err(_)) | None, login)) => {
                    stage.veto = Some((pull.number, login));
                }
                Some((Some(Ok(_)), _)) | None => {
                    let age = self.observation.now.duration_since(pull.at);
                    if age < SignedDuration::from_hours(24) {
                        stage.closed_lately = Some(pull.number);
                    }
                }
            }
        }
        stage
    }
}
