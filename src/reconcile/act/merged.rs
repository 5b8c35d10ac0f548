//! Merged promotions that no run has checked: those that a person merged, whatever the gates said, and merges by this
//! account whose run ended before it checked the base.
//!
//! Each is reported once. The branch remembers it: it is deleted afterwards. If the branch may be gone already, the
//! description of the head's status remembers it. Anyone who deletes the branch or sets that status by hand has taken
//! note as well.

use jiff::SignedDuration;

use crate::error::Failure;
use crate::forge::Writer;
use crate::gather;
use crate::model::actor::{Actor, ActorKind};
use crate::model::life::LifeState;
use crate::model::proposal::Proposal;
use crate::model::pull::{MergedPull, PullState};
use crate::model::record::{Record, branch_is_of};
use crate::model::wire_words::CHECKED_MERGE;
use crate::reconcile::outcome::Row;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::repo::ReadObjects;

/// A merge older than this is not checked any more if its branch is gone.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A merged promotion.
pub(crate) struct Merged {
    pull: MergedPull,
    record: Record,
}

/// The merge of a proposal; `None` if it was not merged or its head has no record.
pub(crate) fn of(proposal: &Proposal, base: &str) -> Option<Merged> {
    let pull = proposal.pull(base)?;
    let PullState::Merged { at, by, commit } = &pull.state else {
        return None;
    };
    let (tip, status) = (&proposal.branch.tip, proposal.branch.status.as_ref());
    Some(Merged {
        record: Record::parse(&tip.message)?,
        pull: MergedPull {
            number: pull.number,
            branch: pull.branch.clone(),
            head: pull.head,
            message: tip.message.clone(),
            success: status.is_some_and(|status| status.is_success()),
            gates_passed: status
                .is_some_and(|status| status.is_success() && status.is_by(pull.author.as_ref())),
            status: String::new(),
            author: pull.author.clone(),
            at: *at,
            by: by.clone(),
            commit: *commit,
        },
    })
}

impl Merged {
    /// Who merged it, if it was not this account. A merge by the merge queue counts as this account's if the status is
    /// `success`: this account sets it only to enqueue, and retracts it when the pull request leaves the queue.
    fn by_hand(&self) -> Option<&Actor> {
        let by = self.pull.by.as_ref()?;
        let own = self.pull.author.as_ref().and_then(|author| author.id);
        let queue = by.kind == ActorKind::Bot && by.login == "github-merge-queue";
        let ours = (by.id.is_some() && by.id == own) || (queue && self.pull.success);
        (!ours).then_some(by)
    }
}

impl Round<'_> {
    /// Checks merged pull requests whose branch is gone.
    pub(crate) async fn look_at_merged_without_branch(
        &self,
        writer: &Writer,
        run: &mut RunState,
    ) -> Result<(), Failure> {
        let snapshot = &self.observation.snapshot;
        for pull in &snapshot.merged {
            let is_there = |name: &str| snapshot.branches.iter().any(|one| one.name == name);
            let old = self.observation.now.duration_since(pull.at) > LOOKED_BACK;
            if old || pull.status.starts_with(CHECKED_MERGE) || is_there(&pull.branch) {
                continue;
            }
            let Some(record) = Record::parse(&pull.message)
                .filter(|record| branch_is_of(&pull.branch, record))
                .filter(|record| self.options.includes(&record.promotion().pipeline))
            else {
                continue;
            };
            let pull = pull.clone();
            let merged = Merged { pull, record };
            // If GitHub does not delete branches itself, a missing branch of our own merge means that this account has
            // checked it, or that a person deleted the branch.
            if snapshot.deletes_merged || merged.by_hand().is_some() {
                self.look_at_merged(writer, &merged, false, run).await?;
            }
        }
        Ok(())
    }

    /// Reports a merged promotion, and remembers that it was reported. `false`: it is not what was approved, and is
    /// reported again until someone takes note. `branch`: its branch still exists.
    pub(crate) async fn look_at_merged(
        &self,
        writer: &Writer,
        merged: &Merged,
        branch: bool,
        run: &mut RunState,
    ) -> Result<bool, Failure> {
        let Merged { pull, record } = merged;
        let base = &self.observation.snapshot.base;
        let text = match merged.by_hand() {
            Some(by) => {
                // This account writes `success` only once every gate has passed.
                let (state, gates) = match pull.gates_passed {
                    true => (LifeState::Landed, "every gate had passed"),
                    false => (LifeState::LandedPastGates, "not every gate had passed"),
                };
                let edges = record.edges.iter();
                run.outcome.happened(Row {
                    from: edges.map(|edge| edge.from.to_string()).collect(),
                    plan: Some(record.plan),
                    pull: Some(pull.number),
                    commit: pull.commit,
                    why: format!("{} merged it, not Sluice; {gates}", by.login),
                    next: Some(format!(
                        "it counts as the content of {}; to undo it, run the workflow with `command: rollback`",
                        record.stage
                    )),
                    ..Row::new(
                        state,
                        record.promotion().pipeline.to_string(),
                        record.stage.clone(),
                    )
                });
                format!("{CHECKED_MERGE}: merged by {}, not by Sluice", by.login)
            }
            None => {
                if let Some(why) = self.landed_otherwise(merged, run).await? {
                    let then = match branch {
                        true => format!("delete the branch {}", pull.branch),
                        false => format!(
                            "confirm it: gh api repos/{}/statuses/{} -f context=sluice -f state=success -f description='{CHECKED_MERGE}'",
                            self.session.forge.slug(),
                            pull.head
                        ),
                    };
                    run.outcome.happened(Row {
                        plan: Some(record.plan),
                        pull: Some(pull.number),
                        why,
                        next: Some(format!("fix {base}, then {then}")),
                        ..Row::new(
                            LifeState::Blocked,
                            record.pipeline.clone(),
                            record.stage.clone(),
                        )
                    });
                    return Ok(false);
                }
                format!("{CHECKED_MERGE}: landed as planned")
            }
        };
        // Our own merge is remembered by the deletion of its branch, unless GitHub deletes branches itself.
        if merged.by_hand().is_some() || self.observation.snapshot.deletes_merged {
            // If this fails, it is reported again; nothing else depends on it.
            if let Err(error) = writer.set_status(&pull.head, pull.success, &text).await {
                run.lose("it could not be recorded that a merge was checked", &error);
            }
        }
        Ok(true)
    }

    /// What is wrong with a merge by this account whose run ended between the merge and the check of the base. `None`
    /// if the merge made exactly what its plan says, and also if it landed in this run or GitHub names no commit for
    /// it.
    async fn landed_otherwise(
        &self,
        merged: &Merged,
        run: &RunState,
    ) -> Result<Option<String>, Failure> {
        let Merged { pull, record } = merged;
        let Some(commit) = &pull.commit else {
            return Ok(None);
        };
        if run.landed_plans.contains(&record.plan) {
            return Ok(None);
        }
        let repo = self.session.remotes.here();
        let policy = &self.observation.repository.policy;
        let proved = self
            .session
            .fetch_until_complete(|| {
                let info = repo.commit_info(commit)?;
                let Some(parent) = info.parents.first() else {
                    return Ok(false);
                };
                let changes = gather::landed_changes(repo, commit, parent, record, policy)?;
                Ok(changes.proved().is_some())
            })
            .await?;
        Ok((!proved).then(|| {
            format!(
                "what the merge {} made is not what was approved: compare it with its plan",
                commit.short()
            )
        }))
    }
}
