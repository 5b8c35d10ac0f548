//! What may be lost: labels, requested reviewers and comments. Whatever refuses them, promotions are opened, replaced and landed all the
//! same, and the texts of pull requests offer only what exists.

use crate::requests::counts::pipelines;
use end_to_end::site::{Report, Site};
use github_stand_in::{Fault, Membership, Role, Seen, When};
use serde_json::Value;
use sluice::error::Exit;

/// What examples/workflows/install.yml gave its job before it asked for `issues: write`.
const WITHOUT_ISSUES: &str = "contents:write, pull-requests:write, statuses:write, actions:read, checks:read, deployments:read";
const NOT_ACCESSIBLE: &str = "Resource not accessible by integration";

fn with_issues() -> String {
    format!("{WITHOUT_ISSUES}, issues:write")
}

/// Two pipelines with an approval gate each, dave and the team platform as reviewers, and a workflow's token with these permissions.
async fn two_pipelines(permissions: &str) -> Site {
    let mut site = Site::of("two-pipelines").await;
    site.hub.organisation("acme", &["olga"], &[]);
    site.hub.team("acme", "platform", "ann", Membership::Active);
    let repo = site.repo();
    repo.team_role("platform", Role::Write);
    site.policy("stages: { prod: { reviewers: [\"@dave\", acme/platform] } }\n");
    site.token = repo.workflow_token(permissions);
    site
}

/// Who was asked to review a pull request: logins and slugs.
fn asked(site: &Site, number: u64) -> Vec<String> {
    let pull = site.repo().pull(number);
    let names = |list: &str, key: &str| -> Vec<String> {
        let rows = pull[list].as_array().cloned().unwrap_or_default();
        let name = |row: &Value| row[key].as_str().unwrap().to_owned();
        rows.iter().map(name).collect()
    };
    [
        names("requested_reviewers", "login"),
        names("requested_teams", "slug"),
    ]
    .concat()
}

/// The notices with this in them.
fn about<'a>(run: &'a Report, text: &str) -> Vec<&'a String> {
    run.notices
        .iter()
        .filter(|notice| notice.contains(text))
        .collect()
}

fn created(site: &Site) -> Vec<String> {
    let calls = site.hub.calls();
    let creations = calls
        .iter()
        .filter(|call| call.method == "POST" && call.path.ends_with("/gitops/labels"));
    creations
        .map(|call| call.json()["name"].as_str().unwrap().to_owned())
        .collect()
}

fn labels(site: &Site) -> Vec<String> {
    site.repo()
        .edit(|repo| repo.labels.iter().map(|label| label.name.clone()).collect())
}

/// Runs once more: nothing is written, and no text of a pull request changes.
async fn is_quiet(site: &Site) -> Report {
    site.hub.forget_calls();
    let run = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", run.text);
    run
}

#[tokio::test]
async fn a_first_run_of_the_simple_install_opens_everything_with_and_without_issues_write() {
    for (permissions, swapped) in [
        (with_issues(), false),
        (WITHOUT_ISSUES.to_owned(), false),
        (WITHOUT_ISSUES.to_owned(), true),
    ] {
        let site = two_pipelines(&permissions).await;
        site.hub
            .switch(|switches| switches.swap_label_refusals = swapped);
        let repo = site.repo();
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        assert_eq!(repo.pulls(true), [1, 2], "{}", run.text);
        assert!(
            run.lines().iter().all(|line| line.starts_with("opened")),
            "{}",
            run.text
        );
        assert_eq!(run.json["read_only"], Value::Null);
        for number in [1, 2] {
            assert_eq!(asked(&site, number), ["dave"]);
        }
        let team = about(&run, "acme/platform");
        assert_eq!(team.len(), 1, "{:?}", run.notices);
        assert!(
            team[0].contains("Could not resolve to a node with the global id"),
            "{team:?}"
        );
        let may_create = permissions != WITHOUT_ISSUES;
        let missing = about(&run, "issues: write");
        assert_eq!(missing.len(), usize::from(!may_create), "{:?}", run.notices);
        assert_eq!(created(&site).len(), if may_create { 2 } else { 1 });
        for number in [1, 2] {
            let body = repo.body(number);
            assert_eq!(
                body.contains("add the label `approve/prod/release`"),
                may_create,
                "{body}"
            );
            assert_eq!(
                body.contains("To pause: label `sluice/hold`"),
                may_create,
                "{body}"
            );
            assert!(
                body.contains("**Files changed → Review changes → Approve**"),
                "{body}"
            );
        }
        let quiet = is_quiet(&site).await;
        assert_eq!(quiet.exit, Exit::Done);
        assert_eq!(
            about(&quiet, "issues: write").len(),
            usize::from(!may_create)
        );

        // A hold that a person sets holds, whoever created the label.
        repo.by("carol").labels(1, "sluice/hold");
        repo.by("carol").approves(1);
        let run = site.run().await;
        assert_eq!(
            (run.exit, repo.state(1)),
            (Exit::Done, "OPEN"),
            "{}",
            run.text
        );
        repo.by("dave").unlabels(1, "sluice/hold");
        let run = site.run().await;
        assert_eq!(
            (run.exit, repo.state(1)),
            (Exit::Done, "MERGED"),
            "{}",
            run.text
        );
        site.requests_hold();
    }
}

#[tokio::test]
async fn an_app_that_sees_the_team_asks_both() {
    let site = with_app().await;
    let run = site.run().await;
    assert_eq!(asked(&site, 1), ["dave", "platform"], "{}", run.text);
    assert_eq!(about(&run, "review"), Vec::<&String>::new());
    site.requests_hold();
}

#[tokio::test]
async fn somebody_without_access_keeps_no_team_from_being_asked_and_nothing_from_being_opened() {
    let site = with_app().await;
    site.policy("stages: { prod: { reviewers: [\"@dave\", \"@stranger\", acme/platform] } }\n");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(
        (asked(&site, 1), asked(&site, 2)),
        (vec!["platform".to_owned()], vec!["platform".to_owned()])
    );
    let refused = about(&run, "Reviews may only be requested from collaborators");
    assert_eq!(refused.len(), 1, "{:?}", run.notices);
    assert!(
        refused[0].contains("dave") && refused[0].contains("stranger"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_label_is_created_once_in_a_run_that_opens_many_promotions() {
    let mut site = Site::empty().await;
    let repo = site.repo();
    let files = pipelines(8);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    repo.files("main", &files);
    site.token = repo.workflow_token(WITHOUT_ISSUES);
    let run = site.run().await;
    assert_eq!(repo.pulls(true).len(), 8, "{}", run.text);
    assert_eq!(
        created(&site),
        ["approve/prod/release"],
        "what is refused is not tried again"
    );
    is_quiet(&site).await;
    // With the permission, the next pull request brings the labels, and the others offer them too.
    let (path, text) = (&files[0].0, files[0].1.replace("1.1.0", "1.2.0"));
    repo.files("main", &[(path, &text)]);
    site.token = repo.workflow_token(&with_issues());
    site.hub.forget_calls();
    let run = site.run().await;
    assert_eq!(
        created(&site),
        ["approve/prod/release", "sluice/hold"],
        "{}",
        run.text
    );
    for number in repo.pulls(true) {
        let body = repo.body(number);
        assert!(
            body.contains("add the label `approve/prod/release`"),
            "{number}: {body}"
        );
    }
    is_quiet(&site).await;
}

#[tokio::test]
async fn a_label_that_a_person_creates_is_offered_from_then_on() {
    let site = two_pipelines(WITHOUT_ISSUES).await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").creates_label("approve/prod/release");
    let run = site.run().await;
    assert!(
        repo.body(1)
            .contains("add the label `approve/prod/release`"),
        "{}",
        run.text
    );
    repo.by("carol").labels(1, "approve/prod/release");
    site.run().await;
    assert_eq!(repo.state(1), "MERGED");
    is_quiet(&site).await;
}

#[tokio::test]
async fn a_gate_that_only_a_label_opens_says_that_the_label_does_not_exist() {
    let site = two_pipelines(WITHOUT_ISSUES).await;
    site.policy("gates: { release: { ways: [label] } }\n");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let body = site.repo().body(1);
    assert!(
        body.contains(
            "needs the label `approve/prod/release`, which does not exist in this repository"
        ),
        "{body}"
    );
    assert!(!body.contains("Review → Approve"), "{body}");
    is_quiet(&site).await;
}

/// Faults at one call: what GitHub says to a token that may not, what is not there, what it does not take, and what fails.
fn faults() -> [(Fault, usize); 5] {
    [
        (Fault::Status(403, NOT_ACCESSIBLE.to_owned()), 1),
        (
            Fault::Status(
                403,
                "You do not have permission to create labels on this repository.".to_owned(),
            ),
            1,
        ),
        (Fault::NotFound, 1),
        (Fault::Status(422, "Validation Failed".to_owned()), 1),
        // A write that may be sent again is.
        (Fault::ServerError, 2),
    ]
}

/// Its App may create labels and sees teams.
async fn with_app() -> Site {
    let mut site = two_pipelines(WITHOUT_ISSUES).await;
    let words = format!("{}, members:read", with_issues());
    site.token = site.repo().app_token(4242, "sluice-app", &words);
    site
}

#[tokio::test]
async fn a_fault_at_each_call_that_may_be_lost_costs_a_notice_and_nothing_else() {
    let routes = ["/gitops/labels", "/requested_reviewers"];
    for route in routes {
        for (fault, times) in faults() {
            for skip in 0..2 {
                let site = with_app().await;
                let repo = site.repo();
                let when = When::rest("POST", route).nth(skip + 1).times(times);
                site.hub.fault(when, fault.clone());
                // Reviewers are requested one by one only if they cannot be requested together.
                site.hub
                    .fault(When::graphql("requestReviews"), Fault::NotFound);
                let run = site.run().await;
                let at = format!("{route} {skip} {fault:?}: {}\n{:?}", run.text, run.notices);
                assert_eq!((run.exit, repo.pulls(true).len()), (Exit::Done, 2), "{at}");
                assert!(
                    run.lines().iter().all(|line| line.starts_with("opened")),
                    "{at}"
                );
                assert_eq!(run.notices.len(), 1, "{at}");
                site.hub.heal();
                site.run().await;
                is_quiet(&site).await;
                for number in [1, 2] {
                    let body = repo.body(number);
                    for (label, offer) in [
                        (
                            "approve/prod/release",
                            "add the label `approve/prod/release`",
                        ),
                        ("sluice/hold", "To pause: label `sluice/hold`"),
                    ] {
                        let exists = labels(&site).iter().any(|name| name == label);
                        assert_eq!(body.contains(offer), exists, "{at}\n{body}");
                    }
                }
                if matches!(fault, Fault::ServerError) {
                    assert_eq!(labels(&site).len(), 2, "{at}");
                }
                repo.by("carol").approves(1);
                let run = site.run().await;
                assert_eq!(repo.state(1), "MERGED", "{}", run.text);
            }
        }
    }
}

/// The documents and REST calls that requested reviews.
fn review_requests(site: &Site) -> (usize, usize) {
    let calls = site.hub.calls();
    let is_document = |call: &&Seen| {
        let operation = call.operation.as_ref();
        operation.is_some_and(|operation| operation.document.contains("requestReviews"))
    };
    let in_rest =
        |call: &&Seen| call.method == "POST" && call.path.ends_with("/requested_reviewers");
    (
        calls.iter().filter(is_document).count(),
        calls.iter().filter(in_rest).count(),
    )
}

#[tokio::test]
async fn reviews_of_a_whole_run_are_requested_by_one_document() {
    let site = with_app().await;
    site.run().await;
    assert_eq!(review_requests(&site), (1, 0));
    for number in [1, 2] {
        assert_eq!(asked(&site, number), ["dave", "platform"]);
    }
    site.requests_hold();
}

#[tokio::test]
async fn whatever_happens_to_the_document_everyone_is_asked_once() {
    let faults = [
        Fault::Status(403, NOT_ACCESSIBLE.to_owned()),
        Fault::NotFound,
        Fault::ServerError,
        Fault::BadGatewayAfterApply,
        Fault::CloseAfterApply,
        Fault::StopsAfterFirstMutation,
        Fault::GatewayAfterFirstMutation,
    ];
    for fault in faults {
        let site = with_app().await;
        site.hub
            .fault(When::graphql("requestReviews"), fault.clone());
        let run = site.run().await;
        for number in [1, 2] {
            assert_eq!(asked(&site, number), ["dave", "platform"], "{fault:?}");
        }
        assert_eq!(run.notices, Vec::<String>::new(), "{fault:?}");
        let (documents, single) = review_requests(&site);
        assert!(
            documents == 1 && (2..=4).contains(&single),
            "{fault:?}: {single}"
        );
    }
}

#[tokio::test]
async fn ten_openings_with_a_reviewer_are_two_writes_each_and_three_for_all() {
    let mut site = Site::empty().await;
    let repo = site.repo();
    let files = pipelines(10);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    repo.files("main", &files);
    repo.role("dave", Role::Write);
    site.policy("limits: { open: 1000 }\nstages: { prod: { reviewers: [\"@dave\"] } }\n");
    site.token = repo.workflow_token(&with_issues());
    let run = site.run().await;
    assert_eq!(repo.pulls(true).len(), 10, "{}", run.text);
    // Branch and commit, pull request; two labels, and the reviewers.
    assert_eq!(site.writes().len(), 10 * 2 + 3, "{:#?}", site.writes());
    for number in repo.pulls(true) {
        assert_eq!(asked(&site, number), ["dave"]);
    }
}

/// A promotion whose source moved on after it was opened.
async fn outdated() -> Site {
    let site = Site::of("folder-per-environment").await;
    let repo = site.repo();
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    newer(&site, 4);
    site
}

/// dev moves on to 4.2.N.
fn newer(site: &Site, number: u32) {
    let repo = site.repo();
    let path = "clusters/dev/web.yaml";
    let file = repo.file("main", path).unwrap();
    let new: String = file
        .lines()
        .map(|line| match line.split_once("version:") {
            Some((start, _)) => format!("{start}version: 4.2.{number} }}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    repo.files("main", &[(path, &new)]);
}

#[tokio::test]
async fn a_comment_that_cannot_be_written_keeps_nothing_from_being_replaced() {
    for method in ["GET", "POST"] {
        for (fault, _) in faults() {
            let site = outdated().await;
            let repo = site.repo();
            site.hub.fault(
                When::rest(method, "/issues/1/comments").times(9),
                fault.clone(),
            );
            let run = site.run().await;
            assert_eq!(run.exit, Exit::Done, "{method} {fault:?}: {}", run.text);
            assert!(
                run.lines()[0].starts_with("opened"),
                "{method} {fault:?}: {}",
                run.text
            );
            assert_eq!(
                (repo.state(1), repo.state(2)),
                ("CLOSED", "OPEN"),
                "{method} {fault:?}"
            );
            assert_eq!(about(&run, "comment").len(), 1, "{:?}", run.notices);
            assert_eq!(repo.branches("sluice/").len(), 1);
            site.hub.heal();
            is_quiet(&site).await;
        }
    }
}

#[tokio::test]
async fn a_pull_request_that_was_pushed_to_is_blocked_whatever_its_label_and_comment_come_to() {
    let routes = [
        ("GET", "/issues/1/comments"),
        ("POST", "/issues/1/comments"),
        ("POST", "/gitops/labels"),
        ("POST", "/issues/1/labels"),
    ];
    for (method, route) in routes {
        for (fault, _) in faults() {
            let site = Site::of("k3s-upgrade-version").await;
            let repo = site.repo();
            site.run().await;
            let branch = repo.pull(1)["head"]["ref"].as_str().unwrap().to_owned();
            repo.by("dave").pushes(&branch, &[("x", "y")], "More");
            site.hub
                .fault(When::rest(method, route).times(9), fault.clone());
            let run = site.run().await;
            assert_eq!(run.exit, Exit::Blocked, "{route} {fault:?}: {}", run.text);
            assert!(
                run.lines()[0].starts_with("blocked"),
                "{route} {fault:?}: {}",
                run.text
            );
            assert_eq!(run.json["read_only"], Value::Null);
            site.hub.heal();
            site.run().await;
            is_quiet(&site).await;
            // A comment that GitHub refuses is lost; one that failed is written by the next run.
            let refused = (method, route) == ("POST", "/issues/1/comments")
                && !matches!(fault, Fault::ServerError);
            assert_eq!(
                repo.comments(1).len(),
                usize::from(!refused),
                "{route} {fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn without_issues_write_a_blocked_pull_request_is_commented_on_once() {
    let mut site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.token = repo.workflow_token(WITHOUT_ISSUES);
    site.run().await;
    let branch = repo.pull(1)["head"]["ref"].as_str().unwrap().to_owned();
    repo.by("dave").pushes(&branch, &[("x", "y")], "More");
    for exit in [Exit::Blocked, Exit::Done] {
        let run = site.run().await;
        assert_eq!(run.exit, exit, "{}", run.text);
    }
    assert_eq!(repo.comments(1).len(), 1);
    is_quiet(&site).await;
}

#[tokio::test]
async fn a_stale_label_that_cannot_be_removed_stops_no_other_promotion() {
    let site = two_pipelines(&with_issues()).await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").labels(1, "approve/prod/release");
    // A label on a head that arrived later counts for nothing.
    repo.by("carol").closes(1);
    repo.by("carol").reopens(1);
    repo.by("dave").approves(2);
    site.hub.fault(
        When::rest("DELETE", "/issues/1/labels").times(9),
        Fault::Status(403, NOT_ACCESSIBLE.to_owned()),
    );
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(
        (repo.state(1), repo.state(2)),
        // The file of both is another one now: the first is built again.
        ("CLOSED", "MERGED"),
        "{}",
        run.text
    );
    assert_eq!(about(&run, "stale label").len(), 1, "{:?}", run.notices);
}
