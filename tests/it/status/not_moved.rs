//! Stages that nothing promotes: said everywhere, and never taken for in sync.

use test_support::{PlanDoc, automated, chart, folder, plan, run};

fn files() -> Vec<(&'static str, String)> {
    vec![
        ("web.yaml", automated()),
        ("dev.yaml", chart("web-dev", "1.1.0")),
        ("prod.yaml", chart("web-prod", "1.0.0")),
    ]
}

fn put() -> tempfile::TempDir {
    let files = files();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
    folder(&files)
}

const WHY: &str =
    "its criteria name only `prAutomationRef`, which Sluice does not handle: nothing promotes it";

#[test]
fn a_stage_that_only_an_automation_moves_is_not_moved_and_that_is_said_with_what_to_do() {
    let dir = put();
    let planned: PlanDoc = plan(dir.path());
    assert_eq!(planned.state("web", "prod"), "not-moved");
    assert_eq!(planned.reason("web", "prod"), WHY);
    let text = run(dir.path(), &["plan"]).exits(0);
    let block: Vec<&str> = text.out.lines().skip(2).take(3).collect();
    insta::assert_snapshot!(block.join("\n"), @r"
    web  dev → prod                                           NOT MOVED
        its criteria name only `prAutomationRef`, which Sluice does not handle: nothing promotes it
        help: sluice init PATH shows the `serviceRef` to add
    ");
    text.says(&["1 not moved. Nothing was written."]);
}

#[test]
fn status_says_it_too_and_counts_it_apart() {
    let dir = put();
    let document = run(dir.path(), &["status", "--format", "json"])
        .exits(0)
        .json();
    let pipeline = &document["pipelines"][0];
    assert_eq!(pipeline["state"], "not-moved");
    assert_eq!(pipeline["stages"][1]["promotions"][0]["state"], "not-moved");
    assert_eq!(pipeline["stages"][1]["promotions"][0]["reason"], WHY);
    run(dir.path(), &["status"]).exits(0).says(&[
        "   1 pipeline   ",
        "\n1 not moved\n",
        "prod not moved",
        "sluice init PATH",
    ]);
}

#[test]
fn a_stage_without_any_criteria_is_not_moved_either() {
    let plain = automated().replace(
        "          criteria: { prAutomationRef: { name: bump } }\n",
        "",
    );
    let dir = put();
    std::fs::write(dir.path().join("web.yaml"), plain).unwrap();
    let planned = plan(dir.path());
    assert_eq!(planned.state("web", "prod"), "not-moved");
    assert_eq!(
        planned.reason("web", "prod"),
        "none of its services takes anything from another one: nothing promotes it"
    );
}
