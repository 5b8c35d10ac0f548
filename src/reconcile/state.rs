//! What a run remembers from round to round.

pub(crate) mod branch_rules;
pub(crate) mod labels;
pub(crate) mod lost;
pub(crate) mod opened;

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::ForgeError;
use crate::model::ids::PlanId;
use crate::model::promotion_id::{PipelineKey, StageKey};
use crate::model::pull::{ClosedPull, PullNumber};
use crate::reconcile::evidence::permissions::Permissions;
use crate::reconcile::landing::PendingLanding;
use crate::reconcile::outcome::Outcome;
use crate::reconcile::proposals::closed_holds::ClosedHolds;
use crate::reconcile::state::branch_rules::BranchRules;
use crate::reconcile::state::labels::Labels;
use crate::reconcile::state::lost::Lost;
use crate::reconcile::state::opened::OpenedHere;
use crate::session::Session;

/// What a run remembers from round to round.
#[derive(Default)]
pub(crate) struct RunState {
    /// Stages that landed in this run.
    pub(crate) landed: BTreeSet<StageKey>,
    /// Plans that landed in this run: one that comes back turns in circles.
    pub(crate) landed_plans: BTreeSet<PlanId>,
    /// Plans that were put up in this run.
    pub(crate) proposed_plans: BTreeSet<PlanId>,
    /// Pipelines that are stopped for safety, with the reason.
    pub(crate) stopped: BTreeMap<PipelineKey, String>,
    /// What was opened in this run.
    pub(crate) opened: OpenedHere,
    /// Closed pull requests of ours, once they were asked for in this turn.
    pub(crate) closed: Option<Vec<ClosedPull>>,
    /// What holds promotions although it is closed, of those that would be opened or committed in this turn.
    pub(crate) closed_holds: Option<ClosedHolds>,
    /// What the people who closed them may do.
    pub(crate) closers: Permissions,
    /// A landing that has still to be seen on the base.
    pub(crate) landing: Option<PendingLanding>,
    /// Stages at which something failed or waits: not tried again in this run.
    pub(crate) failed: BTreeSet<StageKey>,
    /// How often somebody else was faster.
    pub(crate) overtaken: BTreeMap<StageKey, u32>,
    /// Somebody else was faster in this very turn: a moment passes before the next look.
    pub(crate) pause: bool,
    /// Pull requests of branches that another run may have made were waited for.
    pub(crate) waited_for_branches: bool,
    /// How long was waited for merges that GitHub refused for a reason that passes, in seconds.
    pub(crate) waited_for_merges: u32,
    /// What GitHub's own rules ask of the base branch.
    pub(crate) branch_rules: BranchRules,
    /// Workflows that were started in this run, by their digests.
    pub(crate) started: BTreeSet<String>,
    /// What is known of the repository's labels.
    pub(crate) labels: Labels,
    /// What was lost that may be.
    pub(crate) lost: Lost,
    /// Labels that were taken off in this run because they count for nothing.
    pub(crate) unlabeled: BTreeSet<(PullNumber, String)>,
    /// How often the base moved while other pull requests were looked at.
    pub(crate) guarded_late: u32,
    /// Heads whose status was left at success were looked for.
    pub(crate) success_looked_for: bool,
    /// Pull requests that were taken out of the merge queue in this run.
    pub(crate) dequeued: BTreeSet<PullNumber>,
    /// What happened, for the report.
    pub(crate) outcome: Outcome,
}

impl RunState {
    /// Gets ready for the next round. What was closed meanwhile is not opened again.
    pub(crate) async fn begin_round(&mut self, session: &Session) {
        if std::mem::take(&mut self.pause) {
            session.forge.wait(1).await;
        }
        self.closed = None;
    }

    /// Whether a plan has come back that landed in this run, or a stage's pipeline was stopped. Such a pipeline is not
    /// gone on with: something undoes what is landed.
    pub(crate) fn goes_in_circles(&mut self, key: &StageKey, plan: &PlanId, lands: bool) -> bool {
        let again =
            self.landed_plans.contains(plan) || (!lands && self.proposed_plans.contains(plan));
        if again {
            self.stopped.entry(key.pipeline.clone()).or_insert_with(|| {
                format!(
                    "plan {} came back after it was carried out in this very run",
                    plan.shown()
                )
            });
        }
        self.is_stopped(key)
    }

    /// Whether the pipeline of a stage was stopped.
    pub(crate) fn is_stopped(&self, key: &StageKey) -> bool {
        self.stopped.contains_key(&key.pipeline)
    }

    /// Says once that something was lost, and why.
    pub(crate) fn lose(&mut self, what: &str, error: &ForgeError) {
        self.lost.stops |= matches!(
            error,
            ForgeError::Stopped
                | ForgeError::ReadOnly
                | ForgeError::RateLimited { .. }
                | ForgeError::Unauthorized(_)
        );
        self.lost.stopped |= matches!(error, ForgeError::Stopped);
        if matches!(error, ForgeError::Stopped | ForgeError::ReadOnly) {
            return;
        }
        self.note(format!("{what}: {}", error.reason()));
    }

    /// Adds a notice, unless it was said already.
    pub(crate) fn note(&mut self, notice: String) {
        if !self.outcome.notices.contains(&notice) {
            self.outcome.notices.push(notice);
        }
    }
}

/// What carrying something out came to.
pub(crate) enum Progress {
    /// Something changed: everything has to be read again.
    Changed,
    /// Nothing did.
    Unchanged,
}
