//! One promotion per stage: its changes, its gates, its state and the reason for it.

use std::collections::{BTreeMap, HashMap};

use super::due::{Due, judge};
use super::hold::{Held, frozen, until};
use super::take::take;
use super::{compare, gates};
use crate::copy::Pair;
use crate::graph::StageGraph;
use crate::model::catalog::PipelineId;
use crate::model::change::Change;
use crate::model::facts::{Facts, HistoryQuery};
use crate::model::finding::Severity;
use crate::model::ids::PlanId;
use crate::model::pipeline::Pipeline;
use crate::model::place::RepoPath;
use crate::model::plan::{EdgeName, LeftOut, PipelinePlan, Plan, Promotion, State, Take};
use crate::model::plan_id::PlanSubject;
use crate::model::policy::{Join, Trigger};
use crate::model::reference::ManifestKey;
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::yaml::{FieldPath, Position};

/// What holds a stage that nothing sets off. People search for this sentence; keep it.
const NOTHING_SAYS: &str = "nothing says that it may move: it has no gate, no `ready` rule on its source, and no `trigger: auto` in its own entry";

/// Plans every pipeline of the catalog.
pub fn plan(facts: &Facts<'_>) -> Plan {
    Plan {
        pipelines: facts
            .resolved
            .iter()
            .map(|resolved| Planner::new(facts, resolved).pipeline())
            .collect(),
    }
}

/// Judges a plan that stands in an open pull request, whether or not it is the one that would be made now: the same
/// holds and gates, with its own changes. `None` where its stage or edges are not what they were.
pub fn standing(facts: &Facts<'_>, standing: &Standing) -> Option<Promotion> {
    let resolved = facts.resolved.get(standing.pipeline.0)?;
    let mut planner = Planner::new(facts, resolved);
    let now = planner.plan_stages();
    let edges = planner
        .promotions_into(standing.stage)
        .into_iter()
        .find(|edges| planner.edge_names(edges) == sorted(&standing.edges))?;
    if let Some(reason) = facts.stopped.get(&resolved.id) {
        return Some(planner.stopped(standing.stage, &edges, reason));
    }
    if standing.requested {
        planner.asked = Some(standing.stage);
    }
    let mut draft = planner.draft(standing.stage, &edges);
    draft.changes.clone_from(&standing.changes);
    planner.hold(standing.stage, &edges, &mut draft);
    let mut promotion = planner.judged(standing.stage, &edges, draft, Some(standing.plan));
    let current = now
        .into_iter()
        .find(|other| other.index == standing.stage && other.edges == promotion.edges);
    if let Some(current) = current {
        promotion.left_out = current.left_out;
    }
    Some(promotion)
}

fn sorted(edges: &[EdgeName]) -> Vec<EdgeName> {
    let mut edges = edges.to_vec();
    edges.sort();
    edges
}

/// A plan that stands in an open pull request.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// Its stage.
    pub stage: StageIndex,
    /// Its edges.
    pub edges: Vec<EdgeName>,
    /// Its id.
    pub plan: PlanId,
    /// What it changes.
    pub changes: Vec<Change>,
    /// A person asked for it by a dispatch.
    pub requested: bool,
}

struct Planner<'a> {
    facts: &'a Facts<'a>,
    resolved: &'a ResolvedPipeline,
    manifest: &'a Pipeline,
    /// States of the stages planned so far; a stage without a way into it is in sync with itself.
    states: BTreeMap<StageIndex, State>,
    /// A stage that was asked for when its pull request was opened.
    asked: Option<StageIndex>,
}

/// What a promotion is made of before its state is known.
#[derive(Default)]
struct Draft {
    changes: Vec<Change>,
    left_out: Vec<LeftOut>,
    skipped: Vec<String>,
    takes: Vec<Take>,
    errors: Vec<(String, Option<String>)>,
    holds: Vec<Reason>,
    notes: Vec<String>,
    ahead: bool,
    service_held: bool,
    unread: bool,
    /// Whether a value is taken along each of the promotion's edges.
    takes_over: BTreeMap<usize, bool>,
}

impl Draft {
    /// Two services of a stage may share one `Secret` and copy the same key into it: that is one change. Two values for
    /// one field are an error, for only one of them can be right.
    fn merge_equal_changes(&mut self) {
        let mut kept: Vec<Change> = Vec::with_capacity(self.changes.len());
        let mut known: HashMap<(ManifestKey, RepoPath, FieldPath), usize> = HashMap::new();
        for change in std::mem::take(&mut self.changes) {
            let place = (
                change.manifest.clone(),
                change.file.clone(),
                change.path.clone(),
            );
            match known.get(&place) {
                None => {
                    known.insert(place, kept.len());
                    kept.push(change);
                }
                Some(first) if kept[*first].new == change.new => {}
                Some(_) => self.errors.push((
                    format!(
                        "two services of this stage want different values for {} of {}",
                        change.path, change.manifest.name
                    ),
                    Some("let only one of them name the key in its criteria".to_owned()),
                )),
            }
        }
        self.changes = kept;
    }
}

struct Reason {
    text: String,
    help: Option<String>,
    rule_at: Option<Position>,
    /// It stops commits and merges; proposals still open.
    only_landing: bool,
}

impl Reason {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: None,
            rule_at: None,
            only_landing: false,
        }
    }

    fn only_landing(mut self) -> Self {
        self.only_landing = true;
        self
    }

    fn at(mut self, at: Position) -> Self {
        self.rule_at = Some(at);
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl<'a> Planner<'a> {
    fn new(facts: &'a Facts<'a>, resolved: &'a ResolvedPipeline) -> Self {
        Self {
            facts,
            resolved,
            manifest: facts.catalog.pipeline(resolved.id),
            states: BTreeMap::new(),
            asked: None,
        }
    }

    fn id(&self) -> PipelineId {
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

    fn edge_names(&self, edges: &[usize]) -> Vec<EdgeName> {
        sorted(
            &edges
                .iter()
                .map(|edge| self.edge_name(*edge))
                .collect::<Vec<_>>(),
        )
    }

    /// The edges of each promotion into a stage: all of them together, or each by itself with `join: any`.
    fn promotions_into(&self, stage: StageIndex) -> Vec<Vec<usize>> {
        let edges: Vec<usize> = self.resolved.edges_into(stage).collect();
        let name = &self.manifest.stages[stage].name.value;
        let join = self
            .facts
            .policy
            .stage(&self.manifest.name, name)
            .map(|ruled| ruled.rule.join);
        match join {
            _ if edges.is_empty() => Vec::new(),
            Some(Join::Any) => edges.into_iter().map(|edge| vec![edge]).collect(),
            Some(Join::All) | None => vec![edges],
        }
    }

    fn edge_name(&self, edge: usize) -> EdgeName {
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

    fn source_stage(&self, edge: usize) -> Option<StageIndex> {
        self.resolved.edges[edge].map(|(from, _)| from)
    }

    fn empty(&self, stage: StageIndex, edges: &[usize]) -> Promotion {
        let name = &self.manifest.stages[stage].name;
        Promotion {
            stage: name.value.clone(),
            index: stage,
            at: name.at,
            edges: edges.iter().map(|edge| self.edge_name(*edge)).collect(),
            plan: None,
            state: State::InSync,
            reason: String::new(),
            help: None,
            rule_at: None,
            next: None,
            proposable: false,
            gates: Vec::new(),
            changes: Vec::new(),
            left_out: Vec::new(),
            skipped: Vec::new(),
            takes: Vec::new(),
        }
    }

    fn stopped(&self, stage: StageIndex, edges: &[usize], reason: &str) -> Promotion {
        Promotion {
            state: State::Error,
            reason: reason.to_owned(),
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
        self.judged(stage, edges, draft, None)
    }

    /// Gives a draft its state, its plan id (`plan` where it is known already) and what its gates say.
    fn judged(
        &self,
        stage: StageIndex,
        edges: &[usize],
        mut draft: Draft,
        plan: Option<PlanId>,
    ) -> Promotion {
        if draft.unread {
            let reason = Reason::new("revision unread: no forge")
                .help("the repository is not this one; a run on GitHub reads it, or point its url at a local path");
            draft.holds.insert(0, reason);
        }
        let (state, reason) = Self::state(&draft);
        let mut promotion = self.empty(stage, edges);
        promotion.state = state;
        promotion.proposable = !draft.changes.is_empty()
            && draft.errors.is_empty()
            && draft.holds.iter().all(|hold| hold.only_landing);
        promotion.reason = reason.text;
        promotion.help = reason.help;
        promotion.rule_at = reason.rule_at;
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
            promotion.gates = self.gates(edges, promotion.plan.as_ref());
        }
        promotion.changes = draft.changes;
        promotion.left_out = draft.left_out;
        promotion.skipped = draft.skipped;
        promotion.takes = draft.takes;
        promotion
    }

    /// Compares every service of the stage with its source along these edges.
    fn draft(&self, stage: StageIndex, edges: &[usize]) -> Draft {
        let mut draft = Draft::default();
        draft
            .takes_over
            .extend(edges.iter().map(|edge| (*edge, false)));
        let held = Held {
            pipeline: &self.manifest.name,
            stage: &self.manifest.stages[stage].name.value,
            now: self.facts.now,
        };
        for service in 0..self.resolved.stages[stage].services.len() {
            let Some(pair) = Pair::of(
                self.facts.catalog,
                self.facts.policy,
                self.resolved,
                stage,
                service,
            ) else {
                continue;
            };
            let over = self.edges_of(&pair, edges);
            if over.is_empty() {
                continue;
            }
            draft
                .takes_over
                .extend(over.into_iter().map(|edge| (edge, true)));
            let comparison = compare(self.facts, &pair);
            for problem in &comparison.problems {
                if problem.severity == Severity::Error {
                    draft
                        .errors
                        .push((problem.message.clone(), problem.help.clone()));
                }
            }
            draft.skipped.extend(comparison.skipped.iter().cloned());
            draft.unread |= comparison.unread;
            if comparison.changes.is_empty() {
                continue;
            }
            if let Some(hold) = held.service(self.facts.policy, &pair.target.key.name) {
                draft.service_held = true;
                draft.left_out.push(LeftOut {
                    namespace: pair.target.key.namespace.clone(),
                    name: pair.target.key.name.clone(),
                    reason: format!("held: {}", hold.reason),
                    by: None,
                });
                continue;
            }
            let place = HistoryQuery {
                pipeline: self.id(),
                stage,
                service,
            };
            match judge(&pair, &comparison, self.facts.history.get(&place)) {
                Due::Yes(note) => {
                    draft.takes.push(take(&pair, &comparison));
                    draft.changes.extend(comparison.changes);
                    if let Some(note) = note
                        && !draft.notes.iter().any(|known| known == note)
                    {
                        draft.notes.push(note.to_owned());
                    }
                }
                Due::Ahead(_) if self.facts.take_source && self.asked(stage) => {
                    draft.takes.push(take(&pair, &comparison));
                    draft.changes.extend(comparison.changes);
                    draft.notes.push("asked for with `take: source`".to_owned());
                }
                Due::Ahead(left_out) => {
                    draft.ahead = true;
                    draft.left_out.push(left_out);
                }
                Due::Failed { why, help } => draft
                    .errors
                    .push((format!("{}: {why}", pair.target.key.name), help)),
            }
        }
        draft
    }

    /// Whether a person asked for this stage.
    fn asked(&self, stage: StageIndex) -> bool {
        self.asked == Some(stage) || self.facts.asked == Some((self.id(), stage))
    }

    /// Those of the edges that come from a stage in which the pair's source stands.
    fn edges_of(&self, pair: &Pair<'_>, edges: &[usize]) -> Vec<usize> {
        let stages: Vec<StageIndex> = self.resolved.stages_of(pair.source_id).collect();
        edges
            .iter()
            .copied()
            .filter(|edge| {
                self.source_stage(*edge)
                    .is_some_and(|from| stages.contains(&from))
            })
            .collect()
    }

    /// Everything that holds a promotion which has something to change.
    fn hold(&self, stage: StageIndex, edges: &[usize], draft: &mut Draft) {
        let policy = self.facts.policy;
        let name = &self.manifest.stages[stage].name.value;
        let own = policy.stage(&self.manifest.name, name);
        let held = Held {
            pipeline: &self.manifest.name,
            stage: name,
            now: self.facts.now,
        };
        if let Some(why) = &self.facts.frozen {
            draft
                .holds
                .push(Reason::new(format!("frozen by this run's input: {why}")).only_landing());
        }
        if let Some(freeze) = frozen(policy, self.facts.now) {
            let reason = Reason::new(format!("frozen until {}: {}", until(freeze), freeze.reason));
            draft.holds.push(reason.only_landing());
        }
        if let Some(hold) = held.stage(policy) {
            draft
                .holds
                .push(Reason::new(format!("held: {}", hold.reason)).at(hold.at));
        }
        if self.facts.landed.contains(&(self.id(), stage)) {
            draft.holds.push(Reason::new(
                "it landed in this run already; the next run goes on",
            ));
        }

        let ready_rule = |from: StageIndex| {
            let from = &self.manifest.stages[from].name.value;
            policy
                .stage(&self.manifest.name, from)
                .filter(|ruled| ruled.rule.ready.is_some())
        };
        let any_gate = edges
            .iter()
            .any(|edge| !self.manifest.edges[*edge].gates.is_empty());
        let any_ready = edges
            .iter()
            .filter_map(|edge| self.source_stage(*edge))
            .any(|from| ready_rule(from).is_some());
        match own.and_then(|ruled| ruled.rule.trigger.map(|trigger| (trigger, ruled.at))) {
            Some((Trigger::Auto, _)) => {}
            Some((Trigger::Manual, at)) if !self.asked(stage) => {
                let reason = Reason::new("moves only when a person asks for it (`trigger: manual`)").at(at);
                let help = if self.facts.evidence.is_some() {
                    format!("Run workflow with command promote, pipeline {} and to {name}", self.manifest.name)
                } else {
                    format!("sluice promote --local --pipeline {} --to {name}", self.manifest.name)
                };
                draft.holds.push(reason.help(help));
            }
            Some((Trigger::Manual, _)) => {}
            None if any_gate || any_ready => {}
            None => draft.holds.push(
                Reason::new(NOTHING_SAYS)
                    .help(format!("add a gate to its edge, or `stages: {{ {name}: {{ trigger: auto }} }}` to the policy")),
            ),
        }

        for edge in edges {
            let Some(from) = self.source_stage(*edge) else {
                continue;
            };
            let from_name = &self.manifest.stages[from].name.value;
            if let Some(ruled) = ready_rule(from) {
                draft.holds.push(
                    Reason::new(format!(
                        "whether {from_name} is ready is not evaluated by this version"
                    ))
                    .at(ruled.at),
                );
            }
            let takes = draft.takes_over.get(edge).copied().unwrap_or(false);
            if takes && self.facts.landed.contains(&(self.id(), from)) {
                let from_rule = policy.stage(&self.manifest.name, from_name);
                if from_rule.and_then(|ruled| ruled.rule.trigger) != Some(Trigger::Auto) {
                    draft.holds.push(Reason::new(format!(
                        "{from_name} landed in this run; the next run takes it up"
                    )));
                }
            }
            let state = self.states.get(&from).copied().unwrap_or(State::InSync);
            if !takes && state != State::InSync {
                draft.holds.push(Reason::new(format!(
                    "guarded by {from_name}, which is not in sync"
                )));
            }
        }
    }

    fn state(draft: &Draft) -> (State, Reason) {
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
                },
            );
        }
        if !draft.changes.is_empty() {
            let notes = draft.notes.join("; ");
            let text = if notes.is_empty() {
                "its sources moved".to_owned()
            } else {
                notes
            };
            return (State::Due, Reason::new(text));
        }
        let named = |held: bool| {
            let reasons: Vec<String> = draft
                .left_out
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
        } else {
            (
                State::InSync,
                Reason::new("no service of it takes anything along these edges"),
            )
        }
    }

    fn gates(&self, edges: &[usize], plan: Option<&PlanId>) -> Vec<crate::model::plan::GateReport> {
        edges
            .iter()
            .flat_map(|edge| {
                let name = self.edge_name(*edge);
                self.manifest.edges[*edge].gates.iter().map(move |gate| {
                    gates::report(self.facts, &self.manifest.name, &name, gate, plan)
                })
            })
            .collect()
    }
}
