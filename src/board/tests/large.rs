use serde_json::{Value, json};

use super::super::documents::{HistoryDocument, StatusDocument};
use super::{NOW, change, history, id, landing, made, promotion, status};

/// A pipeline of this many services in dev, qa and prod. Every tenth waits in prod.
fn pipeline(name: &str, services: usize) -> Value {
    let service = |stage: &str, before: Option<&str>, number: usize| {
        let name = |stage: &str| format!("{name}-service-{number}-{stage}");
        let since = json!({ "at": "2026-11-14T09:30:00Z", "commit": id(&format!("{number:x}")), "by": "Frank Example",
            "pull": number });
        json!({ "service": name(stage), "source": before.map(name), "since": since })
    };
    let stage = |stage: &str, before: Option<&str>| {
        let all = (0..services).map(|number| service(stage, before, number));
        let services_of: Vec<Value> = all.collect();
        let values: Vec<Value> = services_of
            .iter()
            .map(|one| {
                json!({ "service": one["service"], "field": "version", "value": "1.12.3", "name": null, "secret": false })
            })
            .collect();
        let promotions = match before {
            None => json!([]),
            Some(before) => {
                let changes: Vec<Value> = services_of
                    .iter()
                    .step_by(10)
                    .filter(|_| stage == "prod")
                    .map(|one| change(one["service"].as_str().unwrap(), "1.12.3", "1.13.0"))
                    .collect();
                let state = match changes.is_empty() {
                    true => "in-sync",
                    false => "waits-for-people",
                };
                let mut promotion = promotion(before, state, &[]);
                promotion["pull"] = json!(4711);
                promotion["changes"] = json!(changes);
                promotion["gates"] = json!([{
                    "edge": { "from": before, "to": stage }, "name": "release", "type": "APPROVAL", "verdict": "pending",
                    "reason": "waits for 1 approval by sre (dave or erin can approve)", "next": null, "link": null
                }]);
                json!([promotion])
            }
        };
        json!({ "stage": stage, "services": services_of, "values": values, "since": null, "promotions": promotions })
    };
    let stages = json!([
        stage("dev", None),
        stage("qa", Some("dev")),
        stage("prod", Some("qa"))
    ]);
    super::pipeline(name, stages)
}

/// A landing every hour, newest first.
fn landings(number: usize) -> Value {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let all = (0..number).map(|back| {
        let at = now - jiff::SignedDuration::from_hours(back as i64);
        let service = format!("p0-service-{}-prod", back % 20);
        let mut one = landing(
            &at.to_string(),
            &format!("{back:x}"),
            "prod",
            &[(&service, "1.12.2", "1.12.3")],
        );
        one["pipeline"] = json!(format!("p{}", back % 10));
        one
    });
    all.collect()
}

#[test]
fn a_hundred_services_fit_into_200_kb() {
    let pipelines: Value = (0..10)
        .map(|number| pipeline(&format!("p{number}"), 10))
        .collect();
    let (html, verdict) = made(&status(pipelines), Some(&history(landings(200), json!([]))));
    assert_eq!(verdict, "10 waiting, 10 in sync");
    assert_eq!(html.matches("<td role=\"cell\" class=\"wait\"").count(), 10);
    assert!(html.len() < 200_000, "{} bytes", html.len());
}

#[test]
fn two_hundred_services_and_twenty_thousand_landings_make_a_page_that_can_be_opened() {
    let pipelines: Value = (0..10)
        .map(|number| pipeline(&format!("p{number}"), 20))
        .collect();
    let past = history(landings(20_000), json!([]));
    let (html, _) = made(&status(pipelines), Some(&past));
    assert!(html.contains("The last 50 of 20000 landings"));
    let listed = html.split("<ol class=\"landings\">").nth(1).unwrap();
    assert_eq!(listed.matches("<li data-row>").count(), 50);
    assert!(html.len() < 400_000, "{} bytes", html.len());
}

/// The documents hold what this page reads, under these names: a field that is renamed must not be missing silently.
#[test]
fn no_field_that_the_board_reads_may_be_missing() {
    let without = |document: &Value, path: &[&str]| {
        let mut document = document.clone();
        let (last, before) = path.split_last().unwrap();
        let mut at = &mut document;
        for step in before {
            at = match step.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[*step],
            };
        }
        at.as_object_mut().unwrap().remove(*last);
        document
    };
    let whole = status(json!([pipeline("p", 1)]));
    assert!(serde_json::from_value::<StatusDocument>(whole.clone()).is_ok());
    for path in [
        &["now"][..],
        &["pipelines", "0", "stages"],
        &["pipelines", "0", "stages", "0", "services"],
        &[
            "pipelines",
            "0",
            "stages",
            "2",
            "promotions",
            "0",
            "changes",
        ],
        &[
            "pipelines",
            "0",
            "stages",
            "2",
            "promotions",
            "0",
            "gates",
            "0",
            "verdict",
        ],
    ] {
        let document = without(&whole, path);
        assert!(
            serde_json::from_value::<StatusDocument>(document).is_err(),
            "{path:?}"
        );
    }
    let past = history(landings(1), json!([]));
    assert!(serde_json::from_value::<HistoryDocument>(past.clone()).is_ok());
    for path in [
        &["landings"][..],
        &["landings", "0", "date"],
        &["landings", "0", "gates", "0", "evidence"],
    ] {
        let document = without(&past, path);
        assert!(
            serde_json::from_value::<HistoryDocument>(document).is_err(),
            "{path:?}"
        );
    }
}
