use serde_json::{Value, json};

use super::super::matrix::{Table, tables};
use super::super::past::Past;
use super::{
    Runs, change, history, id, landing, parsed, parsed_history, pipeline, promotion, site, stage,
    status,
};

fn of(status: &Value, history: Option<&Value>) -> Vec<Table> {
    let history = history.map(parsed_history);
    tables(&parsed(status), &Past::of(history.as_ref()), Some(&site()))
}

/// Each cell in a line: row, stage, chip, state, age and how far behind.
fn lines(tables: &[Table]) -> String {
    let mut text = String::new();
    for table in tables {
        text.push_str(&format!("| {} |\n", table.columns.join(" | ")));
        for pipeline in &table.pipelines {
            for row in &pipeline.rows {
                for (stage, cell) in table.columns.iter().zip(&row.cells) {
                    let cell = match cell {
                        Some(cell) => format!(
                            "{} / {} / {} / {} / {}",
                            cell.chip, cell.word, cell.class, cell.age, cell.behind
                        ),
                        None => "no service".to_owned(),
                    };
                    text.push_str(&format!(
                        "{} {} {stage}: {cell}\n",
                        pipeline.name, row.service
                    ));
                }
            }
        }
    }
    text
}

fn shop(of_qa: Value, of_prod: Value) -> Value {
    status(json!([pipeline(
        "shop",
        json!([
            stage(
                "dev",
                &[Runs("web-dev", None, "1.6.0", "2026-11-20T11:00:00Z")],
                json!([])
            ),
            stage(
                "qa",
                &[Runs(
                    "web-qa",
                    Some("web-dev"),
                    "1.5.0",
                    "2026-11-18T14:00:00Z"
                )],
                of_qa
            ),
            stage(
                "prod",
                &[
                    Runs("web-prod", Some("web-qa"), "1.2.0", "2026-10-01T14:00:00Z"),
                    Runs("cron-prod", None, "3.0.0", ""),
                ],
                of_prod
            ),
        ])
    )]))
}

#[test]
fn a_cell_says_what_runs_its_state_since_when_and_how_far_it_is_behind() {
    let status = shop(
        json!([promotion("dev", "held", &[("web-qa", "1.5.0", "1.6.0")])]),
        json!([promotion(
            "qa",
            "waits-for-people",
            &[("web-prod", "1.2.0", "1.5.0")]
        )]),
    );
    // Newest first. What prod holds landed in qa before three others.
    let past = history(
        json!([
            landing(
                "2026-11-18T14:00:00Z",
                "a4",
                "qa",
                &[("web-qa", "1.4.0", "1.5.0")]
            ),
            landing(
                "2026-11-16T14:00:00Z",
                "a3",
                "qa",
                &[("web-qa", "1.3.0", "1.4.0")]
            ),
            landing(
                "2026-11-14T14:00:00Z",
                "a2",
                "qa",
                &[("web-qa", "1.2.0", "1.3.0")]
            ),
            landing(
                "2026-10-01T12:00:00Z",
                "a1",
                "qa",
                &[("web-qa", "1.1.0", "1.2.0")]
            ),
        ]),
        json!([]),
    );
    insta::assert_snapshot!(lines(&of(&status, Some(&past))), @r"
    | dev | qa | prod |
    shop web dev: 1.6.0 / source / none / 3 h / 
    shop web qa: 1.5.0 / held / held / 2 d / 3 h behind dev
    shop web prod: 1.2.0 / waiting / wait / 50 d / 3 versions, 6 d behind qa
    shop cron-prod dev: no service
    shop cron-prod qa: no service
    shop cron-prod prod: 3.0.0 / not moved / none /  / 
    ");
    // Without landings, the time since the stage before was set is known.
    let cells = lines(&of(&status, None));
    assert!(
        cells.contains("web prod: 1.2.0 / waiting / wait / 50 d / 2 d behind qa"),
        "{cells}"
    );
}

#[test]
fn every_state_has_its_word_and_its_shape() {
    for (state, word, class) in [
        ("needs-person", "needs you", "stop"),
        ("blocked", "blocked", "stop"),
        ("error", "error", "cross"),
        ("waits-for-people", "waiting", "wait"),
        ("waits-for-checks", "waiting", "wait"),
        ("waits-for-time", "waiting", "wait"),
        ("queued", "in the merge queue", "wait"),
        ("frozen", "frozen", "held"),
        ("held", "held", "held"),
        ("due", "due", "due"),
        ("ahead", "ahead", "ahead"),
    ] {
        let of_prod = promotion("qa", state, &[("web-prod", "1.2.0", "1.5.0")]);
        let tables = of(
            &shop(json!([promotion("dev", "in-sync", &[])]), json!([of_prod])),
            None,
        );
        let cells = &tables[0].pipelines[0].rows[0].cells;
        let prod = cells[2].as_ref().unwrap();
        assert_eq!((prod.word, prod.class), (word, class), "{state}");
        assert_eq!(cells[1].as_ref().unwrap().word, "in sync", "{state}");
    }
}

#[test]
fn a_state_is_that_of_the_service_and_not_of_its_neighbours() {
    let left_out = |commit: Value| json!([{ "namespace": null, "name": "web-prod", "reason": "set by hand", "commit": commit, "author": null, "date": null }]);
    for (changes, left_out, state, word) in [
        (
            &[("other", "1", "2")][..],
            json!([]),
            "waits-for-people",
            "in sync",
        ),
        (
            &[("other", "1", "2")],
            left_out(json!(id("a"))),
            "waits-for-people",
            "ahead",
        ),
        (
            &[("other", "1", "2")],
            left_out(Value::Null),
            "waits-for-people",
            "held",
        ),
        (&[], left_out(json!(id("a"))), "ahead", "ahead"),
        // Nothing is known of any of its services.
        (&[], json!([]), "error", "error"),
        (&[], json!([]), "in-sync", "in sync"),
        (&[], json!([]), "not-moved", "not moved"),
    ] {
        let mut of_prod = promotion("qa", state, changes);
        of_prod["left_out"] = left_out.clone();
        let tables = of(&shop(json!([]), json!([of_prod])), None);
        let prod = tables[0].pipelines[0].rows[0].cells[2].as_ref().unwrap();
        assert_eq!(prod.word, word, "{state} {changes:?} {left_out}");
    }
}

#[test]
fn a_secret_is_one_of_its_service_and_is_never_shown() {
    let mut document = shop(json!([]), json!([promotion("qa", "due", &[])]));
    let prod = &mut document["pipelines"][0]["stages"][2];
    prod["values"].as_array_mut().unwrap().push(json!(
        { "service": "web-prod", "field": "token", "value": null, "name": null, "secret": true }
    ));
    let mut secret = change("credentials", "", "");
    secret["kind"] = json!("Secret");
    secret["path"] = json!("stringData.token");
    (secret["old"], secret["new"], secret["secret"]) = (Value::Null, Value::Null, json!(true));
    prod["promotions"][0]["changes"] = json!([secret]);
    let tables = of(&document, None);
    let cell = tables[0].pipelines[0].rows[0].cells[2].as_ref().unwrap();
    assert_eq!(
        (cell.word, cell.chip.as_str(), cell.behind.as_str()),
        ("due", "1.2.0", "behind qa")
    );
    assert_eq!(
        (cell.more[0].field.as_str(), cell.more[0].value.as_str()),
        ("token", "secret, not shown")
    );
    let next = cell.next.as_ref().unwrap();
    assert_eq!(next.changes[0].new, "changed");
}

#[test]
fn an_opened_cell_says_who_set_it_in_which_pull_request_and_through_which_gates() {
    let mut document = shop(json!([]), json!([promotion("qa", "in-sync", &[])]));
    document["pipelines"][0]["stages"][2]["services"][0]["since"]["commit"] = json!(id("a4"));
    let past = history(
        json!([landing(
            "2026-10-01T14:00:00Z",
            "a4",
            "prod",
            &[("web-prod", "1.1.0", "1.2.0")]
        )]),
        json!([]),
    );
    let tables = of(&document, Some(&past));
    let row = &tables[0].pipelines[0].rows[0];
    let promoted = row.cells[2].as_ref().unwrap().set.as_ref().unwrap();
    assert_eq!(promoted.text, "promoted, 2026-10-01 14:00 UTC");
    let refs: Vec<&str> = promoted.refs.iter().map(|one| one.href.as_str()).collect();
    assert_eq!(refs, ["https://github.com/acme/gitops/pull/7"]);
    let gate = &promoted.gates[0];
    assert_eq!(
        (gate.name.as_str(), gate.word, gate.reason.as_str()),
        ("release", "passed", "approved by carol (review)")
    );
    let by_hand = row.cells[0].as_ref().unwrap().set.as_ref().unwrap();
    assert_eq!(by_hand.text, "set by frank, 2026-11-20 11:00 UTC");
    assert_eq!(
        (
            by_hand.refs[0].text.as_str(),
            by_hand.refs.len(),
            by_hand.gates.len()
        ),
        ("c0ffee0", 1, 0)
    );
}

#[test]
fn pipelines_share_a_table_if_their_stages_have_one_order() {
    let of_stages = |name: &str, stages: &[&str]| {
        let stages = stages
            .iter()
            .map(|name| stage(name, &[Runs("web", None, "1", "")], json!([])));
        pipeline(name, stages.collect())
    };
    let tables = of(
        &status(json!([
            of_stages("short", &["dev", "prod"]),
            of_stages("long", &["dev", "qa", "prod"]),
            of_stages("turned", &["prod", "dev"]),
            of_stages("other", &["test"]),
        ])),
        None,
    );
    let shown: Vec<String> = tables
        .iter()
        .map(|table| {
            let names: Vec<&str> = table
                .pipelines
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            format!("{}: {}", table.columns.join(" "), names.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        ["dev qa prod: short long", "prod dev: turned", "test: other"]
    );
}

#[test]
fn a_row_follows_a_service_along_its_sources() {
    let services = |services: &[Runs]| stage("x", services, json!([]));
    let mut stages = vec![
        services(&[
            Runs("dev-api", None, "1", ""),
            Runs("dev-web", None, "1", ""),
        ]),
        // One source may have several targets in a stage; each but the first begins a row.
        services(&[
            Runs("eu-web", Some("dev-web"), "1", ""),
            Runs("us-web", Some("dev-web"), "1", ""),
            Runs("eu-api", Some("dev-api"), "1", ""),
        ]),
        services(&[
            Runs("live-api", Some("eu-api"), "1", ""),
            Runs("live-web", Some("us-web"), "1", ""),
        ]),
    ];
    for (stage, name) in stages.iter_mut().zip(["dev", "test", "live"]) {
        stage["stage"] = json!(name);
    }
    let tables = of(&status(json!([pipeline("shop", json!(stages))])), None);
    let rows: Vec<String> = tables[0].pipelines[0]
        .rows
        .iter()
        .map(|row| {
            let cells = row.cells.iter();
            let names = cells.map(|cell| cell.as_ref().map_or("-", |cell| cell.service.as_str()));
            format!("{}: {}", row.service, names.collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(
        rows,
        [
            "api: dev-api eu-api live-api",
            "web: dev-web eu-web -",
            "web: - us-web live-web"
        ]
    );
}
