//! Gates: only Pass lets a promotion through, and without a forge only people named by hand can give it.

mod windows;

use test_support::{chart, folder, pipeline, plan, repo, run};

fn gated(kinds: &[&str], policy: &str) -> Vec<(String, String)> {
    let all = [
        chart("web-dev", "1.1.0"),
        chart("web-prod", "1.0.0"),
        pipeline(
            "web",
            &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
            &[("dev prod", kinds)],
        ),
    ];
    vec![
        ("all.yaml".to_owned(), all.join("---\n")),
        (
            ".github/sluice.yaml".to_owned(),
            format!("version: 1\n{policy}"),
        ),
    ]
}

/// Exit codes of promoting with these approvals, and the last words.
fn promote(files: &[(String, String)], approvers: &[&str]) -> (u8, String) {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let repo = repo(&files);
    let tip = repo.tip("main");
    let mut arguments = vec!["promote", "--local", "--pipeline", "web", "--to", "prod"];
    for name in approvers {
        arguments.extend(["--approved-by", *name]);
    }
    let ran = run(repo.path(), &arguments);
    assert_eq!(repo.tip("main") != tip, ran.exit == 0);
    (ran.exit, ran.all())
}

#[test]
fn what_a_workflow_or_check_says_is_never_known_without_github() {
    for (kind, policy) in [
        ("g JOB", "gates: { g: { workflow: x.yml } }\n"),
        (
            "g SENTINEL",
            "gates: { g: { check: { name: x, app: 1 } } }\n",
        ),
        ("g APPROVEL", "gates: { g: { workflow: x.yml } }\n"),
    ] {
        let files = gated(&[kind], policy);
        let (exit, words) = promote(&files, &["ann", "bob", "g"]);
        assert_ne!(exit, 0, "{kind} {policy}: {words}");
        let texts: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let dir = folder(&texts);
        let document = run(
            dir.path(),
            &["simulate", "--approve", "ann", "--format", "json"],
        )
        .json();
        // A simulation lets every workflow and check succeed that a gate is mapped to, and says so.
        let events = document["events"].to_string();
        assert!(
            events.contains("committed") && events.contains("assumed"),
            "{kind} {policy}: {events}"
        );
        let planned = plan(dir.path());
        let gates = planned.promotion("web", "prod")["gates"]
            .as_array()
            .unwrap();
        assert_eq!(gates.len(), 1, "{kind} {policy}");
        assert_ne!(gates[0]["verdict"], "pass", "{kind} {policy}");
    }
}

#[test]
fn a_gate_of_which_nobody_said_when_it_opens_is_a_finding_and_lets_nothing_through() {
    for kind in [
        "g WINDOW",
        "g JOB",
        "g SENTINEL",
        "g APPROVEL",
        "g approval",
        "g \"\"",
    ] {
        let files = gated(&[kind, "release APPROVAL"], "");
        let (exit, words) = promote(&files, &["ann", "bob", "g"]);
        assert_eq!(exit, 2, "{kind}: {words}");
        assert!(
            words.contains("has no rule for the gate g"),
            "{kind}: {words}"
        );
        let texts: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let planned = plan(folder(&texts).path());
        assert_eq!(planned.codes(), ["gate-unmapped"], "{kind}");
        assert_eq!(planned.state("web", "prod"), "error", "{kind}");
    }
}

#[test]
fn a_shut_gate_beside_an_open_one_keeps_the_promotion() {
    let policy = "gates: { tests: { workflow: tests.yml } }\n";
    let (exit, words) = promote(&gated(&["release APPROVAL", "tests JOB"], policy), &["ann"]);
    assert_eq!(exit, 3, "{words}");
    assert!(
        words.contains("tests (JOB)") && !words.contains("release (APPROVAL)"),
        "{words}"
    );
}

#[test]
fn every_line_of_a_rule_must_be_met_by_enough_different_people_of_its_group() {
    let policy = "people: { sre: [Carol, dave, erin], dev: [frank] }
gates:
  release:
    approve:
      - { by: sre, count: 2 }
      - { by: dev }
";
    let files = gated(&["release APPROVAL"], policy);
    for (names, exit) in [
        (&[][..], 3),
        (&["carol"], 3),
        (&["carol", "dave"], 3),
        (&["carol", "carol", "frank"], 3),
        (&["carol", "frank", "mallory"], 3),
        (&["carol", "dave", "frank"], 0),
        (&["CAROL", "Erin", "frank", "mallory"], 0),
    ] {
        let (found, words) = promote(&files, names);
        assert_eq!(found, exit, "{names:?}: {words}");
    }
}

#[test]
fn one_approval_of_anyone_is_the_default() {
    let files = gated(&["release APPROVAL"], "");
    assert_eq!(promote(&files, &["ann"]).0, 0);
    assert_eq!(promote(&files, &[]).0, 3);
}

#[test]
fn a_blank_name_approves_nothing() {
    let files = gated(&["release APPROVAL"], "");
    for nobody in ["", " ", "\t"] {
        let (exit, words) = promote(&files, &[nobody]);
        assert_ne!(exit, 0, "{nobody:?}: {words}");
    }
}

#[test]
fn a_person_named_twice_in_other_letters_is_one_person() {
    let files = gated(
        &["release APPROVAL"],
        "gates: { release: { approve: [{ by: writers, count: 2 }] } }\n",
    );
    assert_eq!(promote(&files, &["ann", "bob"]).0, 0);
    assert_eq!(promote(&files, &["ann", "ann"]).0, 3);
    assert_eq!(promote(&files, &["ann", "Ann"]).0, 3);
    let group = "people: { sre: [carol, dave] }\ngates: { release: { approve: [{ by: sre, count: 2 }] } }\n";
    assert_eq!(
        promote(&gated(&["release APPROVAL"], group), &["carol", "CAROL"]).0,
        3
    );
}

#[test]
fn what_cannot_be_known_without_a_forge_stays_pending() {
    for rule in [
        "approve: [{ by: code-owners }]",
        "approve: [{ by: acme/sre }]",
        "approve: [{ by: writers }], exclude: [change-authors]",
    ] {
        let policy = format!("gates: {{ release: {{ {rule} }} }}\n");
        let (exit, words) = promote(&gated(&["release APPROVAL"], &policy), &["ann", "bob"]);
        assert_eq!(exit, 3, "{rule}: {words}");
    }
}

#[test]
fn a_rule_for_another_type_of_gate_is_an_error_and_not_the_default() {
    let policy = "gates: { release: { workflow: x.yml } }\n";
    let files = gated(&["release APPROVAL"], policy);
    let (exit, words) = promote(&files, &["ann"]);
    assert_eq!(exit, 2, "{words}");
    assert!(words.contains("policy-contradiction"), "{words}");
}

#[test]
fn the_pipelines_own_entry_replaces_the_whole_general_one() {
    let policy = "people: { sre: [carol], dev: [frank] }
gates: { release: { approve: [{ by: sre }] } }
pipelines: { web: { gates: { release: { approve: [{ by: dev }] } } } }
";
    let files = gated(&["release APPROVAL"], policy);
    assert_eq!(promote(&files, &["carol"]).0, 3);
    assert_eq!(promote(&files, &["frank"]).0, 0);
}

#[test]
fn without_a_forge_the_plan_says_what_is_unread() {
    let files = gated(&["release APPROVAL"], "");
    let texts: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let dir = folder(&texts);
    let planned = plan(dir.path());
    let gate = &planned.promotion("web", "prod")["gates"][0];
    assert_eq!(gate["verdict"], "pending");
    assert_eq!(
        gate["reason"],
        "1 approval by anyone with write access (unread: not on GitHub)"
    );
    run(dir.path(), &["plan"]).exits(0);
}
