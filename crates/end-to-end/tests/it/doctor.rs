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
        ],
    );
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

/// Takes out what the contract found, which may only be what GitHub's published description has and the part of it that
/// is kept here has not.
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
    insta::assert_snapshot!(shown, @r#"
    acme/gitops  main TIP   as github-actions[bot]

    change[strict-checks]
      Branches must be up to date with main before they are merged (the ruleset “Ruleset 1”).
      why: Each landing leaves all other open promotions behind, and nothing brings them up to date: a push to their branch would void their approvals. They would wait forever.
      do:  Switch off “Require branches to be up to date before merging” at Settings → Rules → Rulesets → Ruleset 1. Sluice proves what a merge would give by git objects, on whatever tip.

    change[required-status-sluice]
      The status `sluice` is required (the ruleset “Ruleset 1”), and the policy does not say `guard: true`.
      why: Sluice then sets it on promotions only: every other pull request would wait for it forever.
      do:  Say `guard: true` in the policy, or stop requiring it at Settings → Rules → Rulesets → Ruleset 1. Before `guard` is switched off, stop requiring it first.

    change[required-checks]
      ci must be green before a merge (the ruleset “Ruleset 1”), and workflows run on promotions only after somebody presses “Approve workflows to run”.
      why: A pull request that a workflow's own token opened starts no workflow by itself.
      do:  Give Sluice an App's token: docs/install.md, hardened.

    change[teams]
      The token cannot read the team acme/ops; that needs organisation Members: read (GitHub App).
      why: Who is in it is then unknown, and a gate that asks it is an error.
      do:  A workflow's own token can never read teams: give the input `read-token` one of an App with that permission, or name people instead.

    change[people]
      erin cannot write to acme/gitops.
      why: Approvals count from people with write only.
      do:  Give erin write, or take the name out of the policy.

    unread[token-permissions]
      GitHub does not tell what a workflow's token may write. Seen to work by reading: contents, pull-requests, issues and statuses.
      why: contents for branches, commits and merges; pull-requests for pull requests and their labels; issues for creating labels; statuses for the status `sluice`.
      do:  Only the workflow file tells: its job needs `permissions` with `contents: write`, `pull-requests: write`, `issues: write` and `statuses: write`.

    unread[actions-may-open]
      Whether GitHub Actions may open pull requests could not be read: that needs an administrator's token.
      why: Where it may not, promotions with a workflow's own token end before their pull request.
      do:  Look at Settings → Actions → General → Workflow permissions → Allow GitHub Actions to create and approve pull requests.

    unread[bypass]
      Who may bypass the ruleset “Ruleset 1” could not be read: that needs an administrator's token.
      do:  Look at Settings → Rules → Rulesets (ruleset 1).

    info[token-identity]
      The token is a workflow's own (GITHUB_TOKEN).
      why: Whoever can push can run a workflow with the same rights, so the gates bind people who cannot push, and keep the others from mistakes only.
      do:  Where they must bind everybody, give Sluice an App of its own: docs/install.md, hardened.

    info[required-reviews]
      The ruleset “Ruleset 1” wants 1 approving review before a merge.
      why: Only reviews count there. An approval by label or dispatch passes Sluice's gate and leaves the merge refused.
      do:  Let the gates count reviews only (`ways: [review]`), and ask for as many.

    info[auto-merge]
      Auto-merge is allowed here.
      why: A person with write can arm it on a promotion, and GitHub then merges by its own rules alone. Sluice disarms it when it sees it.
      do:  Settings → General → Pull Requests → Allow auto-merge, where nobody needs it.

    info[labels]
      Not there yet: approve/prod/release, sluice/blocked and sluice/hold.
      why: Each is made with the first pull request that needs it.

    ok
      repository          acme/gitops can be read; promotions go to main.
      policy              The policy .github/sluice.yaml can be read.
      branch-rules        The 4 rules for main were read.
      promotion-branches  Branches sluice/… may be made and deleted.
      merge-method        Merging by squash is allowed.
      merge-queue         main has no merge queue.
      people              carol can do what the policy names them for.
      rate-limit          …

    3 things could not be read; each says where to look.
    5 things to change before the first promotion.
    "#);
}
