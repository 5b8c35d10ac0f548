//! What to do about one stage on GitHub: which pull request is active, which are replaced, whether a new one is opened,
//! whether one lands. Pure: what was read goes in, what to do comes out.

use crate::model::evidence::Evidence;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::plan::{Promotion, State};
use crate::model::policy::Delivery;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::Pull;
use crate::model::rollback::RolledBack;
use crate::model::verdict::Verdict;
use crate::plan::{ClosedHold, LabelHold};

/// An open pull request of a stage.
#[derive(Clone, Debug)]
pub(crate) struct OpenPlan {
    /// Its branch.
    pub proposal: Proposal,
    /// Itself.
    pub pull: Pull,
    /// Whether its build is still valid.
    pub build: Build,
    /// The evidence about it, or why it could not be read. `None` if no decision needs it.
    pub evidence: Option<Fetched<Evidence>>,
    /// The plan that it proposes, judged now. `None` if its stage or edges are not what they were, or if no one has
    /// reviewed it and another plan would be made now.
    pub reassessed: Option<Promotion>,
    /// What the label `sluice/hold` means for it.
    pub hold: LabelHold,
    /// The person who requested it may no longer do so.
    pub outdated_request: bool,
}

impl OpenPlan {
    /// Whether someone whose approval counts has given one, and no one with write access requests changes.
    fn is_claimed(&self) -> bool {
        self.reassessed.as_ref().is_some_and(|reassessed| {
            let gates = &reassessed.gates;
            gates.iter().any(|gate| !gate.approvals.is_empty())
                && gates
                    .iter()
                    .all(|gate| gate.judgement.verdict != Verdict::Blocked)
        })
    }

    fn may_be_active(&self) -> bool {
        self.build == Build::Intact && self.reassessed.is_some()
    }

    /// Whether its label holds it, or it would undo a rollback and no one has released it since.
    pub(crate) fn is_held(&self) -> bool {
        match &self.hold {
            LabelHold::Free => self.after_rollback().is_some(),
            LabelHold::Lifted(at) => self.after_rollback().is_some_and(|back| *at <= back.at),
            LabelHold::On | LabelHold::Closed(_) | LabelHold::StillOn(_) | LabelHold::Unread(_) => {
                true
            }
        }
    }

    /// The rollback that it would undo.
    pub(crate) fn after_rollback(&self) -> Option<&RolledBack> {
        self.reassessed.as_ref()?.after_rollback.as_ref()
    }

    /// The promotion, if it may land now.
    fn landable(&self) -> Option<&Promotion> {
        let reassessed = self.reassessed.as_ref()?;
        let free = !self.pull.draft && !self.is_held() && !self.pull.queued;
        (free && reassessed.may_land()).then_some(reassessed)
    }

    /// Gates for which something has to be started, by their place.
    fn to_start(&self) -> impl Iterator<Item = usize> + '_ {
        let free = !self.pull.draft && !self.is_held();
        let gates = self
            .reassessed
            .iter()
            .filter(move |_| free)
            .flat_map(|reassessed| &reassessed.gates);
        gates
            .enumerate()
            .filter(|(_, gate)| gate.start.is_some())
            .map(|(at, _)| at)
    }
}

/// Everything about one promotion that decides what is done.
#[derive(Debug)]
pub(crate) struct DeliveryInput<'a> {
    /// The promotion that would be made now.
    pub promotion: &'a Promotion,
    /// Its open pull requests.
    pub open: Vec<OpenPlan>,
    /// Open pull requests of ours from branches of this stage whose head holds no record of ours.
    pub without_record: Vec<Pull>,
    /// A branch named like its own that has more pull requests than are read, and the newest of them.
    pub unread_branch: Option<(String, PullNumber)>,
    /// A person closed the pull request of this very plan: which, and who.
    pub veto: Option<(PullNumber, String)>,
    /// It was closed within the last day by someone without write access.
    pub closed_lately: Option<PullNumber>,
    /// Everything that could contain its pipeline was read.
    pub all_read: bool,
    /// How it is delivered.
    pub delivery: Delivery,
    /// A closed pull request of this stage that still holds it.
    pub closed_hold: Fetched<Option<ClosedHold>>,
    /// A held pull request of this stage that belongs to no promotion any more: its hold counts all the same.
    pub held_beside: Option<PullNumber>,
    /// A person asks for it as an emergency in this run.
    pub asks_emergency: bool,
    /// A person asks for it in this run.
    pub asked: bool,
    /// A person asks for it in this run, and the label that would show a hold does not exist: asking lifts what a closed pull request holds.
    pub lifts_hold: bool,
}

/// What to do about one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Open a new pull request for the plan, and close these, which it replaces.
    Open {
        /// Those that give way.
        replaces: Vec<PullNumber>,
    },
    /// Close a pull request that is no longer needed.
    Close(PullNumber),
    /// Label a pull request that someone pushed to, and say why it is not landed.
    Block(PullNumber, String),
    /// Land a pull request.
    Land(PullNumber),
    /// Start the workflow of a gate, by its place among those of the judged promotion.
    Start(PullNumber, usize),
    /// Hold a pull request by its label, since it would undo a rollback.
    Hold(PullNumber),
    /// Commit straight onto the base.
    Commit,
}

/// What was decided about one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What to do, in this order.
    pub acts: Vec<Act>,
    /// The stage's active pull request from now on, if one is already open.
    pub active_pull: Option<PullNumber>,
    /// Why nothing is opened, landed or committed although something is due.
    pub kept_back: Option<KeptBack>,
    /// A person has to do something first.
    pub blocked: Option<Blocked>,
}

/// Why something that is due is kept back, in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeptBack {
    /// Something holds it.
    Held(String),
    /// A person closed the pull request of this very plan.
    Vetoed(String),
}

/// Why nothing of a stage moves before a person has done something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    /// Why, in plain words.
    pub why: String,
    /// What the person is to do.
    pub next: &'static str,
}

/// Decides.
pub(crate) fn decide(input: &DeliveryInput<'_>) -> Decision {
    if let Some(decision) = blocked(input) {
        return decision;
    }
    let promotion = input.promotion;
    if promotion.state == State::Error {
        return Decision::default();
    }
    if input.delivery == Delivery::Commit {
        return commit(input);
    }
    let kept = choose_active(input);
    let mut decision = Decision {
        active_pull: kept.map(|candidate| candidate.pull.number),
        ..Decision::default()
    };
    let goes_back = promotion.rollback.is_some();
    let others = |decision: &Decision| -> Vec<PullNumber> {
        let others = input.open.iter().filter(|other| {
            // What a person holds is left alone beside a rollback: if that is abandoned, the hold is still there.
            Some(other.pull.number) != decision.active_pull
                && !(goes_back && other.proposal.rollback.is_none() && !other.hold.is_free())
        });
        others.map(|other| other.pull.number).collect()
    };
    match kept {
        Some(candidate) => {
            decision
                .acts
                .extend(others(&decision).into_iter().map(Act::Close));
            let number = candidate.pull.number;
            decision
                .acts
                .extend(candidate.to_start().map(|gate| Act::Start(number, gate)));
            if candidate.is_held() && !candidate.hold.is_own() {
                decision.acts.push(Act::Hold(number));
            }
            // A hold goes over to what takes its place, and until it has, it holds both. A rollback takes the place of none.
            let others_free = input.open.iter().all(|other| {
                other.pull.number == number
                    || other.hold.is_free()
                    || (goes_back && other.proposal.rollback.is_none())
            });
            // So does a hold on one that no longer belongs to any promotion: it may have been added after this one was
            // opened.
            let beside_free = goes_back || input.held_beside.is_none();
            if candidate.landable().is_some() && !beside_free {
                decision.kept_back = input.held_beside.map(held_beside).map(KeptBack::Held);
            }
            if candidate.landable().is_some() && others_free && beside_free {
                decision.acts.push(Act::Land(candidate.pull.number));
            }
        }
        None if promotion.proposable && input.held_beside.is_some() => {
            decision.kept_back = input.held_beside.map(held_beside).map(KeptBack::Held);
        }
        None if promotion.proposable && input.closed_hold.is_err() => {
            decision.kept_back = input.closed_hold.clone().err().map(KeptBack::Held);
        }
        None if promotion.proposable => match (&input.veto, input.closed_lately) {
            (Some((number, who)), _) => {
                decision.kept_back = Some(KeptBack::Vetoed(format!(
                    "{who} closed {number}; it is opened again when the plan changes, or on request"
                )));
            }
            (None, Some(number)) => {
                decision.kept_back = Some(KeptBack::Held(format!(
                    "{number} was closed less than a day ago; it is opened again tomorrow"
                )));
            }
            (None, None) => decision.acts.push(Act::Open {
                replaces: others(&decision),
            }),
        },
        // A hold leaves open pull requests alone; if nothing is left to promote, none of them is active.
        None if promotion.changes.is_empty()
            && input.all_read
            && promotion.state != State::Held =>
        {
            // One that is held stays: if it were closed, its hold would be forgotten. Nothing is left to do about a
            // rollback; whether something is left to do about the others is decided in the next round.
            let free = input.open.iter().filter(|candidate| {
                candidate.hold.is_free() && (!goes_back || candidate.proposal.rollback.is_some())
            });
            decision
                .acts
                .extend(free.map(|candidate| Act::Close(candidate.pull.number)));
        }
        None => {}
    }
    decision
}

/// A head that was moved stops the stage until a person closes the pull request (A3).
fn blocked(input: &DeliveryInput<'_>) -> Option<Decision> {
    if let Some((branch, newest)) = &input.unread_branch {
        return Some(Decision {
            active_pull: Some(*newest),
            blocked: Some(Blocked {
                why: format!(
                    "the branch {branch} has more pull requests than are read, and one of the others may hold or refuse this promotion"
                ),
                next: "delete the branch, and add the label sluice/hold again if it should stay held",
            }),
            ..Decision::default()
        });
    }
    let moved = input
        .open
        .iter()
        .find_map(|candidate| match &candidate.build {
            Build::HeadMoved(why) => Some((candidate.pull.number, why.clone())),
            _ => None,
        });
    let without_record = || {
        let pull = input.without_record.first()?;
        let why = "its head has no record of Sluice: someone pushed to the branch";
        Some((pull.number, why.to_owned()))
    };
    let (number, why) = moved.or_else(without_record)?;
    Some(Decision {
        acts: vec![Act::Block(number, why.clone())],
        active_pull: Some(number),
        blocked: Some(Blocked {
            why,
            next: "close it, then run the workflow with `command: promote` (or `rollback`)",
        }),
        ..Decision::default()
    })
}

fn held_beside(number: PullNumber) -> String {
    format!(
        "{number} into this stage is held, and was opened for other edges: someone with write access removes its label, or closes it"
    )
}

fn commit(input: &DeliveryInput<'_>) -> Decision {
    let (free, held): (Vec<&OpenPlan>, Vec<&OpenPlan>) =
        input.open.iter().partition(|one| one.hold.is_free());
    // What a person holds is left alone beside a rollback.
    let goes_back = input.promotion.rollback.is_some();
    if let Some(held) = held.first().filter(|_| !goes_back) {
        return Decision {
            active_pull: Some(held.pull.number),
            ..Decision::default()
        };
    }
    let mut acts: Vec<Act> = free
        .iter()
        .map(|candidate| Act::Close(candidate.pull.number))
        .collect();
    let lands = input.promotion.may_land();
    let closed = match &input.closed_hold {
        Ok(None) => None,
        Ok(Some(hold)) => Some(format!(
            "held: {hold}; someone with write access reopens {} and removes the label",
            hold.number
        )),
        Err(why) => Some(why.clone()),
    };
    let held = input.held_beside.map(held_beside).or(closed);
    if lands && held.is_none() {
        acts.push(Act::Commit);
    }
    Decision {
        acts,
        kept_back: held.filter(|_| lands).map(KeptBack::Held),
        ..Decision::default()
    }
}

/// The stage's active pull request: one that people have begun to approve, the plan's own before an older one;
/// otherwise the plan's own; otherwise one that a person requested.
fn choose_active<'a>(input: &'a DeliveryInput<'_>) -> Option<&'a OpenPlan> {
    let plan = input.promotion.plan;
    // A new request names its person in the record of a pull request of its own.
    let gives_way = |candidate: &OpenPlan| input.asked && candidate.outdated_request;
    let standing = || {
        let mut all: Vec<&OpenPlan> = input
            .open
            .iter()
            .filter(|candidate| candidate.may_be_active() && !gives_way(candidate))
            .collect();
        // If one plan has two builds: the one that a person asked for, else the older: it has been looked at longer.
        all.sort_by_key(|candidate| {
            let unasked = candidate.proposal.requested_by.is_none();
            (unasked, candidate.pull.number)
        });
        all.into_iter()
    };
    // An ordinary promotion may have the same plan as a rollback without being one: it would leave no hold behind.
    let back_to = input.promotion.rollback.as_ref().map(|to| to.landing);
    // What goes back because a person asks for it is not what was opened before without one.
    let on_request = input.promotion.on_request;
    let current = |candidate: &&OpenPlan| {
        Some(candidate.proposal.plan) == plan
            && candidate.proposal.rollback == back_to
            && (candidate.proposal.requested_by.is_some() || !on_request)
    };
    // What a person asked for as an emergency goes before everything that is only waiting.
    let emergency = |candidate: &&OpenPlan| candidate.proposal.emergency && current(candidate);
    if let Some(candidate) = standing().find(emergency) {
        return Some(candidate);
    }
    // An emergency that is requested now needs its own pull request: the open one was opened under the ordinary rules.
    if input.asks_emergency {
        return None;
    }
    // A request that lifts a hold names its person in the record of a pull request of its own.
    if input.lifts_hold && matches!(input.closed_hold, Ok(Some(_))) {
        let asked = |candidate: &&OpenPlan| candidate.proposal.requested_by.is_some();
        return standing().filter(asked).find(current);
    }
    // A stage that goes back takes nothing else until it has, or until that is given up.
    if input.promotion.rollback.is_some() {
        return standing().find(current);
    }
    standing()
        .filter(current)
        .find(|candidate| candidate.is_claimed())
        .or_else(|| standing().find(|candidate| candidate.is_claimed()))
        .or_else(|| standing().find(current))
        .or_else(|| {
            let asked = |candidate: &&OpenPlan| candidate.proposal.requested_by.is_some();
            standing()
                .find(asked)
                .filter(|_| input.promotion.state != State::Due)
        })
}

#[cfg(test)]
mod tests;
