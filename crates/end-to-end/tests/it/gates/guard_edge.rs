//! An edge along which nothing is taken guards its target: nothing lands there while the stage it leaves is not in sync.

use end_to_end::shop::{PERMISSIONS, chart};
use end_to_end::site::{Report, Site};
use github_stand_in::Role;

/// dev leads to qa and to prod; qa is checked before prod, which takes nothing from it. dev and qa run 1.1.0, prod 1.0.0.
async fn guarded() -> Site {
    let mut site = Site::empty().await;
    let repo = site.repo();
    repo.role("carol", Role::Write);
    let pipeline = "\
apiVersion: deployments.plural.sh/v1alpha1
kind: Pipeline
metadata: { name: shop, namespace: apps }
spec:
  stages:
  - { name: dev, services: [{ serviceRef: { name: web-dev } }] }
  - { name: qa, services: [{ serviceRef: { name: web-qa }, criteria: { serviceRef: { name: web-dev } } }] }
  - { name: prod, services: [{ serviceRef: { name: web-prod }, criteria: { serviceRef: { name: web-dev } } }] }
  edges:
  - { from: dev, to: qa, gates: [{ name: tested, type: APPROVAL }] }
  - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }
  - { from: qa, to: prod }
";
    repo.files(
        "main",
        &[
            ("pipeline.yaml", pipeline),
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            ("qa.yaml", &chart("web-qa", "1.1.0")),
            ("prod.yaml", &chart("web-prod", "1.0.0")),
        ],
    );
    site.token = repo.app_token(4242, "sluice-app", PERMISSIONS);
    site
}

fn runs(site: &Site, file: &str, version: &str) -> bool {
    let text = site.repo().file("main", file).unwrap();
    text.contains(&format!("version: {version} "))
}

/// What the run says about one stage.
#[track_caller]
fn row<'a>(run: &'a Report, stage: &str) -> &'a serde_json::Value {
    let mut rows = run.json["promotions"].as_array().unwrap().iter();
    rows.find(|row| row["to"] == stage)
        .unwrap_or_else(|| panic!("no row of {stage}: {}", run.text))
}

#[tokio::test]
async fn an_older_approved_plan_waits_while_the_stage_behind_a_guard_edge_is_not_in_sync() {
    let site = guarded().await;
    let repo = site.repo();
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    repo.by("carol").approves(1);
    // The source moves before that plan lands: qa is due, and no one has tested what prod would run beside it.
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    let run = site.run().await;
    assert!(runs(&site, "prod.yaml", "1.0.0"), "{}", run.text);
    let prod = row(&run, "prod");
    assert_eq!(prod["state"], "held", "{}", run.text);
    assert_eq!(prod["pull"], 1, "{}", run.text);
    let why = prod["why"].as_str().unwrap();
    assert!(why.contains("guarded by qa, which is not in sync"), "{why}");

    // Once qa is in sync again, the plan that people approved lands.
    let of_qa = *repo.pulls(true).last().unwrap();
    repo.by("carol").approves(of_qa);
    for _ in 0..2 {
        site.run().await;
    }
    assert!(runs(&site, "qa.yaml", "1.2.0"));
    assert!(!runs(&site, "prod.yaml", "1.0.0"));
}
