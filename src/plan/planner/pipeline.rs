//! The stages of one pipeline, planned in the order of its graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::promotion_draft::PromotionDraft;
use super::reason::Reason;
use crate::graph::StageGraph;
use crate::model::change::Change;
use crate::model::evidence::Evidence;
use crate::model::facts::Facts;
use crate::model::fetched::Fetched;
use crate::model::ids::{PipelineId, PlanId};
use crate::model::name::EdgeName;
use crate::model::pipeline::Pipeline;
use crate::model::plan::{EmergencyUse, GateReport, PipelinePlan, Plan, Promotion, State};
use crate::model::plan_id::PlanSubject;
use crate::model::policy::{Emergency, EmergencySkip, Join, StageEntry};
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::plan::gate_subject::Subject;
use crate::plan::gates;

/// Plans every pipeline of the catalog.
pub(crate) fn plan(facts: &Facts<'_>) -> Plan {
    Plan {
        pipelines: facts
            .resolved
            .iter()
            .map(|resolved| Planner::new(facts, resolved).pipeline())
            .collect(),
    }
}

/// The edges of each promotion into a stage, sorted: one promotion along all of them, or with `join: any` one along each.
pub(crate) fn edges_into(
    facts: &Facts<'_>,
    pipeline: PipelineId,
    stage: StageIndex,
) -> Vec<Vec<EdgeName>> {
    let Some(resolved) = facts.resolved.get(pipeline.0) else {
        return Vec::new();
    };
    let planner = Planner::new(facts, resolved);
    let into = planner.promotions_into(stage).into_iter();
    into.map(|edges| planner.edge_names(&edges)).collect()
}

pub(super) fn sorted(edges: &[EdgeName]) -> Vec<EdgeName> {
    let mut edges = edges.to_vec();
    edges.sort();
    edges
}

pub(super) struct Planner<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) resolved: &'a ResolvedPipeline,
    pub(super) manifest: &'a Pipeline,
    /// States of the stages planned so far; a stage without a way into it is in sync with itself.
    pub(super) states: BTreeMap<StageIndex, State>,
    /// A stage that was asked for when its pull request was opened.
    pub(super) asked: Option<StageIndex>,
    /// For an open plan: whether it was opened as an emergency, whatever this run was asked to do.
    pub(super) emergency: Option<bool>,
    /// The evidence about the open pull request that proposes the promotion which is judged.
    pub(super) evidence: Option<&'a Fetched<Evidence>>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, resolved: &'a ResolvedPipeline) -> Self {
        Self {
            facts,
            resolved,
            manifest: facts.catalog.pipeline(resolved.id),
            states: BTreeMap::new(),
            asked: None,
            emergency: None,
            evidence: None,
        }
    }

    pub(super) fn id(&self) -> PipelineId {
        self.resolved.id
    }

    fn pipeline(mut self) -> PipelinePlan {
        PipelinePlan {
            id: self.id(),
            stopped: self.facts.stopped.get(&self.id()).cloned(),
            promotions: self.plan_stages(),
        }
    }

    fn plan_stages(&mut self) -> Vec<Promotion> {
        let stopped = self.facts.stopped.get(&self.id()).cloned();
        let stages = self.resolved.stages.len();
        let order = StageGraph::of(self.resolved)
            .in_order()
            .unwrap_or_else(|| (0..stages).collect());
        let mut promotions = Vec::new();
        for stage in order {
            let mut state = State::InSync;
            for edges in self.promotions_into(stage) {
                let promotion = match &stopped {
                    Some(reason) => self.stopped(stage, &edges, reason),
                    None => self.promotion(stage, &edges),
                };
                state = state.min(promotion.state);
                promotions.push(promotion);
            }
            self.states.insert(stage, state);
        }
        promotions
    }

    /// Takes the states of all stages from promotions that were planned before.
    pub(super) fn take_states(&mut self, promotions: &[Promotion]) {
        self.states = (0..self.resolved.stages.len())
            .map(|stage| (stage, State::InSync))
            .collect();
        for promotion in promotions {
            let state = self.states.entry(promotion.index);
            let state = state.or_insert(State::InSync);
            *state = (*state).min(promotion.state);
        }
    }

    pub(super) fn edge_names(&self, edges: &[usize]) -> Vec<EdgeName> {
        sorted(
            &edges
                .iter()
                .map(|edge| self.edge_name(*edge))
                .collect::<Vec<_>>(),
        )
    }

    /// The edges of each promotion into a stage: all of them together, or each separately with `join: any`.
    pub(super) fn promotions_into(&self, stage: StageIndex) -> Vec<Vec<usize>> {
        let edges: Vec<usize> = self.resolved.edges_into(stage).collect();
        match self.rules(stage).join {
            _ if edges.is_empty() => Vec::new(),
            Join::Any => edges.into_iter().map(|edge| vec![edge]).collect(),
            Join::All => vec![edges],
        }
    }

    /// The rules of the policy for a stage.
    pub(super) fn rules(&self, stage: StageIndex) -> &'a StageEntry {
        let name = &self.manifest.stages[stage].name.value;
        self.facts.policy.stage_rules(&self.manifest.name, name)
    }

    pub(super) fn edge_name(&self, edge: usize) -> EdgeName {
        let name = |stage: StageIndex| self.manifest.stages[stage].name.value.clone();
        match self.resolved.edges[edge] {
            Some((from, to)) => EdgeName {
                from: name(from),
                to: name(to),
            },
            None => EdgeName {
                from: "".into(),
                to: "".into(),
            },
        }
    }

    pub(super) fn source_stage(&self, edge: usize) -> Option<StageIndex> {
        self.resolved.edges[edge].map(|(from, _)| from)
    }

    fn empty(&self, stage: StageIndex, edges: &[usize]) -> Promotion {
        let name = &self.manifest.stages[stage].name;
        Promotion {
            stage: name.value.clone(),
            index: stage,
            edges: edges.iter().map(|edge| self.edge_name(*edge)).collect(),
            plan: None,
            state: State::InSync,
            reason: Arc::default(),
            help: None,
            rule_at: None,
            next: None,
            proposable: false,
            emergency: None,
            rollback: None,
            landed: None,
            landed_along: None,
            after_rollback: None,
            overwritten_hotfixes: Vec::new(),
            gates: Vec::new(),
            changes: Vec::new(),
            on_request: false,
            skipped_services: Vec::new(),
            skipped: Vec::new(),
            takes: Vec::new(),
        }
    }

    pub(super) fn stopped(
        &self,
        stage: StageIndex,
        edges: &[usize],
        reason: &Arc<str>,
    ) -> Promotion {
        Promotion {
            state: State::Error,
            reason: Arc::clone(reason),
            help: Some("sluice validate".to_owned()),
            ..self.empty(stage, edges)
        }
    }

    fn promotion(&self, stage: StageIndex, edges: &[usize]) -> Promotion {
        let mut draft = self.draft(stage, edges);
        draft.merge_equal_changes();
        if !draft.changes.is_empty() {
            self.hold(stage, edges, &mut draft);
        }
        self.promotion_of(stage, edges, draft, None)
    }

    /// Gives a draft its state, its plan ID (`plan` if it is already known) and the judgements of its gates.
    pub(super) fn promotion_of(
        &self,
        stage: StageIndex,
        edges: &[usize],
        mut draft: PromotionDraft,
        plan: Option<PlanId>,
    ) -> Promotion {
        if draft.unread {
            let reason = Reason::new("revision unread: not on GitHub")
                .help("the repository is not this one; a run on GitHub reads it, or set its url to a local path");
            draft.holds.insert(0, reason);
        }
        let (state, reason) = self.state(stage, &draft);
        let mut promotion = self.empty(stage, edges);
        promotion.state = state;
        promotion.proposable = !draft.changes.is_empty()
            && draft.errors.is_empty()
            && draft.holds.iter().all(|hold| hold.only_landing);
        promotion.reason = reason.text.into();
        promotion.help = reason.help;
        promotion.rule_at = reason.rule_at;
        promotion.next = reason.next;
        promotion.emergency = self.emergency(stage).map(|emergency| EmergencyUse {
            skips: emergency.skip.iter().map(|skip| skip.word()).collect(),
        });
        if !draft.changes.is_empty() {
            promotion.plan = Some(plan.unwrap_or_else(|| {
                PlanSubject {
                    repository: &self.facts.repository,
                    base: &self.facts.base,
                    namespace: self.manifest.namespace.as_deref(),
                    pipeline: &self.manifest.name,
                    stage: &promotion.stage,
                    edges: promotion
                        .edges
                        .iter()
                        .map(|edge| (edge.from.to_string(), edge.to.to_string()))
                        .collect(),
                    changes: draft.changes.iter().map(Change::identity).collect(),
                }
                .id()
            }));
            promotion.gates = self.gates(stage, edges, promotion.plan.as_ref(), &draft.changes);
        }
        promotion.rollback = draft.rollback;
        promotion.landed = draft.landed;
        promotion.landed_along = draft.landed_along;
        promotion.after_rollback = draft.after_rollback;
        promotion.on_request = draft.on_request;
        promotion.overwritten_hotfixes = draft.overwritten_hotfixes;
        promotion.changes = draft.changes;
        promotion.skipped_services = draft.skipped_services;
        promotion.skipped = draft.skipped;
        promotion.takes = draft.takes;
        promotion
    }

    /// Whether a person asked for this stage.
    pub(super) fn asked(&self, stage: StageIndex) -> bool {
        let now = !self.facts.retry && self.facts.asked.contains(&(self.id(), stage));
        self.asked == Some(stage) || now
    }

    /// What the policy lets this stage skip, if a person requested it as an emergency.
    pub(super) fn emergency(&self, stage: StageIndex) -> Option<&'a Emergency> {
        let now = self.facts.emergency && self.facts.asked.contains(&(self.id(), stage));
        if !self.emergency.unwrap_or(now) {
            return None;
        }
        self.rules(stage).emergency.as_ref()
    }

    pub(super) fn skips(&self, stage: StageIndex, what: EmergencySkip) -> bool {
        self.emergency(stage)
            .is_some_and(|emergency| emergency.skip.contains(&what))
    }

    /// When the last hold ends, if time alone ends every one of them.
    fn all_end(holds: &[Reason]) -> Option<Timestamp> {
        let ends: Option<Vec<Timestamp>> = holds.iter().map(|hold| hold.next).collect();
        ends?.into_iter().max()
    }

    fn state(&self, stage: StageIndex, draft: &PromotionDraft) -> (State, Reason) {
        if let Some((error, help)) = draft.errors.first() {
            let mut reason = Reason::new(error.clone());
            reason.help.clone_from(help);
            return (State::Error, reason);
        }
        if let Some(first) = draft.holds.first() {
            let texts: Vec<&str> = draft.holds.iter().map(|hold| hold.text.as_str()).collect();
            return (
                State::Held,
                Reason {
                    text: texts.join("; "),
                    help: first.help.clone(),
                    rule_at: first.rule_at,
                    only_landing: false,
                    next: Self::all_end(&draft.holds),
                },
            );
        }
        if !draft.changes.is_empty() {
            let notes = draft.notes.join("; ");
            let text = if notes.is_empty() {
                "its sources changed".to_owned()
            } else {
                notes
            };
            return (State::Due, Reason::new(text));
        }
        let named = |held: bool| {
            let reasons: Vec<String> = draft
                .skipped_services
                .iter()
                .filter(|service| service.by.is_none() == held)
                .map(|service| format!("{}: {}", service.name, service.reason))
                .collect();
            Reason::new(reasons.join("; "))
        };
        if draft.service_held {
            (State::Held, named(true))
        } else if draft.ahead {
            (State::Ahead, named(false))
        } else if draft.takes_over.values().any(|takes| *takes) {
            (
                State::InSync,
                Reason::new("nothing differs from its sources"),
            )
        } else if self.pairs(stage).next().is_some() {
            (
                State::InSync,
                Reason::new("none of its services takes anything along these edges"),
            )
        } else {
            (State::NotMoved, self.not_moved(stage))
        }
    }

    /// Why nothing promotes a stage.
    fn not_moved(&self, stage: StageIndex) -> Reason {
        let services = self.manifest.stages[stage].services.iter();
        let criteria = || services.clone().filter_map(|entry| entry.criteria.as_ref());
        let by = |console: &'static str| {
            format!(
                "its criteria name only {console}, which Sluice does not handle: nothing promotes it"
            )
        };
        let text = if criteria().any(|criteria| criteria.pr_automation) {
            by("`prAutomationRef`")
        } else if criteria().any(|criteria| criteria.ai) {
            by("`ai`")
        } else {
            "none of its services takes anything from another one: nothing promotes it".to_owned()
        };
        Reason::new(text).help("sluice init shows the `serviceRef` to add")
    }

    pub(super) fn gates(
        &self,
        stage: StageIndex,
        edges: &[usize],
        plan: Option<&PlanId>,
        changes: &[Change],
    ) -> Vec<GateReport> {
        let subject = Subject {
            facts: self.facts,
            pipeline: &self.manifest.name,
            stage: &self.manifest.stages[stage].name.value,
            plan,
            evidence: self.evidence,
            changes,
            emergency: self.emergency(stage),
            retry: self.facts.retry && self.facts.asked.contains(&(self.id(), stage)),
        };
        let gates = edges.iter().flat_map(|edge| {
            let name = self.edge_name(*edge);
            let gates = self.manifest.edges[*edge].gates.iter();
            gates.map(move |gate| (name.clone(), gate))
        });
        gates::reports(&subject, gates)
    }
}
