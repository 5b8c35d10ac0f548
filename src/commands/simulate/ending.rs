//! How a simulation ended, as text.

use std::collections::BTreeMap;

use super::Simulation;
use crate::model::ids::PipelineId;
use crate::model::pipeline::GateKind;
use crate::model::plan::{Plan, Promotion, State};
use crate::model::policy::Trigger;
use crate::model::timeline::End;
use crate::model::verdict::Verdict;

impl Simulation<'_> {
    /// How to play a stage that only moves on request, if that is why it did not.
    fn may_be_requested(&self, id: PipelineId, promotion: &Promotion) -> String {
        let pipeline = self.evaluation.catalog.pipeline(id);
        let policy = &self.repository.policy;
        let rules = policy.stage_rules(&pipeline.name, &promotion.stage);
        let is_requested = self.requested.contains(&(id, promotion.index));
        match rules.trigger == Some(Trigger::Manual) && !is_requested {
            true => format!(
                ". Try --promote {}/{}",
                pipeline.pipeline_key(),
                promotion.stage
            ),
            false => String::new(),
        }
    }

    /// Why the simulation ends where it does.
    pub(super) fn end(&self, plan: &Plan) -> End {
        let mut reasons = Vec::new();
        let mut gates: BTreeMap<String, String> = BTreeMap::new();
        let mut unopened = 0;
        for entry in &plan.pipelines {
            let name = &self.evaluation.catalog.pipeline(entry.id).name;
            if let Some(stopped) = &entry.stopped {
                reasons.push(format!("{name} is not promoted: {stopped}"));
                continue;
            }
            for promotion in &entry.promotions {
                match promotion.state {
                    State::InSync | State::NotMoved => {}
                    State::Due
                        if promotion
                            .plan
                            .is_some_and(|plan| !self.proposed.contains_key(&plan)) =>
                    {
                        unopened += 1;
                    }
                    State::Due
                        if promotion
                            .plan
                            .is_some_and(|plan| self.refused.contains(&plan)) =>
                    {
                        reasons.push(format!("{name} → {} was refused", promotion.stage));
                    }
                    State::Due => {
                        for gate in promotion
                            .gates
                            .iter()
                            .filter(|gate| gate.judgement.verdict != Verdict::Pass)
                        {
                            let reason = if gate.kind == GateKind::Approval
                                && self.approvals.names.is_empty()
                            {
                                format!(
                                    "Stopped at {}: no one approved. Try --approve NAME",
                                    gate.name
                                )
                            } else {
                                format!("Stopped at {}: {}", gate.name, gate.judgement.reason)
                            };
                            gates.insert(gate.name.to_string(), reason);
                        }
                    }
                    State::Held => reasons.push(format!(
                        "{name} → {} is held: {}{}",
                        promotion.stage,
                        promotion.reason,
                        self.may_be_requested(entry.id, promotion)
                    )),
                    State::Ahead => {
                        reasons.push(format!(
                            "{name} → {} is ahead of its source: {}",
                            promotion.stage, promotion.reason
                        ));
                    }
                    State::Error => reasons.push(format!(
                        "{name} → {} is in error: {}",
                        promotion.stage, promotion.reason
                    )),
                }
            }
        }
        reasons.extend(gates.into_values());
        if unopened > 0 {
            reasons.push(format!(
                "{unopened} more {} due and {} not opened: `limits.open` of the policy",
                if unopened == 1 { "is" } else { "are" },
                if unopened == 1 { "was" } else { "were" },
            ));
        }
        if reasons.is_empty() {
            End::InSync
        } else {
            End::Stopped { reasons }
        }
    }
}
