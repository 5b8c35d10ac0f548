//! Holds: what they stop, what they keep back, and who lifts them.

use super::*;

#[test]
fn a_hold_on_what_belongs_to_no_promotion_any_more_holds_what_is_approved_too() {
    let now = promotion('1', Verdict::Pass, &["carol"]);
    let open = candidate(7, '1', Build::Intact, Some(now.clone()));
    let mut beside = stage(&now, vec![open]);
    beside.held_beside = Some(number(5));
    let decision = decide(&beside);
    assert_eq!(decision.acts, []);
    assert!(matches!(decision.kept_back, Some(KeptBack::Held(why)) if why.contains("#5")));
}

#[test]
fn nothing_opens_beside_a_hold_or_while_a_hold_cannot_be_read() {
    let now = waiting('1');
    let mut held = stage(&now, Vec::new());
    held.held_beside = Some(number(3));
    let decision = decide(&held);
    assert_eq!(decision.acts, []);
    assert_eq!(
        decision.kept_back,
        Some(KeptBack::Held(held_beside(number(3))))
    );
    let mut unread = stage(&now, Vec::new());
    unread.closed_hold = Err("502".to_owned());
    let decision = decide(&unread);
    assert_eq!(decision.acts, []);
    assert_eq!(decision.kept_back, Some(KeptBack::Held("502".to_owned())));
}

#[test]
fn a_hold_on_another_pull_request_of_the_stage_keeps_back_what_may_land() {
    let now = promotion('1', Verdict::Pass, &["carol"]);
    let acts = |hold: LabelHold| {
        let own = candidate(7, '1', Build::Intact, Some(now.clone()));
        let mut other = candidate(8, '1', Build::Intact, Some(now.clone()));
        other.hold = hold;
        decide(&stage(&now, vec![own, other])).acts
    };
    assert!(acts(LabelHold::Free).contains(&Act::Land(number(7))));
    assert!(!acts(LabelHold::On).contains(&Act::Land(number(7))));
}

#[test]
fn only_what_could_land_is_said_to_be_kept_back_by_a_hold_beside() {
    let kept_back = |verdict: Verdict| {
        let now = promotion('1', verdict, &[]);
        let own = candidate(7, '1', Build::Intact, Some(now.clone()));
        let mut stage = stage(&now, vec![own]);
        stage.held_beside = Some(number(3));
        decide(&stage).kept_back
    };
    assert_eq!(
        kept_back(Verdict::Pass),
        Some(KeptBack::Held(held_beside(number(3))))
    );
    assert_eq!(kept_back(Verdict::Pending), None);
}

#[test]
fn a_held_pull_request_keeps_back_what_would_be_committed_but_no_rollback() {
    let now = promotion('1', Verdict::Pass, &[]);
    let decided = |promotion: &Promotion, hold: LabelHold| {
        let mut other = candidate(8, '2', Build::Intact, None);
        other.hold = hold;
        let mut stage = stage(promotion, vec![other]);
        stage.delivery = Delivery::Commit;
        decide(&stage)
    };
    let held = decided(&now, LabelHold::On);
    assert_eq!((held.acts.len(), held.active_pull), (0, Some(number(8))));
    let free = decided(&now, LabelHold::Free);
    assert_eq!(free.acts, [Act::Close(number(8)), Act::Commit]);
    let back = decided(&going_back(&now), LabelHold::On);
    assert_eq!(back.acts, [Act::Commit]);
}

#[test]
fn only_what_could_be_committed_is_said_to_be_kept_back() {
    let kept_back = |verdict: Verdict| {
        let now = promotion('1', verdict, &[]);
        let mut stage = stage(&now, Vec::new());
        stage.delivery = Delivery::Commit;
        stage.closed_hold = Err("502".to_owned());
        decide(&stage).kept_back
    };
    assert_eq!(
        kept_back(Verdict::Pass),
        Some(KeptBack::Held("502".to_owned()))
    );
    assert_eq!(kept_back(Verdict::Pending), None);
}

#[test]
fn whoever_lifts_a_hold_by_asking_is_named_in_a_pull_request_of_its_own() {
    let now = waiting('1');
    let stands = |lifts: bool, held: bool| {
        let own = candidate(7, '1', Build::Intact, Some(now.clone()));
        let mut stage = stage(&now, vec![own]);
        stage.lifts_hold = lifts;
        stage.closed_hold = Ok(held.then(|| ClosedHold {
            number: number(3),
            since: jiff::Timestamp::UNIX_EPOCH,
            why: String::new(),
        }));
        decide(&stage).active_pull
    };
    assert_eq!(stands(true, true), None);
    for (lifts, held) in [(true, false), (false, true), (false, false)] {
        assert_eq!(stands(lifts, held), Some(number(7)), "{lifts} {held}");
    }
}
