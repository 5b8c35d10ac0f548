//! `status` on the stand-in: what it says of each way to wait, that it never writes, and how many calls it makes.

mod installed;
mod not_moved;

use sluice::error::Exit;

use end_to_end::shop::{APPROVAL, chart, pipeline, shop};
use end_to_end::site::{Report, Site};
use github_stand_in::Role;

/// The text, of a run that wrote nothing.
async fn text(site: &Site) -> String {
    said(site, &[]).await.text
}

async fn said(site: &Site, more: &[&str]) -> Report {
    let before = site.writes().len();
    let mut arguments = vec!["status", "--format=text"];
    arguments.extend(more);
    let run = site.call(&arguments).await;
    assert_eq!(site.writes().len(), before, "{:?}", site.writes());
    run
}

#[tokio::test]
async fn it_says_for_whom_and_until_when() {
    let site = shop(
        "{ name: prod-approval, type: APPROVAL }, { name: office-hours, type: WINDOW }",
        "people: { sre: [carol, dave] }\ngates:\n  prod-approval: { approve: [{ by: sre, count: 2 }], ways: [review] }\n\
         \x20 office-hours: { open: ['Mon-Fri 11:00-16:00'], zone: Europe/Berlin }\n",
    )
    .await;
    let repo = site.repo();
    insta::assert_snapshot!(text(&site).await, @r"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 1d7eea8   1 pipeline   2026-03-02 09:00 UTC
    1 due

    shop                                               prod: the next run handles it
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ●  web-prod 1.0.0 → 1.1.0                                             2d1997
           the next run handles it
           ⏳ prod-approval  waits for 2 approvals by sre
           ⏳ office-hours   opens Mon 11:00 Europe/Berlin (10:00 UTC)
    ");
    site.run().await;
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 1d7eea8   1 pipeline   2026-03-02 09:00 UTC
    1 waiting

    shop                                           prod waits for 2 approvals by sre
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           ⏳ prod-approval  waits for 2 approvals by sre
           ⏳ office-hours   opens Mon 11:00 Europe/Berlin (10:00 UTC)
    ");
    repo.by("carol").approves(1);
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 1d7eea8   1 pipeline   2026-03-02 09:00 UTC
    1 waiting

    shop                                         prod waits: 1 of 2 approvals by sre
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           ⏳ prod-approval  1 of 2 approvals by sre (dave can approve)
           ⏳ office-hours   opens Mon 11:00 Europe/Berlin (10:00 UTC)
    ");
    repo.by("dave").approves(1);
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 1d7eea8   1 pipeline   2026-03-02 09:00 UTC
    1 waiting

    shop                                                 prod waits until 10:00 UTC
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           ✓  prod-approval  approved by carol (review), dave (review)
           ⏳ office-hours   opens Mon 11:00 Europe/Berlin (10:00 UTC)
    ");
    site.hub.advance(2 * 3600);
    insta::assert_snapshot!(text(&site).await, @r"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 1d7eea8   1 pipeline   2026-03-02 11:00 UTC
    1 due

    shop                              prod: every gate passes, the next run lands it
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ●  #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           every gate passes, the next run lands it
           ✓  prod-approval  approved by carol (review), dave (review)
           ✓  office-hours   open until Mon 16:00 Europe/Berlin (15:00 UTC)
    ");
}

#[tokio::test]
async fn whoever_reads_sees_what_the_app_opened() {
    let mut site = shop(APPROVAL, "").await;
    site.run().await;
    let told = text(&site).await;
    let line = told.lines().find(|line| line.contains("#1")).unwrap();
    site.token = site.repo().reader_token();
    let shown = text(&site).await;
    assert!(shown.contains(line), "{shown}\n{told}");
}

#[tokio::test]
async fn since_names_the_pull_request_of_a_landing_and_else_who_set_it() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    site.hub.advance(30 * 3600);
    site.run().await;
    site.hub.advance(3600);
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 0ebe4fb   1 pipeline   2026-03-03 16:00 UTC
    1 in sync

    shop                                                 in sync
      dev   web-dev 1.1.0                                since Mon 09:00 UTC  acme
      prod  in sync with dev                             since 15:00 UTC  #1
    ");
    // What is set by hand in the newest commit of all.
    repo.by("carol").pushes(
        "main",
        &[("prod.yaml", &chart("web-prod", "1.0.5"))],
        "Hotfix",
    );
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main d0eb9ed   1 pipeline   2026-03-03 16:00 UTC
    1 ahead

    shop                                                 prod ahead of dev
      dev   web-dev 1.1.0                                since Mon 09:00 UTC  acme
      prod  web-prod 1.0.5                               since 16:00 UTC  carol
        ahead: web-prod, set by hand in d0eb9ed (carol, 16:00 UTC)
    ");
    let run = site.call(&["status"]).await;
    let stages = &run.json["pipelines"][0]["stages"];
    assert_eq!(stages[1]["since"]["by"], "carol");
    assert_eq!(stages[1]["promotions"][0]["left_out"][0]["author"], "carol");
}

#[tokio::test]
async fn a_branch_that_somebody_pushed_to_comes_before_everything_else() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    let other = pipeline(APPROVAL)
        .replace("shop", "else")
        .replace("web-", "api-");
    repo.files(
        "main",
        &[
            ("else.yaml", &other),
            ("api-dev.yaml", &chart("api-dev", "1.1.0")),
            ("api-prod.yaml", &chart("api-prod", "1.0.0")),
        ],
    );
    site.run().await;
    let branch = repo.pull(2)["head"]["ref"].as_str().unwrap().to_owned();
    repo.by("dave")
        .pushes(&branch, &[("x.yaml", "a: 1\n")], "More");
    let run = said(&site, &[]).await;
    assert_eq!(run.exit, Exit::Blocked);
    insta::assert_snapshot!(run.text, @r"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 7b00b3d   2 pipelines   2026-03-02 09:00 UTC
    1 blocked, 1 waiting

    shop  prod blocked: its head has no record of Sluice: someone pushed to the bra…
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⛔ #2  web-prod 1.0.0 → 1.1.0                                         2d1997
           its head has no record of Sluice: someone pushed to the branch
           help: close it, then run the workflow with `command: promote` (or
           `rollback`)
           ⏳ release  waits for 1 approval by anyone with write access

    else                       prod waits for 1 approval by anyone with write access
      dev   api-dev 1.1.0                                since 09:00 UTC  acme
      prod  api-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ #1  api-prod 1.0.0 → 1.1.0                                         a367c4
           ⏳ release  waits for 1 approval by anyone with write access
    ");
    let run = said(&site, &["--pipeline=apps/else"]).await;
    assert!(!run.text.contains("shop"), "{}", run.text);
}

#[tokio::test]
async fn what_a_person_holds_or_closed_says_by_what() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").labels(1, "sluice/hold");
    insta::assert_snapshot!(text(&site).await, @r"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main b7309c3   1 pipeline   2026-03-02 09:00 UTC
    1 held

    shop                               prod held by carol since 2026-03-02 09:00 UTC
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏸  #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           held by carol since 2026-03-02 09:00 UTC (label sluice/hold)
           help: someone with write access must remove the label
           ⏳ release  waits for 1 approval by anyone with write access
    ");
    repo.by("carol").unlabels(1, "sluice/hold");
    repo.by("dave").closes(1);
    insta::assert_snapshot!(text(&site).await, @r"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main b7309c3   1 pipeline   2026-03-02 09:00 UTC
    1 needs you

    shop                                              prod needs you: dave closed #1
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⛔ web-prod 1.0.0 → 1.1.0                                             2d1997
           dave closed #1; it is opened again when the plan changes, or on request
           help: to promote it all the same, run the workflow with `command:
           promote`
           ⏳ release  waits for 1 approval by anyone with write access
    ");
}

#[tokio::test]
async fn a_freeze_does_not_hide_that_nobody_has_approved() {
    let site = shop(
        APPROVAL,
        "freeze: [{ from: 2026-03-01T00:00, until: 2026-03-09T06:00, zone: Europe/Berlin, reason: sales }]\n",
    )
    .await;
    let repo = site.repo();
    site.run().await;
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 6c3b2bf   1 pipeline   2026-03-02 09:00 UTC
    1 waiting

    shop                       prod waits for 1 approval by anyone with write access
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           frozen until Mon 2026-03-09 06:00 Europe/Berlin: sales
           ⏳ release  waits for 1 approval by anyone with write access
    ");
    repo.by("carol").approves(1);
    insta::assert_snapshot!(text(&site).await, @r"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 6c3b2bf   1 pipeline   2026-03-02 09:00 UTC
    1 frozen

    shop                 prod frozen until Mon 2026-03-09 06:00 Europe/Berlin: sales
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏸  #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           frozen until Mon 2026-03-09 06:00 Europe/Berlin: sales
           ✓  release  approved by carol (review)
    ");
    let site = shop(APPROVAL, "").await;
    let frozen = said(&site, &["--freeze=INC-4711"]).await;
    assert!(
        frozen.text.contains("frozen by this run's input: INC-4711"),
        "{}",
        frozen.text
    );
}

#[tokio::test]
async fn a_newer_plan_waits_behind_the_one_that_was_approved() {
    let site = shop(
        APPROVAL,
        "gates: { release: { approve: [{ by: writers, count: 2 }], ways: [review] } }\n",
    )
    .await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 19ce25d   1 pipeline   2026-03-02 09:00 UTC
    1 waiting

    shop                    prod waits: 1 of 2 approvals by anyone with write access
      dev   web-dev 1.2.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ #1  web-prod 1.0.0 → 1.1.0                                         2d1997
           plan 63828e waits behind it
           ⏳ release  1 of 2 approvals by anyone with write access
    ");
    let run = site.call(&["status"]).await;
    let promotion = &run.json["pipelines"][0]["stages"][1]["promotions"][0];
    assert_ne!(promotion["newer"], promotion["plan"]);
    assert_eq!(promotion["newer"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_hold_of_the_policy_and_a_soak_say_when_they_end() {
    let site = shop(
        APPROVAL,
        "holds: [{ stage: prod, reason: INC-4711, until: 2026-03-02T18:00:00Z }]\n",
    )
    .await;
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main 968a56b   1 pipeline   2026-03-02 09:00 UTC
    1 waiting

    shop                                                 prod waits until 18:00 UTC
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ web-prod 1.0.0 → 1.1.0                                             2d1997
           held: INC-4711 (until 18:00 UTC)
           ⏳ release  waits for 1 approval by anyone with write access
    ");
    let site = shop(APPROVAL, "stages: { dev: { ready: { soak: 4h } } }\n").await;
    insta::assert_snapshot!(text(&site).await, @"
    ✗ No workflow of main runs Sluice: nothing here is promoted on its own
    acme/gitops  main ae4cfac   1 pipeline   2026-03-02 09:00 UTC
    1 waiting

    shop                                                 prod waits until 13:00 UTC
      dev   web-dev 1.1.0                                since 09:00 UTC  acme
      prod  web-prod 1.0.0                               since 09:00 UTC  acme
        ⏳ web-prod 1.0.0 → 1.1.0                                             2d1997
           web-dev in dev: soak ends 13:00 UTC (4h since 09:00 UTC)
           ⏳ release  waits for 1 approval by anyone with write access
    ");
}

#[tokio::test]
async fn an_unknown_pipeline_is_asked_back_and_what_is_for_the_other_way_is_refused() {
    let site = shop(APPROVAL, "").await;
    let run = said(&site, &["--pipeline=shp"]).await;
    assert_eq!(run.exit, Exit::Usage);
    assert_eq!(run.text, "there is no pipeline shp\ndid you mean shop?");
    for other in ["--at=2026-01-01T00:00:00Z", "--policy=x.yaml", "elsewhere"] {
        let run = said(&site, &["--repository=acme/gitops", other]).await;
        assert_eq!(run.exit, Exit::Usage, "{other}");
        assert!(run.text.contains("cannot be used with"), "{}", run.text);
    }
}

#[tokio::test]
async fn it_ends_as_a_run_would() {
    let site = shop(APPROVAL, "").await;
    assert_eq!(said(&site, &[]).await.exit, Exit::Done);
    let site = shop(APPROVAL, "gates: { release: { open: nonsense } }\n").await;
    assert_eq!(said(&site, &[]).await.exit, Exit::Invalid);
    let site = shop(
        APPROVAL,
        "gates: { release: { approve: [{ by: acme/leads }] } }\n",
    )
    .await;
    site.run().await;
    site.repo().by("carol").approves(1);
    let run = said(&site, &[]).await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(
        run.text
            .lines()
            .any(|line| line.starts_with("shop  prod error: ")),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn no_value_of_a_secret_is_in_it() {
    let site = Site::of("secrets").await;
    site.run().await;
    for format in ["--format=text", "--format=json"] {
        let run = site.call(&["status", format]).await;
        assert!(run.text.contains("db-password"), "{}", run.text);
        for needle in ["canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn"] {
            assert!(!run.text.contains(needle), "{needle}: {}", run.text);
        }
    }
    site.requests_hold();
}

/// This many pipelines of a service in each of two stages, all made by commits of their own, every second in sync.
async fn many(count: usize) -> Site {
    let site = Site::empty().await;
    let repo = site.repo();
    repo.role("frank", Role::Write);
    for number in 0..count {
        let named = |text: String| text.replace("web-", &format!("s{number}-"));
        let prod = ["1.0.0", "1.1.0"][number % 2];
        repo.by("frank").pushes(
            "main",
            &[
                (
                    &format!("p{number}.yaml"),
                    &named(pipeline(APPROVAL).replace("shop", &format!("p{number}"))),
                ),
                (
                    &format!("d{number}.yaml"),
                    &named(chart("web-dev", "1.1.0")),
                ),
                (&format!("s{number}.yaml"), &named(chart("web-prod", prod))),
            ],
            "Add a service",
        );
    }
    site
}

#[tokio::test]
async fn a_look_costs_few_calls_and_none_for_each_service() {
    let site = Site::of("k3s-upgrade-version").await;
    site.run().await;
    site.repo().by("carol").approves(1);
    site.run().await;
    site.hub.forget_calls();
    text(&site).await;
    let seed = site.hub.calls().len();
    assert!(seed < 12, "{seed}: {:#?}", site.hub.lines());
    let mut counts = Vec::new();
    for count in [2, 20] {
        let site = many(count).await;
        site.hub.forget_calls();
        let text = text(&site).await;
        assert!(text.contains("since 09:00 UTC  frank"), "{text}");
        let in_sync = text.lines().filter(|line| line.ends_with("  in sync"));
        assert_eq!(in_sync.count(), count / 2, "{text}");
        counts.push((site.hub.calls().len(), site.hub.lines()));
    }
    assert!(counts[1].0 <= counts[0].0 + 2, "{counts:#?}");
}
