//! The merge base by tables, and against a plain computation on random histories of which only a part is known.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A history: of each commit its parents, which are all smaller, and its date.
type History = BTreeMap<usize, (Vec<usize>, i64)>;

fn id(number: usize) -> CommitId {
    format!("{number:040x}").parse().unwrap()
}

fn history(commits: &[(usize, &[usize])]) -> History {
    let dated = commits.iter().map(|(commit, parents)| {
        let time = i64::try_from(*commit).unwrap();
        (*commit, (parents.to_vec(), time))
    });
    dated.collect()
}

/// The answer if `known` says which commits are known, and `cut` for which one the last parent is not listed.
fn ask(
    history: &History,
    tip: usize,
    head: usize,
    known: impl Fn(usize) -> bool,
    cut: Option<usize>,
) -> MergeBase {
    let all: BTreeMap<CommitId, usize> = history.keys().map(|one| (id(*one), *one)).collect();
    let node = |commit: &CommitId| {
        let number = all[commit];
        let (parents, time) = &history[&number];
        let told = parents.len() - usize::from(cut == Some(number) && !parents.is_empty());
        Ok(known(number).then(|| Node {
            parents: parents[..told].iter().map(|parent| id(*parent)).collect(),
            all_parents: told == parents.len(),
            time: *time,
        }))
    };
    merge_base(id(tip), id(head), node).unwrap()
}

/// Everything that a commit leads to, itself included.
fn reach(history: &History, from: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if found.insert(at) {
            open.extend(&history[&at].0);
        }
    }
    found
}

/// The merge bases as they are defined: what both lead to, and nothing else that both lead to leads to.
fn defined(history: &History, tip: usize, head: usize) -> Vec<CommitId> {
    let (of_tip, of_head) = (reach(history, tip), reach(history, head));
    let common: Vec<usize> = of_tip.intersection(&of_head).copied().collect();
    let best = common.iter().filter(|one| {
        let others = common.iter().filter(|other| other != one);
        others
            .into_iter()
            .all(|other| !reach(history, *other).contains(one))
    });
    best.map(|one| id(*one)).collect()
}

fn of(bases: Vec<CommitId>) -> MergeBase {
    match bases[..] {
        [] => MergeBase::Unrelated,
        [one] => MergeBase::One(one),
        _ => MergeBase::Several(bases),
    }
}

#[test]
fn plain_histories_have_one_merge_base_and_criss_cross_several() {
    // A line of five, from whose second commit a branch of two leaves.
    let line: &[(usize, &[usize])] = &[
        (0, &[]),
        (1, &[0]),
        (2, &[1]),
        (3, &[2]),
        (4, &[3]),
        (5, &[1]),
        (6, &[5]),
    ];
    let all = |_| true;
    assert_eq!(ask(&history(line), 4, 6, all, None), MergeBase::One(id(1)));
    assert_eq!(ask(&history(line), 4, 2, all, None), MergeBase::One(id(2)));
    assert_eq!(ask(&history(line), 2, 4, all, None), MergeBase::One(id(2)));
    assert_eq!(ask(&history(line), 4, 4, all, None), MergeBase::One(id(4)));
    let criss_cross: &[(usize, &[usize])] =
        &[(0, &[]), (1, &[0]), (2, &[0]), (3, &[1, 2]), (4, &[2, 1])];
    assert_eq!(
        ask(&history(criss_cross), 3, 4, all, None),
        MergeBase::Several(vec![id(1), id(2)])
    );
    let unrelated: &[(usize, &[usize])] = &[(0, &[]), (1, &[])];
    assert_eq!(
        ask(&history(unrelated), 0, 1, all, None),
        MergeBase::Unrelated
    );
}

#[test]
fn what_is_not_known_is_named_by_side_and_no_more_than_that_is_asked_for() {
    let line: &[(usize, &[usize])] = &[
        (0, &[]),
        (1, &[0]),
        (2, &[1]),
        (3, &[2]),
        (4, &[3]),
        (5, &[1]),
        (6, &[5]),
    ];
    let unknown =
        |known: &[usize]| match ask(&history(line), 4, 6, |one| known.contains(&one), None) {
            MergeBase::Unknown(missing) => missing,
            other => panic!("{known:?}: {other:?}"),
        };
    let missing = unknown(&[4]);
    assert_eq!(missing.of_tip, [id(3)].into());
    assert_eq!(missing.of_head, [id(6)].into());
    let missing = unknown(&[4, 3, 6, 5]);
    let wanted = Missing {
        of_tip: [id(2)].into(),
        of_head: [id(1)].into(),
        tip_alone: 3,
        head_alone: 3,
    };
    assert_eq!(missing, wanted);
    // Nothing has to be known of the merge base itself.
    let known = |one| [4, 3, 2, 6, 5].contains(&one);
    assert_eq!(
        ask(&history(line), 4, 6, known, None),
        MergeBase::One(id(1))
    );
}

#[test]
fn a_head_that_is_not_read_yet_is_asked_for_although_the_tip_has_a_long_history_at_hand() {
    let length = MAX_WALKED + 10;
    let mut long = history(&[(0, &[])]);
    for at in 1..length {
        long.insert(at, (vec![at - 1], i64::try_from(at).unwrap()));
    }
    long.insert(length, (vec![length - 2], i64::MAX));
    let found = ask(&long, length - 1, length, |one| one != length, None);
    assert!(matches!(found, MergeBase::Unknown(missing) if missing.of_head.contains(&id(length))));
    assert_eq!(
        ask(&long, length - 1, length, |_| true, None),
        MergeBase::One(id(length - 2))
    );
    long.insert(length, (vec![0], i64::MAX));
    assert_eq!(
        ask(&long, length - 1, length, |_| true, None),
        MergeBase::TooFar
    );
}

#[test]
fn a_commit_of_which_a_parent_is_not_told_decides_nothing_unless_both_have_it() {
    // The tip's 4 also merges 3, which is the head's parent.
    let hidden: &[(usize, &[usize])] = &[
        (0, &[]),
        (1, &[0]),
        (2, &[1]),
        (3, &[1]),
        (4, &[2, 3]),
        (5, &[3]),
    ];
    let hidden = history(hidden);
    assert_eq!(ask(&hidden, 4, 5, |_| true, None), MergeBase::One(id(3)));
    assert_eq!(
        ask(&hidden, 4, 5, |_| true, Some(4)),
        MergeBase::CutOff(id(4))
    );
    let mut above = hidden;
    above.insert(6, (vec![4], 6));
    above.insert(7, (vec![4], 7));
    assert_eq!(ask(&above, 6, 7, |_| true, Some(4)), MergeBase::One(id(4)));
}

/// Histories of up to 14 commits with up to three parents and any dates, two commits of them, and which are known.
fn any_history() -> impl Strategy<Value = (History, usize, usize, Vec<bool>, usize)> {
    let commits = prop::collection::vec(
        (
            prop::collection::vec(any::<prop::sample::Index>(), 0..4),
            0_i64..6,
        ),
        2..14,
    );
    commits.prop_flat_map(|commits| {
        let count = commits.len();
        let history: History = commits
            .into_iter()
            .enumerate()
            .map(|(at, (parents, time))| {
                let parents: BTreeSet<usize> = match at {
                    0 => BTreeSet::new(),
                    _ => parents.iter().map(|parent| parent.index(at)).collect(),
                };
                (at, (parents.into_iter().collect(), time))
            })
            .collect();
        (
            Just(history),
            0..count,
            0..count,
            prop::collection::vec(any::<bool>(), count),
            0..count,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_dates_the_answer_is_as_defined((history, tip, head, ..) in any_history()) {
        prop_assert_eq!(ask(&history, tip, head, |_| true, None), of(defined(&history, tip, head)));
    }

    #[test]
    fn what_is_answered_of_a_part_is_true_of_the_whole((history, tip, head, known, cut) in any_history()) {
        for cut in [None, Some(cut)] {
            let wanted = of(defined(&history, tip, head));
            match ask(&history, tip, head, |one| known[one], cut) {
                MergeBase::Unknown(missing) => {
                    let all: Vec<&CommitId> = missing.of_tip.iter().chain(&missing.of_head).collect();
                    prop_assert!(!all.is_empty());
                    let unknown: BTreeSet<CommitId> = (0..known.len()).filter(|one| !known[*one]).map(id).collect();
                    prop_assert!(all.iter().all(|one| unknown.contains(*one)));
                }
                // Which of them descends from the others may depend on what is not known: the one merge base may be
                // among them.
                MergeBase::Several(found) => {
                    for base in defined(&history, tip, head) {
                        prop_assert!(found.contains(&base));
                    }
                }
                MergeBase::CutOff(_) => prop_assert!(cut.is_some()),
                found => prop_assert_eq!(found, wanted),
            }
        }
    }
}
