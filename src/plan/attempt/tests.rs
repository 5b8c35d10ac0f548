use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::merge_state::Required;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ready() -> MergeState {
    MergeState {
        mergeable: Mergeable::Yes,
        draft: false,
        review: None,
        reviews_bind: true,
        required: Ok(BTreeMap::new()),
    }
}

fn with(contexts: &[(&str, ContextState)]) -> MergeState {
    let required = contexts.iter().map(|(name, state)| {
        (
            (*name).to_owned(),
            Required {
                state: *state,
                binds: true,
            },
        )
    });
    MergeState {
        required: Ok(required.collect()),
        ..ready()
    }
}

fn later(state: &MergeState) -> String {
    match attempt(state, None, at("2026-03-02T09:00:00Z"), false) {
        Attempt::Now => "now".to_owned(),
        Attempt::Later(why) => why,
    }
}

#[test]
fn what_github_is_sure_to_refuse_is_not_tried() {
    use ContextState::{Failure, Missing, Pending, Success};
    assert_eq!(later(&ready()), "now");
    let unknown = MergeState {
        mergeable: Mergeable::Unknown,
        ..ready()
    };
    assert_eq!(
        later(&unknown),
        "now",
        "GitHub refuses what it cannot merge"
    );
    let conflicts = MergeState {
        mergeable: Mergeable::No,
        ..ready()
    };
    assert_eq!(
        later(&conflicts),
        "GitHub reports a conflict with the base branch"
    );
    assert_eq!(
        later(&MergeState {
            draft: true,
            ..ready()
        }),
        "it is a draft"
    );
    for (review, said) in [
        (ReviewDecision::Approved, "now"),
        (
            ReviewDecision::ReviewRequired,
            "a review that the branch rules require is missing",
        ),
        (
            ReviewDecision::ChangesRequested,
            "a review that the branch rules require asks for changes",
        ),
    ] {
        let state = MergeState {
            review: Some(review),
            ..ready()
        };
        assert_eq!(later(&state), said);
        let bypassed = MergeState {
            reviews_bind: false,
            ..state
        };
        assert_eq!(later(&bypassed), "now");
    }
    for (state, said) in [
        (Success, "now"),
        (Pending, "the required check e2e has not finished"),
        (Failure, "the required check e2e failed"),
        (Missing, "the required check e2e was never reported"),
    ] {
        assert_eq!(later(&with(&[("e2e", state)])), said);
    }
    let several = [("a", Failure), ("b", Missing), ("c", Success)];
    assert_eq!(
        later(&with(&several)),
        "the required check a failed, the required check b was never reported"
    );
    let many = [
        ("a", Failure),
        ("b", Failure),
        ("c", Failure),
        ("d", Failure),
    ];
    assert_eq!(
        later(&with(&many)),
        "the required check a failed, and 3 more"
    );
}

#[test]
fn a_rule_that_does_not_bind_this_token_or_cannot_be_read_leaves_it_to_github() {
    let required = Required {
        state: ContextState::Missing,
        binds: false,
    };
    let bypassed = MergeState {
        required: Ok(BTreeMap::from([("e2e".to_owned(), required)])),
        ..ready()
    };
    assert_eq!(later(&bypassed), "now");
    let unread = MergeState {
        required: Err("no permission".to_owned()),
        ..ready()
    };
    assert_eq!(later(&unread), "now");
}

#[test]
fn a_refused_merge_is_tried_again_after_a_change_after_a_day_or_when_a_person_asks() {
    let state = with(&[("e2e", ContextState::Success)]);
    let refused_at = at("2026-03-02T09:00:00Z");
    let one = Refusals::one_more(None, &state);
    let tried = |refusals: &Refusals, state: &MergeState, now: &str, asked: bool| {
        let refused = Refused {
            refusals: refusals.clone(),
            words: "Merge already in progress".to_owned(),
            at: refused_at,
            from_queue: false,
        };
        attempt(state, Some(&refused), at(now), asked)
    };
    let soon = "2026-03-02T09:20:00Z";
    let Attempt::Later(why) = tried(&one, &state, soon, false) else {
        panic!("tried at once");
    };
    insta::assert_snapshot!(why, @"GitHub refused to merge it: Merge already in progress (tried again when its checks or reviews change, or Tue 09:00 UTC)");
    assert_eq!(
        tried(&one, &state, soon, true),
        Attempt::Now,
        "a person asks"
    );
    assert!(matches!(
        tried(&one, &state, "2026-03-03T08:59:59Z", false),
        Attempt::Later(_)
    ));
    assert_eq!(
        tried(&one, &state, "2026-03-03T09:00:00Z", false),
        Attempt::Now,
        "a day later"
    );
    let changed = MergeState {
        review: Some(ReviewDecision::Approved),
        ..state.clone()
    };
    assert_eq!(
        tried(&one, &changed, soon, false),
        Attempt::Now,
        "a review came"
    );
    let last = Refusals {
        count: MAX_ATTEMPTS,
        ..one
    };
    let Attempt::Later(why) = tried(&last, &changed, "2026-06-01T09:00:00Z", false) else {
        panic!("tried for ever");
    };
    insta::assert_snapshot!(why, @"GitHub refused to merge it: Merge already in progress (20 times; only a person's `promote` tries again)");
    assert_eq!(tried(&last, &changed, soon, true), Attempt::Now);
}

#[test]
fn what_the_queue_took_out_waits_for_a_change_or_a_person() {
    let state = with(&[("e2e", ContextState::Success)]);
    let refused = Refused {
        refusals: Refusals::one_more(None, &state),
        words: "it was removed from the merge queue (failed_checks)".to_owned(),
        at: at("2026-03-02T09:00:00Z"),
        from_queue: true,
    };
    let now = at("2026-06-01T09:00:00Z");
    let Attempt::Later(why) = attempt(&state, Some(&refused), now, false) else {
        panic!("tried again after a while");
    };
    insta::assert_snapshot!(why, @"GitHub refused to merge it: it was removed from the merge queue (failed_checks) (tried again when its checks or reviews change, or on a person's `promote`)");
    assert_eq!(attempt(&state, Some(&refused), now, true), Attempt::Now);
    let changed = with(&[
        ("e2e", ContextState::Success),
        ("unit", ContextState::Success),
    ]);
    assert_eq!(attempt(&changed, Some(&refused), now, false), Attempt::Now);
}

#[test]
fn the_digest_follows_what_github_looks_at_and_nothing_else() {
    let state = with(&[("e2e", ContextState::Success)]);
    let same = MergeState {
        mergeable: Mergeable::Unknown,
        ..state.clone()
    };
    assert_eq!(digest(&state), digest(&same), "still being worked out");
    let others = [
        MergeState {
            mergeable: Mergeable::No,
            ..state.clone()
        },
        MergeState {
            draft: true,
            ..state.clone()
        },
        MergeState {
            review: Some(ReviewDecision::ReviewRequired),
            ..state.clone()
        },
        with(&[("e2e", ContextState::Pending)]),
        with(&[("e3e", ContextState::Success)]),
        MergeState {
            required: Err("x".to_owned()),
            ..state.clone()
        },
    ];
    for other in others {
        assert_ne!(digest(&state), digest(&other), "{other:?}");
    }
    let unread = |why: &str| MergeState {
        required: Err(why.to_owned()),
        ..ready()
    };
    assert_eq!(digest(&unread("one")), digest(&unread("two")));
}

#[test]
fn only_a_whole_suffix_is_read_as_refusals() {
    for other in [
        "",
        "waits for its gates",
        " · refused 1 · ",
        "x · refused 0 · 0123abcd",
        "x · refused 1 · 0123abc",
        "x · refused -1 · 0123abcd",
        "x · refused 1 · 0123abcg",
        "x · refused 1 · 0123abcd.",
        "x · refused 1",
    ] {
        assert_eq!(Refusals::parse(other), None, "{other}");
    }
}

proptest! {
    #[test]
    fn a_description_keeps_the_refusals_whatever_github_said(words in ".{0,300}", count in 1u32.., digest in "[0-9a-f]{8}") {
        let refusals = Refusals { count, digest };
        let text = Refusals::describe(&words, Some(&refusals));
        prop_assert!(text.chars().count() <= MAX_DESCRIPTION);
        let (read, said) = Refusals::parse(&text).unwrap();
        prop_assert_eq!(&read, &refusals);
        prop_assert!(words.starts_with(said.trim_end_matches('…')) || words.trim_end() == said);
    }
}
