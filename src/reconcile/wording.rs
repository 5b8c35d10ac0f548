//! Wording about promotions that acts and the report share.

use jiff::Timestamp;

use crate::model::label::HOLD;
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
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
    let open = reassessed
        .gates
        .iter()
        .find(|gate| gate.judgement.verdict != Verdict::Pass)?;
    Some(match (open.judgement.verdict, &open.kind) {
        (Verdict::Blocked, GateKind::Approval) => "resolve it with the people named".to_owned(),
        (Verdict::Blocked, _) => "fix what it names".to_owned(),
        (_, GateKind::Approval) => "approve it".to_owned(),
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
