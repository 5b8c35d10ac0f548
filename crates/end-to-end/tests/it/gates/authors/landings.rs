//! Values that came by landings: followed to what the landing took, and no further than that can be proved.

use super::{PIPELINE, POLICY, approved_by, leaves_out, prod_has, proposed, pushes, shop, why};
use end_to_end::site::Site;
use sluice::model::name::EdgeName;
use sluice::model::plan_id::{PlanChange, PlanSubject};
use sluice::model::record::Record;

/// The message of a commit that claims to be a promotion of this version into staging. It can be computed by anyone.
fn claims(old: &str, new: &str, back_to: Option<&str>) -> String {
    let plan = PlanSubject {
        repository: "acme/gitops",
        base: "main",
        namespace: Some("apps"),
        pipeline: &"shop".into(),
        stage: &"staging".into(),
        edges: vec![("dev".to_owned(), "staging".to_owned())],
        changes: vec![PlanChange {
            kind: "ServiceDeployment".to_owned(),
            namespace: Some("apps".to_owned()),
            name: "web-staging".to_owned(),
            path: "spec.helm.version".to_owned(),
            old: Some(old.to_owned()),
            new: new.to_owned(),
        }],
    };
    let plan = plan.id();
    let record = Record {
        namespace: Some("apps".to_owned()),
        pipeline: "shop".to_owned(),
        stage: "staging".to_owned(),
        edges: vec![EdgeName {
            from: "dev".into(),
            to: "staging".into(),
        }],
        plan,
        build: "0123456789ab".to_owned(),
        repository: "acme/gitops".to_owned(),
        base: "main".to_owned(),
        sources: Vec::new(),
        requested_by: None,
        reason: None,
        emergency: None,
        rollback: back_to.map(|landing| (landing.parse().unwrap(), plan)),
    };
    format!("Promote\n\n{}", record.trailers())
}

/// staging moves only if it is asked to, so that what someone puts there stays.
fn staging_stays(site: &Site) {
    let policy = POLICY.replace("trigger: auto", "trigger: manual");
    assert_ne!(policy, POLICY);
    site.repo()
        .files("main", &[(".github/sluice.yaml", &policy)]);
}

/// staging's manifest at another version.
fn staging(site: &Site, old: &str, new: &str) -> String {
    let file = site.repo().file("main", "staging.yaml").unwrap();
    file.replace(&format!("version: {old}"), &format!("version: {new}"))
}

/// dave asks for a rollback of a stage; gives what the run says.
async fn goes_back(site: &mut Site, stage: &str) -> String {
    let to = format!("--to={stage}");
    let rollback = ["rollback", "--pipeline=shop", &to];
    site.asks("dave", &rollback).await.text
}

#[tokio::test]
async fn a05_a_record_made_by_hand_leads_to_nobody_else() {
    let site = shop().await;
    staging_stays(&site);
    let repo = site.repo();
    let file = staging(&site, "1.0.0", "6.6.6");
    repo.by("mallory").pushes(
        "main",
        &[("staging.yaml", &file)],
        &claims("1.0.0", "6.6.6", None),
    );
    leaves_out(
        &site,
        "mallory",
        "mallory changed spec.helm.version of web-staging in staging",
        "version: 6.6.6",
    )
    .await;
}

#[tokio::test]
async fn a05_a_rollback_made_by_hand_leads_to_nobody_else() {
    let site = shop().await;
    let repo = site.repo();
    // staging held 1.0.0 there, and no landing wrote it.
    let commit = pushes(&site, "alice", "version: 1.0.0", "version: 1.1.0");
    let number = proposed(&site).await;
    let run = approved_by(&site, number, "carol").await;
    assert!(prod_has(&site, "version: 1.1.0"), "{}", run.text);
    staging_stays(&site);
    let file = staging(&site, "1.1.0", "1.0.0");
    let message = claims("1.1.0", "1.0.0", Some(&commit));
    repo.by("mallory")
        .pushes("main", &[("staging.yaml", &file)], &message);
    leaves_out(
        &site,
        "mallory",
        "mallory changed spec.helm.version of web-staging in staging",
        "version: 1.0.0",
    )
    .await;
}

#[tokio::test]
async fn a_record_that_names_no_source_of_the_pipeline_leads_to_nobody_else() {
    // dev holds that very version, and is not a source of staging.
    let site = shop().await;
    let repo = site.repo();
    let pipeline = PIPELINE.replace(
        "criteria: { serviceRef: { name: web-dev }, secrets: [LIMIT, TOKEN] } ",
        "",
    );
    assert_ne!(pipeline, PIPELINE);
    repo.files("main", &[("pipeline.yaml", &pipeline)]);
    pushes(&site, "alice", "version: 1.0.0", "version: 6.6.6");
    let file = staging(&site, "1.0.0", "6.6.6");
    repo.by("mallory").pushes(
        "main",
        &[("staging.yaml", &file)],
        &claims("1.0.0", "6.6.6", None),
    );
    leaves_out(
        &site,
        "mallory",
        "mallory changed spec.helm.version of web-staging in staging",
        "version: 6.6.6",
    )
    .await;
}

#[tokio::test]
async fn what_a_bot_claims_to_have_promoted_and_nobody_can_follow_keeps_the_gate_shut() {
    let site = shop().await;
    staging_stays(&site);
    let repo = site.repo();
    let file = staging(&site, "1.0.0", "6.6.6");
    let bot = repo.workflow("contents:write");
    let message = claims("1.0.0", "6.6.6", None);
    let commit = bot.pushes("main", &[("staging.yaml", &file)], &message);
    let number = proposed(&site).await;
    let run = approved_by(&site, number, "carol").await;
    assert!(!prod_has(&site, "version: 6.6.6"), "{}", run.text);
    insta::assert_snapshot!(why(&run).replace(&commit[..7], "COMMIT"), @"release: cannot identify who set spec.helm.version of web-staging in staging (COMMIT): that commit has the record of a promotion, but its source did not hold the value then; promote another value into that stage, or set it by hand, and this gate excludes change authors");
}

#[tokio::test]
async fn a05_through_a_rollback_the_value_is_still_its_makers() {
    let mut site = shop().await;
    let repo = site.repo();
    let workflow = "on: workflow_dispatch\n";
    repo.files("main", &[(".github/workflows/sluice.yml", workflow)]);
    let commit = pushes(&site, "alice", "version: 1.0.0", "version: 1.1.0");
    proposed(&site).await;
    pushes(&site, "erin", "version: 1.1.0", "version: 1.2.0");
    site.run().await;
    let back = goes_back(&mut site, "staging").await;
    let run = site.run().await;
    let staging = repo.file("main", "staging.yaml").unwrap();
    assert!(staging.contains("version: 1.1.0"), "{}\n{}", back, run.text);
    let number = *repo.pulls(true).last().unwrap();
    let run = approved_by(&site, number, "alice").await;
    assert!(!prod_has(&site, "version: 1.1.0"), "{}", run.text);
    let reason = format!(
        "alice changed spec.helm.version of web-dev in dev ({})",
        &commit[..7]
    );
    assert!(why(&run).contains(&reason), "{}", run.text);
    let run = approved_by(&site, number, "erin").await;
    assert!(prod_has(&site, "version: 1.1.0"), "{}", run.text);
}

#[tokio::test]
async fn each_field_is_followed_by_itself() {
    let site = shop().await;
    pushes(&site, "alice", "version: 1.0.0", "version: 1.1.0");
    site.run().await;
    pushes(&site, "erin", "LIMIT: low", "LIMIT: high");
    let number = proposed(&site).await;
    for login in ["alice", "erin"] {
        let run = approved_by(&site, number, login).await;
        assert!(!prod_has(&site, "version: 1.1.0"), "{}", run.text);
    }
    let run = approved_by(&site, number, "carol").await;
    assert!(prod_has(&site, "LIMIT: high"), "{}", run.text);
}

#[tokio::test]
async fn an_older_plan_that_stays_is_its_makers_and_not_those_of_what_came_since() {
    let site = shop().await;
    let repo = site.repo();
    let two = POLICY.replace("ways:", "approve: [{ by: writers, count: 2 }], ways:");
    repo.files("main", &[(".github/sluice.yaml", &two)]);
    let commit = pushes(&site, "alice", "version: 1.0.0", "version: 1.1.0");
    let number = proposed(&site).await;
    approved_by(&site, number, "carol").await;
    pushes(&site, "erin", "version: 1.1.0", "version: 1.2.0");
    site.run().await;
    let staging = repo.file("main", "staging.yaml").unwrap();
    assert!(staging.contains("version: 1.2.0"), "{staging}");
    let run = approved_by(&site, number, "alice").await;
    assert!(!prod_has(&site, "version: 1.1.0"), "{}", run.text);
    let reason = format!(
        "alice changed spec.helm.version of web-dev in dev ({})",
        &commit[..7]
    );
    assert!(run.text.contains(&reason), "{}", run.text);
    let run = approved_by(&site, number, "erin").await;
    assert!(prod_has(&site, "version: 1.1.0"), "{}", run.text);
}

#[tokio::test]
async fn a_rollback_is_its_values_makers_and_not_those_of_what_it_takes_back() {
    let mut site = shop().await;
    let repo = site.repo();
    let workflow = "on: workflow_dispatch\n";
    repo.files("main", &[(".github/workflows/sluice.yml", workflow)]);
    for (login, old, new) in [("alice", "1.0.0", "1.1.0"), ("erin", "1.1.0", "1.2.0")] {
        let version = |number: &str| format!("version: {number}");
        pushes(&site, login, &version(old), &version(new));
        let number = proposed(&site).await;
        let run = approved_by(&site, number, "carol").await;
        assert!(prod_has(&site, &version(new)), "{}", run.text);
    }
    let back = goes_back(&mut site, "prod").await;
    let [number] = repo.pulls(true)[..] else {
        panic!("{back}")
    };
    let run = approved_by(&site, number, "alice").await;
    assert!(prod_has(&site, "version: 1.2.0"), "{}", run.text);
    let reason = "alice changed spec.helm.version of web-dev in dev";
    assert!(why(&run).contains(reason), "{}", run.text);
    let run = approved_by(&site, number, "erin").await;
    assert!(prod_has(&site, "version: 1.1.0"), "{}", run.text);
}
