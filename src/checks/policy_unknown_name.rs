//! `policy-unknown-name`: the policy speaks of a pipeline, stage, gate, service or group that does not exist.
//!
//! A rule under a misspelt name is a rule that is not applied: the gate that was meant falls back to its default. So the
//! pipelines that have a name near to it are stopped; where there is none, nothing else depends on the entry.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Context};
use crate::model::catalog::PipelineId;
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::nearest::nearest;
use crate::model::place::Place;
use crate::model::policy::{ApproveLine, GateRule, StageEntry, Voters};
use crate::yaml::{Located, Position};

pub(super) const CHECK: Check = Check {
    code: "policy-unknown-name",
    severity: Severity::Error,
    about: "The policy names something that does not exist.",
    run,
};

/// Names of one kind, and the pipelines that have them.
type Names<'a> = BTreeMap<&'a str, BTreeSet<PipelineId>>;

struct Reader<'a> {
    context: &'a Context<'a>,
    findings: Vec<Finding>,
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut check = Reader {
        context,
        findings: Vec::new(),
    };
    check.policy();
    check.findings
}

impl<'a> Reader<'a> {
    fn policy(&mut self) {
        let policy = self.context.policy;
        let pipelines = self.names(|id| vec![self.context.catalog.pipeline(id).name.as_str()]);
        let stages = self.names(|id| self.stages_of(id));
        let gates = self.names(|id| self.gates_of(id));
        let services = self.names(|id| self.services_of(id));

        for (name, rule) in policy.gates.iter() {
            self.known("gate", name.as_str(), name.at, &gates);
            let own = gates.get(name.as_str()).cloned().unwrap_or_default();
            self.groups_of_gate(rule, &own);
        }
        for (name, entry) in policy.stages.iter() {
            self.known("stage", name.as_str(), name.at, &stages);
            let own = stages.get(name.as_str()).cloned().unwrap_or_default();
            self.groups_of_stage(entry, &own);
        }
        for (name, entry) in policy.pipelines.iter() {
            self.known("pipeline", name.as_str(), name.at, &pipelines);
            let own = pipelines.get(name.as_str()).cloned().unwrap_or_default();
            let within = |names: &Names<'a>| -> Names<'a> {
                names
                    .iter()
                    .filter(|(_, having)| !having.is_disjoint(&own))
                    .map(|(name, _)| (*name, own.clone()))
                    .collect()
            };
            if own.is_empty() {
                continue;
            }
            let (own_gates, own_stages) = (within(&gates), within(&stages));
            for (gate, rule) in entry.gates.iter() {
                self.known_in("gate", gate.as_str(), gate.at, &own_gates, &own);
                self.groups_of_gate(rule, &own);
            }
            for (stage, rule) in entry.stages.iter() {
                self.known_in("stage", stage.as_str(), stage.at, &own_stages, &own);
                self.groups_of_stage(rule, &own);
            }
        }
        for hold in &policy.holds {
            if let Some(name) = &hold.pipeline {
                self.known("pipeline", name.as_str(), name.at, &pipelines);
            }
            if let Some(name) = &hold.stage {
                self.known("stage", name.as_str(), name.at, &stages);
            }
            if let Some(name) = &hold.service {
                self.known("service", name, name.at, &services);
            }
        }
    }

    fn names(&self, of: impl Fn(PipelineId) -> Vec<&'a str>) -> Names<'a> {
        let mut names = Names::new();
        for id in self.context.catalog.pipeline_ids() {
            for name in of(id) {
                names.entry(name).or_default().insert(id);
            }
        }
        names
    }

    fn stages_of(&self, id: PipelineId) -> Vec<&'a str> {
        let stages = &self.context.catalog.pipeline(id).stages;
        stages.iter().map(|stage| stage.name.as_str()).collect()
    }

    fn gates_of(&self, id: PipelineId) -> Vec<&'a str> {
        let edges = &self.context.catalog.pipeline(id).edges;
        edges
            .iter()
            .flat_map(|edge| &edge.gates)
            .map(|gate| gate.name.as_str())
            .collect()
    }

    fn services_of(&self, id: PipelineId) -> Vec<&'a str> {
        let stages = &self.context.resolved[id.0].stages;
        stages
            .iter()
            .flat_map(|stage| &stage.services)
            .filter_map(|entry| entry.service.found())
            .map(|id| self.context.catalog.service(id).key.name.as_str())
            .collect()
    }

    /// A name that any pipeline may have.
    fn known(&mut self, what: &str, name: &str, at: Position, names: &Names<'_>) {
        self.known_or(what, name, at, names, None);
    }

    /// A name that this pipeline must have.
    fn known_in(
        &mut self,
        what: &str,
        name: &str,
        at: Position,
        names: &Names<'_>,
        own: &BTreeSet<PipelineId>,
    ) {
        self.known_or(what, name, at, names, Some(own));
    }

    fn known_or(
        &mut self,
        what: &str,
        name: &str,
        at: Position,
        names: &Names<'_>,
        own: Option<&BTreeSet<PipelineId>>,
    ) {
        if names.contains_key(name) {
            return;
        }
        let near = nearest(name, names.keys().copied());
        let stops: BTreeSet<PipelineId> = match own {
            Some(own) => own.clone(),
            None => near.iter().flat_map(|near| &names[near]).copied().collect(),
        };
        let help = match near.first() {
            Some(near) => format!("did you mean {near}?"),
            None => format!("take the entry out, or look for the {what} that it was meant for"),
        };
        self.report(
            at,
            format!("there is no {what} of the name {name}"),
            help,
            stops,
        );
    }

    fn groups_of_gate(&mut self, rule: &GateRule, own: &BTreeSet<PipelineId>) {
        if let GateRule::Approval { approve, .. } = rule {
            self.groups(approve, own);
        }
    }

    fn groups_of_stage(&mut self, entry: &StageEntry, own: &BTreeSet<PipelineId>) {
        if let Some(emergency) = &entry.emergency {
            self.groups(&emergency.approve, own);
        }
        for reviewer in &entry.reviewers {
            if !reviewer.starts_with('@') && !reviewer.contains('/') {
                self.group(reviewer, own);
            }
        }
    }

    fn groups(&mut self, lines: &[ApproveLine], own: &BTreeSet<PipelineId>) {
        for line in lines {
            if let Voters::Group(group) = &line.by.value {
                let group = Located {
                    value: group.clone(),
                    at: line.by.at,
                };
                self.group(&group, own);
            }
        }
    }

    fn group(&mut self, group: &Located<String>, own: &BTreeSet<PipelineId>) {
        let people = &self.context.policy.people;
        if people.get(group.value.as_str()).is_some() {
            return;
        }
        let known = people.iter().map(|(name, _)| name.as_str());
        let help = match nearest(group, known).first() {
            Some(near) => format!("did you mean {near}? A single person is written @{group}"),
            None => {
                format!("add the group {group} to `people`; a single person is written @{group}")
            }
        };
        self.report(
            group.at,
            format!("there is no group of the name {group} in `people`"),
            help,
            own.clone(),
        );
    }

    fn report(&mut self, at: Position, message: String, help: String, stops: BTreeSet<PipelineId>) {
        let stops = if stops.is_empty() {
            Stops::Nothing
        } else {
            Stops::Pipelines(stops.into_iter().collect())
        };
        let place = Place::new(self.context.policy_file, at);
        self.findings
            .push(Finding::error(CHECK.code, place, message, stops).help(help));
    }
}
