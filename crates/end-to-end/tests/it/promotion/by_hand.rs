//! Promotion by hand: by dispatch, with or without the plan that is approved with it.

use end_to_end::site::{REPO, Site, WORKFLOW};
use sluice::error::Exit;

#[tokio::test]
async fn a_manual_stage_moves_by_dispatch_only_and_who_asked_cannot_approve() {
    let mut site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    repo.files(
        "main",
        &[
            (
                ".github/sluice.yaml",
                "version: 1\nstages: { prod: { trigger: manual } }\n",
            ),
            WORKFLOW,
        ],
    );
    let held = site.run().await;
    assert!(held.lines()[0].starts_with("held"), "{}", held.text);
    assert_eq!(repo.pulls(true), Vec::<u64>::new());

    site.is_dispatched_by("carol");
    // Whatever the environment says about people is not asked.
    site.environment
        .insert("GITHUB_ACTOR".to_owned(), "dave".to_owned());
    let asked = site
        .call(&[
            "promote",
            "--format=json",
            "--pipeline",
            "k3s-upgrade",
            "--to",
            "prod",
        ])
        .await;
    assert!(asked.lines()[0].starts_with("opened"), "{}", asked.text);
    let number = repo.pulls(true)[0];
    let message = repo.message(&repo.head(number));
    let carol = site.hub.account("carol", github_stand_in::Kind::User);
    assert!(
        message.contains(&format!("Sluice-Requested-By: {carol}\n")),
        "{message}"
    );

    site.environment.remove("GITHUB_RUN_ID");
    repo.by("carol").approves(number);
    let waits = site.run().await;
    assert!(
        waits
            .text
            .contains("carol requested this promotion, and does not count"),
        "{}",
        waits.text
    );
    repo.by("dave").approves(number);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_dispatch_that_names_the_plan_approves_it_where_the_gate_lists_that_way() {
    let mut site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    repo.files(
        "main",
        &[
            (
                ".github/sluice.yaml",
                "version: 1\ngates: { approval-gate: { ways: [dispatch] } }\n",
            ),
            WORKFLOW,
        ],
    );
    let opened = site.run().await;
    let plan = opened.json["promotions"][0]["plan"]
        .as_str()
        .unwrap()
        .to_owned();
    site.is_dispatched_by("carol");
    let promote = |plan: &str| {
        [
            "promote",
            "--pipeline=k3s-upgrade",
            "--to=prod",
            "--approve",
            "--plan",
            plan,
        ]
        .map(str::to_owned)
    };
    // Another plan may share the first digits: to make one takes minutes.
    let last = if plan.ends_with('0') { "1" } else { "0" };
    let twin = format!("{}{last}", &plan[..63]);
    for other in [&"0".repeat(64), &twin, &plan[..12], &plan[..63]] {
        let refused = site
            .call(&promote(other).each_ref().map(String::as_str))
            .await;
        assert_eq!(refused.exit, Exit::Usage, "{other}: {}", refused.text);
        assert!(refused.text.contains(&plan), "{}", refused.text);
        assert_eq!(repo.pulls(true), [1], "{other}: {}", refused.text);
    }
    let this = promote(&plan);
    let landed = site.call(&this.each_ref().map(String::as_str)).await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_pull_request_offers_a_ready_dispatch_where_its_gate_lists_that_way() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    assert!(
        !repo.body(1).contains("gh workflow run"),
        "{}",
        repo.body(1)
    );
    let policy = "version: 1\ngates: { approval-gate: { ways: [label, dispatch] } }\n";
    repo.files("main", &[(".github/sluice.yaml", policy)]);
    let run = site.run().await;
    let plan = run.json["promotions"][0]["plan"].as_str().unwrap();
    let body = repo.body(1);
    let command = format!(
        "gh workflow run sluice-promote.yml --repo {REPO} -f command=promote -f pipeline=infra/k3s-upgrade -f to=prod -f plan={plan} -f approve=true"
    );
    assert!(body.lines().any(|line| line == command), "{body}");
    site.hub.forget_calls();
    let again = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", again.text);
}

#[tokio::test]
async fn a_promotion_that_names_its_plan_names_all_of_it_unless_it_only_looks() {
    let mut site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let files = [
        (
            ".github/sluice.yaml",
            "version: 1\nstages: { prod: { trigger: manual } }\n",
        ),
        WORKFLOW,
    ];
    repo.files("main", &files);
    let held = site.run().await;
    let plan = held.json["promotions"][0]["plan"]
        .as_str()
        .unwrap()
        .to_owned();
    site.is_dispatched_by("carol");
    let asks = |digits: usize| {
        let plan = format!("--plan={}", &plan[..digits]);
        ["promote", "--pipeline=k3s-upgrade", "--to=prod", &plan].map(str::to_owned)
    };
    let mut looks = asks(12).to_vec();
    looks.push("--dry-run".to_owned());
    let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
    let looked = site.call(&looks).await;
    assert_eq!(looked.exit, Exit::Done, "{}", looked.text);
    let refused = site.call(&asks(12).each_ref().map(String::as_str)).await;
    assert_eq!(refused.exit, Exit::Usage, "{}", refused.text);
    assert!(refused.text.contains(&plan), "{}", refused.text);
    assert_eq!(repo.pulls(false), Vec::<u64>::new());
    let opened = site.call(&asks(64).each_ref().map(String::as_str)).await;
    assert!(opened.lines()[0].starts_with("opened"), "{}", opened.text);
}
