//! What goes back, and what stays: values come from the files of the landing, byte for byte as it left them.

use super::{goes_back, is_held};
use end_to_end::shop::{APPROVAL, chart, pipeline, shop_of_web};
use end_to_end::site::Site;

const KIND: &str = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\n";

/// A repository with these files, in which rollbacks can be dispatched.
async fn site_of(files: &[(&str, &str)]) -> Site {
    let site = Site::empty().await;
    site.repo().files("main", files);
    site.adds_workflow();
    site
}

/// Puts files onto the base, runs, approves what is open and runs again.
async fn moves(site: &Site, files: &[(&str, &str)]) -> String {
    let repo = site.repo();
    if !files.is_empty() {
        repo.files("main", files);
    }
    site.run().await;
    for number in repo.pulls(true) {
        repo.by("carol").approves(number);
    }
    site.run().await.text
}

/// Takes prod back, with carol's approval.
async fn back(site: &mut Site) -> String {
    let run = goes_back(site, &[]).await;
    let repo = site.repo();
    let Some(number) = repo.pulls(true).last().copied() else {
        panic!("{}", run.text)
    };
    repo.by("carol").approves(number);
    site.run().await.text
}

#[tokio::test]
async fn a_ref_goes_back_with_the_name_behind_it_byte_for_byte() {
    let (mut site, _) = shop_of_web(APPROVAL, "").await;
    let repo = site.repo();
    site.adds_workflow();
    let flow = repo.file("main", "prod.yaml").unwrap();
    let block = flow
        .replace("{ url: ", "\n    url: ")
        .replace(", folder: ", "\n    folder: ")
        .replace(", ref: ", "\n    ref: ")
        .replace(" }\n", "\n")
        .replace("namespace: apps\n", "namespace: apps }\n");
    repo.files("main", &[("prod.yaml", &block)]);
    let web = site.hub.repo("acme/web");
    web.files("main", &[("app/x", "2")]);
    moves(&site, &[]).await;
    let first = repo.file("main", "prod.yaml").unwrap();
    assert!(first.contains("# sluice: main "), "{first}");
    web.files("main", &[("app/x", "3")]);
    moves(&site, &[]).await;
    assert_ne!(repo.file("main", "prod.yaml").unwrap(), first);
    let text = back(&mut site).await;
    assert_eq!(repo.file("main", "prod.yaml").unwrap(), first, "{text}");
}

#[tokio::test]
async fn the_commit_that_ran_before_is_taken_though_its_branch_was_pushed_over() {
    let (mut site, _) = shop_of_web(APPROVAL, "").await;
    let repo = site.repo();
    site.adds_workflow();
    let web = site.hub.repo("acme/web");
    let base = web.tip("main").unwrap();
    web.files("main", &[("app/x", "2")]);
    moves(&site, &[]).await;
    let first = repo.file("main", "prod.yaml").unwrap();
    web.by("carol").force_pushes("main", &base);
    web.files("main", &[("app/x", "3")]);
    moves(&site, &[]).await;
    assert_ne!(repo.file("main", "prod.yaml").unwrap(), first);
    let text = back(&mut site).await;
    assert_eq!(repo.file("main", "prod.yaml").unwrap(), first, "{text}");
}

fn with_secret(name: &str) -> String {
    format!(
        "{KIND}metadata: {{ name: {name}, namespace: apps }}\nspec:\n  configurationRef: {{ name: {name}-keys }}\n\
         \x20 helm: {{ url: https://charts.example.com, chart: web, version: 1.0.0 }}\n"
    )
}

fn secret(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{ name: {name}-keys, namespace: apps }}\nstringData: {{ token: {value} }}\n"
    )
}

#[tokio::test]
async fn a_secret_goes_back_to_its_value_then_and_is_shown_nowhere() {
    let pipeline = pipeline(APPROVAL).replace(
        "criteria: { serviceRef: { name: web-dev } }",
        "criteria: { serviceRef: { name: web-dev }, secrets: [token] }",
    );
    let mut site = site_of(&[
        ("pipeline.yaml", &pipeline),
        ("dev.yaml", &with_secret("web-dev")),
        ("prod.yaml", &with_secret("web-prod")),
        ("dev-keys.yaml", &secret("web-dev", "hush-0")),
        ("prod-keys.yaml", &secret("web-prod", "hush-0")),
    ])
    .await;
    for value in ["hush-1", "hush-2"] {
        let text = moves(&site, &[("dev-keys.yaml", &secret("web-dev", value))]).await;
        let now = site.repo().file("main", "prod-keys.yaml").unwrap();
        assert_eq!(now, secret("web-prod", value), "{text}");
    }
    let text = back(&mut site).await;
    let repo = site.repo();
    let now = repo.file("main", "prod-keys.yaml").unwrap();
    assert_eq!(now, secret("web-prod", "hush-1"), "{text}");
    for number in 1..=3 {
        let said = format!("{}{}", repo.body(number), repo.pull(number)["title"]);
        assert!(!said.contains("hush"), "{said}");
    }
    assert!(!repo.message("main").contains("hush"));
    // It is a landing: what comes next is held, and not taken for set by hand.
    site.run().await;
    assert!(is_held(&site, repo.pulls(true)[0]));
}

#[tokio::test]
async fn a_manifest_is_found_where_it_stood_then() {
    let mut site = site_of(&[
        ("pipeline.yaml", &pipeline(APPROVAL)),
        ("dev.yaml", &chart("web-dev", "1.0.0")),
        (
            "all.yaml",
            &format!("{}---\n{}", chart("web-prod", "1.0.0"), chart("other", "1")),
        ),
    ])
    .await;
    moves(&site, &[("dev.yaml", &chart("web-dev", "1.1.0"))]).await;
    moves(&site, &[("dev.yaml", &chart("web-dev", "1.2.0"))]).await;
    let repo = site.repo();
    repo.by("dave").pushes(
        "main",
        &[
            ("all.yaml", &chart("other", "1")),
            ("prod.yaml", &chart("web-prod", "1.2.0")),
        ],
        "Give prod a file of its own",
    );
    let text = back(&mut site).await;
    let now = repo.file("main", "prod.yaml").unwrap();
    assert_eq!(now, chart("web-prod", "1.1.0"), "{text}");
}

/// A pipeline with two services a stage.
fn two() -> String {
    pipeline(APPROVAL).replace(
        "services: [{ serviceRef: { name: web-prod }, criteria: { serviceRef: { name: web-dev } } }]",
        "services: [{ serviceRef: { name: web-prod }, criteria: { serviceRef: { name: web-dev } } }, \
         { serviceRef: { name: api-prod }, criteria: { serviceRef: { name: api-dev } } }]",
    ).replace(
        "services: [{ serviceRef: { name: web-dev } }]",
        "services: [{ serviceRef: { name: web-dev } }, { serviceRef: { name: api-dev } }]",
    )
}

#[tokio::test]
async fn a_service_that_was_not_there_then_stays_and_is_named() {
    let mut site = site_of(&[
        ("pipeline.yaml", &pipeline(APPROVAL)),
        ("dev.yaml", &chart("web-dev", "1.0.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
    ])
    .await;
    moves(&site, &[("dev.yaml", &chart("web-dev", "1.1.0"))]).await;
    let files = [
        ("pipeline.yaml", two()),
        ("api-dev.yaml", chart("api-dev", "2.1.0")),
        ("api-prod.yaml", chart("api-prod", "2.0.0")),
        ("dev.yaml", chart("web-dev", "1.2.0")),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    moves(&site, &files).await;
    let repo = site.repo();
    assert_eq!(
        repo.file("main", "api-prod.yaml").unwrap(),
        chart("api-prod", "2.1.0")
    );
    let text = back(&mut site).await;
    assert_eq!(
        repo.file("main", "prod.yaml").unwrap(),
        chart("web-prod", "1.1.0"),
        "{text}"
    );
    assert_eq!(
        repo.file("main", "api-prod.yaml").unwrap(),
        chart("api-prod", "2.1.0"),
        "{text}"
    );
    let message = repo.message("main");
    assert!(
        message.contains("api-prod stays behind: did not exist yet, and is left unchanged"),
        "{message}"
    );
}

#[tokio::test]
async fn fields_that_no_promotion_writes_stay() {
    let mut site = site_of(&[
        ("pipeline.yaml", &pipeline(APPROVAL)),
        ("dev.yaml", &chart("web-dev", "1.0.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
    ])
    .await;
    moves(&site, &[("dev.yaml", &chart("web-dev", "1.1.0"))]).await;
    moves(&site, &[("dev.yaml", &chart("web-dev", "1.2.0"))]).await;
    let repo = site.repo();
    let own = format!(
        "{}  configuration: {{ size: large }} # by hand\n",
        chart("web-prod", "1.2.0")
    );
    repo.by("dave")
        .pushes("main", &[("prod.yaml", &own)], "Scale up");
    let text = back(&mut site).await;
    let expected = own.replace("1.2.0", "1.1.0");
    assert_eq!(repo.file("main", "prod.yaml").unwrap(), expected, "{text}");
}

#[tokio::test]
async fn a_commit_that_only_bears_a_landings_words_is_no_place_to_go_back_to() {
    let mut site = site_of(&[
        ("pipeline.yaml", &pipeline(APPROVAL)),
        ("dev.yaml", &chart("web-dev", "1.0.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
    ])
    .await;
    moves(&site, &[("dev.yaml", &chart("web-dev", "1.1.0"))]).await;
    let repo = site.repo();
    let words = repo.message("main");
    repo.by("dave").pushes(
        "main",
        &[("prod.yaml", &chart("web-prod", "6.6.6"))],
        &words,
    );
    repo.by("dave").pushes(
        "main",
        &[("prod.yaml", &chart("web-prod", "7.7.7"))],
        "Oops",
    );
    let text = back(&mut site).await;
    assert_eq!(
        repo.file("main", "prod.yaml").unwrap(),
        chart("web-prod", "1.1.0"),
        "{text}"
    );
}

/// Two services that come into prod along an edge each, and move one after the other.
async fn two_edges(policy: &str, moved: &[(&str, &str)]) -> Site {
    let both = "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: shop, namespace: apps }\nspec:\n  stages:\n\
        \x20 - { name: eu, services: [{ serviceRef: { name: web-eu } }] }\n\
        \x20 - { name: us, services: [{ serviceRef: { name: web-us } }] }\n\
        \x20 - { name: prod, services: [{ serviceRef: { name: web-prod }, criteria: { serviceRef: { name: web-eu } } },\n\
        \x20     { serviceRef: { name: api-prod }, criteria: { serviceRef: { name: web-us } } }] }\n\
        \x20 edges:\n  - { from: eu, to: prod, gates: [{ name: release, type: APPROVAL }] }\n\
        \x20 - { from: us, to: prod, gates: [{ name: release-us, type: APPROVAL }] }\n";
    let site = site_of(&[
        ("pipeline.yaml", both),
        ("eu.yaml", &chart("web-eu", "1.0.0")),
        ("us.yaml", &chart("web-us", "2.0.0")),
        ("web.yaml", &chart("web-prod", "1.0.0")),
        ("api.yaml", &chart("api-prod", "2.0.0")),
        (".github/sluice.yaml", policy),
    ])
    .await;
    for (region, version) in moved {
        let text = moves(
            &site,
            &[(
                &format!("{region}.yaml"),
                &chart(&format!("web-{region}"), version),
            )],
        )
        .await;
        let file = if *region == "eu" {
            "web.yaml"
        } else {
            "api.yaml"
        };
        let now = site.repo().file("main", file).unwrap();
        assert!(now.contains(version), "{text}");
    }
    site
}

fn holds(site: &Site, file: &str, name: &str, version: &str) -> bool {
    site.repo().file("main", file).unwrap() == chart(name, version)
}

#[tokio::test]
async fn with_any_edge_a_stage_goes_back_along_the_edge_of_its_newest_landing() {
    let any = "version: 1\nstages: { prod: { join: any } }\n";
    let moved = [
        ("us", "2.1.0"),
        ("eu", "1.1.0"),
        ("us", "2.2.0"),
        ("eu", "1.2.0"),
    ];
    let mut site = two_edges(any, &moved).await;
    // Something waits along the other edge, and no one is asked for it meanwhile.
    let repo = site.repo();
    repo.files("main", &[("us.yaml", &chart("web-us", "2.3.0"))]);
    site.run().await;
    let [other] = repo.pulls(true)[..] else {
        panic!()
    };
    repo.by("carol").approves(other);
    let run = goes_back(&mut site, &[]).await;
    assert!(
        holds(&site, "api.yaml", "api-prod", "2.2.0"),
        "{}",
        run.text
    );
    let number = *repo.pulls(true).last().unwrap();
    assert_ne!(number, other, "{}", run.text);
    let run = site.run().await;
    assert!(
        holds(&site, "api.yaml", "api-prod", "2.2.0"),
        "{}",
        run.text
    );
    repo.by("carol").approves(number);
    let run = site.run().await;
    assert!(
        holds(&site, "web.yaml", "web-prod", "1.1.0"),
        "{}",
        run.text
    );
    // A landing of the stage in this run holds the other edge once more; then it goes on, and is not held by the rollback.
    let run = site.run().await;
    assert!(
        holds(&site, "api.yaml", "api-prod", "2.3.0"),
        "{}",
        run.text
    );
    assert!(
        holds(&site, "web.yaml", "web-prod", "1.1.0"),
        "{}",
        run.text
    );
    let run = site.run().await;
    let forward = *repo.pulls(true).last().unwrap();
    assert!(is_held(&site, forward), "{}", run.text);
}

#[tokio::test]
async fn with_any_edge_a_plan_names_the_edge_too() {
    let any = "version: 1\nstages: { prod: { join: any } }\n";
    let mut site = two_edges(any, &[("us", "2.1.0")]).await;
    let message = site.repo().message("main");
    let plan = message
        .lines()
        .find_map(|line| line.strip_prefix("Sluice-Plan: "))
        .unwrap();
    let plan = format!("--plan={plan}");
    for (region, version) in [("us", "2.2.0"), ("eu", "1.1.0"), ("eu", "1.2.0")] {
        let file = format!("{region}.yaml");
        moves(&site, &[(&file, &chart(&format!("web-{region}"), version))]).await;
    }
    let run = goes_back(&mut site, &[&plan]).await;
    let repo = site.repo();
    let [number] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    repo.by("carol").approves(number);
    let run = site.run().await;
    assert!(
        holds(&site, "api.yaml", "api-prod", "2.1.0"),
        "{}",
        run.text
    );
    assert!(
        holds(&site, "web.yaml", "web-prod", "1.2.0"),
        "{}",
        run.text
    );
    let message = repo.message("main");
    assert!(
        message.contains("Sluice-Edges: us -> prod")
            && !message.contains("Sluice-Edges: eu -> prod"),
        "{message}"
    );
}

#[tokio::test]
async fn what_a_person_set_in_another_service_meanwhile_is_no_reason_to_go_back_and_does_not_come_back()
 {
    let mut site = two_edges("version: 1\n", &[("eu", "1.1.0")]).await;
    let repo = site.repo();
    repo.by("dave")
        .pushes("main", &[("api.yaml", &chart("api-prod", "6.6.6"))], "Try");
    moves(&site, &[("eu.yaml", &chart("web-eu", "1.2.0"))]).await;
    assert!(holds(&site, "api.yaml", "api-prod", "6.6.6"));
    repo.by("dave")
        .pushes("main", &[("api.yaml", &chart("api-prod", "2.0.0"))], "No");
    let text = back(&mut site).await;
    assert!(holds(&site, "web.yaml", "web-prod", "1.1.0"), "{text}");
    assert!(holds(&site, "api.yaml", "api-prod", "2.0.0"), "{text}");
}

#[tokio::test]
async fn a_rollback_that_takes_a_hotfix_away_says_so() {
    let mut site = site_of(&[
        ("pipeline.yaml", &pipeline(APPROVAL)),
        ("dev.yaml", &chart("web-dev", "1.0.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
    ])
    .await;
    moves(&site, &[("dev.yaml", &chart("web-dev", "1.2.0"))]).await;
    let repo = site.repo();
    repo.by("dave")
        .pushes("main", &[("prod.yaml", &chart("web-prod", "1.2.1"))], "Fix");
    let run = goes_back(&mut site, &[]).await;
    let [number] = repo.pulls(true)[..] else {
        panic!("{}", run.text)
    };
    let body = repo.body(number);
    assert!(
        body.contains("takes away: **web-prod** was set by hand in"),
        "{body}"
    );
    assert_eq!(run.json["ahead"][0]["taken_away"], true, "{}", run.text);
}

#[tokio::test]
async fn a_held_service_is_not_taken_back_and_its_hotfix_is_not_said_to_be_taken_away() {
    let mut site = two_edges("version: 1\n", &[("eu", "1.1.0"), ("eu", "1.2.0")]).await;
    let repo = site.repo();
    moves(&site, &[("us.yaml", &chart("web-us", "2.1.0"))]).await;
    repo.by("dave")
        .pushes("main", &[("api.yaml", &chart("api-prod", "2.1.1"))], "Fix");
    let holds_api =
        "version: 1\nholds: [{ pipeline: shop, stage: prod, service: api-prod, reason: INC-9 }]\n";
    repo.files("main", &[(".github/sluice.yaml", holds_api)]);
    let run = goes_back(&mut site, &[]).await;
    let shown = &run.json["ahead"];
    assert_eq!(shown[0]["service"], "api-prod", "{}", run.text);
    assert_eq!(shown[0]["taken_away"], false, "{}", run.text);
}
