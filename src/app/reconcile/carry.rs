//! Carrying out what moves no base: opening, closing, blocking, and taking back what must not stand.

use std::collections::{BTreeMap, BTreeSet};

use super::hold::{self, HoldLabel};
use super::outcome::RowKind;
use super::stages::Place;
use super::turn::{Done, Turn};
use super::{Memory, report, texts};
use crate::error::Failure;
use crate::execute::{DeliveryError, NewProposal, WAITS};
use crate::model::ids::{PlanId, PullNumber};
use crate::model::label::{HOLD, approve_label};
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
use crate::model::proposal::Build;
use crate::model::verdict::Verdict;
use crate::plan::attempt::Refusals;
use crate::plan::delivery::{Act, Candidate, Decision};
use crate::record::branch_name;
use crate::render::Blocked;
use crate::render::comment::{self, Replaced};

/// With fewer calls left nothing new is begun: what was begun has to be brought to its end.
pub(super) const FLOOR: u64 = 50;

/// How long is waited, in seconds and once a run, for the pull requests of branches that another run may have made just now.
const WAIT_FOR_BRANCHES: u32 = 10;

impl Turn<'_> {
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
                let goes_on = matches!(act, Act::Close(_) | Act::Start(..));
                if memory.failed.contains(&key) || (goes_on && memory.is_stopped(&key)) {
                    continue;
                }
                let result = match act {
                    Act::Close(number) => self.close(*place, *number, decision, memory).await,
                    Act::Block(number, why) => self.block(*place, *number, why, memory).await,
                    Act::Hold(number) => self.show_hold(*number, memory).await,
                    Act::Start(number, gate) => {
                        super::jobs::start(self, *place, *number, *gate, memory).await
                    }
                    Act::Open { .. } | Act::Land(_) | Act::Commit => continue,
                };
                if let Done::Changed = self.came_to(&key, *place, result, memory).await? {
                    done = Done::Changed;
                }
            }
        }
        for (place, replaces) in self.openings(decisions, memory) {
            let key = self.key(place);
            let Some(decision) = decisions.get(&place) else {
                continue;
            };
            if memory.failed.contains(&key)
                || self.undoes_its_own(place, decision, replaces, memory)
            {
                continue;
            }
            let result = self.open(place, replaces, memory).await;
            if let Done::Changed = self.came_to(&key, place, result, memory).await? {
                done = Done::Changed;
            }
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
                || self.is_out_of_sight(proposal, memory).await?
            {
                continue;
            }
            let why = "Its pipeline, stage or edges are not there any more, so that nothing is left to promote.";
            let closed = self.delivery().close(pull).await;
            if self.wrote_of(proposal, closed, memory)? {
                self.say_closed(pull, why, memory).await;
                done = Done::Changed;
            }
        }
        if self.take_stale_labels_off(decisions, memory).await {
            done = Done::Changed;
        }
        memory.lost.ends()?;
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
                self.wrote(place, Err(lowered), memory).await?;
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
                self.wrote(place, left, memory).await?;
            }
        }
        Ok(())
    }

    /// Takes one out of the merge queue, and `success` back.
    async fn leave(&self, candidate: &Candidate) -> Result<(), DeliveryError> {
        let pull = &candidate.pull;
        self.session.forge.dequeue(pull).await?;
        let status = candidate.proposal.branch.status.as_ref();
        let refusals = status.and_then(|status| Refusals::parse(&status.description));
        let refusals = refusals.map(|(refusals, _)| refusals);
        let text = Refusals::describe(WAITS, refusals.as_ref());
        let why = DeliveryError::Overtaken(format!("{} left the merge queue", pull.number));
        match self.delivery().retract(pull, &text, why).await {
            left @ DeliveryError::SuccessLeft { .. } => Err(left),
            _ => Ok(()),
        }
    }

    /// Takes labels off that were set before the head arrived, once each; whether there were any. Nothing depends on it:
    /// such a label does not count while it is on either.
    async fn take_stale_labels_off(
        &self,
        decisions: &BTreeMap<Place, Decision>,
        memory: &mut Memory,
    ) -> bool {
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
                if memory.lost.stops() || !memory.unlabeled.insert((number, label.clone())) {
                    continue;
                }
                match self.session.forge.remove_label(number, &label).await {
                    Ok(()) => any = true,
                    Err(error) => memory.lose("a stale label could not be removed", &error),
                }
            }
        }
        any
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
        let most = self.seen.world.policy.limits.open;
        if memory.opened.room(most, !replaces.is_empty()) == 0 {
            return Ok(Done::Unchanged);
        }
        let promotion = self.stages.promotion(place);
        let (Some(record), Some(plan)) = (self.record(place), promotion.plan) else {
            return Ok(Done::Unchanged);
        };
        if memory.goes_in_circles(&self.key(place), &plan, false) {
            self.say_stopped(place, memory);
            return Ok(Done::Unchanged);
        }
        // Another run may be about to open a pull request from a branch that it just made.
        let plain = branch_name(&record);
        let mut branches = self.seen.snapshot.branches.iter();
        let made = branches.any(|branch| branch.name == plain && branch.pulls.is_empty());
        if made && !std::mem::replace(&mut memory.waited_for_branches, true) {
            self.session.forge.wait(WAIT_FOR_BRANCHES).await;
            return Ok(Done::Changed);
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
        let snapshot = &self.seen.snapshot;
        let text = |offers: texts::Offers<'_>| {
            let replaced = replaces.first().copied();
            texts::proposal(self, place, &record, &brings, replaced, offers)
        };
        let written = text(&|label| memory.labels.will_have(snapshot, label));
        memory.outcome.notices.extend(written.problems);
        let used: BTreeSet<String> = memory
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
        let delivery = self.delivery();
        let opened = delivery.open(&draft).await?;
        let number = opened.number;
        self.note_opened(number, !replaces.is_empty(), memory);
        memory.put_up.insert(plan);
        let replaced: Vec<&Candidate> = replaces
            .iter()
            .filter_map(|old| self.stages.candidate(place, *old))
            .collect();
        let held = replaced.iter().find(|old| old.hold.is_own());
        // Before anything that may fail or be lost: a run that is cut off in between finds the hold on either.
        let closed_hold = self.stage(place, memory).closed_hold.ok().flatten();
        let is_held = promotion.after_rollback.is_some() || held.is_some() || closed_hold.is_some();
        let hold = match is_held {
            true => self.hold_opened(number, memory).await?,
            false => HoldLabel::On,
        };
        // Whoever asks for the stage lifts what a closed pull request holds, if no label can show it.
        let lifts = self.is_asked(place)
            && record.requested_by.is_some()
            && promotion.after_rollback.is_none()
            && held.is_none()
            && matches!(hold, HoldLabel::Missing(_));
        let (hold, closed_hold) = match lifts {
            true => (HoldLabel::On, None),
            false => (hold, closed_hold),
        };
        let forge = &self.session.forge;
        if super::readiness::requires_own_status(self, memory).await {
            forge.set_status(&opened.head, false, WAITS).await?;
        }
        let mut why = written.why;
        let mut next = report::next_step(promotion, self.seen.now);
        if let Some(closed) = &closed_hold {
            why = format!("{why}; held: {closed}");
            next = Some(format!(
                "somebody with write access takes the label {HOLD} off {number}"
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
                    true => hold::ASK,
                    false => hold::CREATE,
                };
                next = Some(how.to_owned());
            }
        }
        self.row(place, RowKind::Opened, &why, next, memory);
        if let Some(row) = memory.outcome.rows.last_mut() {
            row.pull = Some(number);
        }
        let mut closed = Ok(());
        let mut gone = Vec::new();
        for old in replaced {
            if hold.why_not().is_some() && old.hold.is_own() {
                // Its hold is all that holds the stage. What is read next would only try the same again.
                memory.failed.insert(self.key(place));
                continue;
            }
            match delivery.close(&old.pull).await {
                Ok(()) => gone.push(old),
                Err(error) => closed = Err(error),
            }
        }
        // What may be lost.
        self.request_reviewers(place, number, memory).await;
        let labels = texts::labels(self, place, promotion);
        self.create_labels(&labels, memory).await;
        let offered = text(&|label| memory.labels.has(snapshot, label));
        if texts::differs(&written.body, &offered.body) && !memory.lost.stops() {
            let described = forge.describe_pull(number, &offered.title, &offered.body);
            if let Err(error) = described.await {
                memory.lose("the text of a pull request could not be changed", &error);
            }
        }
        for old in gone {
            let why = replaced_by(number, &plan, &old.proposal.plan);
            self.say_closed(&old.pull, &why, memory).await;
        }
        closed?;
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
        decision: &Decision,
        memory: &mut Memory,
    ) -> Result<Done, DeliveryError> {
        let Some(candidate) = self.stages.candidate(place, number) else {
            return Ok(Done::Unchanged);
        };
        if self.undoes_its_own(place, decision, &[number], memory) {
            return Ok(Done::Unchanged);
        }
        let standing = decision
            .stands
            .and_then(|number| self.stages.candidate(place, number));
        if let Some(other) = standing
            && !candidate.hold.is_free()
            && other.hold.is_free()
            && !self
                .carry_hold_over(place, &candidate.pull, other, memory)
                .await?
        {
            return Ok(Done::Unchanged);
        }
        let why = match standing {
            Some(other) => replaced_by(
                other.pull.number,
                &other.proposal.plan,
                &candidate.proposal.plan,
            ),
            None => format!(
                "Nothing is left to promote: {}.",
                crate::report::escape::prose(&self.stages.promotion(place).reason)
            ),
        };
        self.delivery().close(&candidate.pull).await?;
        self.say_closed(&candidate.pull, &why, memory).await;
        Ok(Done::Changed)
    }

    async fn block(
        &self,
        place: Place,
        number: PullNumber,
        why: &str,
        memory: &mut Memory,
    ) -> Result<Done, DeliveryError> {
        let Some(pull) = self.stages.pull(place, number) else {
            return Ok(Done::Unchanged);
        };
        let text = comment::blocked(
            &Blocked::Other(why),
            &self.pipeline(place),
            &self.key(place).2,
        );
        self.delivery().disarm(pull).await?;
        self.say_blocked(pull, &text, memory).await;
        Ok(Done::Unchanged)
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
fn replaced_by(by: PullNumber, plan: &PlanId, old: &PlanId) -> String {
    let why = if plan == old {
        Replaced::BaseMoved
    } else {
        Replaced::Newer(*plan)
    };
    comment::replaced(by.0, why)
}
