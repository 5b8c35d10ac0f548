//! `promote`, `rollback` and `retry` with a person's token: the installed workflow is started, once, and followed to its end.
//!
//! Nothing runs on the stand-in, so the runner is simulated: it takes a run that was started, gives its inputs to Sluice as the example's
//! `with:` does, with the App's token, and ends the run. What Sluice does there is real.

use std::time::Duration;

use end_to_end::shop::{APPROVAL, shop};
use end_to_end::site::{REPO, Report, Site};
use github_stand_in::{Fault, When};
use serde_json::Value;
use sluice::error::Exit;

use crate::rollback::{prod, promoted};

const FILE: &str = "sluice-promote.yml";
const PATH: &str = ".github/workflows/sluice-promote.yml";
const ROLLBACK: [&str; 4] = ["rollback", "--pipeline=shop", "--to=prod", "--format=text"];
const PROMOTE: [&str; 4] = ["promote", "--pipeline=shop", "--to=prod", "--format=text"];
const MANUAL: &str = "stages: { prod: { trigger: manual } }\n";
const AUTO: &str = "stages: { prod: { trigger: auto } }\n";

/// The example's workflow, with the pipelines and stages of the shop filled in.
fn workflow() -> String {
    let text = test_support::root("examples/workflows/promote.yml");
    let text = std::fs::read_to_string(text).unwrap();
    let text = text.replace("[default/my-app, default/my-database]", "[apps/shop]");
    text.replace("options: [staging, prod] # your stages", "options: [prod]")
}

fn install(site: &Site) {
    site.repo().files("main", &[(PATH, &workflow())]);
    site.hub.forget_calls();
}

/// A command in carol's terminal, with her own token.
async fn in_a_terminal(site: &Site, command: &[&str]) -> Report {
    let mut environment = site.environment.clone();
    let token = site.hub.personal_token("carol", &["repo"]);
    environment.insert("GITHUB_TOKEN".to_owned(), token);
    site.call_with(command, &environment).await
}

/// The simulated runner: waits for a run of the workflow, carries it out, and ends it. Returns what the step came to.
async fn runner(site: &Site) -> Report {
    let before = site.repo().runs().len();
    let run = loop {
        match site.repo().runs()[before..] {
            [run, ..] => break run,
            [] => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    site.repo().start_run(run);
    let inputs = site.repo().inputs(run);
    let input = |name: &str| match &inputs[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut words = vec![input("command")];
    for (input_name, flag) in [
        ("pipeline", "pipeline"),
        ("to", "to"),
        ("plan", "plan"),
        ("reason", "reason"),
    ] {
        let value = input(input_name);
        if !value.is_empty() {
            words.push(format!("--{flag}={value}"));
        }
    }
    for (input_name, flag) in [
        ("take-source", "--take=source"),
        ("approve", "--approve"),
        ("emergency", "--emergency"),
    ] {
        if input(input_name) == "true" {
            words.push(flag.to_owned());
        }
    }
    let mut environment = site.environment.clone();
    environment.insert("INPUT_TOKEN".to_owned(), site.token.clone());
    environment.insert("GITHUB_RUN_ID".to_owned(), run.to_string());
    environment.insert("GITHUB_ACTIONS".to_owned(), "true".to_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let step = site.call_with(&words, &environment).await;
    let conclusion = match step.exit {
        Exit::Done => "success",
        _ => "failure",
    };
    site.repo().finish_run(run, conclusion);
    step
}

/// A command in carol's terminal, while the runner works.
async fn followed(site: &Site, command: &[&str]) -> Report {
    let runner = async {
        runner(site).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        report = in_a_terminal(site, command) => report,
        () = runner => unreachable!(),
    }
}

/// Calls that started a workflow, answered or not.
fn dispatches(site: &Site) -> usize {
    let writes = site.writes();
    writes
        .iter()
        .filter(|line| line.contains("/dispatches"))
        .count()
}

/// The text with this run's own IDs replaced.
fn text(site: &Site, report: &Report) -> String {
    let mut text = report.text.replace(&site.hub.url(), "https://github.com");
    for run in site.repo().runs() {
        text = text.replace(&run.to_string(), "RUN");
    }
    let tip = site.repo().tip("main").unwrap();
    text.replace(&tip, "COMMIT").replace(&tip[..7], "COMMIT")
}

#[tokio::test]
async fn a_rollback_from_a_terminal_is_landed_by_the_installed_workflow() {
    let site = promoted("", AUTO, &["1.1.0", "1.2.0"]).await;
    install(&site);
    let command = [&ROLLBACK[..], &["--reason=INC-7: checkout fails"]].concat();
    let report = followed(&site, &command).await;
    assert_eq!(report.exit, Exit::Done, "{}", report.text);
    assert_eq!(prod(&site), "1.1.0", "{}", report.text);
    insta::assert_snapshot!(text(&site, &report), @"
    rollback of shop/prod: started sluice-promote.yml as carol, run 1
      https://github.com/acme/gitops/actions/runs/RUN

    Run 1 ended with success.
      landed  COMMIT  Rollback: shop → prod: 1.2.0 → 1.1.0 (#3)
              https://github.com/acme/gitops/commit/COMMIT
    ");
    let message = site.repo().message("main");
    assert!(
        message.contains("\nSluice-Rollback: ") && message.contains("INC-7"),
        "{message}"
    );
    // The person's token wrote one thing: it started the workflow.
    assert_eq!(dispatches(&site), 1, "{:?}", site.writes());
    site.requests_hold();
}

#[tokio::test]
async fn a_promotion_that_waits_for_an_approval_is_named_with_its_page() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    let report = followed(&site, &PROMOTE).await;
    insta::assert_snapshot!(text(&site, &report), @"
    promote of shop/prod: started sluice-promote.yml as carol, run 1
      https://github.com/acme/gitops/actions/runs/RUN

    Run 1 ended with success.
      opened  #1  shop → prod: 1.0.0 → 1.1.0
              https://github.com/acme/gitops/pull/1
    ");
    // Who asked is the person whose token it was, so that person's approval does not count.
    let repo = site.repo();
    repo.by("carol").approves(1);
    site.run().await;
    assert_eq!(prod(&site), "1.0.0");
    repo.by("dave").approves(1);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.0", "{}", run.text);
}

#[tokio::test]
async fn a_run_that_fails_is_a_failure_here_too() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    let command = [&ROLLBACK[..], &["--format=json"]].concat();
    let command: Vec<&str> = command
        .into_iter()
        .filter(|word| *word != "--format=text")
        .collect();
    let report = followed(&site, &command).await;
    assert_eq!(report.exit, Exit::Failed, "{}", report.text);
    assert_eq!(report.json["run"]["conclusion"], "failure");
    assert_eq!(report.json["landed"], serde_json::json!([]));
    let report = followed(&site, &ROLLBACK).await;
    insta::assert_snapshot!(text(&site, &report), @"
    rollback of shop/prod: started sluice-promote.yml as carol, run 2
      https://github.com/acme/gitops/actions/runs/RUN

    Run 2 ended with failure.
    Nothing landed, and no pull request is open for this stage: the log of the run says why.
    ");
}

#[tokio::test]
async fn without_waiting_the_page_of_the_run_is_said() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    let command = [&PROMOTE[..], &["--no-wait"]].concat();
    let report = in_a_terminal(&site, &command).await;
    assert_eq!(report.exit, Exit::Done, "{}", report.text);
    insta::assert_snapshot!(text(&site, &report), @"
    promote of shop/prod: started sluice-promote.yml as carol, run 1
      https://github.com/acme/gitops/actions/runs/RUN
    ");
    assert_eq!(site.repo().runs().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_before_anything_is_written() {
    let site = shop(APPROVAL, MANUAL).await;
    site.hub.forget_calls();
    let missing = in_a_terminal(&site, &PROMOTE).await;
    insta::assert_snapshot!(missing.text, @"
    a person's token starts the installed workflow, and no workflow of the base branch runs Sluice with the inputs `pipeline` and `to`
    save examples/workflows/promote.yml as .github/workflows/sluice-promote.yml and fill in your pipelines and stages; the workflows that there are: https://github.com/acme/gitops/actions
    ");
    install(&site);
    let other = [&PROMOTE[..], &["--to=dev"]].concat();
    let other: Vec<&str> = other
        .into_iter()
        .filter(|word| *word != "--to=prod")
        .collect();
    let other = in_a_terminal(&site, &other).await;
    insta::assert_snapshot!(other.text, @"
    `dev` is not among the choices of `to` in sluice-promote.yml
    it has `prod`; add others to .github/workflows/sluice-promote.yml on the base branch
    ");
    let frozen = in_a_terminal(&site, &[&PROMOTE[..], &["--freeze=audit"]].concat()).await;
    insta::assert_snapshot!(frozen.text, @"
    --freeze cannot be passed on to the workflow that a person's token starts
    set the repository's variable SLUICE_FREEZE, or freeze in .github/sluice.yaml
    ");
    let second = workflow();
    site.repo()
        .files("main", &[(".github/workflows/second.yml", &second)]);
    let several = in_a_terminal(&site, &PROMOTE).await;
    insta::assert_snapshot!(several.text, @"
    several workflows take requests: second.yml and sluice-promote.yml
    name one with --workflow FILE
    ");
    site.repo().set_workflow_state(FILE, "disabled_inactivity");
    let named = [&PROMOTE[..], &["--workflow=sluice-promote.yml"]].concat();
    let disabled = in_a_terminal(&site, &named).await;
    insta::assert_snapshot!(disabled.text, @"
    the workflow sluice-promote.yml is not enabled (disabled_inactivity)
    enable it on https://github.com/acme/gitops/actions/workflows/sluice-promote.yml, then try again
    ");
    for report in [missing, other, frozen, several, disabled] {
        assert_eq!(report.exit, Exit::Usage, "{}", report.text);
    }
    assert_eq!(site.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_choice_that_github_refuses_is_said_in_words() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    site.hub.before(When::rest("POST", "/dispatches"), |world| {
        let text = workflow().replace("options: [prod]", "options: [production]");
        world.place(REPO).files("main", &[(PATH, &text)]);
    });
    let report = in_a_terminal(&site, &PROMOTE).await;
    assert_eq!(report.exit, Exit::Usage, "{}", report.text);
    insta::assert_snapshot!(report.text, @"
    `prod` is not among the choices of `to` in sluice-promote.yml
    add it to .github/workflows/sluice-promote.yml on the base branch
    ");
    assert!(site.repo().runs().is_empty());
}

#[tokio::test]
async fn a_person_without_write_access_starts_nothing() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    let mut environment = site.environment.clone();
    let token = site.hub.personal_token("rita", &["repo"]);
    environment.insert("GITHUB_TOKEN".to_owned(), token);
    let report = site.call_with(&PROMOTE, &environment).await;
    assert_eq!(report.exit, Exit::Failed, "{}", report.text);
    insta::assert_snapshot!(report.text, @"
    the token may not start sluice-promote.yml: Must have push access to repository
    it takes write access to the repository; a fine-grained token needs Actions: write, a classic one the scope `repo`
    ");
    assert!(site.repo().runs().is_empty());
}

#[tokio::test]
async fn a_lost_answer_never_starts_the_workflow_twice() {
    for fault in Fault::every() {
        let site = shop(APPROVAL, MANUAL).await;
        install(&site);
        site.hub
            .fault(When::rest("POST", "/dispatches"), fault.clone());
        let command = [&PROMOTE[..], &["--no-wait"]].concat();
        let report = in_a_terminal(&site, &command).await;
        let _ = site.hub.violations();
        let started = site.repo().runs().len();
        assert_eq!(
            started,
            usize::from(fault.applies()),
            "{fault:?}: {}",
            report.text
        );
        assert_eq!(dispatches(&site), 1, "{fault:?}: {:?}", site.writes());
        // What was started is found, and what was not is never called done.
        assert_eq!(
            report.exit == Exit::Done,
            fault.applies(),
            "{fault:?}: {}",
            report.text
        );
    }
}

#[tokio::test]
async fn if_it_is_not_known_whether_it_was_started_the_person_is_sent_to_its_page() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    site.hub
        .fault(When::rest("POST", "/dispatches"), Fault::CloseBeforeApply);
    let report = in_a_terminal(&site, &PROMOTE).await;
    assert_eq!(report.exit, Exit::Failed);
    let line = report.text.lines().last().unwrap();
    assert_eq!(
        line,
        "look at https://github.com/acme/gitops/actions/workflows/sluice-promote.yml before you try again"
    );
    assert!(
        report
            .text
            .contains("may have been started or not, and was not started again"),
        "{}",
        report.text
    );
}

#[tokio::test]
async fn an_older_server_that_does_not_name_the_run_is_asked_until_it_lists_it() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    // An earlier run of the same person is not mistaken for it.
    let inputs = serde_json::json!({ "pipeline": "apps/shop", "to": "prod" });
    let earlier = site.repo().by("carol").dispatches(FILE, "main", inputs);
    site.repo().finish_run(earlier, "failure");
    site.hub.switch(|switches| {
        switches.run_details = false;
        switches.runs_listed_after = 3;
    });
    let report = followed(&site, &PROMOTE).await;
    assert_eq!(report.exit, Exit::Done, "{}", report.text);
    assert_eq!(site.repo().runs().len(), 2, "{}", report.text);
    assert!(report.text.contains("opened  #1"), "{}", report.text);
}

#[tokio::test]
async fn an_app_acts_itself_and_takes_no_flag_of_a_person() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    for flag in ["--no-wait", "--workflow=sluice-promote.yml"] {
        let report = site.call(&[&PROMOTE[..], &[flag]].concat()).await;
        assert_eq!(report.exit, Exit::Usage, "{}", report.text);
        assert!(
            report.text.contains("this token acts itself"),
            "{}",
            report.text
        );
    }
    assert_eq!(dispatches(&site), 0);
}

#[tokio::test]
async fn in_a_workflow_a_persons_token_acts_itself() {
    let mut site = shop("", MANUAL).await;
    install(&site);
    site.adds_workflow();
    site.token = site.hub.personal_token("erin", &["repo"]);
    site.repo().role("erin", github_stand_in::Role::Write);
    let report = site.asks("carol", &PROMOTE).await;
    assert_eq!(dispatches(&site), 0, "{}", report.text);
    assert_eq!(prod(&site), "1.1.0", "{}", report.text);
}

#[tokio::test]
async fn a_dry_run_of_a_person_reads_and_starts_nothing() {
    let site = shop(APPROVAL, MANUAL).await;
    install(&site);
    let report = in_a_terminal(&site, &[&PROMOTE[..], &["--dry-run"]].concat()).await;
    assert_eq!(report.exit, Exit::Done, "{}", report.text);
    assert!(
        report.text.contains("dry run: nothing was written"),
        "{}",
        report.text
    );
    assert_eq!(site.writes(), Vec::<String>::new());
}
