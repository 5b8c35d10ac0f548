//! Wording about promotions that acts and the report share.

use jiff::Timestamp;

use crate::model::label::HOLD;
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
use crate::model::pull::Pull;
use crate::model::record::Record;
use crate::model::verdict::Verdict;
use crate::plan::delivery::OpenPlan;
use crate::plan::{LabelHold, when};
use crate::reconcile::round::Round;
use crate::reconcile::state::labels;
use crate::reconcile::wording;

/// How to lift the hold of a closed pull request if the label does not exist.
pub(crate) const ASK: &str =
    "someone with write access runs the workflow with `command: promote` for this stage";

/// What people are asked to do about a pull request that waits for an approval.
pub(crate) const APPROVE: &str = "approve it";

/// The reason for which a person requested what an open pull request proposes, from its record.
pub(crate) fn reason_of(candidate: &OpenPlan) -> Option<String> {
    Record::parse(&candidate.proposal.branch.tip.message)?.reason
}

/// What the gates that do not pass yet say; if there are none, the promotion's own reason.
pub(crate) fn waits_for(promotion: &Promotion) -> String {
    use crate::model::verdict::Verdict;
    let open: Vec<String> = promotion
        .gates
        .iter()
        .filter(|gate| gate.judgement.verdict != Verdict::Pass)
        .map(|gate| format!("{}: {}", gate.name, gate.judgement.reason))
        .collect();
    match open.is_empty() {
        true => promotion.reason.to_string(),
        false => open.join("; "),
    }
}

/// What the gates that a person has to resolve say; `None` if there is none.
pub(crate) fn refused_by(promotion: &Promotion) -> Option<String> {
    let gates = promotion.gates.iter();
    let blocked = gates.filter(|gate| gate.judgement.verdict == Verdict::Blocked);
    let said: Vec<String> = blocked
        .map(|gate| format!("{}: {}", gate.name, gate.judgement.reason))
        .collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// That the label holds a pull request, and who added it when, as far as that is known.
pub(crate) fn held_by(pull: &Pull) -> String {
    let mut events = pull.label_events.as_deref().unwrap_or_default().iter();
    let newest = events.rfind(|event| event.set && event.is_of(HOLD));
    let known = newest.and_then(|event| Some((event.by.as_ref()?.login.as_str(), event.at)));
    match known {
        Some((login, at)) => {
            let at = at.strftime("%Y-%m-%d %H:%M UTC");
            format!("held by {login} since {at} (label {HOLD})")
        }
        None => format!("held by the label {HOLD}"),
    }
}

/// The reason of the emergency, if a person requested it as one.
pub(crate) fn emergency_of(candidate: &OpenPlan) -> Option<String> {
    let reason = wording::reason_of(candidate);
    candidate
        .proposal
        .emergency
        .then(|| reason.unwrap_or_else(|| "no reason is recorded".to_owned()))
}

/// What the first gate that does not pass waits for.
pub(crate) fn next_step(reassessed: &Promotion, now: Timestamp) -> Option<String> {
    let open = || {
        let gates = reassessed.gates.iter();
        gates.filter(|gate| gate.judgement.verdict != Verdict::Pass)
    };
    // What only a person can resolve comes first.
    let blocked = open().find(|gate| gate.judgement.verdict == Verdict::Blocked);
    let open = blocked.or_else(|| open().next())?;
    Some(match (open.judgement.verdict, &open.kind) {
        (Verdict::Blocked, GateKind::Approval) => "resolve it with the people named".to_owned(),
        (Verdict::Blocked, _) => "fix what it names".to_owned(),
        (_, GateKind::Approval) => APPROVE.to_owned(),
        _ => match open.judgement.next {
            Some(next) => format!("{} continues {}", open.name, when::utc(next, now)),
            None => format!("waits for {}", open.name),
        },
    })
}

impl Round<'_> {
    /// What releases a held promotion.
    pub(crate) fn lift(&self, candidate: &OpenPlan) -> String {
        let there = labels::exists(&self.observation.snapshot, HOLD);
        if there || candidate.hold == LabelHold::On {
            return "someone with write access must remove the label".to_owned();
        }
        if matches!(candidate.hold, LabelHold::Closed(_)) && candidate.after_rollback().is_none() {
            return ASK.to_owned();
        }
        format!(
            "someone with write access must create the label {HOLD}, add it, and remove it again"
        )
    }
}
