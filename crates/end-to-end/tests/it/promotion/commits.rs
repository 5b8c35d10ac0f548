//! What is in it: a pull request lists the commits that a promotion brings, and says if it does not go forward.

use end_to_end::shop::{APPROVAL, shop_of_web};

#[tokio::test]
async fn a_pull_request_lists_the_commits_that_touch_what_is_released() {
    let (site, first) = shop_of_web(APPROVAL, "").await;
    let web = site.hub.repo("acme/web");
    web.by("carol")
        .pushes("main", &[("app/x", "2")], "Mend <the> retry, fixes #7");
    web.by("dave")
        .pushes("main", &[("docs/x", "2")], "Words only");
    let newest = web.by("dave").pushes("main", &[("app/y", "3")], "Add y");
    // A dry run opens no pull request, and its plan says what would be in it.
    let dry = site.call(&["reconcile", "--dry-run"]).await;
    let would = &dry.plan["pipelines"][0]["promotions"][0]["changes"][0];
    assert_eq!(
        (&would["way"], &would["brings"]["count"]),
        (&"forward".into(), &2.into())
    );
    assert_eq!(would["brings"]["commits"][0]["author"], "dave");
    let run = site.run().await;
    let repo = site.repo();
    let body = repo.body(1);
    assert!(
        body.contains("2 commits in web-prod, by 2 people"),
        "{body}"
    );
    assert!(body.contains("Add y, dave"), "{body}");
    assert!(body.contains("retry") && !body.contains("<the>"), "{body}");
    assert!(
        !body.contains("fixes #7"),
        "a number of this repository is named: {body}"
    );
    assert!(!body.contains("Words only"), "{body}");
    assert!(
        body.contains(&format!(
            "https://github.com/acme/web/compare/{first}...{newest}"
        )),
        "{body}"
    );
    let change =
        |plan: &serde_json::Value| plan["pipelines"][0]["promotions"][0]["changes"][0].clone();
    assert_eq!(change(&run.plan)["brings"]["count"], 2, "{:#}", run.plan);
    site.requests_hold();
    // The texts stay as they are without asking again, and nothing of them is in the landing.
    site.hub.forget_calls();
    let again = site.run().await;
    assert_eq!(change(&again.plan), change(&run.plan));
    assert_eq!(site.writes(), Vec::<String>::new());
    let asked = site.hub.calls();
    assert!(
        !asked.iter().any(|call| call.path.contains("/compare/")),
        "{:?}",
        asked.iter().map(|call| call.line()).collect::<Vec<_>>()
    );
    repo.by("carol").approves(1);
    site.run().await;
    assert!(
        !repo.message("main").contains("Sluice-Brings"),
        "{}",
        repo.message("main")
    );
}

#[tokio::test]
async fn going_back_is_said_with_what_it_takes_back() {
    let (site, first) = shop_of_web(APPROVAL, "").await;
    let web = site.hub.repo("acme/web");
    web.by("carol").pushes("main", &[("app/x", "2")], "Newer");
    web.by("dave").pushes("main", &[("docs/x", "2")], "Words");
    let newest = web.by("dave").pushes("main", &[("app/x", "3")], "Newest");
    let repo = site.repo();
    // Prod was set by hand together with dev, and dev has gone back since.
    let both = ["web-dev", "web-prod"].map(|name| end_to_end::shop::from_web(name, &newest));
    repo.files("main", &[("dev.yaml", &both[0]), ("prod.yaml", &both[1])]);
    repo.files(
        "main",
        &[("dev.yaml", &end_to_end::shop::from_web("web-dev", &first))],
    );
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    let body = repo.body(1);
    assert!(
        body.contains("**goes back 2 commits: the current value descends from it**"),
        "{body}"
    );
    assert!(
        body.contains("2 commits taken back in web-prod, by 2 people")
            && body.contains("Newest, dave"),
        "{body}"
    );
    // The other way round the page would show nothing.
    assert!(
        body.contains(&format!("/compare/{first}...{newest}")),
        "{body}"
    );
    let change = &run.plan["pipelines"][0]["promotions"][0]["changes"][0];
    assert_eq!(
        (&change["way"], &change["brings"]["count"]),
        (&"back".into(), &2.into())
    );
    site.requests_hold();
}

#[tokio::test]
async fn what_a_kustomization_leads_to_is_listed_and_its_authors_are_authors() {
    let policy =
        "gates: { release: { approve: [{ by: writers, count: 1 }], exclude: [change-authors] } }\n";
    let (site, _) = shop_of_web(APPROVAL, policy).await;
    let web = site.hub.repo("acme/web");
    let leads = "resources: [../base]\n";
    let before = web.by("dave").pushes(
        "main",
        &[("app/kustomization.yaml", leads), ("base/x", "1")],
        "Take the base",
    );
    let repo = site.repo();
    repo.files(
        "main",
        &[(
            "prod.yaml",
            &end_to_end::shop::from_web("web-prod", &before),
        )],
    );
    web.by("carol")
        .pushes("main", &[("base/x", "2")], "Mend the base");
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    assert!(
        repo.body(1).contains("Mend the base, carol"),
        "{}",
        repo.body(1)
    );
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert_eq!(
        repo.pulls(true),
        [1],
        "its author approved it: {}",
        run.text
    );
    repo.by("dave").approves(1);
    site.run().await;
    assert!(repo.pulls(true).is_empty());
}

#[tokio::test]
async fn going_sideways_is_said() {
    let (site, first) = shop_of_web(APPROVAL, "").await;
    let web = site.hub.repo("acme/web");
    let second = web.by("carol").pushes("main", &[("app/x", "2")], "Newer");
    let repo = site.repo();
    repo.files(
        "main",
        &[
            ("dev.yaml", &end_to_end::shop::from_web("web-dev", &first)),
            (
                "prod.yaml",
                &end_to_end::shop::from_web("web-prod", &second),
            ),
        ],
    );
    // Prod was set by hand, so that it only moves when it is asked for; dev moves once more.
    web.by("carol").force_pushes("main", &first);
    let side = web
        .by("carol")
        .pushes("main", &[("app/x", "3")], "Elsewhere");
    repo.files(
        "main",
        &[("dev.yaml", &end_to_end::shop::from_web("web-dev", &side))],
    );
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    let body = repo.body(1);
    assert!(body.contains("goes sideways"), "{body}");
}

#[tokio::test]
async fn a_branch_that_is_pinned_where_it_stands_brings_nothing_and_bars_nobody() {
    for quiet in [0, 2] {
        let policy = "gates: { release: { exclude: [change-authors] } }\n";
        let (site, first) = shop_of_web(APPROVAL, policy).await;
        let web = site.hub.repo("acme/web");
        for number in 0..quiet {
            web.by("carol")
                .pushes("main", &[("docs/x", &format!("{number}"))], "Words");
        }
        let repo = site.repo();
        let moving = end_to_end::shop::from_web("web-prod", "main");
        repo.by("carol")
            .begins_anew("main", &[("prod.yaml", &moving)]);
        site.run().await;
        let body = repo.body(1);
        assert!(!body.contains("goes "), "{body}");
        repo.by("carol").approves(1);
        let run = site.run().await;
        assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
        let file = repo.file("main", "prod.yaml").unwrap();
        assert!(file.contains(&format!("ref: {first} ")), "{file}");
    }
}
