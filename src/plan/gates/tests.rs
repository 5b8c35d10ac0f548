//! What gates say together, and what has to be read for them.

use std::collections::BTreeMap;

use super::*;
use crate::model::catalog::Catalog;
use crate::model::evidence::Evidence;
use crate::model::facts::Approvals;
use crate::model::facts::Facts;
use crate::model::fetched::Fetched;
use crate::model::ids::PlanId;
use crate::model::policy::EmergencySkip;
use crate::model::roster::Roster;
use crate::model::signal::{Ended, Signal};

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
    // An approval entry requires no people if the gate is of another type, and a gate without an entry requires
    // nothing.
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
    let scene = Scene {
        approvals,
        ..Scene::default()
    };
    scene.reports(gates, emergency)
}

/// What the gates look at.
struct Scene {
    approvals: Option<Approvals>,
    /// With a forge: what is known of the plan.
    evidence: Option<Evidence>,
    /// When the plan was proposed, in a simulation.
    proposed: Option<&'static str>,
    now: &'static str,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            approvals: None,
            evidence: None,
            proposed: None,
            // A Wednesday at noon.
            now: "2026-07-01T12:00:00Z",
        }
    }
}

fn plan() -> PlanId {
    "ab".repeat(32).parse().unwrap()
}

impl Scene {
    fn reports(&self, gates: &[Gate], emergency: Option<&Emergency>) -> Vec<GateReport> {
        let (catalog, policy, roster) = (Catalog::default(), policy(), Roster::default());
        let evidence = self.evidence.clone().map(Ok);
        let facts = Facts {
            catalog: &catalog,
            policy: &policy,
            resolved: &[],
            stopped: &BTreeMap::new(),
            revisions: &BTreeMap::new(),
            history: &BTreeMap::new(),
            ways: &BTreeMap::new(),
            approvals: self.approvals.clone(),
            on_forge: self.evidence.is_some(),
            ready: None,
            proposed: &self
                .proposed
                .map(|at| (plan(), at.parse().unwrap()))
                .into_iter()
                .collect(),
            roster: &roster,
            frozen: None,
            now: self.now.parse().unwrap(),
            repository: String::new(),
            base: String::new(),
            landed: BTreeSet::new(),
            asked: BTreeSet::new(),
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
            plan: Some(&plan()),
            evidence: evidence.as_ref(),
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

    /// Verdict, reason and next instant of a gate.
    fn says(&self, name: &str, kind: GateKind, emergency: Option<&Emergency>) -> String {
        let reports = self.reports(&[gate(name, kind)], emergency);
        let judgement = &reports.last().unwrap().judgement;
        let next = judgement.next.map(|next| format!(" | {next}"));
        let next = next.unwrap_or_default();
        format!("{}: {}{next}", judgement.verdict, judgement.reason)
    }
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
        "pending: its rule excludes authors of the changes, who cannot be identified without GitHub"
    );
}

#[test]
fn what_a_gate_waits_for_without_a_forge_is_named_with_all_its_demands() {
    let said = Scene::default().says("release", GateKind::Approval, None);
    assert_eq!(said, "pending: 1 approval by ops (unread: not on GitHub)");
    let lines = "gates: { g: { approve: [{ by: writers }, { by: writers, count: 2 }] } }";
    let policy = Policy::sample(&format!("version: 1\n{lines}\n"));
    let two = Emergency {
        approve: lines_of(&policy),
        skip: Vec::new(),
    };
    let reports = reports_of(&[gate("release", GateKind::Approval)], Some(&two), None);
    assert_eq!(
        reports[0].judgement.reason,
        "1 approval by anyone with write access and 2 approvals by anyone with write access (unread: not on GitHub)"
    );
}

/// The lines of approval of a policy's gate `g`.
fn lines_of(policy: &Policy) -> Vec<ApproveLine> {
    let rule = policy.gate(&pipeline(), &"g".into());
    match rule.map(|ruled| ruled.rule.clone()) {
        Some(GateRule::Approval { approve, .. }) => approve,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_one_rule_needs_is_needed_whatever_the_others_need() {
    let owners = Policy::sample(
        "version: 1\ngates: { g: { approve: [{ by: code-owners }, { by: writers }] } }\n",
    );
    let approve = lines_of(&owners);
    for lines in [
        [&approve[..1], &approve[1..]],
        [&approve[1..], &approve[..1]],
    ] {
        let mut needs = Needs::default();
        for lines in lines {
            needs.add_lines(&owners, lines);
        }
        assert!(needs.code_owners, "{lines:?}");
    }
}

#[test]
fn a_shut_window_opens_only_for_an_emergency_that_skips_it() {
    const SHUT: &str = "pending: opens Thu 09:00 UTC | 2026-07-02T09:00:00Z";
    let emergency = |skip: &[EmergencySkip]| Emergency {
        approve: vec![ApproveLine::default()],
        skip: skip.to_vec(),
    };
    let at = |now, emergency: Option<&Emergency>| {
        let scene = Scene {
            now,
            ..Scene::default()
        };
        scene.says("hours", GateKind::Window, emergency)
    };
    let (night, noon) = ("2026-07-01T20:00:00Z", "2026-07-01T12:00:00Z");
    let open = "pass: open until Wed 17:00 UTC | 2026-07-01T17:00:00Z";
    assert_eq!(at(night, None), SHUT);
    assert_eq!(at(night, Some(&emergency(&[]))), SHUT);
    assert_eq!(at(night, Some(&emergency(&[EmergencySkip::Freeze]))), SHUT);
    let skips = emergency(&[EmergencySkip::Window]);
    assert_eq!(
        at(night, Some(&skips)),
        "pass: skipped in an emergency (opens Thu 09:00 UTC)"
    );
    assert_eq!(at(noon, Some(&skips)), open);
    assert_eq!(at(noon, None), open);
}

#[test]
fn a_simulated_job_runs_for_ten_minutes_from_when_its_plan_was_proposed() {
    let at = |proposed, now| {
        let scene = Scene {
            approvals: Some(Approvals {
                names: BTreeSet::new(),
                assumed: true,
            }),
            proposed,
            now,
            ..Scene::default()
        };
        scene.says("tests", GateKind::Job, None)
    };
    let noon = Some("2026-07-01T12:00:00Z");
    let runs = "pending: tests.yml is running (assumed to take 10 min and to succeed) | 2026-07-01T12:10:00Z";
    assert_eq!(
        at(None, "2026-07-01T12:00:00Z"),
        "pending: tests.yml starts once the promotion is opened"
    );
    assert_eq!(at(noon, "2026-07-01T12:00:00Z"), runs);
    assert_eq!(at(noon, "2026-07-01T12:09:59Z"), runs);
    assert_eq!(
        at(noon, "2026-07-01T12:10:00Z"),
        "pass: tests.yml is assumed to succeed"
    );
}

#[test]
fn a_check_is_judged_by_its_newest_run_and_leads_to_it() {
    let signal = |id: u64, ended| Signal {
        at: "2026-07-01T11:00:00Z".parse().unwrap(),
        id,
        ended,
        url: Some(format!("https://github.com/acme/gitops/runs/{id}")),
    };
    let reports = |signals: Fetched<Vec<Signal>>| {
        let check = policy()
            .gate(&pipeline(), &"smoke".into())
            .map(|ruled| ruled.rule.clone());
        let Some(GateRule::Check(check)) = check else {
            panic!("no check");
        };
        let scene = Scene {
            evidence: Some(Evidence {
                checks: BTreeMap::from([(check, signals)]),
                ..Evidence::sample()
            }),
            ..Scene::default()
        };
        let report = scene
            .reports(&[gate("smoke", GateKind::Sentinel)], None)
            .remove(0);
        (report.judgement.verdict, report.link)
    };
    let two = vec![
        signal(1, Ended::Well),
        signal(2, Ended::Badly("failure".to_owned())),
    ];
    assert_eq!(
        reports(Ok(two)),
        (
            Verdict::Blocked,
            Some("https://github.com/acme/gitops/runs/2".to_owned())
        )
    );
    assert_eq!(reports(Ok(Vec::new())), (Verdict::Pending, None));
    assert_eq!(reports(Err("502".to_owned())), (Verdict::Error, None));
}
