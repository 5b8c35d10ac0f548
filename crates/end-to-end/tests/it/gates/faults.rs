//! Every call of a life in which every sort of gate takes part fails once, and a run is killed before every call (A37):
//! nothing lands before everything passed, no workflow is started twice, and in the end it lands, or a person is asked.

use end_to_end::shop::{PERMISSIONS, chart, landed, pipeline};
use end_to_end::site::Site;
use github_stand_in::{Fault, Membership, Role, Seen};

const GATES: &str = "{ name: release, type: APPROVAL }, { name: tests, type: JOB }, { name: fleet, type: SENTINEL }";
const WORKFLOW: &str = "name: Integration\nrun-name: tests ${{ inputs.head }} ${{ inputs.digest }}\non:\n  workflow_dispatch:\n    \
    inputs:\n      head: { required: true }\n      digest: { required: true }\n      promotion: { required: true }\n";

enum Trouble {
    Fault(usize, Fault),
    Kill(usize),
}

async fn site() -> Site {
    let mut site = Site::empty().await;
    site.hub.organisation("acme", &["olga"], &["carol", "dave"]);
    site.hub.team("acme", "leads", "carol", Membership::Active);
    let repo = site.repo();
    repo.role("deployer", Role::Write);
    let creator = repo.with(|world, _| world.ensure_user("deployer"));
    let policy = format!(
        "version: 1\ngates:\n  release: {{ approve: [{{ by: acme/leads }}], ways: [review] }}\n  tests: {{ workflow: integration.yml, timeout: 45m }}\n  \
         fleet: {{ check: {{ name: e2e, app: 777 }} }}\nstages: {{ dev: {{ ready: {{ status: {{ context: smoke, creator: {creator} }}, soak: 10m }} }} }}\n"
    );
    let content = repo.files(
        "main",
        &[
            ("pipeline.yaml", &pipeline(GATES)),
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            ("prod.yaml", &chart("web-prod", "1.0.0")),
            (".github/sluice.yaml", &policy),
            (".github/workflows/integration.yml", WORKFLOW),
        ],
    );
    repo.by("deployer").reports(&content, "smoke", "success");
    site.hub.advance(700);
    site.token = repo.app_token(4242, "sluice-app", PERMISSIONS);
    site
}

/// Says yes wherever someone may, except for the job.
fn say_yes(site: &Site) {
    let repo = site.repo();
    let open = repo.pulls(true);
    assert!(open.len() < 2, "two open pull requests: {open:?}");
    if let Some(number) = open.first()
        && repo.reviews(*number).is_empty()
    {
        repo.by("carol").approves(*number);
        let head = repo.head(*number);
        repo.app(777, "sentinel", "checks:write")
            .checks(&head, "e2e", "success");
    }
}

/// One life; the calls that it made, and how it ended.
async fn live(trouble: Option<&Trouble>) -> (Vec<Seen>, String) {
    let site = site().await;
    match trouble {
        None => {}
        Some(Trouble::Fault(index, fault)) => site.hub.fault_at(*index, fault.clone()),
        Some(Trouble::Kill(index)) => site.hub.kill_at(*index),
    }
    let repo = site.repo();
    for _ in 0..3 {
        site.run().await;
        assert!(!landed(&site), "landed before its job was done");
        say_yes(&site);
    }
    let calls = site.hub.calls();
    site.hub.heal();
    site.hub.advance(3700);
    for _ in 0..3 {
        site.run().await;
        assert!(!landed(&site), "landed before its job was done");
        say_yes(&site);
    }
    let runs = repo.runs();
    assert!(runs.len() < 2, "started twice: {runs:?}");
    for run in &runs {
        repo.finish_run(*run, "success");
    }
    let last = site.run().await;
    let end = match (landed(&site), runs.is_empty()) {
        (true, false) => "landed".to_owned(),
        (false, true) => {
            assert!(last.text.contains("never started"), "{}", last.text);
            "asks a person".to_owned()
        }
        (landed, _) => panic!("landed: {landed}: {}", last.text),
    };
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", quiet.text);
    (calls, end)
}

#[tokio::test]
async fn an_undisturbed_life_lands() {
    assert_eq!(live(None).await.1, "landed");
}

#[tokio::test]
async fn every_call_may_fail_once_and_nothing_lands_that_did_not_pass() {
    let (calls, _) = live(None).await;
    // Slow answers are not a fault here, and a body that never ends costs 32 MiB a call: it is tried alone (A39).
    let tried = |fault: &Fault| !matches!(fault, Fault::Slow(_) | Fault::EndlessBody);
    let kinds: Vec<Fault> = Fault::every().into_iter().filter(tried).collect();
    let mut asked = 0;
    for index in calls.iter().map(|call| call.index) {
        let fault = kinds[index % kinds.len()].clone();
        let (_, end) = live(Some(&Trouble::Fault(index, fault))).await;
        asked += usize::from(end != "landed");
    }
    // Only a fault between the note that the workflow is asked for and its start leaves it to a person.
    assert!(asked <= 3, "{asked}");
}

#[tokio::test]
async fn a_run_may_be_killed_before_every_call() {
    let (calls, _) = live(None).await;
    let mut asked = 0;
    // Killed before a call that reads, a run leaves what it leaves if it is killed before the next write: one life is enough for both.
    let writes = calls.iter().filter(|call| call.write);
    for call in writes.chain(calls.last()) {
        let (_, end) = live(Some(&Trouble::Kill(call.index))).await;
        asked += usize::from(end != "landed");
    }
    assert!(asked <= 2, "{asked}");
}
