use super::*;
use proptest::prelude::*;

fn record(name: &str, value: &str) -> Record {
    Record {
        namespace: Some(name.to_owned()),
        pipeline: name.to_owned(),
        stage: name.to_owned(),
        edges: vec![EdgeName {
            from: name.into(),
            to: name.into(),
        }],
        plan: "7c".repeat(32).parse().unwrap(),
        build: "0123456789ab".to_owned(),
        repository: "acme/gitops".to_owned(),
        base: name.to_owned(),
        sources: vec![SourceLine {
            target: name.to_owned(),
            source: name.to_owned(),
            values: vec![
                ("git.ref".to_owned(), Taken::Plain(value.to_owned())),
                (
                    name.to_owned(),
                    Taken::Secret("ab".repeat(20).parse().unwrap()),
                ),
                ("token".to_owned(), Taken::Unchanged),
            ],
        }],
        requested_by: None,
        reason: None,
        emergency: None,
        rollback: None,
    }
}

#[test]
fn ordinary_names_are_written_as_they_are() {
    insta::assert_snapshot!(record("prod", "6.5.3").trailers(), @r"
    Sluice-Pipeline: prod/prod
    Sluice-Stage: prod
    Sluice-Edges: prod -> prod
    Sluice-Plan: 7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c
    Sluice-Build: 0123456789ab
    Sluice-Source: prod from prod: git.ref=6.5.3 prod@abababababababababababababababababababab token@unchanged
    Sluice-Repository: acme/gitops@prod
    ");
}

/// What versions wrote; these lines are never edited.
#[test]
fn every_trailer_is_read_as_it_is_on_the_wire() {
    let message = "\
EMERGENCY: podinfo → staging: 6.5.3 (#1)

- podinfo-staging spec.helm.version: 6.5.3 (was not set)

Sluice-Pipeline: apps/podinfo
Sluice-Stage: \"staging \\u00e4\"
Sluice-Edges: dev -> \"staging \\u00e4\"
Sluice-Edges: qa -> \"staging \\u00e4\"
Sluice-Plan: 66f61f3a904d38261aced0d0551f848afc1c5c05a5f8b520ce1d733ff2241b50
Sluice-Build: f5a81a0a9e39
Sluice-Source: apps/podinfo-staging from apps/podinfo-dev: helm.version=6.5.3 helm.chart=\"a b\"
Sluice-Source: apps/keys from apps/keys-dev: token@abababababababababababababababababababab user@unchanged
Sluice-Requested-By: 1001
Sluice-Reason: \"INC-7\\u003a it burns\"
Sluice-Emergency: windows+soak
Sluice-Rollback: cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef
Sluice-Repository: acme/gitops@main
Sluice-Gate: try pass: approved by carol (review), dave (review)
Sluice-Brings: \"{}\"
";
    let edge = |from: &str| EdgeName {
        from: from.into(),
        to: "staging ä".into(),
    };
    let plain = |slot: &str, value: &str| (slot.to_owned(), Taken::Plain(value.to_owned()));
    let record = Record {
        namespace: Some("apps".to_owned()),
        pipeline: "podinfo".to_owned(),
        stage: "staging ä".to_owned(),
        edges: vec![edge("dev"), edge("qa")],
        plan: "66f61f3a904d38261aced0d0551f848afc1c5c05a5f8b520ce1d733ff2241b50"
            .parse()
            .unwrap(),
        build: "f5a81a0a9e39".to_owned(),
        repository: "acme/gitops".to_owned(),
        base: "main".to_owned(),
        sources: vec![
            SourceLine {
                target: "apps/podinfo-staging".to_owned(),
                source: "apps/podinfo-dev".to_owned(),
                values: vec![plain("helm.version", "6.5.3"), plain("helm.chart", "a b")],
            },
            SourceLine {
                target: "apps/keys".to_owned(),
                source: "apps/keys-dev".to_owned(),
                values: vec![
                    (
                        "token".to_owned(),
                        Taken::Secret("ab".repeat(20).parse().unwrap()),
                    ),
                    ("user".to_owned(), Taken::Unchanged),
                ],
            },
        ],
        requested_by: Some(1001),
        reason: Some("INC-7: it burns".to_owned()),
        emergency: Some("windows+soak".to_owned()),
        rollback: Some((
            "cd".repeat(20).parse().unwrap(),
            "ef".repeat(32).parse().unwrap(),
        )),
    };
    assert_eq!(Record::parse(message), Some(record));
    assert_eq!(trailers_of(message, "Brings"), ["{}"]);
}

#[test]
fn a_branch_is_named_by_plan_and_build_and_a_taken_name_gets_a_suffix() {
    let record = record("prod", "1");
    let plain = "sluice/prod/prod/7c7c7c7c7c7c-0123456789ab";
    assert_eq!(branch_name(&record), plain);
    for suffix in ["", "-a1b2c3", "-000000", "-2", "-17"] {
        let name = format!("{plain}{suffix}");
        assert!(branch_is_of(&name, &record), "{name}");
    }
    for suffix in [
        "-", "-1", "-02", "c", "-a1b2c", "-a1b2c3d", "-A1b2c3", "-a1b2c/",
    ] {
        let name = format!("{plain}{suffix}");
        assert!(!branch_is_of(&name, &record), "{name}");
    }
}

#[test]
fn a_message_without_the_trailers_or_with_two_plans_is_no_record() {
    let good = record("prod", "1").trailers();
    assert!(Record::parse(&good).is_some());
    assert!(Record::parse("Bump podinfo\n").is_none());
    let twice = format!("{good}Sluice-Plan: {}\n", "00".repeat(32));
    assert!(Record::parse(&twice).is_none());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(name in ".{1,12}", value in ".{1,12}") {
        let mut record = record(&name, &value);
        record.requested_by = Some(name.len() as u64);
        record.reason = Some(value.clone());
        record.rollback = Some(("ab".repeat(20).parse().unwrap(), record.plan));
        let text = record.trailers();
        prop_assert_eq!(text.lines().count(), 10, "{}", text);
        prop_assert_eq!(Record::parse(&text), Some(record));
    }
}
