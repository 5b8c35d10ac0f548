//! `exclude: [change-authors]`: a person who made the change that a promotion carries may not approve it, whatever field
//! it is and however many stages it came through.

mod identities;
mod landings;
mod refs;

use end_to_end::shop::PERMISSIONS;
use end_to_end::site::{Report, Site};
use github_stand_in::Role;

const POLICY: &str = "version: 1
stages: { staging: { trigger: auto } }
fields: [spec.helm.values.image.tag]
gates: { release: { ways: [review], exclude: [change-authors] } }
";

/// dev → staging moves automatically; staging → prod needs an approval by someone who did not make the change.
const PIPELINE: &str = "apiVersion: deployments.plural.sh/v1alpha1
kind: Pipeline
metadata: { name: shop, namespace: apps }
spec:
  stages:
    - { name: dev, services: [{ serviceRef: { name: web-dev } }] }
    - name: staging
      services: [{ serviceRef: { name: web-staging }, criteria: { serviceRef: { name: web-dev }, secrets: [LIMIT, TOKEN] } }]
    - name: prod
      services: [{ serviceRef: { name: web-prod }, criteria: { serviceRef: { name: web-staging }, secrets: [LIMIT, TOKEN] } }]
  edges:
    - { from: dev, to: staging }
    - { from: staging, to: prod, gates: [{ name: release, type: APPROVAL }] }
";

/// A service with its `Secret`: a chart version, a value, a field that the policy names, and a secret.
fn service(stage: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: web-{stage}, namespace: apps }}\nspec:\n  \
         helm:\n    url: https://charts.example.com\n    chart: web\n    version: 1.0.0\n    values: {{ image: {{ tag: v1 }} }}\n  \
         configuration: {{ LIMIT: low }}\n  configurationRef: {{ name: {stage}-keys }}\n---\napiVersion: v1\nkind: Secret\n\
         metadata: {{ name: {stage}-keys, namespace: apps }}\nstringData: {{ TOKEN: first }}\n"
    )
}

/// Everything was made by acme, which owns the repository; alice, carol, dave, erin and mallory may write.
async fn shop() -> Site {
    let mut site = Site::empty().await;
    let repo = site.repo();
    for login in ["alice", "erin", "mallory"] {
        repo.role(login, Role::Write);
    }
    let stages = ["dev", "staging", "prod"].map(service);
    repo.files(
        "main",
        &[
            ("pipeline.yaml", PIPELINE),
            ("dev.yaml", &stages[0]),
            ("staging.yaml", &stages[1]),
            ("prod.yaml", &stages[2]),
            (".github/sluice.yaml", POLICY),
        ],
    );
    site.token = repo.app_token(4242, "sluice-app", PERMISSIONS);
    site
}

/// dev's manifest with a text of it replaced.
fn dev_with(site: &Site, old: &str, new: &str) -> String {
    let file = site.repo().file("main", "dev.yaml").unwrap();
    assert!(file.contains(old), "{file}");
    file.replace(old, new)
}

/// Someone pushes a change of dev straight to main.
fn pushes(site: &Site, login: &str, old: &str, new: &str) -> String {
    let file = dev_with(site, old, new);
    let repo = site.repo();
    repo.by(login)
        .pushes("main", &[("dev.yaml", &file)], &format!("Set {new}"))
}

/// Runs until the promotion into prod is open as a pull request; returns its number.
async fn proposed(site: &Site) -> u64 {
    let mut texts = Vec::new();
    for _ in 0..3 {
        let run = site.run().await;
        texts.push(run.text);
        if let [number] = site.repo().pulls(true)[..] {
            return number;
        }
    }
    panic!("{texts:#?}")
}

/// What the promotion into prod waits for once this person approved it.
async fn approved_by(site: &Site, number: u64, login: &str) -> Report {
    site.repo().by(login).approves(number);
    site.run().await
}

/// Why the promotion into prod does not move; empty if it landed.
fn why(run: &Report) -> String {
    let rows = run.json["promotions"].as_array();
    let mut rows = rows.into_iter().flatten();
    let row = rows.find(|row| row["to"] == "prod");
    row.map(|row| row["why"].as_str().unwrap_or_default().to_owned())
        .unwrap_or_else(|| run.text.clone())
}

/// Whether prod's manifest holds this text.
fn prod_has(site: &Site, text: &str) -> bool {
    site.repo()
        .file("main", "prod.yaml")
        .unwrap()
        .contains(text)
}

/// This person's approval does not count, for this reason; carol's then does.
async fn leaves_out(site: &Site, login: &str, reason: &str, lands: &str) {
    let number = proposed(site).await;
    let run = approved_by(site, number, login).await;
    assert!(!prod_has(site, lands), "{}", run.text);
    assert!(why(&run).contains(reason), "{}", why(&run));
    let run = approved_by(site, number, "carol").await;
    assert!(prod_has(site, lands), "{}", run.text);
}

#[tokio::test]
async fn a05_who_changed_a_value_does_not_approve_it_two_stages_on() {
    for (old, new, field) in [
        ("version: 1.0.0", "version: 1.1.0", "spec.helm.version"),
        ("tag: v1", "tag: v2", "spec.helm.values.image.tag"),
        ("LIMIT: low", "LIMIT: high", "LIMIT"),
        ("TOKEN: first", "TOKEN: other", "TOKEN"),
    ] {
        let site = shop().await;
        let commit = pushes(&site, "alice", old, new);
        let short = &commit[..7];
        let reason =
            format!("alice changed {field} of web-dev in dev ({short}), and does not count");
        leaves_out(&site, "alice", &reason, new).await;
        site.requests_hold();
    }
}

#[tokio::test]
async fn a_value_that_came_with_its_manifest_is_its_creators() {
    let site = shop().await;
    let repo = site.repo();
    let file = dev_with(&site, "version: 1.0.0", "version: 1.1.0");
    repo.by("dave").removes("main", &["dev.yaml"], "Make room");
    let commit = repo
        .by("alice")
        .pushes("main", &[("dev.yaml", &file)], "Make dev anew");
    let reason = format!(
        "alice changed spec.helm.version of web-dev in dev ({})",
        &commit[..7]
    );
    leaves_out(&site, "alice", &reason, "version: 1.1.0").await;
}

#[tokio::test]
async fn who_changed_a_value_before_its_service_was_renamed_does_not_approve_it() {
    let site = shop().await;
    let repo = site.repo();
    let commit = pushes(&site, "alice", "version: 1.0.0", "version: 1.1.0");
    let renamed = |path: &str| {
        let file = repo.file("main", path).unwrap();
        file.replace("name: web-dev", "name: shop-dev")
    };
    let (dev, pipeline) = (renamed("dev.yaml"), renamed("pipeline.yaml"));
    repo.by("dave").pushes(
        "main",
        &[("dev.yaml", &dev), ("pipeline.yaml", &pipeline)],
        "Rename dev",
    );
    let reason = format!(
        "alice changed spec.helm.version of shop-dev in dev ({})",
        &commit[..7]
    );
    leaves_out(&site, "alice", &reason, "version: 1.1.0").await;
}

#[tokio::test]
async fn the_first_commit_of_a_repository_is_its_pushers() {
    let site = shop().await;
    let repo = site.repo();
    let staging = repo.file("main", "staging.yaml").unwrap();
    let ahead = staging.replace("version: 1.0.0", "version: 0.9.0");
    repo.role("acme", Role::Write);
    // What dev holds since the first commit comes into staging and prod, which were set back.
    let prod = repo.file("main", "prod.yaml").unwrap();
    let behind = prod.replace("version: 1.0.0", "version: 0.9.0");
    repo.by("acme")
        .begins_anew("main", &[("staging.yaml", &ahead), ("prod.yaml", &behind)]);
    leaves_out(
        &site,
        "acme",
        "acme changed spec.helm.version of web-dev in dev",
        "version: 1.0.0",
    )
    .await;
}

#[tokio::test]
async fn who_pointed_a_service_at_another_secret_changed_its_keys() {
    let site = shop().await;
    let repo = site.repo();
    let other = "apiVersion: v1\nkind: Secret\nmetadata: { name: spare, namespace: apps }\nstringData: { TOKEN: spare }\n";
    repo.by("dave")
        .pushes("main", &[("spare.yaml", other)], "Keep a spare");
    let commit = pushes(
        &site,
        "alice",
        "configurationRef: { name: dev-keys }",
        "configurationRef: { name: spare }",
    );
    let reason = format!("alice changed TOKEN of web-dev in dev ({})", &commit[..7]);
    leaves_out(&site, "alice", &reason, "TOKEN: spare").await;
}
