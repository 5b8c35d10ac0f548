//! Carrying out what moves no base: putting up, closing, blocking, and what may be left undone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::Memory;
use super::outcome::{Row, RowKind};
use super::report;
use super::stages::Place;
use super::texts;
use super::turn::{Done, Turn, failure};
use crate::error::Failure;
use crate::execute::{DeliveryError, Draft, TEMPORARY, WAITS};
use crate::forge::ForgeError;
use crate::gather;
use crate::model::ids::PlanId;
use crate::model::label::{HOLD, approve_label};
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::{PullNumber, PullState};
use crate::model::verdict::Verdict;
use crate::plan::LabelHold;
use crate::plan::attempt::Refusals;
use crate::plan::delivery::{Act, Candidate, Decision};
use crate::record::Record;
use crate::render::Blocked;
use crate::render::comment::{self, Replaced};
use crate::repo::ReadObjects;

/// With fewer calls left nothing new is begun: what was begun has to be brought to its end.
pub(super) const FLOOR: u64 = 50;

impl Turn<'_> {
    /// That somebody else merged a promotion: it counts as what its stage holds, whatever its gates said.
    fn merged_by_hand(&self, proposal: &Proposal) -> Option<String> {
        let pull = proposal.pull(&self.seen.snapshot.base)?;
        let PullState::Merged { by: Some(by), .. } = &pull.state else {
            return None;
        };
        let own = pull.author.as_ref().and_then(|author| author.id);
        (by.id.is_none() || by.id != own).then(|| {
            format!(
                "{} was merged by {}, not by Sluice: it counts as what {} holds, whatever its gates said",
                pull.number, by.login, proposal.stage
            )
        })
    }

    /// What is wrong with a merge of our own that no run looked at afterwards: one that died between the merge and the look at
    /// the base. `None` where it made exactly what its plan says, or somebody else merged it.
    async fn landed_otherwise(
        &self,
        proposal: &Proposal,
        memory: &Memory,
    ) -> Result<Option<String>, Failure> {
        let base = &self.seen.snapshot.base;
        let pull = proposal.pull(base);
        let Some(PullState::Merged {
            commit: Some(commit),
            ..
        }) = pull.map(|pull| &pull.state)
        else {
            return Ok(None);
        };
        if memory.landed_plans.contains(&proposal.plan) || self.merged_by_hand(proposal).is_some() {
            return Ok(None);
        }
        let Some(record) = Record::parse(&proposal.branch.tip.message) else {
            return Ok(None);
        };
        let repo = self.session.remotes.here();
        let policy = &self.seen.world.policy;
        let proved = self
            .session
            .settle(|| {
                let info = repo.commit_info(commit)?;
                let Some(parent) = info.parents.first() else {
                    return Ok(false);
                };
                let changes = gather::landed_changes(repo, commit, parent, &record, policy)?;
                Ok(changes.is_some())
            })
            .await?;
        Ok((!proved).then(|| {
            format!(
                "what the merge {} made is not what was approved: compare it with its plan",
                commit.short()
            )
        }))
    }

    /// Does what moves no base; whether anything was done.
    pub(super) async fn prepare(
        &self,
        decisions: &BTreeMap<Place, Decision>,
        memory: &mut Memory,
    ) -> Result<Done, Failure> {
        if self.writes_nothing() {
            return Ok(Done::Unchanged);
        }
        let mut done = Done::Unchanged;
        for (place, decision) in decisions {
            for act in &decision.acts {
                let key = self.key(*place);
                if memory.failed.contains(&key) {
                    continue;
                }
                let result = match act {
                    Act::Open { replaces } => self.open(*place, replaces, memory).await,
                    Act::Close(number) => self.close(*place, *number, decision.stands).await,
                    Act::Block(number, why) => self.block(*place, *number, why).await,
                    Act::Hold(number) => self.hold(*number).await,
                    Act::Start(number, gate) => {
                        super::jobs::start(self, *place, *number, *gate, memory).await
                    }
                    Act::Land(_) | Act::Commit => continue,
                };
                if let Done::Changed = self.came_to(&key, *place, result, memory).await? {
                    done = Done::Changed;
                }
            }
        }
        if self.take_stale_labels_off(decisions, memory).await? {
            done = Done::Changed;
        }
        self.take_success_back(decisions, memory).await?;
        self.leave_the_queue(memory).await?;
        for (proposal, pull) in &self.stages.stray {
            // Its pipeline, stage or edges are gone; while something went unread, they may only be out of sight.
            if !super::stages::all_read(self.seen)
                || super::stages::is_held(pull)
                || crate::gather::moved(proposal, pull).is_some()
                || !super::is_ordered(
                    self.order,
                    proposal.namespace.as_deref(),
                    &proposal.pipeline,
                )
            {
                continue;
            }
            let why = "Its pipeline, stage or edges are not there any more, so that nothing is left to promote.";
            self.delivery().close(pull, why).await.map_err(failure)?;
            done = Done::Changed;
        }
        Ok(done)
    }

    /// Sets the status back that a run left at success which died, or was stopped, between it and its merge: a required check
    /// would let anybody merge by it when the gates are long shut again. Looked for once a run.
    async fn take_success_back(
        &self,
        decisions: &BTreeMap<Place, Decision>,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        if std::mem::replace(&mut memory.success_looked_for, true) {
            return Ok(());
        }
        for (place, candidate) in self.stages.all_candidates() {
            let branch = &candidate.proposal.branch;
            let left = branch.status.as_ref().filter(|status| status.success);
            let Some(left) = left.filter(|_| branch.tip.id == candidate.pull.head) else {
                continue;
            };
            let number = candidate.pull.number;
            // What is about to land gets it anyway, and a queue asks for it until it has landed.
            let lands = decisions
                .get(&place)
                .is_some_and(|decision| decision.acts.contains(&Act::Land(number)));
            if lands || candidate.pull.queued {
                continue;
            }
            let refusals = Refusals::parse(&left.description).map(|(refusals, _)| refusals);
            let text = Refusals::describe(WAITS, refusals.as_ref());
            let why = DeliveryError::Overtaken(format!("{number} did not land"));
            let lowered = self.delivery().retract(&candidate.pull, &text, why).await;
            if let DeliveryError::SuccessLeft { .. } = lowered {
                self.came_to(&self.key(place), place, Err(lowered), memory)
                    .await?;
            }
        }
        Ok(())
    }

    /// Takes out of the merge queue what may not land any more: a gate shut, somebody holds it, or nobody can tell.
    async fn leave_the_queue(&self, memory: &mut Memory) -> Result<(), Failure> {
        for (place, candidate) in self.stages.all_candidates() {
            let pull = &candidate.pull;
            let may_land = !candidate.is_held()
                && candidate.build == Build::Stands
                && candidate
                    .judged
                    .as_ref()
                    .is_some_and(|judged| judged.may_land());
            if pull.queued && !may_land && memory.dequeued.insert(pull.number) {
                let left = self.leave(candidate).await;
                self.came_to(&self.key(place), place, left, memory).await?;
            }
        }
        Ok(())
    }

    /// Takes one out of the merge queue, and `success` back.
    async fn leave(&self, candidate: &Candidate) -> Result<Done, DeliveryError> {
        let pull = &candidate.pull;
        self.session.forge.dequeue(pull).await?;
        let status = candidate.proposal.branch.status.as_ref();
        let refusals = status.and_then(|status| Refusals::parse(&status.description));
        let refusals = refusals.map(|(refusals, _)| refusals);
        let text = Refusals::describe(WAITS, refusals.as_ref());
        let why = DeliveryError::Overtaken(format!("{} left the merge queue", pull.number));
        match self.delivery().retract(pull, &text, why).await {
            left @ DeliveryError::SuccessLeft { .. } => Err(left),
            _ => Ok(Done::Unchanged),
        }
    }

    /// Takes labels off that were set before the head arrived, once each; whether there were any. Nothing depends on it:
    /// such a label does not count while it is on either.
    async fn take_stale_labels_off(
        &self,
        decisions: &BTreeMap<Place, Decision>,
        memory: &mut Memory,
    ) -> Result<bool, Failure> {
        let mut any = false;
        for (place, decision) in decisions {
            let standing = decision
                .stands
                .and_then(|number| self.stages.candidate(*place, number));
            let Some(candidate) = standing else { continue };
            let gates = candidate.judged.iter().flat_map(|judged| &judged.gates);
            for gate in gates.filter(|gate| gate.stale_label) {
                let label = approve_label(&gate.edge.to, &gate.name);
                let number = candidate.pull.number;
                if memory.unlabeled.insert((number, label.clone())) {
                    self.session.forge.remove_label(number, &label).await?;
                    any = true;
                }
            }
        }
        Ok(any)
    }

    async fn open(
        &self,
        place: Place,
        replaces: &[PullNumber],
        memory: &mut Memory,
    ) -> Result<Done, DeliveryError> {
        if self
            .session
            .forge
            .remaining()
            .is_some_and(|left| left < FLOOR)
        {
            let notice = format!(
                "GitHub takes less than {FLOOR} more calls for now: nothing new is put up in this run"
            );
            if !memory.outcome.notices.contains(&notice) {
                memory.outcome.notices.push(notice);
            }
            return Ok(Done::Unchanged);
        }
        if memory.opened >= self.seen.world.policy.limits.open {
            return Ok(Done::Unchanged);
        }
        let promotion = self.stages.promotion(place);
        let (Some(record), Some(plan)) = (self.record(place), promotion.plan) else {
            return Ok(Done::Unchanged);
        };
        if memory.goes_in_circles(&self.key(place), &plan, false) {
            return Ok(Done::Unchanged);
        }
        let files = self.files(promotion)?;
        let brings = super::evidence::brings(
            self.session,
            self.seen,
            self.stages.plan.pipelines[place.0].id,
            promotion.index,
            &promotion.changes,
        )
        .await;
        let written = texts::proposal(self, place, &record, &brings, replaces.first().copied());
        memory.outcome.notices.extend(written.problems);
        let (people, teams) = texts::reviewers(self, place, promotion);
        let labels = texts::labels(self, place, promotion);
        let status = super::readiness::requires_own_status(self, memory).await;
        let used: BTreeSet<String> = memory
            .closed
            .iter()
            .flatten()
            .map(|pull| pull.branch.clone())
            .collect();
        let draft = Draft {
            record: &record,
            message: &written.message,
            title: &written.title,
            body: &written.body,
            files: &files,
            labels: &labels,
            reviewers: &people,
            teams: &teams,
            status,
            used: &used,
        };
        let delivery = self.delivery();
        let number = delivery.open(&draft).await?;
        memory.opened += 1;
        memory.put_up.insert(plan);
        if promotion.after_rollback.is_some() {
            // Until it is on, nothing lands either: the next look finds what it would undo, and sets it.
            self.session.forge.add_label(number, HOLD).await?;
        }
        let why = written.why;
        let next = report::next_step(promotion, self.seen.now);
        self.row(place, RowKind::Opened, &why, next, memory);
        if let Some(row) = memory.outcome.rows.last_mut() {
            row.pull = Some(number);
        }
        for old in replaces {
            if let Some(candidate) = self.stages.candidate(place, *old) {
                // Before the old one is closed: a run that is cut off in between finds the hold on either.
                if !candidate.hold.is_free() {
                    self.session.forge.add_label(number, HOLD).await?;
                }
                let why = replaced(number, &plan, &candidate.proposal.plan);
                delivery.close(&candidate.pull, &why).await?;
            }
        }
        let waits =
            replaces.is_empty() && self.order.asked.is_none() && waits_for_people(promotion);
        Ok(match waits {
            true => Done::Unchanged,
            false => Done::Changed,
        })
    }

    async fn close(
        &self,
        place: Place,
        number: PullNumber,
        stands: Option<PullNumber>,
    ) -> Result<Done, DeliveryError> {
        let Some(candidate) = self.stages.candidate(place, number) else {
            return Ok(Done::Unchanged);
        };
        let standing = stands.and_then(|number| self.stages.candidate(place, number));
        if let Some(other) = standing
            && !candidate.hold.is_free()
            && other.hold.is_free()
        {
            self.session
                .forge
                .add_label(other.pull.number, HOLD)
                .await?;
        }
        let why = match standing {
            Some(other) => replaced(
                other.pull.number,
                &other.proposal.plan,
                &candidate.proposal.plan,
            ),
            None => format!(
                "Nothing is left to promote: {}.",
                crate::report::escape::prose(&self.stages.promotion(place).reason)
            ),
        };
        self.delivery().close(&candidate.pull, &why).await?;
        Ok(Done::Changed)
    }

    async fn hold(&self, number: PullNumber) -> Result<Done, DeliveryError> {
        self.session.forge.add_label(number, HOLD).await?;
        Ok(Done::Changed)
    }

    async fn block(
        &self,
        place: Place,
        number: PullNumber,
        why: &str,
    ) -> Result<Done, DeliveryError> {
        let Some(pull) = self.stages.pull(place, number) else {
            return Ok(Done::Unchanged);
        };
        let text = comment::blocked(
            &Blocked::Other(why),
            &self.pipeline(place),
            &self.key(place).2,
        );
        self.delivery().block(pull, &text).await?;
        Ok(Done::Unchanged)
    }

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
                self.session.forge.disable_auto_merge(pull).await?;
                memory.outcome.notices.push(format!(
                    "auto-merge of {number} was armed and is disarmed: it would merge without looking at the gates"
                ));
            }
            // Whoever took it off may not: it goes back, for everybody to see.
            if let LabelHold::StillOn(_) = candidate.hold {
                self.session.forge.add_label(number, HOLD).await?;
            }
            if let Some(judged) = &candidate.judged {
                let newer = self
                    .stages
                    .promotion(*place)
                    .plan
                    .filter(|plan| *plan != candidate.proposal.plan);
                let written = texts::description(self, *place, candidate, judged, newer);
                if texts::differs(&pull.body, &written.body) || pull.title != written.title {
                    self.session
                        .forge
                        .describe_pull(number, &written.title, &written.body)
                        .await?;
                }
                // A run that was cut off right after opening it made none.
                let labels = texts::labels(self, *place, judged);
                match self.delivery().make_labels(&labels).await {
                    Ok(()) => {}
                    Err(DeliveryError::Forge(
                        error @ (ForgeError::Refused { .. } | ForgeError::Forbidden { .. }),
                    )) => memory.outcome.notices.push(error.to_string()),
                    Err(error) => return Err(failure(error)),
                }
            }
        }
        // Temporary branches of lost runs; those of runs under way are younger.
        let day_ago = self.seen.now - SignedDuration::from_hours(24);
        for branch in &self.seen.snapshot.branches {
            if branch.name.starts_with(TEMPORARY)
                && branch.pulls.is_empty()
                && branch.tip.committed < day_ago
            {
                self.session
                    .forge
                    .delete_branch(&self.seen.snapshot.node, &branch.name, &branch.tip.id)
                    .await?;
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
            if spent
                && at == Some(proposal.branch.tip.id)
                && super::stages::all_read(self.seen)
                && super::is_ordered(
                    self.order,
                    proposal.namespace.as_deref(),
                    &proposal.pipeline,
                )
            {
                if let Some(why) = self.landed_otherwise(proposal, memory).await? {
                    memory.outcome.rows.push(Row {
                        kind: RowKind::Blocked,
                        pipeline: proposal.pipeline.clone(),
                        from: Vec::new(),
                        to: proposal.stage.to_string(),
                        plan: Some(proposal.plan),
                        pull: proposal.pull(base).map(|pull| pull.number),
                        commit: None,
                        emergency: None,
                        why,
                        next: Some(format!(
                            "put right what stands on {base}, then delete the branch {}",
                            proposal.branch.name
                        )),
                    });
                    continue;
                }
                if let Some(notice) = self.merged_by_hand(proposal) {
                    memory.outcome.notices.push(notice);
                }
                let branch = &proposal.branch;
                self.session
                    .forge
                    .delete_branch(&self.seen.snapshot.node, &branch.name, &branch.tip.id)
                    .await?;
            }
        }
        Ok(())
    }
}

/// Whether what was put up just now can only wait for a person, so that another look would find nothing to do about it: nobody has spoken
/// about it yet, and whoever does so starts a run, or the schedule does. A gate that goes by what a machine says may have something to start.
pub(super) fn waits_for_people(promotion: &Promotion) -> bool {
    let open: Vec<&GateKind> = promotion
        .gates
        .iter()
        .filter(|gate| gate.judgement.verdict != Verdict::Pass)
        .map(|gate| &gate.kind)
        .collect();
    let by_itself = |kind: &&GateKind| matches!(kind, GateKind::Approval | GateKind::Window);
    promotion.after_rollback.is_none()
        && open.contains(&&GateKind::Approval)
        && open.iter().all(by_itself)
}

/// What is said under a pull request that gives way to another one.
fn replaced(by: PullNumber, plan: &PlanId, old: &PlanId) -> String {
    let why = if plan == old {
        Replaced::BaseMoved
    } else {
        Replaced::Newer(*plan)
    };
    comment::replaced(by.0, why)
}
