//! Readiness and soak: by evidence about the very content, with the server's times alone.

use end_to_end::shop::{APPROVAL, chart, landed, shop, shop_of_web};
use end_to_end::site::Site;
use github_stand_in::{Fault, Kind, Role, When};

fn opened(site: &Site) -> bool {
    !site.repo().pulls(true).is_empty()
}

/// The numeric id of an account.
fn id_of(site: &Site, login: &str) -> u64 {
    site.repo().with(|world, _| world.ensure_user(login))
}

/// No gate: what is ready moves.
async fn ready(rule: &str) -> Site {
    shop("", &format!("stages: {{ dev: {{ ready: {rule} }} }}\n")).await
}

#[tokio::test]
async fn content_soaks_from_its_push_and_an_unrelated_commit_does_not_set_it_back() {
    let site = ready("{ soak: 1h }").await;
    let repo = site.repo();
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("soak ends"),
        "{}",
        run.text
    );
    site.hub.advance(3000);
    repo.files("main", &[("README.md", "hello")]);
    let run = site.run().await;
    assert!(!opened(&site), "{}", run.text);
    site.hub.advance(700);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_changed_value_soaks_anew() {
    let site = ready("{ soak: 1h }").await;
    let repo = site.repo();
    site.hub.advance(3500);
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    site.hub.advance(3500);
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("soak ends"),
        "{}",
        run.text
    );
    site.hub.advance(200);
    site.run().await;
    assert!(repo.file("main", "prod.yaml").unwrap().contains("1.2.0"));
}

#[tokio::test]
async fn a_commit_that_is_dated_back_gains_nothing() {
    let site = ready("{ soak: 1h }").await;
    let repo = site.repo();
    site.hub.advance(7200);
    // The dates in the commit say last year; the server knows when it came.
    repo.with(|world, _| world.clock.advance(-365 * 24 * 3600));
    let head =
        repo.by("carol")
            .pushes("dated", &[("dev.yaml", &chart("web-dev", "1.3.0"))], "Bump");
    repo.with(|world, _| world.clock.advance(365 * 24 * 3600));
    repo.by("carol").does(
        "PATCH",
        "/git/refs/heads/main",
        serde_json::json!({"sha": head}),
    );
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("soak ends"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn a_status_counts_by_its_creator_alone_on_this_content_alone() {
    let site = ready("{ soak: 1h }").await;
    let bot = id_of(&site, "deployer");
    let repo = site.repo();
    repo.role("deployer", Role::Write);
    let policy = format!(
        "version: 1\nstages: {{ dev: {{ ready: {{ status: {{ context: smoke, creator: {bot} }} }} }} }}\n"
    );
    let old = repo.tip("main").unwrap();
    repo.files(
        "main",
        &[
            ("dev.yaml", &chart("web-dev", "1.2.0")),
            (".github/sluice.yaml", &policy),
        ],
    );
    let content = repo.tip("main").unwrap();
    repo.by("carol").reports(&content, "smoke", "success");
    repo.workflow("statuses:write")
        .reports(&content, "smoke", "success");
    repo.by("deployer").reports(&content, "other", "success");
    repo.by("deployer").reports(&old, "smoke", "success");
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("waits for the status smoke"),
        "{}",
        run.text
    );
    // On a later commit that holds the same, it is about the same.
    repo.files("main", &[("README.md", "x")]);
    let later = repo.tip("main").unwrap();
    repo.by("deployer").reports(&later, "smoke", "failure");
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("ended with failure"),
        "{}",
        run.text
    );
    repo.by("deployer").reports(&later, "smoke", "success");
    let run = site.run().await;
    assert!(
        repo.file("main", "prod.yaml").unwrap().contains("1.2.0"),
        "{}",
        run.text
    );
    site.requests_hold();
}

#[tokio::test]
async fn a_check_counts_by_its_app_and_soaks_from_its_first_success() {
    let site = ready("{ check: { name: e2e, app: 777 }, soak: 1h }").await;
    let repo = site.repo();
    let content = repo.tip("main").unwrap();
    let app = repo.app(777, "tester", "checks:write");
    repo.app(888, "other", "checks:write")
        .checks(&content, "e2e", "success");
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("waits for the check e2e"),
        "{}",
        run.text
    );
    app.checks(&content, "e2e", "success");
    site.hub.advance(3000);
    app.checks(&content, "e2e", "success");
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("soak ends"),
        "{}",
        run.text
    );
    site.hub.advance(700);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_deployment_counts_by_the_creator_of_its_status() {
    let site = ready("{ soak: 1h }").await;
    let bot = id_of(&site, "deployer");
    let repo = site.repo();
    repo.role("deployer", Role::Write);
    let policy = format!(
        "version: 1\nstages: {{ dev: {{ ready: {{ deployment: dev, creator: {bot}, soak: 30m }} }} }}\n"
    );
    repo.files("main", &[(".github/sluice.yaml", &policy)]);
    let content = repo.tip("main").unwrap();
    repo.by("carol").deploys(&content, "dev", "success");
    repo.by("deployer").deploys(&content, "qa", "success");
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("waits for a deployment to dev"),
        "{}",
        run.text
    );
    repo.by("deployer").deploys(&content, "dev", "success");
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("soak ends"),
        "{}",
        run.text
    );
    site.hub.advance(1900);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_branch_of_another_repository_soaks_from_the_push_that_brought_the_content() {
    let (site, _) = shop_of_web(APPROVAL, "stages: { dev: { ready: { soak: 1h } } }\n").await;
    let web = site.hub.repo("acme/web");
    site.hub.advance(7200);
    web.by("carol").pushes("main", &[("app/x", "2")], "Mend it");
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("soak ends"),
        "{}",
        run.text
    );
    site.hub.advance(3000);
    web.by("carol")
        .pushes("main", &[("docs/x", "2")], "Words only");
    let run = site.run().await;
    assert!(!opened(&site), "{}", run.text);
    site.hub.advance(700);
    let run = site.run().await;
    assert!(opened(&site), "{}", run.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_history_that_was_written_anew_with_the_same_content_soaks_on() {
    let site = ready("{ soak: 1h }").await;
    let repo = site.repo();
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    site.hub.advance(3000);
    let rewritten = [
        ("dev.yaml", chart("web-dev", "1.2.0")),
        ("README.md", "x".to_owned()),
    ];
    let rewritten: Vec<(&str, &str)> = rewritten
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    repo.by("carol")
        .rewrites("main", &rewritten, "Bump, in other words");
    let run = site.run().await;
    assert!(!opened(&site), "{}", run.text);
    site.hub.advance(700);
    let run = site.run().await;
    assert!(
        repo.file("main", "prod.yaml").unwrap().contains("1.2.0"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn a_history_that_was_written_anew_with_another_content_soaks_anew() {
    let site = ready("{ soak: 1h }").await;
    let repo = site.repo();
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    site.hub.advance(3000);
    repo.by("carol")
        .rewrites("main", &[("dev.yaml", &chart("web-dev", "1.3.0"))], "Bump");
    site.hub.advance(700);
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("soak ends"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_an_error_and_one_that_knows_nothing_waits() {
    let site = ready("{ soak: 1h }").await;
    site.hub.advance(7200);
    site.repo().forget_activity(0);
    let run = site.run().await;
    assert!(
        !opened(&site) && run.why().contains("does not list its arrival yet"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn what_this_account_says_itself_is_no_evidence() {
    let rules = [
        "status: { context: smoke, creator: OWN }",
        "deployment: dev, creator: OWN",
        "check: { name: e2e, app: 4242 }",
    ];
    let mut said = Vec::new();
    for rule in rules {
        let site = ready("{ soak: 1m }").await;
        let repo = site.repo();
        let own = repo.with(|world, _| world.apps[&4242].bot);
        let rule = rule.replace("OWN", &own.to_string());
        let policy = format!("version: 1\nstages:\n  dev: {{ ready: {{ {rule} }} }}\n");
        let content = repo.files("main", &[(".github/sluice.yaml", &policy)]);
        // Anyone who has Sluice's token for a moment can report anything.
        let own = repo.app(
            4242,
            "sluice-app",
            "checks:write, statuses:write, deployments:write",
        );
        own.reports(&content, "smoke", "success");
        own.checks(&content, "e2e", "success");
        own.deploys(&content, "dev", "success");
        let run = site.run().await;
        assert!(!opened(&site) && !landed(&site), "{rule}: {}", run.text);
        assert_eq!(run.exit, sluice::error::Exit::Invalid, "{rule}");
        let finding = &run.json["findings"][0];
        assert_eq!(finding["code"], "policy-contradiction", "{}", run.text);
        said.push(finding["message"].as_str().unwrap().to_owned());
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    `ready` of dev depends on statuses of the account 1007, which is this run's own account (sluice-app[bot])
    `ready` of dev depends on deployments of the account 1007, which is this run's own account (sluice-app[bot])
    `ready` of dev depends on checks of the App 4242, which is this run's own account (sluice-app[bot])
    ");
}

#[tokio::test]
async fn a_gate_that_waits_for_a_check_of_this_very_app_stops_its_pipeline() {
    let site = shop(
        "{ name: fleet, type: SENTINEL }",
        "gates: { fleet: { check: { name: e2e, app: 4242 } } }\n",
    )
    .await;
    let run = site.run().await;
    assert!(!opened(&site), "{}", run.text);
    assert_eq!(run.json["findings"][0]["code"], "policy-contradiction");
}

#[tokio::test]
async fn who_this_run_works_as_must_be_known_where_a_policy_trusts_others() {
    let site = ready("{ status: { context: smoke, creator: 777 } }").await;
    for fault in [When::graphql("viewer"), When::rest("GET", "/apps/")] {
        site.hub.fault(fault.always(), Fault::ServerError);
    }
    let run = site.run().await;
    assert_eq!(run.exit, sluice::error::Exit::Failed, "{}", run.text);
    assert!(!opened(&site));
}

#[tokio::test]
async fn on_another_server_github_actions_has_other_numbers_and_is_trusted_as_little() {
    for rule in [
        "status: { context: smoke, creator: 77 }",
        "check: { name: e2e, app: 9 }",
    ] {
        let mut site = ready(&format!("{{ {rule} }}")).await;
        site.environment.insert(
            "GITHUB_SERVER_URL".to_owned(),
            "https://ghes.example.com".to_owned(),
        );
        site.repo().with(|world, _| {
            let old = world.apps[&15368].bot;
            world.users.get_mut(&old).unwrap().login = "elsewhere[bot]".to_owned();
            world.apps.get_mut(&15368).unwrap().slug = "elsewhere".to_owned();
            world.add_user(77, "github-actions[bot]", Kind::Bot);
            world.ensure_app(9, "github-actions");
        });
        let run = site.run().await;
        assert!(!opened(&site), "{rule}: {}", run.text);
        let finding = &run.json["findings"][0];
        assert_eq!(finding["code"], "policy-contradiction", "{}", run.text);
        let message = finding["message"].as_str().unwrap();
        assert!(message.contains("which is GitHub Actions"), "{message}");
    }
}
