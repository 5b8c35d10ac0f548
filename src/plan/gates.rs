//! Gates: one file each, and this registry. Only [`Verdict::Pass`] lets a promotion through.

mod approval;
mod check;
mod job;
mod window;

use std::collections::BTreeSet;

use super::gate_subject::{Judged, Subject, other_kind};
use crate::model::label::approve_label;
use crate::model::name::{EdgeName, GateName, PipelineName, StageName};
use crate::model::pipeline::{Gate, GateKind};
use crate::model::plan::GateReport;
use crate::model::policy::{ApproveLine, CheckOf, Emergency, Exclude, GateRule, Policy};
use crate::model::verdict::{Judgement, Verdict};
use crate::yaml::Position;

/// What makes up one way in which a gate opens. Each is one file here, and this is the list of all of them; a test holds that
/// each has its words in docs/gates.md, its fields in the schema, a simulation and a table test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateForm {
    /// Its file in `plan/gates`, without the ending.
    pub file: &'static str,
    /// The type of the resource for which it is meant, as the heading in docs/gates.md has it.
    pub heading: &'static str,
    /// Its fields of an entry under `gates`.
    pub fields: &'static [&'static str],
    /// A folder of fixtures/gates in which it is simulated.
    pub fixture: &'static str,
}

/// Every way in which a gate opens.
pub const FORMS: &[GateForm] = &[
    GateForm {
        file: "approval",
        heading: "APPROVAL",
        fields: &["approve", "ways", "exclude"],
        fixture: "approval",
    },
    GateForm {
        file: "window",
        heading: "WINDOW",
        fields: &["open", "zone"],
        fixture: "window",
    },
    GateForm {
        file: "job",
        heading: "JOB",
        fields: &["workflow", "timeout"],
        fixture: "job",
    },
    GateForm {
        file: "check",
        heading: "SENTINEL",
        fields: &["check"],
        fixture: "sentinel",
    },
];

/// The form of a rule: a new one is refused by the compiler until it has one.
#[allow(dead_code, reason = "it is asked by the compiler alone")]
pub(crate) fn form_of(rule: &GateRule) -> &'static GateForm {
    match rule {
        GateRule::Approval { .. } => &FORMS[0],
        GateRule::Window { .. } => &FORMS[1],
        GateRule::Workflow { .. } => &FORMS[2],
        GateRule::Check(_) => &FORMS[3],
    }
}

/// The gates' judgements of a plan on these edges. In an emergency its own approvals replace those of all gates.
pub(super) fn reports<'g>(
    subject: &Subject<'_>,
    gates: impl Iterator<Item = (EdgeName, &'g Gate)>,
) -> Vec<GateReport> {
    let mut reports: Vec<GateReport> = Vec::new();
    let mut first_edge = None;
    for (edge, gate) in gates {
        first_edge.get_or_insert_with(|| edge.clone());
        if subject.emergency.is_some() && gate.kind == GateKind::Approval {
            continue;
        }
        reports.push(report(subject, &edge, gate));
    }
    if let Some(emergency) = subject.emergency {
        let edge = first_edge.unwrap_or_else(|| EdgeName {
            from: StageName::from(""),
            to: subject.stage.clone(),
        });
        reports.insert(0, emergency_report(subject, edge, emergency));
    }
    reports
}

/// The name under which an emergency's own approvals are asked for.
const EMERGENCY: &str = "emergency";

fn emergency_report(subject: &Subject<'_>, edge: EdgeName, emergency: &Emergency) -> GateReport {
    let name = GateName::from(EMERGENCY);
    let label = approve_label(subject.stage, &name);
    let rule = approval::Rule {
        lines: &emergency.approve,
        ways: approval::DEFAULT_WAYS,
        exclude: &[],
    };
    let judged = approval::by(subject, &rule, &label);
    let at = subject.facts.policy.stage(subject.pipeline, subject.stage);
    GateReport {
        edge,
        name,
        kind: GateKind::Approval,
        at: at.map_or(Position { line: 1, column: 1 }, |ruled| ruled.at),
        judgement: judged.judgement,
        approvals: judged.approvals,
        start: None,
        link: None,
        stale_label: judged.stale_label,
        rule_at: at.map(|ruled| ruled.at),
    }
}

fn report(subject: &Subject<'_>, edge: &EdgeName, gate: &Gate) -> GateReport {
    let ruled = subject.facts.policy.gate(subject.pipeline, &gate.name);
    let rule = ruled.map(|ruled| ruled.rule);
    let judged = match (&gate.kind, rule) {
        (GateKind::Approval, rule) => {
            let label = approve_label(&edge.to, &gate.name);
            approval::evaluate(subject, rule, &label)
        }
        (GateKind::Window, rule) => Judged::of(window::evaluate(subject, rule)),
        (
            GateKind::Job | GateKind::Sentinel | GateKind::Unknown(_),
            Some(GateRule::Workflow { workflow, timeout }),
        ) => job::evaluate(subject, gate, workflow, *timeout),
        (
            GateKind::Job | GateKind::Sentinel | GateKind::Unknown(_),
            Some(GateRule::Check(check)),
        ) => check::evaluate(subject, check),
        (GateKind::Job | GateKind::Sentinel | GateKind::Unknown(_), Some(other)) => {
            Judged::of(other_kind(other))
        }
        (kind, None) => Judged::of(Judgement::new(
            Verdict::Error,
            format!(
                "the policy has no rule for {kind}, so the gate stays closed: give it a workflow or a check"
            ),
        )),
    };
    GateReport {
        edge: edge.clone(),
        name: gate.name.clone(),
        kind: gate.kind.clone(),
        at: gate.at,
        judgement: judged.judgement,
        approvals: judged.approvals,
        start: judged.start,
        link: judged.link,
        stale_label: judged.stale_label,
        rule_at: ruled.map(|ruled| ruled.at),
    }
}

/// Whether no rule says how a gate opens: only APPROVAL has a default.
pub(super) fn is_unmapped(policy: &Policy, pipeline: &PipelineName, gate: &Gate) -> bool {
    gate.kind != GateKind::Approval && policy.gate(pipeline, &gate.name).is_none()
}

/// What has to be read so that the gates of a promotion can be judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Teams as `organisation/team`, in lower case.
    pub teams: BTreeSet<String>,
    /// People by login, in lower case.
    pub logins: BTreeSet<String>,
    /// CODEOWNERS decides.
    pub code_owners: bool,
    /// Who wrote the promoted commits decides.
    pub change_authors: bool,
    /// Checks on the head of the pull request.
    pub checks: BTreeSet<CheckOf>,
    /// Workflows that were, or are to be, started for it: the gate's name and the file.
    pub workflows: BTreeSet<(GateName, String)>,
}

impl Needs {
    /// Whether something has to be read for a pull request that no one has reviewed or labelled.
    pub(crate) fn always(&self) -> bool {
        !self.checks.is_empty() || !self.workflows.is_empty()
    }

    /// What a gate needs.
    pub(super) fn add_gate(&mut self, policy: &Policy, pipeline: &PipelineName, gate: &Gate) {
        match policy.gate(pipeline, &gate.name).map(|ruled| ruled.rule) {
            Some(GateRule::Approval {
                approve, exclude, ..
            }) if gate.kind == GateKind::Approval => {
                self.add_lines(policy, approve);
                self.change_authors |= exclude.contains(&Exclude::ChangeAuthors);
            }
            Some(GateRule::Workflow { workflow, .. }) => {
                self.workflows
                    .insert((gate.name.clone(), workflow.value.clone()));
            }
            Some(GateRule::Check(check)) => {
                self.checks.insert(check.clone());
            }
            _ => {}
        }
    }

    /// What lines of approval need.
    pub(super) fn add_lines(&mut self, policy: &Policy, lines: &[ApproveLine]) {
        let members = |group: &str| -> Vec<String> {
            let found = policy.people.get(group);
            let members = found.into_iter().flat_map(|ruled| ruled.rule);
            members.map(|member| member.value.clone()).collect()
        };
        self.code_owners |= approval::wants(&members, lines, &mut self.teams, &mut self.logins);
    }
}

#[cfg(test)]
mod tests;
