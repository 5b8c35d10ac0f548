//! Plural's published examples: nothing crashes, nothing is called an error that is not one, and what Sluice does not
//! act on is reported.

use test_support::{codes, fixture, plan, run};

#[test]
fn the_published_examples_bring_up_no_error_and_what_cannot_be_promoted_is_said() {
    let path = fixture("plural-examples");
    let document = run(&path, &["validate", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        codes(&document),
        [
            "automation-only",
            "automation-only",
            "reference-swapped",
            "reference-swapped",
            "reference-swapped",
            "repository-unknown",
            "secret-missing",
            "target-moves",
        ]
    );
    assert_eq!(
        (&document["pipelines"], &document["services"]),
        (&serde_json::json!(2), &serde_json::json!(7))
    );
    let automation: Vec<String> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "automation-only")
        .map(|finding| format!("{}:{}", finding["file"].as_str().unwrap(), finding["line"]))
        .collect();
    assert_eq!(
        automation,
        ["08-demo-pipeline.yaml:13", "08-demo-pipeline.yaml:21"]
    );
}

#[test]
fn podinfo_of_dev_is_not_ambiguous_beside_one_without_namespace() {
    let path = fixture("plural-examples");
    let planned = plan(&path);
    assert_eq!(planned.state("podinfo", "prod"), "not-moved");
    assert_eq!(
        planned.reason("podinfo", "prod"),
        "its criteria name only `prAutomationRef`, which Sluice does not handle: nothing promotes it"
    );
    for arguments in [
        &["simulate", "--approve", "ann"][..],
        &["graph"],
        &["plan", "--diff", "--why"],
    ] {
        run(&path, arguments).exits(0);
    }
}
