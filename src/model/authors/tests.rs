use super::*;

fn person(id: UserId) -> Person {
    Person {
        id: Some(id),
        login: Some(format!("p{id}")),
        name: format!("P {id}"),
        email: format!("p{id}@x.example"),
    }
}

fn nobody() -> Person {
    Person {
        id: None,
        login: None,
        name: "renovate[bot]".to_owned(),
        email: "bot@x.example".to_owned(),
    }
}

fn bot() -> Person {
    Person {
        login: Some("renovate[bot]".to_owned()),
        ..person(90)
    }
}

fn actor(id: UserId, kind: ActorKind) -> Actor {
    Actor {
        id: Some(id),
        login: format!("a{id}"),
        kind,
    }
}

fn user(id: UserId) -> Actor {
    actor(id, ActorKind::User)
}

/// Written and committed by 1.
fn makers() -> Makers {
    Makers {
        commit: "ab".repeat(20).parse().unwrap(),
        authors: vec![person(1)],
        more_authors: false,
        committer: Some(person(1)),
        via_web: false,
        signed: false,
        merge: None,
    }
}

/// Opened by 3, merged by 4, with a commit of 5.
fn merge() -> Merge {
    Merge {
        number: PullNumber(12),
        opened_by: Some(user(3)),
        merged_by: Some(user(4)),
        authors: vec![person(5)],
        more: false,
    }
}

/// Who is excluded, and how many people cannot be identified.
fn told(makers: &Makers, pushed: &[Option<Actor>]) -> (Vec<UserId>, usize) {
    let found = ChangeAuthors::of(makers, pushed, "main", &Changed::Content);
    (found.people.into_keys().collect(), found.untold.len())
}

#[test]
fn who_pushed_or_merged_is_always_needed() {
    let pushed = [Some(user(2))];
    assert_eq!(told(&makers(), &pushed), (vec![1, 2], 0));
    assert_eq!(told(&makers(), &[]), (vec![1], 1));
    assert_eq!(told(&makers(), &[Some(user(2)), None]), (vec![1, 2], 1));
    let mut merged = makers();
    merged.merge = Some(merge());
    // The log of pushes is not asked then.
    assert!(!merged.wants_pushes());
    assert_eq!(told(&merged, &[]), (vec![1, 3, 4, 5], 0));
    merged.merge = Some(Merge {
        merged_by: None,
        ..merge()
    });
    assert!(merged.wants_pushes());
    assert_eq!(told(&merged, &[]), (vec![1, 3, 5], 1));
    assert_eq!(told(&merged, &pushed), (vec![1, 2, 3, 5], 0));
}

#[test]
fn a_bot_is_nobody_by_its_account_and_not_by_a_name() {
    let mut made = makers();
    made.authors = vec![bot()];
    made.committer = Some(bot());
    assert_eq!(told(&made, &[Some(user(2))]), (vec![2], 0));
    assert_eq!(told(&made, &[Some(actor(90, ActorKind::Bot))]), (vec![], 0));
    assert_eq!(told(&made, &[]), (vec![], 1));
    made.authors = vec![nobody()];
    assert_eq!(told(&made, &[Some(user(2))]), (vec![2], 1));
    assert_eq!(
        told(&made, &[Some(actor(7, ActorKind::Other))]),
        (vec![], 2)
    );
}

#[test]
fn the_forges_own_committer_is_passed_over_if_it_signed_or_merged() {
    let mut made = makers();
    made.committer = Some(nobody());
    made.via_web = true;
    let pushed = [Some(user(2))];
    assert_eq!(told(&made, &pushed), (vec![1, 2], 1));
    made.signed = true;
    assert_eq!(told(&made, &pushed), (vec![1, 2], 0));
    made.signed = false;
    made.merge = Some(merge());
    assert_eq!(told(&made, &pushed), (vec![1, 3, 4, 5], 0));
    // A signature alone does not make GitHub the author.
    made.merge = None;
    made.via_web = false;
    made.signed = true;
    assert_eq!(told(&made, &pushed), (vec![1, 2], 1));
}

#[test]
fn lists_that_were_not_read_to_their_end_are_not_told() {
    let mut made = makers();
    made.more_authors = true;
    made.merge = Some(Merge {
        opened_by: None,
        more: true,
        ..merge()
    });
    assert_eq!(told(&made, &[]), (vec![1, 4, 5], 3));
}

#[test]
fn reasons_say_what_each_did_and_sentences_what_to_do() {
    let mut made = makers();
    made.authors = vec![nobody()];
    made.committer = Some(person(6));
    made.merge = Some(Merge {
        merged_by: None,
        ..merge()
    });
    let value = Changed::Value("spec.helm.version of web in dev (abababa)".to_owned());
    let found = ChangeAuthors::of(&made, &[None, Some(user(2))], "main", &value);
    let people: Vec<String> = found
        .people
        .iter()
        .map(|(id, did)| format!("{id} {did}"))
        .collect();
    let sentences: Vec<String> = found.untold.into_iter().collect();
    insta::assert_snapshot!(format!("{}\n{}", people.join("\n"), sentences.join("\n")), @r"
    2 pushed the change of spec.helm.version of web in dev (abababa)
    3 opened the pull request that changed spec.helm.version of web in dev (abababa)
    5 changed spec.helm.version of web in dev (abababa)
    6 changed spec.helm.version of web in dev (abababa)
    cannot identify renovate[bot] <bot@x.example>, an author of abababa: the email is not linked to a GitHub account; add it to its owner's account, or make the change again with another one
    cannot identify who pushed or merged abababa: it is not the merge commit of a pull request, and the log of pushes to main does not list it; make the change again in a pull request that is squashed or merged
    ");
}
