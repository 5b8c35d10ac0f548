//! Gates: one file each, and this registry. Only [`Verdict::Pass`] lets a promotion through.

mod approval;
mod window;

use crate::model::facts::Facts;
use crate::model::ids::PlanId;
use crate::model::label::approve_label;
use crate::model::name::PipelineName;
use crate::model::pipeline::{Gate, GateKind};
use crate::model::plan::{EdgeName, GateReport};
use crate::model::verdict::{Judgement, Verdict};

/// What a gate says, and who already said yes to it.
struct Judged {
    judgement: Judgement,
    approvals: Vec<String>,
}

impl Judged {
    fn of(judgement: Judgement) -> Self {
        Self {
            judgement,
            approvals: Vec::new(),
        }
    }
}

/// What a gate says now to a plan.
pub(super) fn report(
    facts: &Facts<'_>,
    pipeline: &PipelineName,
    edge: &EdgeName,
    gate: &Gate,
    plan: Option<&PlanId>,
) -> GateReport {
    let ruled = facts.policy.gate(pipeline, &gate.name);
    let judged = match &gate.kind {
        GateKind::Approval => {
            let label = approve_label(&edge.to, &gate.name);
            approval::evaluate(facts, ruled.map(|ruled| ruled.rule), plan, &label)
        }
        GateKind::Window => window::evaluate(facts, ruled.map(|ruled| ruled.rule)),
        GateKind::Job | GateKind::Sentinel => Judged::of(not_evaluated()),
        GateKind::Unknown(kind) => Judged::of(Judgement::new(
            Verdict::Pending,
            format!("the type {kind} is not known to this version, so the gate stays shut"),
        )),
    };
    GateReport {
        edge: edge.clone(),
        name: gate.name.clone(),
        kind: gate.kind.clone(),
        at: gate.at,
        judgement: judged.judgement,
        approvals: judged.approvals,
        rule_at: ruled.map(|ruled| ruled.at),
    }
}

fn not_evaluated() -> Judgement {
    Judgement::new(Verdict::Pending, "not evaluated by this version")
}
