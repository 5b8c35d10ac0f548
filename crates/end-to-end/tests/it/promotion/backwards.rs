//! A stage that would go back automatically waits for a person; one whose APPROVAL gate must pass first says so.

use end_to_end::shop::{APPROVAL, PROMOTE, chart, shop, shop_of_web};
use end_to_end::site::{Report, Site, WORKFLOW};
use github_stand_in::{Fault, When};

const AUTO: &str = "stages: { prod: { trigger: auto } }\n";
const HOURS: &str = "{ name: hours, type: WINDOW }";
/// A window that is always open.
const OPEN: &str = "gates: { hours: { open: [\"Mon-Sun 00:00-24:00\"], zone: UTC } }\n";

/// acme/web has two commits, and prod was promoted to the second one automatically.
async fn promoted() -> (Site, [String; 2]) {
    let (site, first) = shop_of_web("", AUTO).await;
    let web = site.hub.repo("acme/web");
    let second = web.by("carol").pushes("main", &[("app/x", "2")], "Newer");
    let run = site.run().await;
    assert!(holds(&site, &second), "{}", run.text);
    site.adds_workflow();
    (site, [first, second])
}

/// Prod runs this chart from the beginning.
fn begins_with(site: &Site, version: &str) {
    let prod = chart("web-prod", version);
    let repo = site.repo();
    repo.by("carol")
        .begins_anew("main", &[("prod.yaml", &prod)]);
}

fn holds(site: &Site, commit: &str) -> bool {
    let file = site.repo().file("main", "prod.yaml").unwrap();
    file.contains(commit)
}

/// carol asks for the promotion into prod, with more flags.
async fn asks(site: &mut Site, more: &[&str]) -> Report {
    site.asks("carol", &[&PROMOTE[..], more].concat()).await
}

/// What is said of the one promotion that is held, its commits by their places among these.
#[track_caller]
fn why(run: &Report, commits: &[&str]) -> String {
    let row = &run.json["promotions"][0];
    assert_eq!(row["state"], "held", "{}", run.text);
    let mut text = format!("{}\n{}", row["why"], row["next"]);
    for (number, commit) in commits.iter().enumerate() {
        text = text.replace(&commit[..7], &format!("COMMIT-{number}"));
    }
    text
}

#[tokio::test]
async fn a_branch_that_was_pushed_back_takes_no_stage_back_by_itself() {
    let (site, [first, second]) = promoted().await;
    let repo = site.repo();
    let web = site.hub.repo("acme/web");
    let pulls = repo.pulls(false);
    web.by("dave").force_pushes("main", &first);
    let back = site.run().await;
    insta::assert_snapshot!(why(&back, &[&first, &second]), @r#"
    "goes back only on a person's request: web-prod spec.git.ref COMMIT-1 → COMMIT-0 (the current value descends from it)"
    "Run workflow with command promote, pipeline shop and to prod"
    "#);
    assert_eq!(repo.pulls(false), pulls);

    // Back, and one commit on: neither descends from the other.
    let side = web.by("dave").pushes("main", &[("app/x", "3")], "Aside");
    let sideways = site.run().await;
    insta::assert_snapshot!(why(&sideways, &[&side, &second]), @r#"
    "goes back only on a person's request: web-prod spec.git.ref COMMIT-1 → COMMIT-0 (neither descends from the other)"
    "Run workflow with command promote, pipeline shop and to prod"
    "#);
    assert_eq!(repo.pulls(false), pulls);
    assert!(holds(&site, &second));

    // What goes forward from prod's commit is promoted automatically.
    web.by("dave").force_pushes("main", &second);
    let third = web.by("dave").pushes("main", &[("app/x", "4")], "Newest");
    let forward = site.run().await;
    assert!(holds(&site, &third), "{}", forward.text);
    site.requests_hold();
}

#[tokio::test]
async fn nothing_else_that_lets_a_stage_move_lets_it_go_back() {
    let ready = "stages: { dev: { ready: { soak: 1h } } }\n";
    for (gates, policy) in [("", ready), (HOURS, OPEN)] {
        let site = shop(gates, policy).await;
        let repo = site.repo();
        site.hub.advance(4000);
        site.run().await;
        assert!(end_to_end::shop::landed(&site));
        repo.files("main", &[("dev.yaml", &chart("web-dev", "1.0.9"))]);
        site.hub.advance(4000);
        let run = site.run().await;
        let why = why(&run, &[]);
        assert!(
            why.contains("spec.helm.version 1.1.0 → 1.0.9"),
            "{gates}{policy}: {why}"
        );
        assert!(end_to_end::shop::landed(&site) && repo.pulls(true).is_empty());
    }
}

#[tokio::test]
async fn what_is_committed_straight_onto_the_base_does_not_go_back_either() {
    let policy = "stages: { prod: { trigger: auto, delivery: commit } }\n";
    let site = shop("", policy).await;
    site.run().await;
    assert!(end_to_end::shop::landed(&site));
    site.repo()
        .files("main", &[("dev.yaml", &chart("web-dev", "1.0.9"))]);
    let run = site.run().await;
    assert!(end_to_end::shop::landed(&site), "{}", run.text);
    assert!(why(&run, &[]).contains("1.1.0 → 1.0.9"), "{}", run.text);
}

#[tokio::test]
async fn a_person_who_asks_lets_it_go_back_and_stands_in_its_record() {
    let (mut site, [first, second]) = promoted().await;
    let repo = site.repo();
    site.hub
        .repo("acme/web")
        .by("dave")
        .force_pushes("main", &first);
    site.run().await;
    assert!(holds(&site, &second));
    let before = repo.pulls(false).len();
    let asked = asks(&mut site, &[]).await;
    assert!(holds(&site, &first), "{}", asked.text);
    let number = *repo.pulls(false).iter().max().unwrap();
    assert_eq!(repo.pulls(false).len(), before + 1);
    let message = repo.message(&repo.head(number));
    assert!(message.contains("Sluice-Requested-By: "), "{message}");
    site.requests_hold();
}

#[tokio::test]
async fn what_was_asked_for_lands_in_a_later_run_by_its_gates() {
    let shut = "gates: { hours: { open: [\"Sun 03:00-03:01\"], zone: UTC } }\n";
    let mut site = shop(HOURS, OPEN).await;
    site.run().await;
    assert!(end_to_end::shop::landed(&site));
    let repo = site.repo();
    let policy = format!("version: 1\n{shut}");
    repo.files(
        "main",
        &[
            ("dev.yaml", &chart("web-dev", "1.0.9")),
            (".github/sluice.yaml", &policy),
            WORKFLOW,
        ],
    );
    let asked = asks(&mut site, &[]).await;
    let [number] = repo.pulls(true)[..] else {
        panic!("{}", asked.text);
    };
    let body = repo.body(number);
    assert!(body.starts_with("> [!WARNING]\n"), "{body}");
    let third = body.lines().nth(2).unwrap_or_default();
    assert!(third.starts_with("> Goes back: **web-prod** "), "{body}");
    let waits = site.run().await;
    assert_eq!(repo.pulls(true), [number], "{}", waits.text);
    let open = format!("version: 1\n{OPEN}");
    repo.files("main", &[(".github/sluice.yaml", &open)]);
    let landed = site.run().await;
    let file = repo.file("main", "prod.yaml").unwrap();
    assert!(file.contains("1.0.9"), "{}", landed.text);
}

#[tokio::test]
async fn a_pull_request_that_nobody_asked_for_does_not_land_and_gives_way_to_one_that_was() {
    let both = format!("{APPROVAL}, {HOURS}");
    let shut = "gates: { hours: { open: [\"Sun 03:00-03:01\"], zone: UTC } }\n";
    let mut site = shop(&both, shut).await;
    let repo = site.repo();
    begins_with(&site, "2.0.0");
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    let open = format!("version: 1\n{OPEN}");
    repo.files(
        "main",
        &[
            ("pipeline.yaml", &end_to_end::shop::pipeline(HOURS)),
            (".github/sluice.yaml", &open),
            WORKFLOW,
        ],
    );
    let held = site.run().await;
    assert!(why(&held, &[]).contains("2.0.0 → 1.1.0"), "{}", held.text);
    assert_eq!(repo.pulls(true), [1]);
    let asked = asks(&mut site, &[]).await;
    assert!(end_to_end::shop::landed(&site), "{}", asked.text);
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    assert_eq!([repo.state(1), repo.state(2)], ["CLOSED", "MERGED"]);
}

#[tokio::test]
async fn behind_an_approval_it_opens_and_says_first_that_it_goes_back() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    begins_with(&site, "2.0.0");
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    let body = repo.body(1);
    let lines: Vec<&str> = body.lines().take(6).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    > [!WARNING]
    > **dev → prod** · ⏳ waits for release
    > Goes back: **web-prod** goes back to an older version

    **web-prod** chart 2.0.0 → **1.1.0** — **goes back to an older version**
    ");
    repo.by("dave").approves(1);
    let run = site.run().await;
    assert!(end_to_end::shop::landed(&site), "{}", run.text);
}

#[tokio::test]
async fn an_emergency_whose_approvals_must_pass_is_no_matter_of_asking() {
    let policy = "stages: { prod: { trigger: auto, emergency: { approve: [{ by: writers }], skip: [freeze] } } }\n";
    let mut site = shop("", policy).await;
    let repo = site.repo();
    begins_with(&site, "2.0.0");
    site.adds_workflow();
    let held = site.run().await;
    assert!(why(&held, &[]).contains("2.0.0 → 1.1.0"), "{}", held.text);
    let run = asks(&mut site, &["--emergency", "--reason=prod is down"]).await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    repo.by("dave").approves(1);
    let run = site.run().await;
    assert!(end_to_end::shop::landed(&site), "{}", run.text);
}

#[tokio::test]
async fn what_cannot_be_told_is_held_and_says_why() {
    let (site, [first, second]) = promoted().await;
    let web = site.hub.repo("acme/web");
    web.by("dave").force_pushes("main", &first);
    web.by("dave").pushes("main", &[("app/x", "3")], "Aside");
    let compares = When::rest("GET", "/compare/").always();
    site.hub.fault(compares, Fault::ServerError);
    let run = site.run().await;
    let why = why(&run, &[]);
    assert!(why.contains("cannot be determined"), "{why}");
    assert!(holds(&site, &second) && site.repo().pulls(true).is_empty());
}
