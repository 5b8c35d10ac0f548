//! One promotion per stage: its changes, its gates, its state and the reason for it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::due::{Due, judge};
use super::gates::{self, Subject};
use super::hold::{Held, frozen, until};
use super::take::take;
use super::{compare, ready};
use crate::copy::Pair;
use crate::graph::StageGraph;
use crate::model::catalog::{PipelineId, ServiceId};
use crate::model::change::Change;
use crate::model::facts::{Facts, HistoryQuery, ReadyQuery};
use crate::model::finding::Severity;
use crate::model::ids::PlanId;
use crate::model::pipeline::Pipeline;
use crate::model::place::RepoPath;
use crate::model::plan::{
    EdgeName, EmergencyUse, GateReport, LeftOut, PipelinePlan, Plan, Promotion, State, Take,
};
use crate::model::plan_id::PlanSubject;
use crate::model::policy::{Emergency, EmergencySkip, Join, Ready, Ruled, Trigger};
use crate::model::reference::ManifestKey;
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::model::verdict::Verdict;
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
    planner.emergency = Some(standing.emergency);
    let mut draft = planner.draft(standing.stage, &edges);
    draft.changes.clone_from(&standing.changes);
    let current = now.into_iter().find(|other| {
        other.index == standing.stage && planner.edge_names(&edges) == sorted(&other.edges)
    });
    // An older plan was ready when it was put up; what its source holds now is not its content.
    draft.older = current
        .as_ref()
        .is_none_or(|current| current.plan != Some(standing.plan));
    planner.hold(standing.stage, &edges, &mut draft);
    let mut promotion = planner.judged(standing.stage, &edges, draft, Some(standing.plan));
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
    /// And as an emergency.
    pub emergency: bool,
}

struct Planner<'a> {
    facts: &'a Facts<'a>,
    resolved: &'a ResolvedPipeline,
    manifest: &'a Pipeline,
    /// States of the stages planned so far; a stage without a way into it is in sync with itself.
    states: BTreeMap<StageIndex, State>,
    /// A stage that was asked for when its pull request was opened.
    asked: Option<StageIndex>,
    /// Of a plan that stands: whether it was put up as an emergency, whatever this run is asked for.
    emergency: Option<bool>,
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
    /// Services from which something that changes is taken: the edge, the target's place in its stage, the source.
    sources: Vec<(usize, usize, ServiceId)>,
    /// It is not the plan that would be made now.
    older: bool,
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
    /// When it ends by itself.
    next: Option<Timestamp>,
}

impl Reason {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: None,
            rule_at: None,
            only_landing: false,
            next: None,
        }
    }

    fn until(mut self, next: Option<Timestamp>) -> Self {
        self.next = next;
        self
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
            emergency: None,
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
            emergency: None,
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
                .extend(over.iter().map(|edge| (*edge, true)));
            let over_edges = over;
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
            let mut taken = || {
                let sources = over_edges
                    .iter()
                    .map(|edge| (*edge, service, pair.source_id));
                draft.sources.extend(sources);
            };
            match judge(&pair, &comparison, self.facts.history.get(&place)) {
                Due::Yes(note) => {
                    taken();
                    draft.takes.push(take(&pair, &comparison));
                    draft.changes.extend(comparison.changes);
                    if let Some(note) = note
                        && !draft.notes.iter().any(|known| known == note)
                    {
                        draft.notes.push(note.to_owned());
                    }
                }
                Due::Ahead(_) if self.facts.take_source && self.asked(stage) => {
                    taken();
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
        let now = !self.facts.retry && self.facts.asked == Some((self.id(), stage));
        self.asked == Some(stage) || now
    }

    /// What the policy lets this stage skip, where a person asked for it as an emergency.
    fn emergency(&self, stage: StageIndex) -> Option<&'a Emergency> {
        let now = self.facts.emergency && self.facts.asked == Some((self.id(), stage));
        if !self.emergency.unwrap_or(now) {
            return None;
        }
        let name = &self.manifest.stages[stage].name.value;
        let ruled = self.facts.policy.stage(&self.manifest.name, name)?;
        ruled.rule.emergency.as_ref()
    }

    fn skips(&self, stage: StageIndex, what: EmergencySkip) -> bool {
        self.emergency(stage)
            .is_some_and(|emergency| emergency.skip.contains(&what))
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
        for gate in edges
            .iter()
            .flat_map(|edge| &self.manifest.edges[*edge].gates)
        {
            if gates::is_unmapped(self.facts.policy, &self.manifest.name, gate) {
                let help = "sluice validate shows the lines to add".to_owned();
                let why = format!("the policy does not say how the gate {} opens", gate.name);
                draft.errors.push((why, Some(help)));
            }
        }
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
        if let Some(freeze) = frozen(policy, self.facts.now)
            && !self.skips(stage, EmergencySkip::Freeze)
        {
            let reason = Reason::new(format!("frozen until {}: {}", until(freeze), freeze.reason));
            draft
                .holds
                .push(reason.only_landing().until(Some(freeze.until)));
        }
        if let Some(hold) = held.stage(policy) {
            let ends = hold.until.map(|until| until.timestamp());
            let mut text = format!("held: {}", hold.reason);
            if let Some(ends) = ends {
                text.push_str(&format!(
                    " (until {})",
                    super::when::utc(ends, self.facts.now)
                ));
            }
            draft.holds.push(Reason::new(text).at(hold.at).until(ends));
        }
        if self.facts.landed.contains(&(self.id(), stage)) {
            draft.holds.push(Reason::new(
                "it landed in this run already; the next run goes on",
            ));
        }

        let any_gate = edges
            .iter()
            .any(|edge| !self.manifest.edges[*edge].gates.is_empty());
        let any_ready = edges
            .iter()
            .filter_map(|edge| self.source_stage(*edge))
            .any(|from| self.ready_rule(from).is_some());
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
            let takes = draft.takes_over.get(edge).copied().unwrap_or(false);
            if let Some((rule, at)) = self.ready_rule(from).filter(|_| !draft.older) {
                self.hold_until_ready(stage, *edge, from, rule, at, draft);
            }
            if takes && self.facts.landed.contains(&(self.id(), from)) {
                let from_rule = policy.stage(&self.manifest.name, from_name);
                let auto = from_rule.and_then(|ruled| ruled.rule.trigger) == Some(Trigger::Auto);
                // What its `ready` rule lets leave, may leave at once.
                if !auto && self.ready_rule(from).is_none() {
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

    fn ready_rule(&self, from: StageIndex) -> Option<(&'a Ready, Position)> {
        let from = &self.manifest.stages[from].name.value;
        let ruled: Ruled<'a, _> = self.facts.policy.stage(&self.manifest.name, from)?;
        Some((ruled.rule.ready.as_ref()?, ruled.at))
    }

    /// Holds it while what it takes along an edge may not leave its stage yet.
    fn hold_until_ready(
        &self,
        stage: StageIndex,
        edge: usize,
        from: StageIndex,
        rule: &Ready,
        at: Position,
        draft: &mut Draft,
    ) {
        let name = &self.manifest.stages[from].name.value;
        let Some(answers) = self.facts.ready else {
            let reason = Reason::new(format!("whether {name} is ready is unread: no forge"));
            draft.holds.push(reason.at(at));
            return;
        };
        let skip_soak = self.skips(stage, EmergencySkip::Soak);
        let mut judgements = Vec::new();
        for query in self.ready_queries(stage, edge, from, draft) {
            match answers.get(&query) {
                None => draft
                    .errors
                    .push((format!("whether {name} is ready was not read"), None)),
                Some(evidence) => {
                    let mut judgement = ready::evaluate(rule, evidence, self.facts.now, skip_soak);
                    if judgement.verdict != Verdict::Pass {
                        judgement.reason =
                            format!("{} in {name}: {}", evidence.service, judgement.reason);
                    }
                    judgements.push(judgement);
                }
            }
        }
        match ready::worst(judgements) {
            Some(judgement) if judgement.verdict == Verdict::Error => {
                draft.errors.push((judgement.reason, None));
            }
            Some(judgement) if judgement.verdict != Verdict::Pass => {
                let reason = Reason::new(judgement.reason).at(at).until(judgement.next);
                draft.holds.push(reason);
            }
            _ => {}
        }
    }

    /// Whose content must be ready before a promotion goes along an edge: what it takes that changes; on an edge along
    /// which nothing is taken, all of the stage that guards.
    fn ready_queries(
        &self,
        stage: StageIndex,
        edge: usize,
        from: StageIndex,
        draft: &Draft,
    ) -> Vec<ReadyQuery> {
        let query = |source, target| ReadyQuery {
            pipeline: self.id(),
            from,
            source,
            target,
        };
        if draft.takes_over.get(&edge).copied().unwrap_or(false) {
            let taken = draft.sources.iter().filter(|(over, ..)| *over == edge);
            return taken
                .map(|(_, service, source)| query(*source, Some((stage, *service))))
                .collect();
        }
        let services = self.resolved.stages[from].services.iter();
        services
            .filter_map(|entry| Some(query(entry.service.found()?, None)))
            .collect()
    }

    /// When the last hold ends, where time alone ends every one of them.
    fn all_end(holds: &[Reason]) -> Option<Timestamp> {
        let ends: Option<Vec<Timestamp>> = holds.iter().map(|hold| hold.next).collect();
        ends?.into_iter().max()
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
                    next: Self::all_end(&draft.holds),
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

    fn gates(
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
            changes,
            emergency: self.emergency(stage),
            retry: self.facts.retry && self.facts.asked == Some((self.id(), stage)),
        };
        let gates = edges.iter().flat_map(|edge| {
            let name = self.edge_name(*edge);
            let gates = self.manifest.edges[*edge].gates.iter();
            gates.map(move |gate| (name.clone(), gate))
        });
        gates::reports(&subject, gates)
    }
}

/// Every look-up that the `ready` rules ask for: of promotions that have something to change.
pub fn ready_queries(facts: &Facts<'_>) -> Vec<(ReadyQuery, Ready)> {
    let mut queries = Vec::new();
    for resolved in facts.resolved {
        if facts.stopped.contains_key(&resolved.id) {
            continue;
        }
        let planner = Planner::new(facts, resolved);
        for stage in 0..resolved.stages.len() {
            for edges in planner.promotions_into(stage) {
                let asks = |edge: &usize| {
                    let from = planner.source_stage(*edge)?;
                    Some((*edge, from, planner.ready_rule(from)?.0))
                };
                let asking: Vec<_> = edges.iter().filter_map(asks).collect();
                if asking.is_empty() {
                    continue;
                }
                let draft = planner.draft(stage, &edges);
                if draft.changes.is_empty() {
                    continue;
                }
                for (edge, from, rule) in asking {
                    let asked = planner.ready_queries(stage, edge, from, &draft);
                    queries.extend(asked.into_iter().map(|query| (query, rule.clone())));
                }
            }
        }
    }
    queries
}

/// What has to be read so that the gates of a promotion into these stages can be judged.
pub fn needs(
    facts: &Facts<'_>,
    pipeline: PipelineId,
    stage: StageIndex,
    edges: &[EdgeName],
) -> gates::Needs {
    let mut needs = gates::Needs::default();
    let Some(resolved) = facts.resolved.get(pipeline.0) else {
        return needs;
    };
    let planner = Planner::new(facts, resolved);
    for edge in resolved.edges_into(stage) {
        if !edges.contains(&planner.edge_name(edge)) {
            continue;
        }
        for gate in &planner.manifest.edges[edge].gates {
            needs.add_gate(facts.policy, &planner.manifest.name, gate);
        }
    }
    let name = &planner.manifest.stages[stage].name.value;
    let emergency = facts
        .policy
        .stage(&planner.manifest.name, name)
        .and_then(|ruled| ruled.rule.emergency.as_ref());
    if let Some(emergency) = emergency {
        needs.add_lines(facts.policy, &emergency.approve);
    }
    needs
}
