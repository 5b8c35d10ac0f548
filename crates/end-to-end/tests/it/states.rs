//! Every state of a promotion in every place where people read it: they all say the same.

use serde_json::{Value, json};

use crate::board;
use crate::step;
use end_to_end::shop::{APPROVAL, shop};
use end_to_end::site::Site;

/// Promotes without gates.
const AUTO: &str = "stages: { prod: { trigger: auto } }\n";

/// What each place says of the promotion into prod, after a run.
#[derive(Debug, PartialEq)]
struct Said {
    /// The word in the log.
    log: String,
    /// The mark and word of its row in the summary.
    summary: String,
    /// The list of the Action's outputs that it is in.
    output: String,
    /// The status `sluice` of its head, if it has one.
    status: Option<String>,
    /// The mark behind the edge in its pull request.
    pull: String,
    /// What `status` says afterwards, in its document, and in its counts.
    document: String,
    counts: String,
    /// The word on the board.
    board: String,
}

impl Said {
    fn new(words: [&str; 8]) -> Self {
        let [log, summary, output, status, pull, document, counts, board] =
            words.map(str::to_owned);
        Self {
            log,
            summary,
            output,
            status: Some(status).filter(|status| !status.is_empty()),
            pull,
            document,
            counts,
            board,
        }
    }

    async fn by(site: &Site) -> Self {
        let step::Said {
            log,
            summary,
            outputs,
        } = step::said(site);
        let repo = site.repo();
        let row = log
            .lines()
            .find(|line| line.contains(" apps/shop dev → prod"))
            .unwrap_or_else(|| panic!("{log}"));
        let (word, _) = row.split_once(" apps/shop").unwrap();
        let item = summary
            .lines()
            .find(|line| line.contains(" · **apps/shop → prod**"))
            .unwrap_or_else(|| panic!("{summary}"));
        let (mark, _) = item.split_once(" · ").unwrap();
        let mut lists = Vec::new();
        for name in ["promoted", "pending", "blocked"] {
            let list: Value = serde_json::from_str(&outputs[name]).unwrap();
            for one in list.as_array().unwrap() {
                assert_eq!(one["stage"], "prod");
                lists.push(name);
            }
        }
        let statuses = repo.statuses(&repo.head(1));
        let own = statuses
            .iter()
            .find_map(|status| status.strip_prefix("sluice="));
        let body = repo.body(1);
        let head = body
            .lines()
            .find(|line| line.contains(" · ") || line.contains("⛔"));
        let head = head.unwrap_or_else(|| panic!("{body}"));
        let pull = ["⏳", "⏸", "⛔"]
            .into_iter()
            .find(|mark| head.contains(mark));
        let seen = site.call(&["status", "--format=json"]).await;
        let stages = seen.json["pipelines"][0]["stages"].as_array().unwrap();
        let prod = stages
            .iter()
            .find(|stage| stage["stage"] == "prod")
            .unwrap();
        let short = site.call(&["status", "--short", "--format=text"]).await;
        // The first line warns that no workflow is installed, the second one names the repository.
        let counts = short.text.lines().nth(2);
        let counts = counts.unwrap_or_default().to_owned();
        let (shown, _) = board::board(site, &[]).await;
        let (_, verdict) = shown.text.split_once(": ").unwrap();
        let (verdict, _) = verdict.split_once(" (").unwrap();
        Self {
            log: word.trim().to_owned(),
            summary: mark.trim_start_matches("- ").to_owned(),
            output: lists.join(" and "),
            status: own.map(str::to_owned),
            pull: pull.unwrap_or_default().to_owned(),
            document: prod["promotions"][0]["state"].as_str().unwrap().to_owned(),
            counts,
            board: verdict.to_owned(),
        }
    }
}

/// A shop whose promotion is open and waits for an approval.
async fn open() -> Site {
    let site = shop(APPROVAL, "").await;
    site.run().await;
    assert_eq!(site.repo().pulls(true), [1]);
    site
}

#[tokio::test]
async fn what_waits_for_people_is_waiting_everywhere() {
    let site = open().await;
    assert_eq!(
        Said::by(&site).await,
        Said::new([
            "WAITING",
            "⏳ waiting",
            "pending",
            "",
            "⏳",
            "waits-for-people",
            "1 waiting",
            "1 waiting, 0 in sync"
        ])
    );
}

#[tokio::test]
async fn what_a_label_holds_is_held_everywhere_and_who_added_it_is_said() {
    let site = open().await;
    site.repo().by("carol").labels(1, "sluice/hold");
    assert_eq!(
        Said::by(&site).await,
        Said::new([
            "HELD",
            "⏸ held",
            "pending",
            "pending",
            "⏸",
            "held",
            "1 held",
            "1 held, 0 in sync"
        ])
    );
    assert!(site.repo().body(1).contains("held by carol since "));
    // Approved, it is held all the same.
    site.repo().by("dave").approves(1);
    let said = Said::by(&site).await;
    assert_eq!(
        (&*said.log, &*said.pull, &*said.document),
        ("HELD", "⏸", "held")
    );
    let body = site.repo().body(1);
    assert!(!body.contains("Nothing is left to do here"), "{body}");
}

#[tokio::test]
async fn what_a_freeze_stops_is_frozen_everywhere() {
    let site = open().await;
    site.repo().by("carol").approves(1);
    site.policy(
        "freeze: [{ from: 2000-01-01T00:00, until: 2999-01-01T00:00, zone: UTC, reason: audit }]\n",
    );
    assert_eq!(
        Said::by(&site).await,
        Said::new([
            "FROZEN",
            "⏸ frozen",
            "pending",
            "pending",
            "⏸",
            "frozen",
            "1 frozen",
            "1 held, 0 in sync"
        ])
    );
}

#[tokio::test]
async fn what_a_person_refused_needs_somebody_everywhere() {
    let site = open().await;
    site.repo().by("carol").requests_changes(1);
    assert_eq!(
        Said::by(&site).await,
        Said::new([
            "NEEDS YOU",
            "⛔ needs you",
            "blocked",
            "failure",
            "⛔",
            "needs-person",
            "1 needs you",
            "1 needs you, 0 in sync"
        ])
    );
}

#[tokio::test]
async fn what_somebody_pushed_to_is_blocked_everywhere() {
    let site = open().await;
    let branch = site.repo().branches("sluice/")[0].clone();
    site.repo()
        .by("dave")
        .pushes(&branch, &[("x", "y")], "More");
    assert_eq!(
        Said::by(&site).await,
        Said::new([
            "BLOCKED",
            "⛔ blocked",
            "blocked",
            "failure",
            "⛔",
            "blocked",
            "1 blocked",
            "1 needs you, 0 in sync"
        ])
    );
    let body = site.repo().body(1);
    assert!(!body.contains("Approve"), "{body}");
}

/// After a landing, nothing is left of the promotion but its row, its outputs and its status.
async fn landed(site: &Site) -> (String, String, Value, Vec<String>) {
    let step::Said {
        log,
        summary,
        outputs,
    } = step::said(site);
    let mark = |text: &str| {
        text.lines()
            .rfind(|line| line.contains("apps/shop") && !line.starts_with("::"))
            .unwrap()
            .to_owned()
    };
    let lists = json!(["promoted", "pending", "blocked"].map(|name| {
        let list: Value = serde_json::from_str(&outputs[name]).unwrap();
        list.as_array().unwrap().len()
    }));
    let statuses = site.repo().statuses(&site.repo().head(1));
    let seen = site.call(&["status", "--short", "--format=text"]).await;
    assert!(seen.text.contains("\n1 in sync\n"), "{}", seen.text);
    (mark(&log), mark(&summary), lists, statuses)
}

#[tokio::test]
async fn what_landed_is_landed_everywhere() {
    let site = open().await;
    site.repo().by("carol").approves(1);
    let (log, summary, lists, statuses) = landed(&site).await;
    assert!(log.starts_with("LANDED "), "{log}");
    assert!(summary.starts_with("- ✅ landed · "), "{summary}");
    assert_eq!(lists, json!([1, 0, 0]));
    assert_eq!(statuses[0], "sluice=success");
    let body = site.repo().body(1);
    assert!(body.starts_with("**dev → prod** · ✅ landed\n"), "{body}");
    assert!(body.contains("approved by carol"), "{body}");
    let commit = site.repo().tip("main").unwrap();
    let link = format!("](https://github.com/acme/gitops/commit/{commit})");
    assert!(body.contains(&link), "{body}");
    assert!(body.contains("*Run workflow → rollback*"), "{body}");
    // It is written once, by the run that landed it.
    site.run().await;
    assert_eq!(site.repo().body(1), body);
}

#[tokio::test]
async fn what_a_person_merged_past_its_gates_is_said_first_and_everywhere() {
    let site = open().await;
    site.repo().by("dave").merges(1, "squash");
    let (log, summary, lists, statuses) = landed(&site).await;
    assert!(log.starts_with("PAST GATES "), "{log}");
    assert!(
        summary.starts_with("- ⚠ merged past the gates · "),
        "{summary}"
    );
    assert_eq!(lists, json!([1, 0, 0]));
    assert!(
        !statuses.contains(&"sluice=success".to_owned()),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn what_is_opened_and_lands_in_one_run_does_not_wait() {
    let site = shop("", AUTO).await;
    let step::Said {
        summary, outputs, ..
    } = step::said(&site);
    assert!(summary.starts_with("### Sluice: 1 landed\n"), "{summary}");
    let pending: Value = serde_json::from_str(&outputs["pending"]).unwrap();
    assert_eq!(pending, json!([]), "{summary}");
}
