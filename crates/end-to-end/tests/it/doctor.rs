//! `doctor` against the stand-in GitHub: what is found in a repository's settings, and that asking writes nothing.
//!
//! The stand-in has no route for a single ruleset, so who may bypass one is always unread here; what follows from that
//! answer is tested with facts, where no stand-in is needed. The rehearsal of `--live` is simulated as a whole: see `live`.

mod findings;
mod live;
mod rules;

use std::path::Path;

use serde_json::Value;

use crate::SLUICE;
use github_stand_in::{GitHub, Membership, Role, Rule};
use test_support::{Ran, chart, web};

const SLUG: &str = "acme/gitops";

/// An install with everything filled in.
const INSTALLED: &str = "on:\n  schedule:\n    - cron: '17 * * * *'\njobs:\n  reconcile:\n    steps:\n      - uses: acme/sluice@1234567890123456789012345678901234567890\n";

/// A run of the install, started by its schedule, that ended with this.
fn ran_on_schedule(hub: &GitHub, conclusion: &str) {
    let repo = hub.repo(SLUG);
    let run = repo.by("olga").triggers("sluice.yml", "schedule", "main");
    repo.finish_run(run, conclusion);
}

/// One thing that was found, from the JSON document.
#[derive(Debug)]
struct Found {
    code: String,
    outcome: String,
    message: String,
    action: String,
}

/// A private repository of an organisation with one pipeline, and administrators, writers and a team.
async fn hub() -> GitHub {
    let hub = GitHub::start_checked().await;
    hub.organisation("acme", &["olga"], &["carol", "dave", "erin"]);
    let repo = hub.repo(SLUG);
    let (web, dev, prod) = (web(), chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"));
    repo.files(
        "main",
        &[
            ("pipeline.yaml", &web),
            ("dev.yaml", &dev),
            ("prod.yaml", &prod),
            (".github/workflows/sluice.yml", INSTALLED),
        ],
    );
    ran_on_schedule(&hub, "success");
    repo.private()
        .settings(|settings| settings.auto_merge = false)
        .role("olga", Role::Admin)
        .role("carol", Role::Write)
        .role("dave", Role::Write)
        .role("erin", Role::Read);
    hub
}

fn policy(hub: &GitHub, text: &str) {
    hub.repo(SLUG)
        .files("main", &[(".github/sluice.yaml", text)]);
}

/// A personal token of an administrator, who may read everything.
fn admin(hub: &GitHub) -> String {
    hub.personal_token("olga", &["repo", "read:org"])
}

const ALL: &str =
    "contents:write, pull-requests:write, issues:write, statuses:write, checks:read, actions:read";

fn workflow(hub: &GitHub) -> String {
    hub.repo(SLUG).workflow_token(ALL)
}

/// Runs the program with nothing but these variables.
fn ran_with(variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    SLUICE.run_in(
        Path::new("."),
        variables,
        &[&["doctor"], arguments].concat(),
    )
}

/// `sluice doctor` on the repository, with this token.
fn ran(hub: &GitHub, token: &str, arguments: &[&str]) -> Ran {
    let url = hub.url();
    let variables = [
        ("GITHUB_API_URL", url.as_str()),
        ("GITHUB_REPOSITORY", SLUG),
        ("GITHUB_TOKEN", token),
    ];
    let ran = ran_with(&variables, arguments);
    assert_eq!(hub.writes(), 0, "{:?}", hub.lines());
    honest(hub);
    assert!(!ran.all().contains(token));
    ran
}

/// Removes what the contract found, which may only be what GitHub's published description has and the part of it that
/// is kept here does not have.
#[track_caller]
fn honest(hub: &GitHub) {
    let kept_elsewhere = |text: &String| text.contains("/protection: ");
    let mut found = hub.violations();
    found.retain(|text| !kept_elsewhere(text));
    assert!(found.is_empty(), "{found:?}");
}

/// Everything that is found, and the exit code.
fn found(hub: &GitHub, token: &str) -> (Vec<Found>, u8) {
    let ran = ran(hub, token, &["--format", "json"]);
    let document = ran.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let results = document["results"].as_array().unwrap();
    let found = results
        .iter()
        .map(|one| Found {
            code: text(&one["code"]),
            outcome: text(&one["outcome"]),
            message: text(&one["message"]),
            action: text(&one["action"]),
        })
        .collect();
    (found, ran.exit)
}

/// The one result with this code and outcome.
#[track_caller]
fn one<'a>(found: &'a [Found], code: &str, outcome: &str) -> &'a Found {
    let hits: Vec<&Found> = found
        .iter()
        .filter(|one| one.code == code && one.outcome == outcome)
        .collect();
    assert_eq!(hits.len(), 1, "{code} {outcome} in {found:#?}");
    hits[0]
}

/// Asserts that exactly this is to be changed, in this sentence.
#[track_caller]
fn changes(found: &[Found], code: &str, sentence: &str) {
    let changes: Vec<(&str, &str)> = found
        .iter()
        .filter(|one| one.outcome == "change")
        .map(|one| (one.code.as_str(), one.message.as_str()))
        .collect();
    assert_eq!(changes, [(code, sentence)], "{found:#?}");
}

fn ruleset() -> Rule {
    Rule {
        branch: "main".to_owned(),
        ruleset: true,
        ..Rule::default()
    }
}

#[tokio::test]
async fn what_cannot_be_read_at_all_ends_with_exit_1() {
    let hub = hub().await;
    let stranger = hub.personal_token("stranger", &["repo"]);
    ran(&hub, &stranger, &[])
        .exits(1)
        .says(&["read the repository acme/gitops was not found, or the token cannot read it"]);
    ran(&hub, "ghp_wrong", &[])
        .exits(1)
        .says(&["GitHub does not accept the token"]);
}

#[tokio::test]
async fn the_whole_text() {
    let hub = hub().await;
    hub.team("acme", "ops", "carol", Membership::Active);
    hub.repo(SLUG)
        .settings(|settings| settings.auto_merge = true)
        .rule(Rule {
            statuses: vec![("ci".to_owned(), Some(15368)), ("sluice".to_owned(), None)],
            strict: true,
            reviews: Some(1),
            ..ruleset()
        });
    policy(
        &hub,
        "version: 1\npeople:\n  leads: [carol, erin]\ngates:\n  release:\n    approve: [{ by: leads }, { by: acme/ops }]\n",
    );
    let text = ran(&hub, &workflow(&hub), &[]).exits(2);
    assert_eq!(text.err, "");
    let tip = hub.repo(SLUG).tip("main").unwrap();
    // Which question comes last is for the network to say, and with it how many calls are left then.
    let shown: String = text
        .out
        .replace(&tip[..7], "TIP")
        .lines()
        .map(|line| match line.split_once(" of 1000 REST calls") {
            Some(_) => "  rate-limit          …\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect();
    insta::assert_snapshot!(shown, @"
    acme/gitops  main TIP   as github-actions[bot]

    change[strict-checks]
      Branches must be up to date with main before they are merged (the ruleset “Ruleset 1”).
      why: After each landing all other open promotions are out of date, and nothing updates them: a push to their branch would void their approvals. They would wait forever.
      do:  Switch off “Require branches to be up to date before merging” at Settings → Rules → Rulesets → Ruleset 1. Sluice proves what a merge would give by git objects, on whatever tip.

    change[required-status-sluice]
      The status `sluice` is required (the ruleset “Ruleset 1”), but the policy does not have `guard: true`.
      why: Sluice then sets it only on promotions: every other pull request would wait for it forever.
      do:  Set `guard: true` in the policy, or stop requiring it at Settings → Rules → Rulesets → Ruleset 1. Before you switch `guard` off, stop requiring the status.

    change[required-checks]
      ci must succeed before a merge (the ruleset “Ruleset 1”), and workflows run on promotions only after someone presses “Approve workflows to run”.
      why: A pull request opened by a workflow's own token does not start workflows automatically.
      do:  Give Sluice an App's token: docs/install.md, hardened.

    change[teams]
      The token cannot read the team acme/ops; that needs organisation Members: read (GitHub App).
      why: Its members are then unknown, and a gate that depends on it is an error.
      do:  A workflow's own token can never read teams: set the input `read-token` to a token of an App with that permission, or name people instead.

    change[people]
      erin does not have write access to acme/gitops.
      why: Only approvals by people with write access count.
      do:  Give erin write access, or remove the name from the policy.

    unread[token-permissions]
      GitHub does not report what a workflow's token may write. Verified by reading: contents, pull-requests, issues and statuses.
      why: contents for branches, commits and merges; pull-requests for pull requests and their labels; issues for creating labels; statuses for the status `sluice`.
      do:  Check the workflow file: its job needs `permissions` with `contents: write`, `pull-requests: write`, `issues: write` and `statuses: write`.

    unread[actions-may-open]
      Could not read whether GitHub Actions may open pull requests: that needs an administrator's token.
      why: If it may not, no promotion with a workflow's own token can open its pull request.
      do:  Check Settings → Actions → General → Workflow permissions → Allow GitHub Actions to create and approve pull requests.

    unread[bypass]
      Could not read who may bypass the ruleset “Ruleset 1”: that needs an administrator's token.
      do:  Check Settings → Rules → Rulesets (ruleset 1).

    info[token-identity]
      The token is a workflow's own (GITHUB_TOKEN).
      why: Anyone who can push can run a workflow with the same rights, so gates stop people without push access, and protect everyone else only from mistakes.
      do:  If they must bind everyone, give Sluice its own App: docs/install.md, hardened.

    info[required-reviews]
      The ruleset “Ruleset 1” requires 1 approving review before a merge.
      why: Only reviews count there. An approval by label or dispatch passes Sluice's gate, but GitHub still refuses the merge.
      do:  Let the gates count only reviews (`ways: [review]`), and require as many.

    info[auto-merge]
      Auto-merge is allowed here.
      why: A person with write access can enable it on a promotion, and GitHub then merges by its own rules alone. Sluice disables it when it sees it.
      do:  Disable Settings → General → Pull Requests → Allow auto-merge, if no one needs it.

    info[labels]
      Missing so far: approve/prod/release, sluice/blocked and sluice/hold.
      why: Each is created with the first pull request that needs it.

    ok
      repository          acme/gitops can be read; promotions go to main.
      policy              The policy .github/sluice.yaml can be read.
      workflow            sluice.yml is enabled, its newest run on main succeeded, and starts at least every 1h.
      branch-rules        The 4 rules for main were read.
      promotion-branches  Branches sluice/… may be created and deleted.
      merge-method        Merging by squash is allowed.
      merge-queue         main has no merge queue.
      people              carol can do what the policy expects of them.
      rate-limit          …

    3 things could not be read; each line says where to look.
    5 things to change before the first promotion.
    ");
}
