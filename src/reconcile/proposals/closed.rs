//! Promotions that were closed without merging, and what the people who closed them may do.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::model::actor::UserId;
use crate::model::ids::PlanId;
use crate::model::promotion_id::StageKey;
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::ClosedPull;
use crate::model::record::branch_is_of_plan;
use crate::model::wire_words::BRANCHES;
use crate::reconcile::evidence::permissions;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

/// Closed pull requests are read, a page at a time, until at least this many of ours are found.
const MAX_CLOSED: usize = 300;

impl Round<'_> {
    /// Reads which promotions were closed, and what the people may do who closed one with a plan that would be opened.
    pub(crate) async fn read_closed(
        &self,
        opening: &[PromotionIndex],
        run: &mut RunState,
    ) -> Result<(), Failure> {
        let of_ours = |pull: &ClosedPull| !pull.foreign && pull.branch.starts_with(BRANCHES);
        let closed = self
            .session
            .forge
            .closed_pulls(
                &self.observation.snapshot.base,
                self.observation.closed.clone(),
                |found| {
                    // Only our own count: anyone can close any number of others.
                    found.iter().filter(|pull| of_ours(pull)).count() >= MAX_CLOSED
                },
            )
            .await?;
        if closed.more {
            let checked = closed.pulls.iter().filter(|pull| of_ours(pull)).count();
            run.outcome.notices.push(format!(
                "only the last {checked} promotions that were closed without merging were checked: one that a person closed \
                 earlier, and whose branch was deleted, may be opened again"
            ));
        }
        // The branch of a closed promotion stays as long as its plan would be made, so its closing is found even if the
        // list is too long.
        let branches = self.observation.snapshot.branches.iter();
        let still_there =
            branches.flat_map(|branch| branch.pulls.iter().filter_map(ClosedPull::of));
        let mut ours: Vec<ClosedPull> = closed
            .pulls
            .into_iter()
            .chain(still_there)
            .filter(of_ours)
            .collect();
        ours.sort_by_key(|pull| pull.number);
        ours.dedup_by_key(|pull| pull.number);
        let plans: Vec<(StageKey, PlanId)> = opening
            .iter()
            .filter_map(|place| Some((self.key(*place), self.assessment.promotion(*place).plan?)))
            .collect();
        let would_open = |pull: &&ClosedPull| {
            let mut plans = plans.iter();
            plans.any(|(key, plan)| branch_is_of_plan(&pull.branch, key, plan))
        };
        let people: BTreeMap<UserId, String> = ours
            .iter()
            .filter(would_open)
            .filter_map(|pull| {
                let by = pull.by.as_ref()?;
                Some((by.person()?, by.login.clone()))
            })
            .collect();
        run.closers = permissions::read(self.session, self.observation, people).await;
        run.closed = Some(ours);
        Ok(())
    }
}
