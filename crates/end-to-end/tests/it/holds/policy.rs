//! What stops a promotion that is already open: holds on services, newer content behind a `ready` rule, a status and a queue
//! that a lost run left behind, two runs at once.

use end_to_end::shop::{APPROVAL, chart, landed, shop};
use github_stand_in::{Role, Rule, When};

#[tokio::test]
async fn a_hold_on_a_service_stops_what_was_approved_before() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    repo.by("carol").approves(1);
    site.policy("holds: [{ pipeline: shop, stage: prod, service: web-prod, reason: INC-4711 }]\n");
    for _ in 0..2 {
        let run = site.run().await;
        assert!(!landed(&site), "{}", run.text);
        assert!(run.text.contains("INC-4711"), "{}", run.text);
        assert_eq!(repo.state(1), "OPEN");
    }
    site.policy("");
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

#[tokio::test]
async fn an_older_plan_whose_source_has_a_ready_rule_waits_for_a_person() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    repo.role("deployer", Role::Write);
    let creator = repo.with(|world, _| world.ensure_user("deployer"));
    site.policy(&format!(
        "stages: {{ dev: {{ ready: {{ status: {{ context: smoke, creator: {creator} }} }} }} }}\n"
    ));
    let content = repo.tip("main").unwrap();
    repo.by("deployer").reports(&content, "smoke", "success");
    site.run().await;
    assert_eq!(repo.pulls(true), [1]);
    repo.by("dave").remarks(1);
    repo.by("carol").approves(1);
    // The content turns out bad, and dev is fixed: what was approved brings the bad one.
    repo.by("deployer").reports(&content, "smoke", "failure");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    let mended = repo.tip("main").unwrap();
    repo.by("deployer").reports(&mended, "smoke", "success");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert!(run.text.contains("has changed since"), "{}", run.text);
    repo.by("dave").requests_changes(1);
    site.run().await;
    assert_eq!((repo.state(1), repo.pulls(true).len()), ("CLOSED", 1));
}

#[tokio::test]
async fn a_status_that_a_lost_run_left_at_success_goes_back() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    let head = repo.head(1);
    repo.with_token(&site.token)
        .reports(&head, "sluice", "success");
    site.hub.forget_calls();
    site.run().await;
    assert!(
        repo.statuses(&head)
            .iter()
            .any(|status| status.contains("pending")),
        "{:?}",
        repo.statuses(&head)
    );
    assert_eq!(site.writes().len(), 1, "{:?}", site.writes());
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_hold_takes_a_promotion_out_of_the_merge_queue() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    site.run().await;
    repo.rule(Rule {
        branch: "main".to_owned(),
        queue: true,
        ..Rule::default()
    });
    repo.by("carol").approves(1);
    site.run().await;
    assert_eq!(repo.queue().len(), 1);
    repo.by("tom").labels(1, "sluice/hold");
    let run = site.run().await;
    assert_eq!(repo.queue().len(), 0, "{}", run.text);
}

#[tokio::test]
async fn of_ten_runs_at_once_one_starts_the_workflow() {
    const WORKFLOW: &str = "name: Integration\nrun-name: tests ${{ inputs.head }} ${{ inputs.digest }}\non:\n  workflow_dispatch:\n    \
        inputs:\n      head: { required: true }\n      digest: { required: true }\n      promotion: { required: true }\n";
    let site = shop(
        "{ name: tests, type: JOB }",
        "gates: { tests: { workflow: integration.yml } }\n",
    )
    .await;
    let repo = site.repo();
    repo.files("main", &[(".github/workflows/integration.yml", WORKFLOW)]);
    site.call(&["reconcile", "--dry-run"]).await;
    futures_util::future::join_all((0..10).map(|_| site.run())).await;
    assert_eq!(repo.pulls(true), [1]);
    assert_eq!(repo.runs().len(), 1, "{:?}", repo.runs());
}

/// Nothing lies between the last look and the move of the base: what is pushed right before that look stops a commit straight onto it.
#[tokio::test]
async fn a_hold_right_before_the_last_look_stops_a_commit_onto_the_base() {
    const DIRECT: &str = "version: 1\nstages: { prod: { delivery: commit, trigger: auto } }\n";
    const HELD: &str = "holds: [{ pipeline: shop, stage: prod, reason: INC-4711 }]\n";
    for hold in [false, true] {
        let site = shop("", DIRECT.trim_start_matches("version: 1\n")).await;
        let repo = site.repo();
        if hold {
            // The commit is made before the last look.
            site.hub
                .before(When::rest("POST", "/git/commits"), |world| {
                    let policy = format!("{DIRECT}{HELD}");
                    let repo = world.place("acme/gitops");
                    repo.files("main", &[(".github/sluice.yaml", &policy)]);
                });
        }
        let run = site.run().await;
        assert_eq!(landed(&site), !hold, "{}", run.text);
        let moves = |call: &&github_stand_in::Seen| {
            call.method == "PATCH" && call.path.contains("/git/refs/heads/main")
        };
        let calls = site.hub.calls();
        assert_eq!(calls.iter().filter(moves).count(), usize::from(!hold));
        if let Some(at) = calls.iter().position(|call| moves(&call)) {
            let before = &calls[at - 1];
            assert!(!before.write && before.path.ends_with("/graphql"));
        }
        assert_eq!(repo.pulls(true), Vec::<u64>::new());
    }
}

/// Of two pipelines of one name each would take the other's pull request for its own: a new one in every run, for ever.
#[tokio::test]
async fn two_pipelines_of_one_namespace_and_name_stop_both_and_nothing_else() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    let again = end_to_end::shop::pipeline("{ name: tested, type: APPROVAL }");
    repo.files("main", &[("again.yaml", &again)]);
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(repo.pulls(false), Vec::<u64>::new(), "{}", run.text);
        assert_eq!(run.exit, sluice::error::Exit::Invalid);
        let findings = run.json["findings"].as_array().unwrap();
        let twice = findings
            .iter()
            .find(|one| one["code"] == "duplicate-pipeline");
        insta::allow_duplicates! {
            insta::assert_snapshot!(twice.unwrap()["message"].as_str().unwrap(), @"duplicate pipeline apps/shop; first defined at again.yaml:1:1");
        }
    }
    repo.by("dave").removes("main", &["again.yaml"], "Once");
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
}
