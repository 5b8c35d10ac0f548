//! Gates: one file each, and this registry. Only [`Verdict::Pass`] lets a promotion through.

mod approval;

use crate::model::facts::Facts;
use crate::model::name::PipelineName;
use crate::model::pipeline::{Gate, GateKind};
use crate::model::plan::{EdgeName, GateReport};
use crate::model::verdict::{Judgement, Verdict};

/// What a gate says now.
pub(super) fn report(
    facts: &Facts<'_>,
    pipeline: &PipelineName,
    edge: &EdgeName,
    gate: &Gate,
) -> GateReport {
    let ruled = facts.policy.gate(pipeline, &gate.name);
    let judgement = match &gate.kind {
        GateKind::Approval => approval::evaluate(facts, ruled.map(|ruled| ruled.rule)),
        GateKind::Window | GateKind::Job | GateKind::Sentinel => not_evaluated(),
        GateKind::Unknown(kind) => Judgement::new(
            Verdict::Pending,
            format!("the type {kind} is not known to this version, so the gate stays shut"),
        ),
    };
    GateReport {
        edge: edge.clone(),
        name: gate.name.clone(),
        kind: gate.kind.clone(),
        at: gate.at,
        judgement,
        rule_at: ruled.map(|ruled| ruled.at),
    }
}

fn not_evaluated() -> Judgement {
    Judgement::new(Verdict::Pending, "not evaluated by this version")
}
