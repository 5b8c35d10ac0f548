//! The rehearsal of `doctor --live`. Everything here is simulated: the stand-in answers as its authors believe that
//! GitHub answers, so a proof that holds here proves nothing about GitHub. What is tested is the proof itself: that it
//! notices what does not hold, leaves nothing behind, and stays away from every repository that is more than scratch.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use secrecy::SecretString;
use sluice::forge::{Access, Forge, Live, Network, Patience, Proofs, Writer};
use sluice::model::assumption::Proved;

use super::{honest, ran_with};
use github_stand_in::{Fault, GitHub, Membership, Role, Rule, When};
use test_support as cli;

const SLUG: &str = "acme/scratch";

const WORKFLOW: &str = "name: Any\non:\n  workflow_dispatch:\n    inputs:\n      word: { required: false }\njobs: {}\n";

async fn scratch() -> GitHub {
    let hub = GitHub::start_checked().await;
    let repo = hub.repo(SLUG);
    repo.files(
        "main",
        &[
            ("README.md", "scratch\n"),
            (".github/workflows/any.yml", WORKFLOW),
        ],
    );
    repo.role("carol", Role::Write);
    hub
}

const ALL: &str = "contents:write, pull-requests:write, issues:write, statuses:write, actions:write, members:read";

fn app(hub: &GitHub) -> String {
    hub.repo(SLUG).app_token(77, "deployer", ALL)
}

/// Proves everything with this token, at once: the second of waiting is shortened to nothing.
async fn prove(hub: &GitHub, token: &str) -> Proofs {
    prove_with(hub, token, None).await
}

/// The same with a team that may be asked to review.
async fn prove_with(hub: &GitHub, token: &str, team: Option<&str>) -> Proofs {
    let access = Access {
        api: hub.url(),
        graphql: format!("{}/graphql", hub.url()),
        token: SecretString::from(token.to_owned()),
        network: Network::default(),
    };
    let patience = Patience {
        second: Duration::ZERO,
        ..Patience::default()
    };
    let stop = Arc::new(AtomicBool::new(false));
    let forge = Forge::new(&access, SLUG.parse().unwrap(), patience, stop).unwrap();
    let overview = forge.overview().await.unwrap();
    let proofs = Writer::new(&forge)
        .prove(&Live {
            run: "1a2b3c",
            base: &overview.repository.base,
            tip: overview.merging.unwrap().tip.unwrap(),
            identity: &overview.identity.unwrap(),
            team,
        })
        .await;
    honest(hub);
    proofs
}

fn of<'a>(proofs: &'a Proofs, code: &str) -> (Proved, &'a str) {
    let proof = proofs
        .proofs
        .iter()
        .find(|proof| proof.assumption.code == code)
        .unwrap();
    (proof.proved, &proof.seen)
}

/// A text without what depends on how the stand-in counts.
fn without_ids(text: &str) -> String {
    let id = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let hex = bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex && matches!(bare.len(), 7 | 40) && bare != "0".repeat(40)
    };
    let words = text
        .split(' ')
        .map(|word| if id(word) { "ID" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    match text.split_once("(id ") {
        Some((before, _)) => format!("{before}(id ID)"),
        None => text,
    }
}

/// Nothing of a proof is there any more but its closed pull requests.
#[track_caller]
fn clean(hub: &GitHub) {
    let repo = hub.repo(SLUG);
    assert_eq!(repo.branches("sluice/"), Vec::<String>::new());
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    assert!(repo.edit(|repo| repo.labels.is_empty()));
}

#[tokio::test]
async fn a_rehearsal_tells_of_every_assumption_and_leaves_nothing_behind() {
    let hub = scratch().await;
    let tip = hub.repo(SLUG).tip("main");
    let proofs = prove(&hub, &app(&hub)).await;
    assert_eq!(proofs.left, Vec::<String>::new());
    let told: Vec<String> = proofs
        .proofs
        .iter()
        .map(|proof| {
            let words = proof.proved.words();
            format!(
                "{words}: {}: {}",
                proof.assumption.code,
                without_ids(&proof.seen)
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    holds: date-header: 2026-03-02T09:00:01Z
    holds: actions-app-id: App 15368
    holds: permission-readable: acme: Write; the list can also be read
    holds: entry-mode: mode 33188
    holds: dispatch-inputs: 10: Unexpected inputs provided: ["sluice-proof-1", "sluice-proof-10", "sluice-proof-2", "sluice-proof-3"…; 25: Unexpected inputs provided: ["sluice-proof-1", "sluice-proof-10", "sluice-proof-11", "sluice-proof-1…; 26: Invalid request. No more than 25 properties are allowed; 26 were supplied.
    holds: commit-verified: verified: true
    holds: ref-exists: Reference already exists (422)
    holds: history-file: present at the commit, but not before
    holds: pull-none-between: Validation Failed; No commits between main and sluice/proof/1a2b3c/base (422)
    undetermined: setting-refusal: this token was allowed to open one
    holds: pull-exists: Validation Failed; A pull request already exists for acme:sluice/proof/1a2b3c/head. (422)
    holds: refs-by-prefix: found with 1 of its pull requests
    holds: ref-name-split: “refs/heads/” and “sluice/proof/1a2b3c/head”
    holds: viewer-did-author: true of deployer's
    undetermined: team-reviewer: no team was given: add `--team NAME`
    holds: timeline-types: 1 of 2 events
    reported: label-created: separately: created; by adding it: created
    holds: label-actor: deployer (ID 1005)
    reported: label-renamed: GraphQL: the present name; REST: the present name; the label is dated after its event
    holds: review-commit: 1 review of the head ID
    holds: merge-head-moved: refused with this message
    holds: reopen-keeps-reviews: 1 before, 1 after
    holds: activity-log: branch_creation (id ID)
    holds: fast-forward-only: Update is not a fast forward (422)
    holds: stale-update-refs: Reference update failed: refs/heads/sluice/proof/1a2b3c/base is at ID but expected ID (200)
    holds: create-by-update-refs: Reference update failed: refs/heads/sluice/proof/1a2b3c/made is at ID but expected 0000000000000000000000000000000000000000 (200)
    holds: branch-with-commit: the branch and its commit were created, and no second time
    holds: delete-by-update-refs: it was deleted from where it was, and from nowhere else
    holds: stale-commit-on-branch: Expected branch to point to ID but it did not. Pull and try again. (200)
    holds: commit-on-branch-verified: signature: {"isValid":true}
    reported: test-merge-follows-base: it does not: at attempt 6 it is on the old tip (MERGEABLE)
    holds: deleted-branch-closes: #1 is closed at attempt 1
    undetermined: unknown-refusals: the list of GitHub's refusals is open
    undetermined: not-authorized: it takes a second token that may not push to the branch
    undetermined: runs-wait: it takes a workflow and a person; servers differ by version
    undetermined: decision-code-owners: it takes a second person and a rule
    "#);
    clean(&hub);
    assert_eq!(
        hub.repo(SLUG).tip("main"),
        tip,
        "the default branch is left alone"
    );
    assert_eq!(
        hub.repo(SLUG).runs(),
        Vec::<u64>::new(),
        "no workflow was started"
    );
}

#[tokio::test]
async fn what_does_not_hold_is_noticed() {
    let hub = scratch().await;
    hub.switch(|switches| {
        switches.verify_git_data = false;
        switches.activity = false;
    });
    // GitHub might say it in other words, or carry out what it was to refuse.
    let other = |status, text: &str| Fault::Status(status, text.to_owned());
    // The branches of base and head come first.
    let third = When::rest("POST", "/git/refs").nth(3);
    hub.fault(third, other(422, "That name is taken"));
    let faster = "Somebody was faster".to_owned();
    hub.fault(
        When::graphql("mergePullRequest"),
        Fault::GraphQlError("UNPROCESSABLE".to_owned(), faster),
    );
    let proofs = prove(&hub, &app(&hub)).await;
    for (code, seen) in [
        ("commit-verified", "verified: false"),
        ("ref-exists", "That name is taken (422)"),
        ("activity-log", "this server has no such log"),
        ("merge-head-moved", "Somebody was faster"),
    ] {
        let (proved, said) = of(&proofs, code);
        assert_eq!((proved, said), (Proved::DoesNotHold, seen), "{code}");
    }
    clean(&hub);
}

#[tokio::test]
async fn a_workflow_that_may_not_open_pull_requests_proves_the_refusal_and_no_more_of_pull_requests()
 {
    let hub = scratch().await;
    let repo = hub.repo(SLUG);
    repo.settings(|settings| settings.actions_may_create_pulls = false);
    let proofs = prove(&hub, &repo.workflow_token(ALL)).await;
    assert_eq!(of(&proofs, "setting-refusal").0, Proved::Holds);
    for code in [
        "pull-exists",
        "test-merge-follows-base",
        "label-created",
        "reopen-keeps-reviews",
    ] {
        assert_eq!(of(&proofs, code).0, Proved::Untold, "{code}");
    }
    assert_eq!(of(&proofs, "fast-forward-only").0, Proved::Holds);
    assert_eq!(proofs.pull, None);
    clean(&hub);
}

#[tokio::test]
async fn a_token_that_may_only_read_proves_by_reading_and_writes_nothing() {
    let hub = scratch().await;
    let token = hub.repo(SLUG).workflow_token("contents:read");
    let proofs = prove(&hub, &token).await;
    assert_eq!(of(&proofs, "date-header").0, Proved::Holds);
    let (proved, why) = of(&proofs, "ref-exists");
    assert_eq!(proved, Proved::Untold);
    assert!(
        why.contains("Resource not accessible by integration"),
        "{why}"
    );
    clean(&hub);
}

#[tokio::test]
async fn what_an_earlier_run_left_behind_is_taken_away() {
    let hub = scratch().await;
    let repo = hub.repo(SLUG);
    let tip = repo.tip("main").unwrap();
    repo.by("carol").branches_off("sluice/proof/old/head", &tip);
    // A name that would lead elsewhere if it went into an address as it is.
    repo.by("carol")
        .branches_off("sluice/proof/%2e%2e/%2e%2e/web/prod/other", &tip);
    repo.by("carol").branches_off("sluice/web/prod/other", &tip);
    let proofs = prove(&hub, &app(&hub)).await;
    assert_eq!(proofs.left, Vec::<String>::new());
    assert_eq!(repo.branches("sluice/"), ["sluice/web/prod/other"]);
}

#[tokio::test]
async fn what_cannot_be_taken_away_is_named() {
    let hub = scratch().await;
    let fault = Fault::Status(403, "Resource not accessible by integration".to_owned());
    hub.fault(When::rest("DELETE", "/labels/").always(), fault);
    let proofs = prove(&hub, &app(&hub)).await;
    let left: Vec<&str> = proofs
        .left
        .iter()
        .map(|left| left.split_once(": ").unwrap().0)
        .collect();
    assert_eq!(
        left,
        [
            "label sluice/proof/1a2b3c/created",
            "label sluice/proof/1a2b3c/renamed"
        ]
    );
}

#[tokio::test]
async fn a_test_merge_that_follows_the_base_is_reported() {
    let hub = scratch().await;
    // GitHub makes a new one at each look, as it did before 2026.
    let look = When::graphql("TestMerge").always();
    hub.before(look, |world| {
        world.place(SLUG).edit(|repo| {
            for pull in repo.pulls.values_mut() {
                let tip = repo.refs.get(&format!("refs/heads/{}", pull.base));
                pull.base_sha = tip.copied().unwrap_or(pull.base_sha);
                pull.test = None;
            }
        });
    });
    let proofs = prove(&hub, &app(&hub)).await;
    assert_eq!(
        of(&proofs, "test-merge-follows-base"),
        (
            Proved::Reported,
            "it does: at attempt 1 it is on the new tip (MERGEABLE)"
        )
    );
    clean(&hub);
}

#[tokio::test]
async fn a_test_merge_that_never_comes_is_not_taken_for_one_that_stays() {
    let hub = scratch().await;
    hub.switch(|switches| switches.mergeable_after = 1000);
    let proofs = prove(&hub, &app(&hub)).await;
    assert_eq!(
        of(&proofs, "test-merge-follows-base"),
        (Proved::Untold, "there was no test merge after 6 attempts")
    );
    clean(&hub);
}

#[tokio::test]
async fn which_name_the_event_of_a_renamed_label_shows_is_reported_for_both_ways_of_reading() {
    for (follow, seen) in [
        (
            (true, false),
            "GraphQL: the present name; REST: the name at that time",
        ),
        (
            (false, false),
            "GraphQL: the name at that time; REST: the name at that time",
        ),
    ] {
        let hub = scratch().await;
        hub.switch(|switches| switches.label_events_follow = follow);
        let proofs = prove(&hub, &app(&hub)).await;
        let (proved, said) = of(&proofs, "label-renamed");
        assert_eq!(proved, Proved::Reported);
        assert_eq!(said, format!("{seen}; the label is dated after its event"));
        clean(&hub);
    }
}

#[tokio::test]
async fn a_token_that_cannot_create_a_label_is_reported_in_githubs_words() {
    let forbidden = |said: &str| Fault::Status(403, said.to_owned());
    let by_itself = When::rest("POST", "/scratch/labels").always();
    let by_adding = || When::rest("POST", "/issues/");
    let hub = scratch().await;
    hub.fault(
        by_itself,
        forbidden("Resource not accessible by integration"),
    );
    let proofs = prove(&hub, &app(&hub)).await;
    let (proved, seen) = of(&proofs, "label-created");
    assert_eq!(proved, Proved::Reported);
    assert!(
        seen.contains("Resource not accessible by integration"),
        "{seen}"
    );
    assert!(seen.ends_with("; by adding it: created"), "{seen}");
    assert_eq!(of(&proofs, "label-actor").0, Proved::Holds);
    clean(&hub);

    let hub = scratch().await;
    let said = "You do not have permission to create labels on this repository.";
    hub.fault(by_adding().nth(1), forbidden(said));
    let proofs = prove(&hub, &app(&hub)).await;
    let (proved, seen) = of(&proofs, "label-created");
    assert_eq!(proved, Proved::Reported);
    assert!(
        seen.starts_with("separately: created; by adding it: ") && seen.contains(said),
        "{seen}"
    );
    assert_eq!(
        of(&proofs, "label-actor").0,
        Proved::Holds,
        "the created one is added"
    );
    clean(&hub);

    let hub = scratch().await;
    hub.fault(
        When::rest("POST", "/scratch/labels").always(),
        forbidden("No"),
    );
    hub.fault(by_adding().always(), forbidden(said));
    let proofs = prove(&hub, &app(&hub)).await;
    assert_eq!(of(&proofs, "label-created").0, Proved::Reported);
    for code in ["timeline-types", "label-actor", "label-renamed"] {
        assert_eq!(
            of(&proofs, code),
            (Proved::Untold, "there is no label to add"),
            "{code}"
        );
    }
    assert_eq!(of(&proofs, "review-commit").0, Proved::Holds);
    clean(&hub);
}

#[tokio::test]
async fn a_team_is_asked_only_if_it_is_named_and_the_request_is_taken_back() {
    let hub = scratch().await;
    hub.organisation("acme", &["olga"], &[]);
    hub.team("acme", "ops", "olga", Membership::Active);
    hub.repo(SLUG).team_role("ops", Role::Read);
    let asks = |hub: &GitHub| -> Vec<String> {
        let lines = hub.lines().into_iter();
        lines
            .filter(|line| line.contains("requested_reviewers"))
            .collect()
    };
    let proofs = prove_with(&hub, &app(&hub), Some("ops")).await;
    assert_eq!(
        of(&proofs, "team-reviewer"),
        (
            Proved::Reported,
            "ops was asked, and the request was withdrawn"
        )
    );
    assert_eq!(asks(&hub).len(), 2);
    clean(&hub);

    let hub = scratch().await;
    let said = "Could not resolve to a node with the global id of 'T_kw'.";
    let fault = Fault::Status(422, said.to_owned());
    hub.fault(When::rest("POST", "/requested_reviewers"), fault);
    let proofs = prove_with(&hub, &app(&hub), Some("ops")).await;
    let (proved, seen) = of(&proofs, "team-reviewer");
    assert_eq!(proved, Proved::Reported);
    assert!(seen.contains(said), "{seen}");
    assert_eq!(asks(&hub).len(), 1);

    let hub = scratch().await;
    prove(&hub, &app(&hub)).await;
    assert_eq!(asks(&hub), Vec::<String>::new());
}

/// Runs `doctor --live` as a process, which must refuse.
#[track_caller]
fn refuses(hub: &GitHub, slug: &str, own: &str, why: &str) {
    let url = hub.url();
    let token = hub.personal_token("acme", &["repo"]);
    let variables = [
        ("GITHUB_API_URL", url.as_str()),
        ("GITHUB_REPOSITORY", own),
        ("SLUICE_TOKEN", &token),
    ];
    let ran = ran_with(&variables, &["--live", slug]).exits(3);
    assert!(ran.err.contains(why), "{}", ran.err);
    assert_eq!(ran.out, "");
    assert_eq!(hub.writes(), 0);
}

#[tokio::test]
async fn a_repository_that_is_more_than_scratch_is_refused() {
    let hub = scratch().await;
    refuses(
        &hub,
        SLUG,
        "Acme/Scratch",
        "it is the repository of GITHUB_REPOSITORY",
    );
    let repo = hub.repo(SLUG);
    for number in 0..20 {
        let tip = repo.tip("main").unwrap();
        repo.by("carol")
            .branches_off(&format!("work-{number}"), &tip);
    }
    refuses(&hub, SLUG, "acme/gitops", "it has more than 20 branches");
    let hub = scratch().await;
    let repo = hub.repo(SLUG);
    repo.files("main", &[("deep/in/web.yaml", &cli::web())]);
    refuses(&hub, SLUG, "", "it has the pipeline web (deep/in/web.yaml)");
    repo.files(
        "main",
        &[("deep/in/web.yaml", "kind: [deployments.plural.sh\n")],
    );
    refuses(&hub, SLUG, "", "deep/in/web.yaml:");
    repo.files("main", &[(".github/sluice.yaml", "version: 1\n")]);
    refuses(&hub, SLUG, "", "it has a policy");
    hub.repo("acme/empty");
    refuses(&hub, "acme/empty", "", "it has no commit yet");
}

#[tokio::test]
async fn the_program_says_what_it_will_do_and_that_a_stand_in_proves_nothing() {
    let hub = scratch().await;
    let url = hub.url();
    // Nothing may be written, so that the process has nothing to wait for between writes.
    let token = hub.repo(SLUG).workflow_token("contents:read");
    let variables = [("GITHUB_API_URL", url.as_str()), ("SLUICE_TOKEN", &token)];
    let ran = ran_with(&variables, &["--live", SLUG]);
    assert!(
        ran.err.starts_with("On acme/scratch (http://127."),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("removes all of it again"));
    let stand_in = "its answers are simulated and prove nothing about GitHub";
    assert!(ran.err.contains(stand_in) && ran.out.contains(stand_in));
    assert!(ran.out.contains("could not be determined."), "{}", ran.out);
    assert!(!ran.all().contains(&token));
}

#[tokio::test]
async fn branches_that_rules_keep_from_being_deleted_are_named() {
    let hub = scratch().await;
    hub.repo(SLUG).rule(Rule {
        branch: "sluice/*".to_owned(),
        ruleset: true,
        reviews: Some(1),
        ..Rule::default()
    });
    let proofs = prove(&hub, &app(&hub)).await;
    let left: Vec<&str> = proofs
        .left
        .iter()
        .map(|left| left.split_once(": ").unwrap().0)
        .collect();
    assert_eq!(
        left,
        [
            "branch sluice/proof/1a2b3c/base",
            "branch sluice/proof/1a2b3c/gone",
            "branch sluice/proof/1a2b3c/head",
            "branch sluice/proof/1a2b3c/made",
            "branch sluice/proof/1a2b3c/whole",
        ]
    );
    // It is closed nevertheless.
    assert_eq!(hub.repo(SLUG).pulls(true), Vec::<u64>::new());
}
