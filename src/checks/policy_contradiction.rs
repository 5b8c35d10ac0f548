//! `policy-contradiction`: a rule of the policy that can never be met or never have an effect, given the policy and the
//! pipelines.
//!
//! What one field alone gets wrong is refused while the policy is read; here are the rules that are wrong together with
//! others.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::ids::PipelineId;
use crate::model::name::{GateName, StageName};
use crate::model::nearest::nearest;
use crate::model::pipeline::{EdgeEnds, GateKind};
use crate::model::policy::{
    ApprovalChannel, ApproveLine, Delivery, GateRule, Policy, RequiredGate, StageEntry,
    UntrustedAccount, Voters,
};
use crate::model::source_location::SourceLocation;
use crate::yaml::{Located, Position};

pub(super) const CHECK: Check = Check {
    code: "policy-contradiction",
    severity: Severity::Error,
    about: "A rule of the policy can never be met or never have an effect.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let policy = context.policy;
    let mut found = Found {
        context,
        rules: Rules::of(context),
        findings: Vec::new(),
    };
    let own = || policy.pipelines.iter().map(|(_, entry)| entry);
    let gates = policy.gates.iter();
    for (name, rule) in gates.chain(own().flat_map(|entry| entry.gates.iter())) {
        found.approvals_of_gate(name, rule);
    }
    let stages = policy.stages.iter();
    for (name, entry) in stages.chain(own().flat_map(|entry| entry.stages.iter())) {
        found.stage(name, entry);
    }
    found.types_of_gates();
    for account in context.untrusted {
        found.asks(account);
    }
    found.findings
}

/// A rule that cannot be met: where, why, and what to do.
type Unmet = (Position, String, String);

/// The pipelines to which the entries of the policy apply.
#[derive(Default)]
struct Rules<'a> {
    /// The pipelines in which the entry of a gate counts, by its place.
    gates: HashMap<Position, Vec<PipelineId>>,
    /// The same of the entry of a stage.
    stages: HashMap<Position, Vec<PipelineId>>,
    /// Stages from which an edge leads on. An edge that names no stage has a finding of its own, and may be meant to leave any.
    leads_on: HashSet<(PipelineId, Option<&'a StageName>)>,
}

impl<'a> Rules<'a> {
    fn of(context: &'a Context<'a>) -> Self {
        let mut rules = Self::default();
        let note = |of: &mut HashMap<Position, Vec<PipelineId>>, at, id| {
            let known: &mut Vec<PipelineId> = of.entry(at).or_default();
            if known.last() != Some(&id) {
                known.push(id);
            }
        };
        for (pipeline, resolved) in context.pipelines() {
            for gate in pipeline.edges.iter().flat_map(|edge| &edge.gates) {
                if let Some(ruled) = context.policy.gate(&pipeline.name, &gate.name) {
                    note(&mut rules.gates, ruled.at, resolved.id);
                }
            }
            for stage in &pipeline.stages {
                let name = &stage.name.value;
                if let Some(ruled) = context.policy.stage(&pipeline.name, name) {
                    note(&mut rules.stages, ruled.at, resolved.id);
                }
            }
            for ends in &resolved.edges {
                let from = ends.map(|(from, _)| &pipeline.stages[from].name.value);
                rules.leads_on.insert((resolved.id, from));
            }
        }
        rules
    }

    /// Whether an edge leads from a stage of this name.
    fn leads_on(&self, id: PipelineId, name: &StageName) -> bool {
        self.leads_on.contains(&(id, None)) || self.leads_on.contains(&(id, Some(name)))
    }
}

struct Found<'a> {
    context: &'a Context<'a>,
    rules: Rules<'a>,
    findings: Vec<Finding>,
}

impl Found<'_> {
    fn add(&mut self, (at, message, help): Unmet, pipelines: Vec<PipelineId>) {
        let stops = if pipelines.is_empty() {
            Stops::Nothing
        } else {
            Stops::Pipelines(pipelines)
        };
        let place = SourceLocation::new(self.context.policy_file, at);
        self.findings
            .push(Finding::error(CHECK.code, place, message, stops).help(help));
    }

    /// An entry that is for another type than its gate has.
    fn types_of_gates(&mut self) {
        let mut said: BTreeSet<(PipelineId, u32, u32)> = BTreeSet::new();
        for (pipeline, resolved) in self.context.pipelines() {
            let edges = pipeline
                .edges
                .iter()
                .filter(|edge| edge.ends != EdgeEnds::ConsoleIds);
            for gate in edges.flat_map(|edge| &edge.gates) {
                let Some(ruled) = self.context.policy.gate(&pipeline.name, &gate.name) else {
                    continue;
                };
                let at = ruled.at;
                if suits(&gate.kind, ruled.rule) || !said.insert((resolved.id, at.line, at.column))
                {
                    continue;
                }
                let message = format!(
                    "this entry is for a gate of type {}, but {} at {} is of type {}",
                    ruled.rule.meant_for(),
                    gate.name,
                    pipeline.place(gate.at),
                    gate.kind
                );
                let help = format!(
                    "give it {}, or correct the type of the gate",
                    fields_for(&gate.kind)
                );
                let help = match nearest(
                    gate.kind.as_str(),
                    ["APPROVAL", "WINDOW", "JOB", "SENTINEL"],
                )
                .first()
                {
                    Some(near) if matches!(gate.kind, GateKind::Unknown(_)) => {
                        format!("did you mean the type {near} there? Otherwise {help}")
                    }
                    _ => help,
                };
                self.add((at, message, help), vec![resolved.id]);
            }
        }
    }

    fn approvals_of_gate(&mut self, name: &Located<GateName>, rule: &GateRule) {
        let GateRule::Approval { approve, ways, .. } = rule else {
            return;
        };
        let policy = self.context.policy;
        let mut unmet = too_many(policy, approve);
        if unmet.is_empty() {
            unmet.extend(too_few_ways(policy, approve, ways));
        }
        let pipelines = self.rules.gates.get(&name.at).cloned().unwrap_or_default();
        for one in unmet {
            self.add(one, pipelines.clone());
        }
    }

    fn stage(&mut self, name: &Located<StageName>, entry: &StageEntry) {
        let policy = self.context.policy;
        let pipelines = self.rules.stages.get(&name.at).cloned().unwrap_or_default();
        if let Some(emergency) = &entry.emergency {
            for one in too_many(policy, &emergency.approve) {
                self.add(one, pipelines.clone());
            }
        }
        if entry.delivery == Delivery::Commit {
            self.commits(name, entry, &pipelines);
        }
        if entry.ready.is_some()
            && !pipelines.is_empty()
            && !pipelines.iter().any(|id| self.rules.leads_on(*id, name))
        {
            let message = format!(
                "nothing leaves {name}, so its `ready` never holds anything back: it says when something may leave the stage, \
                 not when something may come into it"
            );
            let help = "move it to the previous stage, or remove it".to_owned();
            self.add((name.at, message, help), pipelines);
        }
    }

    /// A rule that depends on the reports of this account, which are not evidence.
    fn asks(&mut self, account: &UntrustedAccount) {
        for asked in self.context.policy.rules_that_trust(account) {
            let counts = match asked.of_stage {
                true => self.rules.stages.get(&asked.at),
                false => self.rules.gates.get(&asked.at),
            };
            let pipelines = counts.cloned().unwrap_or_default();
            let (who, help) = match account.is_actions() {
                true => (
                    "GitHub Actions",
                    "anyone with write access could report it with a workflow: use an App's account or a machine account",
                ),
                false => (
                    "this run's own account",
                    "what Sluice itself reports is not evidence: use the account of whatever tests or deploys",
                ),
            };
            let message = format!("{}, which is {who} ({})", asked.what, account.login);
            let help = help.to_owned();
            self.add((asked.at, message, help), pipelines);
        }
    }

    /// `delivery: commit` makes no pull request, on which people could approve and runs and checks could report.
    fn commits(&mut self, name: &Located<StageName>, entry: &StageEntry, pipelines: &[PipelineId]) {
        let help = "remove `delivery: commit`, or the rule that needs a pull request".to_owned();
        if entry.emergency.is_some() {
            let message = format!(
                "an emergency of {name} is approved on a pull request, and `delivery: commit` makes none"
            );
            self.add((name.at, message, help), pipelines.to_vec());
            return;
        }
        let required = entry
            .require
            .iter()
            .find(|required| required.value == RequiredGate::Approval);
        if let Some(required) = required {
            let message = format!(
                "{name} requires an APPROVAL, which people give on a pull request, and `delivery: commit` makes none"
            );
            self.add((required.at, message, help), pipelines.to_vec());
            return;
        }
        for id in pipelines {
            let pipeline = self.context.catalog.pipeline(*id);
            let approval = self.context.resolved[id.0]
                .edges
                .iter()
                .zip(&pipeline.edges)
                .filter(|(ends, _)| {
                    ends.is_some_and(|(_, to)| pipeline.stages[to].name.value == name.value)
                })
                .flat_map(|(_, edge)| &edge.gates)
                .find(|gate| gate.kind != GateKind::Window);
            if let Some(gate) = approval {
                let needs = match gate.kind {
                    GateKind::Approval => "which people approve on a pull request",
                    _ => "which depends on reports about a pull request's head",
                };
                let message = format!(
                    "{name} has the gate {} ({}), {needs}, and `delivery: commit` makes none",
                    gate.name,
                    pipeline.place(gate.at)
                );
                self.add((name.at, message, help.clone()), vec![*id]);
            }
        }
    }
}

/// Whether a rule is in the form for a type of gate.
fn suits(kind: &GateKind, rule: &GateRule) -> bool {
    match kind {
        GateKind::Approval => matches!(rule, GateRule::Approval { .. }),
        GateKind::Window => matches!(rule, GateRule::Window { .. }),
        GateKind::Job | GateKind::Sentinel | GateKind::Unknown(_) => {
            matches!(rule, GateRule::Workflow { .. } | GateRule::Check(_))
        }
    }
}

fn fields_for(kind: &GateKind) -> &'static str {
    match kind {
        GateKind::Approval => "`approve`, `ways` or `exclude`",
        GateKind::Window => "`open` and `zone`",
        GateKind::Job | GateKind::Sentinel | GateKind::Unknown(_) => "`workflow` or `check`",
    }
}

/// Lines that ask for more people than there are.
fn too_many(policy: &Policy, lines: &[ApproveLine]) -> Vec<Unmet> {
    let unmet = |line: &ApproveLine| {
        let people = policy.people_of(&line.by)?;
        let count = line.count.get() as usize;
        if count <= people.len() {
            return None;
        }
        let (who, help) = match &line.by.value {
            Voters::Person(_) => (
                "that is one person".to_owned(),
                "remove `count`, or name a group of `people`".to_owned(),
            ),
            _ => {
                let names: Vec<&str> = people.iter().map(String::as_str).collect();
                let people = if names.len() == 1 { "person" } else { "people" };
                (
                    format!(
                        "the group has {} {people} ({})",
                        names.len(),
                        names.join(", ")
                    ),
                    format!(
                        "add people to the group, or require at most {}",
                        names.len()
                    ),
                )
            }
        };
        let message = format!(
            "{count} {} by {} can never be reached: {who}",
            if count == 1 { "approval" } else { "approvals" },
            line.by.value
        );
        Some((line.count.at, message, help))
    };
    lines.iter().filter_map(unmet).collect()
}

/// A gate that reviews do not open counts at most one label and one dispatch, so that at most two people can approve it
/// in one evaluation.
fn too_few_ways(policy: &Policy, lines: &[ApproveLine], ways: &[ApprovalChannel]) -> Option<Unmet> {
    if ways.contains(&ApprovalChannel::Review) {
        return None;
    }
    let most = [ApprovalChannel::Label, ApprovalChannel::Dispatch]
        .iter()
        .filter(|way| ways.contains(way))
        .count();
    let mut counted: BTreeSet<String> = BTreeSet::new();
    let mut needed = 0;
    for line in lines {
        let count = line.count.get() as usize;
        // Lines of which no two people are the same need people of their own.
        let people = policy
            .people_of(&line.by)
            .filter(|people| people.is_disjoint(&counted));
        if let Some(people) = people {
            counted.extend(people);
            needed += count;
        }
        let at = if count > most {
            line.count.at
        } else if needed > most {
            line.by.at
        } else {
            continue;
        };
        let ways = match most {
            1 if ways.contains(&ApprovalChannel::Label) => "a label counts as one person",
            1 => "a dispatch is one person's approval, and counts only in its own run",
            _ => "a label and a dispatch count as one person each",
        };
        let message = format!(
            "{} different people would have to approve, and `ways` has no `review`: {ways}",
            needed.max(count)
        );
        return Some((at, message, "add `review` to `ways`".to_owned()));
    }
    None
}
