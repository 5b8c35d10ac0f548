//! What a run remembers from round to round.

pub(crate) mod branch_rules;
pub(crate) mod labels;
pub(crate) mod lost;
pub(crate) mod opened;

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::{ForgeError, Receipt, ReviewRequest, Stopped};
use crate::model::ids::{PlanId, PullNumber};
use crate::model::promotion_id::{PipelineKey, StageKey};
use crate::model::pull::ClosedPull;
use crate::model::pull::Snapshot;
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
    /// Plans that landed in this run. If one becomes due again, something is reverting it.
    pub(crate) landed_plans: BTreeSet<PlanId>,
    /// Plans that were opened in this run.
    pub(crate) proposed_plans: BTreeSet<PlanId>,
    /// Pipelines that are stopped for safety, with the reason.
    pub(crate) stopped: BTreeMap<PipelineKey, String>,
    /// The pull requests that this run opened.
    pub(crate) opened: OpenedHere,
    /// Closed pull requests of ours, if they were read in this round.
    pub(crate) closed: Option<Vec<ClosedPull>>,
    /// Holds of closed pull requests, for promotions that would be opened or committed in this round.
    pub(crate) closed_holds: Option<ClosedHolds>,
    /// What the people who closed pull requests may do.
    pub(crate) closers: Permissions,
    /// A landing that has still to be seen on the base.
    pub(crate) landing: Option<PendingLanding>,
    /// Receipts of this run's landings that are still to be written.
    pub(crate) receipts: Vec<Receipt>,
    /// Stages at which something failed or waits: not tried again in this run.
    pub(crate) failed: BTreeSet<StageKey>,
    /// How many times someone else was faster.
    pub(crate) overtaken: BTreeMap<StageKey, u32>,
    /// Someone else was faster in this round: a moment passes before the next one.
    pub(crate) pause: bool,
    /// Whether this run has waited for pull requests of branches that another run may have created.
    pub(crate) waited_for_branches: bool,
    /// Seconds waited for merges that GitHub refused for a temporary reason.
    pub(crate) waited_for_merges: u32,
    /// GitHub's rules for the base branch.
    pub(crate) branch_rules: BranchRules,
    /// Workflows that this run started, by their digests.
    pub(crate) started: BTreeSet<String>,
    /// What is known about the repository's labels.
    pub(crate) labels: Labels,
    /// What was lost that may be lost.
    pub(crate) lost: Lost,
    /// Reviews of pull requests that were just opened, still to be requested.
    pub(crate) reviews: Vec<ReviewRequest>,
    /// Labels that this run removed because they do not count, or tried to.
    pub(crate) unlabeled: BTreeSet<(PullNumber, String)>,
    /// How many times the base moved while the guard looked at other pull requests.
    pub(crate) guarded_late: u32,
    /// Whether heads whose status was left at `success` were looked for.
    pub(crate) success_looked_for: bool,
    /// Pull requests that this run removed from the merge queue, or tried to.
    pub(crate) dequeued: BTreeSet<PullNumber>,
    /// What happened, for the report.
    pub(crate) outcome: Outcome,
}

impl RunState {
    /// Prepares for the next round. Closed pull requests are read again, so that what was closed meanwhile is not
    /// opened again.
    pub(crate) async fn begin_round(&mut self, session: &Session) {
        if std::mem::take(&mut self.pause) {
            session.forge.wait(1).await;
        }
        self.closed = None;
    }

    /// What a look after the landing of the round before would show, if GitHub's answer to the merge said so.
    pub(crate) fn take_look_after_landing(&mut self) -> Option<Snapshot> {
        let after = self.landing.as_mut()?.after.take();
        after.map(|after| *after)
    }

    /// Whether the pipeline of a stage is stopped. This stops it if the plan landed before in this run, or, unless
    /// `lands`, was opened before in it: then something reverts what Sluice does.
    pub(crate) fn goes_in_circles(&mut self, key: &StageKey, plan: &PlanId, lands: bool) -> bool {
        let again =
            self.landed_plans.contains(plan) || (!lands && self.proposed_plans.contains(plan));
        if again {
            self.stopped.entry(key.pipeline.clone()).or_insert_with(|| {
                format!(
                    "plan {} became due again right after landing in this run",
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

    /// Notes once that something was lost, and why.
    pub(crate) fn lose(&mut self, what: &str, error: &ForgeError) {
        self.lost.stops |= matches!(
            error,
            ForgeError::Stopped(_) | ForgeError::RateLimited { .. } | ForgeError::Unauthorized(_)
        );
        self.lost.stopped |= matches!(error, ForgeError::Stopped(Stopped::BySignal));
        if matches!(error, ForgeError::Stopped(_)) {
            return;
        }
        self.note(format!("{what}: {}", error.reason()));
    }

    /// Adds a notice, unless it was already added.
    pub(crate) fn note(&mut self, notice: String) {
        if !self.outcome.notices.contains(&notice) {
            self.outcome.notices.push(notice);
        }
    }
}

/// What an act changed.
pub(crate) enum Progress {
    /// Something changed: everything has to be read again.
    Changed,
    /// Nothing that decisions depend on.
    Unchanged,
}

/// With fewer API requests left, nothing new is begun: what was begun has to be finished.
pub(crate) const MIN_REQUESTS_LEFT: u64 = 50;
