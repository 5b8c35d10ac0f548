//! Promotions that were merged: those that a person merged, whatever the gates said, and merges of ours that no run looked at afterwards.
//!
//! Each is looked at once. What remembers it is the branch, which is deleted afterwards; if the branch may be gone already, it is the
//! description of the status at the head. Whoever deletes the branch by hand, or sets that status, has looked at it as well.

use jiff::SignedDuration;

use super::Memory;
use super::outcome::{Row, RowKind};
use super::turn::Turn;
use crate::error::Failure;
use crate::gather;
use crate::model::actor::{Actor, ActorKind};
use crate::model::proposal::Proposal;
use crate::model::pull::{MergedPull, PullState};
use crate::record::{Record, branch_is_of};
use crate::repo::ReadObjects;

/// How the description of the status of a merged head begins that was looked at.
const LOOKED_AT: &str = "looked at after the merge";

/// What was merged longer ago is not looked at without its branch any more.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A promotion that was merged.
pub(super) struct Merged {
    pull: MergedPull,
    record: Record,
}

/// What a proposal was merged as; `None` if it was not.
pub(super) fn of(proposal: &Proposal, base: &str) -> Option<Merged> {
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
            success: status.is_some_and(|status| status.success),
            status: String::new(),
            author: pull.author.clone(),
            at: *at,
            by: by.clone(),
            commit: *commit,
        },
    })
}

impl Merged {
    /// Who merged it, if that was not this account. What the merge queue merged was put there by this account if the status says so: it is
    /// set to success only for that, and taken back when the pull request leaves the queue.
    fn by_hand(&self) -> Option<&Actor> {
        let by = self.pull.by.as_ref()?;
        let own = self.pull.author.as_ref().and_then(|author| author.id);
        let queue = by.kind == ActorKind::Bot && by.login == "github-merge-queue";
        let ours = (by.id.is_some() && by.id == own) || (queue && self.pull.success);
        (!ours).then_some(by)
    }
}

impl Turn<'_> {
    /// Looks at what was merged and whose branch is gone.
    pub(super) async fn look_at_merged_without_branch(
        &self,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        let snapshot = &self.seen.snapshot;
        for pull in &snapshot.merged {
            let stands = |name: &str| snapshot.branches.iter().any(|one| one.name == name);
            let old = self.seen.now.duration_since(pull.at) > LOOKED_BACK;
            if old || pull.status.starts_with(LOOKED_AT) || stands(&pull.branch) {
                continue;
            }
            let Some(record) = Record::parse(&pull.message)
                .filter(|record| branch_is_of(&pull.branch, record))
                .filter(|record| {
                    let namespace = record.namespace.as_deref();
                    super::is_ordered(self.order, namespace, &record.pipeline)
                })
            else {
                continue;
            };
            let pull = pull.clone();
            let merged = Merged { pull, record };
            // Without the setting, somebody deleted the branch of a merge of ours: this account, which had looked, or a person, who has.
            if snapshot.deletes_merged || merged.by_hand().is_some() {
                self.look_at_merged(&merged, false, memory).await?;
            }
        }
        Ok(())
    }

    /// Says what there is to say about a merged promotion, and remembers that it was said. `false`: it is not what was approved, and is said
    /// again until somebody has looked at it. `branch`: its branch still stands.
    pub(super) async fn look_at_merged(
        &self,
        merged: &Merged,
        branch: bool,
        memory: &mut Memory,
    ) -> Result<bool, Failure> {
        let Merged { pull, record } = merged;
        let base = &self.seen.snapshot.base;
        let text = match merged.by_hand() {
            Some(by) => {
                memory.outcome.notices.push(format!(
                    "{} was merged by {}, not by Sluice: it counts as what {} holds, whatever its gates said",
                    pull.number, by.login, record.stage
                ));
                format!("{LOOKED_AT}: merged by {}, not by Sluice", by.login)
            }
            None => {
                if let Some(why) = self.landed_otherwise(merged, memory).await? {
                    let then = match branch {
                        true => format!("delete the branch {}", pull.branch),
                        false => format!(
                            "say so: gh api repos/{}/statuses/{} -f context=sluice -f state=success -f description='{LOOKED_AT}'",
                            self.session.forge.slug(),
                            pull.head
                        ),
                    };
                    memory.outcome.rows.push(Row {
                        kind: RowKind::Blocked,
                        pipeline: record.pipeline.clone(),
                        from: Vec::new(),
                        to: record.stage.clone(),
                        plan: Some(record.plan),
                        pull: Some(pull.number),
                        commit: None,
                        emergency: None,
                        why,
                        next: Some(format!("put right what stands on {base}, then {then}")),
                    });
                    return Ok(false);
                }
                format!("{LOOKED_AT}: landed as planned")
            }
        };
        // A merge of ours is remembered by its branch, unless GitHub deletes that.
        if merged.by_hand().is_some() || self.seen.snapshot.deletes_merged {
            let forge = &self.session.forge;
            // It is said again then; nothing else depends on it.
            if let Err(error) = forge.set_status(&pull.head, pull.success, &text).await {
                memory.lose("that a merge was looked at could not be noted", &error);
            }
        }
        Ok(true)
    }

    /// What is wrong with a merge of our own that no run looked at afterwards: one that died between the merge and the look at
    /// the base. `None` if it made exactly what its plan says.
    async fn landed_otherwise(
        &self,
        merged: &Merged,
        memory: &Memory,
    ) -> Result<Option<String>, Failure> {
        let Merged { pull, record } = merged;
        let Some(commit) = &pull.commit else {
            return Ok(None);
        };
        if memory.landed_plans.contains(&record.plan) {
            return Ok(None);
        }
        let repo = self.session.remotes.here();
        let policy = &self.seen.world.policy;
        let proved = self
            .session
            .settle(|| {
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
