//! What gates say together, and what has to be read for them.

use std::collections::BTreeMap;

use super::*;
use crate::model::catalog::Catalog;
use crate::model::facts::Approvals;
use crate::model::roster::Roster;

const POLICY: &str = "version: 1
people: { ops: [carol, acme/oncall] }
gates:
  release: { approve: [{ by: ops }], exclude: [change-authors] }
  tests: { workflow: tests.yml }
  smoke: { check: { name: smoke, app: 7 } }
  hours: { open: ['Mon-Fri 09:00-17:00'], zone: UTC }
";

fn policy() -> Policy {
    Policy::sample(POLICY)
}

fn gate(name: &str, kind: GateKind) -> Gate {
    Gate {
        name: name.into(),
        kind,
        at: Position { line: 1, column: 1 },
        job: None,
    }
}

fn pipeline() -> PipelineName {
    "web".into()
}

#[test]
fn only_a_gate_that_is_no_approval_and_has_no_entry_is_unmapped() {
    let is_unmapped = |name: &str, kind| is_unmapped(&policy(), &pipeline(), &gate(name, kind));
    assert!(!is_unmapped("any", GateKind::Approval));
    assert!(!is_unmapped("release", GateKind::Approval));
    assert!(!is_unmapped("tests", GateKind::Job));
    assert!(is_unmapped("any", GateKind::Job));
    assert!(is_unmapped("any", GateKind::Window));
    assert!(is_unmapped("any", GateKind::Sentinel));
}

#[test]
fn a_gate_needs_what_its_rule_asks_for() {
    let needs = |name: &str, kind| {
        let mut needs = Needs::default();
        needs.add_gate(&policy(), &pipeline(), &gate(name, kind));
        needs
    };
    let release = needs("release", GateKind::Approval);
    assert_eq!(release.logins, BTreeSet::from(["carol".to_owned()]));
    assert_eq!(release.teams, BTreeSet::from(["acme/oncall".to_owned()]));
    assert!(release.change_authors && !release.always());
    let tests = needs("tests", GateKind::Job);
    let workflow = ("tests".into(), "tests.yml".to_owned());
    assert_eq!(tests.workflows, BTreeSet::from([workflow]));
    assert!(tests.always());
    let smoke = needs("smoke", GateKind::Sentinel);
    assert_eq!(smoke.checks.len(), 1);
    assert!(smoke.always());
    // An approval's entry asks for nobody if the gate is of another type, and what has no entry asks for nothing.
    assert_eq!(needs("release", GateKind::Job), Needs::default());
    assert_eq!(needs("hours", GateKind::Window), Needs::default());
    assert_eq!(needs("any", GateKind::Approval), Needs::default());
    assert!(!Needs::default().always());
}

/// The names, types and verdicts of what these gates of one edge say without a forge.
fn said(gates: &[Gate], emergency: Option<&Emergency>) -> Vec<(String, GateKind, Verdict)> {
    let reports = reports_of(gates, emergency, None).into_iter();
    reports
        .map(|one| (one.name.to_string(), one.kind, one.judgement.verdict))
        .collect()
}

fn reports_of(
    gates: &[Gate],
    emergency: Option<&Emergency>,
    approvals: Option<Approvals>,
) -> Vec<GateReport> {
    let (catalog, policy, roster) = (Catalog::default(), policy(), Roster::default());
    let facts = Facts {
        catalog: &catalog,
        policy: &policy,
        resolved: &[],
        stopped: &BTreeMap::new(),
        revisions: &BTreeMap::new(),
        history: &BTreeMap::new(),
        ways: &BTreeMap::new(),
        approvals,
        evidence: None,
        ready: None,
        proposed: &BTreeMap::new(),
        roster: &roster,
        frozen: None,
        // A Wednesday at noon.
        now: "2026-07-01T12:00:00Z".parse().unwrap(),
        repository: String::new(),
        base: String::new(),
        landed: BTreeSet::new(),
        asked: None,
        emergency: false,
        retry: false,
        take_source: false,
        rollbacks: &BTreeMap::new(),
    };
    let (pipeline, stage) = (pipeline(), "prod".into());
    let subject = Subject {
        facts: &facts,
        pipeline: &pipeline,
        stage: &stage,
        plan: None,
        changes: &[],
        emergency,
        retry: false,
    };
    let edge = EdgeName {
        from: "dev".into(),
        to: "prod".into(),
    };
    let gates = gates.iter().map(|gate| (edge.clone(), gate));
    reports(&subject, gates)
}

fn all() -> Vec<Gate> {
    vec![
        gate("release", GateKind::Approval),
        gate("hours", GateKind::Window),
        gate("tests", GateKind::Job),
        gate("smoke", GateKind::Sentinel),
        gate("hours", GateKind::Job),
        gate("any", GateKind::Sentinel),
    ]
}

#[test]
fn every_gate_is_judged_by_its_own_rule_and_one_without_stays_shut() {
    let told = |name: &str, kind, verdict| (name.to_owned(), kind, verdict);
    assert_eq!(
        said(&all(), None),
        [
            told("release", GateKind::Approval, Verdict::Pending),
            told("hours", GateKind::Window, Verdict::Pass),
            told("tests", GateKind::Job, Verdict::Pending),
            told("smoke", GateKind::Sentinel, Verdict::Pending),
            told("hours", GateKind::Job, Verdict::Error),
            told("any", GateKind::Sentinel, Verdict::Error),
        ]
    );
    assert_eq!(said(&[], None), []);
}

#[test]
fn in_an_emergency_its_own_approvals_stand_for_those_of_all_gates() {
    let emergency = Emergency {
        approve: vec![ApproveLine::default()],
        skip: Vec::new(),
    };
    let said = said(&all(), Some(&emergency));
    let names: Vec<&str> = said.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        ["emergency", "hours", "tests", "smoke", "hours", "any"]
    );
    assert_eq!(
        (&said[0].1, said[0].2),
        (&GateKind::Approval, Verdict::Pending)
    );
}

#[test]
fn approvals_from_the_command_line_count_for_what_nobody_can_know_only_in_a_simulation() {
    let said = |assumed: bool| {
        let approvals = Approvals {
            names: BTreeSet::from(["carol".to_owned()]),
            assumed,
        };
        let gates = [gate("release", GateKind::Approval)];
        let reports = reports_of(&gates, None, Some(approvals));
        let judgement = &reports[0].judgement;
        format!("{}: {}", judgement.verdict, judgement.reason)
    };
    assert_eq!(said(true), "pass: approved by carol");
    assert_eq!(
        said(false),
        "pending: its rule leaves out the authors of the changes, who cannot be told without GitHub"
    );
}
