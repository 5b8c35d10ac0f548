//! `policy-unknown-name`: the policy names a pipeline, stage, gate, service or group that does not exist.
//!
//! A rule under a misspelt name is not applied: the gate that was meant falls back to its default. So the pipelines
//! that have a similar name are stopped; if there is none, those in which something of its kind has no rule of its own.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::ids::PipelineId;
use crate::model::nearest::nearest;
use crate::model::pipeline::{GateKind, Pipeline};
use crate::model::policy::{ApproveLine, GateRule, Hold, StageEntry, Trigger, Voters};
use crate::model::source_location::SourceLocation;
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
    /// Names that may be in files that could not be read and are not templates, once one was asked for.
    unread: Option<HashSet<&'a str>>,
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut check = Reader {
        context,
        findings: Vec::new(),
        unread: None,
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

        // What an entry may have been meant for depends on its kind: searched once for each kind, and only for names
        // that are unknown.
        let mut unruled_gates = BTreeMap::new();
        let mut unruled_stages = BTreeMap::new();
        for (name, rule) in policy.gates.iter() {
            if !gates.contains_key(name.as_str()) {
                let meant = unruled_gates
                    .entry(rule.meant_for())
                    .or_insert_with(|| self.unruled_gates(rule));
                self.unknown("gate", name.as_str(), name.at, &gates, meant);
            }
            let own = gates.get(name.as_str()).cloned().unwrap_or_default();
            self.groups_of_gate(rule, &own);
        }
        for (name, entry) in policy.stages.iter() {
            if !stages.contains_key(name.as_str()) {
                let meant = unruled_stages
                    .entry(restrains(entry))
                    .or_insert_with_key(|restrains| self.unruled_stages(*restrains));
                self.unknown("stage", name.as_str(), name.at, &stages, meant);
            }
            let own = stages.get(name.as_str()).cloned().unwrap_or_default();
            self.groups_of_stage(entry, &own);
        }
        for (name, entry) in policy.pipelines.iter() {
            if !pipelines.contains_key(name.as_str()) {
                let nobody = BTreeSet::new();
                self.unknown("pipeline", name.as_str(), name.at, &pipelines, &nobody);
            }
            let own = pipelines.get(name.as_str()).cloned().unwrap_or_default();
            let within = |names: &Names<'a>| -> Names<'a> {
                names
                    .iter()
                    .filter(|(_, having)| !having.is_disjoint(&own))
                    .map(|(name, _)| (*name, own.clone()))
                    .collect()
            };
            let (own_gates, own_stages) = match own.is_empty() {
                true => (Names::new(), Names::new()),
                false => (within(&gates), within(&stages)),
            };
            for (gate, rule) in entry.gates.iter() {
                // The gates and stages of a pipeline that does not exist are unknown.
                if !own.is_empty() {
                    self.known_in("gate", gate.as_str(), gate.at, &own_gates, &own);
                }
                self.groups_of_gate(rule, &own);
            }
            for (stage, rule) in entry.stages.iter() {
                if !own.is_empty() {
                    self.known_in("stage", stage.as_str(), stage.at, &own_stages, &own);
                }
                self.groups_of_stage(rule, &own);
            }
        }
        for hold in &policy.holds {
            self.hold(hold, &pipelines, &stages, &services);
        }
    }

    /// A hold must match something: pipeline, stage and service have to belong together. One that matches nothing stops
    /// the pipelines that it may have been meant for, and if that cannot be determined, all of them.
    fn hold(
        &mut self,
        hold: &Hold,
        pipelines: &Names<'a>,
        stages: &Names<'a>,
        services: &Names<'a>,
    ) {
        let all: BTreeSet<PipelineId> = self.context.catalog.pipeline_ids().collect();
        let mut within = all.clone();
        let mut complete = true;
        let parts = [
            (
                "pipeline",
                hold.pipeline.as_ref().map(|name| (name.as_str(), name.at)),
                pipelines,
            ),
            (
                "stage",
                hold.stage.as_ref().map(|name| (name.as_str(), name.at)),
                stages,
            ),
            (
                "service",
                hold.service.as_ref().map(|name| (name.as_str(), name.at)),
                services,
            ),
        ];
        for (what, part, names) in parts {
            let Some((name, at)) = part else { continue };
            let having = names.get(name).cloned().unwrap_or_default();
            let both: BTreeSet<PipelineId> = having.intersection(&within).copied().collect();
            if !both.is_empty() {
                within = both;
                continue;
            }
            complete = false;
            if self.may_be_unread(name) {
                continue;
            }
            let near = nearest(name, names.keys().copied());
            let meant: BTreeSet<PipelineId> =
                near.iter().flat_map(|near| &names[near]).copied().collect();
            let stops = if within != all {
                within.clone()
            } else if meant.is_empty() {
                all.clone()
            } else {
                meant
            };
            let help = match near.first() {
                Some(near) => format!("did you mean {near}?"),
                None => "remove the hold, or name what it should hold".to_owned(),
            };
            let message =
                format!("this hold has no effect: there is no {what} {name} that it could hold");
            self.report(at, message, help, stops);
        }
        let (true, Some(stage), Some(service)) = (complete, &hold.stage, &hold.service) else {
            return;
        };
        let in_stage = within.iter().any(|id| {
            let manifest = self.context.catalog.pipeline(*id);
            let looked_up = &self.context.resolved[id.0].stages;
            manifest.stages.iter().zip(looked_up).any(|(named, found)| {
                let mut ids = found
                    .services
                    .iter()
                    .filter_map(|entry| entry.service.found());
                named.name.value == stage.value
                    && ids.any(|id| self.context.catalog.service(id).key.name == service.value)
            })
        });
        if !in_stage {
            let message = format!("this hold has no effect: {service} is not in a stage {stage}");
            self.report(
                service.at,
                message,
                "name the stage that contains it".to_owned(),
                within,
            );
        }
    }

    /// Whether a name may be in a file that could not be read: then it is unknown what it would have been.
    fn may_be_unread(&mut self, name: &str) -> bool {
        let context = self.context;
        let names = self.unread.get_or_insert_with(|| {
            let unread = context.catalog.unread.iter();
            let mut broken: Vec<_> = unread.filter(|one| !one.is_template()).collect();
            // What is broken in one file shares its words.
            broken.dedup_by(|one, before| one.file == before.file);
            let words = broken.into_iter().flat_map(|one| one.words.iter());
            words.map(String::as_str).collect()
        });
        names.contains(name)
    }

    /// Pipelines in which a rule of this kind might have been meant for something that has no rule of its own: if a
    /// gate was renamed and its entry was not, the gate falls back to the default.
    fn unruled_gates(&self, rule: &GateRule) -> BTreeSet<PipelineId> {
        let suits = |kind: &GateKind| match rule {
            GateRule::Approval { .. } => *kind == GateKind::Approval,
            GateRule::Window { .. } => *kind == GateKind::Window,
            GateRule::Workflow { .. } | GateRule::Check(_) => {
                matches!(
                    kind,
                    GateKind::Job | GateKind::Sentinel | GateKind::Unknown(_)
                )
            }
        };
        self.pipelines_with(|pipeline| {
            let mut gates = pipeline.edges.iter().flat_map(|edge| &edge.gates);
            gates.any(|gate| {
                suits(&gate.kind)
                    && self
                        .context
                        .policy
                        .gate(&pipeline.name, &gate.name)
                        .is_none()
            })
        })
    }

    /// The same for a stage whose entry restrains it.
    fn unruled_stages(&self, restrains: bool) -> BTreeSet<PipelineId> {
        self.pipelines_with(|pipeline| {
            restrains
                && pipeline.stages.iter().any(|stage| {
                    let rule = self.context.policy.stage(&pipeline.name, &stage.name.value);
                    rule.is_none()
                })
        })
    }

    fn pipelines_with(&self, wanted: impl Fn(&Pipeline) -> bool) -> BTreeSet<PipelineId> {
        let catalog = self.context.catalog;
        catalog
            .pipeline_ids()
            .filter(|id| wanted(catalog.pipeline(*id)))
            .collect()
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

    /// A name that no pipeline has. If nothing is similar to it, it may have been meant for these.
    fn unknown(
        &mut self,
        what: &str,
        name: &str,
        at: Position,
        names: &Names<'_>,
        meant: &BTreeSet<PipelineId>,
    ) {
        let near = nearest(name, names.keys().copied());
        let stops = match near.is_empty() {
            true => meant.clone(),
            false => near.iter().flat_map(|near| &names[near]).copied().collect(),
        };
        self.say_unknown(what, name, at, &near, stops);
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
        if names.contains_key(name) {
            return;
        }
        let near = nearest(name, names.keys().copied());
        self.say_unknown(what, name, at, &near, own.clone());
    }

    fn say_unknown(
        &mut self,
        what: &str,
        name: &str,
        at: Position,
        near: &[&str],
        stops: BTreeSet<PipelineId>,
    ) {
        let help = match near.first() {
            Some(near) => format!("did you mean {near}?"),
            None => format!("remove the entry, or correct it to the {what} that it was meant for"),
        };
        // What it was meant for may only be unreadable just now; that has a finding of its own.
        let stops = if self.may_be_unread(name) {
            BTreeSet::new()
        } else {
            stops
        };
        let message = format!("there is no {what} named {name}");
        self.report(at, message, help, stops);
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
                self.group(reviewer, &[], own);
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
                self.group(&group, &["writers", "code-owners"], own);
            }
        }
    }

    /// A group, or one of these words that may be used in its place.
    fn group(&mut self, group: &Located<String>, words: &[&str], own: &BTreeSet<PipelineId>) {
        let people = &self.context.policy.people;
        if people.get(group.value.as_str()).is_some() {
            return;
        }
        let known = people.iter().map(|(name, _)| name.as_str());
        let known = known.chain(words.iter().copied());
        let help = match nearest(group, known).first() {
            Some(near) => format!("did you mean {near}? A single person is written @{group}"),
            None => {
                format!("add the group {group} to `people`; a single person is written @{group}")
            }
        };
        self.report(
            group.at,
            format!("there is no group named {group} in `people`"),
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
        let place = SourceLocation::new(self.context.policy_file, at);
        self.findings
            .push(Finding::error(CHECK.code, place, message, stops).help(help));
    }
}

/// Whether an entry demands something of its stage.
fn restrains(entry: &StageEntry) -> bool {
    !entry.require.is_empty() || entry.ready.is_some() || entry.trigger == Some(Trigger::Manual)
}
