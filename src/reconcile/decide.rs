//! Decides about every promotion that the run is about.
//!
//! The rules are those of [`crate::plan::delivery`], which reads nothing; this module collects their input. Closed pull
//! requests are read only if something would be opened, their holds only if something would be opened or committed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::error::Failure;
use crate::model::evidence::Permission;
use crate::model::few::few;
use crate::model::label::HOLD;
use crate::model::promotion_index::PromotionIndex;
use crate::model::record::branch_is_of_plan;
use crate::plan::delivery::{Act, Decision, DeliveryInput, decide};
use crate::reconcile::proposals::closed_holds::ClosedHolds;
use crate::reconcile::round::Round;
use crate::reconcile::state::{RunState, labels};

impl Round<'_> {
    /// Decides about every promotion that the run options include. Closed pull requests matter only if something would
    /// be opened, and are read at most once per round.
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

    /// Reports the branches that are ignored because they have more pull requests than Sluice reads.
    fn note_unread_branches(&self, run: &mut RunState) {
        let branches = self.observation.snapshot.branches.iter();
        let names: Vec<&str> = branches
            .filter(|branch| branch.has_more_pulls)
            .map(|branch| branch.name.as_str())
            .collect();
        if !names.is_empty() {
            run.note(format!(
                "these branches have more pull requests than are read, so they are not used: {}; delete them",
                few(&names, ", ")
            ));
        }
    }

    /// The input of the decision about one promotion, with what was closed and what a person requests.
    pub(crate) fn delivery_input(
        &self,
        place: PromotionIndex,
        run: &RunState,
    ) -> DeliveryInput<'_> {
        let mut stage = self.assessment.delivery_input(self.observation, place);
        if let Some(holds) = &run.closed_holds
            && stage.promotion.rollback.is_none()
            && matches!(stage.closed_hold, Ok(None))
        {
            stage.closed_hold = holds.of(place).map(|hold| hold.cloned());
        }
        let key = self.key(place);
        let asked = self.is_asked(place);
        // A request overrides an earlier veto.
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
        // An open request was made after any closing of the same plan.
        if self.assessment.reissued.contains_key(&place) {
            return stage;
        }
        let Some(plan) = stage.promotion.plan else {
            return stage;
        };
        for pull in run.closed.iter().flatten() {
            if !branch_is_of_plan(&pull.branch, &key, &plan) {
                continue;
            }
            // A later landing of the stage, also of a rollback, ends earlier vetoes of the same plan.
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
                // Someone whose permission was not, or could not be, read may have write access: then it counts as a
                // veto.
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
