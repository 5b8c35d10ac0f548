//! A promotion in each way in which it can be let through.

use end_to_end::site::{REPO, Site};
use serde_json::json;
use sluice::error::Exit;

const LABEL: &str = "approve/prod/approval-gate";

#[tokio::test]
async fn a_review_lets_a_promotion_land_and_the_next_run_writes_nothing() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let opened = site.run().await;
    assert_eq!(opened.exit, Exit::Done, "{}", opened.text);
    let number = repo.pulls(true)[0];
    assert_eq!(
        opened.lines(),
        [
            "opened infra/k3s-upgrade → prod #1: approval-gate: waits for 1 approval by anyone with write"
        ]
    );
    site.hub.forget_calls();
    let again = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", again.text);

    repo.by("carol").approves(number);
    let landed = site.run().await;
    assert_eq!(landed.exit, Exit::Done, "{}", landed.text);
    assert_eq!(
        landed.lines(),
        ["promoted infra/k3s-upgrade → prod #1: landed"]
    );
    let file = repo.file("main", "upgrade.yaml").unwrap();
    assert!(
        file.contains(r#""version":  'v1.29.1'     # prod"#),
        "{file}"
    );
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(
        (site.writes(), quiet.lines().len()),
        (Vec::<String>::new(), 0),
        "{}",
        quiet.text
    );
    site.requests_hold();
}

#[tokio::test]
async fn a_label_by_a_person_with_write_lets_a_promotion_land() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    let number = repo.pulls(true)[0];
    repo.by("tom").labels(number, LABEL);
    let waits = site.run().await;
    assert!(waits.text.contains("tom has no write"), "{}", waits.text);
    repo.by("tom").unlabels(number, LABEL);
    repo.by("dave").labels(number, LABEL);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("promoted"), "{}", landed.text);
    site.requests_hold();
}

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
            (".github/workflows/promote.yml", "on: workflow_dispatch\n"),
        ],
    );
    let held = site.run().await;
    assert!(held.lines()[0].starts_with("held"), "{}", held.text);
    assert_eq!(repo.pulls(true), Vec::<u64>::new());

    let run = repo
        .by("carol")
        .dispatches("promote.yml", "main", json!({}));
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
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
            .contains("carol asked for this promotion, and does not count"),
        "{}",
        waits.text
    );
    repo.by("dave").approves(number);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("promoted"), "{}", landed.text);
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
            (".github/workflows/promote.yml", "on: workflow_dispatch\n"),
        ],
    );
    let opened = site.run().await;
    let plan = opened.json["promotions"][0]["plan"]
        .as_str()
        .unwrap()
        .to_owned();
    let run = repo
        .by("carol")
        .dispatches("promote.yml", "main", json!({}));
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
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
    assert!(landed.lines()[0].starts_with("promoted"), "{}", landed.text);
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
        (".github/workflows/promote.yml", "on: workflow_dispatch\n"),
    ];
    repo.files("main", &files);
    let held = site.run().await;
    let plan = held.json["promotions"][0]["plan"]
        .as_str()
        .unwrap()
        .to_owned();
    let run = repo
        .by("carol")
        .dispatches("promote.yml", "main", json!({}));
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), run.to_string());
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

#[tokio::test]
async fn a_stage_that_is_committed_to_moves_without_a_pull_request() {
    let site = Site::of("two-pipelines").await;
    let repo = site.repo();
    let manifest = repo.file("main", "all.yaml").unwrap();
    let ungated = manifest.replace(", gates: [{ name: release, type: APPROVAL }]", "");
    repo.files(
        "main",
        &[
            ("all.yaml", &ungated),
            (
                ".github/sluice.yaml",
                "version: 1\nstages: { prod: { delivery: commit, trigger: auto } }\n",
            ),
        ],
    );
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(
        run.lines(),
        [
            "promoted apps/mail → prod: landed",
            "promoted apps/search → prod: landed"
        ]
    );
    let file = repo.file("main", "all.yaml").unwrap();
    assert!(!file.contains("3.0.0"), "{file}");
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    site.requests_hold();
}

#[tokio::test]
async fn of_two_pipelines_in_one_file_the_second_is_built_anew_once_the_first_has_landed() {
    let site = Site::of("two-pipelines").await;
    let repo = site.repo();
    site.run().await;
    assert_eq!(repo.pulls(true), [1, 2]);
    repo.by("carol").approves(1);
    repo.by("dave").approves(2);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let kinds: Vec<String> = run.lines();
    assert!(
        kinds[0].starts_with("promoted") && kinds[1].starts_with("opened"),
        "{}",
        run.text
    );
    assert_eq!(
        repo.pulls(true),
        [3],
        "the file that it edits is another one now"
    );
    repo.by("dave").approves(3);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("promoted"), "{}", run.text);
    let file = repo.file("main", "all.yaml").unwrap();
    assert!(!file.contains("3.0.0"), "{file}");
    site.requests_hold();
}

#[tokio::test]
async fn a_newer_plan_replaces_the_pull_request_until_somebody_approved() {
    let site = Site::of("folder-per-environment").await;
    let repo = site.repo();
    let mut minor = 3;
    let mut bump = || {
        minor += 1;
        let path = "clusters/dev/web.yaml";
        let file = repo.file("main", path).unwrap();
        let new: String = file
            .lines()
            .map(|line| match line.split_once("version:") {
                Some((start, _)) => format!("{start}version: 4.2.{minor} }}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        assert_ne!(file, new);
        repo.files("main", &[(path, &new)]);
    };
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    bump();
    site.run().await;
    assert_eq!(repo.pulls(true), [2]);
    // A gate of two, so that one approval begins it without ending it.
    repo.files(
        "main",
        &[(
            ".github/sluice.yaml",
            "version: 1\nmanifests: { namespaces: { 'clusters/dev/**': dev, 'clusters/prod/**': prod } }\n\
             gates: { release: { approve: [{ by: writers, count: 2 }] } }\n",
        )],
    );
    repo.by("carol").approves(2);
    bump();
    let waits = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", waits.text);
    assert!(repo.body(2).contains("A newer plan"), "{}", repo.body(2));
    repo.by("dave").requests_changes(2);
    site.run().await;
    assert_eq!(repo.pulls(true), [3]);
    site.requests_hold();
}

#[tokio::test]
async fn a_base_that_moved_elsewhere_keeps_the_build_and_its_approvals() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    repo.files("main", &[("other.txt", "unrelated\n")]);
    let run = site.run().await;
    assert_eq!(
        run.lines(),
        ["promoted infra/k3s-upgrade → prod #1: landed"],
        "{}",
        run.text
    );
    assert_eq!(
        repo.file("main", "other.txt").as_deref(),
        Some("unrelated\n")
    );
}

#[tokio::test]
async fn a_base_that_moved_in_the_same_file_gets_a_new_build_and_new_reviews() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    let file = repo.file("main", "upgrade.yaml").unwrap();
    repo.files(
        "main",
        &[(
            "upgrade.yaml",
            &file.replace("'v1.28.4'     # prod", "'v1.28.4'     # production"),
        )],
    );
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [2], "{}", run.text);
    assert!(run.lines()[0].starts_with("opened"), "{}", run.text);
    repo.by("carol").approves(2);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("promoted"), "{}", landed.text);
    assert!(
        repo.file("main", "upgrade.yaml")
            .unwrap()
            .contains("'v1.29.1'     # production")
    );
}

/// How many commits the base's first-parent history has.
fn commits(site: &Site) -> usize {
    let repo = site.repo();
    let mut count = 0;
    let mut at = repo.tip("main");
    while let Some(commit) = at {
        count += 1;
        at = repo.by("carol").does(
            "GET",
            &format!("/git/commits/{commit}"),
            serde_json::Value::Null,
        )["parents"][0]["sha"]
            .as_str()
            .map(str::to_owned);
    }
    count
}

#[tokio::test]
async fn ten_runs_at_once_open_one_pull_request_and_land_it_once() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    let runs: Vec<_> = (0..10).map(|_| site.run()).collect();
    futures_util::future::join_all(runs).await;
    let settled = site.run().await;
    assert_eq!(repo.pulls(true).len(), 1, "{}", settled.text);
    let number = repo.pulls(true)[0];
    repo.by("carol").approves(number);
    let before = commits(&site);
    let runs: Vec<_> = (0..10).map(|_| site.run()).collect();
    futures_util::future::join_all(runs).await;
    site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    assert_eq!(commits(&site), before + 1);
}

#[tokio::test]
async fn a_monorepo_comes_to_rest_over_fifty_commits() {
    let site = Site::of("monorepo").await;
    let repo = site.repo();
    for path in ["gitops/web-dev.yaml", "gitops/web-prod.yaml"] {
        let file = repo.file("main", path).unwrap();
        repo.files("main", &[(path, &file.replace("acme/mono", REPO))]);
    }
    let first = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", first.text);
    repo.by("carol").approves(1);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("promoted"), "{}", landed.text);
    let pinned = repo.file("main", "gitops/web-prod.yaml").unwrap();
    for number in 0..50 {
        repo.files("main", &[("docs/notes.md", &format!("{number}\n"))]);
    }
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", quiet.text);
    assert_eq!(quiet.lines(), Vec::<String>::new(), "{}", quiet.text);
    assert_eq!(repo.file("main", "gitops/web-prod.yaml").unwrap(), pinned);
    // What it watches does start something.
    repo.files(
        "main",
        &[("services/web/deployment.yaml", "changed: true\n")],
    );
    let moved = site.run().await;
    assert!(moved.lines()[0].starts_with("opened"), "{}", moved.text);
}
