//! Lines of `approve`: groups, teams, code owners, several of them, and who is left when too few remain.

use super::*;
use crate::model::code_owners::CodeOwners;

/// A policy of which the gate `g` has these lines of YAML.
fn policy(gate: &str, people: &str) -> Policy {
    let text = format!("version: 1\npeople: {people}\ngates:\n  g: {gate}\n");
    Policy::sample(&text)
}

/// Person N is known as `pN`: 1, 2, 6 and 7 have write access, 3 has triage access, 4 has read access.
fn roster() -> Roster {
    let known = |id, permission| (format!("p{id}"), Ok(Some(Known { id, permission })));
    Roster {
        people: BTreeMap::from([
            known(1, Permission::Write),
            known(2, Permission::Write),
            known(3, Permission::Triage),
            known(4, Permission::Less),
            known(6, Permission::Write),
            known(7, Permission::Write),
            ("gone".to_owned(), Ok(None)),
        ]),
        teams: BTreeMap::from([
            (
                "acme/leads".to_owned(),
                Ok(BTreeMap::from([(6, "p6".to_owned()), (7, "p7".to_owned())])),
            ),
            (
                "acme/hidden".to_owned(),
                Err("the token cannot read the team acme/hidden".to_owned()),
            ),
        ]),
        code_owners: Some(Ok(Some(CodeOwners::parse(
            "* @p1\n/prod/ @acme/leads @p2\n/mail/ a@b.example\n/free/\n/slip/ p2\n/solo/ @p3\n",
        )))),
    }
}

fn approved(by: &[UserId]) -> Evidence {
    let reviews = by
        .iter()
        .enumerate()
        .map(|(at, id)| review(at as u64 + 1, person(*id), Opinion::Approved))
        .collect();
    let mut evidence = with_reviews(reviews);
    for id in [6, 7] {
        evidence.permissions.insert(id, Ok(Permission::Write));
    }
    evidence
}

fn says(gate: &str, people: &str, files: &[&'static str], evidence: &Evidence) -> String {
    let world = World {
        policy: policy(gate, people),
        roster: roster(),
        files: files.to_vec(),
    };
    let Some(GateRule::Approval {
        approve,
        ways,
        exclude,
    }) = world
        .policy
        .gate(&"p".into(), &"g".into())
        .map(|ruled| ruled.rule.clone())
    else {
        panic!("{gate}");
    };
    let rule = Rule {
        lines: &approve,
        ways: &ways,
        exclude: &exclude,
    };
    let (verdict, reason) = judge(&world, &rule, evidence);
    format!("{verdict}: {reason}")
}

#[test]
fn a_group_is_asked_by_name_and_counted() {
    let two = "{ approve: [{ by: sre, count: 2 }], ways: [review] }";
    let group = "{ sre: [p1, P2, p6] }";
    for (by, expected) in [
        (
            &[][..],
            "pending: waits for 2 approvals by sre (p1, P2 or p6 can approve)",
        ),
        (
            &[2],
            "pending: 1 of 2 approvals by sre (p1 or p6 can approve)",
        ),
        (
            &[7],
            "pending: waits for 2 approvals by sre (p1, P2 or p6 can approve)",
        ),
        (&[1, 2], "pass: approved by p1 (review), p2 (review)"),
    ] {
        assert_eq!(says(two, group, &[], &approved(by)), expected, "{by:?}");
    }
}

#[test]
fn every_line_must_be_met_and_one_approval_may_count_for_several() {
    let lines = "{ approve: [{ by: sre, count: 1 }, { by: acme/leads }], ways: [review] }";
    let group = "{ sre: [p1, p6] }";
    assert_eq!(
        says(lines, group, &[], &approved(&[1])),
        "pending: waits for 1 approval by acme/leads (p6 or p7 can approve)"
    );
    assert_eq!(
        says(lines, group, &[], &approved(&[6])),
        "pass: approved by p6 (review)"
    );
}

#[test]
fn a_team_counts_by_its_members_ids_and_one_that_cannot_be_read_is_an_error() {
    let of = |team: &str| format!("{{ approve: [{{ by: {team} }}], ways: [review] }}");
    assert_eq!(
        says(&of("Acme/Leads"), "{}", &[], &approved(&[7])),
        "pass: approved by p7 (review)"
    );
    assert_eq!(
        says(&of("acme/hidden"), "{}", &[], &approved(&[7])),
        "error: the token cannot read the team acme/hidden"
    );
    assert_eq!(
        says(
            &of("sre"),
            "{ sre: [p1, acme/leads] }",
            &[],
            &approved(&[6])
        ),
        "pass: approved by p6 (review)"
    );
}

#[test]
fn where_too_few_remain_it_is_blocked_and_says_who_could() {
    let two = "{ approve: [{ by: sre, count: 2 }], ways: [review] }";
    let mut asked = approved(&[]);
    asked.requester = Some(1);
    assert_eq!(
        says(two, "{ sre: [p1, p2] }", &[], &asked),
        "blocked: needs 2 approvals by sre: of p1 and p2 only p2 could approve"
    );
    assert_eq!(
        says(two, "{ sre: [p3, p4, gone] }", &[], &approved(&[])),
        "blocked: needs 2 approvals by sre: of gone, p3 and p4 no one is left who could approve"
    );
    // A person who approved already still counts.
    assert_eq!(
        says(two, "{ sre: [p1, p2] }", &[], &approved(&[1])),
        "pending: 1 of 2 approvals by sre (p2 can approve)"
    );
}

#[test]
fn code_owners_are_asked_for_every_file_that_has_some() {
    let owners = "{ approve: [{ by: code-owners, count: 1 }], ways: [review] }";
    let prod = ["prod/a.yaml"];
    let both = ["prod/a.yaml", "dev/a.yaml"];
    assert_eq!(
        says(owners, "{}", &prod, &approved(&[1])),
        "pending: waits for 1 approval by code owners (p2, p6 or p7 can approve)"
    );
    assert_eq!(
        says(owners, "{}", &prod, &approved(&[6])),
        "pass: approved by p6 (review)"
    );
    assert_eq!(
        says(owners, "{}", &both, &approved(&[6])),
        "pending: waits for an approval by another member of code owners (p1 can approve)"
    );
    assert_eq!(
        says(owners, "{}", &both, &approved(&[6, 1])),
        "pass: approved by p1 (review), p6 (review)"
    );
    assert_eq!(
        says(owners, "{}", &["free/a.yaml"], &approved(&[1])),
        "blocked: needs 1 approval by code owners: CODEOWNERS names no one for the files of this promotion"
    );
    assert_eq!(
        says(owners, "{}", &["mail/a.yaml"], &approved(&[1])),
        "blocked: needs 1 approval by code owners: none of the code owners of mail/a.yaml can be identified: name them by login or team"
    );
    assert_eq!(
        says(owners, "{}", &["slip/a.yaml"], &approved(&[1])),
        "error: line 5 of CODEOWNERS is not understood, and may be about slip/a.yaml: correct `/slip/ p2`"
    );
}

#[test]
fn who_is_left_is_asked_for_each_file_that_has_owners() {
    let gate =
        |count| format!("{{ approve: [{{ by: code-owners, count: {count} }}], ways: [review] }}");
    // No owner of one of the files may approve, whoever owns the other.
    let both = ["prod/a.yaml", "solo/a.yaml"];
    assert_eq!(
        says(&gate(1), "{}", &both, &approved(&[6])),
        "blocked: needs 1 approval by code owners: of p3 no one is left who could approve"
    );
    // Someone who has approved with write access was asked, whatever was known before.
    let mut promoted = approved(&[3]);
    promoted.permissions.insert(3, Ok(Permission::Write));
    assert_eq!(
        says(&gate(1), "{}", &["solo/a.yaml"], &promoted),
        "pass: approved by p3 (review)"
    );
    // As long as approvals are missing anyway, everyone who could give one is named.
    assert_eq!(
        says(
            &gate(2),
            "{}",
            &["prod/a.yaml", "dev/a.yaml"],
            &approved(&[6])
        ),
        "pending: 1 of 2 approvals by code owners (p1, p2 or p7 can approve)"
    );
}

#[test]
fn of_many_who_can_approve_five_are_named() {
    let gate = "{ approve: [{ by: sre }], ways: [review] }";
    let of = |people: &str| says(gate, people, &[], &approved(&[]));
    assert_eq!(
        of("{ sre: [a, b, c, d, e] }"),
        "pending: waits for 1 approval by sre (a, b, c, d or e can approve)"
    );
    assert_eq!(
        of("{ sre: [a, b, c, d, e, f, g] }"),
        "pending: waits for 1 approval by sre (a, b, c, d, e or 2 more can approve)"
    );
}

#[test]
fn authors_of_the_changes_do_not_count_and_one_who_cannot_be_told_holds_the_gate() {
    let gate = "{ approve: [{ by: writers }], ways: [review], exclude: [change-authors] }";
    let with = |authors: Option<Result<ChangeAuthors, String>>, by: &[UserId]| {
        let mut evidence = approved(by);
        evidence.change_authors = authors;
        says(gate, "{}", &[], &evidence)
    };
    let wrote = |id: UserId| ChangeAuthors {
        people: BTreeMap::from([(id, "changed LIMIT of web in dev (1a2b3c4)".to_owned())]),
        untold: BTreeSet::new(),
    };
    assert_eq!(
        with(Some(Ok(wrote(1))), &[1]),
        "pending: waits for 1 approval by anyone with write access; p1 changed LIMIT of web in dev (1a2b3c4), and does not count"
    );
    assert_eq!(
        with(Some(Ok(wrote(1))), &[1, 2]),
        "pass: approved by p2 (review)"
    );
    let mut unknown = wrote(1);
    unknown
        .untold
        .insert("cannot identify Frank: ask him".to_owned());
    assert_eq!(
        with(Some(Ok(unknown.clone())), &[2]),
        "pending: cannot identify Frank: ask him, and this gate excludes change authors"
    );
    unknown
        .untold
        .insert("cannot identify who pushed it: push again".to_owned());
    assert_eq!(
        with(Some(Ok(unknown)), &[2]),
        "pending: cannot identify Frank: ask him (and 1 more like this), and this gate excludes change authors"
    );
    assert_eq!(
        with(Some(Err("GitHub did not answer".to_owned())), &[2]),
        "error: GitHub did not answer"
    );
    assert_eq!(
        with(None, &[2]),
        "error: it was not read who made the changes"
    );
}

proptest! {
    /// Someone who is removed from a group, or loses write access, never opens a gate.
    #[test]
    fn fewer_voters_never_open_a_gate(by in proptest::collection::btree_set(1..8u64, 0..5), gone in 1..8u64) {
        let by: Vec<UserId> = by.into_iter().filter(|id| ![3, 4, 5].contains(id)).collect();
        let two = "{ approve: [{ by: sre, count: 2 }], ways: [review] }";
        let all = says(two, "{ sre: [p1, p2, p6, p7] }", &[], &approved(&by));
        let members: Vec<String> =
            [1u64, 2, 6, 7].iter().filter(|id| **id != gone).map(|id| format!("p{id}")).collect();
        let fewer = says(two, &format!("{{ sre: [{}] }}", members.join(", ")), &[], &approved(&by));
        if !all.starts_with("pass") {
            prop_assert!(!fewer.starts_with("pass"), "{all} / {fewer}");
        }
    }
}

#[test]
fn of_lines_that_are_not_met_the_worst_speaks_and_of_equal_ones_the_first() {
    let group = "{ sre: [p1], ops: [p2] }";
    let of = |first: &str, second: &str| {
        let gate =
            format!("{{ approve: [{{ by: {first} }}, {{ by: {second} }}], ways: [review] }}");
        says(&gate, group, &[], &approved(&[]))
    };
    for (first, second) in [("sre", "acme/hidden"), ("acme/hidden", "sre")] {
        let said = of(first, second);
        assert!(said.starts_with("error: "), "{said}");
    }
    let waits = "pending: waits for 1 approval by";
    assert!(of("sre", "ops").starts_with(&format!("{waits} sre")));
    assert!(of("ops", "sre").starts_with(&format!("{waits} ops")));
}
