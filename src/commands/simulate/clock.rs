//! The virtual clock: if nothing moves, it advances to the next instant at which time alone can change something.
//!
//! What cannot be known without GitHub is simulated: every deployment, check and status that a `ready` rule asks for
//! succeeds at once, and every workflow succeeds ten minutes after it was started. The timeline says so.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Simulation;
use crate::evaluation::evaluate::{PlanInputs, ReadyAnswers};
use crate::model::ids::PipelineId;
use crate::model::plan::{Plan, Promotion, State};
use crate::model::signal::{ContentEvidence, Ended, Known, Signal};
use crate::model::timeline::What;
use crate::model::verdict::Verdict;
use crate::plan;

impl Simulation<'_> {
    /// What is assumed about the content of sources.
    pub(super) fn ready(&self, inputs: &PlanInputs) -> ReadyAnswers {
        let facts = self.evaluation.facts(&self.repository, self.now, inputs);
        let queries = plan::ready_queries(&facts);
        queries
            .into_iter()
            .map(|(query, _)| {
                let service = &self.evaluation.catalog.service(query.source).key;
                let since = self.since.get(service).copied().unwrap_or(self.call.now);
                let well = Known::Is(vec![Signal {
                    at: since,
                    id: 1,
                    ended: Ended::Well,
                    url: None,
                }]);
                let evidence = ContentEvidence {
                    service: service.name.clone(),
                    since: Known::Is(since),
                    deployments: well.clone(),
                    checks: well.clone(),
                    statuses: well,
                };
                (query, evidence)
            })
            .collect()
    }

    /// Whether any `ready` rule asks for a deployment, a check or a status.
    pub(super) fn assumes_signals(&self) -> bool {
        let catalog = &self.evaluation.catalog;
        catalog.pipelines.iter().any(|pipeline| {
            pipeline.stages.iter().any(|stage| {
                let rules = self
                    .repository
                    .policy
                    .stage_rules(&pipeline.name, &stage.name.value);
                rules.ready.as_ref().is_some_and(|ready| {
                    ready.deployment.is_some() || ready.check.is_some() || ready.status.is_some()
                })
            })
        })
    }

    /// Adds to the timeline what holds a promotion until some time, once.
    pub(super) fn tell_holds(&mut self, plan: &Plan) {
        let held: Vec<(PipelineId, Promotion)> = plan
            .pipelines
            .iter()
            .flat_map(|entry| entry.promotions.iter().map(|one| (entry.id, one)))
            .filter(|(_, one)| one.state == State::Held && one.next.is_some())
            .map(|(id, one)| (id, one.clone()))
            .collect();
        for (id, promotion) in held {
            let Some(plan) = promotion.plan else { continue };
            if self.told.insert((plan, promotion.reason.to_string())) {
                let reason = promotion.reason.to_string();
                self.event(id, &promotion, What::Held { reason });
            }
        }
    }

    /// Advances the clock to the next instant at which something changes on its own; `false` if there is none.
    pub(super) fn wait(&mut self) -> bool {
        let before = self.plan(&super::Landed::new());
        let Some(next) = self.next(&before) else {
            return false;
        };
        self.now = next;
        let after = self.plan(&super::Landed::new());
        self.tell_openings(&before, &after);
        true
    }

    /// The next instant at which a promotion that only waits for time can advance.
    fn next(&self, plan: &Plan) -> Option<Timestamp> {
        let promotions = plan.pipelines.iter().flat_map(|entry| &entry.promotions);
        promotions
            .filter_map(|promotion| self.next_of(promotion))
            .filter(|next| *next > self.now && *next <= self.until)
            .min()
    }

    fn next_of(&self, promotion: &Promotion) -> Option<Timestamp> {
        let plan = promotion.plan.filter(|plan| !self.refused.contains(plan))?;
        match promotion.state {
            State::Held => promotion.next,
            State::Due if self.proposed.contains_key(&plan) => {
                let mut soonest = None;
                for gate in &promotion.gates {
                    if gate.judgement.verdict == Verdict::Pass {
                        continue;
                    }
                    // A gate that time alone does not open keeps the promotion waiting, whatever the others do.
                    let next = gate.judgement.next?;
                    soonest = Some(soonest.map_or(next, |known: Timestamp| known.min(next)));
                }
                soonest
            }
            _ => None,
        }
    }

    /// Adds to the timeline which gates time has opened.
    fn tell_openings(&mut self, before: &Plan, after: &Plan) {
        let shut: BTreeSet<(PipelineId, usize, usize)> = gates(before)
            .filter(|(_, _, _, passes)| !passes)
            .map(|(id, at, gate, _)| (id, at, gate))
            .collect();
        let opened: Vec<(PipelineId, usize, usize)> = gates(after)
            .filter(|(id, at, gate, passes)| *passes && shut.contains(&(*id, *at, *gate)))
            .map(|(id, at, gate, _)| (id, at, gate))
            .collect();
        for (id, at, gate) in opened {
            let promotion = after
                .pipelines
                .iter()
                .find(|entry| entry.id == id)
                .and_then(|entry| entry.promotions.get(at))
                .cloned();
            let Some(promotion) = promotion else { continue };
            let report = &promotion.gates[gate];
            let what = What::Opens {
                gate: report.name.clone(),
                reason: report.judgement.reason.clone(),
            };
            self.event(id, &promotion, what);
        }
    }
}

/// Every gate by pipeline, index of its promotion and its own index, with whether it passes.
fn gates(plan: &Plan) -> impl Iterator<Item = (PipelineId, usize, usize, bool)> + '_ {
    plan.pipelines.iter().flat_map(|entry| {
        let id = entry.id;
        let promotions = entry.promotions.iter().enumerate();
        promotions.flat_map(move |(at, promotion)| {
            let gates = promotion.gates.iter().enumerate();
            gates.map(move |(gate, report)| {
                (id, at, gate, report.judgement.verdict == Verdict::Pass)
            })
        })
    })
}
