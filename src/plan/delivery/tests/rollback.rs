//! Rollbacks: which pull request they are landed from, and what would undo them.

use super::*;

#[test]
fn what_goes_back_on_request_stands_only_in_a_pull_request_that_was_asked_for() {
    let mut now = promotion('1', Verdict::Pass, &[]);
    let unasked = || {
        candidate(
            7,
            '1',
            Build::Intact,
            Some(promotion('1', Verdict::Pass, &[])),
        )
    };
    let asked = || {
        let mut asked = candidate(
            8,
            '1',
            Build::Intact,
            Some(promotion('1', Verdict::Pass, &[])),
        );
        asked.proposal.requested_by = Some(1);
        asked
    };
    now.on_request = true;
    assert_eq!(
        decide(&stage(&now, vec![unasked()])).acts,
        [Act::Open {
            replaces: vec![number(7)]
        }]
    );
    // Also in a run that no one requested, and whatever could not be closed before.
    for on_request in [true, false] {
        now.on_request = on_request;
        assert_eq!(
            decide(&stage(&now, vec![unasked(), asked()])).acts,
            [Act::Close(number(7)), Act::Land(number(8))]
        );
    }
}

#[test]
fn a_rollback_goes_before_everything_and_leaves_what_is_held() {
    let back = going_back(&promotion('2', Verdict::Pass, &["carol"]));
    let approved = promotion('1', Verdict::Pass, &["carol"]);
    let own = || {
        let mut own = candidate(9, '2', Build::Intact, Some(back.clone()));
        own.proposal.rollback = Some(commit('d'));
        own
    };
    let free = || candidate(7, '1', Build::Intact, Some(approved.clone()));
    let mut held = free();
    held.hold = LabelHold::On;
    held.pull.number = number(8);
    let replaces = |numbers: &[u64]| Act::Open {
        replaces: numbers.iter().map(|one| number(*one)).collect(),
    };
    let decided = |open: Vec<OpenPlan>| decide(&stage(&back, open)).acts;
    // Asked for: what is free gives way, what a person holds stays.
    assert_eq!(decided(vec![free(), held.clone()]), [replaces(&[7])]);
    // Opened and approved: it lands even though the other one is held.
    assert_eq!(decided(vec![held.clone(), own()]), [Act::Land(number(9))]);
    // A person holds the rollback itself.
    let mut held_own = own();
    held_own.hold = LabelHold::On;
    assert_eq!(decided(vec![held_own]), []);
    // Landed: only its own pull request is closed, if it is open still.
    let nothing = Promotion {
        state: State::InSync,
        changes: Vec::new(),
        plan: None,
        proposable: false,
        ..back.clone()
    };
    assert_eq!(
        decide(&stage(&nothing, vec![free(), held, own()])).acts,
        [Act::Close(number(9))]
    );
}

#[test]
fn what_would_undo_a_rollback_lands_only_where_its_label_was_taken_off_since() {
    let at = |second: i64| jiff::Timestamp::from_second(second).unwrap();
    let now = Promotion {
        after_rollback: Some(RolledBack {
            commit: commit('d'),
            at: at(100),
            to: commit('e'),
            by: None,
            reason: None,
        }),
        ..promotion('1', Verdict::Pass, &["carol"])
    };
    let decided = |hold: LabelHold| {
        let mut open = candidate(7, '1', Build::Intact, Some(now.clone()));
        open.hold = hold;
        decide(&stage(&now, vec![open])).acts
    };
    let hold = [Act::Hold(number(7))];
    assert_eq!(decided(LabelHold::Free), hold, "it was never held");
    assert_eq!(
        decided(LabelHold::Lifted(at(99))),
        hold,
        "before it went back"
    );
    assert_eq!(decided(LabelHold::Lifted(at(100))), hold, "a tie");
    assert_eq!(decided(LabelHold::Lifted(at(101))), [Act::Land(number(7))]);
    for still in [
        LabelHold::On,
        LabelHold::StillOn("tom".to_owned()),
        LabelHold::Unread("504".to_owned()),
    ] {
        assert_eq!(decided(still), []);
    }
}
