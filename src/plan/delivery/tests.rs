//! What is decided, by cases.

mod holds;
mod rollback;

use std::collections::BTreeSet;

use super::*;
use crate::model::actor::{Actor, ActorKind};
use crate::model::ids::{CommitId, PlanId};
use crate::model::merge_state::Mergeable;
use crate::model::name::EdgeName;
use crate::model::pipeline::GateKind;
use crate::model::plan::{GateReport, JobStart};
use crate::model::pull::{PromotionBranch, PullState, RemoteCommit};
use crate::model::rollback::{BackTo, RolledBack};
use crate::model::verdict::Judgement;
use crate::yaml::Position;

fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn plan(digit: char) -> PlanId {
    digit.to_string().repeat(64).parse().unwrap()
}

fn edge() -> EdgeName {
    EdgeName {
        from: "dev".into(),
        to: "prod".into(),
    }
}

fn change() -> crate::model::change::Change {
    use crate::model::change::{Change, Text};
    Change {
        manifest: crate::model::reference::ManifestKey {
            kind: crate::model::reference::Kind::ServiceDeployment,
            namespace: None,
            name: "podinfo".to_owned(),
        },
        written_namespace: None,
        file: "prod.yaml".into(),
        at: Position { line: 1, column: 1 },
        path: "spec.helm.version".parse().unwrap(),
        old: Some(Text::Plain("1".to_owned())),
        new: Text::Plain("2".to_owned()),
        form: crate::yaml::Form::Text,
        note: crate::yaml::Note::Remove,
        said: None,
        secret: None,
    }
}

/// A due promotion of plan `digit` with one gate that says `verdict` and was approved by these.
fn promotion(digit: char, verdict: Verdict, approvals: &[&str]) -> Promotion {
    Promotion {
        stage: "prod".into(),
        index: 1,
        edges: vec![edge()],
        plan: Some(plan(digit)),
        state: State::Due,
        reason: "".into(),
        help: None,
        rule_at: None,
        next: None,
        proposable: true,
        emergency: None,
        rollback: None,
        landed: None,
        landed_along: None,
        after_rollback: None,
        overwritten_hotfixes: Vec::new(),
        gates: vec![GateReport {
            edge: edge(),
            name: "gate".into(),
            kind: GateKind::Approval,
            at: Position { line: 1, column: 1 },
            judgement: Judgement::new(verdict, ""),
            approvals: approvals.iter().map(|name| (*name).to_owned()).collect(),
            start: None,
            link: None,
            stale_label: false,
            rule_at: None,
        }],
        changes: vec![change()],
        on_request: false,
        skipped_services: Vec::new(),
        skipped: Vec::new(),
        takes: Vec::new(),
    }
}

fn pull(number: u64) -> Pull {
    Pull {
        number: PullNumber(number),
        node: String::new(),
        title: String::new(),
        body: String::new(),
        url: String::new(),
        state: PullState::Open,
        draft: false,
        author: Some(Actor {
            id: Some(9),
            login: "sluice".to_owned(),
            kind: ActorKind::Bot,
        }),
        base: "main".to_owned(),
        branch: "sluice/p/prod/x".to_owned(),
        head: commit('a'),
        foreign: false,
        created: jiff::Timestamp::UNIX_EPOCH,
        commits: 1,
        head_force_pushed: false,
        base_force_pushed: false,
        mergeable: Mergeable::Unknown,
        review: None,
        labels: BTreeSet::new(),
        reviews: 0,
        unlabeled: false,
        label_events: Ok(Vec::new()),
        said: None,
        auto_merge: false,
        queued: false,
        own: true,
    }
}

fn candidate(number: u64, digit: char, build: Build, reassessed: Option<Promotion>) -> OpenPlan {
    OpenPlan {
        proposal: Proposal {
            branch: PromotionBranch {
                name: "sluice/p/prod/x".to_owned(),
                tip: RemoteCommit {
                    id: commit('a'),
                    tree: "b".repeat(40).parse().unwrap(),
                    parents: vec![commit('c')],
                    message: String::new(),
                    author: String::new(),
                    authored: jiff::Timestamp::UNIX_EPOCH,
                    committed: jiff::Timestamp::UNIX_EPOCH,
                },
                status: None,
                pulls: Vec::new(),
                has_more_pulls: false,
            },
            namespace: None,
            pipeline: "p".to_owned(),
            stage: "prod".into(),
            edges: vec![edge()],
            plan: plan(digit),
            build: String::new(),
            requested_by: None,
            emergency: false,
            rollback: None,
        },
        pull: pull(number),
        evidence: None,
        build,
        reassessed,
        hold: LabelHold::Free,
        outdated_request: false,
    }
}

fn stage(promotion: &Promotion, open: Vec<OpenPlan>) -> DeliveryInput<'_> {
    DeliveryInput {
        promotion,
        open,
        without_record: Vec::new(),
        unread_branch: None,
        veto: None,
        closed_lately: None,
        all_read: true,
        delivery: Delivery::PullRequest,
        closed_hold: Ok(None),
        held_beside: None,
        asks_emergency: false,
        asked: false,
        lifts_hold: false,
    }
}

fn waiting(digit: char) -> Promotion {
    promotion(digit, Verdict::Pending, &[])
}

fn number(number: u64) -> PullNumber {
    PullNumber(number)
}

#[test]
fn what_is_due_is_put_up_once() {
    let now = waiting('1');
    let opened = decide(&stage(&now, Vec::new()));
    assert_eq!(opened.acts, [Act::Open { replaces: vec![] }]);
    let again = decide(&stage(
        &now,
        vec![candidate(7, '1', Build::Intact, Some(now.clone()))],
    ));
    assert_eq!((again.acts.len(), again.active_pull), (0, Some(number(7))));
}

#[test]
fn a_newer_plan_replaces_until_somebody_approved() {
    let now = waiting('2');
    let silent = candidate(7, '1', Build::Intact, Some(waiting('1')));
    assert_eq!(
        decide(&stage(&now, vec![silent])).acts,
        [Act::Open {
            replaces: vec![number(7)]
        }]
    );
    let begun = candidate(
        7,
        '1',
        Build::Intact,
        Some(promotion('1', Verdict::Pending, &["carol"])),
    );
    let decision = decide(&stage(&now, vec![begun]));
    assert_eq!(
        (decision.acts.len(), decision.active_pull),
        (0, Some(number(7)))
    );
    let full = candidate(
        7,
        '1',
        Build::Intact,
        Some(promotion('1', Verdict::Pass, &["carol"])),
    );
    assert_eq!(
        decide(&stage(&now, vec![full])).acts,
        [Act::Land(number(7))]
    );
    let refused = candidate(
        7,
        '1',
        Build::Intact,
        Some(promotion('1', Verdict::Blocked, &["carol"])),
    );
    assert_eq!(
        decide(&stage(&now, vec![refused])).acts,
        [Act::Open {
            replaces: vec![number(7)]
        }],
        "wanting changes releases it"
    );
}

#[test]
fn a_moved_base_gets_a_new_build_and_approvals_start_again() {
    let now = promotion('1', Verdict::Pass, &["carol"]);
    let old = candidate(7, '1', Build::BaseMoved, Some(now.clone()));
    assert_eq!(
        decide(&stage(&now, vec![old])).acts,
        [Act::Open {
            replaces: vec![number(7)]
        }]
    );
    let stands = candidate(7, '1', Build::Intact, Some(now.clone()));
    assert_eq!(
        decide(&stage(&now, vec![stands])).acts,
        [Act::Land(number(7))],
        "whatever GitHub has worked out of the merge so far"
    );
}

#[test]
fn of_two_builds_of_one_plan_one_is_closed() {
    let now = waiting('1');
    let both = vec![
        candidate(8, '1', Build::Intact, Some(now.clone())),
        candidate(7, '1', Build::Intact, Some(now.clone())),
    ];
    let decision = decide(&stage(&now, both));
    assert_eq!(decision.acts, [Act::Close(number(8))]);
    assert_eq!(decision.active_pull, Some(number(7)));
}

#[test]
fn a_moved_head_is_never_landed_replaced_or_closed() {
    let now = promotion('1', Verdict::Pass, &["carol"]);
    let moved = candidate(
        7,
        '1',
        Build::HeadMoved("pushed".to_owned()),
        Some(now.clone()),
    );
    let decision = decide(&stage(&now, vec![moved]));
    assert_eq!(decision.acts, [Act::Block(number(7), "pushed".to_owned())]);
    assert_eq!(decision.active_pull, Some(number(7)));
    assert_eq!(decision.blocked.unwrap().why, "pushed");
    let mut foreign = stage(&now, Vec::new());
    foreign.without_record = vec![pull(8)];
    assert!(matches!(
        decide(&foreign).acts[..],
        [Act::Block(PullNumber(8), _)]
    ));
}

#[test]
fn a_branch_of_which_not_every_pull_request_is_read_blocks_its_stage_and_nothing_is_written() {
    let now = promotion('1', Verdict::Pass, &["carol"]);
    let open = candidate(7, '1', Build::Intact, Some(now.clone()));
    let mut stage = stage(&now, vec![open]);
    assert!(!decide(&stage).acts.is_empty());
    stage.unread_branch = Some(("sluice/p/prod/y".to_owned(), number(9)));
    let decision = decide(&stage);
    assert_eq!(
        (decision.acts.len(), decision.active_pull),
        (0, Some(number(9)))
    );
    assert!(decision.blocked.unwrap().why.contains("sluice/p/prod/y"));
}

#[test]
fn nothing_lands_unless_every_gate_passes_and_nothing_holds_it() {
    for verdict in [Verdict::Pending, Verdict::Blocked, Verdict::Error] {
        let now = promotion('1', verdict, &["carol"]);
        let open = candidate(7, '1', Build::Intact, Some(now.clone()));
        assert!(
            !decide(&stage(&now, vec![open]))
                .acts
                .contains(&Act::Land(number(7))),
            "{verdict}"
        );
    }
    let now = promotion('1', Verdict::Pass, &["carol"]);
    let mut held = candidate(7, '1', Build::Intact, Some(now.clone()));
    held.hold = LabelHold::On;
    let mut draft = candidate(7, '1', Build::Intact, Some(now.clone()));
    draft.pull.draft = true;
    for candidate in [held, draft] {
        assert_eq!(decide(&stage(&now, vec![candidate])).acts, []);
    }
    let mut frozen = now.clone();
    frozen.state = State::Held;
    let open = candidate(7, '1', Build::Intact, Some(frozen.clone()));
    assert_eq!(decide(&stage(&frozen, vec![open])).acts, []);
    assert_eq!(
        decide(&stage(&frozen, Vec::new())).acts,
        [Act::Open { replaces: vec![] }],
        "proposals still open in a freeze"
    );
}

/// The same promotion, as one that takes the stage back.
fn going_back(promotion: &Promotion) -> Promotion {
    Promotion {
        rollback: Some(BackTo {
            landing: commit('d'),
            plan: plan('0'),
        }),
        ..promotion.clone()
    }
}

#[test]
fn a_veto_holds_until_the_plan_changes() {
    let now = waiting('1');
    let mut closed = stage(&now, Vec::new());
    closed.veto = Some((number(7), "carol".to_owned()));
    let decision = decide(&closed);
    assert_eq!(decision.acts, []);
    assert!(
        matches!(decision.kept_back, Some(KeptBack::Vetoed(why)) if why.contains("carol closed #7"))
    );
    closed.veto = None;
    closed.closed_lately = Some(number(7));
    assert!(decide(&closed).kept_back.is_some());
}

#[test]
fn what_stands_for_nothing_is_closed_only_if_everything_was_read() {
    let mut nothing = waiting('1');
    nothing.changes.clear();
    nothing.plan = None;
    nothing.state = State::InSync;
    nothing.proposable = false;
    let open = || candidate(7, '1', Build::Intact, Some(waiting('1')));
    assert_eq!(
        decide(&stage(&nothing, vec![open()])).acts,
        [Act::Close(number(7))]
    );
    let mut unread = stage(&nothing, vec![open()]);
    unread.all_read = false;
    assert_eq!(decide(&unread).acts, []);
    let mut asked = open();
    asked.proposal.requested_by = Some(5);
    let decision = decide(&stage(&nothing, vec![asked]));
    assert_eq!(
        (decision.acts.len(), decision.active_pull),
        (0, Some(number(7))),
        "a person asked for it"
    );
    let mut error = nothing.clone();
    error.state = State::Error;
    assert_eq!(decide(&stage(&error, vec![open()])).acts, []);
    let mut held = nothing;
    held.state = State::Held;
    assert_eq!(decide(&stage(&held, vec![open()])).acts, []);
}

#[test]
fn a_stage_that_is_committed_to_has_no_pull_requests() {
    let now = promotion('1', Verdict::Pass, &[]);
    let mut direct = stage(
        &now,
        vec![candidate(7, '1', Build::Intact, Some(now.clone()))],
    );
    direct.delivery = Delivery::Commit;
    assert_eq!(decide(&direct).acts, [Act::Close(number(7)), Act::Commit]);
    let waits = waiting('1');
    let mut direct = stage(&waits, Vec::new());
    direct.delivery = Delivery::Commit;
    assert_eq!(decide(&direct).acts, []);
}

#[test]
fn what_a_gate_has_to_start_is_started_unless_it_is_a_draft_or_held() {
    let mut now = waiting('1');
    let gate = now.gates[0].clone();
    now.gates.push(GateReport {
        start: Some(JobStart {
            workflow: "tests.yml".to_owned(),
            attempt: 1,
            job: None,
        }),
        ..gate
    });
    let started = |draft: bool, hold: LabelHold| {
        let mut candidate = candidate(7, '1', Build::Intact, Some(now.clone()));
        candidate.pull.draft = draft;
        candidate.hold = hold;
        let acts = decide(&stage(&now, vec![candidate])).acts;
        acts.contains(&Act::Start(number(7), 1))
    };
    assert!(started(false, LabelHold::Free));
    assert!(!started(true, LabelHold::Free));
    assert!(!started(false, LabelHold::On));
    assert!(!started(true, LabelHold::On));
}

#[test]
fn who_asks_again_gets_a_pull_request_of_their_own() {
    let now = waiting('1');
    let opens = |asked: bool, outdated: bool| {
        let mut own = candidate(7, '1', Build::Intact, Some(now.clone()));
        own.outdated_request = outdated;
        let mut stage = stage(&now, vec![own]);
        stage.asked = asked;
        decide(&stage).active_pull.is_none()
    };
    assert!(opens(true, true));
    assert!(!opens(true, false) && !opens(false, true) && !opens(false, false));
}

#[test]
fn an_emergency_of_another_plan_goes_before_nothing() {
    let now = waiting('1');
    let own = candidate(7, '1', Build::Intact, Some(now.clone()));
    let mut other = candidate(6, '2', Build::Intact, Some(waiting('2')));
    other.proposal.emergency = true;
    assert_eq!(
        decide(&stage(&now, vec![other, own])).active_pull,
        Some(number(7))
    );
}
