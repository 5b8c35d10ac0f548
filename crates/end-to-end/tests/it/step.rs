//! The binary as the runner starts it: no arguments, an environment, files to write to, and signals.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::SLUICE;
use end_to_end::site::{REPO, Site};

const CANARY: &str = "ghs_canary7Yw9";

struct Step {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

impl Step {
    fn of(site: &Site) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let workspace = folder.path().join("workspace");
        std::fs::create_dir(&workspace).unwrap();
        let event = test_support::root("crates/github-stand-in/contract/events/push.json");
        let environment = [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("CI", "true".to_owned()),
            ("GITHUB_API_URL", site.hub.url()),
            ("GITHUB_GRAPHQL_URL", format!("{}/graphql", site.hub.url())),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("GITHUB_REPOSITORY", REPO.to_owned()),
            ("GITHUB_EVENT_NAME", "push".to_owned()),
            ("GITHUB_EVENT_PATH", event.display().to_string()),
            ("GITHUB_WORKSPACE", path("workspace")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("GITHUB_RUN_ID", "1".to_owned()),
            ("GITHUB_ACTION_REPOSITORY", "acme/sluice".to_owned()),
            ("GITHUB_ACTION_REF", "v1".to_owned()),
            ("HOME", path("home")),
            ("INPUT_COMMAND", "reconcile".to_owned()),
            ("INPUT_TOKEN", site.token.clone()),
            ("INPUT_DRY-RUN", "false".to_owned()),
            ("INPUT_APPROVE", "false".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        Self {
            folder,
            environment: environment.into_iter().collect(),
        }
    }

    fn command(&self) -> Command {
        let mut command = SLUICE.command();
        command
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.file("workspace"));
        command
    }

    fn run(&self) -> Output {
        self.command().output().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// The outputs by name, the random delimiter gone.
    fn outputs(&self) -> BTreeMap<String, String> {
        let text = self.read("output");
        let mut lines = text.lines();
        let mut found = BTreeMap::new();
        while let Some(line) = lines.next() {
            let (name, delimiter) = line.split_once("<<").unwrap();
            let value: Vec<&str> = lines
                .by_ref()
                .take_while(|line| *line != delimiter)
                .collect();
            found.insert(name.to_owned(), value.join("\n"));
        }
        found
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn a_step_masks_first_and_gives_log_outputs_and_summary() {
    let site = Site::of("k3s-upgrade-version").await;
    let step = Step::of(&site);
    let ran = step.run();
    let log = text(&ran);
    assert_eq!(ran.status.code(), Some(0), "{log}");
    let first = String::from_utf8_lossy(&ran.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(first, format!("::add-mask::{}", site.token));
    assert_eq!(
        log.matches(&site.token).count(),
        1,
        "only the mask names it"
    );
    let outputs = step.outputs();
    assert_eq!(outputs["changed"], "true");
    assert_eq!(outputs["matrix"], r#"["infra/k3s-upgrade"]"#);
    let opened: serde_json::Value = serde_json::from_str(&outputs["opened"]).unwrap();
    assert_eq!(
        (opened[0]["stage"].as_str(), opened[0]["pull"].as_u64()),
        (Some("prod"), Some(1))
    );
    assert_eq!(outputs["promoted"], "[]");
    let summary = step.read("summary");
    assert!(summary.starts_with("### Sluice: "), "{summary}");
    assert!(
        summary.contains("[#1](https://github.com/acme/gitops/pull/1)"),
        "{summary}"
    );
    assert!(
        summary.contains("https://github.com/acme/sluice/blob/v1/docs/prod-has-not-moved.md"),
        "{summary}"
    );
    for text in [&summary, &step.read("output")] {
        assert!(!text.contains(&site.token));
    }
    assert!(log.contains("::warning file=upgrade.yaml,line="), "{log}");
}

#[tokio::test]
async fn a_status_step_prints_how_everything_stands_and_writes_nothing() {
    let site = Site::of("k3s-upgrade-version").await;
    let mut step = Step::of(&site);
    step.environment
        .insert("INPUT_COMMAND".to_owned(), "status".to_owned());
    let ran = step.run();
    let log = text(&ran);
    assert_eq!(ran.status.code(), Some(0), "{log}");
    assert_eq!(site.writes(), Vec::<String>::new());
    assert!(log.contains("prod: the next run handles it"), "{log}");
    let summary = step.read("summary");
    assert!(
        summary.contains("```text\n✗ No workflow of main runs Sluice"),
        "{summary}"
    );
    assert_eq!(step.outputs()["changed"], "false");
    let report: serde_json::Value = serde_json::from_str(&step.outputs()["report"]).unwrap();
    assert_eq!(report["promotions"][0]["state"], "due");
}

#[tokio::test]
async fn a_rollback_step_says_where_it_would_go_back_to_and_a_refused_one_what_to_do_instead() {
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    site.adds_workflow();
    let lands = async || {
        site.run().await;
        let number = *repo.pulls(true).last().unwrap();
        repo.by("carol").approves(number);
        let run = site.run().await;
        assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
    };
    let asks = || {
        let mut step = Step::of(&site);
        let run = repo
            .by("dave")
            .dispatches("sluice.yml", "main", serde_json::json!({}));
        for (name, value) in [
            ("GITHUB_EVENT_NAME", "workflow_dispatch"),
            ("GITHUB_RUN_ID", &run.to_string()),
            ("INPUT_COMMAND", "rollback"),
            ("INPUT_PIPELINE", "k3s-upgrade"),
            ("INPUT_TO", "prod"),
            ("INPUT_REASON", "INC-7"),
            ("INPUT_DRY-RUN", "true"),
        ] {
            step.environment.insert(name.to_owned(), value.to_owned());
        }
        let ran = step.run();
        (ran.status.code(), text(&ran), step.read("summary"))
    };
    lands().await;
    let (code, log, summary) = asks();
    assert_eq!(code, Some(64), "{log}");
    assert!(
        summary.contains("nothing was done") && summary.contains("git revert"),
        "{summary}"
    );
    let file = repo.file("main", "upgrade.yaml").unwrap();
    repo.files(
        "main",
        &[("upgrade.yaml", &file.replacen("v1.29.1", "v1.30.0", 1))],
    );
    lands().await;
    let (code, log, summary) = asks();
    assert_eq!(code, Some(0), "{log}");
    assert!(summary.contains("goes back to what landed in"), "{summary}");
}

#[tokio::test]
async fn what_lacks_an_input_and_what_is_no_input_ends_with_64_and_asks_nothing() {
    let site = Site::of("k3s-upgrade-version").await;
    for (name, value, said) in [
        ("INPUT_COMMAND", "rollback", "--pipeline <P> --to <STAGE>"),
        ("INPUT_COMMAND", "retry", "--pipeline <P> --to <STAGE>"),
        ("INPUT_COMMAND", "destroy", "use reconcile"),
        ("INPUT_APPROVE", "yes", "use true or false"),
        ("INPUT_DRYRUN", "true", "did you mean `dry-run`"),
    ] {
        let mut step = Step::of(&site);
        step.environment.insert(name.to_owned(), value.to_owned());
        let ran = step.run();
        assert_eq!(
            ran.status.code(),
            Some(64),
            "{name}={value}: {}",
            text(&ran)
        );
        assert!(text(&ran).contains(said), "{}", text(&ran));
        assert!(step.read("summary").contains("nothing was done"));
    }
    assert_eq!(site.hub.calls().len(), 0);
}

#[tokio::test]
async fn a_run_for_a_fork_evaluates_and_writes_nothing() {
    let site = Site::of("k3s-upgrade-version").await;
    let mut step = Step::of(&site);
    let event = step.file("event.json");
    let payload = serde_json::json!({
        "action": "opened",
        "pull_request": { "head": { "repo": { "id": 2 } }, "base": { "repo": { "id": 1 } } },
    });
    std::fs::write(&event, payload.to_string()).unwrap();
    step.environment
        .insert("GITHUB_EVENT_NAME".to_owned(), "pull_request".to_owned());
    step.environment
        .insert("GITHUB_EVENT_PATH".to_owned(), event.display().to_string());
    let ran = step.run();
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
    assert_eq!(site.writes(), Vec::<String>::new());
    assert!(
        step.read("summary").contains("read-only run"),
        "{}",
        step.read("summary")
    );
    assert_eq!(step.outputs()["changed"], "false");
}

#[tokio::test]
async fn the_token_is_in_nothing_that_a_failing_run_says() {
    let site = Site::of("k3s-upgrade-version").await;
    let mut step = Step::of(&site);
    step.environment
        .insert("INPUT_TOKEN".to_owned(), CANARY.to_owned());
    let ran = step.run();
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran));
    let log = text(&ran);
    assert_eq!(
        log.matches(CANARY).count(),
        1,
        "only the mask names it: {log}"
    );
    assert!(log.contains("does not accept the token"), "{log}");
    assert!(!step.read("summary").contains(CANARY));
}

#[tokio::test]
async fn a_token_is_masked_first_and_hidden_whichever_variable_holds_it() {
    let site = Site::of("k3s-upgrade-version").await;
    for name in ["SLUICE_TOKEN", "GITHUB_TOKEN", "SLUICE_READ_TOKEN"] {
        let mut step = Step::of(&site);
        step.environment.remove("INPUT_TOKEN");
        if name == "SLUICE_READ_TOKEN" {
            let token = site.token.clone();
            step.environment.insert("INPUT_TOKEN".to_owned(), token);
        }
        step.environment.insert(name.to_owned(), CANARY.to_owned());
        // The token is echoed where foreign text is: in an input that cannot be used.
        let echoed = format!("see {CANARY} there");
        step.environment.insert("INPUT_TAKE".to_owned(), echoed);
        let ran = step.run();
        let log = text(&ran);
        assert_eq!(ran.status.code(), Some(64), "{name}: {log}");
        assert!(log.contains("see *** there"), "{name}: {log}");
        let stdout = String::from_utf8_lossy(&ran.stdout).into_owned();
        let masks: Vec<&str> = stdout
            .lines()
            .take_while(|line| line.starts_with("::add-mask::"))
            .collect();
        let mask = format!("::add-mask::{CANARY}");
        assert!(masks.contains(&mask.as_str()), "{name}: {log}");
        assert_eq!(log.matches(CANARY).count(), 1, "{name}: {log}");
        assert!(!step.read("summary").contains(CANARY), "{name}");
    }
}

#[tokio::test]
async fn debug_lines_name_requests_and_rounds_and_no_secret() {
    let site = Site::of("secrets").await;
    // The token is echoed in what is asked: as the name of a repository that manifests refer to.
    let named_like_token = |service: &str| {
        let url = format!("https://github.com/acme/{}", site.token);
        let spec = format!("git: {{ url: {url}, folder: app, ref: main }}");
        test_support::service(service, &spec)
    };
    let (dev, prod) = (named_like_token("web-dev"), named_like_token("web-prod"));
    site.repo().files(
        "main",
        &[
            ("web.yaml", &test_support::web()),
            ("dev.yaml", &dev),
            ("prod.yaml", &prod),
        ],
    );
    let mut step = Step::of(&site);
    step.environment
        .insert("RUNNER_DEBUG".to_owned(), "1".to_owned());
    let as_step = step.run();
    step.environment.remove("RUNNER_DEBUG");
    let arguments = ["reconcile", "--dry-run", "--verbose"];
    let as_command = step.command().args(arguments).output().unwrap();
    let quiet = step.command().args(&arguments[..2]).output().unwrap();
    for (name, ran) in [("step", &as_step), ("command", &as_command)] {
        let err = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(err.contains("debug: round 1 tip="), "{name}: {err}");
        let request = "debug: read the repository and its promotions status=200 ms=";
        assert!(err.contains(request), "{name}: {err}");
        assert!(err.contains("look up objects in acme/***"), "{name}: {err}");
        for secret in [&site.token, "canary-new-string", "canary-old-string"] {
            assert!(!err.contains(secret), "{name}: {secret}: {err}");
        }
        let is_command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
        assert!(!err.lines().any(is_command), "{name}: {err}");
    }
    let err = String::from_utf8_lossy(&quiet.stderr);
    assert!(!err.contains("debug: "), "{err}");
}

#[tokio::test]
async fn a_signal_lets_nothing_more_be_written() {
    let site = Site::of("k3s-upgrade-version").await;
    let step = Step::of(&site);
    site.hub.latency(Duration::from_millis(150));
    let child = step
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first call was made, so the handlers are in place; every later one takes its time.
    while site.hub.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let killed = Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran));
    assert!(text(&ran).contains("told to stop"), "{}", text(&ran));
    assert!(site.repo().pulls(false).is_empty());
    site.hub.latency(Duration::ZERO);
    let next = step.run();
    assert_eq!(
        (next.status.code(), site.repo().pulls(true)),
        (Some(0), vec![1]),
        "{}",
        text(&next)
    );
}

/// The summary that a step gives.
pub(super) fn summary_of(site: &Site) -> String {
    let step = Step::of(site);
    let ran = step.run();
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
    step.read("summary")
}

/// What a step says of a run.
pub(super) struct Said {
    pub log: String,
    pub summary: String,
    pub outputs: BTreeMap<String, String>,
}

/// What a step says, whatever its exit code.
pub(super) fn said(site: &Site) -> Said {
    let step = Step::of(site);
    let ran = step.run();
    Said {
        log: text(&ran),
        summary: step.read("summary"),
        outputs: step.outputs(),
    }
}

/// What a dry run shows on the page of its run.
pub(crate) fn summary_of_a_dry_run(site: &Site) -> String {
    let mut step = Step::of(site);
    step.environment
        .insert("INPUT_DRY-RUN".to_owned(), "true".to_owned());
    step.run();
    step.read("summary")
}
