//! Which promotions there are, in which state and why: joins, guards, triggers, limits, and the same bytes every time.

use test_support::{chart, fixture, folder, pipeline, plan, repo, repo_of, run};

fn simulated(path: &std::path::Path, approvers: &[&str]) -> serde_json::Value {
    let mut arguments = vec!["simulate", "--format", "json"];
    for name in approvers {
        arguments.extend(["--approve", *name]);
    }
    run(path, &arguments).json()
}

fn committed(document: &serde_json::Value) -> Vec<&str> {
    let events = document["events"].as_array().unwrap();
    events
        .iter()
        .filter(|event| event["event"] == "committed")
        .map(|event| event["to"].as_str().unwrap())
        .collect()
}

#[test]
fn fan_in_waits_for_all_and_a_guard_edge_counts_though_nothing_is_taken_over_it() {
    let path = fixture("diamond");
    let planned = plan(&path);
    assert_eq!(planned.state("shop", "qa-eu"), "due");
    assert_eq!(planned.state("shop", "qa-us"), "due");
    let prod = planned.promotion("shop", "prod");
    let edges: Vec<_> = prod["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["from"].as_str().unwrap())
        .collect();
    assert_eq!(edges, ["qa-eu", "qa-us"]);

    let repo = repo_of("diamond");
    let promote = |to: &str| {
        run(
            repo.path(),
            &[
                "promote",
                "--local",
                "--pipeline",
                "shop",
                "--to",
                to,
                "--approved-by",
                "ann",
            ],
        )
    };
    promote("qa-eu").exits(0);
    let planned = plan(repo.path());
    assert_eq!(planned.state("shop", "prod"), "held");
    assert_eq!(
        planned.reason("shop", "prod"),
        "guarded by qa-us, which is not in sync"
    );
    promote("prod").exits(3).says(&["guarded by qa-us"]);
    promote("qa-us").exits(0);
    let planned = plan(repo.path());
    assert_eq!(planned.state("shop", "prod"), "due");
    assert_eq!(
        planned.promotion("shop", "prod")["gates"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "both edges' gates"
    );
    promote("prod").exits(0);
    let planned = plan(repo.path());
    for stage in ["qa-eu", "qa-us", "prod"] {
        assert_eq!(planned.state("shop", stage), "in-sync");
    }
}

#[test]
fn one_shut_gate_on_any_edge_keeps_a_joined_promotion() {
    let services = [
        chart("a", "1.1.0"),
        chart("b", "2.1.0"),
        chart("pa", "1.0.0"),
        chart("pb", "2.0.0"),
    ];
    let text = pipeline(
        "web",
        &[
            ("one", &["a"]),
            ("two", &["b"]),
            ("prod", &["pa < a", "pb < b"]),
        ],
        &[
            ("one prod", &["yes APPROVAL"]),
            ("two prod", &["tests JOB"]),
        ],
    );
    let all = format!("{}---\n{text}", services.join("---\n"));
    let repo = repo(&[
        ("all.yaml", &all),
        (
            ".github/sluice.yaml",
            "version: 1\ngates: { tests: { workflow: tests.yml } }\n",
        ),
    ]);
    let promotion = [
        "promote",
        "--local",
        "--pipeline",
        "web",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(repo.path(), &promotion).exits(3).says(&["tests (JOB)"]);
    let document = simulated(repo.path(), &[]);
    assert_eq!(committed(&document), [""; 0]);
}

#[test]
fn join_any_makes_each_edge_a_promotion_with_its_own_gates() {
    let path = fixture("join-any");
    let planned = plan(&path);
    let promotions = planned.promotions("joined", "prod");
    let shown: Vec<String> = promotions
        .iter()
        .map(|promotion| {
            let names = |key: &str, field: &str| {
                let list = promotion[key].as_array().unwrap().iter();
                list.map(|item| item[field].as_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(",")
            };
            format!(
                "{} {} {}",
                names("edges", "from"),
                names("gates", "name"),
                names("changes", "name")
            )
        })
        .collect();
    assert_eq!(shown, ["a by-a prod-a", "b by-b prod-b"]);
    assert_ne!(promotions[0]["plan"], promotions[1]["plan"]);

    let document = simulated(&path, &["ann"]);
    assert_eq!(committed(&document), ["prod"]);
    let reasons = document["end"]["reasons"].to_string();
    assert!(
        reasons.contains("by-b") && !reasons.contains("by-a"),
        "{reasons}"
    );
}

#[test]
fn a_stage_lands_at_most_once_in_a_run_also_with_join_any() {
    let document = simulated(&fixture("join-any"), &["ann", "bob"]);
    assert_eq!(committed(&document), ["prod", "prod"]);
    assert_eq!(document["end"]["state"], "in-sync");
    assert_eq!(document["rounds"], 2, "{document:#}");
}

#[test]
fn a_service_that_stands_in_two_source_stages_lands_once() {
    let all = [
        chart("src", "1.1.0"),
        chart("prod", "1.0.0"),
        pipeline(
            "web",
            &[("a", &["src"]), ("b", &["src"]), ("prod", &["prod < src"])],
            &[("a prod", &["one APPROVAL"]), ("b prod", &["two APPROVAL"])],
        ),
    ];
    let policy = "version: 1\nstages: { prod: { join: any } }\n";
    let dir = folder(&[
        ("all.yaml", &all.join("---\n")),
        (".github/sluice.yaml", policy),
    ]);
    let document = simulated(dir.path(), &["ann"]);
    assert_eq!(committed(&document), ["prod"], "{document:#}");
}

#[test]
fn triggers_decide_where_no_gate_does() {
    let path = fixture("triggers");
    let planned = plan(&path);
    assert_eq!(planned.state("app", "auto"), "due");
    assert_eq!(planned.state("app", "manual"), "held");
    assert!(
        planned
            .reason("app", "manual")
            .contains("only on a person's request")
    );
    assert_eq!(planned.state("app", "unset"), "held");
    assert_eq!(
        planned.reason("app", "unset"),
        "no trigger: the stage has no gate, its source has no `ready` rule, and `trigger: auto` is not set"
    );
    assert_eq!(committed(&simulated(&path, &["ann"])), ["auto"]);

    let repo = repo_of("triggers");
    let promote = |to: &str| {
        run(
            repo.path(),
            &["promote", "--local", "--pipeline", "app", "--to", to],
        )
    };
    promote("unset")
        .exits(3)
        .says(&["no trigger: the stage has no gate"]);
    promote("manual").exits(0);
    promote("auto").exits(0);
    assert_eq!(plan(repo.path()).state("app", "manual"), "in-sync");
}

#[test]
fn a_manual_stage_behind_gates_needs_both_the_asking_and_the_gates() {
    let repo = repo_of("two-pipelines");
    let policy = "version: 1\nstages: { prod: { trigger: manual } }\n";
    repo.commit("main", &[(".github/sluice.yaml", policy)]);
    repo.check_out("main");
    assert_eq!(plan(repo.path()).state("search", "prod"), "held");
    assert_eq!(committed(&simulated(repo.path(), &["ann"])), [""; 0]);
    let promote = ["promote", "--local", "--pipeline", "search", "--to", "prod"];
    run(repo.path(), &promote)
        .exits(3)
        .says(&["release (APPROVAL)"]);
    let mut approved = promote.to_vec();
    approved.extend(["--approved-by", "ann"]);
    run(repo.path(), &approved).exits(0);
}

#[test]
fn the_help_for_a_manual_stage_is_a_command_that_works() {
    let text = run(&fixture("triggers"), &["plan"]).exits(0).out;
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("help: sluice promote "))
        .unwrap();
    let repo = repo_of("triggers");
    let mut arguments = vec!["promote"];
    arguments.extend(line.split_whitespace().filter(|word| *word != "PATH"));
    run(repo.path(), &arguments).exits(0);
}

#[test]
fn without_github_a_ready_rule_holds() {
    let repo = repo_of("helm-versions");
    let policy = "version: 1\nstages: { dev: { ready: { soak: 1h } } }\n";
    repo.commit("main", &[(".github/sluice.yaml", policy)]);
    repo.check_out("main");
    let planned = plan(repo.path());
    assert_eq!(planned.state("podinfo", "staging"), "held");
    assert_eq!(
        planned.reason("podinfo", "staging"),
        "readiness of dev unread: not on GitHub"
    );
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "podinfo",
        "--to",
        "staging",
        "--approved-by",
        "ann",
    ];
    run(repo.path(), &promote).exits(3);
    // A simulation soaks on its own clock.
    let document = simulated(repo.path(), &["ann"]);
    assert_eq!(committed(&document), ["staging", "prod"]);
    let first = document["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["event"] == "committed")
        .unwrap();
    assert_eq!(first["at"], "2026-07-01T13:00:00Z");
}

#[test]
fn what_landed_in_a_run_is_no_source_in_it_unless_its_own_entry_says_auto() {
    let path = fixture("helm-versions");
    let document = simulated(&path, &["ann"]);
    assert_eq!(committed(&document), ["staging", "prod"]);
    assert_eq!(document["rounds"], 2, "prod moves in the next run");

    for (policy, rounds) in [
        ("version: 1\nstages: { staging: { trigger: auto } }\n", 1),
        ("version: 1\nstages: { prod: { trigger: auto } }\n", 2),
    ] {
        let dir = test_support::copy_of("helm-versions");
        std::fs::create_dir(dir.path().join(".github")).unwrap();
        std::fs::write(dir.path().join(".github/sluice.yaml"), policy).unwrap();
        let document = simulated(dir.path(), &["ann"]);
        assert_eq!(committed(&document), ["staging", "prod"], "{policy}");
        assert_eq!(document["rounds"], rounds, "{policy}");
    }
}

#[test]
fn limits_open_bounds_what_one_run_proposes_and_the_rest_stays_due() {
    let mut files = Vec::new();
    for number in 0..5 {
        let all = [
            chart(&format!("d{number}"), "1.1.0"),
            chart(&format!("p{number}"), "1.0.0"),
            pipeline(
                &format!("pipe{number}"),
                &[
                    ("dev", &[&format!("d{number}")]),
                    ("prod", &[&format!("p{number} < d{number}")]),
                ],
                &[("dev prod", &["release APPROVAL"])],
            ),
        ];
        files.push((format!("{number}.yaml"), all.join("---\n")));
    }
    let with = |policy: &str| {
        let mut all: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        all.push((".github/sluice.yaml", policy));
        folder(&all)
    };
    let two = with("version: 1\nlimits: { open: 2 }\n");
    let planned = plan(two.path());
    for number in 0..5 {
        assert_eq!(planned.state(&format!("pipe{number}"), "prod"), "due");
    }
    let document = simulated(two.path(), &["ann"]);
    assert_eq!(committed(&document).len(), 5);
    assert_eq!(document["rounds"], 3);
    let ten = with("version: 1\n");
    assert_eq!(simulated(ten.path(), &["ann"])["rounds"], 1);
    let none = with("version: 1\nlimits: { open: 0 }\n");
    let document = simulated(none.path(), &["ann"]);
    assert_eq!(committed(&document), [""; 0]);
    assert!(
        document["end"]["reasons"]
            .to_string()
            .contains("5 more are due"),
        "{document:#}"
    );
}
