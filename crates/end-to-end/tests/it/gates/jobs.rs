//! JOB and SENTINEL: a workflow that is started once for each build, or a check of one App.

use end_to_end::shop::{landed, shop};
use end_to_end::site::{Report, Site};
use serde_json::{Value, json};
use sluice::error::Exit;

const GATE: &str = "{ name: tests, type: JOB }";
const POLICY: &str = "gates: { tests: { workflow: integration.yml, timeout: 45m } }\n";
const WORKFLOW: &str = "name: Integration\nrun-name: tests ${{ inputs.head }} ${{ inputs.digest }}\non:\n  workflow_dispatch:\n    \
    inputs:\n      head: { required: true }\n      digest: { required: true }\n      promotion: { required: true }\n";

async fn with_workflow() -> Site {
    let site = shop(GATE, POLICY).await;
    site.repo()
        .files("main", &[(".github/workflows/integration.yml", WORKFLOW)]);
    site
}

#[tokio::test]
async fn a_job_is_started_once_for_a_build_and_lands_it_when_it_passed() {
    let site = with_workflow().await;
    let repo = site.repo();
    for _ in 0..3 {
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        assert_eq!(repo.runs().len(), 1, "{}", run.text);
        assert!(!landed(&site));
    }
    site.requests_hold();
    let job = repo.run(repo.runs()[0]);
    assert!(
        job["display_title"]
            .as_str()
            .unwrap()
            .contains(&repo.head(1)),
        "{job}"
    );
    // Nothing changes any more while it runs.
    let before = site.writes().len();
    site.run().await;
    assert_eq!(site.writes().len(), before);
    site.hub.advance(360);
    repo.finish_run(repo.runs()[0], "success");
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    let message = repo.message("main");
    assert!(
        message.contains("Sluice-Gate") && message.contains("passed in 6 min"),
        "{message}"
    );
}

#[tokio::test]
async fn a_job_beside_an_approval_is_started_by_the_run_that_puts_its_promotion_up() {
    for kind in ["JOB", "SENTINEL"] {
        let gates = format!("{{ name: tests, type: {kind} }}, {{ name: release, type: APPROVAL }}");
        let site = shop(&gates, POLICY).await;
        let repo = site.repo();
        repo.files("main", &[(".github/workflows/integration.yml", WORKFLOW)]);
        let run = site.run().await;
        assert_eq!(repo.pulls(true), [1], "{kind}: {}", run.text);
        assert_eq!(repo.runs().len(), 1, "{kind}: {}", run.text);
    }
}

#[tokio::test]
async fn a_failed_job_blocks_until_somebody_asks_for_it_again() {
    let mut site = with_workflow().await;
    let repo = site.repo();
    site.adds_workflow();
    site.run().await;
    site.run().await;
    repo.finish_run(repo.runs()[0], "failure");
    for _ in 0..2 {
        let run = site.run().await;
        assert!(run.why().contains("ended with failure"), "{}", run.text);
        assert_eq!(repo.runs().len(), 1);
    }
    let retry = ["retry", "--pipeline=shop", "--to=prod"];
    let run = site.asks("carol", &retry).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.runs().len(), 3, "{}", run.text);
    let run = site.run().await;
    assert_eq!(repo.runs().len(), 3, "{}", run.text);
    repo.finish_run(*repo.runs().last().unwrap(), "success");
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
}

#[tokio::test]
async fn a_job_that_takes_too_long_blocks() {
    let site = with_workflow().await;
    site.run().await;
    site.run().await;
    site.hub.advance(46 * 60);
    let run = site.run().await;
    assert!(
        run.why().contains("has not finished after 45 min"),
        "{}",
        run.text
    );
    assert!(!landed(&site));
}

#[tokio::test]
async fn a_workflow_that_is_not_there_is_said_once_and_not_asked_for_again() {
    let site = shop(GATE, POLICY).await;
    let run = site.run().await;
    let text = run.text.clone() + &site.run().await.text;
    assert!(
        text.contains("there is no workflow .github/workflows/integration.yml"),
        "{text}"
    );
    let writes = site.writes().len();
    site.run().await;
    assert_eq!(site.writes().len(), writes, "{:?}", site.writes());
}

/// A run with the right title that someone else made in some way (A23, A24).
async fn forged(forge: impl Fn(&Site, &Value)) -> (Site, Report) {
    let site = with_workflow().await;
    let repo = site.repo();
    site.run().await;
    site.run().await;
    let ours = repo.runs()[0];
    let job = repo.run(ours);
    forge(&site, &job);
    for run in repo.runs() {
        if run != ours {
            repo.finish_run(run, "success");
        }
    }
    let report = site.run().await;
    assert!(!landed(&site), "{}", report.text);
    (site, report)
}

fn inputs_of(site: &Site, job: &Value) -> Value {
    let title = job["display_title"].as_str().unwrap();
    let digest = title.rsplit(' ').next().unwrap();
    json!({ "head": site.repo().head(1), "digest": digest, "promotion": "{}" })
}

#[tokio::test]
async fn a23_a_run_that_a_person_started_with_the_same_title_does_not_count() {
    forged(|site, job| {
        let inputs = inputs_of(site, job);
        site.repo()
            .by("carol")
            .dispatches("integration.yml", "main", inputs);
    })
    .await;
}

#[tokio::test]
async fn a24_a_run_on_another_branch_does_not_count() {
    forged(|site, job| {
        let repo = site.repo();
        repo.by("carol").pushes(
            "evil",
            &[(".github/workflows/integration.yml", WORKFLOW)],
            "mine",
        );
        let inputs = inputs_of(site, job);
        repo.with_token(&site.token)
            .dispatches("integration.yml", "evil", inputs);
    })
    .await;
}

#[tokio::test]
async fn a24_a_run_on_another_branch_at_the_tip_of_the_base_does_not_count() {
    let (_, run) = forged(|site, job| {
        let repo = site.repo();
        let tip = repo.tip("main").unwrap();
        repo.by("carol").branches_off("other", &tip);
        let inputs = inputs_of(site, job);
        repo.with_token(&site.token)
            .dispatches("integration.yml", "other", inputs);
    })
    .await;
    assert!(
        run.text.contains("integration.yml is running"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn a23_a_run_that_a_person_started_again_does_not_count() {
    let site = with_workflow().await;
    let repo = site.repo();
    site.run().await;
    site.run().await;
    let job = repo.runs()[0];
    repo.finish_run(job, "failure");
    repo.by("carol").reruns(job);
    repo.finish_run(job, "success");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert!(run.text.contains("started again by carol"), "{}", run.text);
}

#[tokio::test]
async fn a23_a_status_that_says_a_job_was_asked_for_starts_and_passes_nothing() {
    let site = with_workflow().await;
    let repo = site.repo();
    // Opened, and before anything was started a writer says that it was.
    let mut done = false;
    site.hub.before_each_write(move |world, _| {
        let place = world.place(end_to_end::site::REPO);
        if !done && place.pulls(true) == [1] {
            done = true;
            let head = place.head(1);
            place
                .by("carol")
                .reports(&head, "sluice/job/tests", "success");
        }
    });
    site.run().await;
    site.run().await;
    assert_eq!(repo.runs().len(), 1);
    assert!(!landed(&site));
}

#[tokio::test]
async fn a_sentinel_goes_by_the_check_of_its_app_alone() {
    let site = shop(
        "{ name: fleet, type: SENTINEL }",
        "gates: { fleet: { check: { name: e2e, app: 777 } } }\n",
    )
    .await;
    let repo = site.repo();
    site.run().await;
    let head = repo.head(1);
    repo.app(888, "other", "checks:write")
        .checks(&head, "e2e", "success");
    repo.workflow("checks:write")
        .checks(&head, "e2e", "success");
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    let sentinel = repo.app(777, "sentinel", "checks:write");
    sentinel.checks(&head, "e2e", "success");
    sentinel.checks(&head, "e2e", "failure");
    let run = site.run().await;
    assert!(
        !landed(&site) && run.why().contains("ended with failure"),
        "{}",
        run.text
    );
    sentinel.checks(&head, "e2e", "success");
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    site.requests_hold();
}
