//! The rules of approval, by tables and properties.

mod lines;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::voters::Register;
use super::{DEFAULT_WAYS, Rule, by_evidence};
use crate::model::actor::{Actor, ActorKind, UserId};
use crate::model::authors::ChangeAuthors;
use crate::model::evidence::{Evidence, LabelEvent, Opinion, Permission, Review};
use crate::model::policy::{ApprovalChannel, ApproveLine, GateRule, Policy};
use crate::model::roster::{Known, Roster};
use crate::model::verdict::Verdict;

const LABEL: &str = "approve/prod/gate";

fn head() -> crate::model::ids::CommitId {
    "ab".repeat(20).parse().unwrap()
}

fn other() -> crate::model::ids::CommitId {
    "cd".repeat(20).parse().unwrap()
}

fn time(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_000 + second).unwrap()
}

fn person(id: UserId) -> Actor {
    Actor {
        id: Some(id),
        login: format!("p{id}"),
        kind: ActorKind::User,
    }
}

fn review(id: u64, by: Actor, opinion: Opinion) -> Review {
    Review {
        id,
        by: Some(by),
        opinion,
        commit: Some(head()),
        at: Some(time(10 + i64::try_from(id).unwrap())),
    }
}

fn label(order: u64, by: Option<Actor>, set: bool, at: i64) -> LabelEvent {
    LabelEvent {
        order,
        label: LABEL.to_owned(),
        changed: Some(time(-500)),
        renamed: false,
        set,
        by,
        at: time(at),
    }
}

/// Opened by the App 99 at second 0. 1 and 2 have write access, 3 has triage access, 4 has read access; 5 cannot be
/// looked up.
fn evidence() -> Evidence {
    Evidence {
        head: head(),
        author: Some(Actor {
            id: Some(99),
            login: "sluice".to_owned(),
            kind: ActorKind::Bot,
        }),
        arrived: Ok(time(0)),
        permissions: BTreeMap::from([
            (1, Ok(Permission::Write)),
            (2, Ok(Permission::Write)),
            (3, Ok(Permission::Triage)),
            (4, Ok(Permission::Less)),
            (5, Err("GitHub could not be asked".to_owned())),
        ]),
        ..Evidence::sample()
    }
}

fn verdict(evidence: &Evidence, ways: &[ApprovalChannel]) -> (Verdict, String) {
    let lines = [ApproveLine::default()];
    let rule = Rule {
        lines: &lines,
        ways,
        exclude: &[],
    };
    judge(&World::default(), &rule, evidence)
}

/// What the policy and the look-ups say.
#[derive(Default)]
struct World {
    policy: Policy,
    roster: Roster,
    files: Vec<&'static str>,
}

fn judge(world: &World, rule: &Rule<'_>, evidence: &Evidence) -> (Verdict, String) {
    let files = world.files.iter().copied().collect();
    let register = Register {
        policy: &world.policy,
        roster: &world.roster,
        files: &files,
    };
    let judged = by_evidence(&register, rule, evidence, LABEL);
    (judged.judgement.verdict, judged.judgement.reason)
}

fn with_reviews(reviews: Vec<Review>) -> Evidence {
    Evidence {
        reviews: Ok(reviews),
        ..evidence()
    }
}

#[test]
fn a_review_counts_by_the_rules() {
    let approved = |by| review(1, by, Opinion::Approved);
    let bot = Actor {
        id: Some(1),
        login: "github-actions".to_owned(),
        kind: ActorKind::Bot,
    };
    let named_bot = Actor {
        login: "renovate[bot]".to_owned(),
        ..person(1)
    };
    let stale = Review {
        commit: Some(other()),
        ..approved(person(1))
    };
    let lost = Review {
        commit: None,
        ..approved(person(1))
    };
    let ghost = Review {
        by: None,
        ..approved(person(1))
    };
    let table: Vec<(&str, Vec<Review>, Verdict)> = vec![
        ("nobody", vec![], Verdict::Pending),
        ("R-1.7 write", vec![approved(person(1))], Verdict::Pass),
        ("A4 triage", vec![approved(person(3))], Verdict::Pending),
        ("R-1.7 read", vec![approved(person(4))], Verdict::Pending),
        ("R-1.7 unread", vec![approved(person(5))], Verdict::Error),
        ("R-1.4 another head", vec![stale], Verdict::Pending),
        ("R-1.4 no head", vec![lost], Verdict::Pending),
        ("R-1.2 ghost", vec![ghost], Verdict::Pending),
        ("A31 bot", vec![approved(bot)], Verdict::Pending),
        (
            "A31 bot by name",
            vec![approved(named_bot)],
            Verdict::Pending,
        ),
        (
            "R-1.3 a comment replaces nothing",
            vec![approved(person(1)), review(2, person(1), Opinion::None)],
            Verdict::Pass,
        ),
        (
            "R-1.5 no resurrection",
            vec![
                approved(person(1)),
                review(2, person(1), Opinion::ChangesRequested),
                review(3, person(1), Opinion::Dismissed),
            ],
            Verdict::Pending,
        ),
        (
            "R-1.6 a writer's refusal blocks",
            vec![
                approved(person(1)),
                review(2, person(2), Opinion::ChangesRequested),
            ],
            Verdict::Blocked,
        ),
        (
            "R-1.6 another's does not",
            vec![
                approved(person(1)),
                review(2, person(4), Opinion::ChangesRequested),
            ],
            Verdict::Pass,
        ),
        (
            "R-1.3 taken back",
            vec![
                review(1, person(2), Opinion::ChangesRequested),
                review(2, person(2), Opinion::Approved),
            ],
            Verdict::Pass,
        ),
    ];
    for (name, reviews, expected) in table {
        let (verdict, reason) = verdict(&with_reviews(reviews), DEFAULT_WAYS);
        assert_eq!(verdict, expected, "{name}: {reason}");
    }
}

#[test]
fn only_an_approval_of_a_bot_is_said_not_to_count() {
    let bot = || Actor {
        kind: ActorKind::Bot,
        ..person(1)
    };
    let says = |by, opinion| verdict(&with_reviews(vec![review(1, by, opinion)]), DEFAULT_WAYS).1;
    let waits = "waits for 1 approval by anyone with write access";
    assert_eq!(
        says(bot(), Opinion::Approved),
        format!("{waits}; p1 is not a person")
    );
    assert_eq!(says(bot(), Opinion::None), waits);
    assert_eq!(says(person(1), Opinion::None), waits);
}

#[test]
fn a_label_from_before_its_head_is_to_be_taken_off() {
    let stale = |at| {
        let evidence = Evidence {
            labels: BTreeSet::from([LABEL.to_owned()]),
            label_events: Ok(vec![label(1, Some(person(1)), true, at)]),
            arrived: Ok(time(5)),
            ..evidence()
        };
        let world = World::default();
        let files = BTreeSet::new();
        let register = Register {
            policy: &world.policy,
            roster: &world.roster,
            files: &files,
        };
        let lines = [ApproveLine::default()];
        let rule = Rule {
            lines: &lines,
            ways: &[ApprovalChannel::Label],
            exclude: &[],
        };
        let judged = by_evidence(&register, &rule, &evidence, LABEL);
        (judged.judgement.verdict, judged.stale_label)
    };
    assert_eq!(stale(4), (Verdict::Pending, true));
    assert_eq!(stale(6), (Verdict::Pass, false));
}

#[test]
fn a_refusal_at_an_older_head_still_blocks() {
    let old = Review {
        commit: Some(other()),
        ..review(1, person(1), Opinion::ChangesRequested)
    };
    assert_eq!(
        verdict(&with_reviews(vec![old]), DEFAULT_WAYS).0,
        Verdict::Blocked
    );
}

#[test]
fn who_had_a_hand_in_it_does_not_count() {
    let approved = with_reviews(vec![review(1, person(1), Opinion::Approved)]);
    let pushed = Evidence {
        pushers: Ok(BTreeSet::from([1])),
        ..approved.clone()
    };
    let asked = Evidence {
        requester: Some(1),
        ..approved.clone()
    };
    let opened = Evidence {
        author: Some(person(1)),
        ..approved.clone()
    };
    for evidence in [pushed, asked, opened] {
        let (verdict, reason) = verdict(&evidence, DEFAULT_WAYS);
        assert_eq!(verdict, Verdict::Pending, "{reason}");
        assert!(reason.contains("does not count"), "{reason}");
    }
    let unknown = Evidence {
        pushers: Err("who pushed is not known".to_owned()),
        ..approved.clone()
    };
    let nobody = Evidence {
        author: None,
        ..approved
    };
    for evidence in [unknown, nobody] {
        assert_eq!(verdict(&evidence, DEFAULT_WAYS).0, Verdict::Error);
    }
}

#[test]
fn approvals_from_before_a_reopening_or_a_new_base_are_void() {
    let mut evidence = with_reviews(vec![review(1, person(1), Opinion::Approved)]);
    evidence.arrived = Ok(time(11));
    assert_eq!(verdict(&evidence, DEFAULT_WAYS).0, Verdict::Pending);
    evidence.arrived = Err("the log of pushes does not list this head".to_owned());
    let (word, reason) = verdict(&evidence, DEFAULT_WAYS);
    assert_eq!(word, Verdict::Pending);
    assert!(reason.contains("log of pushes"), "{reason}");
}

#[test]
fn a_label_counts_by_the_rules() {
    let set = |by: UserId, at| label(0, Some(person(by)), true, at);
    let table: Vec<(&str, Vec<LabelEvent>, bool, Verdict)> = vec![
        ("R-2.1", vec![set(1, 5)], true, Verdict::Pass),
        (
            "R-2.1 not there now",
            vec![set(1, 5)],
            false,
            Verdict::Pending,
        ),
        ("R-2.1 no event", vec![], true, Verdict::Pending),
        (
            "R-2.1 nobody",
            vec![label(0, None, true, 5)],
            true,
            Verdict::Pending,
        ),
        (
            "R-2.3 before the head",
            vec![set(1, -1)],
            true,
            Verdict::Pending,
        ),
        (
            "R-2.7 in the same second",
            vec![set(1, 0)],
            true,
            Verdict::Pending,
        ),
        ("A4 triage", vec![set(3, 5)], true, Verdict::Pending),
        ("R-1.7 unread", vec![set(5, 5)], true, Verdict::Error),
        (
            "R-2.2 only the last setting counts",
            vec![
                set(1, 5),
                label(1, Some(person(1)), false, 6),
                label(2, Some(person(3)), true, 7),
            ],
            true,
            Verdict::Pending,
        ),
        (
            "R-2.2 removed last",
            vec![set(1, 5), label(1, Some(person(1)), false, 5)],
            true,
            Verdict::Pending,
        ),
    ];
    for (name, events, there, expected) in table {
        let mut evidence = Evidence {
            label_events: Ok(events),
            ..evidence()
        };
        if there {
            evidence.labels.insert(LABEL.to_uppercase());
        }
        let (verdict, reason) = verdict(&evidence, DEFAULT_WAYS);
        assert_eq!(verdict, expected, "{name}: {reason}");
    }
}

#[test]
fn a_way_that_is_not_listed_does_not_count() {
    let mut evidence = with_reviews(vec![review(1, person(1), Opinion::Approved)]);
    evidence.dispatched = Some(person(2));
    assert_eq!(
        verdict(&evidence, &[ApprovalChannel::Label]).0,
        Verdict::Pending
    );
    assert_eq!(
        verdict(&evidence, &[ApprovalChannel::Dispatch]).0,
        Verdict::Pass
    );
    evidence.requester = Some(2);
    assert_eq!(
        verdict(&evidence, &[ApprovalChannel::Dispatch]).0,
        Verdict::Pending,
        "the requester"
    );
}

fn any_review() -> impl Strategy<Value = Review> {
    let opinion = prop_oneof![
        Just(Opinion::Approved),
        Just(Opinion::ChangesRequested),
        Just(Opinion::Dismissed),
        Just(Opinion::None)
    ];
    (0..9u64, 1..5u64, opinion, any::<bool>()).prop_map(|(id, by, opinion, current)| Review {
        commit: Some(if current { head() } else { other() }),
        ..review(id, person(by), opinion)
    })
}

fn reviews() -> impl Strategy<Value = Vec<Review>> {
    proptest::collection::vec(any_review(), 0..7).prop_map(|mut reviews| {
        for (id, review) in reviews.iter_mut().enumerate() {
            review.id = id as u64;
        }
        reviews
    })
}

proptest! {
    #[test]
    fn the_order_of_evidence_never_matters(given in reviews().prop_shuffle()) {
        let mut sorted = given.clone();
        sorted.sort_by_key(|review| review.id);
        prop_assert_eq!(
            verdict(&with_reviews(given), DEFAULT_WAYS),
            verdict(&with_reviews(sorted), DEFAULT_WAYS)
        );
    }

    #[test]
    fn a_comment_changes_nothing(given in reviews(), by in 1..5u64, at in 0..9u64) {
        let mut more = given.clone();
        more.push(Review { id: at + 100, ..review(at, person(by), Opinion::None) });
        prop_assert_eq!(
            verdict(&with_reviews(given), DEFAULT_WAYS),
            verdict(&with_reviews(more), DEFAULT_WAYS)
        );
    }

    #[test]
    fn taking_approvals_away_never_opens_the_gate(given in reviews(), index in any::<prop::sample::Index>()) {
        // All about this head: an approval of an older one only hides the person's earlier word.
        let given: Vec<Review> =
            given.into_iter().map(|review| Review { commit: Some(head()), ..review }).collect();
        let approvals: Vec<usize> =
            (0..given.len()).filter(|at| given[*at].opinion == Opinion::Approved).collect();
        // If nothing was approved there is nothing to remove; that is not a reason to draw again.
        if approvals.is_empty() {
            return Ok(());
        }
        let mut fewer = given.clone();
        fewer.remove(approvals[index.index(approvals.len())]);
        if verdict(&with_reviews(given), DEFAULT_WAYS).0 == Verdict::Pending {
            prop_assert_ne!(verdict(&with_reviews(fewer), DEFAULT_WAYS).0, Verdict::Pass);
        }
    }

    #[test]
    fn what_could_not_be_read_never_passes(given in reviews()) {
        let mut evidence = with_reviews(given);
        for permission in evidence.permissions.values_mut() {
            *permission = Err("unread".to_owned());
        }
        prop_assert_ne!(verdict(&evidence, DEFAULT_WAYS).0, Verdict::Pass);
        evidence.reviews = Err("a page is missing".to_owned());
        prop_assert_eq!(verdict(&evidence, DEFAULT_WAYS).0, Verdict::Error);
    }

    #[test]
    fn a_new_head_voids_every_approval(given in reviews()) {
        let mut evidence = with_reviews(given);
        evidence.head = "ef".repeat(20).parse().unwrap();
        prop_assert_ne!(verdict(&evidence, DEFAULT_WAYS).0, Verdict::Pass);
    }
}

#[test]
fn a_label_that_may_have_had_another_name_approves_nothing() {
    let judged = |changed: Option<i64>, renamed: bool| {
        let mut evidence = evidence();
        evidence.labels.insert(LABEL.to_owned());
        let event = LabelEvent {
            changed: changed.map(time),
            renamed,
            ..label(0, Some(person(1)), true, 20)
        };
        evidence.label_events = Ok(vec![event]);
        verdict(&evidence, &[ApprovalChannel::Label]).0
    };
    assert_eq!(judged(Some(19), false), Verdict::Pass);
    for (changed, renamed) in [
        (Some(20), false),
        (Some(21), false),
        (None, false),
        (Some(0), true),
    ] {
        assert_eq!(judged(changed, renamed), Verdict::Pending, "{changed:?}");
    }
}
