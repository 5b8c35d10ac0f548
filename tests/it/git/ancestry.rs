//! Which commit descends from which.

use sluice::model::ids::CommitId;

use test_support::git::TestRepo;

#[test]
fn ancestry_follows_all_parents_and_includes_the_commit_itself() {
    let repo = TestRepo::new();
    let base = repo.commit("main", &[("a", "1")]);
    repo.branch("side", &base);
    let on_side = repo.commit("side", &[("a", "2")]);
    let on_main = repo.commit("main", &[("a", "3")]);
    // Criss-cross: each side merges the other.
    let main_merge = repo.on("main").merging("side").done();
    repo.branch("old-main", &on_main);
    let side_merge = repo.on("side").merging("old-main").done();
    let alone = repo.commit("orphan", &[("a", "4")]);
    let opened = repo.open();
    let is = |ancestor: &CommitId, of: &CommitId| opened.is_ancestor(ancestor, of).unwrap();
    for of in [&main_merge, &side_merge] {
        assert!(is(&base, of) && is(&on_side, of) && is(&on_main, of) && is(of, of));
        assert!(!is(&alone, of) && !is(of, &alone) && !is(of, &base));
    }
    assert!(!is(&main_merge, &side_merge) && !is(&side_merge, &main_merge));
    assert!(
        opened
            .reachable_from_any(&main_merge, &[alone, side_merge, main_merge])
            .unwrap()
    );
    assert!(
        !opened
            .reachable_from_any(&main_merge, &[alone, side_merge, on_side])
            .unwrap()
    );
    assert!(!opened.reachable_from_any(&base, &[]).unwrap());
}

#[test]
fn ancestry_does_not_depend_on_clocks() {
    let repo = TestRepo::new();
    let git = repo.git();
    let tree = git
        .find_tree(git.treebuilder(None).unwrap().write().unwrap())
        .unwrap();
    // A chain whose every commit claims to be older than its parent, and a fork of it.
    let make = |time: i64, parents: &[git2::Oid]| {
        let who = git2::Signature::new("A", "a@b", &git2::Time::new(time, 0)).unwrap();
        let parents: Vec<_> = parents
            .iter()
            .map(|id| git.find_commit(*id).unwrap())
            .collect();
        git.commit(
            None,
            &who,
            &who,
            "",
            &tree,
            &parents.iter().collect::<Vec<_>>(),
        )
        .unwrap()
    };
    let mut chain = vec![make(1_000, &[])];
    for step in 1..20 {
        chain.push(make(1_000 - step, &[chain[chain.len() - 1]]));
    }
    let fork = make(5_000, &[chain[10]]);
    let id = |oid: &git2::Oid| CommitId::from_bytes(oid.as_bytes()).unwrap();
    let opened = repo.open();
    for (older, ancestor) in chain.iter().enumerate() {
        for (newer, of) in chain.iter().enumerate() {
            assert_eq!(
                opened.is_ancestor(&id(ancestor), &id(of)).unwrap(),
                older <= newer,
                "{older} {newer}"
            );
        }
        assert_eq!(
            opened.is_ancestor(&id(ancestor), &id(&fork)).unwrap(),
            older <= 10
        );
        assert!(!opened.is_ancestor(&id(&fork), &id(ancestor)).unwrap());
    }
}
