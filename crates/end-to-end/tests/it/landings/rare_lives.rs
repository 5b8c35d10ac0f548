//! What once went wrong, or could have, on lives that come together rarely: each is held here once.

use serde_json::json;
use sluice::error::Exit;

use super::{open, quiet};
use end_to_end::site::{REPO, Site, WORKFLOW};
use github_stand_in::When;
use test_support::{chart, pipeline};

const GATE: &[&str] = &["release APPROVAL"];

/// `web` from dev over these edges to prod, behind an approval on each edge.
async fn web(edges: &[&str], policy: &str) -> Site {
    let site = Site::empty().await;
    let policy = format!("version: 1\n{policy}");
    site.repo().files(
        "main",
        &[
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            ("prod.yaml", &chart("web-prod", "1.0.0")),
            ("web.yaml", &stages(edges)),
            (".github/sluice.yaml", &policy),
        ],
    );
    site
}

/// The pipeline with these edges; `qa` holds what dev holds, and nothing is promoted into it.
fn stages(edges: &[&str]) -> String {
    let edges: Vec<(&str, &[&str])> = edges.iter().map(|edge| (*edge, GATE)).collect();
    let all: &[(&str, &[&str])] = &[
        ("dev", &["web-dev"]),
        ("qa", &[]),
        ("prod", &["web-prod < web-dev"]),
    ];
    pipeline("web", all, &edges)
}

/// Whether prod is as it was at first.
fn untouched(site: &Site) -> bool {
    let file = site.repo().file("main", "prod.yaml").unwrap();
    file.contains("1.0.0")
}

/// Three services, two of which are opened and approved.
async fn approved() -> Site {
    let site = Site::of("three-services").await;
    site.run().await;
    site.repo().by("carol").approves(1);
    site.hub.forget_calls();
    site
}

#[tokio::test]
async fn a_merge_that_is_not_its_plan_is_found_by_the_next_run_where_the_first_one_died() {
    let counted = approved().await;
    counted.run().await;
    let calls = counted.hub.lines();
    let merge = calls
        .iter()
        .position(|line| line.contains("mergePullRequest"));
    let merge = merge.unwrap() + 1;

    let site = approved().await;
    // Someone sets one of the two at the last moment: the merge holds the other one alone.
    site.hub.before(When::call(merge), |world| {
        let repo = world.place(REPO);
        let file = repo.file("main", "services.yaml").unwrap();
        let (start, rest) = file.split_once("name: web-prod").unwrap();
        let rest = rest.replacen("version: 1.0.0", "version: 1.1.0", 1);
        let file = format!("{start}name: web-prod{rest}");
        repo.by("dave")
            .pushes("main", &[("services.yaml", &file)], "Me too");
    });
    site.hub.kill_at(merge + 1);
    let died = site.run().await;
    assert_eq!(died.exit, Exit::Failed, "{}", died.text);
    let repo = site.repo();
    assert_eq!(repo.state(1), "MERGED");
    site.hub.heal();
    for _ in 0..2 {
        let next = site.run().await;
        assert_eq!(next.exit, Exit::Blocked, "{}", next.text);
        let line = &next.lines()[0];
        assert!(
            line.starts_with("blocked") && line.contains("is not what was approved"),
            "{line}"
        );
        assert!(next.json["promotions"][0]["pull"] == 1, "{}", next.text);
    }
    // After looking at it, a person deletes the branch.
    let branches = repo.branches("sluice/");
    repo.by("carol").deletes(&branches[0]);
    let next = site.run().await;
    assert_eq!(next.exit, Exit::Done, "{}", next.text);
}

#[tokio::test]
async fn a_merge_that_is_not_its_plan_is_found_without_its_branch_until_somebody_has_looked_at_it()
{
    let deleting = async || {
        let site = approved().await;
        site.repo()
            .settings(|settings| settings.delete_branch = true);
        site
    };
    let counted = deleting().await;
    counted.run().await;
    let calls = counted.hub.lines();
    let merge = calls
        .iter()
        .position(|line| line.contains("mergePullRequest"));
    let merge = merge.unwrap() + 1;
    let status = counted.repo().statuses(&counted.repo().head(1));
    assert_eq!(status[0], "sluice=success", "it landed as planned");
    counted.hub.forget_calls();
    counted.run().await;
    assert_eq!(counted.writes(), Vec::<String>::new(), "and was looked at");

    let site = deleting().await;
    site.hub.before(When::call(merge), |world| {
        let repo = world.place(REPO);
        let file = repo.file("main", "services.yaml").unwrap();
        let (start, rest) = file.split_once("name: web-prod").unwrap();
        let rest = rest.replacen("version: 1.0.0", "version: 1.1.0", 1);
        let file = format!("{start}name: web-prod{rest}");
        repo.by("dave")
            .pushes("main", &[("services.yaml", &file)], "Me too");
    });
    site.hub.kill_at(merge + 1);
    site.run().await;
    let repo = site.repo();
    assert_eq!(
        (repo.state(1), repo.branches("sluice/")),
        ("MERGED", vec![])
    );
    site.hub.heal();
    let head = repo.head(1);
    let command = format!("gh api repos/acme/gitops/statuses/{head}");
    for _ in 0..2 {
        let next = site.run().await;
        assert_eq!(next.exit, Exit::Blocked, "{}", next.text);
        let line = &next.lines()[0];
        assert!(line.contains("is not what was approved"), "{line}");
        assert!(next.text.contains(&command), "{}", next.text);
    }
    let looked = serde_json::json!({"context": "sluice", "state": "success", "description": "looked at after the merge"});
    repo.by("carol")
        .does("POST", &format!("/statuses/{head}"), looked);
    let next = site.run().await;
    assert_eq!(next.exit, Exit::Done, "{}", next.text);
}

#[tokio::test]
async fn a_run_that_died_right_after_its_merge_leaves_nothing_to_say_where_it_is_the_plan() {
    let counted = approved().await;
    counted.run().await;
    let calls = counted.hub.lines();
    let merge = calls
        .iter()
        .position(|line| line.contains("mergePullRequest"));
    let site = approved().await;
    site.hub.kill_at(merge.unwrap() + 2);
    site.run().await;
    assert_eq!(site.repo().state(1), "MERGED");
    site.hub.heal();
    let next = site.run().await;
    assert_eq!(next.exit, Exit::Done, "{}", next.text);
    assert_eq!(site.repo().branches("sluice/"), Vec::<String>::new());
}

/// A promotion along `dev prod` that someone holds, and edges that are different by now.
async fn held_along_other_edges(policy: &str) -> Site {
    let site = web(&["dev prod", "dev qa"], policy).await;
    site.run().await;
    let number = open(&site);
    site.repo().by("dave").labels(number, "sluice/hold");
    site.repo().files(
        "main",
        &[("web.yaml", &stages(&["dev prod", "dev qa", "qa prod"]))],
    );
    site
}

#[tokio::test]
async fn a_hold_on_a_promotion_along_other_edges_holds_its_stage() {
    let site = held_along_other_edges("").await;
    let run = site.run().await;
    assert_eq!(open(&site), 1, "{}", run.text);
    let line = &run.lines()[0];
    assert!(
        line.starts_with("held") && line.contains("#1 into this stage is held"),
        "{line}"
    );
    quiet(&site).await;
    // Closed by a person, it makes room for one along the edges that there are.
    site.repo().by("dave").closes(1);
    let run = site.run().await;
    assert_eq!(open(&site), 2, "{}", run.text);
}

#[tokio::test]
async fn a_hold_on_a_promotion_along_other_edges_holds_a_stage_that_is_committed_to() {
    let site = held_along_other_edges("").await;
    let free = stages(&["dev prod", "dev qa", "qa prod"])
        .replace("        - { name: release, type: APPROVAL }\n", "");
    let free = free.replace("gates:\n", "gates: []\n");
    let direct = "version: 1\nstages: { prod: { delivery: commit, trigger: auto } }\n";
    site.repo().files(
        "main",
        &[("web.yaml", &free), (".github/sluice.yaml", direct)],
    );
    let run = site.run().await;
    assert!(untouched(&site), "{}", run.text);
    let line = &run.lines()[0];
    assert!(
        line.starts_with("held") && line.contains("#1 into this stage is held"),
        "{line}"
    );
    site.repo().by("dave").closes(1);
    let run = site.run().await;
    assert!(!untouched(&site), "{}", run.text);
}

#[tokio::test]
async fn a_branch_with_more_pull_requests_than_are_read_blocks_its_own_stage_alone() {
    let site = web(&["dev prod"], "").await;
    site.run().await;
    let repo = site.repo();
    let api: &[(&str, &[&str])] = &[("dev", &["api-dev"]), ("prod", &["api-prod < api-dev"])];
    repo.files(
        "main",
        &[
            ("api-dev.yaml", &chart("api-dev", "1.1.0")),
            ("api-prod.yaml", &chart("api-prod", "1.0.0")),
            ("api.yaml", &pipeline("api", api, &[("dev prod", GATE)])),
        ],
    );
    site.run().await;
    let branch = repo.branches("sluice/web/").remove(0);
    assert_eq!(repo.pulls(true), [1, 2]);
    let tip = repo.tip("main").unwrap();
    for number in [1, 2] {
        repo.by("carol").approves(number);
    }
    // The one that Sluice opened is the oldest by far, and its hold is not read.
    repo.by("carol").labels(1, "sluice/hold");
    for number in 0..24 {
        let base = format!("base-{number}");
        repo.by("carol").branches_off(&base, &tip);
        let another = repo.by("carol").opens(&branch, &base, "Another");
        if number % 2 == 0 {
            repo.by("carol").closes(another);
        }
    }
    let run = site.run().await;
    assert_ne!(run.exit, Exit::Failed, "{}", run.text);
    let api = repo.file("main", "api-prod.yaml").unwrap();
    assert!(api.contains("1.1.0"), "{}", run.text);
    assert!(untouched(&site), "{}", run.text);
    let lines = run.lines();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("blocked") && line.contains(&branch)),
        "{lines:?}"
    );
    let notices = &run.notices;
    assert!(
        notices
            .iter()
            .any(|text| text.contains("more pull requests than are read") && text.contains(&branch)),
        "{notices:?}"
    );
    quiet(&site).await;
}

#[tokio::test]
async fn a_refusal_is_not_flushed_out_of_the_list_of_closed_pull_requests() {
    let site = web(&["dev prod"], "").await;
    site.run().await;
    let repo = site.repo();
    repo.by("carol").closes(1);
    // More pull requests than are read, from branches under Sluice's names that are deleted again.
    repo.by("dave")
        .pushes("sluice/noise", &[("noise", "1")], "Noise");
    for _ in 0..351 {
        let number = repo.by("dave").opens("sluice/noise", "main", "Noise");
        repo.by("dave").closes(number);
    }
    repo.by("dave").deletes("sluice/noise");
    let run = site.run().await;
    assert_eq!(repo.pulls(true), Vec::<u64>::new(), "{}", run.text);
    assert!(run.lines()[0].contains("carol closed #1"), "{}", run.text);
    let notices = &run.notices;
    assert!(
        notices
            .iter()
            .any(|text| text.contains("only the last 350")),
        "{notices:?}"
    );
}

#[tokio::test]
async fn a_joined_edge_along_which_nothing_changes_must_be_ready_too() {
    let site = Site::empty().await;
    let repo = site.repo();
    let stages: &[(&str, &[&str])] = &[
        ("eu", &["eu-qa"]),
        ("us", &["us-qa"]),
        ("prod", &["eu-prod < eu-qa", "us-prod < us-qa"]),
    ];
    let text = pipeline("web", stages, &[("eu prod", &[]), ("us prod", &[])]);
    let policy =
        "version: 1\nstages: { eu: { ready: { soak: 1h } }, us: { ready: { soak: 1h } } }\n";
    repo.files(
        "main",
        &[
            ("web.yaml", &text),
            (".github/sluice.yaml", policy),
            ("eu-qa.yaml", &chart("eu-qa", "1.1.0")),
            ("eu-prod.yaml", &chart("eu-prod", "1.0.0")),
            ("us-qa.yaml", &chart("us-qa", "1.0.0")),
            ("us-prod.yaml", &chart("us-prod", "1.0.0")),
        ],
    );
    site.hub.advance(3500);
    // Over this edge there is nothing to take: both hold it, but it has not soaked.
    repo.files(
        "main",
        &[
            ("us-qa.yaml", &chart("us-qa", "1.2.0")),
            ("us-prod.yaml", &chart("us-prod", "1.2.0")),
        ],
    );
    site.hub.advance(200);
    let run = site.run().await;
    let line = &run.lines()[0];
    assert!(
        line.starts_with("held") && line.contains("us-qa in us"),
        "{line}"
    );
    assert!(repo.file("main", "eu-prod.yaml").unwrap().contains("1.0.0"));
    site.hub.advance(3500);
    let run = site.run().await;
    let file = repo.file("main", "eu-prod.yaml").unwrap();
    assert!(file.contains("1.1.0"), "{}", run.text);
}

#[tokio::test]
async fn what_was_set_by_hand_is_taken_back_by_take_source_where_the_source_has_a_ready_rule() {
    let mut site = web(&["dev prod"], "stages: { dev: { ready: { soak: 1h } } }\n").await;
    let repo = site.repo();
    repo.files(
        "main",
        &[("prod.yaml", &chart("web-prod", "1.0.5")), WORKFLOW],
    );
    let dispatch = repo.by("carol").dispatches("sluice.yml", "main", json!({}));
    let promote = [
        "promote",
        "--pipeline=web",
        "--to=prod",
        "--take=source",
        "--reason=INC-1 is over",
    ];
    site.environment
        .insert("GITHUB_RUN_ID".to_owned(), dispatch.to_string());
    let early = site.call(&promote).await;
    assert!(early.lines()[0].contains("soak ends"), "{}", early.text);
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    site.hub.advance(7200);
    let asked = site.call(&promote).await;
    assert_eq!(asked.exit, Exit::Done, "{}", asked.text);
    let number = open(&site);
    assert!(
        repo.file(&repo.head(number), "prod.yaml")
            .unwrap()
            .contains("1.1.0")
    );
}

#[tokio::test]
async fn a_commit_that_is_dated_back_hides_none_of_those_behind_it() {
    // Lists that come whole, and lists that come in parts.
    for page in [None, Some(1)] {
        dated_back(page).await;
    }
}

async fn dated_back(page: Option<usize>) {
    let site = super::two_repositories().await;
    let app = site.hub.repo(super::APP);
    site.run().await;
    let number = open(&site);
    site.repo().by("dave").approves(number);
    site.run().await;
    let push = |text: &str, subject: &str| {
        app.by("carol")
            .pushes("main", &[("charts/api/Chart.yaml", text)], subject);
    };
    push("version: 1\n", "Older");
    app.with(|world, _| world.clock.advance(-365 * 24 * 3600));
    push("version: 2\n", "Dated back");
    app.with(|world, _| world.clock.advance(365 * 24 * 3600));
    push("version: 3\n", "Newer");
    site.hub.switch(|switches| switches.page = page);
    let run = site.run().await;
    let body = site.repo().body(open(&site));
    let subjects: Vec<String> = super::listed(&body)
        .iter()
        .map(|line| line[10..].to_owned())
        .collect();
    assert_eq!(
        subjects
            .iter()
            .filter(|line| line.ends_with(", carol"))
            .count(),
        3,
        "{subjects:?} {}",
        run.text
    );
    assert!(!body.contains("and more"), "{body}");
}
