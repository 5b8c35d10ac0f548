//! Attacks by people who may push, label, review or close, named by their numbers in docs/security.md.

use end_to_end::site::{REPO, Site};
use end_to_end::upgrade::{FIXTURE, branch, opened};
use github_stand_in::{Person, Place, Reach, Role, When, World};
use serde_json::json;
use sluice::error::Exit;

/// Nothing landed, and nothing will: blocked, labelled, and reported once however many runs look at it.
async fn stays_blocked(site: &Site, before: &str) {
    stays_blocked_and_ends(site, before, Exit::Blocked).await;
}

/// The same, if the first of these runs ends like this: a run before it may have found it.
async fn stays_blocked_and_ends(site: &Site, before: &str, first: Exit) {
    let repo = site.repo();
    let head = repo.head(1);
    repo.role("erin", Role::Write);
    for turn in 0..3 {
        let run = site.run().await;
        // Only the run that finds it ends with an error; then it is known, and stays as it is.
        let exit = match turn {
            0 => first,
            _ => Exit::Done,
        };
        assert_eq!(run.exit, exit, "{}", run.text);
        assert!(run.lines()[0].starts_with("blocked "), "{}", run.text);
        if turn == 0 {
            repo.by("erin").approves(1);
        }
    }
    assert_eq!(repo.tip("main").as_deref(), Some(before));
    assert_eq!((repo.state(1), repo.head(1)), ("OPEN", head));
    assert_eq!(repo.pulls(true), [1]);
    assert_eq!(repo.labels(1), ["sluice/blocked"]);
    assert_eq!(repo.comments(1).len(), 1, "{:?}", repo.comments(1));
    site.requests_hold();
}

#[tokio::test]
async fn a01_a_push_right_before_the_merge_is_not_merged() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let before = repo.tip("main").unwrap();
    let branch = branch(&site);
    site.hub
        .before(When::graphql("mergePullRequest"), move |world| {
            let place = world.place(REPO);
            place
                .by("dave")
                .pushes(&branch, &[("evil.yaml", "a: 1\n")], "More");
        });
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    stays_blocked_and_ends(&site, &before, Exit::Done).await;
}

#[tokio::test]
async fn a01_an_approval_does_not_outlive_a_push() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let before = repo.tip("main").unwrap();
    repo.by("dave")
        .pushes(&branch(&site), &[("evil.yaml", "a: 1\n")], "More");
    stays_blocked(&site, &before).await;
}

#[tokio::test]
async fn a02_a_promotion_that_takes_its_own_gate_away_is_not_landed() {
    let site = opened().await;
    let repo = site.repo();
    let before = repo.tip("main").unwrap();
    let branch = branch(&site);
    let file = repo.file(&branch, "upgrade.yaml").unwrap();
    let ungated = file.split("      gates:").next().unwrap().to_owned();
    let policy = "version: 1\nstages: { prod: { trigger: auto } }\n";
    repo.by("dave").pushes(
        &branch,
        &[("upgrade.yaml", &ungated), (".github/sluice.yaml", policy)],
        "Gate away",
    );
    stays_blocked(&site, &before).await;
}

/// Replaces the head by one commit with this tree entry and message, on the same parent.
fn replaced<R: Reach>(
    by: &Person<'_, R>,
    place: &Place<R>,
    branch: &str,
    entry: serde_json::Value,
    message: &str,
) {
    let tip = place.tip(branch).unwrap();
    let parent = place.parents(&tip)[0].clone();
    let commit = by.does(
        "GET",
        &format!("/git/commits/{tip}"),
        serde_json::Value::Null,
    );
    let mut tree = commit["tree"]["sha"].clone();
    if !entry.is_null() {
        tree = by.does(
            "POST",
            "/git/trees",
            json!({"base_tree": tree, "tree": [entry]}),
        )["sha"]
            .clone();
    }
    let made = by.does(
        "POST",
        "/git/commits",
        json!({"message": message, "tree": tree, "parents": [parent]}),
    );
    by.force_pushes(branch, made["sha"].as_str().unwrap());
}

#[tokio::test]
async fn a03_an_altered_head_is_blocked_said_once_and_left_as_it_is() {
    for case in ["file", "mode", "commit", "message", "set back"] {
        let site = opened().await;
        let repo = site.repo();
        let before = repo.tip("main").unwrap();
        let branch = branch(&site);
        let ours = repo.head(1);
        let message = repo.message(&ours);
        let dave = repo.by("dave");
        let file = repo.file(&branch, "upgrade.yaml").unwrap();
        match case {
            "file" => {
                let more = json!({"path": "more.yaml", "mode": "100644", "type": "blob", "content": "a: 1\n"});
                replaced(&dave, &repo, &branch, more, &message);
            }
            "mode" => {
                let same = json!({"path": "upgrade.yaml", "mode": "100755", "type": "blob", "content": file});
                replaced(&dave, &repo, &branch, same, &message);
            }
            "message" => {
                let words = message.replace(
                    "Sluice-Stage: prod",
                    "Sluice-Stage: prod\nSluice-Requested-By: 1",
                );
                replaced(&dave, &repo, &branch, serde_json::Value::Null, &words);
            }
            "commit" => {
                dave.pushes(&branch, &[], "Nothing");
            }
            _ => {
                dave.pushes(&branch, &[("evil.yaml", "a: 1\n")], "More");
                dave.force_pushes(&branch, &ours);
            }
        }
        stays_blocked(&site, &before).await;
    }
}

#[tokio::test]
async fn a06_who_pushed_to_the_branch_approves_nothing() {
    let site = opened().await;
    let repo = site.repo();
    let before = repo.tip("main").unwrap();
    repo.by("dave")
        .pushes(&branch(&site), &[("evil.yaml", "a: 1\n")], "More");
    repo.by("dave").approves(1);
    stays_blocked(&site, &before).await;
}

#[tokio::test]
async fn a07_an_approval_from_before_a_reopening_does_not_count() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let before = repo.tip("main");
    repo.by("dave").closes(1);
    repo.by("dave").reopens(1);
    let run = site.run().await;
    assert_eq!(repo.tip("main"), before, "{}", run.text);
    assert!(
        run.text
            .contains("carol approved before the current head was pushed"),
        "{}",
        run.text
    );
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
}

#[tokio::test]
async fn a07_a_label_from_before_a_reopening_does_not_count_and_is_taken_off() {
    let site = opened().await;
    let repo = site.repo();
    let label = "approve/prod/approval-gate";
    repo.by("carol").labels(1, label);
    let before = repo.tip("main");
    repo.by("dave").closes(1);
    repo.by("dave").reopens(1);
    let run = site.run().await;
    assert_eq!(repo.tip("main"), before, "{}", run.text);
    assert!(!repo.labels(1).contains(&label.to_owned()), "{}", run.text);
    let writes = site.writes().len();
    site.run().await;
    assert_eq!(site.writes().len(), writes);
    repo.by("carol").labels(1, label);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
}

#[tokio::test]
async fn a09_a_fork_with_the_same_branch_name_is_neither_taken_nor_touched() {
    let twin = opened().await;
    let (branch, head) = (branch(&twin), twin.repo().head(1));
    let file = twin.repo().file(&head, "upgrade.yaml").unwrap();
    let title = twin.repo().pull(1)["title"].as_str().unwrap().to_owned();

    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let eve = repo.by("eve");
    let fork = eve.opens_from_fork(&branch, &[("upgrade.yaml", &file)], &title);
    repo.by("carol").approves(fork);
    repo.by("dave").approves(fork);
    let before = repo.tip("main");
    let run = site.run().await;
    assert_eq!(repo.tip("main"), before, "{}", run.text);
    assert_eq!(repo.pulls(true), [1, 2], "{}", run.text);
    repo.by("carol").approves(2);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
    assert_eq!(repo.pulls(true), [fork]);
    assert_eq!((repo.comments(fork).len(), repo.labels(fork).len()), (0, 0));
    let untouched = |line: &String| {
        !line.contains(&format!("/{fork}/")) && !line.ends_with(&format!("/{fork}"))
    };
    assert!(site.writes().iter().all(untouched), "{:?}", site.writes());
}

/// In which call of the landing run everything is read again, and which call merges.
async fn landing_calls() -> (usize, usize) {
    let site = opened().await;
    site.repo().by("carol").approves(1);
    site.hub.forget_calls();
    site.run().await;
    let calls = site.hub.calls();
    let merge = calls
        .iter()
        .position(|call| call.line().contains("mergePullRequest"))
        .unwrap();
    let snapshot = |call: &&github_stand_in::Seen| {
        let asked = call.operation.as_ref();
        asked.is_some_and(|asked| asked.document.contains("defaultBranchRef"))
    };
    let again = calls[..merge].iter().rfind(snapshot).unwrap();
    (again.index, merge + 1)
}

type Deed = fn(&mut World);

/// What may happen at the last moment.
const DEEDS: [(&str, Deed); 7] = [
    ("hold", |world| {
        world.place(REPO).by("dave").labels(1, "sluice/hold");
    }),
    ("dismissed", |world| {
        let review = world.place(REPO).edit(|repo| repo.pulls[&1].reviews[0].id);
        world.place(REPO).by("dave").dismisses(1, review);
    }),
    ("changes requested", |world| {
        world.place(REPO).by("dave").requests_changes(1);
    }),
    ("right to write removed", |world| {
        world.place(REPO).role("carol", Role::Read);
    }),
    ("base moved in the file", |world| {
        let place = world.place(REPO);
        let file = place.file("main", "upgrade.yaml").unwrap();
        place.files(
            "main",
            &[("upgrade.yaml", &file.replace("# prod", "# production"))],
        );
    }),
    ("closed", |world| world.place(REPO).by("dave").closes(1)),
    ("retargeted", |world| {
        let place = world.place(REPO);
        let tip = place.tip("main").unwrap();
        place.by("dave").branches_off("other", &tip);
        place.by("dave").retargets(1, "other");
    }),
];

#[tokio::test]
async fn a17_what_happens_before_everything_is_read_again_stops_the_landing() {
    let (again, _) = landing_calls().await;
    for (name, deed) in DEEDS {
        let site = opened().await;
        let repo = site.repo();
        repo.by("carol").approves(1);
        let value = |site: &Site| {
            site.repo()
                .file("main", "upgrade.yaml")
                .unwrap()
                .contains("'v1.29.1'")
        };
        site.hub.forget_calls();
        site.hub.before(When::call(again), deed);
        let run = site.run().await;
        assert!(!value(&site), "{name}: {}", run.text);
        assert_ne!(repo.state(1), "MERGED", "{name}: {}", run.text);
    }
}

#[tokio::test]
async fn a17_between_that_reading_and_the_merge_only_head_base_and_state_are_guarded() {
    let (_, merge) = landing_calls().await;
    for (name, deed) in DEEDS {
        let site = opened().await;
        let repo = site.repo();
        repo.by("carol").approves(1);
        site.hub.forget_calls();
        site.hub.before(When::call(merge), deed);
        let run = site.run().await;
        let landed = repo
            .file("main", "upgrade.yaml")
            .unwrap()
            .contains("'v1.29.1'");
        // GitHub's merge takes the head alone as a condition: a label or a review of the last milliseconds comes too late.
        let too_late = [
            "hold",
            "dismissed",
            "changes requested",
            "right to write removed",
        ]
        .contains(&name);
        assert_eq!(landed, too_late, "{name}: {}", run.text);
        // A merge into another base is found out right after: it is reported, and the run ends with 3.
        if name == "retargeted" {
            assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
        }
    }
}
